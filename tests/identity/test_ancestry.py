"""Groups of a named reference: told, not told, and never by who else is in the batch."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from soyang.core.assembly import Assembly
from soyang.core.errors import FaultError
from soyang.core.tables import read_table, write_table
from soyang.identity.ancestry import ancestry, group_shares
from soyang.identity.sites import read_reference
from soyang.identity.tables import ANCESTRY, SKETCH

SITES = 1_500
HEAD = "#name=Three groups\n#version=2026-01\n#assembly=GRCh38\n"
Floats = npt.NDArray[np.float64]


class World:
    """Three groups whose frequencies differ, and people of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.random = np.random.default_rng(6)
        common = self.random.uniform(0.1, 0.9, SITES)
        self.frequencies = np.clip(common + self.random.normal(0, 0.12, (3, SITES)), 0, 1)
        self.reference = folder / "기준" / "groups.tsv"
        self.reference.parent.mkdir()
        lines = ["contig\tposition\tref\talt\tnorth\tsouth\teast"]
        lines += [
            f"{n % 22 + 1}\t{1_000 + n}\tA\tG\t" + "\t".join(f"{f:.4f}" for f in values)
            for n, values in enumerate(self.frequencies.T)
        ]
        self.reference.write_text(HEAD + "\n".join(lines) + "\n")
        self.sketches: list[Path] = []

    def person(self, name: str, frequencies: Floats, *, sites: int = SITES) -> None:
        """A sketch with all genotypes at the sites, reference ones too."""
        dosage = self.random.binomial(2, frequencies)[:sites]
        frame = pl.DataFrame(
            {
                "contig": [f"chr{n % 22 + 1}" for n in range(sites)],
                "position": [1_000 + n for n in range(sites)],
                "ref": "A",
                "alt": "G",
                "dosage": dosage,
            }
        ).cast(dict(SKETCH.schema))
        self.sketches.append(self.folder / f"{name}.parquet")
        write_table(frame, self.sketches[-1], SKETCH)

    def run(self, **more: Any) -> dict[str, dict[str, Any]]:
        out = self.folder / "ancestry.tsv"
        options: dict[str, Any] = {"sketch": self.sketches, "assembly": Assembly.GRCH38}
        options |= {"min_ancestry_sites": 500, "min_ancestry_share": 0.8}
        ancestry(**(options | more), ancestry_reference=self.reference, ancestry=out)
        return {row["sample"]: row for row in read_table(out, ANCESTRY).to_dicts()}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_each_group_is_told_and_a_mixture_is_not(world: World) -> None:
    for n, name in enumerate(("N", "S", "E")):
        world.person(name, world.frequencies[n])
    world.person("MIX", (world.frequencies[0] + world.frequencies[1]) / 2)
    rows = world.run()
    assert {s: row["group"] for s, row in rows.items()} == {
        "N": "north", "S": "south", "E": "east", "MIX": "",
    }  # fmt: skip
    assert rows["MIX"]["reason"] == "no group explains 80%"
    assert 0.35 < rows["MIX"]["share"] < 0.65
    assert rows["N"]["reference"] == "Three groups 2026-01"
    assert rows["N"]["sites"] == SITES


def test_a_new_sample_changes_nobody_elses_group(world: World) -> None:
    world.person("A", world.frequencies[0])
    alone = world.run()["A"]
    for n in range(5):
        world.person(f"B{n}", world.frequencies[1])
    assert world.run()["A"] == alone


def test_too_few_sites_give_no_group(world: World) -> None:
    world.person("A", world.frequencies[0], sites=499)
    row = world.run()["A"]
    assert (row["group"], row["share"], row["sites"]) == ("", None, 499)
    assert row["reason"] == "fewer than 500 sites of the reference with a genotype"


def test_a_plain_vcf_gives_no_group(world: World) -> None:
    world.person("A", np.ones(SITES))
    row = world.run()["A"]
    assert (row["group"], row["reason"]) == (
        "", "not known where the sample has the reference allele",
    )  # fmt: skip


def test_reference_genotypes_may_come_from_callable_regions(world: World) -> None:
    world.person("A", world.frequencies[0])
    path = world.sketches[0]
    carried = pl.read_parquet(path).filter(pl.col("dosage") > 0)
    write_table(carried, path, SKETCH)
    bed, calls = world.folder / "A.callable.bed.gz", world.folder / "A.calls.tsv"
    with gzip.open(bed, "wt") as out:
        out.writelines(f"chr{n}\t0\t10000\n" for n in range(1, 23))
    calls.write_text("sample\tcallable_known\nA\ttrue\n")
    row = world.run(callable_bed=[bed], calls=[calls])["A"]
    assert (row["group"], row["sites"]) == ("north", SITES)


def test_without_samples_the_table_is_empty(world: World) -> None:
    assert world.run(sketch=None) == {}


def test_shares_add_up_and_do_not_break_on_fixed_alleles() -> None:
    frequencies = np.array([[0.0, 1.0, 0.5], [1.0, 0.0, 0.5]])
    shares = group_shares(np.array([0.0, 2.0, 1.0]), frequencies)
    assert shares.sum() == pytest.approx(1)
    assert shares[0] > 0.95
    even = group_shares(np.array([1.0, 1.0]), np.full((2, 2), 0.3))
    assert even == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("#version=2026-01\n", ""), "no line #version="),
        (("GRCh38", "GRCh37"), "found assembly GRCh37; allowed: GRCh38"),
        (("contig\t", "chrom\t"), "columns chrom, position"),
        (("\tsouth\teast", ""), "allowed: contig, position, ref, alt, then two groups"),
        (("1\t1000\tA\tG\t", "1\t1000\tA\tG\t7"), "frequencies 0 to 1"),
        (("1\t1000\t", "1\tfirst\t"), "the line 1 first"),
    ],
)
def test_a_reference_that_cannot_be_is_refused(
    change: tuple[str, str], said: str, world: World
) -> None:
    text = world.reference.read_text()
    if change[0].startswith("\tsouth"):
        text = "\n".join(line.rsplit("\t", 2)[0] for line in text.split("\n")[3:])
        world.reference.write_text(HEAD + text)
    else:
        world.reference.write_text(text.replace(*change, 1))
    with pytest.raises(FaultError, match=said):
        world.run()


def test_a_reference_may_be_gzip_with_bom_and_windows_line_ends(world: World) -> None:
    plain = read_reference(world.reference, Assembly.GRCH38)
    packed = world.folder / "groups.tsv.gz"
    text = "\ufeff" + world.reference.read_text().replace("\n", "\r\n")
    packed.write_bytes(gzip.compress(text.encode()))
    assert read_reference(packed, Assembly.GRCH38).sites.equals(plain.sites)
    packed.write_bytes(packed.read_bytes()[:200])
    with pytest.raises(FaultError, match="complete gzip"):
        read_reference(packed, Assembly.GRCH38)
