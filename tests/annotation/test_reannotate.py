"""Who a new release affects: person, allele, from, to, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.annotation.annotate import site_knowledge
from soyang.annotation.known import annotated_table
from soyang.annotation.reannotate import KNOWLEDGE, changes, reannotate
from soyang.annotation.release.manifest import Kind
from soyang.annotation.release.reader import Release
from soyang.annotation.tables import AFFECTED, SITE
from soyang.core.errors import FaultError
from soyang.core.tables import read_table, write_table
from tests.annotation.conftest import Made, counted, sites_frame, write_release

A, B, C, D = (
    ("chr20", 100, "A", "G"),
    ("chr20", 200, "C", "CTTTTTTTTTTTTTTT"),
    ("chr20", 200, "C", "T"),
    ("chrX", 50, "G", "A"),
)
CARRIED = [
    (A, "p1", "s1", 1), (A, "p2", "s2", 2), (B, "p1", "s1", 1), (B, "p1", "s1b", 1),
    (B, "p3", "s3", 0), (C, "p2", "s2", 1), (D, "p3", "s3", 1),
]  # fmt: skip
GENES = {A: ["G2", "G1"], B: [None], C: ["G1"], D: ["GX"]}


def said(*classes: str | None, version: str, ac: int = 1) -> dict[str, Made]:
    """A release's sources: ClinVar's class of A, B, C, D in turn, and counts of A."""
    rows = [
        (*(site[0].removeprefix("chr"), *site[1:]), number, text, "reviewed by expert panel", 3)
        for number, (site, text) in enumerate(zip((A, B, C, D), classes, strict=True))
        if text
    ]
    return {
        "clinvar": Made(Kind.CLINVAR, rows, version),
        "exomes": Made(Kind.FREQUENCIES, [("20", *A[1:], ac, 10, 0)], columns=counted("exomes")),
    }


@pytest.fixture
def genotypes(tmp_path: Path) -> Path:
    path = tmp_path / "genotypes.parquet"
    schema = {"contig": pl.String, "position": pl.Int64, "ref": pl.String, "alt": pl.String,
              "person": pl.String, "sample": pl.String, "dosage": pl.Int8}  # fmt: skip
    rows = sorted((*site, person, sample, n) for site, person, sample, n in CARRIED)
    pl.DataFrame(rows, schema=schema, orient="row").write_parquet(path, row_group_size=2)
    return path


@pytest.fixture
def run(tmp_path: Path, genotypes: Path) -> Callable[..., pl.DataFrame]:
    """Annotate sites with a release, compare with the last time, and give who is affected."""
    number = iter(range(100))

    def compare(
        sources: dict[str, Made] | None,
        sites: Sequence[tuple[str, int, str, str]] = (A, B, C, D),
        **options: Any,
    ) -> pl.DataFrame:
        place = tmp_path / f"release {next(number)}"
        path = write_release(place, sources) if sources is not None else None
        known = Release(path) if path else None
        table = annotated_table(known)
        told = site_knowledge(sites_frame(sorted(sites)), known)
        genes = told.select(SITE).rows()
        rows = told.with_columns(
            gene=pl.Series([GENES[site] for site in genes], dtype=pl.List(pl.String))
        ).explode("gene")
        blank = {"consequence": "intergenic_variant", "impact": "MODIFIER", "hgvs_g": "g.?"}
        frame = rows.with_columns(
            pl.lit(blank.get(c.name, None if c.nullable else 0)).cast(c.dtype).alias(c.name)
            for c in table.columns
            if c.name not in rows.columns
        ).with_columns(transcript=pl.col("gene"))
        annotated, affected = tmp_path / "sites.parquet", tmp_path / "결과" / "affected.tsv"
        write_table(frame.select(table.names), annotated, table)
        given: dict[str, Any] = {"stored": tmp_path / "stored", "genotypes": genotypes, **options}
        reannotate(annotated=annotated, affected=affected, release=path, **given)
        return read_table(affected, AFFECTED)

    return compare


OLD = said("Benign", "Pathogenic", "Benign", None, version="2025-08")
NEW = said("Benign", "Likely_pathogenic", None, "Pathogenic", version="2025-09", ac=5)


def test_the_first_time_nobody_is_affected(
    run: Callable[..., pl.DataFrame], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(OLD).height == 0
    assert (tmp_path / "stored" / KNOWLEDGE).exists()
    assert "nothing to compare with yet; 4 sites stored" in capsys.readouterr().out


def test_people_who_carry_what_changed_are_listed(
    run: Callable[..., pl.DataFrame], capsys: pytest.CaptureFixture[str]
) -> None:
    run(OLD)
    capsys.readouterr()

    found = run(NEW)

    why = "Clinvar 2025-08 -> 2025-09"
    classes = found.filter(column="clinvar_significance").drop("column")
    assert classes.rows() == [
        ("p1", *B, None, "Pathogenic", "Likely_pathogenic", why),  # once, of two samples
        ("p2", *C, "G1", "Benign", None, why),
        ("p3", *D, "GX", None, "Pathogenic", why),
    ]
    assert found.filter(column="clinvar_stars").select("person", "before", "after").rows() == [
        ("p2", "3", None),
        ("p3", None, "3"),
    ]
    assert "population_ac" not in found["column"]  # counted, not told of people
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "4 of 4 stored sites changed; 3 people carry what is watched"
    assert "clinvar_significance: 3 sites" in lines
    assert "  Pathogenic -> Likely_pathogenic: 1" in lines
    assert "population_ac: 1 sites" in lines


def test_columns_can_be_chosen(run: Callable[..., pl.DataFrame]) -> None:
    run(OLD)
    with pytest.raises(FaultError, match="found nonsense; allowed: key, rsid, clinvar_id"):
        run(NEW, column=["nonsense"])
    found = run(NEW, column=["population_ac"])
    assert found.select("person", "before", "after", "gene").rows() == [
        ("p1", "1", "5", "G1;G2"),
        ("p2", "1", "5", "G1;G2"),
    ]


def test_the_same_release_again_affects_nobody(run: Callable[..., pl.DataFrame]) -> None:
    run(OLD)
    run(NEW)
    assert run(NEW).height == 0


def test_sites_that_are_new_have_not_changed(run: Callable[..., pl.DataFrame]) -> None:
    run(OLD, sites=[A])
    assert run(NEW).height == 0
    assert run(OLD)["person"].unique().sort().to_list() == ["p1", "p2", "p3"]  # now they have


def test_a_source_that_comes_or_goes_is_the_reason(run: Callable[..., pl.DataFrame]) -> None:
    run(None)
    found = run(OLD, column=["clinvar_significance"])
    assert found["why"].unique().to_list() == ["Clinvar not there -> 2025-08"]
    gone = run({"exomes": OLD["exomes"]}, column=["clinvar_significance", "clinvar_origin"])
    assert gone["why"].unique().to_list() == ["Clinvar 2025-08 -> not there"]
    assert gone["after"].null_count() == gone.height == found.height


def test_results_do_not_depend_on_the_release_folder(
    run: Callable[..., pl.DataFrame], tmp_path: Path
) -> None:
    written = []
    for number in range(2):
        stored = tmp_path / f"stored {number}"
        run(OLD, stored=stored)
        run(NEW, stored=stored)
        written.append((tmp_path / "결과" / "affected.tsv").read_bytes())
    assert written[0] == written[1]


def test_damaged_knowledge_is_told(run: Callable[..., pl.DataFrame], tmp_path: Path) -> None:
    run(OLD)
    path = tmp_path / "stored" / KNOWLEDGE
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FaultError, match="remove it; the next run then has nothing"):
        run(NEW)


def test_missing_and_equal_values_are_no_change() -> None:
    schema = {"contig": pl.String, "position": pl.Int64, "ref": pl.String, "alt": pl.String}
    site = pl.DataFrame([("1", 1, "A", "C")], schema=schema, orient="row")
    before = site.with_columns(a=pl.lit(1), b=pl.lit(None, pl.String), c=pl.lit(2))
    now = site.with_columns(a=pl.lit(1), b=pl.lit("x"), d=pl.lit(3))
    found = changes(before, now).select("column", "before", "after").rows()
    assert found == [("b", None, "x"), ("d", None, "3"), ("c", "2", None)]
    assert changes(before, now.clear()).height == 0
    assert changes(None, now).height == 0
