"""AlphaMissense's format, read into codes, exact scores and classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from soyang.annotation.release.manifest import Kind
from soyang.annotation.sources import alphamissense
from soyang.core.errors import FaultError

LICENCE = "# Copyright 2023 somebody\n#\n# Licensed under a licence\n"
HEADER = (
    "#CHROM\tPOS\tREF\tALT\tgenome\tuniprot_id\ttranscript_id\tprotein_variant\t"
    "am_pathogenicity\tam_class\n"
)
ROWS = (
    "chr1\t1\tA\tT\thg38\tQ8NH21\tENST00000335137.4\tV2L\t0.2937\tlikely_benign\n"
    "chr1\t1\tA\tT\thg38\tQ8NH22\tENST00000335138.4\tV2L\t0.56\tambiguous\n"
    "chr1\t2\tC\tA\thg38\tQ8NH21\tENST00000335137.4\tV2M\t0.9\tlikely_pathogenic\n"
    "chrX\t4\tT\tC\thg38\tQ8NH23\tENST00000335139.4\tV2A\t0.0\tlikely_benign\n"
)


@pytest.fixture
def read(entry: Callable[..., Any], read_all: Callable[..., Any]) -> Callable[..., Any]:
    def given(path: Path, assembly: str = "GRCh38", **other: Any) -> Any:
        return read_all(
            alphamissense, entry(Kind.ALPHAMISSENSE, assembly=[assembly]), path, **other
        )

    return given


@pytest.mark.parametrize("head", [LICENCE + HEADER, HEADER[1:]], ids=["licence", "bare header"])
def test_scores_and_classes(put: Any, read: Any, head: str) -> None:
    given = read(put(head + ROWS, "AlphaMissense_hg38.tsv.gz"))
    assert [(row[0], row[1], *row[-2:]) for row in given.rows] == [
        ("1", 1, 2937, "likely_benign"),
        ("1", 1, 5600, "ambiguous"),
        ("1", 2, 9000, "likely_pathogenic"),
        ("X", 4, 0, "likely_benign"),
    ]
    assert given.vocabularies == {
        "am_class": {"likely_benign": 2, "ambiguous": 1, "likely_pathogenic": 1}
    }
    assert not given.left_out


def test_columns_are_what_the_reader_gives(put: Any, read: Any) -> None:
    frame = read(put(LICENCE + HEADER + ROWS)).frames[0][1]
    facts = [(fact.name, fact.dtype) for fact in alphamissense.COLUMNS]
    assert facts == [(name, str(frame.schema[name])) for name in frame.columns[4:]]


def test_the_file_says_which_assembly_it_is_for(put: Any, read: Any) -> None:
    path = put(LICENCE + HEADER + ROWS)
    with pytest.raises(FaultError, match="scores on hg38; allowed: scores on GRCh37"):
        read(path, assembly="GRCh37")
    hg19 = put(LICENCE + HEADER + ROWS.replace("hg38", "hg19"), "hg19.tsv")
    assert len(read(hg19, assembly="GRCh37").rows) == 4


def test_an_unknown_assembly_is_refused(put: Any, read: Any) -> None:
    with pytest.raises(FaultError, match="scores on t2t"):
        read(put(LICENCE + HEADER + ROWS.replace("hg38", "t2t")))


def test_a_class_never_seen_is_counted_under_its_name(put: Any, read: Any) -> None:
    given = read(put(LICENCE + HEADER + ROWS.replace("ambiguous", "uncertain")))
    assert given.vocabularies["am_class"]["uncertain"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LICENCE + HEADER.replace("am_class", "class") + ROWS, "no column am_class"),
        (LICENCE + HEADER + ROWS.replace("0.2937", "high"), "'high'"),
        (LICENCE + HEADER + ROWS.replace("0.2937", "0.29371"), "0.29371"),
        (LICENCE, "no column"),
    ],
)
def test_another_format_is_told(put: Any, read: Any, text: str, said: str) -> None:
    with pytest.raises(FaultError, match=said):
        read(put(text))


def test_crlf_and_bom_are_nothing(put: Any, read: Any) -> None:
    path = put("\ufeff" + (LICENCE + HEADER + ROWS).replace("\n", "\r\n"))
    assert read(path).vocabularies["am_class"]["likely_benign"] == 2
