"""The comparison engine, its figures, and the simulated people of bench-accuracy."""

from __future__ import annotations

import json
import math
import random
import shutil
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.accuracy_compare import (
    GAP,
    MOST,
    Outcome,
    Variant,
    compare,
    groups,
    joined,
    primitive,
    read_variants,
    to_left,
    trimmed,
)
from bench.accuracy_figures import (
    CLASSES,
    INDEL,
    LONGER,
    SNV,
    Share,
    Tally,
    added,
    class_of,
    genome_f1,
    indel_class,
    tallies,
)
from bench.accuracy_real import judged, known_alleles
from bench.accuracy_simulate import (
    EDGE,
    PAD,
    art_seed,
    gene_sequences,
    haplotype,
    plant,
    quality_shift,
)
from bench.accuracy_tables import Cell, markdown, pooled, reason, supported
from bench.bench_accuracy import Measured, lines, main
from bench.reads_chain import has_option, settings_words
from bench.reads_data import GENES
from soyang.core.genomic import Calling

SEQUENCE = "".join(random.Random(5).choices("ACGT", k=400))
REPEAT = "GATTC" + "CA" * 12 + "TTAGC" + SEQUENCE[:100]


def alleles(*records, sequence=SEQUENCE):
    """Primitive variants of records ``(position, ref, alt, copies)``, 1-based."""
    return joined(
        variant
        for position, ref, alt, copies in records
        for variant in primitive("c", position - 1, ref, alt, copies, sequence)
    )


def outcomes(truth, calls, sequence=SEQUENCE):
    compared = compare(truth, calls, {"c": sequence})
    return [[str(outcome) for _, outcome in side] for side in (compared.truth, compared.calls)]


def raw(start, end, bases, copies=1):
    return Variant(contig="c", start=start, end=end, bases=bases, copies=copies)


def other(base):
    return {"A": "C", "C": "G", "G": "T", "T": "A"}[base]


# ------------------------------------------------------------------------------ representation


def test_an_mnv_is_its_snvs():
    ref = SEQUENCE[100:103]
    alt = other(ref[0]) + ref[1] + other(ref[2])
    split = alleles((101, ref[0], alt[0], 1), (103, ref[2], alt[2], 1))
    assert alleles((101, ref, alt, 1)) == split
    assert [class_of(one) for one in split] == [SNV, SNV]


@pytest.mark.parametrize("unit", range(12))
def test_a_deletion_may_stand_anywhere_in_its_repeat(unit):
    start = 5 + 2 * unit
    found = alleles((start, REPEAT[start - 1 : start + 2], REPEAT[start - 1], 1), sequence=REPEAT)
    assert [(one.start, one.end, one.bases) for one in found] == [(5, 7, "")] or unit == 0
    assert outcomes(alleles((5, "CCA", "C", 1), sequence=REPEAT), found, REPEAT) == [
        ["genotype"],
        ["genotype"],
    ]


def test_an_insertion_in_a_repeat_goes_to_its_left_end():
    assert to_left(raw(29, 29, "CACA"), REPEAT) == raw(5, 5, "CACA")
    assert to_left(raw(28, 28, "ACAC"), REPEAT) == raw(5, 5, "CACA")
    assert to_left(raw(29, 29, "CACA"), REPEAT).place == (29, 29, "CACA")
    assert to_left(raw(20, 20, "GGG"), REPEAT) == raw(20, 20, "GGG")


def test_what_both_alleles_share_is_trimmed():
    assert trimmed("c", 10, "TTAGG", "TTG", 2) == raw(12, 14, "", 2)
    assert trimmed("c", 10, "C", "CC", 1) == raw(11, 11, "C")
    assert trimmed("c", 10, "TTAGG", "TTACCGG", 1) == raw(13, 13, "CC")


def test_a_deletion_and_an_insertion_may_be_written_as_snvs():
    sequence = "GATTACAGGT" * 3
    # ACAG -> CAGG: one base goes on the left, another comes on the right.
    shifted = [raw(4, 5, ""), raw(8, 8, "C")]
    spelled = "GATTCAGCGT" + sequence[10:]
    snvs = [
        raw(number, number + 1, spelled[number])
        for number in range(10)
        if spelled[number] != sequence[number]
    ]
    for copies in (1, 2):
        one = [raw(v.start, v.end, v.bases, copies) for v in shifted]
        two = [raw(v.start, v.end, v.bases, copies) for v in snvs]
        assert outcomes(one, two, sequence) == [["genotype"] * 2, ["genotype"] * len(snvs)]


