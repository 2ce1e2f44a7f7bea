"""The annotation benchmark's own parts: the data, the peers' answers, what a command costs."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bench import (
    annotation_clinvar,
    annotation_data,
    annotation_genome,
    annotation_peers,
    annotation_person,
    annotation_sites,
    bench_annotation,
)
from bench.annotation_genome import Transcript
from bench.annotation_measure import measured, middle, one_after_another, piped
from bench.annotation_ours import Ours
from bench.annotation_same import (
    mend,
    our_counts,
    peer_counts,
    same_counts,
    same_terms,
    trimmed,
    true_counts,
)
from bench.annotation_sites import FIELDS
from soyang.annotation.release.catalog import read_catalog
from soyang.core.assembly import Assembly

BENCH = Path(bench_annotation.__file__).parent
LENGTHS = {"chr20": 400_000, "chr21": 300_001, "chrY": 200_000}
FORWARD = Transcript(
    contig="chr20",
    forward=True,
    exons=((1_000, 1_200), (2_000, 2_150), (5_000, 5_400)),
    coding=((1_100, 1_200), (2_000, 2_150), (5_000, 5_050)),
)
REVERSE = Transcript(
    contig="chr20",
    forward=False,
    exons=((9_000, 9_300), (9_800, 9_900)),
    coding=((9_030, 9_300), (9_800, 9_830)),
)
_COMPLEMENT = str.maketrans("ACGT", "TGCA")


def gff_lines(transcript: Transcript, name: str) -> list[str]:
    """Lines of an Ensembl-style GFF3."""
    strand = "+" if transcript.forward else "-"
    start, end = transcript.exons[0][0] + 1, transcript.exons[-1][1]
    place = [transcript.contig, "made", None, None, None, ".", strand, ".", None]

    def line(kind, first, last, attributes):
        filled = [*place[:2], kind, str(first), str(last), *place[5:8], attributes]
        return "\t".join(filled)

    return [
        line("gene", start, end, f"ID=gene:G{name};Name=GENE{name};biotype=protein_coding"),
        line(
            "mRNA",
            start,
            end,
            f"ID=transcript:T{name};Parent=gene:G{name};biotype=protein_coding;transcript_id=T{name}",
        ),
        *(line("exon", a + 1, b, f"Parent=transcript:T{name}") for a, b in transcript.exons),
        *(line("CDS", a + 1, b, f"Parent=transcript:T{name}") for a, b in transcript.coding),
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """All parts of a very small genome, in a folder with a Korean name and a space."""
    place = tmp_path_factory.mktemp("주석 벤치")
    far = Transcript(
        contig="chr21",
        forward=True,
        exons=((50_000, 90_000),),
        coding=((50_000, 89_999),),
    )
    lines = ["##gff-version 3", *gff_lines(FORWARD, "1"), *gff_lines(REVERSE, "2")]
    gff = place / "genes.gff3.gz"
    gff.write_bytes(gzip.compress("\n".join([*lines, *gff_lines(far, "3"), ""]).encode()))
    make(small(place))
    return place


def make(data: annotation_data.Data) -> None:
    """Make all parts, of a small genome of which a person carries much."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(annotation_genome, "LENGTHS", LENGTHS)
        patch.setattr(annotation_sites, "CARRIED", 20_000_000)
        annotation_data.make(data)


def small(place: Path) -> annotation_data.Data:
    return annotation_data.Data(scale=1, gff=place / "genes.gff3.gz", folder=place / "parts")


@pytest.fixture(scope="module")
def parts(folder):
    return small(folder)


# ----------------------------------------------------------------------------------- genome


def spelt_frame(transcript: Transcript, bases) -> str:
    text = "".join(bytes(bases[a:b]).decode() for a, b in transcript.coding)
    return text if transcript.forward else text.translate(_COMPLEMENT)[::-1]


