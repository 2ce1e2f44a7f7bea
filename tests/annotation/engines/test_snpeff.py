"""SnpEff: its words taken apart, its database, its failures."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from soyang.annotation.consequence import consequences_of
from soyang.annotation.engines.contract import nothing
from soyang.annotation.engines.gtf import gtf_text
from soyang.annotation.engines.snpeff import JAR, SnpEff, parse
from soyang.core.errors import FaultError
from tests.annotation.conftest import World, numbered
from tests.annotation.test_consequence import TERMS, mirrored

SITES = numbered([("chr20", 111, "A", "G")])


def ann(*entries: str) -> pl.DataFrame:
    """What SnpEff says of site 0."""
    return pl.DataFrame({"site": [0], "ann": [",".join(entries)]})


def entry(terms: str, kind: str, name: str, protein: str = "") -> str:
    return f"T|{terms}|HIGH|G|G|{kind}|{name}|protein_coding|1/2|c.1A>T|{protein}|1/9|1/9|1/3||"


def test_words_are_taken_apart() -> None:
    found = parse(
        ann(
            entry("missense_variant&splice_region_variant", "transcript", "ENST1", "p.Ala2Thr"),
            entry("disruptive_inframe_deletion", "transcript", "ENST2"),
            entry("intergenic_region", "intergenic_region", "ENSG1-ENSG2"),
        )
    )

    assert found.rows() == [
        (0, "ENST1", ["missense_variant", "splice_region_variant"], "p.Ala2Thr"),
        (0, "ENST2", ["inframe_deletion"], None),
    ]
    assert parse(ann(entry("x", "interaction", "ENST1"))).is_empty()
    assert parse(pl.DataFrame(schema={"site": pl.Int64, "ann": pl.String})).equals(nothing())


def test_an_unknown_term_is_an_error() -> None:
    with pytest.raises(FaultError, match="quantum_leap"):
        parse(ann(entry("quantum_leap", "transcript", "ENST1")))


def test_gtf_has_the_phases_of_the_gff(world: World) -> None:
    rows = [line.split("\t") for line in gtf_text(world.known).decode().splitlines()]

    assert [row[2] for row in rows[:5]] == ["transcript", "exon", "CDS", "CDS", "exon"]
    phases = {(int(r[3]), r[7]) for r in rows if r[2] == "CDS" and "ENST1" in r[8]}
    assert phases == {(111, "0"), (149, "1")}
    assert 'gene_id "ENSG1"; transcript_id "ENST1"' in rows[0][8]


@pytest.mark.parametrize("missing", ["jar", "java"])
def test_what_is_missing_is_named(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    jar = tmp_path / "snpeff.jar"
    if missing == "java":
        jar.write_bytes(b"")
        monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(FaultError, match=missing):
        SnpEff(tmp_path / "data", jar=jar).predict(SITES, world.genome, world.known, threads=1)
    assert list((tmp_path / "data").iterdir()) == []


def test_no_sites_need_no_java(world: World, tmp_path: Path) -> None:
    tool = SnpEff(tmp_path / "data", jar=tmp_path / "none.jar")
    assert tool.predict(SITES.clear(), world.genome, world.known, threads=1).equals(nothing())


@pytest.mark.slow
def test_too_little_memory_is_told(world: World, tmp_path: Path) -> None:
    _need()
    tool = SnpEff(tmp_path / "data", memory="2m")
    with pytest.raises(FaultError, match="2m of heap"):
        tool.predict(SITES, world.genome, world.known, threads=1)
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.slow
def test_terms_on_both_strands(world: World, tmp_path: Path) -> None:
    _need()
    tool = SnpEff(tmp_path / "자료 data", memory="512m")
    plus = [("chr20", *change) for change in TERMS]
    minus = [mirrored(world, *change) for change in TERMS]
    sites = numbered(sorted([*plus, *minus]))

    found = consequences_of(sites, world.genome, world.known, tool)
    again = consequences_of(sites, world.genome, world.known, tool)

    assert again.equals(found)
    assert len(list((tmp_path / "자료 data").iterdir())) == 1
    first = pl.col("consequence").str.split("&").list.first()
    told = {r[:4]: r[4] for r in found.select("contig", "position", "ref", "alt", first).rows()}
    expected = [terms.split("&")[0] for terms in TERMS.values()]
    assert [told[row] for row in plus] == expected
    assert [told[row] for row in minus] == expected


def _need() -> None:
    if not JAR.exists() or not shutil.which("java"):
        pytest.skip("no SnpEff: install libsnpeff-java and default-jre-headless")