def test_a_compound_heterozygote_is_one_record_or_two():
    base = SEQUENCE[200]
    first, second = sorted(set("ACGT") - {base})[:2]
    truth = alleles((201, base, first, 1), (201, base, second, 1))
    assert outcomes(truth, truth) == [["genotype"] * 2] * 2
    assert outcomes(truth, truth[:1]) == [["genotype", "absent"], ["genotype"]]
    both = alleles((201, base, first, 2))
    assert outcomes(truth, both)[1] == ["allele"]


def test_copies_of_one_allele_from_two_records_add_up():
    base = SEQUENCE[200]
    once = (201, base, other(base), 1)
    assert alleles(once, once) == alleles((201, base, other(base), 2))
    assert alleles(once, once, once)[0].copies == 2


def test_heterozygous_for_homozygous_is_found_with_another_genotype():
    base = SEQUENCE[200]
    assert outcomes(alleles((201, base, other(base), 2)), alleles((201, base, other(base), 1))) == [
        ["allele"],
        ["allele"],
    ]


def test_a_wrong_genotype_next_to_a_right_one_stays_alone():
    right = (201, SEQUENCE[200], other(SEQUENCE[200]), 1)
    wrong = (211, SEQUENCE[210], other(SEQUENCE[210]))
    assert outcomes(alleles(right, (*wrong, 2)), alleles(right, (*wrong, 1))) == [
        ["genotype", "allele"],
        ["genotype", "allele"],
    ]


def test_what_is_not_there_is_false_and_what_is_not_called_missed():
    one = alleles((101, SEQUENCE[100], other(SEQUENCE[100]), 1))
    far = alleles((301, SEQUENCE[300], other(SEQUENCE[300]), 1))
    near = alleles((105, SEQUENCE[104], other(SEQUENCE[104]), 1))
    assert outcomes(one, []) == [["absent"], []]
    assert outcomes([], one) == [[], ["absent"]]
    assert outcomes(one, far) == [["absent"], ["absent"]]
    assert outcomes(one, near) == [["absent"], ["absent"]]
    assert outcomes([], []) == [[], []]


def test_variants_that_undo_each_other_are_not_found():
    base = SEQUENCE[100]
    truth = alleles((101, base, other(base), 1))
    undoing = [raw(110, 111, ""), raw(111, 111, SEQUENCE[110])]
    assert outcomes(truth, sorted([*truth, *undoing])) == [
        ["genotype"],
        ["genotype", "absent", "absent"],
    ]
    assert outcomes(undoing, truth) == [["absent", "absent"], ["absent"]]


def test_a_group_ends_where_the_gap_is_wider():
    one, two = raw(100, 101, "A"), raw(101 + GAP, 102 + GAP, "A")
    assert len(list(groups([one, two], []))) == 1
    assert len(list(groups([one], [raw(102 + GAP, 103 + GAP, "A")]))) == 2
    elsewhere = Variant(contig="d", start=100, end=101, bases="A", copies=1)
    assert len(list(groups([one], [elsewhere]))) == 2


def test_a_group_too_large_to_enumerate_is_compared_by_what_is_alike():
    records = [(n + 1, SEQUENCE[n], other(SEQUENCE[n]), 1) for n in range(100, 140, 2)]
    assert len(records) > 2 * MOST
    truth, calls = alleles(*records), alleles(*records[:-1])
    expected = ["genotype"] * len(calls)
    assert outcomes(truth, calls) == [[*expected, "absent"], expected]


# ---------------------------------------------------------------------- a truth against itself


@st.composite
def people(draw):
    """A sequence with repeats, and variants on its two haplotypes as they were planted."""
    pieces = draw(st.lists(st.sampled_from(["A", "AC", "T", "GAT", "C", "ACCT"]), min_size=20))
    times = draw(st.lists(st.integers(1, 5), min_size=len(pieces), max_size=len(pieces)))
    sequence = "".join(piece * count for piece, count in zip(pieces, times, strict=True))
    starts = draw(st.lists(st.integers(2, len(sequence) - 8), unique=True, min_size=1, max_size=4))
    planted, reach = [], 0
    for start in sorted(starts):
        length = draw(st.integers(0, 4))
        bases = draw(st.text("ACGT", max_size=4))
        if start > reach and sequence[start : start + length] != bases:
            planted.append(raw(start, start + length, bases, draw(st.sampled_from([1, 2]))))
            reach = start + length
    return sequence, planted


