"""Quality figures: over known bases or targets, outside the pseudo-autosomal regions."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from soyang.core.assembly import Assembly
from soyang.core.interval import Interval
from soyang.core.tables import read_table
from soyang.reads.measure import (
    depth_figures,
    intersection,
    measure,
    measured_regions,
    read_figures,
    split,
    without_command,
)
from soyang.reads.tables import QUALITY


def measured(cram: Path, world, folder: Path, targets: Path | None = None) -> dict:
    measure(
        sample="S1",
        cram=cram,
        reference=world.fasta,
        assembly="GRCh38",
        min_mapping_quality=20,
        threads=1,
        output=folder / "qc",
        quality=folder / "S1.quality.tsv",
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


def test_tables_are_for_multiqc_and_name_no_path(two_lanes, world, tmp_path):
    measured(two_lanes, world, tmp_path)
    files = sorted((tmp_path / "qc").iterdir())
    assert [f.name for f in files] == [
        "S1.mosdepth.global.dist.txt",
        "S1.mosdepth.region.dist.txt",
        "S1.mosdepth.summary.txt",
        "S1.regions.bed.gz",
        "S1.regions.bed.gz.csi",
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


def test_no_reads_give_zeroes(world, run_align, tmp_path):
    row = measured(run_align(tmp_path, [[]]), world, tmp_path)
    assert (row["reads"], row["mapped_share"], row["mean_depth"]) == (0, 0, 0)
    assert row["x_depth_ratio"] is None


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
