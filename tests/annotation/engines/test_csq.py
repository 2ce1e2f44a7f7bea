"""bcftools csq as an engine: its words taken apart, and its own 29 transcripts."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from evaluate.expected_csq import evaluate
from soyang.annotation.engines.contract import PREDICTED, nothing
from soyang.annotation.engines.csq import Csq, gff_text, parse
from tests.annotation.conftest import World, numbered


def test_back_references_are_looked_up() -> None:
    sites = numbered([("chr1", 10, "A", "T"), ("chr1", 12, "C", "G"), ("chr1", 14, "G", "T")])
    both = "missense|G|ENST1|protein_coding|+|4K>4N|10A>T+12C>G"
    other = "*stop_gained&splice_region|G|ENST2|protein_coding|+|9R>9*|14G>T"
    said = pl.DataFrame({"site": [0, 1, 2], "bcsq": [f"{both},{other}", "@10", other]})

    found = parse(said, sites).sort("site", "id")

    assert found.select("site", "id", "terms", "amino_acids").rows() == [
        (0, "ENST1", ["missense_variant"], "4K>4N"),
        (0, "ENST2", ["stop_gained", "splice_region_variant"], "9R>9*"),
        (1, "ENST1", ["missense_variant"], "4K>4N"),
        (2, "ENST2", ["stop_gained", "splice_region_variant"], "9R>9*"),
    ]


def test_nothing_said_is_the_empty_answer() -> None:
    said = pl.DataFrame(schema={"site": pl.Int64, "bcsq": pl.String})
    assert parse(said, numbered([])).equals(nothing())
    assert dict(nothing().schema) == PREDICTED


def test_csq_is_given_the_contigs_asked_for(world: World) -> None:
    assert gff_text(world.known, ["chr21"]) == b"##gff-version 3\n"
    assert gff_text(world.known, ["chr20"]).count(b"\tmRNA\t") == 2


def test_answers_do_not_depend_on_the_number_of_processes(world: World) -> None:
    sites = numbered([("chr20", 111, "A", "G"), ("chr20", 114, "G", "C"), ("chr21", 6, "T", "A")])

    one, two = (Csq().predict(sites, world.genome, world.known, threads=n) for n in (1, 2))

    assert one.equals(two)
    assert one["terms"].to_list() == [["start_lost"], ["missense_variant"]]


@pytest.mark.shared
def test_bcftools_own_cases(shared_data: Path) -> None:
    alone, together = evaluate(shared_data)

    assert (alone.agreed, alone.unexplained) == (77, [])
    assert (together.agreed, together.unexplained) == (49, [])