def in_other_words(draw, variant, before, sequence):
    """Records ``(start, ref, alt)`` that spell the same: more bases around, moved, in two.

    Moved to the right up to ``before``, where the next variant of the haplotype stands.
    """
    start, end, bases = variant.start, variant.end, variant.bases
    if start == end or not bases:
        while end < before and draw(st.booleans()):
            first = (bases or sequence[start:end])[0]
            if first != sequence[end]:
                break
            if bases:
                bases = bases[1:] + first
            start, end = start + 1, end + 1
    cut = draw(st.integers(0, min(end - start, len(bases))))
    parts = [(start, start + cut, bases[:cut]), (start + cut, end, bases[cut:])]
    for low, high, text in parts:
        if sequence[low:high] != text:
            left = max(low - draw(st.integers(0, 3)), 0)
            right = max(high, min(high + draw(st.integers(0, 3)), before)) if high == end else high
            yield left, sequence[left:right], sequence[left:low] + text + sequence[high:right]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data(), person=people())
def test_a_truth_in_other_words_is_the_same_truth(data, person):
    sequence, planted = person
    limits = [one.start - 1 for one in planted[1:]] + [len(sequence) - 1] * bool(planted)
    plain = joined(
        one
        for v in planted
        for one in primitive("c", v.start, sequence[v.start : v.end], v.bases, v.copies, sequence)
    )
    again = joined(
        one
        for v, before in zip(planted, limits, strict=True)
        for start, ref, alt in in_other_words(data.draw, v, before, sequence)
        for one in primitive("c", start, ref, alt, v.copies, sequence)
    )
    if any(len(side) > MOST for group in groups(plain, again) for side in group):
        return
    compared = compare(plain, again, {"c": sequence})
    assert {outcome for _, outcome in compared.truth} <= {Outcome.GENOTYPE}
    assert {outcome for _, outcome in compared.calls} <= {Outcome.GENOTYPE}


# ------------------------------------------------------------------------------------ a VCF

HEAD = (
    "##fileformat=VCFv4.2\n##contig=<ID=c,length=400>\n"
    '##FILTER=<ID=LowQual,Description="low">\n'
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="genotype">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"
)


def vcf(folder, *rows):
    path = folder / "calls.vcf"
    text = (f"c\t{p}\t.\t{r}\t{a}\t50\t{f}\t.\tGT\t{g}\n" for p, r, a, f, g in rows)
    path.write_text(HEAD + "".join(text))
    return path


def test_a_vcf_is_read_as_alleles_with_copies(tmp_path):
    bases = [SEQUENCE[n] for n in (100, 200, 300, 310, 320)]
    first, second = sorted(set("ACGT") - {bases[1]})[:2]
    found = read_variants(
        vcf(
            tmp_path,
            (101, bases[0], other(bases[0]), "PASS", "1/1"),
            (201, bases[1], f"{first},{second}", ".", "1|2"),
            (301, bases[2], other(bases[2]), "LowQual", "0/1"),
            (311, bases[3], other(bases[3]), "PASS", "./."),
            (321, bases[4], "*", "PASS", "0/1"),
        ),
        {"c": SEQUENCE},
    )
    assert [(one.start, one.bases, one.copies) for one in found] == [
        (100, other(bases[0]), 2),
        (200, first, 1),
        (200, second, 1),
    ]


def test_half_of_a_split_genotype_is_one_copy_and_a_haploid_one_all(tmp_path):
    base = SEQUENCE[100], SEQUENCE[200]
    rows = [(101, base[0], other(base[0]), ".", "1/."), (201, base[1], other(base[1]), ".", "1")]
    found = read_variants(vcf(tmp_path, *rows), {"c": SEQUENCE})
    assert [one.copies for one in found] == [1, 2]


def test_a_vcf_without_records_has_no_variants(tmp_path):
    assert read_variants(vcf(tmp_path), {"c": SEQUENCE}) == []


# ---------------------------------------------------------------------------------- figures


@pytest.mark.parametrize(
    ("grown", "name"),
    [(1, "indel 1"), (-2, "indel 2-5"), (5, "indel 2-5"), (-6, "indel 6-15"), (50, "indel 16-50")],
)
def test_indels_are_classed_by_their_length(grown, name):
    one = raw(10, 10, "A" * grown) if grown > 0 else raw(10, 10 - grown, "")
    assert class_of(one) == name
    assert class_of(raw(10, 61, "")) == LONGER