def test_transcripts_are_reading_frames_with_splice_sites():
    bases = annotation_genome.chromosome("chr20", 20_000, [FORWARD, REVERSE])
    for transcript in (FORWARD, REVERSE):
        frame = spelt_frame(transcript, bases)
        codons = [frame[i : i + 3] for i in range(0, len(frame), 3)]
        assert codons[0] == "ATG"
        assert codons[-1] in {"TAA", "TAG", "TGA"}
        assert not {"TAA", "TAG", "TGA"} & set(codons[:-1])
    assert bytes(bases[1_200:1_202]) == b"GT"
    assert bytes(bases[1_998:2_000]) == b"AG"
    assert bytes(bases[9_300:9_302]) == b"CT"
    assert bytes(bases[9_798:9_800]) == b"AC"


def test_of_overlapping_transcripts_the_first_has_the_bases():
    alone = annotation_genome.chromosome("chr20", 20_000, [FORWARD])
    other = Transcript(
        contig="chr20", forward=False, exons=((1_150, 1_180),), coding=((1_150, 1_180),)
    )
    both = annotation_genome.chromosome("chr20", 20_000, [FORWARD, other])
    assert spelt_frame(FORWARD, alone) == spelt_frame(FORWARD, both)


def test_ends_are_unknown_and_bases_are_as_in_human():
    bases = annotation_genome.chromosome("chr1", 1_200_000, [])
    counts = np.bincount(bases, minlength=256)
    assert counts[ord("N")] == 20_000
    assert not (bases[10_000:-10_000] == ord("N")).any()
    share = (counts[ord("G")] + counts[ord("C")]) / 1_180_000
    assert share == pytest.approx(0.41, abs=0.01)


def test_a_part_of_the_genome_takes_the_smallest_autosomes():
    assert list(annotation_genome.contigs_of(0.016)) == ["chr22"]
    assert list(annotation_genome.contigs_of(0.02)) == ["chr21", "chr22"]
    assert annotation_genome.contigs_of(1) == annotation_genome.LENGTHS
    assert sum(annotation_genome.LENGTHS.values()) == pytest.approx(3.09e9, rel=0.001)


def test_places_in_merged_intervals():
    spans = annotation_genome.merged([FORWARD, FORWARD, REVERSE], "exons", margin=1)
    assert spans[0].tolist() == [999, 1_999, 4_999, 8_999, 9_799]
    asked = np.array([998, 999, 1_200, 1_201, 20_000])
    assert annotation_genome.within(asked, spans).tolist() == [False, True, True, False, False]
    none = annotation_genome.merged([], "exons")
    assert not annotation_genome.within(asked, none).any()


def test_fasta_and_index_are_what_samtools_makes(parts, tmp_path):
    fasta = parts.reference / "genome.fa"
    own = fasta.with_name("genome.fa.fai").read_text()
    copy = tmp_path / "genome.fa"
    copy.write_bytes(fasta.read_bytes())
    subprocess.run(["samtools", "faidx", copy], check=True)
    assert copy.with_name("genome.fa.fai").read_text() == own
    read = {name: len(bases) for name, bases in annotation_genome.sequences(fasta)}
    assert read == LENGTHS


# --------------------------------------------------------------------------------- variants


def unchanged_by_norm(vcf: Path, fasta: Path) -> bool:
    """Whether bcftools finds each ref in the genome and no variant to move."""
    words = ["bcftools", "norm", "-c", "e", "-f", str(fasta), "-o", os.devnull, str(vcf)]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stderr
    return said.strip().endswith("/0/0/0") and "skipped:\t0/" not in said


def test_all_variants_are_left_aligned_and_fit_the_genome(parts):
    fasta = parts.reference / "genome.fa"
    for vcf in (
        parts.frequencies / "frequencies.vcf.gz",
        parts.frequencies / "frequencies.bcf",
        parts.person / "person.vcf.gz",
        parts.clinvar / "clinvar.vcf.gz",
        parts.clinvar / "next.vcf.gz",
        parts.cohort / "sites.vcf.gz",
    ):
        assert unchanged_by_norm(vcf, fasta), vcf.name


