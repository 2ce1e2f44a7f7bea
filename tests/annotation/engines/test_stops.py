"""Stop codons of in-frame changes, where csq reads a base too far."""

from __future__ import annotations

import pytest
from bioutils.sequences import reverse_complement

from soyang.annotation.consequence import consequences_of
from soyang.annotation.engines.csq import Csq
from soyang.annotation.engines.stops import stops
from tests.annotation.conftest import World, numbered

CDS = "ATGTATGAGTGGCTTAAA" + "TGA"
"""M Y E W L K stop."""


@pytest.mark.parametrize(
    ("place", "deleted", "inserted", "expected"),
    [
        (5, 3, "", True),  # TA[TGA]G: TAG
        (3, 3, "", False),
        (9, 0, "TAA", True),
        (9, 0, "CCC", False),
        (10, 0, "AAT", True),  # T[AAT]GG: TAA
        (10, 0, "CAT", False),
        (12, 6, "", False),  # the natural stop moves up; it is none that was made
    ],
)
def test_codons_of_an_edit(place: int, deleted: int, inserted: str, expected: bool) -> None:
    turned = len(CDS) - place - deleted
    backwards = (reverse_complement(CDS), turned, deleted, reverse_complement(inserted))

    assert stops(CDS, place, deleted, inserted, minus=False) is expected
    assert stops(*backwards, minus=True) is expected


@pytest.mark.parametrize(
    ("position", "ref", "alt", "terms"),
    [
        # JAG1 p.Ala780del and MCM8 p.Asp88_Ser89del: no stop, though csq 1.16 names one.
        (10644867, "AGCA", "A", "inframe_deletion"),
        (5954613, "AGCGATA", "A", "inframe_deletion"),
        # MCM8 p.Tyr201_Glu202delinsTer: a stop that csq misses.
        (5958539, "ATGA", "A", "stop_gained&inframe_deletion"),
    ],
)
def test_csq_is_corrected(demo: World, position: int, ref: str, alt: str, terms: str) -> None:
    found = consequences_of(
        numbered([("chr20", position, ref, alt)]), demo.genome, demo.known, Csq()
    )

    assert found.select("consequence", "amino_acids").rows() == [(terms, None)]
