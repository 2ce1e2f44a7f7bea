"""Quality figures: over known bases or targets, outside the pseudo-autosomal regions."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from soyang.core.assembly import Assembly
from soyang.core.errors import ToolError
from soyang.core.interval import Interval
from soyang.core.process import run
from soyang.core.tables import read_table
from soyang.reads.align import align
from soyang.reads.measure import (
    depth_figures,
    intersection,
    measure,
    measured_regions,
    read_figures,
    split,
    without_command,
)
from soyang.reads.reference import reference
from soyang.reads.tables import GENE_COVERAGE, QUALITY
from tests.reads.conftest import World, pairs_of, write_pairs, write_units
from tests.reads.test_align import reads_of

GFF = """\
##gff-version 3
20\tMANE\tgene\t30101\t31000\t.\t+\t.\tID=gene:ENSG1;Name=ONE
20\tMANE\tmRNA\t30101\t31000\t.\t+\t.\tID=transcript:ENST1;Parent=gene:ENSG1;transcript_id=ENST1;\
version=2;refseq=NM_1.2
20\tMANE\tCDS\t30101\t30200\t.\t+\t0\tID=CDS:P1;Parent=transcript:ENST1
20\tMANE\tCDS\t30501\t30600\t.\t+\t0\tID=CDS:P1;Parent=transcript:ENST1
20\tMANE\tmRNA\t30101\t31000\t.\t+\t.\tID=transcript:ENST2;Parent=gene:ENSG1;transcript_id=ENST2;\
version=1
20\tMANE\tCDS\t30151\t30300\t.\t+\t0\tID=CDS:P2;Parent=transcript:ENST2
20\tMANE\tgene\t32901\t33200\t.\t-\t.\tID=gene:ENSG2
20\tMANE\tmRNA\t32901\t33200\t.\t-\t.\tID=transcript:ENST3;Parent=gene:ENSG2;transcript_id=ENST3;\
version=1
20\tMANE\tCDS\t32901\t33100\t.\t-\t0\tID=CDS:P3;Parent=transcript:ENST3
20\tMANE\tCDS\t101\t200\t.\t-\t0\tID=CDS:P4;Parent=transcript:ENST4
9\tMANE\tCDS\t101\t200\t.\t-\t0\tID=CDS:P5;Parent=transcript:ENST5
"""


def measured(
    cram: Path, world, folder: Path, targets: Path | None = None, threads: int = 1
) -> dict:
    folder.mkdir(exist_ok=True)
    transcripts = folder / "전사체.gff3"
    transcripts.write_text(GFF)
    measure(
        sample="S1",
        cram=cram,
        reference=world.fasta,
        assembly="GRCh38",
        transcripts=transcripts,
        min_mapping_quality=20,
        callable_min_depth=10,
        max_male_x_depth_ratio=0.75,
        min_male_y_depth_ratio=0.25,
        copies_tolerance=0.3,
        threads=threads,
        output=folder / "qc",
        quality=folder / "S1.quality.tsv",
        genes=folder / "S1.genes.tsv",
        targets=targets,
    )
    return read_table(folder / "S1.quality.tsv", QUALITY).row(0, named=True)


def test_figures_of_aligned_reads(two_lanes, world, tmp_path):
    row = measured(two_lanes, world, tmp_path / "품질 결과")
    # Two lanes of pairs at each 20th base, 2 x 100 bases, overlaps counted once.
    assert row["sample"] == "S1"
    assert row["mapped_share"] == 1
    assert row["error_rate"] == 0
    assert 0.04 < row["duplicate_share"] < 0.06
    assert 250 < row["insert_size"] < 290
    assert 12 < row["mean_depth"] < 20
    # chrX's known 2 kb lie before PAR1 starts at 10,000: single copy as far as GRCh38 says.
    assert row["x_depth_ratio"] == pytest.approx(1, abs=0.2)
    assert row["y_depth_ratio"] is None


@pytest.mark.parametrize("targets", ["chr20\t31000\t31500\n", ""])
def test_tools_side_by_side_give_the_same_files(two_lanes, world, tmp_path, targets):
    bed = tmp_path / "targets.bed"
    bed.write_text(targets)
    folders = [tmp_path / "하나", tmp_path / "셋"]
    for folder, threads in zip(folders, (1, 3), strict=True):
        measured(two_lanes, world, folder, bed if targets else None, threads)
    one, three = (
        {f.relative_to(folder): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
        for folder in folders
    )
    assert one == three and len(one) > 4


def test_a_broken_cram_is_told_by_tools_side_by_side(two_lanes, world, tmp_path):
    cut = tmp_path / "cut.cram"
    cut.write_bytes(two_lanes.read_bytes()[:-200])
    with pytest.raises(ToolError):
        measured(cut, world, tmp_path / "결과", threads=2)


def test_tables_are_for_multiqc_and_name_no_path(two_lanes, world, tmp_path):
    measured(two_lanes, world, tmp_path)
    files = sorted((tmp_path / "qc").iterdir())
    assert [f.name for f in files] == [
        "S1.mosdepth.global.dist.txt",
        "S1.mosdepth.region.dist.txt",
        "S1.mosdepth.summary.txt",
        "S1.stats.txt",
    ]
    text = (tmp_path / "qc" / "S1.stats.txt").read_text()
    assert text.startswith("# This file was produced by samtools stats")
    assert "/" not in "".join(ln for ln in text.splitlines() if "command" in ln)
    assert str(tmp_path) not in text


def test_targets_alone_count(two_lanes, world, tmp_path):
    bed = tmp_path / "타깃.bed"
    bed.write_text("track name=x\r\nchr20\t31000\t31500\tgene\r\nchr20\t31200\t31600\r\n")
    row = measured(two_lanes, world, tmp_path, bed)
    assert row["mean_depth"] > 15
    assert row["x_depth_ratio"] is None


def test_no_reads_give_zeroes(world, empty_cram, tmp_path):
    row = measured(empty_cram, world, tmp_path)
    assert (row["reads"], row["mapped_share"], row["mean_depth"]) == (0, 0, 0)
    assert row["x_depth_ratio"] is None
    assert row["x_copies"] is None and row["y_copies"] is None
    assert gene_rows(tmp_path)["NM_1.2"]["mean_depth"] == 0


def test_regions_are_known_bases_and_targets_within(make_fasta, tmp_path):
    fasta = make_fasta({"chr2": "NNACGTNNACGT", "chr1": "ACGT"})
    whole = list(measured_regions(fasta, Assembly.GRCH38, None))
    assert whole == [
        (Interval("chr2", 2, 6), "unique"),
        (Interval("chr2", 8, 12), "unique"),
        (Interval("chr1", 0, 4), "unique"),
    ]
    bed = tmp_path / "t.bed"
    bed.write_text("chr1\t1\t2\nchr2\t0\t9\nchr1\t1\t3\nchr9\t1\t3\n")
    assert [i for i, _ in measured_regions(fasta, Assembly.GRCH38, bed)] == [
        Interval("chr2", 2, 6),
        Interval("chr2", 8, 9),
        Interval("chr1", 1, 3),
    ]


def test_intersection_of_disjoint_lists():
    left = [Interval("a", 0, 10), Interval("a", 12, 20), Interval("b", 0, 5)]
    right = [Interval("b", 4, 9), Interval("a", 5, 13), Interval("a", 14, 15)]
    assert list(intersection(left, right)) == [
        Interval("a", 5, 10),
        Interval("a", 12, 13),
        Interval("a", 14, 15),
        Interval("b", 4, 5),
    ]


def test_a_region_is_cut_at_the_edges_of_shared_sequence():
    parts = list(split(Interval("X", 0, 100), ((10, 20), (90, 200))))
    assert [(p.start, p.end, kind) for p, kind in parts] == [
        (0, 10, "unique"),
        (10, 20, "pseudo_autosomal"),
        (20, 90, "unique"),
        (90, 100, "pseudo_autosomal"),
    ]


def test_ratios_leave_shared_sequence_out():
    depth = pl.DataFrame(
        [
            ("chr1", 0, 100, "unique", 30.0),
            ("chrX", 0, 100, "pseudo_autosomal", 30.0),
            ("chrX", 100, 200, "unique", 15.0),
            ("chrY", 0, 50, "unique", 12.0),
            ("chrM", 0, 10, "unique", 3000.0),
        ],
        schema=["contig", "start", "end", "kind", "depth"],
        orient="row",
    )
    figures = depth_figures(depth)
    assert figures["x_depth_ratio"] == 0.5
    assert figures["y_depth_ratio"] == 0.4
    assert figures["mean_depth"] == pytest.approx((3000 + 3000 + 1500 + 600 + 30000) / 360)
    assert depth_figures(depth.filter(pl.col("contig") != "chr1"))["x_depth_ratio"] is None


def test_the_command_line_is_left_out():
    assert without_command("# a\n# The command line was:  stats /x\nSN\tb\n") == "# a\nSN\tb\n"


def test_shares_of_no_reads_are_zero():
    names = ("raw total sequences", "reads mapped", "reads duplicated", "error rate")
    text = "".join(f"SN\t{name}:\t0\t# note\n" for name in (*names, "insert size average"))
    assert read_figures(text)["mapped_share"] == 0


def gene_rows(folder: Path) -> dict[str, dict]:
    table = read_table(folder / "S1.genes.tsv", GENE_COVERAGE)
    return {row["transcript"]: row for row in table.iter_rows(named=True)}


def test_genes_are_covered_over_their_known_coding_bases(two_lanes, world, tmp_path):
    measured(two_lanes, world, tmp_path)
    rows = gene_rows(tmp_path)
    # ENST4 lies in N; of ENST3's 200 bases 50 are N, ENST5 is on no contig of ours.
    assert {name: (row["gene"], row["bases"]) for name, row in rows.items()} == {
        "NM_1.2": ("ONE", 200),
        "ENST2.1": ("ONE", 150),
        "ENST3.1": ("ENSG2", 150),
    }
    counted = depth_by_base(two_lanes, world, 30_100, 30_200, 30_500, 30_600)
    row = rows["NM_1.2"]
    assert row["mean_depth"] == pytest.approx(sum(counted) / 200, abs=1e-3)
    assert row["callable_share"] == pytest.approx(sum(d >= 10 for d in counted) / 200)
    assert row["share_20x"] == pytest.approx(sum(d >= 20 for d in counted) / 200)
    assert 0 <= row["share_30x"] <= row["share_20x"] < row["callable_share"] == 1


def depth_by_base(cram: Path, world, *edges: int) -> list[int]:
    """Depth of the bases between pairs of edges, counted by another tool; mates count once."""
    words = ["samtools", "depth", "-a", "-s", "-Q", "20", "--reference", world.fasta]
    depths = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        rows = run([*words, "-r", f"chr20:{start + 1}-{end}", cram]).splitlines()
        depths += [int(row.split("\t")[2]) for row in rows]
    return depths


def test_genes_do_not_depend_on_targets(two_lanes, world, tmp_path):
    bed = tmp_path / "t.bed"
    bed.write_text("chr20\t31000\t31500\nchr20\t65000\t65100\n")
    measured(two_lanes, world, tmp_path / "whole")
    row = measured(two_lanes, world, tmp_path / "targets", bed)
    tables = [(tmp_path / name / "S1.genes.tsv").read_bytes() for name in ("whole", "targets")]
    assert tables[0] == tables[1]
    assert sorted(p.name for p in (tmp_path / "targets").iterdir()) == [
        *("S1.genes.tsv", "S1.quality.tsv", "qc", "전사체.gff3")
    ]
    assert row["target_covered_share"] == 1
    reads = [r for r in reads_of(two_lanes, world.fasta) if not r.is_unmapped]
    on = [r for r in reads if overlaps(r, 31_000, 31_500) or overlaps(r, 65_000, 65_100)]
    assert row["on_target_share"] == pytest.approx(len(on) / len(reads))


def overlaps(read, start: int, end: int) -> bool:
    inside = read.reference_start < end and read.reference_end > start
    return read.reference_name == "chr20" and inside


def test_targets_without_depth_are_not_covered(two_lanes, world, tmp_path):
    bed = tmp_path / "t.bed"
    bed.write_text("chr20\t33950\t34050\nchr20\t33000\t33050\n")
    row = measured(two_lanes, world, tmp_path, bed)
    assert 0 <= row["target_covered_share"] < 1
    assert measured(two_lanes, world, tmp_path / "w")["target_covered_share"] is None


@pytest.fixture(scope="module")
def sexes(tmp_path_factory) -> dict[str, dict]:
    """Quality of pairs over autosome, X and Y at depths that copies would give."""
    folder = tmp_path_factory.mktemp("성염색체")
    generator = random.Random(9)
    bases = {n: "".join(generator.choices("ACGT", k=8_000)) for n in ("chr1", "chrX", "chrY")}
    source = folder / "source.fa"
    # X and Y from behind the first pseudo-autosomal region on.
    padding = {"chr1": 0, "chrX": 2_790_000, "chrY": 2_790_000}
    source.write_text("".join(f">{n}\n{'N' * padding[n]}{b}\n" for n, b in bases.items()))
    reference(fasta=source, assembly="GRCh38", output=folder / "reference")
    world = World(source, folder / "reference" / "genome.fa", {})
    rows = {}
    for name, (x, y) in {"XX": (1, 0), "XY": (0.5, 0.5), "mosaic": (0.75, 0)}.items():
        pairs = []
        for contig, share in {"chr1": 1, "chrX": x, "chrY": y}.items():
            step = round(5 / share) if share else 10**9
            pairs += pairs_of({(contig, padding[contig]): bases[contig]}, 1, step=step)
        one, two = write_pairs(folder / name, "L1", pairs)
        cram = folder / name / "S1.cram"
        align(
            sample="S1",
            units=write_units(folder / name / "units.tsv", [("S1.L1", "fastq", one, two)]),
            reference=world.fasta,
            index=world.index,
            threads=2,
            cram=cram,
            fastp=folder / name / "fastp",
        )
        rows[name] = measured(cram, world, folder / name)
    return rows


@pytest.mark.parametrize(
    ("name", "copies"), [("XX", (2, 0)), ("XY", (1, 1)), ("mosaic", (None, 0))]
)
def test_copies_of_x_and_y(sexes, name, copies):
    row = sexes[name]
    assert (row["x_copies"], row["y_copies"]) == copies
    assert row["x_depth_ratio"] == pytest.approx({"XX": 1, "XY": 0.5}.get(name, 0.75), abs=0.08)