def test_wilsons_interval_is_that_of_the_paper():
    # Newcombe 1998 (Stat Med 17:857), method 3: 81 of 263 is 0.2553 to 0.3662.
    assert Share(part=81, whole=263).interval == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert Share(part=10, whole=10).interval[1] == pytest.approx(1.0)
    assert Share(part=0, whole=0).interval == (0.0, 1.0)
    assert Share(part=0, whole=0).value is None


def test_figures_of_known_outcomes():
    records = [(n, SEQUENCE[n - 1], other(SEQUENCE[n - 1]), c) for n, c in ((101, 1), (201, 2))]
    wrong = (301, SEQUENCE[300], other(SEQUENCE[300]), 1)
    calls = alleles(records[0], (*records[1][:3], 1), wrong)
    found = added([tallies(compare(alleles(*records), calls, {"c": SEQUENCE}))])
    assert found[SNV] == Tally(truth=2, found=2, concordant=1, calls=3, right=2)
    assert found[SNV].f1 == pytest.approx(0.8)
    assert found[SNV].concordance.value == 0.5
    assert found[INDEL] == Tally()
    assert found[INDEL].f1 is None
    low, high = found[SNV].f1_interval
    assert low < 0.8 < high


def test_f1_of_nothing_called_is_nought():
    assert Tally(truth=3).f1 == 0.0
    assert Tally(truth=3).f1_interval[0] == 0.0


# --------------------------------------------------------------------------- simulated people


def test_simulated_people_are_the_same_each_time_and_differ_by_seed():
    (name, bases), *_ = gene_sequences(GENES, 8_000).items()
    assert plant(name, bases, "one") == plant(name, bases, "one") != plant(name, bases, "two")
    assert art_seed("one") == art_seed("one") != art_seed("two")


def test_planted_variants_have_all_classes_and_stand_apart():
    people = [(bases, plant(name, bases, "x")) for name, bases in gene_sequences(GENES).items()]
    classes = {class_of(one.variant) for _, of in people for one in of}
    assert classes == set(CLASSES) - {LONGER}
    for bases, of in people:
        assert all(a.variant.end < b.variant.start for a, b in pairwise(of))
        assert all(PAD + EDGE / 2 < one.variant.start < len(bases) - PAD for one in of)
        assert all(len(one.haplotypes) == one.variant.copies for one in of)
    assert {one.variant.copies for _, of in people for one in of} == {1, 2}


def test_haplotypes_carry_what_was_planted():
    (name, bases), *_ = gene_sequences(GENES, 8_000).items()
    planted = plant(name, bases, "haplotypes")
    for number in range(2):
        grown = sum(one.variant.grown for one in planted if number in one.haplotypes)
        assert len(haplotype(bases, planted, number)) == len(bases) + grown
    assert haplotype(bases, [], 0) == bases


def test_errors_shift_the_profiles_qualities():
    assert quality_shift(0.002) == 0
    assert quality_shift(0.0002) == 10
    assert 0.002 * math.pow(10, -quality_shift(0.005) / 10) == pytest.approx(0.005, rel=0.05)


# ------------------------------------------------------------------------------ what is told


def figures(right, wrong=0, missed=0):
    tally = Tally(
        truth=right + missed, found=right, concordant=right, calls=right + wrong, right=right
    )
    return added([dict.fromkeys(CLASSES, Tally()) | {SNV: tally, indel_class((1, 1)): tally}])


CELLS = {
    Cell(caller="good", depth=30.0, error=0.001): figures(995, 2, 5),
    Cell(caller="good", depth=10.0, error=0.001): figures(100, 2, 900),
    Cell(caller="poor", depth=30.0, error=0.001): figures(900, 50, 100),
    Cell(caller="poor", depth=10.0, error=0.001): figures(1_000),
}


def told(default, absent=None):
    measured = Measured(cells=dict(CELLS), seconds={"good": 2.0, "poor": 1.0})
    return [line for line in lines(measured, default, absent or {}) if line.goal is not None]


def test_the_supported_caller_is_best_over_usual_depths():
    assert supported(CELLS) == "good"
    assert pooled(CELLS, "good")[SNV].truth == 1_000
    assert "**good**" in reason(CELLS, {})


