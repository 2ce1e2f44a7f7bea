"""Structural, copy-number and mitochondrial variants of whole persons through `interpret`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest

from soyang.annotation.event_tables import EVENTS, EVENTS_ASSESSED, MITOCHONDRIAL
from soyang.core.errors import FaultError
from soyang.core.tables import write_table
from soyang.interpretation.cnv_events import parent_seen, same, zygosity

NOT_LOOKED_FOR = {"copy_number", "structural", "mitochondrial"}


def gene(name: str = "JAG1", **changes: Any) -> dict[str, Any]:
    base = {
        "gene": name,
        "transcript": "NM_000214.3",
        "ensembl": "ENST1",
        "strand": "-",
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
        "haploinsufficiency": 3,
        "triplosensitivity": 0,
        "pli": None,
        "loeuf": None,
    }
    return base | changes


def event(person: str, **changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "sample": f"{person}-s",
        "event": "e1",
        "depth_event": "",
        "source": "structural",
        "kind": "deletion",
        "contig": "chr20",
        "start": 10_630_000,
        "end": 10_680_000,
        "mate_contig": "",
        "hgvs_g": "NC_000020.11:g.10630001_10680000del",
        "genotype": "0/1",
        "expected_copies": 2,
        "callers": "delly;dysgu",
        "filter": "PASS",
        "by_breakpoints": True,
        "by_depth": False,
        "genes": [gene()],
        "protein_coding_genes": 1,
        "regions": [],
        "dosage_known": True,
        "cohort_carriers": 1,
        "cohort_assessed": 3,
    }
    row = base | changes
    row.setdefault("length", row["end"] - row["start"])
    return row


def site(person: str, **changes: Any) -> dict[str, Any]:
    base = {
        "sample": f"{person}-s",
        "contig": "chrM",
        "position": 3_243,
        "ref": "A",
        "alt": "G",
        "heteroplasmy": 0.3,
        "depth": 900,
        "alt_depth": 270,
        "quality": 99.0,
        "filter": "PASS",
        "hgvs_m": "NC_012920.1:m.3243A>G",
        "genes": "MT-TL1",
        "consequence": "non_coding_transcript_variant",
        "clinvar_id": "9589",
        "clinvar_significance": "Pathogenic",
        "clinvar_review": "reviewed_by_expert_panel",
        "clinvar_stars": 3,
        "clinvar_conditions": "MELAS_syndrome|Leigh_syndrome",
        "clinvar_known": True,
    }
    return base | changes


def looked(person: str, **changes: Any) -> dict[str, Any]:
    base = {
        "sample": f"{person}-s",
        "structural": "",
        "copy_number": "",
        "mitochondrial": "",
        "design": "genome",
        "smallest_length": 3_000,
        "min_heteroplasmy": 0.05,
        "mitochondrial_share": 0.99,
        "events": 7,
        "in_genes": 2,
        "between_genes": 4,
    }
    return base | changes


def put(path: Path, table: Any, rows: list[dict[str, Any]]) -> Path:
    full = [{**dict.fromkeys(table.names), **row} for row in rows]
    write_table(pl.DataFrame(full, schema=table.schema), path, table)
    return path


def found(
    cohort: Any,
    person: str,
    events: list[dict[str, Any]],
    sites: list[dict[str, Any]] | None = None,
    assessed: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """The person's findings, of a cohort with these events."""
    everyone = [looked(row["person"]) for row in cohort.admitted]
    told: dict[str, Any] = cohort.interpret(
        person,
        events=put(cohort.folder / "events.parquet", EVENTS, events),
        mitochondrial_sites=put(cohort.folder / "mt.parquet", MITOCHONDRIAL, sites or []),
        events_assessed=put(cohort.folder / "seen.parquet", EVENTS_ASSESSED, assessed or everyone),
    )
    return told


def trio(cohort: Any, affected: str = "yes") -> None:
    cohort.person("dad", sex="male")
    cohort.person("mum", sex="female")
    cohort.person("child", affected=affected, father="dad", mother="mum")


def test_a_lost_gene_is_pathogenic_and_answers_the_question(cohort: Any, root: Path) -> None:
    trio(cohort)
    told = found(cohort, "child", [event("child")])
    jsonschema.validate(
        told, json.loads((root / "workflow/schemas/findings.schema.json").read_text())
    )
    (one,) = told["events"]["events"]
    assert told["result"] == "candidate"
    assert (one["classification"], one["points"]) == ("pathogenic", 1.1)
    assert [line["code"] for line in one["evidence"]] == ["1A", "2A", "3A", "5A"]
    assert (one["first"], one["last"]) == (10_630_001, 10_680_000)
    assert (one["father"], one["mother"]) == ("not_found", "not_found")
    assert "OMIM:118450" in {disease["id"] for disease in one["diseases"]}
    assert not NOT_LOOKED_FOR & set(told["not_assessed"])
    assert told["events"]["counted_between_genes"] == 4


