"""Bringing annotated sites to another release: the same table as annotating again."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.annotation import update as updating
from soyang.annotation.annotate import site_knowledge
from soyang.annotation.known import annotated_table
from soyang.annotation.release.manifest import Kind
from soyang.annotation.release.reader import Release
from soyang.annotation.tables import SITE
from soyang.annotation.update import refreshed, update
from soyang.core.errors import FaultError
from soyang.core.tables import read_table, write_table
from tests.annotation.conftest import Made, World, counted, sites_frame, write_release

CLASSES = ("Pathogenic", "Benign", "Uncertain_significance")
Row = tuple[Any, ...]


def alleles(number: int, seed: int = 1) -> list[Row]:
    """Sorted alleles of two chromosomes, some too long for their keys."""
    generator = random.Random(seed)
    found = set()
    while len(found) < number:
        ref = generator.choice("ACGT")
        alt = ref + "".join(generator.choices("ACGT", k=generator.choice([1, 14])))
        alt = generator.choice([alt, generator.choice("ACGT".replace(ref, ""))])
        found.add((generator.choice(["20", "21"]), generator.randrange(1, 900), ref, alt))
    return sorted(found)


def sources(seed: int, **left_out: bool) -> dict[str, Made]:
    """Sources that say of the alleles what the seed decides; most of it the same for all seeds."""
    generator = random.Random(seed)
    steady = random.Random(0)

    def value(choices: Any) -> Any:
        one = steady.choice(choices)
        return generator.choice(choices) if generator.random() < 0.1 else one

    known = [row for row in alleles(300) if generator.random() < 0.95]
    counts = counted("exomes", "afr")
    made = {
        "clinvar": Made(Kind.CLINVAR, [(*r, 1, value(CLASSES), "x", 1) for r in known], f"{seed}"),
        "exomes": Made(Kind.FREQUENCIES, [(*r, value([1, 2]), 9, 0, 1, 5_000, 0) for r in known],
                       columns=counts),
        "genomes": Made(Kind.FREQUENCIES, [(*r, 4, 20, 0, 1, 50, 0) for r in alleles(100)],
                        columns=counted("genomes", "afr")),
        "dbsnp": Made(Kind.DBSNP, [(*r, 7) for r in alleles(250)]),
        "revel": Made(Kind.REVEL, [(*r, value([0.25, 0.5])) for r in known]),
        "rmsk": Made(Kind.REPEATS, [("20", 10, 400, value(["LINE", "SINE"]))]),
    }  # fmt: skip
    return {name: one for name, one in made.items() if not left_out.get(name)}


@pytest.fixture
def sites() -> pl.DataFrame:
    return sites_frame([(f"chr{c}", p, r, a) for c, p, r, a in alleles(400)])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (sources(1), sources(2)),
        (sources(1), sources(1)),
        (sources(1), sources(2, clinvar=True, exomes=True)),  # gone
        (sources(1, clinvar=True, exomes=True, revel=True, rmsk=True), sources(2)),  # new
        (sources(1), {}),
        ({}, sources(1)),
        (sources(1), {**sources(1), "exomes": Made(Kind.FREQUENCIES, [], columns=counted("e"))}),
    ],
    ids=["changed", "same", "gone", "new", "nothing-left", "from-nothing", "other-columns"],
)
def test_the_same_as_annotating_again(
    sites: pl.DataFrame, tmp_path: Path, before: dict[str, Made], after: dict[str, Made]
) -> None:
    old = Release(write_release(tmp_path / "old", before))
    new = Release(write_release(tmp_path / "new", after))

    found = refreshed(site_knowledge(sites, old), old, new)

    expected = site_knowledge(sites, new)
    assert found.equals(expected)
    assert found.schema == expected.schema
    if after:
        assert expected.select(pl.all().is_not_null().any()).row(0)


def test_only_sources_that_changed_are_asked(
    sites: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Release(write_release(tmp_path / "old", sources(1)))
    steady = {"rmsk": sources(1)["rmsk"]}
    new = Release(write_release(tmp_path / "new", sources(2, rmsk=True) | steady))
    asked = set()
    real = updating.told

    def told(release: Any, queries: Any) -> Any:
        asked.add(tuple(release.sources))
        return real(release, queries)

    monkeypatch.setattr(updating, "told", told)
    found = refreshed(site_knowledge(sites, old), old, new)

    assert asked == {("clinvar",), ("exomes", "genomes"), ("revel",)}  # not dbsnp, rmsk
    assert found.equals(site_knowledge(sites, new))


def test_the_verb_gives_the_table_that_annotate_gives(sites: pl.DataFrame, tmp_path: Path) -> None:
    paths = [write_release(tmp_path / f"{n}", sources(n)) for n in (1, 2)]
    tables, declared = [], []
    for path in paths:
        table = annotated_table(Release(path))
        declared.append(table)
        known = site_knowledge(sites, Release(path))
        rest = {c.name: c for c in table.columns if c.name not in known.columns}
        blank = {"consequence": "intergenic_variant", "impact": "MODIFIER", "hgvs_g": "g.?"}
        frame = known.with_columns(
            pl.lit(blank.get(n, None if c.nullable else 0)).cast(c.dtype).alias(n)
            for n, c in rest.items()
        )
        tables.append(tmp_path / f"{path.name}.parquet")
        write_table(frame.select(table.names), tables[-1], table)

    out = tmp_path / "updated.parquet"
    for file in paths[0].rglob("*.parquet"):  # of the previous release only the manifest is read
        file.unlink()
    update(annotated=tables[0], previous=paths[0], release=paths[1], updated=out)

    table = annotated_table(Release(paths[1]))
    assert read_table(out, table).equals(read_table(tables[1], table))
    assert (
        not read_table(out, table)
        .select(SITE, "clinvar_significance")
        .equals(pl.read_parquet(tables[0]).select(SITE, "clinvar_significance"))
    )


def test_another_reference_is_refused(tmp_path: Path, world: World, demo: World) -> None:
    old = write_release(tmp_path / "old", {}, genome=world.genome)
    new = write_release(tmp_path / "new", {}, genome=demo.genome)
    with pytest.raises(FaultError, match="another sequence of 20"):
        update(annotated=tmp_path / "x", previous=old, release=new, updated=tmp_path / "y")