def test_goals_hold_for_the_better_default_and_fail_for_the_worse():
    assert [line.holds for line in told("good")] == [True, True, True]
    assert [line.holds for line in told("poor")] == [False, False, False]


def test_a_default_that_is_absent_is_skipped_with_the_reason():
    line, *more = told("gatk", {"gatk": "gatk is not installed"})
    assert (line.skipped, line.holds, more) == ("gatk is not installed", None, [])


def test_indels_are_weighted_as_a_genome_has_them():
    perfect, half = Tally(truth=9, found=9, calls=9, right=9), Tally(truth=8, found=4)
    table = dict.fromkeys(CLASSES, perfect) | {"indel 16-50": Tally()}
    assert genome_f1(table) == pytest.approx(1)
    assert genome_f1(table | {"indel 1": half}) == pytest.approx(1 - 488 / 903)
    assert genome_f1(dict.fromkeys(CLASSES, Tally())) is None


def test_the_tables_have_a_row_for_each_cell_and_each_length():
    text = markdown(CELLS, {})
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    assert sum(row[0] == "| good" and row[1] == "30x" for row in rows) == 2
    assert sum(row[0] == "| poor" and row[1] == "2-5" for row in rows) == 1
    assert "99.50 (98.8-99.8)" in text


def test_real_calls_are_judged_by_others_and_by_what_is_known():
    records = [(n, SEQUENCE[n - 1], other(SEQUENCE[n - 1]), 1) for n in (101, 201, 301)]
    own, one = alleles(*records), alleles(records[0])
    found = judged({"a": own, "b": one}, alleles(*records[:2]), {"c": SEQUENCE})
    assert found["a"].shared == Share(part=1, whole=3)
    assert found["a"].known == Share(part=2, whole=3)
    assert found["b"].shared == Share(part=1, whole=1)
    assert (found["a"].heterozygous, found["a"].het_hom) == (3, None)


def test_known_sites_are_moved_onto_the_slice(tmp_path):
    path = tmp_path / "known.vcf"
    ref, alt = SEQUENCE[100], other(SEQUENCE[100])
    rows = f"c\t5\t.\tA\tC\t.\t.\t.\nc\t151\t.\t{ref}\t{alt}\t.\t.\t.\n"
    path.write_text(HEAD.replace("\tFORMAT\tS1", "") + rows)
    found = known_alleles(path, "slice", 50, SEQUENCE)
    assert [(v.contig, v.start, v.bases) for v in found] == [("slice", 100, alt)]


# ------------------------------------------------------------------------------- our verbs


def test_verbs_are_given_the_settings_that_they_have_options_for():
    words = settings_words("calling", "call", Calling())
    assert words[words.index("--min-base-quality") + 1] == str(Calling().min_base_quality)
    assert words.count("--bands") == len(Calling().gvcf_bands)
    assert "--callable-min-depth" not in words
    assert has_option("calling", "call", "caller")


def test_without_a_run_there_is_no_table_to_show(tmp_path, capsys):
    assert main(["--readme", "--folder", str(tmp_path)]) == 2
    assert "run the benchmark first" in capsys.readouterr().out


@pytest.mark.slow
def test_a_tiny_run_measures_finds_and_keeps(tmp_path, capsys):
    words = ["--scale", "1", "--depths", "30", "--errors", "0.001", "--bases", "5000"]
    callers = ["--callers", "bcftools", "freebayes", "deepvariant", "--no-real"]
    status = main([*words, *callers, "--folder", str(tmp_path)])
    kept = json.loads((tmp_path / "accuracy.json").read_text())
    assert status == (0 if kept["holds"] else 1)
    counts = json.loads((tmp_path / "accuracy-counts.json").read_text())["counts"]
    found = {(row["caller"], row["class"]): row for row in counts}
    for caller in ("bcftools", "freebayes"):
        assert found[caller, SNV]["truth"] >= 30
        assert found[caller, SNV]["found"] / found[caller, SNV]["truth"] > 0.9
        assert found[caller, SNV]["right"] / found[caller, SNV]["calls"] > 0.9
    if not shutil.which("run_deepvariant"):
        assert any(line["shown"]["holds"].startswith("skipped: ") for line in kept["lines"])
    assert main(["--readme", "--folder", str(tmp_path)]) == 0
    assert "| freebayes | 30x | 0.1 % | SNV |" in capsys.readouterr().out
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["accuracy-counts.json", "accuracy.json", "accuracy.md"]
