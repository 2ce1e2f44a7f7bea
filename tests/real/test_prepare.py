"""The real run's preparation, on a small invented slice and (shared) on the real one."""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path

import pysam
import pytest

from real import brca1, plant, prepare
from real.brca1 import Slice
from soyang.core.errors import FaultError
from soyang.core.settings import load

PIECE = Slice(start=100, end=120, sequence="ACGTTGCAACGGTACCATGC")


def test_slice_name_has_a_zero_based_start(tmp_path: Path) -> None:
    fasta = tmp_path / "slice.fa"
    fasta.write_text(">chr17:100-120\nacgttgcaac\nGGTACCATGC\n")
    assert brca1.read_slice(fasta) == PIECE
    assert PIECE.bases(101, 3) == "ACG"
    assert PIECE.bases(119, 5) == "GC"
    assert PIECE.bases(100, 3) == ""


@pytest.mark.parametrize("name", ["chr17:101-120", "chr17", "chr1:100-120", "slice"])
def test_other_names_are_refused(tmp_path: Path, name: str) -> None:
    fasta = tmp_path / "slice.fa"
    fasta.write_text(f">{name}\n{PIECE.sequence}\n")
    with pytest.raises(FaultError, match="0-based start"):
        brca1.read_slice(fasta)


def test_reference_is_in_true_coordinates(tmp_path: Path) -> None:
    fasta = tmp_path / "reference.fa"
    brca1.write_reference(PIECE, fasta)
    with pysam.FastaFile(str(fasta)) as file:
        assert file.get_reference_length("chr17") == 120
        assert file.fetch("chr17", 99, 103) == "NACG"
        assert file.fetch("chr17", 117, 120) == "TGC"


def gzipped(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()))
    return path


HEAD = (
    "##fileformat=VCFv4.2\n##contig=<ID=chr1>\n##reference=file:///a/b.fa\n"
    '##INFO=<ID=RS,Number=1,Type=Integer,Description="rs">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
)


def test_sites_keep_ids_and_stay_in_the_slice(tmp_path: Path) -> None:
    rows = "chr1\t105\trs9\tA\tC\t.\t.\tRS=9\nchr17\t110\trs2\tC\tG\t.\t.\tRS=2\n"
    rows += "chr17\t101\trs1\tA\tC\t.\t.\tRS=1\nchr17\t500\trs3\tA\tC\t.\t.\tRS=3\n"
    source = gzipped(tmp_path / "in.vcf.gz", HEAD + rows)
    out = tmp_path / "out.vcf.gz"
    brca1.write_sites(source, PIECE, out)
    with pysam.VariantFile(str(out)) as vcf:
        assert [(r.pos, r.id) for r in vcf.fetch("chr17")] == [(101, "rs1"), (110, "rs2")]
        assert vcf.header.contigs["chr17"].length == 120
        assert list(vcf.header.contigs) == ["chr17"]
        assert "file:" not in str(vcf.header)


def test_sites_of_another_build_are_refused(tmp_path: Path) -> None:
    source = gzipped(tmp_path / "in.vcf.gz", f"{HEAD}chr17\t102\trs1\tA\tC\t.\t.\tRS=1\n")
    with pytest.raises(FaultError, match=r"chr17:102 rs1.*found A"):
        brca1.write_sites(source, PIECE, tmp_path / "out.vcf.gz")


def test_transcripts_of_genes_wholly_inside(tmp_path: Path) -> None:
    rows = [
        "##gff-version 3",
        "chr17\tMANE\tgene\t90\t110\t.\t+\t.\tID=gene:LEFT",
        "chr17\tMANE\tmRNA\t90\t110\t.\t+\t.\tID=transcript:LEFT",
        "chr17\tMANE\tgene\t101\t120\t.\t+\t.\tID=gene:IN",
        "chr17\tMANE\tmRNA\t101\t120\t.\t+\t.\tID=transcript:IN",
        "chr1\tMANE\tgene\t101\t120\t.\t+\t.\tID=gene:ELSEWHERE",
    ]
    source = gzipped(tmp_path / "mane.gff3.gz", "\n".join(rows) + "\n")
    brca1.write_transcripts(source, PIECE, tmp_path / "out.gff3")
    lines = (tmp_path / "out.gff3").read_text().splitlines()
    assert lines[:2] == ["##gff-version 3", "##sequence-region chr17 1 120"]
    assert [x.split("\t")[8] for x in lines[2:]] == ["ID=gene:IN", "ID=transcript:IN"]


