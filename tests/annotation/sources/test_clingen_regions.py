"""ClinGen's regions of known dosage sensitivity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.annotation.release.manifest import Kind
from soyang.annotation.sources import clingen_regions
from soyang.annotation.sources.clingen_regions import split
from soyang.core.errors import FaultError

HEAD = (
    "#ClinGen Region Curation Results\n#06 Feb,2026\n"
    "#ISCA ID\tISCA Region Name\tcytoBand\tGenomic Location\tHaploinsufficiency Score\t"
    "Haploinsufficiency Description\tTriplosensitivity Score\tDate Last Evaluated\n"
)
ROWS = (
    "ISCA-2\t22q11.2 region; proximal, A|D\t22q11.21\tchrX:3-12\t3\tSufficient\t2\t2020-01-01\n"
    "ISCA-1\tharmless\t1p36\tchr1:5-40\t40\tunlikely\tNot yet evaluated\t2020-01-01\n"
    "ISCA-3\tnowhere\t1p36\ttbd\t0\tNo\t0\t2020-01-01\n"
)


@pytest.fixture
def read(entry: Callable[..., Any], read_all: Callable[..., Any]) -> Callable[..., Any]:
    def given(path: Path, **other: Any) -> Any:
        return read_all(clingen_regions, entry(Kind.CLINGEN_REGIONS), path, **other)

    return given


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_regions_in_order_of_the_genome(put: Any, read: Any, end: str) -> None:
    given = read(put("\ufeff" + (HEAD + ROWS).replace("\n", end)))
    assert given.rows == [
        ("1", 4, 40, "ISCA-1;40;;harmless"),
        ("X", 2, 12, "ISCA-2;3;2;22q11.2 region; proximal, A/D"),
    ]
    assert given.left_out == {"without a place on the assembly": 1}
    assert given.vocabularies == {
        "haploinsufficiency_score": {"3": 1, "40": 1, "0": 1},
        "triplosensitivity_score": {"2": 1, "Not yet evaluated": 1, "0": 1},
    }


def test_a_value_is_taken_apart_again(put: Any, read: Any) -> None:
    values = pl.DataFrame({"value": [row[3] for row in read(put(HEAD + ROWS)).rows]})
    assert values.select(split(pl.col("value"))).rows() == [
        ("ISCA-1", 40, None, "harmless"),
        ("ISCA-2", 3, 2, "22q11.2 region; proximal, A/D"),
    ]


def test_two_regions_of_the_same_bounds_are_kept(put: Any, read: Any) -> None:
    twin = ROWS.replace("ISCA-1", "ISCA-9")
    rows = read(put(HEAD + ROWS + twin)).rows
    assert rows[0] == ("1", 4, 40, "ISCA-1;40;;harmless|ISCA-9;40;;harmless")


def test_other_contigs_and_other_assemblies(put: Any, read: Any) -> None:
    given = read(put(HEAD + ROWS.replace("chr1:", "chrUn_1:")))
    assert [row[0] for row in given.rows] == ["X"]
    assert sum(given.left_out.values()) == 2
    with pytest.raises(FaultError, match="beyond the contig's end"):
        read(put(HEAD + ROWS.replace("5-40", "5-4000")))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (HEAD + ROWS.replace("chr1:5-40", "chr1"), "'chr1'"),
        (HEAD + ROWS.replace("\tharmless", "\t"), "nothing in the row of ISCA-1"),
        (HEAD.replace("ISCA ID", "Region") + ROWS, "no column ISCA ID"),
        (HEAD + ROWS.replace("5-40", "40-5"), "0 <= start <= end"),
        ("", "no column"),
    ],
)
def test_what_is_not_the_format_is_told(put: Any, read: Any, text: str, found: str) -> None:
    with pytest.raises(FaultError, match=found):
        read(put(text))


def test_a_truncated_archive_is_told(put: Any, read: Any) -> None:
    path = put(HEAD + ROWS, "regions.tsv.gz")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(FaultError, match="truncated"):
        read(path)
