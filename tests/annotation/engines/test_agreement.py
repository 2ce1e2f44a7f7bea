"""The engines on the same sites and transcripts: where they agree, and why not elsewhere."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.annotation.consequence import consequences_of
from soyang.annotation.engines.contract import Predictor
from soyang.annotation.engines.csq import Csq
from soyang.annotation.engines.snpeff import JAR, SnpEff
from soyang.annotation.engines.vep import Vep
from tests.annotation.conftest import World, numbered
from tests.annotation.test_consequence import drawn

COARSE = {
    "splice_polypyrimidine_tract_variant": "intron_variant",
    "splice_donor_5th_base_variant": "splice_region_variant",
    "splice_donor_region_variant": "splice_region_variant",
}
"""VEP's finer terms of the intron's ends, which csq and SnpEff don't have, to theirs."""

_SPLICE = 10
"""Bases from an exon's edge within which indels are judged by where they are put: the 8 of the
intron that count, and one on each side of an insertion."""


@pytest.fixture(scope="module")
def vep_python(root: Path) -> Path:
    """Python that has vepyr."""
    python = root / ".vep/bin/python"
    if not python.exists():
        pytest.skip("no .vep; scripts/setup_vep.sh makes it")
    return python


def sample(world: World) -> pl.DataFrame:
    """Substitutions and left-anchored insertions and deletions, most of them at exons' edges."""
    rows = []
    for contig, position, ref, alt in drawn(world, each=300, seed=9):
        anchored = ref[0] == alt[0] and 1 in (len(ref), len(alt)) and max(len(ref), len(alt)) < 60
        if len(ref) == len(alt) == 1 or anchored:
            rows.append((contig, position, ref, alt))
    return numbered(rows)


def worst(frame: pl.DataFrame) -> pl.DataFrame:
    first = pl.col("consequence").str.split("&").list.first()
    return frame.with_columns(worst=first.replace(COARSE))


def reason(row: dict[str, Any], edges: dict[str, list[int]], ends: dict[str, list[int]]) -> str:
    """Why two engines differ on a site; empty if nothing explains it."""
    terms = {row["worst"], row["worst_other"]}
    low, high = row["position"], row["position"] + len(row["ref"]) - 1
    if terms == {"frameshift_variant", "stop_gained"}:
        return "a frameshift whose first changed codon is a stop: csq says frameshift only"
    if terms == {"inframe_insertion", "protein_altering_variant"}:
        return "an insertion within a codon, which changes a residue too: VEP has a term for it"
    if any(low - 3 <= end <= high + 3 for end in ends[row["ensembl"]]):
        return "at the first or last codon"
    if any(low - _SPLICE <= edge <= high + _SPLICE for edge in edges[row["ensembl"]]):
        return "at an exon's edge: of equal places for an indel each tool takes another"
    return ""


def disagreements(world: World, one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    both = worst(one).join(worst(other), on=["site", "ensembl"], how="full", nulls_equal=True,
                           suffix="_other")  # fmt: skip
    assert both["site"].null_count() == both["site_other"].null_count() == 0
    return both.filter(pl.col("worst") != pl.col("worst_other"))


def places(world: World, parts: pl.DataFrame, *, outer: bool) -> dict[str, list[int]]:
    """Edges of parts by transcript; of the coding part only its ends."""
    joined = parts.join(world.known.table.select("id", "ensembl"), on="id")
    if outer:
        joined = joined.group_by("id", "ensembl").agg(pl.col("start").min(), pl.col("end").max())
    rows: dict[str, list[int]] = {}
    for name, start, end in joined.select("ensembl", "start", "end").iter_rows():
        rows.setdefault(name, []).extend((start, end))
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("name", ["snpeff", "vep"])
def test_engines_agree_but_for_known_reasons(
    demo: World, tmp_path: Path, name: str, request: pytest.FixtureRequest
) -> None:
    tool: Predictor
    if name == "snpeff":
        if not JAR.exists() or not shutil.which("java"):
            pytest.skip("no SnpEff: install libsnpeff-java and default-jre-headless")
        tool = SnpEff(tmp_path / "한글 data", memory="2g")
    else:
        tool = Vep(tmp_path / "한글 data", request.getfixturevalue("vep_python"))
    sites = sample(demo)
    csq = consequences_of(sites, demo.genome, demo.known, Csq())

    other = consequences_of(sites, demo.genome, demo.known, tool)

    # The same sites and transcripts, whatever the tool.
    keys = ["site", "transcript"]
    assert other.select(keys).equals(csq.select(keys))
    different = disagreements(demo, csq, other)
    single = (pl.col("ref").str.len_bytes() == 1) & (pl.col("alt").str.len_bytes() == 1)
    assert sites.filter(single).height > 1_500
    assert different.filter(single).height / sites.filter(single).height < 0.005
    assert different.height / csq.height < 0.06
    edges = places(demo, demo.known.exons, outer=False)
    ends = places(demo, demo.known.coding, outer=True)
    rows = list(different.iter_rows(named=True))
    reasons = Counter(reason(row, edges, ends) for row in rows)
    print(name, csq.height, different.height, reasons)
    unexplained = [row for row in rows if not reason(row, edges, ends)]
    assert unexplained == []
