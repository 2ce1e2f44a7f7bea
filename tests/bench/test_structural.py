"""The simulated truth is what the haplotypes hold, and scoring counts what it should."""

from __future__ import annotations

import os
import random
import shutil
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import bench_structural
from bench.bench_structural import CALLERS, MERGED, comparisons, measure
from bench.structural_data import (
    MARGIN,
    SIZES,
    Planted,
    edited,
    haplotypes,
    make_reference,
    plant,
    reverse_complement,
    truth_lines,
    truth_records,
)
from bench.structural_score import ALL, Scores, keys, packed_vcf, score

LENGTHS = {"chr20": 700_000, "chr21": 300_000}


@pytest.fixture(scope="module")
def person():
    generator = random.Random(3)
    reference = make_reference(LENGTHS, generator, ["ACGT" * 2_000])
    events = plant(reference, 1, generator)
    with pytest.MonkeyPatch.context() as without_snvs:
        without_snvs.setattr("bench.structural_data.SNV_DISTANCE", 10**9)
        return reference, events, haplotypes(reference, events, generator)


def test_a_reference_is_of_the_lengths_asked_and_of_its_seed_alone():
    one, two = (make_reference(LENGTHS, random.Random(7), ["GATTACA" * 900]) for _ in range(2))
    assert one == two
    assert {name: len(bases) for name, bases in one.items()} == LENGTHS
    assert set("".join(one.values())) == set("ACGT")
    assert one != make_reference(LENGTHS, random.Random(8), [])


def test_each_class_is_planted_apart_from_the_others(person):
    _, events, _ = person
    planted = [event for event in events if event.kind != "breakend"]
    assert len(planted) == sum(
        len(classes) for kind, classes in SIZES.items() if kind != "breakend"
    )
    for kind, classes in SIZES.items():
        lengths = [event.length for event in planted if event.kind == kind]
        for low, high in classes if kind != "breakend" else ():
            assert any(low <= length < high for length in lengths)
    assert len(events) - len(planted) == 2
    for contig in LENGTHS:
        here = sorted((e.start, e.end) for e in planted if e.contig == contig)
        assert all(a[1] + MARGIN < b[0] for a, b in pairwise(here))


def test_haplotypes_are_as_long_as_the_events_make_them(person):
    reference, events, made = person
    grown = {"deletion": -1, "duplication": 1, "insertion": 1}
    expected = sum(map(len, reference.values())) * 2 + sum(
        grown.get(event.kind, 0) * event.length * event.copies for event in events
    )
    assert sum(len(bases) for one in made for bases in one.values()) == expected


@pytest.mark.parametrize("kind", ["deletion", "duplication", "insertion", "inversion"])
def test_an_event_is_in_as_many_haplotypes_as_the_truth_says(kind, monkeypatch):
    monkeypatch.setattr("bench.structural_data.SNV_DISTANCE", 10**9)
    reference = make_reference({"chr20": 60_000}, random.Random(1), [])
    bases = reference["chr20"]
    inserted = "ACGTTGCA" * 5
    for copies in (1, 2):
        event = Planted(
            kind=kind,
            contig="chr20",
            start=20_000,
            end=20_000 if kind == "insertion" else 20_500,
            length=40 if kind == "insertion" else 500,
            inserted=inserted if kind == "insertion" else "",
            copies=copies,
        )
        segment = bases[20_000:20_500]
        joined = {
            "deletion": bases[19_990:20_000] + bases[20_500:20_510],
            "duplication": segment[-10:] + segment[:10],
            "insertion": bases[19_990:20_000] + inserted + bases[20_000:20_010],
            "inversion": bases[19_990:20_000] + reverse_complement(segment)[:10],
        }[kind]
        made = haplotypes(reference, [event], random.Random(2))
        near = [one["chr20"][19_000:22_000] for one in made]
        assert sum(joined in text for text in near) == copies


def test_a_translocation_joins_what_its_breakends_say(person):
    reference, events, made = person
    for event in (event for event in events if event.kind == "breakend"):
        joined = (
            reference[event.contig][event.start - 8 : event.start]
            + reference[event.mate_contig][event.mate_start : event.mate_start + 8]
        )
        found = [side for side in (0, 1) if joined in made[side][event.contig]]
        assert found == [0]


def test_truth_is_written_from_the_base_before():
    reference = {"chr20": "ACGTACGTAC", "chr21": "TTTTTGGGGG"}
    deletion = Planted(kind="deletion", contig="chr20", start=3, end=6, length=3, copies=2)
    (line,) = truth_records(deletion, reference, "t")
    assert line[:5] == ("chr20", 3, "t", "GTAC", "G") and line[-1] == "1/1"
    joined = Planted(
        kind="breakend", contig="chr20", start=3, end=3, length=0, mate_contig="chr21", mate_start=5
    )
    one, two = truth_records(joined, reference, "t")
    assert one[:5] == ("chr20", 3, "t_1", "G", "G[chr21:6[")
    assert two[:5] == ("chr21", 6, "t_2", "G", "]chr20:3]G")


