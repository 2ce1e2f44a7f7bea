"""The points of Riggs et al. 2020, section by section."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given, seed
from hypothesis import strategies as st

from soyang.interpretation.cnv import Change, Parent, classify, evidence, span, total
from soyang.interpretation.cnv_tables import EventClass


def gene(name: str = "JAG1", **changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "gene": name,
        "transcript": "NM_1.1",
        "protein_coding": True,
        "extent": "whole",
        "part": "coding",
        "first_exon": 1,
        "last_exon": 26,
        "exons": 26,
        "coding_bases": 3_657,
        "coding_length": 3_657,
        "nmd": None,
        "breakpoints": 0,
        "haploinsufficiency": None,
        "triplosensitivity": None,
    }
    return base | changes


def region(**changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "region": "ISCA-1",
        "name": "a region",
        "haploinsufficiency": None,
        "triplosensitivity": None,
        "share": 1.0,
        "within": False,
        "genes": [],
    }
    return base | changes


def change(kind: str = "deletion", *genes: Any, **more: Any) -> Change:
    return Change(kind=kind, genes=genes, **({"regions": []} | more))  # type: ignore[arg-type]


def codes(made: Change) -> dict[str, float]:
    lines = evidence(made)
    assert len({line.code for line in lines}) == len(lines)
    return {line.code: line.points for line in lines}


HI: dict[str, Any] = {"haploinsufficiency": 3}
TS: dict[str, Any] = {"triplosensitivity": 3}
INNER: dict[str, Any] = {"extent": "internal", "breakpoints": 2, "first_exon": 3, "last_exon": 7}


@pytest.mark.parametrize(
    ("made", "code", "points"),
    [
        # Section 1
        (change("deletion", gene()), "1A", 0.0),
        (change("deletion"), "1B", -0.60),
        (change("deletion", gene(protein_coding=False)), "1B", -0.60),
        (change("deletion", gene(part="intron", first_exon=None)), "1B", -0.60),
        (change("duplication", gene()), "1A", 0.0),
        (change("duplication"), "1B", -0.60),
        # Section 2, losses: genes
        (change("deletion", gene(**HI)), "2A", 1.0),
        (change("deletion", gene(**HI, extent="five_prime")), "2C-1", 0.90),
        (change("deletion", gene(**HI, extent="five_prime", coding_bases=0)), "2C-2", 0.0),
        (change("deletion", gene(**HI, extent="three_prime", coding_bases=0)), "2D-1", 0.0),
        (change("deletion", gene(**HI, extent="three_prime", first_exon=26, coding_bases=90)),
         "2D-3", 0.30),
        (change("deletion", gene(**HI, extent="three_prime", first_exon=20, coding_bases=90)),
         "2D-4", 0.90),
        (change("deletion", gene(**HI, extent="three_prime", first_exon=26)), "2D-2", 0.90),
        (change("deletion", gene(**HI, **INNER, nmd=False)), "2E", 0.90),
        (change("deletion", gene(**HI, **INNER, nmd=True, coding_bases=601)), "2E", 0.90),
        (change("deletion", gene(**HI, **INNER, nmd=False, coding_bases=600)), "2E", 0.45),
        (change("deletion", gene(**HI, **INNER, nmd=False, coding_bases=60)), "2E", 0.30),
        (change("deletion", gene(**HI, **INNER, coding_bases=0)), "2E", 0.0),
        # Section 2, losses: regions
        (change("deletion", regions=[region(**HI)]), "2A", 1.0),
        (change("deletion", regions=[region(**HI, share=0.99)]), "2B", 0.0),
        (change("deletion", gene(), regions=[region(haploinsufficiency=40, within=True)]),
         "2F", -1.0),
        (change("deletion", gene(), regions=[region(haploinsufficiency=40)]), "2G", 0.0),
        (change("deletion", gene(haploinsufficiency=40, **INNER)), "2F", -1.0),
        # Section 2, gains
        (change("duplication", gene(**TS)), "2A", 1.0),
        (change("duplication", gene(**TS, extent="five_prime")), "2B", 0.0),
        (change("duplication", regions=[region(**TS)]), "2A", 1.0),
        (change("duplication", regions=[region(**TS, share=0.5)]), "2B", 0.0),
        (change("duplication", gene("A"), regions=[region(triplosensitivity=40, genes=["A"])]),
         "2C", -1.0),
        (change("duplication", gene("A"),
                regions=[region(triplosensitivity=40, genes=["A", "B"], within=True, share=0.4)]),
         "2D", -1.0),
        (change("duplication", gene("A", breakpoints=1),
                regions=[region(triplosensitivity=40, genes=["A"], within=True, share=0.4)]),
         "2E", 0.0),
        (change("duplication", regions=[region(triplosensitivity=40, genes=["A"])]), "2F", -1.0),
        (change("duplication", gene("B"), regions=[region(triplosensitivity=40, genes=["A"])]),
         "2G", 0.0),
        (change("duplication", gene(**HI)), "2H", 0.0),
        (change("duplication", gene(**HI, **INNER, nmd=True)), "2I", 0.45),
        (change("duplication", gene(**HI, **INNER, nmd=False)), "2I", 0.0),
        (change("duplication", gene(**HI, extent="five_prime", breakpoints=1)), "2J", 0.0),
        (change("duplication", gene(breakpoints=1)), "2L", 0.0),
        # Section 3
        (change("deletion", *[gene(f"G{n}") for n in range(24)]), "3A", 0.0),
        (change("deletion", *[gene(f"G{n}") for n in range(25)]), "3B", 0.45),
        (change("deletion", *[gene(f"G{n}") for n in range(34)]), "3B", 0.45),
        (change("deletion", *[gene(f"G{n}") for n in range(35)]), "3C", 0.90),
        (change("duplication", *[gene(f"G{n}") for n in range(34)]), "3A", 0.0),
        (change("duplication", *[gene(f"G{n}") for n in range(35)]), "3B", 0.45),
        (change("duplication", *[gene(f"G{n}") for n in range(50)]), "3C", 0.90),
    ],
)  # fmt: skip
def test_sections_1_to_3(made: Change, code: str, points: float) -> None:
    assert codes(made)[code] == points


def parents(father: str, mother: str, ill: str = "no") -> list[Parent]:
    return [
        Parent(role=role, seen=seen, affected=ill)  # type: ignore[arg-type]
        for role, seen in (("father", father), ("mother", mother))
    ]


@pytest.mark.parametrize(
    ("family", "affected", "code", "points"),
    [
        (parents("not_found", "not_found"), "yes", "5A", 0.10),
        (parents("not_found", "unknown"), "yes", "5F", 0.0),
        (parents("not_found", "absent"), "yes", "5F", 0.0),
        (parents("carrier", "not_found"), "yes", "5C", -0.15),
        (parents("carrier", "not_found", "yes"), "yes", "5D", 0.0),
        (parents("carrier", "not_found", "unknown"), "yes", "5F", 0.0),
        (parents("carrier", "not_found"), "no", "5F", 0.0),
        (parents("not_found", "not_found"), "unknown", "5F", 0.0),
        ([], "yes", "5F", 0.0),
    ],
)
def test_section_5(family: Any, affected: Any, code: str, points: float) -> None:
    assert codes(change("deletion", gene(), parents=family, affected=affected))[code] == points


def test_an_unaffected_parent_takes_nothing_from_what_is_established() -> None:
    made = change("deletion", gene(**HI), parents=parents("carrier", "not_found"), affected="yes")
    lines = evidence(made)
    assert lines[-1].reason == "inherited_established" and total(lines) == 1.0


@pytest.mark.parametrize(
    ("points", "word"),
    [
        (1.5, "pathogenic"), (0.99, "pathogenic"), (0.98, "likely_pathogenic"),
        (0.90, "likely_pathogenic"), (0.89, "uncertain"), (0.0, "uncertain"),
        (-0.89, "uncertain"), (-0.90, "likely_benign"), (-0.98, "likely_benign"),
        (-0.99, "benign"), (-1.6, "benign"),
    ],
)  # fmt: skip
def test_classes(points: float, word: str) -> None:
    assert classify(points) == word


def test_points_are_added_without_the_noise_of_binary_fractions() -> None:
    family = parents("not_found", "not_found")
    made = change("deletion", gene(**HI, extent="five_prime"), parents=family, affected="yes")
    assert total(evidence(made)) == 1.0
    assert classify(total(evidence(made))) == "pathogenic"


def test_evidence_on_dosage_counts_once() -> None:
    made = change("deletion", gene("A", **HI), gene("B", **HI), regions=[region(**HI)])
    second = [line for line in evidence(made) if line.code.startswith("2")]
    assert [line.points for line in second] == [1.0, 0.0, 0.0]
    assert {line.reason for line in second} == {"hi_gene_whole", "hi_region_whole"}


def test_harmless_surroundings_do_not_excuse_an_established_gene() -> None:
    harmless = region(haploinsufficiency=40, within=True)
    lines = evidence(change("deletion", gene(**HI), regions=[harmless]))
    assert classify(total(lines)) == "pathogenic"
    assert "2F" in {line.code for line in lines}


def test_a_recessive_gene_is_not_established() -> None:
    lines = evidence(change("deletion", gene(haploinsufficiency=30)))
    assert classify(total(lines)) == "uncertain"
    assert not [line for line in lines if line.code.startswith("2")]


def test_without_a_source_of_regions_genes_are_scored() -> None:
    lines = evidence(change("deletion", gene(**HI), regions=None))
    assert total(lines) == 1.0


def test_exons_are_named() -> None:
    assert span(gene()) == "1-26"
    assert span(gene(first_exon=3, last_exon=3)) == "3"
    assert span(gene(first_exon=None)) == ""


@seed(20)
@given(
    kind=st.sampled_from(["deletion", "duplication"]),
    scores=st.lists(st.sampled_from([None, 0, 1, 2, 3, 30, 40]), max_size=4),
    extent=st.sampled_from(["whole", "five_prime", "three_prime", "internal"]),
    ts=st.sampled_from([None, 0, 3, 40]),
    share=st.floats(0.01, 1),
    within=st.booleans(),
)
def test_any_change_has_one_line_of_each_section(
    kind: str, scores: list[int | None], extent: str, ts: int | None, share: float, within: bool
) -> None:
    genes = [
        gene(f"G{n}", haploinsufficiency=score, triplosensitivity=ts, extent=extent, nmd=False)
        for n, score in enumerate(scores)
    ]
    place = region(haploinsufficiency=scores[0] if scores else None, triplosensitivity=ts,
                   share=share, within=within)  # fmt: skip
    lines = evidence(change(kind, *genes, regions=[place]))
    sections = [line.code[0] for line in lines]
    assert sections == sorted(sections)
    assert sections.count("1") == sections.count("3") == sections.count("5") == 1
    assert sum(line.points != 0 for line in lines if line.code[0] == "2") <= 1
    assert classify(total(lines)) in get_args(EventClass)
    assert 3 in [*scores, ts] or total(lines) < 0.9
