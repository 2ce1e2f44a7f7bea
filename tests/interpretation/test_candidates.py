"""Which of a person's sites are candidates, and how they are told."""

from __future__ import annotations

from typing import Any

import pytest

from soyang.core.assembly import Assembly
from soyang.interpretation.candidates import zygosity


@pytest.mark.parametrize(
    ("contig", "position", "dosage", "copies", "sex", "expected"),
    [
        ("chr1", 100, 1, 2, "male", "heterozygous"),
        ("chr1", 100, 2, 2, "male", "homozygous"),
        ("chrX", 50_000_000, 2, 2, "male", "hemizygous"),
        ("X", 50_000_000, 2, 2, "male", "hemizygous"),
        ("chrX", 50_000_000, 1, 1, "unknown", "hemizygous"),
        ("chrX", 50_000_000, 2, 2, "female", "homozygous"),
        ("chrX", 50_000_000, 1, 2, "male", "heterozygous"),
        ("chrX", 1_000_000, 2, 2, "male", "homozygous"),
        ("chrY", 5_000_000, 2, 2, "male", "hemizygous"),
    ],
)
def test_zygosity(
    *, contig: str, position: int, dosage: int, copies: int, sex: str, expected: str
) -> None:
    row = {"contig": contig, "position": position, "dosage": dosage, "copies": copies}
    assert zygosity(row, sex, Assembly.GRCH38) == expected


def names(found: dict[str, Any]) -> list[str]:
    return [v["hgvs_g"] for c in found["candidates"] for v in c["variants"]]


@pytest.mark.parametrize(
    ("annotation", "told"),
    [
        ({"impact": "MODERATE"}, True),
        ({"impact": "LOW", "consequence": "synonymous"}, False),
        ({"impact": "LOW", "consequence": "splice_region&synonymous"}, True),
        ({"impact": "MODIFIER", "clinvar_significance": "Pathogenic", "clinvar_stars": 0}, True),
        ({"impact": "MODIFIER", "clinvar_significance": "Uncertain_significance"}, False),
        ({"clinvar_significance": "Benign", "clinvar_stars": 1}, False),
        ({"clinvar_significance": "Benign", "clinvar_stars": 0}, True),
        ({"population_ac": 30, "population_an": 1000}, False),
        ({"population_ac": 0, "population_an": 1000}, True),
        (
            {
                "population_ac": 30,
                "population_an": 1000,
                "clinvar_significance": "Pathogenic",
                "clinvar_stars": 1,
            },
            True,
        ),
        ({"cohort_ac": 8}, True),
    ],
)
def test_what_is_a_candidate(cohort: Any, annotation: dict[str, Any], told: bool) -> None:
    cohort.person("P", affected="yes")
    cohort.site("JAG1", 10_641_050, carriers={"P": "0/1"}, **annotation)
    assert bool(names(cohort.interpret("P"))) is told


def test_a_frequent_variant_that_clinvar_supports_says_so(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    cohort.site(
        "JAG1",
        10_641_050,
        carriers={"P": "0/1"},
        clinvar_significance="Pathogenic",
        clinvar_stars=1,
        population_ac=30,
        population_an=1000,
    )
    (candidate,) = cohort.interpret("P")["candidates"]
    assert candidate["tier"] == "possible"
    reason = next(r for r in candidate["reasons_against"] if r["code"] == "common")
    assert reason["values"]["frequency"] == 0.03


def test_a_plus_clinical_transcript_counts_once_by_its_worst_effect(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    cohort.site(
        "JAG1", 10_641_050, carriers={"P": "0/1"}, impact="LOW", consequence="splice_region"
    )
    other = cohort.sites[10_641_050, "C", "T"] | {"transcript": "NM_999999.1", "impact": "HIGH"}
    cohort.sites[10_641_050, "C", "T, other transcript"] = other
    (candidate,) = cohort.interpret("P")["candidates"]
    assert candidate["variants"][0]["transcript"] == "NM_999999.1"


def test_variants_of_others_are_not_told(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    cohort.person("Q", affected="yes")
    cohort.site("JAG1", 10_641_050, carriers={"Q": "0/1"})
    assert names(cohort.interpret("P")) == []


def test_doubtful_genotype_is_weak_and_says_why(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    cohort.site("JAG1", 10_641_050, carriers={"P": "0/1"}, impact="HIGH", depth=30, alt_depth=3)
    (candidate,) = cohort.interpret("P")["candidates"]
    assert candidate["tier"] == "weak"
    assert {"allele_balance"} <= {r["code"] for r in candidate["reasons_against"]}
    (kept,) = cohort.interpret("P", min_allele_balance=0.05)["candidates"]
    assert kept["tier"] == "possible"
