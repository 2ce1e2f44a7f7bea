"""REVEL's format, read into codes and exact scores."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from soyang.annotation.release.manifest import Kind
from soyang.annotation.sources import revel
from soyang.annotation.sources.text import blocks
from soyang.core.errors import FaultError
from soyang.core.variant_key import alleles

HEADER = "chr,hg19_pos,grch38_pos,ref,alt,aaref,aaalt,REVEL,Ensembl_transcriptid\n"
ROWS = (
    "1,101,1,A,C,K,Q,0.027,ENST00000335137\n"
    "1,101,1,A,C,K,T,0.644,ENST00000534990;ENST00000000002\n"
    "1,101,1,a,g,K,R,1.0,ENST00000335137\n"
    "1,104,.,T,G,F,V,0.5,ENST00000335137\n"
    "X,101,2,C,T,P,S,0.000,ENST00000335138\n"
)


@pytest.fixture
def read(entry: Callable[..., Any], read_all: Callable[..., Any]) -> Callable[..., Any]:
    def given(path: Path, assembly: str = "GRCh38", **other: Any) -> Any:
        return read_all(revel, entry(Kind.REVEL, assembly=[assembly]), path, **other)

    return given


def test_scores_by_chromosome_as_whole_ten_thousandths(put: Any, read: Any) -> None:
    given = read(put(HEADER + ROWS, "revel.csv.gz"))
    assert [(row[0], row[1], row[-1]) for row in given.rows] == [
        ("1", 1, 270),
        ("1", 1, 6440),
        ("1", 1, 10_000),
        ("X", 2, 0),
    ]
    frame = given.frames[0][1]
    assert alleles(frame["code"]).rows() == [("A", "C"), ("A", "C"), ("A", "G")]
    assert frame.columns == ["position", "code", "ref", "alt", "revel"]
    assert frame.select("ref", "alt").null_count().row(0) == (3, 3)
    assert given.left_out == {"no position on this assembly": 1}


def test_the_assembly_decides_the_position(put: Any, read: Any) -> None:
    given = read(put(HEADER + ROWS), assembly="GRCh37", reference=None)
    assert [row[1] for row in given.rows] == [101, 101, 101, 104, 101]


def test_columns_are_what_the_reader_gives(put: Any, read: Any) -> None:
    frame = read(put(HEADER + ROWS)).frames[0][1]
    assert [(fact.name, fact.dtype) for fact in revel.COLUMNS] == [
        ("revel", str(frame.schema["revel"]))
    ]
    assert set(revel.PREFER) <= set(frame.columns)


def test_the_zip_of_the_authors_is_read(put: Any, read: Any) -> None:
    path = put("", "revel-v1.3_all_chromosomes.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("revel_with_transcript_ids", HEADER + ROWS)
    assert len(read(path).rows) == 4


def test_rows_do_not_depend_on_blocks(put: Any, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(HEADER + ROWS)
    together = read(path)
    monkeypatch.setattr(blocks, "__kwdefaults__", {"size": 40})
    apart = read(path)
    assert len(apart.frames) > len(together.frames)
    assert apart.rows == together.rows


def test_version_1_without_transcripts_is_read(put: Any, read: Any) -> None:
    text = "".join(line.rsplit(",", 1)[0] + "\n" for line in (HEADER + ROWS).splitlines())
    assert len(read(put(text)).rows) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER.replace("REVEL", "SCORE") + ROWS, "no column REVEL"),
        (HEADER.replace("grch38_pos,", "") + ROWS, "no column grch38_pos; there are chr, hg19_pos"),
        (HEADER + "1,101,1,A,N,K,Q,0.1,E\n", "'N'; allowed: A, C, G, T"),
        (HEADER + "1,101,1,A,C,K,Q,.,E\n", "'.'; allowed: a number"),
        (HEADER + "1,101,x,A,C,K,Q,0.1,E\n", "'x'; allowed: a whole number"),
        (HEADER + "1,101,1,A,C,K,Q,27,E\n", "27.0; allowed: a score from 0 to 1"),
        ("", "an empty file"),
    ],
)
def test_another_format_is_told(put: Any, read: Any, text: str, said: str) -> None:
    with pytest.raises(FaultError, match=said.replace(".", r"\.")):
        read(put(text))


def test_several_assemblies_at_once_are_refused(put: Any, entry: Any, read_all: Any) -> None:
    both = entry(Kind.REVEL, assembly=["GRCh38", "GRCh37"])
    with pytest.raises(FaultError, match="GRCh38 and GRCh37"):
        read_all(revel, both, put(HEADER + ROWS))


def test_scores_of_another_assembly_are_refused(put: Any, read: Any) -> None:
    rows = "".join(f"1,1,{n},T,A,K,Q,0.5,E\n" for n in range(1, 20) if n % 4)
    with pytest.raises(FaultError, match="100% of 15 reference bases"):
        read(put(HEADER + rows))
