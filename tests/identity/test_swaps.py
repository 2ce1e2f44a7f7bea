"""Which exchanges of two samples would make the record true."""

from __future__ import annotations

from dataclasses import replace

import pytest

from soyang.identity.blame import Link
from soyang.identity.inputs import Subject
from soyang.identity.swaps import partners, swaps

WORDS = {"bad": "refuted", "good": "confirmed", "new": "unrecorded", "same": "duplicate"}


def people(**parents: str) -> dict[str, Subject]:
    """Samples with their parents, each a letter: C='FM'."""
    names = {*parents, *"".join(parents.values())}
    return {
        name: Subject(
            sample=name,
            person=name,
            sex="unknown",
            father=parents.get(name, "")[:1],
            mother=parents.get(name, "")[1:],
        )
        for name in names
    }


def link(text: str) -> Link:
    """'C-F bad', samples in order."""
    pair, word = text.split()
    one, two = sorted(pair.split("-"))
    near = word in ("good", "new", "same")
    return Link(
        one=one,
        two=two,
        recorded="parent_child" if word in ("bad", "good") else "unrelated",
        sites=1_000,
        ibs0=0,
        concordant=500,
        kinship=0.25 if near else 0.0,
        finding=WORDS[word],
        first_degree=near,
        parental=near,
    )


def found(
    links: list[str], everyone: dict[str, Subject], sexes: dict[str, str] | None = None
) -> list[str]:
    known = dict.fromkeys(everyone, "unknown") | (sexes or {})
    assessed = dict.fromkeys(everyone, "not_assessed") | (sexes or {})
    said = swaps([link(text) for text in links], everyone, assessed, known)
    return ["".join(sorted(swap.both)) for swap in said]


@pytest.mark.parametrize(
    ("links", "parents", "said"),
    [
        # Nothing refuted.
        (["C-F good", "C-M good"], {"C": "FM"}, []),
        # A child and a singleton.
        (["C-F bad", "C-M bad", "F-X new", "M-X new"], {"C": "FM", "X": ""}, ["CX"]),
        # A singleton that is near to one of the parents only.
        (["C-F bad", "C-M bad", "F-X new"], {"C": "FM", "X": ""}, []),
        # Non-paternity, with another child of the recorded father in the cohort.
        (["C-F bad", "C-M good", "F-X new"], {"C": "FM", "X": ""}, []),
        # Nobody in the cohort fits.
        (["C-F bad", "C-M bad"], {"C": "FM", "X": ""}, []),
        # Children of two families.
        (
            ["C-F bad", "C-M bad", "D-G bad", "D-N bad",
             "C-G new", "C-N new", "D-F new", "D-M new"],
            {"C": "FM", "D": "GN"},
            ["CD"],
        ),
        # Fathers of two families: the mothers confirm the children.
        (
            ["C-F bad", "C-M good", "D-G bad", "D-N good", "C-G new", "D-F new"],
            {"C": "FM", "D": "GN"},
            ["FG"],
        ),
        # Parent and child of one family: both are still parent and child of each other.
        (["C-F good", "C-M bad", "F-M new"], {"C": "FM"}, ["CF"]),
        # One parent each: children or fathers can't be told apart.
        (
            ["C-F bad", "D-G bad", "C-G new", "D-F new"],
            {"C": "F", "D": "G"},
            ["CD", "FG"],
        ),
        # Two swaps at once.
        (
            ["C-F bad", "C-M bad", "F-X new", "M-X new",
             "D-G bad", "D-N bad", "G-Y new", "N-Y new"],
            {"C": "FM", "D": "GN", "X": "", "Y": ""},
            ["CX", "DY"],
        ),
    ],
)  # fmt: skip
def test_a_swap_must_make_the_record_true(
    links: list[str], parents: dict[str, str], said: list[str]
) -> None:
    assert found(links, people(**parents)) == said


def test_siblings_do_not_do_for_parents() -> None:
    """Near by kinship, and refuted by opposite homozygotes: no parent, so no swap of parents."""
    everyone = people(C="FM")
    links = [replace(link(text), first_degree=True) for text in ("C-F bad", "C-M bad")]
    unknown = dict.fromkeys(everyone, "unknown")
    assert swaps(links, everyone, unknown, unknown) == []


def test_anothers_second_sample_shows_a_swap() -> None:
    """S is P's other sample, and looks like X; the sample said to be P's does not."""
    everyone = people(A="", X="")
    everyone["S"] = replace(everyone["A"], sample="S")
    refuted = replace(link("A-S bad"), recorded="same_person")
    links = [refuted, replace(link("S-X same"), finding="duplicate")]
    unknown = dict.fromkeys(everyone, "unknown")
    (swap,) = swaps(links, everyone, unknown, unknown)
    assert swap.both == {"A", "X"}


def test_the_sex_found_must_fit_the_other_record() -> None:
    everyone = people(C="FM", X="")
    links = ["C-F bad", "C-M bad", "F-X new", "M-X new"]
    assert found(links, everyone, {"C": "male", "X": "male"}) == ["CX"]
    assert found(links, everyone, {"C": "male", "X": "female"}) == []


def test_partners_are_told_by_sample() -> None:
    everyone = people(C="FM", X="")
    links = [link(t) for t in ("C-F bad", "C-M bad", "F-X new", "M-X new")]
    unknown = dict.fromkeys(everyone, "unknown")
    (swap,) = swaps(links, everyone, unknown, unknown)
    assert partners([swap]) == {"C": [swap], "X": [swap]}
    assert (swap.other("C"), len(swap.explained)) == ("X", 2)
