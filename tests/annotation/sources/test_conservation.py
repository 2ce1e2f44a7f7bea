"""Conservation from bedGraph and bigWig, as runs of equal values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyBigWig
import pytest

from soyang.annotation.release.manifest import Kind
from soyang.annotation.sources import conservation
from soyang.annotation.sources.text import blocks
from soyang.core.errors import FaultError

HEAD = "browser position chr1\ntrack type=bedGraph\n#chrom\tstart\tend\tvalue\n"


@pytest.fixture
def read(entry: Callable[..., Any], read_all: Callable[..., Any]) -> Callable[..., Any]:
    def given(path: Path, **other: Any) -> Any:
        return read_all(conservation, entry(Kind.CONSERVATION, id="phylop"), path, **other)

    return given


def bed(*rows: tuple[str, int, int, float]) -> str:
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


def test_neighbours_of_one_value_are_one_run(put: Any, read: Any) -> None:
    text = bed(
        ("chr1", 0, 1, 0.064),
        ("chr1", 1, 3, 0.064),
        ("chr1", 3, 4, -1.5),
        ("chr1", 5, 6, -1.5),
        ("chrX", 0, 2, -1.5),
    )
    given = read(put(HEAD + text, "phylop.bedGraph.gz"))
    assert given.rows == [
        ("1", 0, 3, 64),
        ("1", 3, 4, -1500),
        ("1", 5, 6, -1500),
        ("X", 0, 2, -1500),
    ]


def test_runs_do_not_depend_on_blocks(put: Any, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    rows = [("chr1", n, n + 1, float(random.integers(0, 3))) for n in range(40)]
    path = put(bed(*rows))
    together = read(path).rows
    monkeypatch.setattr(blocks, "__kwdefaults__", {"size": 50})
    assert read(path).rows == together
    spread = [value for _, start, end, value in together for _ in range(start, end)]
    assert spread == [int(row[3] * 1000) for row in rows]


def test_values_are_rounded_to_thousandths(put: Any, read: Any) -> None:
    given = read(put(bed(("chr1", 0, 1, 9.8768), ("chr1", 1, 2, -0.0004))))
    assert [row[3] for row in given.rows] == [9877, 0]


def test_blanks_part_fields_too(put: Any, read: Any) -> None:
    assert read(put("chr1 0 5 0.5\n")).rows == [("1", 0, 5, 500)]


def test_rows_out_of_order_are_all_there(put: Any, read: Any) -> None:
    given = read(put(bed(("chr1", 8, 9, 1.0), ("chr1", 2, 4, 2.0), ("chr1", 4, 5, 2.0))))
    assert sorted(given.rows) == [("1", 2, 5, 2000), ("1", 8, 9, 1000)]


def test_what_is_left_out_has_a_reason(put: Any, read: Any) -> None:
    many = [("chr1", n % 40, n % 40 + 1, float(n)) for n in range(200)]
    odd = [("chr1", 40, 99, 1.0), ("chr1", 5, 5, 1.0), ("chr9", 1, 2, 1.0), ("chrUn_1", 0, 1, 1.0)]
    given = read(put(bed(*many, *odd)))
    assert len(given.rows) == 200
    assert given.left_out == {
        "beyond the contig's end": 1,
        "no base long": 1,
        "contig that the reference has not": 2,
    }


def test_many_beyond_the_end_are_another_assembly(put: Any, read: Any) -> None:
    with pytest.raises(FaultError, match=r"1 of 2 intervals beyond .* chr1 of 44 bases"):
        read(put(bed(("chr1", 1, 2, 1.0), ("chr1", 40, 99, 1.0))))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (bed(("chr1", 9, 3, 1.0)), "chr1:9-3; allowed: 0 <= start <= end"),
        (bed(("chr1", -1, 3, 1.0)), "chr1:-1-3"),
        ("chr1\t1\t2\n", "3 fields"),
        ("chr1\t1\t2\thigh\n", "'high'"),
        ("", "an empty file"),
        ("fixedStep chrom=chr1 start=1 step=1\n0.5\n", "'chrom=chr1'"),
    ],
)
def test_another_format_is_told(put: Any, read: Any, text: str, said: str) -> None:
    with pytest.raises(FaultError, match=said):
        read(put(text))


def bigwig(path: Path, lengths: dict[str, int], values: dict[str, list[float]]) -> Path:
    path.parent.mkdir(exist_ok=True)
    with pyBigWig.open(str(path), "w") as file:
        file.addHeader(list(lengths.items()))
        for name, row in values.items():
            known = [(n, value) for n, value in enumerate(row) if not np.isnan(value)]
            file.addEntries(
                [name] * len(known),
                [n for n, _ in known],
                ends=[n + 1 for n, _ in known],
                values=[value for _, value in known],
            )
    return path


LENGTHS = {"chr1": 44, "chr2": 13, "chrX": 20}


def test_bigwig_and_bedgraph_say_the_same(
    tmp_path: Path, put: Any, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(2)
    values = {
        name: np.where(random.random(n) < 0.2, np.nan, np.round(random.normal(0, 1, n), 1)).tolist()
        for name, n in LENGTHS.items()
    }
    path = bigwig(tmp_path / "보존" / "자료 1.bw", LENGTHS, values)
    monkeypatch.setattr(conservation, "WINDOW", 7)
    rows = [
        (name, n, n + 1, value)
        for name, row in values.items()
        for n, value in enumerate(row)
        if not np.isnan(value)
    ]
    assert read(path).rows == read(put(bed(*rows))).rows


def test_a_bigwig_of_other_lengths_is_another_assembly(tmp_path: Path, read: Any) -> None:
    path = bigwig(tmp_path / "x.bw", {"chr1": 50}, {"chr1": [1.0]})
    with pytest.raises(FaultError, match="chr1 of 50 bases; allowed: 44 bases"):
        read(path)


def test_contigs_that_the_reference_lacks_are_counted(tmp_path: Path, read: Any) -> None:
    path = bigwig(tmp_path / "x.bw", {"chr1": 44, "chr7": 9}, {"chr1": [1.0], "chr7": [1.0]})
    given = read(path)
    assert given.rows == [("1", 0, 1, 1000)]
    assert given.left_out == {"contig that the reference has not": 1}


def test_a_truncated_bigwig_is_told(tmp_path: Path, read: Any) -> None:
    path = bigwig(tmp_path / "x.bw", LENGTHS, {name: [1.0] * n for name, n in LENGTHS.items()})
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(FaultError, match="damaged or truncated bigWig"):
        read(path)


def test_a_missing_file_is_told(tmp_path: Path, read: Any) -> None:
    with pytest.raises(FaultError, match="No such file"):
        read(tmp_path / "없음.bw")


def test_columns_are_named_by_the_source(entry: Any) -> None:
    (fact,) = conservation.columns(entry(Kind.CONSERVATION, id="phastcons"))
    assert (fact.name, fact.annotated, fact.dtype) == ("value", "phastcons", str(pl.Int32))