def test_inherited_from_an_unaffected_parent_stays_pathogenic(cohort: Any) -> None:
    trio(cohort)
    nearly = event("dad", start=10_631_000, end=10_679_000)
    told = found(cohort, "child", [event("child"), nearly])
    (one,) = told["events"]["events"]
    assert (one["father"], one["mother"]) == ("carrier", "not_found")
    assert one["evidence"][-1]["reason"] == "inherited_established"
    assert one["points"] == 1.0


def test_a_parent_who_was_not_looked_at_says_nothing(cohort: Any) -> None:
    trio(cohort)
    seen = [looked("dad", structural="no_reads"), looked("mum"), looked("child")]
    (one,) = found(cohort, "child", [event("child")], assessed=seen)["events"]["events"]
    assert (one["father"], one["mother"]) == ("unknown", "not_found")
    assert one["evidence"][-1]["reason"] == "inheritance_unknown"


def test_nothing_is_listed_of_an_unaffected_person(cohort: Any) -> None:
    scopes = "clinical_care;research;secondary_findings"
    cohort.person("P", affected="no", consent=scopes)
    told = found(cohort, "P", [event("P")], [site("P")])
    assert told["events"]["events"] == [] and told["events"]["mitochondrial"] == []
    assert told["events"]["question"] is False and told["result"] == "no_question"
    assert "JAG1" not in json.dumps(told["events"]) and "9589" not in json.dumps(told)
    assert told["carriers"] == []


def test_of_unknown_affection_only_what_tells_is_listed(cohort: Any) -> None:
    cohort.person("P", affected="unknown")
    uncertain = event("P", event="e2", start=5_000_000, end=5_200_000, genes=[])
    sites = [site("P"), site("P", position=73, clinvar_significance=None, genes="")]
    told = found(cohort, "P", [event("P"), uncertain], sites)
    assert [one["event"] for one in told["events"]["events"]] == ["e1"]
    assert [one["position"] for one in told["events"]["mitochondrial"]] == [3_243]
    assert told["result"] == "candidate"


def test_an_uncertain_gain_is_no_result(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    inside = gene(extent="five_prime", breakpoints=1)
    told = found(cohort, "P", [event("P", kind="duplication", genes=[inside])])
    (one,) = told["events"]["events"]
    assert (one["classification"], told["result"]) == ("uncertain", "nothing_found")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "insertion", "end": 10_630_001}, "insertion"),
        ({"kind": "inversion"}, "inversion"),
        ({"kind": "breakend", "mate_contig": "chr4", "mate_position": 77}, "breakend"),
        ({"filter": "LowQual"}, "filtered"),
        ({"dosage_known": False}, "no_dosage"),
    ],
)
def test_what_is_not_interpreted_says_why(
    cohort: Any, changes: dict[str, Any], reason: str
) -> None:
    cohort.person("P", affected="yes")
    told = found(cohort, "P", [event("P", **changes)])
    (one,) = told["events"]["events"]
    assert (one["not_interpreted"], one["classification"], one["points"]) == (reason, None, None)
    assert one["evidence"] == [] and told["result"] == "nothing_found"
    assert one["mate"] == ("chr4:77" if reason == "breakend" else None)