def test_source_has_the_density_and_kinds_of_a_genome(parts):
    rows = source(parts)
    share = sum(LENGTHS.values()) / sum(annotation_genome.LENGTHS.values())
    assert rows.height == pytest.approx(annotation_sites.ROWS * share, rel=0.1)
    single = (rows["ref"].str.len_bytes() == 1) & (rows["alt"].str.len_bytes() == 1)
    assert single.mean() == pytest.approx(0.85, abs=0.02)
    longest = max(rows["ref"].str.len_bytes().max(), rows["alt"].str.len_bytes().max())
    assert 10 < longest <= annotation_sites.LONGEST + 1
    assert rows.select("contig", "position", "ref", "alt").is_unique().all()
    assert (rows["AC"] <= rows["AN"]).all()
    assert (rows["AC"] >= 1).all()
    assert (2 * rows["nhomalt"] <= rows["AC"]).all()
    groups = sum((rows[f"AC_{group}"] for group in annotation_sites.GROUPS), start=pl.Series([0]))
    assert (groups <= rows["AC"]).all()


def source(parts) -> pl.DataFrame:
    """The frequency source, read from its BCF."""
    return peer_counts(parts.frequencies / "frequencies.bcf")


def test_truth_is_what_the_source_says(parts):
    truth = pl.read_parquet(parts.person / "truth.parquet")
    wanted = truth.drop(*FIELDS).join(
        source(parts).drop("alone"), on=["contig", "position", "ref", "alt"], how="left"
    )
    assert truth.select(FIELDS).equals(wanted.select(FIELDS))
    assert 0 < truth["AC"].null_count() < truth.height / 2


def test_person_has_one_record_at_a_place_with_one_or_two_alleles(parts):
    words = ["bcftools", "query", "-f", "%CHROM\t%POS\t%ALT[\t%GT]\n"]
    said = subprocess.run(
        [*words, parts.person / "person.vcf.gz"], capture_output=True, text=True, check=True
    )
    rows = [line.split("\t") for line in said.stdout.splitlines()]
    truth = pl.read_parquet(parts.person / "truth.parquet")
    assert len(rows) == truth["record"].n_unique() == truth["record"].max() + 1
    assert len({tuple(row[:2]) for row in rows}) == len(rows)
    assert all((row[3] == "1/2") == ("," in row[2]) for row in rows)
    assert sum("," in row[2] for row in rows) == (~truth["alone"]).sum() / 2 > 0
    assert not any(row[0] == "chrY" for row in rows)


def test_alleles_of_a_record_share_the_longest_ref():
    alleles = pl.DataFrame(
        {
            "record": [0, 1, 1],
            "position": [5, 9, 9],
            "ref": ["A", "CAT", "CATGG"],
            "alt": ["G", "C", "C"],
        }
    )
    rows = annotation_person.rows(alleles, "chr1", np.random.default_rng(1))
    assert rows.select("position", "ref", "alt").rows() == [(5, "A", "G"), (9, "CATGG", "CGG,C")]
    assert trimmed("CATGG", "CGG") == ("CAT", "C")


def test_what_lies_in_a_deletion_is_not_carried():
    frame = pl.DataFrame(
        {
            "position": [5, 7, 8, 20, 20, 20],
            "ref": ["ACG", "G", "T", "A", "A", "A"],
            "alt": ["A", "T", "C", "C", "G", "T"],
        }
    )
    kept = annotation_person.one_person(frame)
    assert kept["position"].to_list() == [5, 8, 20, 20]
    assert kept["record"].to_list() == [0, 1, 2, 2]


def test_shifted_variants_go_back_to_where_they_were(parts, tmp_path):
    shifted = pl.read_parquet(parts.person / "shifted.parquet")
    assert shifted.height > 50
    assert (shifted["position"] > shifted["left_position"]).all()
    out = tmp_path / "back.vcf"
    fasta, vcf = parts.reference / "genome.fa", parts.person / "shifted.vcf.gz"
    subprocess.run(["bcftools", "norm", "-f", fasta, "-o", out, vcf], check=True)
    rows = [line.split("\t") for line in out.read_text().splitlines() if line[0] != "#"]
    back = sorted((row[0], int(row[1]), row[3], row[4]) for row in rows)
    left = ["contig", "left_position", "left_ref", "left_alt"]
    assert back == sorted(shifted.select(left).rows())