def test_lanes_are_the_flow_cells() -> None:
    entries = [(f"@H:1:F:{lane}:2:{n}:4", "A", "+", "I") for n, lane in enumerate("2112")]
    lanes = brca1.split_lanes(entries)
    assert list(lanes) == ["1", "2"]
    assert lanes["1"] == [entries[1], entries[2]]


def clinvar_row(name: int, position: int = 103, **over: str) -> str:
    info = {
        "CLNHGVS": f"NC_000017.11:g.{position}G>A",
        "CLNREVSTAT": "reviewed_by_expert_panel",
        "CLNSIG": "Pathogenic",
        "GENEINFO": "BRCA1:672",
        "MC": "SO:0001587|nonsense",
    } | over
    ref, alt = info.pop("REF", "G"), info.pop("ALT", "A")
    fields = ";".join(f"{k}={v}" for k, v in info.items())
    return f"chr17\t{position}\t{name}\t{ref}\t{alt}\t.\t.\t{fields}\n"


def test_candidates_obey_the_rule(tmp_path: Path) -> None:
    rows = [
        clinvar_row(9),
        clinvar_row(5),
        clinvar_row(1, CLNSIG="Likely_pathogenic"),
        clinvar_row(2, CLNREVSTAT="criteria_provided,_single_submitter"),
        clinvar_row(3, MC="SO:0001583|missense_variant"),
        clinvar_row(4, GENEINFO="NBR1:4077"),
        clinvar_row(6, REF="GT", ALT="G"),
        clinvar_row(7, position=900),
        clinvar_row(8, REF="A", ALT="T"),
    ]
    source = gzipped(tmp_path / "clinvar.vcf.gz", HEAD + "".join(rows))
    assert [r.clinvar_id for r in plant.candidates(source, PIECE)] == [5, 9]


def planted(*covers: plant.Cover) -> plant.Planted:
    record = plant.Record(
        clinvar_id=5, position=103, ref="G", alt="A",
        significance="Pathogenic", review="reviewed_by_expert_panel", hgvs="g.103G>A",
    )  # fmt: skip
    return plant.Planted(record=record, covering_fragments=2, changed=covers)


def test_edit_changes_the_base_as_it_was_sequenced() -> None:
    forward, reverse = plant.Cover("f1", 1, 2, False), plant.Cover("f1", 2, 0, True)
    what = planted(forward, reverse)
    assert plant.edit(what, 1, ("@f1 1:N", "CCGCC", "+", "IIIII"))[1] == "CCACC"
    assert plant.edit(what, 2, ("@f1/2", "CGG", "+", "III"))[1] == "TGG"
    untouched = ("@f2", "CCGCC", "+", "IIIII")
    assert plant.edit(what, 1, untouched) == untouched
    header, row = plant.table(what).splitlines()
    told = dict(zip(header.split("\t"), row.split("\t"), strict=True))
    assert (told["clinvar_id"], told["changed_fragments"], told["changed_reads"]) == ("5", "1", "2")


def sam_line(start: str, cigar: str, bases: str, quality: int = 60) -> str:
    """A SAM line; ``start`` is name, flag and position."""
    name, flag, position = start.split()
    fields = (name, flag, "slice", position, str(quality), cigar, "=", "1", "0", bases)
    return "\t".join((*fields, "I" * len(bases)))


def test_covering_reads(tmp_path: Path) -> None:
    """Position 103 is the third base of the slice, G."""
    lines = [
        "@HD\tVN:1.6\tSO:coordinate",
        "@SQ\tSN:slice\tLN:20",
        sam_line("a 99 1", "5M", "ACGTT"),
        sam_line("b 147 1", "2S5M", "TTACGTT"),
        sam_line("low 99 1", "5M", "ACGTT", quality=10),
        sam_line("gap 99 1", "2M1D3M", "ACTTG"),
        sam_line("dup 1123 1", "5M", "ACGTT"),
        sam_line("late 99 4", "5M", "TTGCA"),
    ]
    sam = tmp_path / "reads.sam"
    sam.write_text("\n".join(lines) + "\n")
    bam = tmp_path / "reads.bam"
    pysam.sort("-o", str(bam), str(sam))
    pysam.index(str(bam))
    assert plant.covering(bam, PIECE, 103) == [
        plant.Cover("a", 1, 2, False),
        plant.Cover("b", 2, 2, True),  # 7 bases, the fifth stored one, read backwards
    ]


