"""Panels of normals: made once from depth files, used by samples of the same bins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bench.copy_number_data import Library, exome_bins, sequence
from soyang.calling.depth.panel import fitting_panel
from soyang.calling.depth_panel import depth_panel
from soyang.calling.tables import DEPTH, DEPTH_PANEL
from soyang.core.errors import FaultError
from soyang.core.tables import read_table, write_table


@pytest.fixture
def make_depth(tmp_path):
    """Write a sample's depth of an exome of a few genes."""
    bins = exome_bins(12, np.random.default_rng(1))

    def make(sample: str, frame: pl.DataFrame = bins) -> Path:
        seed = sum(map(ord, sample))
        library = Library(depth=50, dispersion=0.01)
        counted = sequence(frame, np.full(len(frame), 2), library, np.random.default_rng(seed))
        path = tmp_path / "깊이" / f"{sample}.depth.parquet"
        named = counted.with_columns(pl.lit(sample).alias("sample")).select(DEPTH.names)
        write_table(named, path, DEPTH)
        return path

    make.bins = bins
    return make


def made(make_depth, tmp_path, samples=("N1", "N2", "N3", "N4", "N5", "N6")) -> Path:
    panel = tmp_path / "panel.parquet"
    depth_panel(depth=[make_depth(s) for s in samples], name="kit", version="1.4", panel=panel)
    return panel


def test_a_panel_has_each_normal_in_the_same_bins(make_depth, tmp_path):
    rows = read_table(made(make_depth, tmp_path), DEPTH_PANEL)
    assert rows["sample"].unique().sort().to_list() == ["N1", "N2", "N3", "N4", "N5", "N6"]
    assert len(rows) == 6 * len(make_depth.bins)
    medians = rows.group_by("sample").agg(pl.col("relative_depth").median())["relative_depth"]
    assert medians.to_list() == pytest.approx([1] * 6, abs=0.001)


def test_the_order_in_which_normals_are_given_does_not_matter(make_depth, tmp_path):
    first = made(make_depth, tmp_path).read_bytes()
    assert made(make_depth, tmp_path, ("N4", "N6", "N1", "N5", "N3", "N2")).read_bytes() == first


def test_a_sample_is_compared_with_others_only(make_depth, tmp_path):
    panel = made(make_depth, tmp_path)
    stranger = fitting_panel([panel], make_depth.bins, "S1")
    assert stranger is not None
    assert stranger.name == "kit 1.4"
    assert stranger.depths.shape == (len(make_depth.bins), 6)
    member = fitting_panel([panel], make_depth.bins, "N3")
    assert member is not None
    assert member.depths.shape[1] == 5
    kept = [n for n in range(6) if n != 2]
    assert np.array_equal(member.depths, stranger.depths[:, kept])


def test_the_first_panel_of_the_same_bins_is_taken(make_depth, tmp_path):
    panel = made(make_depth, tmp_path)
    other = tmp_path / "other.parquet"
    few = make_depth.bins.head(50)
    depths = [make_depth(f"M{n}", few) for n in range(5)]
    depth_panel(depth=depths, name="other", version="2", panel=other)
    assert fitting_panel([other, panel], make_depth.bins, "S1").name == "kit 1.4"
    assert fitting_panel([other, panel], few, "S1").name == "other 2"
    assert fitting_panel([other, panel], make_depth.bins.head(9), "S1") is None
    assert fitting_panel([], make_depth.bins, "S1") is None
    assert fitting_panel([other], few, "M1") is None  # four others are too few


@pytest.mark.parametrize(
    ("samples", "found"),
    [(("N1", "N2"), "2 samples"), (("N1", "N2", "N3", "N4", "N5", "N1"), "a second time")],
)
def test_too_few_or_one_twice_is_refused(make_depth, tmp_path, samples, found):
    with pytest.raises(FaultError, match=found):
        made(make_depth, tmp_path, samples)
    assert not (tmp_path / "panel.parquet").exists()


def test_normals_of_another_kit_are_refused(make_depth, tmp_path):
    depths = [make_depth(f"N{n}") for n in range(4)] + [make_depth("N9", make_depth.bins.head(40))]
    with pytest.raises(FaultError, match=r"N9.*other bins"):
        depth_panel(depth=depths, name="kit", version="1", panel=tmp_path / "p.parquet")


def test_a_file_that_is_no_panel_is_refused(make_depth, tmp_path):
    with pytest.raises(FaultError, match="allowed"):
        fitting_panel([make_depth("N1")], make_depth.bins, "S1")
    empty = tmp_path / "empty.parquet"
    write_table(DEPTH_PANEL.empty(), empty, DEPTH_PANEL)
    with pytest.raises(FaultError, match="no normals"):
        fitting_panel([empty], make_depth.bins, "S1")
    with pytest.raises(FaultError, match="no file"):
        fitting_panel([tmp_path / "gone.parquet"], make_depth.bins, "S1")


def test_normals_of_different_bins_in_one_panel_are_refused(make_depth, tmp_path):
    panel = made(make_depth, tmp_path)
    rows = read_table(panel, DEPTH_PANEL)
    broken = tmp_path / "broken.parquet"
    write_table(rows.head(len(rows) - 1), broken, DEPTH_PANEL)
    with pytest.raises(FaultError, match="different bins"):
        fitting_panel([broken], make_depth.bins, "S1")
