"""The synthetic people's haplotypes obey the pedigree and carry what they should."""

from __future__ import annotations

import itertools

import pytest

from demo import people
from demo.genes import GENES, base, gene_at, sequences, transcripts
from demo.haplotypes import (
    SPACING,
    apply,
    founders,
    genotype,
    haplotypes,
    is_synonymous,
    ordinary_sites,
)
from demo.people import BY_NAME, CAUSES, DECOYS, PEOPLE, Change

CHANGES = [change for site in ordinary_sites() for change in site.changes]
SOLVABLE = {
    "SYN-01": (people.JAG1_DE_NOVO,),
    "SYN-04": (people.SLC52A3_STOP, people.SLC52A3_MISSENSE),
    "SYN-05": (people.AVP_SIGNAL_PEPTIDE,),
}


def carried(person: str) -> set[Change]:
    return {c for side in haplotypes(person) for changes in side.values() for c in changes}


def test_thirteen_people_of_three_hospitals() -> None:
    assert len({p.person for p in PEOPLE}) == len({p.sample for p in PEOPLE}) == 13
    assert len({p.platform_id for p in PEOPLE}) == 13
    assert len({p.hospital for p in PEOPLE}) == 3
    assert all("synthetic" in p.hospital and p.person.startswith("SYN-") for p in PEOPLE)


def test_ordinary_sites_are_many_apart_and_in_the_genes() -> None:
    sites = ordinary_sites()
    positions = [site.position for site in sites]
    assert 800 <= len(sites) <= 900
    assert positions == sorted(positions)
    taken = sorted([*positions, *(c.position for c in (*CAUSES, *DECOYS))])
    assert min(b - a for a, b in itertools.pairwise(taken)) >= min(
        SPACING, abs(people.SLC52A3_STOP.position - people.SLC52A3_MISSENSE.position)
    )
    assert {gene_at(p).symbol for p in positions} == {g.symbol for g in GENES}
    assert sum(len(c.ref) != len(c.alt) for c in CHANGES) >= 50


def test_changes_are_true_and_left_aligned() -> None:
    for change in (*CHANGES, *CAUSES, *DECOYS):
        assert base(change.position, len(change.ref)) == change.ref
        if len(change.ref) != len(change.alt):
            assert change.ref[0] == change.alt[0]
            assert change.ref[-1] != change.alt[-1]


def test_ordinary_coding_variation_is_synonymous() -> None:
    coding = 0
    for change in CHANGES:
        transcript = transcripts()[gene_at(change.position).symbol]
        if any(a - 2 <= change.position <= b + 2 for a, b in transcript.exons):
            assert is_synonymous(change, transcript), change
            coding += 1
    assert coding >= 20


def test_children_have_one_haplotype_of_each_parent() -> None:
    for child in PEOPLE:
        if child.father_in_truth:
            for symbol in sequences():
                for side, parent, own in (
                    (0, child.father_in_truth, child.first),
                    (1, child.mother_in_truth, child.second),
                ):
                    inherited = set(haplotypes(child.person)[side][symbol]) - set(own)
                    assert inherited in [set(h[symbol]) for h in haplotypes(parent)]


def test_jag1_truncation_is_de_novo() -> None:
    assert genotype("SYN-01", people.JAG1_DE_NOVO) == 1
    assert [p.person for p in PEOPLE if people.JAG1_DE_NOVO in carried(p.person)] == ["SYN-01"]


def _opposite_share(first: str, second: str) -> float:
    dosages = [(genotype(first, c), genotype(second, c)) for c in CHANGES]
    seen = [d for d in dosages if d != (0, 0)]
    return sum(set(d) == {0, 2} for d in seen) / len(seen)


def test_false_sibling_is_refuted_against_both_parents() -> None:
    false = BY_NAME["SYN-10"]
    for parent in (false.father, false.mother):
        assert _opposite_share("SYN-01", parent) == 0
        assert _opposite_share("SYN-10", parent) > 0.05
    assert "SYN-10" in founders()


def test_slc52a3_variants_are_in_trans_and_unphased_by_reads() -> None:
    first, second = (side["SLC52A3"] for side in haplotypes("SYN-04"))
    assert people.SLC52A3_STOP in first
    assert people.SLC52A3_MISSENSE in second
    assert not {people.SLC52A3_MISSENSE} & set(first)
    assert people.SLC52A3_STOP.position - people.SLC52A3_MISSENSE.position > 1_000


@pytest.mark.parametrize("person", SOLVABLE)
def test_solvable_cases_carry_causes_and_decoys_elsewhere(person: str) -> None:
    assert set(SOLVABLE[person]) <= carried(person)
    causal = {gene_at(c.position).symbol for c in SOLVABLE[person]}
    decoys = {gene_at(c.position).symbol for c in carried(person) & set(DECOYS)}
    assert len(decoys - causal) >= 2


def test_nobody_else_carries_a_cause_or_decoy() -> None:
    for person in ("SYN-07", "SYN-08", "SYN-09", "SYN-10", "SYN-11", "SYN-12"):
        assert not carried(person) & {*CAUSES, *DECOYS}
    assert carried("SYN-06") & {*CAUSES, *DECOYS} == {people.MKKS_CARRIED}
    assert genotype("SYN-06", people.MKKS_CARRIED) == 1


def test_a_long_deletion_takes_what_the_haplotype_carried_there() -> None:
    start, end = people.JAG1_DELETED
    first, second = (side["JAG1"] for side in haplotypes("SYN-13"))
    (deletion,) = (c for c in first if len(c.ref) > 1_000)
    assert (deletion.position, deletion.end, deletion.alt) == (start - 1, end, deletion.ref[0])
    assert base(deletion.position, len(deletion.ref)) == deletion.ref
    assert not [c for c in first if start - 1 < c.position <= end]
    assert [c for c in second if start <= c.position <= end]
    assert len([x for x in transcripts()["JAG1"].exons if x[0] >= start and x[1] <= end]) >= 5


def test_causes_and_decoys_are_the_clinvar_records_they_say(
    clinvar_records: list[dict[str, str]],
) -> None:
    known = {Change(int(r["POS"]), r["REF"], r["ALT"]): r for r in clinvar_records}
    assert all("athogenic" in known[c]["CLNSIG"] for c in CAUSES)
    assert all(known[c]["CLNSIG"] == "Uncertain_significance" for c in DECOYS)


def test_someone_has_two_alternate_alleles_at_one_site() -> None:
    pairs = [site.changes for site in ordinary_sites() if len(site.changes) == 2]
    both = [
        p.person
        for p in PEOPLE
        for a, b in pairs
        if genotype(p.person, a) == genotype(p.person, b) == 1
    ]
    assert len(pairs) >= 5
    assert both


def test_apply() -> None:
    gene = GENES[0]
    sequence = sequences()[gene.symbol]
    start = gene.slice_start
    deletion = Change(start + 10, sequence[10:13], sequence[10])
    insertion = Change(start + 20, sequence[20], sequence[20] + "ACGT")
    assert apply(gene, ()) == sequence
    assert apply(gene, (deletion, insertion)) == (
        sequence[:11] + sequence[13:21] + "ACGT" + sequence[21:]
    )
    with pytest.raises(ValueError, match="does not fit"):
        apply(gene, (deletion, Change(start + 11, sequence[11], "N")))
    with pytest.raises(ValueError, match="does not fit"):
        apply(gene, (Change(start, "N", "A"),))