def run_prepare(root: Path, shared: Path, output: Path, *more: str) -> str:
    script = root / "scripts/real/prepare.py"
    command = [sys.executable, str(script), "--shared", str(shared), "--output", str(output), *more]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_missing_evaluation_data_is_told(root: Path, tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as error:
        run_prepare(root, tmp_path / "nowhere", tmp_path / "real")
    assert error.value.returncode == 2
    assert "name it with --shared" in error.value.stderr


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, root: Path, shared_data: Path) -> Path:
    output = tmp_path_factory.mktemp("real") / "진짜 자료"
    run_prepare(root, shared_data, output)
    return output


@pytest.fixture(scope="module")
def with_plant(tmp_path_factory: pytest.TempPathFactory, root: Path, shared_data: Path) -> Path:
    output = tmp_path_factory.mktemp("planted") / "real"
    run_prepare(root, shared_data, output, "--plant")
    return output


@pytest.mark.shared
def test_prepared_once(real: Path, root: Path, shared_data: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in real.rglob("*")}
    assert "nothing to do" in run_prepare(root, shared_data, real)
    assert {p: p.stat().st_mtime_ns for p in real.rglob("*")} == before


@pytest.mark.shared
def test_settings_and_sheet_name_what_is_there(real: Path) -> None:
    settings = load([real / "config.yaml"])
    rows = list(csv.DictReader((real / "samples.tsv").read_text().splitlines(), delimiter="\t"))
    assert [r["lane"] for r in rows] == ["L1", "L2"]
    files = [r[c] for r in rows for c in ("fastq_1", "fastq_2")]
    paths = [settings.reference.fasta, settings.reference.transcripts]
    assert all((real / p).stat().st_size for p in (*files, *paths))
    assert settings.knowledge.release
    manifest = json.loads((real / settings.knowledge.release / "manifest.json").read_text())
    assert {"clinvar", "dbsnp", "acmg_sf"} < set(manifest["sources"])


@pytest.mark.shared
def test_no_read_is_lost_between_the_lanes(real: Path, shared_data: Path) -> None:
    for mate, name in enumerate(prepare.FASTQS):
        ours = [
            entry
            for lane in prepare.LANES
            for entry in brca1.read_fastq(real / prepare.lane_files(lane)[mate])
        ]
        theirs = list(brca1.read_fastq(shared_data / "na12878_brca1" / name))
        assert sorted(ours) == sorted(theirs)
        assert len(ours) == 9_862


@pytest.mark.shared
def test_coordinates_are_grch38(real: Path) -> None:
    """BRCA1's start codon, NM_007294.4: GRCh38 chr17:43,124,094-43,124,096, minus strand."""
    with pysam.FastaFile(str(real / "data/reference.fa")) as file:
        assert file.get_reference_length("chr17") == 43_125_733
        assert file.fetch("chr17", 43_124_093, 43_124_096) == "CAT"
    with pysam.VariantFile(str(real / "data/dbsnp.vcf.gz")) as vcf:
        (record,) = vcf.fetch("chr17", 43_044_121, 43_044_122)
        assert (record.id, record.pos, record.ref) == ("rs184875949", 43_044_122, "C")
    text = (real / "data/transcripts.gff3").read_text()
    assert "refseq=NM_007294.4" in text
    assert "Name=NBR1" not in text


@pytest.mark.shared
def test_planted_variant_is_in_half_of_the_reads(
    real: Path, with_plant: Path, shared_data: Path
) -> None:
    header, row = (with_plant / "planted.tsv").read_text().splitlines()
    told = dict(zip(header.split("\t"), row.split("\t"), strict=True))
    with pysam.VariantFile(str(with_plant / "data/clinvar.vcf.gz")) as vcf:
        position = int(told["position"])
        known = {r.id: r for r in vcf.fetch("chr17", position - 1, position)}
    record = known[told["clinvar_id"]]
    assert (record.ref, record.alts) == (told["ref"], (told["alt"],))
    assert record.info["CLNSIG"] == ("Pathogenic",)
    assert told["hgvs_g"].endswith(f"g.{position}{told['ref']}>{told['alt']}")
    different = 0
    for lane in prepare.LANES:
        for name in prepare.lane_files(lane):
            pairs = zip(
                brca1.read_fastq(real / name), brca1.read_fastq(with_plant / name), strict=True
            )
            for before, after in pairs:
                assert (before[0], before[3]) == (after[0], after[3])
                changed = sum(a != b for a, b in zip(before[1], after[1], strict=True))
                assert changed <= 1
                different += changed
    assert different == int(told["changed_reads"])
    assert int(told["covering_fragments"]) >= 2 * int(told["changed_fragments"]) - 1
    assert not (real / "planted.tsv").exists()