@given(st.text("ACGT", min_size=20, max_size=40), st.integers(0, 10), st.integers(0, 9))
@settings(max_examples=50)
def test_editing_replaces_and_nothing_else(bases, start, length):
    edit = (start, start + length, "NN")
    expected = bases[:start] + "NN" + bases[start + length :]
    assert edited(bases, [edit], 0, len(bases)) == expected
    assert edited(bases, [], 3, 9) == bases[3:9]


@pytest.fixture
def scored(tmp_path, monkeypatch, make_fasta):
    """Score some calls against a deletion 1/1 of 500, an insertion 0/1 and an inversion 0/1."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{_path()}")
    assert shutil.which("truvari"), "truvari is not installed; run `make setup`"
    generator = random.Random(4)
    reference = make_reference({"chr20": 40_000}, generator, [])
    fasta = make_fasta(reference)
    events = [
        Planted(kind="deletion", contig="chr20", start=5_000, end=5_500, length=500, copies=2),
        Planted(
            kind="insertion",
            contig="chr20",
            start=15_000,
            end=15_000,
            length=60,
            inserted="AC" * 30,
        ),
        Planted(kind="inversion", contig="chr20", start=25_000, end=27_000, length=2_000),
    ]
    truth = tmp_path / "truth.vcf"
    lines = list(truth_lines(events, reference, "S1"))
    truth.write_text("\n".join(lines) + "\n")
    header = [line for line in lines if line.startswith("##")]
    columns = lines[len(header)]
    header += [f'##ALT=<ID={k},Description="{k}">' for k in ("DEL", "INS")]
    header += ['##FILTER=<ID=weak,Description="weak">']

    def run(*records: str) -> Scores:
        calls = tmp_path / "calls.vcf"
        rows = ["\t".join(record.split()) for record in records]
        calls.write_text("\n".join([*header, columns, *rows]) + "\n")
        return score(packed_vcf(truth), packed_vcf(calls), fasta, tmp_path / "scored")

    return run


def _path() -> str:
    return os.environ["PATH"]


DELETION = "chr20 5000 d N <DEL> . PASS SVTYPE=DEL;SVLEN=-500;END=5500 GT"
INSERTION = "chr20 15010 i N <INS> . PASS SVTYPE=INS;END=15010 GT"


def test_found_missed_wrong_and_genotype_are_counted(scored):
    false = "chr20 33000 f N <DEL> . PASS SVTYPE=DEL;SVLEN=-700;END=33700 GT 0/1"
    found = scored(f"{DELETION} 0/1", f"{INSERTION} 0/1", false)
    every = found.of((ALL, ALL))
    assert (every.found, every.missed, every.right, every.wrong, every.genotyped) == (2, 1, 2, 1, 1)
    assert found.of(("insertion", ALL)).recall.value == 1
    assert found.of(("inversion", ALL)).recall.value == 0
    assert found.of(("deletion", "300-1,000")).concordance.value == 0
    assert every.f1 == pytest.approx(2 / 3)
    assert next(keys({"x": found})) == (ALL, ALL)


def test_what_does_not_pass_is_no_call(scored):
    found = scored(f"{DELETION} 1/1".replace("PASS", "weak")).of((ALL, ALL))
    assert (found.found, found.missed, found.wrong) == (0, 3, 0)


def test_an_empty_call_set_scores_nothing(scored):
    found = scored().of((ALL, ALL))
    assert (found.found, found.missed, found.right, found.wrong, found.f1) == (0, 3, 0, 0, 0)
    assert found.precision.value is None


def test_the_comparison_is_with_the_caller_that_lacks_least():
    scores = {way: Scores() for way in (*CALLERS, MERGED)}
    for way, missed in zip((*CALLERS, MERGED), (5, 2, 9, 1), strict=True):
        counts = scores[way].of((ALL, ALL))
        counts.found = counts.right = 10
        counts.missed = missed
    (line,) = comparisons(30, scores)
    assert "against dysgu" in line.name and line.holds is True
    scores[MERGED].of((ALL, ALL)).missed = 3
    (line,) = comparisons(30, scores)
    assert line.holds is False


@pytest.mark.slow
def test_the_merged_call_set_is_the_best_on_one_genome(monkeypatch, tmp_path):
    """One seed that the rule was not made on; 100 % was found of 36 on another."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{_path()}")
    monkeypatch.setattr(bench_structural, "FOLDER", tmp_path)
    monkeypatch.setattr(bench_structural, "LENGTHS", LENGTHS)
    found = {way: scores for way, (scores, _) in measure(201, 30, 1).items()}
    merged = found[MERGED].of((ALL, ALL))
    assert merged.recall.value >= 0.85
    assert merged.precision.value >= 0.85
    assert merged.concordance.value >= 0.85
    assert merged.f1 >= max(found[caller].of((ALL, ALL)).f1 for caller in CALLERS)
