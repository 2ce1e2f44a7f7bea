"""The benchmark of copy number and the mitochondrion: what it plants and how it scores."""

from __future__ import annotations

import numpy as np
import pytest

from bench import bench_copy_number
from bench.accuracy_figures import Share
from bench.copy_number_data import Library, Truth, exome_bins, genome_bins, plant, sequence
from bench.copy_number_peer import flat_reference, run_cnvkit
from bench.copy_number_reads import haplotypes, planted
from bench.copy_number_score import Call, exact, matches, precision, recall, shown, together
from bench.mitochondrial_data import (
    LENGTH,
    Planted,
    deletion,
    fragments,
    haplotype,
    insertion,
    mitochondrion,
    mixture,
    planted_set,
    with_errors,
)

TRUTH = Truth(contig="chr1", start=1000, end=3000, bins=2, copies=1)


@pytest.mark.parametrize(
    ("call", "same"),
    [
        (("chr1", 1000, 3000, 0), True),
        (("chr1", 2000, 3000, 1), True),
        (("chr1", 2001, 3000, 1), False),
        (("chr1", 1000, 5001, 1), False),
        (("chr2", 1000, 3000, 1), False),
        (("chr1", 1000, 3000, 3), False),
    ],
)
def test_half_of_each_other_and_the_same_kind(call, same):
    contig, start, end, copies = call
    assert matches(Call(contig=contig, start=start, end=end, copies=copies), TRUTH) is same


def test_shares():
    good = Call(contig="chr1", start=1000, end=3000, copies=0)
    bad = Call(contig="chr3", start=1, end=2, copies=0)
    assert recall([TRUTH], [good, bad]) == Share(part=1, whole=1)
    assert precision([TRUTH], [good, bad]) == Share(part=1, whole=2)
    assert exact([TRUTH], [good, bad]) == Share(part=0, whole=1)
    assert together([Share(part=1, whole=2), Share(part=3, whole=4)]) == Share(part=4, whole=6)
    assert shown(Share(part=0, whole=0)) == "-"
    assert shown(Share(part=9, whole=10)) == "0.900 (0.596-0.982)"


def test_what_is_planted_is_in_the_depth():
    generator = np.random.default_rng(1)
    bins = genome_bins(4000, generator)
    copies, truth = plant(bins, (5, 20), (0, 1, 3), 2, generator)
    sample = sequence(bins, copies, Library(depth=40, dispersion=1e-6, bend=0, slope=0), generator)
    assert len(truth) >= 10
    depth = sample["depth"].to_numpy()
    for event in truth:
        inside = (
            (bins["contig"] == event.contig)
            & (bins["start"] >= event.start)
            & (bins["end"] <= event.end)
        ).to_numpy()
        assert inside.sum() == event.bins
        assert (copies[inside] == event.copies).all()
        assert depth[inside].mean() == pytest.approx(20 * event.copies, rel=0.15, abs=0.1)
    with pytest.raises(ValueError, match="too few"):
        plant(bins, (5,), (1,), 1000, generator)


def test_targets_do_not_overlap():
    bins = exome_bins(40, np.random.default_rng(2))
    for _, part in bins.group_by("contig"):
        assert (part["start"].to_numpy()[1:] > part["end"].to_numpy()[:-1]).all()


def test_haplotypes_carry_the_copies():
    length, truth = planted()
    bases = "".join(np.random.default_rng(1).choice(list("ACGT"), length))
    first, second = haplotypes(bases, truth)
    for event in truth:
        piece = bases[event.start : event.start + 200]
        assert first.count(piece) + second.count(piece) == event.copies
    expected = sum((event.copies - 2) * (event.end - event.start) for event in truth)
    assert len(first) + len(second) == 2 * length + expected


def test_cnvkit_finds_a_large_loss():
    generator = np.random.default_rng(1)
    bins = genome_bins(4000, generator)
    copies = np.full(len(bins), 2)
    copies[1200:1500] = 1
    sample = sequence(bins, copies, Library(depth=30, dispersion=0.005), generator)
    calls = run_cnvkit(sample, flat_reference(sample), "haar")
    event = Truth(
        contig=bins["contig"][1200],
        start=bins["start"][1200],
        end=bins["end"][1499],
        bins=300,
        copies=1,
    )
    assert recall([event], calls).value == 1


def test_lines_compare_with_the_best_peer(capsys):
    def one(calls):
        return bench_copy_number.Outcome(pairs=(((TRUTH,), tuple(calls)),))

    good = Call(contig="chr1", start=1000, end=3000, copies=1)
    bad = Call(contig="chr3", start=1, end=2, copies=0)
    outcomes = {"ours": one([good]), "haar": one([good, bad]), "hmm": one([bad])}
    first, *_ = bench_copy_number.lines("some", (2,), outcomes, "bins")
    assert (first.ours, first.peer, first.holds) == (0.0, 1.0, True)
    worse = outcomes | {"ours": one([bad])}
    assert next(bench_copy_number.lines("some", (2,), worse, "bins")).holds is False
    assert "1.000 (0.207-1.000)" in capsys.readouterr().out


# --- the mitochondrion


def test_variants_are_left_aligned_and_in_their_shares():
    circle = mitochondrion(1)["chrM"]
    assert len(circle) == LENGTH
    assert deletion(circle, 8_502, 1, 0.5).position == 8_500
    assert insertion(circle, 4_003, "A", 0.5) == Planted(4_000, "C", "CA", 0.5)
    found = planted_set(circle, (0.1, 1.0), 12, seed=3)
    assert len(found) == 24
    assert {v.position for v in found} >= {2, LENGTH - 1}
    assert all(circle[v.position - 1 :].startswith(v.ref) for v in found)
    copies = mixture(circle, found)
    assert sum(share for _, share in copies) == pytest.approx(1)
    assert copies[-1] == (haplotype(circle, [v for v in found if v.share == 1]), pytest.approx(0.9))


def test_fragments_cross_the_origin_only_on_a_circle():
    circle = mitochondrion(1)["chrM"]
    seam = circle[-20:] + circle[:20]
    generator = np.random.default_rng(1)
    turned = seam[::-1].translate(str.maketrans("ACGT", "TGCA"))
    for circular in (True, False):
        reads = fragments([(circle, 1.0)], 60, generator, circular=circular)
        crossing = sum(seam in a or turned in b for a, b in reads)
        assert (crossing > 5) is circular


def test_errors_are_as_frequent_as_qualities_say():
    bases, qualities = with_errors(["A" * 150] * 2000, np.random.default_rng(1))
    wrong = sum(150 - read.count(b"A") for read in bases)
    expected = sum(10 ** (-(sign - 33) / 10) for row in qualities for sign in row)
    assert wrong == pytest.approx(expected, rel=0.1)
