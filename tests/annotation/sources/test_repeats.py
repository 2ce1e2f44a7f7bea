"""Repeats from BED and UCSC's tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from soyang.annotation.release.manifest import Kind
from soyang.annotation.sources import repeats
from soyang.core.errors import FaultError


def rmsk(chromosome: str, start: int, end: int, name: str, kind: str) -> str:
    fields = [585, 463, 13, 6, 17, chromosome, start, end, -9, "+", name, kind, kind, 1, 463, 0, 1]
    return "\t".join(map(str, fields)) + "\n"


def duplication(chromosome: str, start: int, end: int, other: str) -> str:
    fields: list[Any] = [585, chromosome, start, end, other, 0, "+", "chr15", *range(22)]
    return "\t".join(map(str, fields)) + "\n"


@pytest.fixture
def read(entry: Callable[..., Any], read_all: Callable[..., Any]) -> Callable[..., Any]:
    def given(path: Path, **other: Any) -> Any:
        return read_all(repeats, entry(Kind.REPEATS, id="repeatmasker"), path, **other)

    return given


def test_repeatmasker_as_ucsc_has_it(put: Any, read: Any) -> None:
    text = rmsk("chr1", 4, 20, "(TAACCC)n", "Simple_repeat") + rmsk(
        "chr1", 15, 30, "L1MC5a", "LINE"
    )
    given = read(put(text + rmsk("chrX", 0, 9, "MER5B", "DNA?"), "rmsk.txt.gz"))
    assert given.rows == [
        ("1", 4, 20, "Simple_repeat:(TAACCC)n"),
        ("1", 15, 30, "LINE:L1MC5a"),
        ("X", 0, 9, "DNA?:MER5B"),
    ]


def test_segmental_duplications_as_ucsc_has_them(put: Any, read: Any) -> None:
    text = duplication("chr1", 1, 40, "chr15:101") + duplication("chr1", 1, 40, "chr2:5")
    assert read(put(text)).rows == [
        ("1", 1, 40, "segmental_duplication:chr15:101|segmental_duplication:chr2:5")
    ]


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ("chr1\t1\t5", "repeat"),
        ("chr1\t1\t5\tAluY", "repeat:AluY"),
        ("chr1\t1\t5\tAluY\tSINE", "SINE:AluY"),
        ("chr1\t1\t5\tAluY\t960\t+", "repeat:AluY"),
        ("chr1 1 5 AluY SINE", "SINE:AluY"),
    ],
)
def test_bed_of_any_width(put: Any, read: Any, row: str, value: str) -> None:
    given = read(put("#chrom\tstart\tend\ntrack name=x\n" + row + "\n"))
    assert given.rows == [("1", 1, 5, value)]


def test_bom_crlf_and_other_contigs(put: Any, read: Any) -> None:
    given = read(put("\ufeffchr1\t1\t5\tAluY\tSINE\r\nchr1_alt\t1\t5\tAluY\tSINE\r\n"))
    assert given.rows == [("1", 1, 5, "SINE:AluY")]
    assert given.left_out == {"contig that the reference has not": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("chr1\t5\n", "2 columns"),
        ("", "no rows"),
        ("chr1\t5\t3\tx\n", "chr1:5-3"),
        ("chr1\t5\tsix\tx\n", "'six'"),
        ("chr1\t5\t6\tx\nchr1\t5\t6\n", "3 fields"),
        (rmsk("chr1", 4, 99, "x", "LINE"), "beyond the contig's end"),
    ],
)
def test_another_format_is_told(put: Any, read: Any, text: str, said: str) -> None:
    with pytest.raises(FaultError, match=said):
        read(put(text))


def test_columns_are_named_by_the_source(entry: Any) -> None:
    (fact,) = repeats.columns(entry(Kind.REPEATS, id="segmental_duplications"))
    assert (fact.name, fact.annotated, fact.dtype) == ("value", "segmental_duplications", "String")
