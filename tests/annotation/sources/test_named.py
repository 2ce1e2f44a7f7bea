"""Small tables whose columns go by several names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from soyang.annotation.sources.named import numbers, require, texts
from soyang.core.errors import FaultError

Put = Callable[..., Path]
NAMES = {"gene": ("Gene", "GENE SYMBOL"), "score": ("Score",)}


@pytest.mark.parametrize(
    "text",
    [
        "Gene\tScore\nBRCA1\t1\n",
        "GENE SYMBOL,Score\nBRCA1,1\n",
        '"A TITLE","",""\n"+++","++",""\n"GENE SYMBOL","Score","x"\n"BRCA1"," 1 ","z"\n',
        "#title\n#Gene\tScore\r\n BRCA1 \t1\r\n\r\n",
        "\ufeffGene\tScore\nBRCA1\t1",
    ],
)
def test_names_separators_quotes_and_titles(put: Put, text: str) -> None:
    assert texts(put(text), NAMES).rows() == [("BRCA1", "1")]


def test_missing_values_and_optional_columns(put: Put) -> None:
    frame = texts(put("Gene\tScore\nA\tNA\nB\tNaN\nC\t\n"), NAMES, {"more": ("More",)})
    assert frame["score"].to_list() == [None, None, None]
    assert frame["more"].to_list() == [None, None, None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Gene\tPoints\nA\t1\n", "no column Score; there are Gene, Points"),
        ("", "no column Gene, Score; there are none"),
        ("Gene\tScore\nA\t1\nB\n", "row 3: found 1 fields"),
        (b"Gene\tScore\nA\t\xb0\n", "row 2: found byte 0xb0"),
    ],
)
def test_another_format_is_told(put: Put, text: str | bytes, said: str) -> None:
    with pytest.raises(FaultError, match=said):
        texts(put(text), NAMES)


def test_numbers(tmp_path: Path) -> None:
    frame = pl.DataFrame({"gene": ["A", "B"], "score": ["1.8383e-16", None]})
    assert numbers(frame, tmp_path, "score")["score"].to_list() == [1.8383e-16, None]
    with pytest.raises(FaultError, match="'high'; allowed: a number"):
        numbers(frame.with_columns(score=pl.lit("high")), tmp_path, "score")


def test_required_values(tmp_path: Path) -> None:
    frame = pl.DataFrame({"gene": ["A", "B"], "score": ["1", None]})
    with pytest.raises(FaultError, match="column score: found nothing in the row of B"):
        require(frame, tmp_path, "gene", "score")