def test_clinvar_changes_as_told(parts):
    def read(name):
        words = ["bcftools", "query", "-f", "%CHROM\t%POS\t%REF\t%ALT\t%CLNSIG\n"]
        said = subprocess.run([*words, parts.clinvar / name], capture_output=True, check=True)
        rows = (line.rsplit("\t", 1) for line in said.stdout.decode().splitlines())
        return dict(rows)

    before, after = read("clinvar.vcf.gz"), read("next.vcf.gz")
    told = {
        f"{contig}\t{position}\t{ref}\t{alt}": (old, new)
        for contig, position, ref, alt, old, new in pl.read_parquet(
            parts.clinvar / "changed.parquet"
        ).rows()
    }
    found = {
        site: (before.get(site), after.get(site))
        for site in before.keys() | after.keys()
        if before.get(site) != after.get(site)
    }
    assert found == told
    assert set(before.values()) <= set(annotation_clinvar.SIGNIFICANCES)


def test_cohort_tables_fit_together(parts):
    sites = pl.read_parquet(parts.cohort / "sites.parquet")
    genotypes = pl.read_parquet(parts.cohort / "genotypes.parquet")
    samples = pl.read_parquet(parts.cohort / "samples.parquet")
    site = ["contig", "position", "ref", "alt"]
    assert genotypes.select(*site, "sample").is_unique().all()
    assert set(genotypes["sample"]) <= set(samples["sample"])
    counted = genotypes.group_by(site).agg(pl.col("dosage").cast(pl.Int32).sum().alias("ac"))
    assert sites.select(*site, "ac").sort(site).equals(counted.sort(site))
    assert (sites["an"] == 2 * samples.height).all()


def test_the_same_is_made_again_and_nothing_is_made_twice(parts, tmp_path):
    before = {part: part.stat().st_mtime_ns for part in parts.parts()}
    make(parts)
    assert {part: part.stat().st_mtime_ns for part in parts.parts()} == before
    again = annotation_data.Data(scale=1, gff=parts.gff, folder=tmp_path)
    make(again)
    for name in ("person/truth.parquet", "frequencies/frequencies.vcf.gz", "cohort/sites.vcf.gz"):
        part, file = name.split("/")
        made = (getattr(data, part) / file for data in (parts, again))
        assert len({path.read_bytes() for path in made}) == 1, name


def test_parts_of_other_code_are_removed_and_others_stay(parts, tmp_path):
    other = annotation_data.Data(scale=1, gff=parts.gff, folder=tmp_path)
    for name in ("person-00000000", "person-00000000.new", "work"):
        (tmp_path / name).mkdir()
    for part in parts.parts():
        (tmp_path / part.name).symlink_to(part, target_is_directory=True)
    make(other)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["work", *(part.name for part in parts.parts())]
    )


# ---------------------------------------------------------------------------------- answers


def counts(**columns) -> pl.DataFrame:
    rows = len(columns["position"])
    filled = {"contig": ["chr1"] * rows} | columns
    numbers = {name: pl.Series(filled.get(name, [1] * rows), dtype=pl.Int32) for name in FIELDS}
    return pl.DataFrame({k: v for k, v in filled.items() if k not in FIELDS} | numbers).cast(
        {"position": pl.Int32}
    )


def test_the_same_alleles_with_other_counts_are_not_the_same():
    mine = counts(position=[1, 2, 3], ref=["A", "A", "A"], alt=["C", "C", "C"], AC=[1, 2, 3])
    theirs = counts(position=[1, 2], ref=["A", "A"], alt=["C", "C"], AC=[1, 9])
    assert same_counts(mine, theirs) == (1, 2, 1)


