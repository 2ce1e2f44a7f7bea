"""Whole persons through `interpret`, with the real HPO tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from soyang.core.errors import FaultError
from soyang.core.people import Consent
from soyang.interpretation.schema import findings_schema_text

ALAGILLE = ("HP:0001080", "HP:0001406", "HP:0001655", "HP:0000307", "HP:0004969")
RIBOFLAVIN = ("HP:0000407", "HP:0001283", "HP:0002093", "HP:0001324", "HP:0010535")
DIABETES_INSIPIDUS = ("HP:0000103", "HP:0000863", "HP:0001944", "HP:0001959", "HP:0003228")


def decoys(cohort: Any, person: str) -> None:
    """Rare missense variants in two genes that have nothing to do with it."""
    cohort.site("PRNP", 4_699_500, carriers={person: "0/1"})
    cohort.site("PROKR2", 5_302_500, carriers={person: "0/1"})
    cohort.site("ITPA", 3_209_700, carriers={person: "0/1"})


def codes(reasons: list[dict[str, Any]]) -> set[str]:
    return {reason["code"] for reason in reasons}


def trio(cohort: Any, **child: Any) -> None:
    cohort.person("dad", sex="male")
    cohort.person("mum", sex="female")
    cohort.person("child", affected="yes", father="dad", mother="mum", **child)


def test_de_novo_truncation_is_first_and_likely(cohort: Any, root: Path) -> None:
    trio(cohort, phenotypes=ALAGILLE, confirmed_by="kinship")
    cohort.site(
        "JAG1", 10_641_050, carriers={"child": "0/1"}, impact="HIGH", consequence="stop_gained"
    )
    decoys(cohort, "child")
    found = cohort.interpret("child")
    schema = json.loads((root / "workflow/schemas/findings.schema.json").read_text())
    jsonschema.validate(found, schema)
    best = found["candidates"][0]
    assert found["result"] == "candidate"
    assert (best["gene"], best["model"], best["tier"]) == ("JAG1", "de_novo", "likely")
    assert best["diseases"][0]["id"] == "OMIM:118450"
    assert best["variants"][0]["father"] == best["variants"][0]["mother"] == "reference"
    assert {"de_novo", "loss_of_function", "rare", "phenotype_match"} <= codes(best["reasons_for"])
    assert [c["rank"] for c in found["candidates"]] == list(range(1, len(found["candidates"]) + 1))
    others = found["candidates"][1:]
    assert {c["gene"] for c in others} == {"PRNP", "PROKR2", "ITPA"}
    assert all(c["score"] < best["score"] / 2 and c["tier"] != "likely" for c in others)
    assert found["identity_confirmed"] is True
    assert found["phenotypes"][0]["source_code"].startswith("코드")
    assert "no_parents" not in found["not_assessed"]


def test_two_strong_variants_of_unknown_phase_are_likely(cohort: Any) -> None:
    cohort.person("P", affected="yes", phenotypes=RIBOFLAVIN)
    cohort.site("SLC52A3", 762_050, carriers={"P": "0/1"}, impact="HIGH", consequence="frameshift")
    cohort.site(
        "SLC52A3",
        763_050,
        carriers={"P": "0/1"},
        clinvar_significance="Pathogenic",
        clinvar_stars=2,
        clinvar_id="1234",
    )
    decoys(cohort, "P")
    found = cohort.interpret("P")
    best = found["candidates"][0]
    assert (best["gene"], best["model"], best["phase"], best["tier"]) == (
        "SLC52A3",
        "compound_heterozygous",
        "unknown",
        "likely",
    )
    assert len(best["variants"]) == 2
    assert "phase_unknown" in codes(best["reasons_against"])
    assert "no_parents" in found["not_assessed"]
    others = [c for c in found["candidates"] if c["gene"] == "SLC52A3"]
    assert others == [best], "its variants are not told again as uncertain single hits"


def test_one_strong_of_two_is_only_possible_yet_first(cohort: Any) -> None:
    cohort.person("P", affected="yes", phenotypes=RIBOFLAVIN)
    cohort.site("SLC52A3", 762_050, carriers={"P": "0/1"}, impact="HIGH", consequence="frameshift")
    cohort.site("SLC52A3", 763_050, carriers={"P": "0/1"})
    decoys(cohort, "P")
    found = cohort.interpret("P")
    assert found["result"] == "possible"
    assert found["candidates"][0]["gene"] == "SLC52A3"
    assert found["candidates"][0]["tier"] == "possible"


def test_dominant_missense_with_matching_phenotype(cohort: Any) -> None:
    cohort.person("P", affected="yes", phenotypes=DIABETES_INSIPIDUS)
    cohort.site("AVP", 3_083_650, carriers={"P": "0/1"})
    decoys(cohort, "P")
    found = cohort.interpret("P")
    best = found["candidates"][0]
    assert (best["gene"], best["model"], best["tier"]) == ("AVP", "dominant", "possible")
    cohort.sites[3_083_650, "C", "T"] |= {
        "clinvar_significance": "Likely_pathogenic",
        "clinvar_stars": 0,
    }
    again = cohort.interpret("P")
    assert again["result"] == "candidate"
    assert "clinvar_likely_pathogenic" in codes(again["candidates"][0]["reasons_for"])


def test_nothing_found_names_the_exon_that_was_not_covered(cohort: Any) -> None:
    cohort.person(
        "P",
        affected="yes",
        phenotypes=ALAGILLE,
        callable=[(0, 10_642_000), (10_642_100, 10_700_000)],
    )
    cohort.site("PRNP", 4_699_500, carriers={"P": "0/1"})
    found = cohort.interpret("P")
    assert found["result"] == "nothing_found"
    assert found["coverage"]["known"] is True
    assert found["coverage"]["not_callable"] == [
        {
            "gene": "JAG1",
            "transcript": "NM_000214.3",
            "exon": 2,
            "bases": 100,
            "of_bases": 150,
            "hgvs_region": "chr20:10642001-10642150",
        }
    ]
    assert found["coverage"]["coding_bases"] - found["coverage"]["callable_bases"] == 100
    assert found["genes_assessed"] == sorted(found["genes_assessed"])
    assert len(found["genes_assessed"]) == found["coverage"]["genes"] == 7


def test_plain_vcf_says_that_absence_is_unknown(cohort: Any) -> None:
    cohort.person("P", affected="yes", callable_known=False, callable=[])
    found = cohort.interpret("P")
    assert found["coverage"] | {"coding_bases": 0} == {
        "known": False,
        "genes": 7,
        "coding_bases": 0,
        "callable_bases": 0,
        "not_callable": [],
    }
    assert "absence_unknown" in found["not_assessed"]
    assert found["result"] == "nothing_found"


def pathogenic(cohort: Any, gene: str, carriers: dict[str, str], **more: Any) -> None:
    cohort.site(
        gene,
        cohort.exons[0]["start"] if gene == "AVP" else 10_402_500,
        carriers=carriers,
        impact="HIGH",
        consequence="stop_gained",
        clinvar_significance="Pathogenic",
        clinvar_stars=3,
        clinvar_id="17661",
        **more,
    )


def test_carrier_is_told_only_with_consent(cohort: Any) -> None:
    scopes = "clinical_care;research"
    cohort.person("with", consent=f"{scopes};secondary_findings")
    cohort.person("without", consent=scopes)
    pathogenic(cohort, "MKKS", {"with": "0/1", "without": "0/1"})
    told = cohort.interpret("with")
    assert told["result"] == "no_question"
    assert told["candidates"] == []
    assert [c["variant"]["clinvar"]["variation_id"] for c in told["carriers"]] == ["17661"]
    assert {d["id"] for d in told["carriers"][0]["diseases"]} == {"OMIM:236700", "OMIM:605231"}
    silent = cohort.interpret("without")
    assert silent["carriers"] is None
    assert "17661" not in json.dumps(silent)


@pytest.mark.parametrize("phenotypes", [(), DIABETES_INSIPIDUS])
def test_unrelated_carrier_state_stays_untold_in_an_affected_person(
    cohort: Any, phenotypes: tuple[str, ...]
) -> None:
    cohort.person("P", affected="yes", phenotypes=phenotypes)
    pathogenic(cohort, "MKKS", {"P": "0/1"})
    found = cohort.interpret("P")
    assert found["candidates"] == []
    assert found["carriers"] is None


@pytest.mark.parametrize(
    ("affected", "result", "genes"),
    [("unknown", "candidate", ["AVP"]), ("yes", "candidate", ["AVP"]), ("no", "no_question", [])],
)
def test_clinvar_pathogenic_without_phenotype(
    cohort: Any, affected: str, result: str, genes: list[str]
) -> None:
    cohort.person("P", affected=affected)
    pathogenic(cohort, "AVP", {"P": "0/1"})
    found = cohort.interpret("P")
    assert found["result"] == result
    assert [c["gene"] for c in found["candidates"]] == genes
    for candidate in found["candidates"]:
        assert candidate["variants"][0]["clinvar"]["variation_id"] == "17661"
        assert candidate["variants"][0]["hgvs_c"].startswith("NM_000490.5:c.")
        assert candidate["phenotype_score"] is None
        assert "phenotype_not_assessed" in codes(candidate["reasons_against"])


def test_unknown_affection_lists_no_uncertain_variant(cohort: Any) -> None:
    cohort.person("P", affected="unknown", phenotypes=DIABETES_INSIPIDUS)
    cohort.site("AVP", 3_083_650, carriers={"P": "0/1"})
    found = cohort.interpret("P")
    assert (found["result"], found["candidates"]) == ("no_question", [])


@pytest.mark.parametrize(
    ("mother", "state", "model"),
    [
        ({"status": "failed"}, "absent", "dominant"),
        ({"verdict": "quarantine"}, "absent", "dominant"),
        ({"callable_known": False, "callable": []}, "unknown", "dominant"),
        ({"callable": [(0, 10_641_049)]}, "not_callable", "dominant"),
        ({"callable": [(0, 10_641_050)]}, "reference", "de_novo"),
    ],
)
def test_a_parent_counts_only_where_known(
    cohort: Any, mother: dict[str, Any], state: str, model: str
) -> None:
    cohort.person("dad")
    cohort.person("mum", **mother)
    cohort.person("child", affected="yes", father="dad", mother="mum", phenotypes=ALAGILLE)
    cohort.site("JAG1", 10_641_050, carriers={"child": "0/1"}, impact="HIGH")
    best = cohort.interpret("child")["candidates"][0]
    assert best["variants"][0]["mother"] == state
    assert best["model"] == model
    assert ("de_novo_unconfirmed" in codes(best["reasons_against"])) == (model == "dominant")


def test_inherited_from_unaffected_parent_is_weak(cohort: Any) -> None:
    trio(cohort, phenotypes=ALAGILLE)
    cohort.site("JAG1", 10_641_050, carriers={"child": "0/1", "mum": "0/1"}, impact="HIGH")
    best = cohort.interpret("child")["candidates"][0]
    assert best["tier"] == "weak"
    assert {"code": "inherited_from_unaffected", "values": {"parent": "mother"}} in best[
        "reasons_against"
    ]


def test_common_and_benign_variants_are_no_candidates(cohort: Any) -> None:
    cohort.person("P", affected="yes", phenotypes=ALAGILLE)
    common = {"population_ac": 900, "population_an": 10_000, "population_nhomalt": 9}
    cohort.site("JAG1", 10_641_050, carriers={"P": "0/1"}, **common)
    cohort.site(
        "JAG1",
        10_641_060,
        carriers={"P": "0/1"},
        clinvar_significance="Benign",
        clinvar_stars=2,
    )
    assert cohort.interpret("P")["candidates"] == []


def test_without_sources_nothing_is_called_rare(cohort: Any) -> None:
    cohort.sources = []
    cohort.person("P", affected="yes", phenotypes=ALAGILLE)
    cohort.site("JAG1", 10_641_050, carriers={"P": "0/1"}, impact="HIGH")
    found = cohort.interpret("P")
    assert {"no_clinvar", "no_population_frequency"} <= set(found["not_assessed"])
    best = found["candidates"][0]
    assert "rare" not in codes(best["reasons_for"])
    assert "frequency_not_assessed" in codes(best["reasons_against"])
    states = {f["source"]: f["state"] for f in best["variants"][0]["frequencies"]}
    assert states == {"population": "not_assessed", "cohort": "found"}


def test_same_inputs_give_the_same_bytes(cohort: Any) -> None:
    trio(cohort, phenotypes=ALAGILLE)
    decoys(cohort, "child")
    cohort.interpret("child")
    first = (cohort.folder / "child.findings.json").read_bytes()
    cohort.genotypes.reverse()
    cohort.admitted.reverse()
    cohort.profile.reverse()
    cohort.interpret("child")
    assert (cohort.folder / "child.findings.json").read_bytes() == first


@pytest.mark.parametrize("change", [{"status": "withheld"}, {"verdict": "quarantine"}])
def test_nobody_outside_the_gate_is_interpreted(cohort: Any, change: dict[str, str]) -> None:
    cohort.person("P", affected="yes", **change)
    with pytest.raises(FaultError, match="no sample that was admitted"):
        cohort.interpret("P")


def test_schema_is_in_step_with_the_model(root: Path) -> None:
    path = root / "workflow/schemas/findings.schema.json"
    assert path.read_text() == findings_schema_text(), (
        "write soyang.interpretation.schema.findings_schema_text() to findings.schema.json"
    )


def test_a_scope_that_admission_did_not_permit_is_refused(cohort: Any) -> None:
    cohort.person("P", consent="clinical_care;research")
    with pytest.raises(FaultError, match="no secondary_findings"):
        cohort.interpret("P", scope=[Consent.SECONDARY_FINDINGS])


def test_of_a_scope_that_is_not_asked_for_nothing_is_computed(cohort: Any) -> None:
    cohort.person("P", consent="clinical_care;secondary_findings")
    found = cohort.interpret("P", scope=[Consent.CLINICAL_CARE])
    assert (found["consent"], found["carriers"]) == (["clinical_care"], None)
