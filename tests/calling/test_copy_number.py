"""Copy number: bins, normalisation, segmentation, and the verb on real reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.copy_number_data import Library, exome_bins, genome_bins, plant, sequence
from bench.copy_number_reads import make_cram
from bench.copy_number_score import Call, recall
from soyang.calling.copy_number import copy_number
from soyang.calling.depth.bins import make_bins, with_expected
from soyang.calling.depth.count import count_depth
from soyang.calling.depth.events import events_of, fewest_bins, find_segments, genotype
from soyang.calling.depth.normalise import (
    Ratios,
    panel_normalised,
    relative,
    self_normalised,
    typical_depth,
)
from soyang.calling.depth.segment import GENOME, TARGETS, emissions, most_likely
from soyang.calling.tables import COPY_NUMBER, DEPTH, EVENTS, SEGMENTS
from soyang.core.assembly import Assembly
from soyang.core.errors import FaultError, ToolError
from soyang.core.tables import read_table


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def steady(count: int, *, contig: str = "chr1", copies: float = 2.0, length: int = 1000):
    """Bins without noise."""
    start = np.arange(count) * length
    return pl.DataFrame(
        {
            "contig": [contig] * count,
            "start": start,
            "end": start + length,
            "gc": [0.4] * count,
            "depth": [15.0 * copies] * count,
            "unsure": [0.0] * count,
            "expected_copies": [2] * count,
            "autosomal": [True] * count,
        }
    )


def ratios_of(copies: list[float], spread: float = 0.1) -> Ratios:
    count = len(copies)
    return Ratios(
        usable=np.ones(count, dtype=bool),
        copies=np.array(copies, dtype=float),
        spread=np.full(count, spread),
    )


# --- bins


def test_bins_cover_known_bases_and_no_others(make_fasta):
    fasta = make_fasta({"chr1": "N" * 500 + "GC" * 1250 + "N" * 700 + "AT" * 200, "chrM": 3000})
    bins = make_bins(fasta, 1000, None)
    assert bins.rows() == [("chr1", 500, 1750, 1.0), ("chr1", 1750, 3000, 1.0)]  # 400 bp: too short
    assert make_bins(fasta, 800, None)["end"].max() == 4100


def test_bins_of_targets_are_targets_or_pieces_of_long_ones(make_fasta, tmp_path):
    fasta = make_fasta({"chr2": 5000, "chr10": 9000})
    bed = tmp_path / "표적 영역.bed"
    text = "\ufefftrack name=x\r\nchr10\t100\t200\r\nchr2\t0\t1600\tGENE\r\nchr2\t2000\t2010\r\n"
    bed.write_bytes(text.encode())
    bins = make_bins(fasta, 1000, bed)
    assert bins.select("contig", "start", "end").rows() == [
        ("chr2", 0, 533),
        ("chr2", 533, 1066),
        ("chr2", 1066, 1600),
        ("chr10", 100, 200),
    ]


@pytest.mark.parametrize("line", ["chr2\t4000\t5001", "chrUn\t1\t200"])
def test_targets_of_another_reference_are_refused(make_fasta, tmp_path, line):
    bed = tmp_path / "t.bed"
    bed.write_text(line + "\n")
    with pytest.raises(FaultError, match="inside the contigs"):
        make_bins(make_fasta({"chr2": 5000}), 1000, bed)


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (2, 0, [2, 2, 2, 0, None]),
        (1, 1, [2, 2, 1, 1, None]),
        (2, 1, [2, 3, 2, 1, None]),
        (None, None, [2, None, None, None, None]),
    ],
)
def test_expected_copies_follow_those_of_x_and_y(x, y, expected):
    rows = [
        ("chr1", 0),
        ("chrX", 50_000),
        ("chrX", 5_000_000),
        ("chrY", 5_000_000),
        ("chrY", 50_000),
    ]
    bins = pl.DataFrame(
        {
            "contig": [c for c, _ in rows],
            "start": [s for _, s in rows],
            "end": [s + 1000 for _, s in rows],
        }
    )
    found = with_expected(bins, Assembly.GRCH38, x, y)
    assert found["expected_copies"].to_list() == expected
    assert found["autosomal"].to_list() == [True, False, False, False, False]


# --- normalisation


def test_gc_bias_is_taken_out():
    bins = genome_bins(8000, rng())
    biased = sequence(
        bins, np.full(len(bins), 2), Library(depth=60, dispersion=0.001, bend=-0.3), rng()
    )
    found = self_normalised(biased)
    gc = bins["gc"].to_numpy()[found.usable]
    high, low = found.copies[gc > np.quantile(gc, 0.9)], found.copies[gc < np.quantile(gc, 0.1)]
    assert np.median(high) == pytest.approx(2, abs=0.03)
    assert np.median(low) == pytest.approx(2, abs=0.03)
    raw = biased["depth"].to_numpy()[found.usable]
    assert np.corrcoef(np.abs(gc - 0.42), raw)[0, 1] < -0.3  # there was something to take out


def test_spread_is_that_of_counting():
    bins = genome_bins(8000, rng())
    for depth in (10.0, 40.0):
        library = Library(depth=depth, dispersion=1e-6, slope=0, bend=0)
        found = self_normalised(sequence(bins, np.full(len(bins), 2), library, rng()))
        counting = 1 / np.sqrt(depth * 1000 / 150)
        assert np.median(found.spread) == pytest.approx(counting, rel=0.1)


def test_bins_whose_reads_could_lie_elsewhere_tell_nothing():
    bins = steady(400).with_columns(
        pl.when(pl.col("start") < 50_000).then(20.0).otherwise(0.0).alias("unsure"),
        pl.when(pl.col("start") < 50_000).then(10.0).otherwise(30.0).alias("depth"),
    )
    assert (~self_normalised(bins).usable).sum() == 50


def test_bins_without_expected_copies_tell_nothing():
    y = steady(50, contig="chrY").with_columns(
        pl.lit(None, pl.Int64).alias("expected_copies"), pl.lit(False).alias("autosomal")
    )
    found = self_normalised(pl.concat([steady(300), y]))
    assert found.usable.sum() == 300


def test_one_x_has_one_copy():
    x = steady(100, contig="chrX", copies=1).with_columns(
        pl.lit(1, pl.Int64).alias("expected_copies"), pl.lit(False).alias("autosomal")
    )
    bins = pl.concat([steady(300), x])
    found = self_normalised(bins)
    assert found.copies[300:] == pytest.approx(1)
    assert events_of("S", find_segments(bins, found, targets=False), 30) == []


def test_relative_depth_is_of_two_copies_whatever_the_sex():
    x = steady(100, contig="chrX", copies=1).with_columns(
        pl.lit(1, pl.Int64).alias("expected_copies"), pl.lit(False).alias("autosomal")
    )
    assert relative(pl.concat([steady(300), x])) == pytest.approx(1)
    unknown = x.with_columns(pl.lit(None, pl.Int64).alias("expected_copies"))
    assert np.isnan(relative(pl.concat([steady(300), unknown]))[300:]).all()


def test_a_panel_takes_out_what_capture_does():
    generator = rng()
    bins = exome_bins(120, generator)
    catch = np.exp(generator.normal(0, 0.6, len(bins)))
    library = Library(depth=80, dispersion=0.004)
    two = np.full(len(bins), 2)
    normals = [relative(sequence(bins, two, library, generator, catch)) for _ in range(12)]
    copies = two.copy()
    copies[700:712] = 1
    sample = sequence(bins, copies, library, generator, catch)
    found = panel_normalised(sample, np.stack(normals, axis=1))
    assert np.std(found.copies) < 0.4 < np.std(sample["depth"].to_numpy() / typical_depth(sample))
    (event,) = events_of("S", find_segments(sample, found, targets=True), 30)
    assert (event["kind"], event["copies"], event["filter"]) == ("deletion", 1, "PASS")
    assert event["start"] == bins["start"][700]
    assert event["end"] == bins["end"][711]


def test_of_a_panel_the_normals_most_like_the_sample_are_used():
    generator = rng(4)
    bins = exome_bins(120, generator)
    kits = [np.exp(generator.normal(0, 0.6, len(bins))) for _ in range(2)]
    library = Library(depth=80, dispersion=0.004)
    two = np.full(len(bins), 2)
    normals = [relative(sequence(bins, two, library, generator, kits[n % 2])) for n in range(60)]
    sample = sequence(bins, two, library, generator, kits[1])
    found = panel_normalised(sample, np.stack(normals, axis=1))
    assert np.std(found.copies) < 0.4  # mixed kits alone would scatter by more than one copy


# --- segmentation


def test_the_path_is_the_expected_without_evidence():
    likelihood = emissions(np.full(50, 2.1), np.full(50, 0.1))
    home, gaps = np.full(50, 2), np.zeros(50)
    assert (most_likely(likelihood, home, gaps, GENOME) == 2).all()
    assert len(most_likely(likelihood[:0], home[:0], gaps[:0], GENOME)) == 0


@pytest.mark.parametrize("copies", [0, 1, 3, 4, 5])
def test_the_path_finds_an_event_to_the_bin(copies):
    depth = np.full(60, 2.0)
    depth[20:30] = copies
    path = most_likely(emissions(depth, np.full(60, 0.12)), np.full(60, 2), np.zeros(60), GENOME)
    assert path.tolist() == [2] * 20 + [copies] * 10 + [2] * 30


def test_one_strange_bin_makes_no_event():
    depth = np.full(60, 2.0)
    depth[30] = 7.5
    path = most_likely(emissions(depth, np.full(60, 0.05)), np.full(60, 2), np.zeros(60), GENOME)
    assert (path == 2).all()


@given(st.lists(st.floats(0, 12), min_size=1, max_size=60), st.sampled_from([1, 2, 3]))
def test_the_path_is_the_best_of_all(depths, home):
    """No single bin set to another state makes the path likelier."""
    values = np.array(depths)
    likelihood = emissions(values, np.full(len(values), 0.2))
    assert np.isfinite(likelihood).all()
    path = most_likely(likelihood, np.full(len(values), home), np.zeros(len(values)), TARGETS)
    assert ((path >= 0) & (path <= 5)).all()
    # Never worse than no event at all.
    rows = np.arange(len(values))
    assert likelihood[rows, path].sum() >= likelihood[rows, home].sum() - 1e-9


def test_an_event_is_cut_by_nothing_short_and_by_a_wide_gap():
    copies = [2.0] * 30 + [1.0] * 20 + [2.0] * 2 + [1.0] * 20 + [2.0] * 30
    bins = steady(len(copies))
    found = find_segments(bins, ratios_of(copies), targets=False, gap=3000)
    assert found["copies"].to_list() == [2, 1, 2]
    apart = bins.with_columns(  # 40 kb between the halves of what otherwise is one event
        *(
            pl.col(c) + pl.when(pl.col("start") >= 50_000).then(40_000).otherwise(0)
            for c in ("start", "end")
        )
    )
    steps = [2.0] * 30 + [1.0] * 42 + [2.0] * 30
    found = find_segments(apart, ratios_of(steps), targets=False, gap=3000)
    assert found["copies"].to_list() == [2, 1, 1, 2]


def test_two_events_apart_stay_two():
    copies = [2.0] * 30 + [1.0] * 200 + [2.0] * 20 + [1.0] * 200 + [2.0] * 30
    found = find_segments(steady(len(copies)), ratios_of(copies), targets=False, gap=3000)
    assert found["copies"].to_list() == [2, 1, 2, 1, 2]


def test_a_gap_that_could_hide_an_event_is_in_no_segment():
    bins = steady(100).filter(~pl.col("start").is_between(40_000, 43_999))
    found = find_segments(bins, ratios_of([2.0] * 96), targets=False, gap=4000)
    assert found.select("start", "end").rows() == [(0, 40_000), (44_000, 100_000)]
    assert found["quality"].null_count() == 2
    whole = find_segments(bins, ratios_of([2.0] * 96), targets=False, gap=4001)
    assert len(whole) == 1


def test_an_event_of_more_than_five_copies_has_their_number():
    copies = [2.0] * 30 + [8.1] * 10 + [2.0] * 30
    found = find_segments(steady(70), ratios_of(copies), targets=False)
    assert found["copies"].to_list() == [2, 8, 2]


def test_no_bins_are_no_segments():
    found = find_segments(steady(3).clear(), ratios_of([]), targets=False)
    assert found.is_empty()
    assert found.columns == [c for c in SEGMENTS.names if c != "sample"]


def test_fewer_bins_are_needed_where_depth_is_steady():
    needed = [fewest_bins(s, 30, targets=False) for s in (0.05, 0.1, 0.2, 0.3)]
    assert needed == sorted(needed)
    assert needed[0] >= 2
    assert fewest_bins(50.0, 30, targets=False) is None


@pytest.mark.parametrize(
    ("copies", "expected", "written"),
    [(1, 2, "0/1"), (0, 2, "1/1"), (0, 1, "1"), (3, 2, "./."), (2, 1, "."), (1, 3, "0/1/1")],
)
def test_genotypes(copies, expected, written):
    assert genotype(copies, expected) == written


def test_simulated_events_are_found_and_few_others():
    generator = rng(3)
    bins = genome_bins(20_000, generator)
    copies, truth = plant(bins, (5, 10, 50), (0, 1, 3), 6, generator)
    sample = sequence(bins, copies, Library(depth=30, dispersion=0.01), generator)
    rows = events_of("S", find_segments(sample, self_normalised(sample), targets=False), 30)
    calls = [
        Call(contig=r["contig"], start=r["start"], end=r["end"], copies=r["copies"])
        for r in rows
        if r["filter"] == "PASS"
    ]
    assert recall([t for t in truth if t.bins > 5], calls).value == 1
    assert len(calls) <= len(truth)


# --- the verb


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    """Reference and CRAM of a small genome with planted events, 10x."""
    return make_cram(10.0, tmp_path_factory.mktemp("복제 수"), seed=5)


def run_verb(genome, folder: Path, **more):
    fasta, cram, _ = genome
    paths = {name: folder / f"S1.{name}.tsv" for name in ("events", "segments", "status")}
    words = {
        "sample": "S1",
        "cram": cram,
        "reference": fasta,
        "assembly": "GRCh38",
        "bin_length": 1000,
        "min_mapping_quality": 20,
        "min_depth": 3.0,
        "max_noise": 0.5,
        "min_quality": 30.0,
        "threads": 1,
        "depth": folder / "S1.depth.parquet",
    }
    copy_number(**(words | paths | more))
    tables = (("events", EVENTS), ("segments", SEGMENTS), ("status", COPY_NUMBER))
    return {name: read_table(paths[name], table) for name, table in tables}


def test_planted_events_of_real_reads_are_found(genome, tmp_path):
    found = run_verb(genome, tmp_path)
    (status,) = found["status"].to_dicts()
    assert (status["assessed"], status["reason"], status["design"]) == (True, "", "genome")
    assert status["smallest_length"] == status["min_bins"] * status["bin_length"]
    truth = [t for t in genome[2] if t.bins >= max(status["min_bins"], 10)]
    calls = [
        Call(contig=r["contig"], start=r["start"], end=r["end"], copies=r["copies"])
        for r in found["events"].filter(pl.col("filter") == "PASS").to_dicts()
    ]
    assert recall(truth, calls).value == 1
    assert len(calls) <= len(genome[2])
    assert set(found["events"]["source"]) == {"copy_number"}
    assert (found["segments"]["end"] > found["segments"]["start"]).all()


def test_the_same_bytes_with_two_threads(genome, tmp_path):
    for threads in (1, 2):
        run_verb(genome, tmp_path / str(threads), threads=threads)
    names = sorted(p.name for p in (tmp_path / "1").iterdir())
    assert names == ["S1.depth.parquet", "S1.events.tsv", "S1.segments.tsv", "S1.status.tsv"]
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"min_depth": 50.0}, "too_shallow"),
        ({"max_noise": 0.01}, "too_noisy"),
        ({"bin_length": 10_000}, "too_few_bins"),
    ],
)
def test_what_was_not_assessed_is_said(genome, tmp_path, more, reason):
    found = run_verb(genome, tmp_path, **more)
    (status,) = found["status"].to_dicts()
    assert (status["assessed"], status["reason"]) == (False, reason)
    assert status["found"]
    assert status["min_bins"] is None
    assert found["events"].is_empty()
    assert found["segments"].is_empty()
    assert len(read_table(tmp_path / "S1.depth.parquet", DEPTH)) == status["bins"]


def test_targets_without_a_panel_are_not_assessed(genome, tmp_path):
    bed = tmp_path / "targets.bed"
    bed.write_text("".join(f"chr1\t{n * 900}\t{n * 900 + 300}\n" for n in range(400)))
    (status,) = run_verb(genome, tmp_path, targets=bed)["status"].to_dicts()
    assert (status["assessed"], status["reason"]) == (False, "no_panel")
    assert status["design"] == "targets"


def test_copies_of_x_and_y_are_those_of_the_quality(genome, tmp_path):
    quality = tmp_path / "q.tsv"
    quality.write_bytes(b"\xef\xbb\xbfsample\tx_copies\ty_copies\r\nS1\t1\t\r\n")
    (status,) = run_verb(genome, tmp_path, quality=quality)["status"].to_dicts()
    assert (status["x_copies"], status["y_copies"]) == (1, None)


def test_a_tool_that_leaves_out_bins_is_caught(genome, tmp_path):
    fasta, cram, _ = genome
    elsewhere = steady(3, contig="chr9")
    with pytest.raises(ToolError):
        count_depth(elsewhere, cram, fasta, min_mapping_quality=20, threads=1, folder=tmp_path)