def test_counts_of_a_peer_with_several_alleles(tmp_path):
    vcf = tmp_path / "답 하나.vcf"
    info = ";".join(f"{name}={'7' if name.startswith('AN') else '5,.'}" for name in FIELDS)
    alone = ";".join(f"{name}=3" for name in FIELDS)
    head = [
        "##fileformat=VCFv4.2",
        "##contig=<ID=chr1>",
        *(
            f"##INFO=<ID={n},Number={'1' if n.startswith('AN') else 'A'},Type=Integer,"
            'Description="x">'
            for n in FIELDS
        ),
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT",
    ]
    rows = [
        f"chr1\t5\t.\tCATGG\tCGG,C\t.\t.\t{info}",
        f"chr1\t9\t.\tA\tT\t.\t.\t{alone}",
        "chr1\t11\t.\tA\tT\t.\t.\t.",
    ]
    vcf.write_text("\n".join([*head, *rows, ""]))
    mend(vcf)
    found = peer_counts(vcf).select("position", "ref", "alt", "AC", "AN", "alone")
    assert sorted(found.rows()) == [(5, "CAT", "C", 5, 7, False), (9, "A", "T", 3, 3, True)]


def test_our_counts_are_of_alleles_and_not_of_transcripts(tmp_path):
    table = counts(position=[4, 4, 5], ref=["A"] * 3, alt=["C"] * 3, AC=[1, 1, None])
    named = table.rename({name: f"frequencies_{name.lower()}" for name in FIELDS})
    named.write_parquet(tmp_path / "ours.parquet")
    assert our_counts(tmp_path / "ours.parquet").height == 1


def test_terms_are_compared_by_the_worst_of_each_transcript(tmp_path):
    ours = pl.DataFrame(
        {
            "contig": ["chr1"] * 4,
            "position": [1, 2, 3, 4],
            "ref": ["A"] * 4,
            "alt": ["C"] * 4,
            "ensembl": ["T1.2", "T1.2", "T1.2", None],
            "consequence": [
                "missense_variant&splice_region_variant",
                "stop_gained",
                "intron_variant",
                "intergenic_variant",
            ],
        }
    )
    ours.write_parquet(tmp_path / "ours.parquet")
    ours.select("contig", "position", "ref", "alt", alone=pl.lit(True)).write_parquet(
        tmp_path / "truth.parquet"
    )

    def row(position, *entries):
        ann = ",".join(f"C|{terms}|HIGH|G|G|{kind}|{name}|x" for terms, kind, name in entries)
        return f"chr1\t{position}\t.\tA\tC\t.\t.\tDP=3;ANN={ann}\tGT\t0/1"

    rows = [
        row(1, ("splice_region_variant&missense_variant", "transcript", "T1")),
        row(2, ("conservative_inframe_deletion", "transcript", "T1")),
        row(2, ("missense_variant", "transcript", "T2")),
        row(4, ("intergenic_region", "intergenic_region", "G")),
    ]
    (tmp_path / "peer.vcf").write_text("\n".join(["##x", "#CHROM", *rows, ""]))
    terms = same_terms(tmp_path / "ours.parquet", tmp_path / "peer.vcf", tmp_path / "truth.parquet")
    assert (terms.same, terms.other, terms.only_ours, terms.only_peer) == (1, 1, 1, 1)
    assert terms.share == 25
    assert "stop_gained | inframe_deletion: 1" in terms.told()
    assert "- | missense_variant: 1" in terms.told()


# --------------------------------------------------------------------------- peers and ours


def test_bcftools_finds_the_truth_where_records_have_one_allele(parts, tmp_path):
    peers = annotation_peers.Peers(data=parts, folder=tmp_path)
    use = measured(
        peers.bcftools(parts.person / "person.vcf.gz", "peer.bcf"), tmp_path / "messages.txt"
    )
    assert use.wall > 0 < use.memory
    theirs = peer_counts(tmp_path / "peer.bcf").filter("alone")
    truth = true_counts(parts.person / "truth.parquet").filter("alone")
    assert same_counts(truth, theirs) == (truth.height, 0, 0)


