"""The gate on synthetic cohorts: exactly who must be held back."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pysam
import pytest
from rich.console import Console

from evaluate.identity import Outcome, evaluate, show
from evaluate.identity_people import make_cohort


@pytest.fixture(autouse=True)
def quiet() -> None:
    pysam.set_verbosity(0)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_cohort_has_what_is_said_to_be_wrong(seed: int) -> None:
    cohort = make_cohort(seed)
    kinds = [text.split()[0] for text in cohort.wrong.values()]
    counts = {kind: kinds.count(kind) for kind in ("swap", "duplicate", "sex", "contaminated")}
    assert counts == {"swap": 6, "duplicate": 4, "sex": 2, "contaminated": 1}
    assert len(cohort.people) == 200
    moved = {p.sample for p in cohort.people.values() if p.tube != p.sample}
    assert moved <= set(cohort.wrong)
    crossing = [
        (one, cohort.people[one.tube])
        for one in cohort.people.values()
        if cohort.wrong.get(one.sample, "").startswith("swap")
    ]
    assert all(a.sex != b.sex or a.family != b.family for a, b in crossing)


def test_children_inherit_and_men_have_one_x() -> None:
    cohort = make_cohort(1, people=60, families=10)
    on_x = cohort.sites.on_x
    children = [p for p in cohort.people.values() if p.father]
    assert children
    for person in cohort.people.values():
        if person.sex == "male":
            assert (person.haplotypes[0, on_x] == person.haplotypes[1, on_x]).all()
    for child in children:
        for parent in (child.father, child.mother):
            theirs = cohort.people[parent].haplotypes.sum(axis=0)
            own = child.haplotypes.sum(axis=0)
            opposite = np.abs(theirs - own)[~on_x] == 2
            assert not opposite.any()


def test_a_difference_is_shown_and_counts() -> None:
    outcome = Outcome(
        seed=1, expected={"S1": "sex", "S2": "sex"}, found={"S1": "sex: x", "S3": "k"}
    )
    assert not outcome.exact
    console = Console(width=120, record=True, file=io.StringIO())
    show(outcome, console)
    text = console.export_text()
    assert "passed" in text and "nothing" in text and "NOT the expected list" in text


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "listed"), [(1, True), (6, True)])
def test_exactly_the_expected_are_held_back(seed: int, listed: bool, tmp_path: Path) -> None:
    outcome = evaluate(seed, tmp_path, listed=listed)
    assert sorted(outcome.found) == sorted(outcome.expected)


@pytest.mark.slow
def test_without_a_list_of_sites_all_but_contamination_is_found(tmp_path: Path) -> None:
    outcome = evaluate(7, tmp_path, listed=False)
    expected = {s for s, wrong in outcome.expected.items() if not wrong.startswith("contaminated")}
    assert set(outcome.found) == expected
