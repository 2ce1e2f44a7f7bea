"""Opening a release, and looking alleles up in its sources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from soyang.annotation.known import Queries
from soyang.annotation.release.manifest import Kind
from soyang.annotation.release.reader import Release
from soyang.core.errors import FaultError
from tests.annotation.conftest import Made, sites_frame, write_release

LONG = "A" + "CGT" * 5
ROWS = [
    ("1", 10, "A", "G", 1),
    ("1", 20, "C", "T", 2),
    ("1", 20, "A", LONG, 3),
    ("1", 30, LONG, "A", 4),
    ("X", 10, "A", "G", 5),
]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    sources = {"dbsnp": Made(Kind.DBSNP, ROWS, row_group=2), "revel": Made(Kind.REVEL, [])}
    return write_release(tmp_path / "지식 1", sources)


def numbers(
    release: Release, rows: Sequence[tuple[str, int, str, str]], chromosome: str = "1"
) -> list[int | None]:
    asked = Queries.of_sites(sites_frame(rows))
    found = release.lookup("dbsnp", chromosome, asked.position, asked.code, asked.spelt)
    return found["rs"].to_list()


def test_alleles_are_found(release: Path) -> None:
    rows = [("chr1", 10, "A", "G"), ("chr1", 10, "A", "T"), ("chr1", 20, "A", LONG),
            ("chr1", 20, "C", "T"), ("chr1", 30, LONG, "A"), ("chr1", 99, "A", "G")]  # fmt: skip
    assert numbers(Release(release), rows) == [1, None, 3, 2, 4, None]
    assert numbers(Release(release), [("chrX", 10, "A", "G")], "X") == [5]
    assert numbers(Release(release), [("chr7", 10, "A", "G")], "7") == [None]  # no such file


def test_a_hash_alone_is_not_enough(release: Path) -> None:
    """Another allele whose code is forged to be the same is not taken for it."""
    other = LONG[:-1] + "A"
    asked = Queries.of_sites(sites_frame([("chr1", 20, "A", LONG), ("chr1", 20, "A", LONG)]))
    spelt = asked.spelt.with_columns(pl.Series("alt", [LONG, other]))
    found = Release(release).lookup("dbsnp", "1", asked.position, asked.code, spelt)
    assert found["rs"].to_list() == [3, None]


def test_only_eligible_queries_and_wanted_columns(release: Path) -> None:
    asked = Queries.of_sites(sites_frame([("chr1", 10, "A", "G"), ("chr1", 20, "C", "T")]))
    found = Release(release).hits(
        "dbsnp", "1", asked.position, asked.code, asked.spelt,
        columns=(), eligible=np.array([False, True]),
    )  # fmt: skip
    assert found.query.tolist() == [1]
    assert found.payload.columns == []


def test_sources_can_be_chosen(release: Path) -> None:
    assert Release(release).of_kind(Kind.DBSNP, Kind.REVEL) == ["dbsnp", "revel"]
    one = Release(release, ["revel"])
    assert one.of_kind(Kind.DBSNP, Kind.REVEL) == ["revel"]
    assert [column.annotated for column in one.columns(Kind.REVEL)] == ["revel"]
    with pytest.raises(FaultError, match="no source clinvar; allowed: dbsnp, revel"):
        Release(release, ["clinvar", "revel"])


def test_a_file_that_is_gone_is_told_at_once(release: Path) -> None:
    (release / "variants/dbsnp/X.parquet").unlink()
    with pytest.raises(FaultError, match=r"X\.parquet: found no such file"):
        Release(release)


def test_verify_finds_other_content(release: Path) -> None:
    Release(release).verify()
    path = release / "variants/dbsnp/1.parquet"
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[10] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(FaultError, match=r"dbsnp/1\.parquet: found other content"):
        Release(release).verify()


def test_genes_are_none_where_there_are_none(release: Path, tmp_path: Path) -> None:
    assert Release(release).genes() is None
    genes = pl.DataFrame({"gene": ["BRCA1"]})
    with_genes = Release(write_release(tmp_path / "genes", {}, genes=genes)).genes()
    assert with_genes is not None
    assert with_genes["gene"].to_list() == ["BRCA1"]