def test_missing_tools_are_named_with_what_to_install(monkeypatch):
    monkeypatch.setattr(annotation_peers.shutil, "which", lambda _: None)
    monkeypatch.setattr(annotation_peers, "JAR", Path("/nowhere/snpeff.jar"))
    lines = annotation_peers.missing()
    assert "vcfanno" in lines[0] and "/nowhere/snpeff.jar" in lines[0]
    assert "apt-get install" in lines[1]


def test_catalogue_of_the_releases_can_be_read(parts, tmp_path, monkeypatch):
    monkeypatch.setenv("SOYANG_SHARED_DATA", str(tmp_path))
    ours = Ours(data=parts, folder=tmp_path)
    for words, clinvar in ((ours.build(), "clinvar.vcf.gz"), (ours.renew(), "next.vcf.gz")):
        catalog = read_catalog(Path(words[words.index("--catalog") + 1])).of(Assembly.GRCH38)
        assert {"clinvar", "frequencies", "constraint"} <= set(catalog)
        files = Path(words[words.index("--files") + 1])
        assert (files / "clinvar.vcf.gz").resolve().name == clinvar
        assert (files / "frequencies.vcf.gz").exists()


# ---------------------------------------------------------------------------------- measure


def test_memory_of_a_pipe_is_that_of_all_its_programs(tmp_path):
    hog = "import sys, time; x = bytearray(60_000_000); time.sleep(1.5)"
    alone = measured([sys.executable, "-c", hog], tmp_path / "one.txt")
    both = measured(
        piped([sys.executable, "-c", hog], [sys.executable, "-c", hog]), tmp_path / "two.txt"
    )
    assert 60 < alone.memory < 100
    assert both.memory > alone.memory + 50
    assert both.wall >= 1.5


def test_processor_time_is_counted_and_messages_are_kept(tmp_path):
    words = one_after_another(["echo", "it's said"], [sys.executable, "-c", "sum(range(10**7))"])
    use = measured(words, tmp_path / "said.txt")
    assert use.cpu > 0.05
    assert (tmp_path / "said.txt").read_text() == "it's said\n"


def test_a_command_that_fails_ends_the_benchmark(tmp_path, capfd):
    with pytest.raises(SystemExit, match="bench-annotation: failed"):
        measured(piped(["sh", "-c", "echo why >&2; exit 3"], ["cat"]), tmp_path / "said.txt")
    assert "why" in capfd.readouterr().err


def test_middle_is_the_median_and_the_most_memory(tmp_path):
    uses = [measured(["sleep", str(seconds)], tmp_path / "x") for seconds in (0, 0.3, 0.1)]
    found = middle(uses)
    assert 0.1 <= found.wall < 0.3
    assert found.largest == max(use.largest for use in uses)


# ------------------------------------------------------------------------------- all of it


@pytest.mark.slow
@pytest.mark.shared
def test_answers_are_the_same_on_a_small_genome(shared_data, tmp_path):
    """From the data to the table, on chr22; whether it is fast is not asked for."""
    if lacking := annotation_peers.missing():
        pytest.skip(lacking[0])
    place = tmp_path / "벤치 하나"
    words = ["--scale", "0.016", "--folder", place, "--repeats", "1", "--no-goals"]
    environment = os.environ | {"SOYANG_SHARED_DATA": str(shared_data)}
    subprocess.run(
        [sys.executable, BENCH / "bench_annotation.py", *words], env=environment, check=True
    )
    content = json.loads((place / "0.016" / "annotation.json").read_text())
    agreements = [line for line in content["lines"] if line["kind"] == "agreement"]
    assert len(agreements) >= 10
    assert all(line["holds"] for line in agreements), agreements
    (terms,) = [line for line in content["lines"] if line["name"].endswith("same worst term")]
    assert terms["ours"] > 99
