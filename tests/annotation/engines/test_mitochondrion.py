"""The vertebrate mitochondrial code."""

from __future__ import annotations

import pytest

from soyang.annotation.engines.mitochondrion import consequence_of

CDS = "ATGGCTATAAGCTGAAGA"
"""M A M S W stop."""


@pytest.mark.parametrize(
    ("after", "terms", "change"),
    [
        ("ATGGCCATAAGCTGAAGA", ["synonymous_variant"], None),
        ("ATGGCTATGAGCTGAAGA", ["synonymous_variant"], None),
        ("ATGGTTATAAGCTGAAGA", ["missense_variant"], "2A>2V"),
        ("ATGGCTATAAGATGAAGA", ["stop_gained"], "4S>4*"),
        ("ATGGCTATAAGCTAAAGA", ["stop_gained"], "5W>5*"),
        ("ATAGCTATAAGCTGAAGA", ["start_retained_variant"], None),
        ("ACGGCTATAAGCTGAAGA", ["start_lost"], None),
        ("ATGGCTATAAGCTGAAGG", ["stop_retained_variant"], None),
        ("ATGGCTATAAGCTGACGA", ["stop_lost"], "6*>6R"),
        ("ATGGCTTAAGCTGAAGA", ["frameshift_variant"], None),
        ("ATGGCTCCCATAAGCTGAAGA", ["inframe_insertion"], "3>3P"),
        ("ATGGCTAGCTGAAGA", ["inframe_deletion"], "3MS>3S"),
        ("ATGGCTATNAGCTGAAGA", ["coding_sequence_variant"], "3M>3X"),
    ],
)
def test_terms(after: str, terms: list[str], change: str | None) -> None:
    assert consequence_of(CDS, after) == (terms, change)


def test_an_incomplete_stop_codon() -> None:
    # As MT-ND1 ends: the transcript's poly-A tail completes T to TAA.
    assert consequence_of(CDS[:-2], CDS[:-3] + "C") == (["incomplete_terminal_codon_variant"], None)