def test_both_copies_lost_of_a_recessive_gene_is_noted(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    lost = gene("MKKS", haploinsufficiency=30)
    told = found(cohort, "P", [event("P", genes=[lost], genotype="1/1")])
    (one,) = told["events"]["events"]
    assert one["zygosity"] == "homozygous"
    assert one["notes"] == [{"code": "biallelic_loss", "gene": "MKKS", "variant": ""}]
    assert (one["classification"], told["result"]) == ("uncertain", "possible")
    assert {disease["gene"] for disease in one["diseases"]} == {"MKKS"}


def test_a_variant_in_a_half_lost_recessive_gene_is_noted(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    cohort.site("MKKS", 10_402_500, carriers={"P": "0/1"}, impact="HIGH",
                consequence="stop_gained")  # fmt: skip
    lost = gene("MKKS", haploinsufficiency=30)
    (one,) = found(cohort, "P", [event("P", genes=[lost])])["events"]["events"]
    (note,) = one["notes"]
    assert (note["code"], note["gene"]) == ("second_hit", "MKKS")
    assert note["variant"].startswith("NM_170784.3:c.")


@pytest.mark.parametrize(
    ("away", "change", "candidates"),
    [
        (0, {}, 0),
        (50, {}, 0),
        (51, {}, 1),
        (0, {"filter": "weak_caller_alone"}, 1),
        (0, {"by_breakpoints": False}, 1),
    ],
)
def test_a_small_variant_at_a_breakpoint_is_its_trace(
    cohort: Any, away: int, change: dict[str, Any], candidates: int
) -> None:
    cohort.person("P", affected="yes")
    lost = event("P", genes=[gene()], **change)
    cohort.site("JAG1", lost["start"] - away, carriers={"P": "0/1"}, impact="HIGH",
                consequence="frameshift_variant")  # fmt: skip
    told = found(cohort, "P", [lost])
    (one,) = told["events"]["events"]
    assert (len(told["candidates"]), len(one["traces"])) == (candidates, 1 - candidates)
    if not candidates:
        assert one["traces"][0].startswith("NM_000214.3:c.")


def test_what_clinvar_asserts_at_a_breakpoint_is_no_trace(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    lost = event("P", genes=[gene()])
    cohort.site("JAG1", lost["end"], carriers={"P": "0/1"}, impact="HIGH",
                consequence="stop_gained", clinvar_significance="Pathogenic",
                clinvar_stars=2)  # fmt: skip
    told = found(cohort, "P", [lost])
    assert len(told["candidates"]) == 1 and told["events"]["events"][0]["traces"] == []


def test_a_common_homozygous_loss_without_disease_is_not_noted(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    lost = gene("NOGENE1", haploinsufficiency=None)
    (one,) = found(cohort, "P", [event("P", genes=[lost], genotype="1/1")])["events"]["events"]
    assert one["notes"] == []


def test_mitochondrial_variants_rest_on_reviewed_records(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    sites = [
        site("P"),
        site("P", position=4_000, clinvar_stars=0),
        site("P", position=5_000, filter="strand"),
        site("P", position=6_000, clinvar_significance=None, genes="MT-ND1;MT-ND2",
             consequence="missense_variant;synonymous_variant"),
    ]  # fmt: skip
    told = found(cohort, "P", [], sites)
    variants = told["events"]["mitochondrial"]
    assert [one["asserted"] for one in variants] == [True, False, False, False]
    assert variants[0]["clinvar"]["conditions"] == ["MELAS_syndrome", "Leigh_syndrome"]
    assert variants[3]["clinvar"] is None and variants[3]["genes"] == ["MT-ND1", "MT-ND2"]
    assert told["result"] == "possible"


def test_only_what_was_looked_for_leaves_the_list_of_gaps(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    seen = [looked("P", copy_number="too_noisy", smallest_length=None, mitochondrial="strange")]
    told = found(cohort, "P", [], assessed=seen)
    assert set(told["not_assessed"]) & NOT_LOOKED_FOR == {"copy_number", "mitochondrial"}
    assert told["events"]["looked_for"]["copy_number"] == "too_noisy"
    assert told["events"]["looked_for"]["mitochondrial"] == "other"
    none = cohort.interpret("P")
    assert none["events"] is None and set(none["not_assessed"]) >= NOT_LOOKED_FOR


def test_events_come_worst_first_and_benign_ones_stay(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    harmless = {"region": "R", "name": "harmless", "start": 1, "end": 2, "share": 0.1,
                "haploinsufficiency": 40, "triplosensitivity": None, "within": True,
                "genes": []}  # fmt: skip
    rows = [
        event("P", event="insertion", kind="insertion"),
        event("P", event="benign", genes=[], regions=[harmless]),
        event("P", event="uncertain", genes=[gene(haploinsufficiency=0)]),
        event("P", event="lost"),
    ]
    told = found(cohort, "P", rows)["events"]["events"]
    assert [one["event"] for one in told] == ["lost", "uncertain", "benign", "insertion"]
    assert told[2]["classification"] == "benign"


def test_a_sample_that_annotation_does_not_know_is_a_fault(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    with pytest.raises(FaultError, match="annotation events"):
        found(cohort, "P", [], assessed=[looked("Q")])


@pytest.mark.parametrize(
    ("genotype", "copies", "expected", "word"),
    [
        ("0/1", None, 2, "heterozygous"), ("0|1", 1, 2, "heterozygous"),
        ("1/1", None, 2, "homozygous"), ("./.", 0, 2, "homozygous"),
        ("./.", 1, 2, "heterozygous"), ("./.", 3, 2, "heterozygous"),
        ("./.", None, 2, "unknown"), ("./.", 2, 2, "unknown"), ("1", 0, 1, "hemizygous"),
    ],
)  # fmt: skip
def test_zygosity(genotype: str, copies: int | None, expected: int, word: str) -> None:
    row = {"genotype": genotype, "copies": copies, "expected_copies": expected}
    assert zygosity(row) == word


def test_whether_two_events_are_the_same() -> None:
    one = event("P", start=1_000, end=2_000)
    assert same(one, event("Q", start=1_500, end=2_500))
    assert not same(one, event("Q", start=1_501, end=2_501))
    assert not same(one, event("Q", start=1_000, end=2_000, kind="duplication"))
    inserted = event("P", start=1_000, end=1_001, kind="insertion")
    assert same(inserted, inserted | {"start": 1_100, "end": 1_101})
    assert not same(inserted, inserted | {"start": 1_101, "end": 1_102})


def test_depth_alone_asks_whether_the_parent_was_read_by_depth() -> None:
    status = looked("Q", copy_number="too_noisy")
    by_depth = event("P", by_breakpoints=False, by_depth=True)
    assert parent_seen(by_depth, [], status) == "unknown"
    assert parent_seen(event("P"), [], status) == "not_found"
    assert parent_seen(event("P"), None, status) == "absent"
    assert parent_seen(event("P"), [], None) == "unknown"
