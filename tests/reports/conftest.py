"""Findings of synthetic people, as interpretation hands them on."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from soyang.reports.report import report

Json = dict[str, Any]
METHOD_GAPS = [
    "copy_number",
    "structural",
    "mitochondrial",
    "repeat_expansion",
    "pharmacogenomics",
    "mosaic",
]
GENES = ["AVP", "ITPA", "JAG1", "MCM8", "MKKS", "PRNP", "PROKR2", "SLC52A3", "SNAP25"]


def clinvar(significance: str, stars: int = 2, identifier: str | None = "7644") -> Json:
    review = {
        0: "no_assertion_criteria_provided",
        1: "criteria_provided,_single_submitter",
        2: "criteria_provided,_multiple_submitters,_no_conflicts",
        3: "reviewed_by_expert_panel",
    }[stars]
    return {
        "variation_id": identifier,
        "significance": significance,
        "review": review,
        "stars": stars,
        "conditions": ["Alagille_syndrome_1"],
    }


def variant(gene: str = "JAG1", **over: Any) -> Json:
    base: Json = {
        "contig": "chr20",
        "position": 10_658_636,
        "ref": "GACTG",
        "alt": "G",
        "gene": gene,
        "transcript": "NM_000214.3",
        "ensembl": "ENST00000254958.10",
        "consequence": "frameshift",
        "impact": "HIGH",
        "hgvs_g": "NC_000020.11:g.10658637_10658640del",
        "hgvs_c": "c.1156_1159del",
        "hgvs_p": "p.(Gln386ValfsTer24)",
        "rsid": None,
        "genotype": "0/1",
        "zygosity": "heterozygous",
        "depth": 31,
        "alt_depth": 14,
        "clinvar": None,
        "frequencies": [
            {"source": "cohort", "state": "found", "ac": 1, "an": 20, "nhomalt": 0},
            {"source": "population", "state": "not_assessed", "ac": None, "an": None,
             "nhomalt": None},
        ],
        "father": "absent",
        "mother": "absent",
    }  # fmt: skip
    made = base | over
    if made["hgvs_c"] and ":" not in made["hgvs_c"]:
        made["hgvs_c"] = f"{made['transcript']}:{made['hgvs_c']}"
    return made


def candidate(gene: str, model: str, variants: list[Json], **over: Any) -> Json:
    base: Json = {
        "rank": 1,
        "tier": "likely",
        "gene": gene,
        "model": model,
        "phase": "not_applicable",
        "score": 0.93,
        "phenotype_score": 0.81,
        "variants": variants,
        "diseases": [],
        "matched": [],
        "reasons_for": [],
        "reasons_against": [],
    }
    return base | over


def decoy(rank: int, gene: str = "PRNP") -> Json:
    rare = variant(
        gene,
        transcript="NM_000311.5",
        ensembl="ENST00000379440.9",
        position=4_699_570,
        ref="A",
        alt="G",
        consequence="missense",
        impact="MODERATE",
        hgvs_g="NC_000020.11:g.4699570A>G",
        hgvs_c="c.350A>G",
        hgvs_p="p.(Asn117Ser)",
        clinvar=clinvar("Uncertain_significance", 1, "900001"),
        father="reference",
        mother="carrier",
    )
    return candidate(
        gene,
        "dominant",
        [rare],
        rank=rank,
        tier="weak",
        phenotype_score=0.12,
        score=0.2,
        diseases=[
            {"id": "OMIM:123400", "name": "Creutzfeldt-Jakob disease",
             "inheritance": ["AD"]},
        ],
        reasons_for=[{"code": "rare", "values": {"frequency": 0.000012}}],
        reasons_against=[
            {"code": "clinvar_uncertain", "values": {"significance": "Uncertain", "stars": 1}},
            {"code": "inherited_from_unaffected", "values": {"parent": "mother"}},
            {"code": "phenotype_poor", "values": {}},
        ],
    )  # fmt: skip


def phenotype(hpo_id: str, name: str, code: str, concept: int, first: str, last: str) -> Json:
    return {
        "hpo_id": hpo_id,
        "hpo_name": name,
        "status": "observed",
        "source_code": code,
        "source_vocabulary": "KCD8",
        "concept_id": concept,
        "match": "exact",
        "hospital": "hospital-a",
        "first_date": first,
        "last_date": last,
    }


def findings(person: str, **over: Any) -> Json:
    base: Json = {
        "version": 1,
        "person": person,
        "sample": f"S-{person}",
        "hospital": "hospital-a",
        "family": "",
        "sex": "female",
        "affected": "yes",
        "assembly": "GRCh38",
        "assay": "wgs",
        "entry": "fastq",
        "consent": ["clinical_care", "research"],
        "identity_confirmed": True,
        "record": "found",
        "phenotypes": [],
        "unmapped_records": 0,
        "result": "candidate",
        "candidates": [],
        "carriers": None,
        "events": None,
        "genes_assessed": GENES,
        "coverage": {
            "known": True,
            "genes": 9,
            "coding_bases": 16_218,
            "callable_bases": 16_218,
            "not_callable": [],
        },
        "not_assessed": [*METHOD_GAPS, "outside_genes", "no_parents", "no_population_frequency"],
        "sources": [
            {"name": "ClinVar", "release": "2020-11", "licence": "public domain",
             "note": "real records, lifted from GRCh37 by constant shift for this demo"},
            {"name": "MANE transcripts", "release": "1.5", "licence": "NCBI and EMBL-EBI terms",
             "note": ""},
            {"name": "Human Phenotype Ontology", "release": "2025-01-16", "licence": "HPO licence",
             "note": ""},
            {"name": "bcftools", "release": "1.16", "licence": "MIT/Expat", "note": "caller"},
        ],
    }  # fmt: skip
    return base | over


def no_source_gaps(*names: str) -> list[str]:
    return [*METHOD_GAPS, "outside_genes", "no_population_frequency", *names]


ALAGILLE = [
    {"id": "OMIM:118450", "name": "Alagille syndrome 1", "inheritance": ["AD"]},
    {"id": "OMIM:187500", "name": "Tetralogy of Fallot",
     "inheritance": ["AD", "AR"]},
]  # fmt: skip
CHILD_RECORD = [
    phenotype("HP:0001396", "Cholestasis", "K83.1", 4_143_915, "2021-03-02", "2023-11-20"),
    phenotype("HP:0004415", "Pulmonary artery stenosis", "Q25.6", 4_119_613, "2021-02-11",
              "2021-02-11"),
    phenotype("HP:0003422", "Vertebral segmentation defect", "Q76.4", 4_079_975, "2021-04-15",
              "2021-04-15"),
]  # fmt: skip


def jag1_de_novo() -> Json:
    new = variant(
        father="reference",
        mother="reference",
        clinvar=clinvar("Pathogenic/Likely_pathogenic", 2, "7644"),
        rsid="rs1555826472",
    )
    best = candidate(
        "JAG1",
        "de_novo",
        [new],
        diseases=ALAGILLE,
        matched=[
            {"hpo_id": "HP:0001396", "hpo_name": "Cholestasis", "disease_hpo_id": "HP:0001396",
             "disease_hpo_name": "Cholestasis", "information": 5.2},
            {"hpo_id": "HP:0004415", "hpo_name": "Pulmonary artery stenosis",
             "disease_hpo_id": "HP:0004969", "disease_hpo_name":
             "Peripheral pulmonary artery stenosis", "information": 6.9},
        ],
        reasons_for=[
            {"code": "clinvar_likely_pathogenic",
             "values": {"significance": "Pathogenic/Likely_pathogenic", "stars": 2}},
            {"code": "loss_of_function", "values": {"consequence": "frameshift"}},
            {"code": "de_novo", "values": {}},
            {"code": "phenotype_match", "values": {"n_matched": 2, "n_terms": 3, "score": 0.81}},
        ],
        reasons_against=[{"code": "frequency_not_assessed", "values": {}}],
    )  # fmt: skip
    return findings(
        "P001",
        family="F01",
        phenotypes=CHILD_RECORD,
        unmapped_records=2,
        candidates=[best, decoy(2), decoy(3, "MCM8")],
        not_assessed=no_source_gaps(),
    )


def slc52a3_unknown_phase() -> Json:
    first = variant(
        "SLC52A3",
        transcript="NM_033409.4",
        ensembl="ENST00000645534.1",
        position=763_821,
        ref="G",
        alt="A",
        consequence="stop_gained",
        hgvs_g="NC_000020.11:g.763821G>A",
        hgvs_c="c.639C>G",
        hgvs_p="p.(Tyr213Ter)",
        clinvar=clinvar("Pathogenic", 1, "1044"),
    )
    second = first | {
        "position": 765_001,
        "ref": "C",
        "alt": "T",
        "consequence": "missense",
        "impact": "MODERATE",
        "hgvs_g": "NC_000020.11:g.765001C>T",
        "hgvs_c": "c.106G>A",
        "hgvs_p": "p.(Glu36Lys)",
        "clinvar": clinvar("Pathogenic", 0, "1039"),
        "rsid": "rs267606686",
    }
    best = candidate(
        "SLC52A3",
        "compound_heterozygous",
        [first, second],
        phase="unknown",
        diseases=[
            {"id": "OMIM:211530", "name": "Brown-Vialetto-Van Laere syndrome 1",
             "inheritance": ["AR"]},
            {"id": "OMIM:211500", "name": "Fazio-Londe disease",
             "inheritance": ["AR"]},
        ],
        reasons_for=[
            {"code": "clinvar_pathogenic", "values": {"variant": "NM_033409.4:c.639C>G",
             "significance": "Pathogenic", "stars": 1}},
            {"code": "clinvar_pathogenic", "values": {"variant": "NM_033409.4:c.106G>A",
             "significance": "Pathogenic", "stars": 0}},
            {"code": "phenotype_match", "values": {"n_matched": 3, "n_terms": 3, "score": 0.77}},
        ],
        reasons_against=[
            {"code": "phase_unknown", "values": {}},
            {"code": "frequency_not_assessed", "values": {}},
        ],
    )  # fmt: skip
    return findings(
        "P004",
        sex="male",
        hospital="hospital-b",
        identity_confirmed=False,
        phenotypes=[
            phenotype("HP:0000407", "Sensorineural hearing impairment", "H90.3", 374_366,
                      "2019-06-02", "2024-01-30"),
            phenotype("HP:0001283", "Bulbar palsy", "G12.2", 4_092_411, "2023-08-11",
                      "2024-02-02"),
            phenotype("HP:0002747", "Respiratory insufficiency due to muscle weakness", "J96.1",
                      4_256_228, "2024-02-02", "2024-02-02"),
        ],
        candidates=[best, decoy(2)],
    )  # fmt: skip


def avp_dominant() -> Json:
    signal = variant(
        "AVP",
        transcript="NM_000490.5",
        ensembl="ENST00000380293.3",
        position=3_084_653,
        ref="C",
        alt="T",
        consequence="missense",
        impact="MODERATE",
        hgvs_g="NC_000020.11:g.3084653C>T",
        hgvs_c="c.55G>A",
        hgvs_p="p.(Ala19Thr)",
        clinvar=clinvar("Pathogenic", 1, "12214"),
    )
    best = candidate(
        "AVP",
        "dominant",
        [signal],
        diseases=[
            {"id": "OMIM:125700", "name": "Diabetes insipidus, neurohypophyseal",
             "inheritance": ["AD"]},
        ],
        reasons_for=[
            {"code": "clinvar_pathogenic", "values": {"significance": "Pathogenic", "stars": 1}},
            {"code": "phenotype_match", "values": {"n_matched": 1, "n_terms": 1, "score": 0.9}},
        ],
        reasons_against=[{"code": "de_novo_unconfirmed", "values": {}}],
    )  # fmt: skip
    return findings(
        "P005",
        candidates=[best, decoy(2)],
        phenotypes=[
            phenotype("HP:0000863", "Central diabetes insipidus", "E23.2", 30_968, "2022-05-09",
                      "2024-03-12"),
        ],
    )  # fmt: skip


def mkks_carrier() -> Json:
    carried = variant(
        "MKKS",
        transcript="NM_170784.3",
        ensembl="ENST00000347364.8",
        position=10_412_713,
        ref="G",
        alt="A",
        consequence="missense",
        impact="MODERATE",
        hgvs_g="NC_000020.11:g.10412713G>A",
        hgvs_c="c.250C>T",
        hgvs_p="p.(His84Tyr)",
        clinvar=clinvar("Pathogenic", 0, "5315"),
        rsid="rs74315396",
    )
    return findings(
        "P006",
        sex="male",
        affected="no",
        entry="cram",
        result="no_question",
        consent=["clinical_care", "research", "secondary_findings"],
        carriers=[
            {"variant": carried, "diseases": [
                {"id": "OMIM:236700", "name": "McKusick-Kaufman syndrome",
                 "inheritance": ["AR"]}]}
        ],
    )  # fmt: skip


def unaffected_without_consent() -> Json:
    return mkks_carrier() | {"carriers": None, "consent": ["clinical_care"], "person": "P013"}


def nothing_found() -> Json:
    return findings(
        "P007",
        result="nothing_found",
        phenotypes=CHILD_RECORD,
        candidates=[decoy(1)],
        coverage={
            "known": True,
            "genes": 9,
            "coding_bases": 16_218,
            "callable_bases": 15_963,
            "not_callable": [
                {"gene": "JAG1", "transcript": "NM_000214.3", "exon": 4, "bases": 255,
                 "of_bases": 255, "hgvs_region": "chr20:10658458-10658712"}
            ],
        },
    )  # fmt: skip


def gvcf_person() -> Json:
    return nothing_found() | {"person": "P008", "entry": "gvcf", "record": "not_found",
                              "phenotypes": [], "identity_confirmed": False}  # fmt: skip


def vcf_person() -> Json:
    return findings(
        "P009",
        entry="vcf",
        result="nothing_found",
        consent=["clinical_care", "secondary_findings"],
        carriers=[],
        identity_confirmed=False,
        phenotypes=CHILD_RECORD[:1],
        candidates=[decoy(1)],
        coverage={
            "known": False,
            "genes": 9,
            "coding_bases": 16_218,
            "callable_bases": 0,
            "not_callable": [],
        },
        not_assessed=[*no_source_gaps("no_parents"), "absence_unknown"],
    )


def brca1_planted() -> Json:
    planted = variant(
        "BRCA1",
        contig="chr17",
        position=43_092_418,
        ref="T",
        alt="TA",
        transcript="NM_007294.4",
        ensembl="ENST00000357654.9",
        hgvs_g="NC_000017.11:g.43092419dup",
        hgvs_c="c.3113dup",
        hgvs_p="p.(Tyr1038Ter)",
        clinvar=clinvar("Pathogenic", 3, "54784"),
        rsid="rs80357575",
    )
    best = candidate(
        "BRCA1",
        "dominant",
        [planted],
        phenotype_score=None,
        diseases=[
            {"id": "OMIM:604370", "name": "Breast-ovarian cancer, familial, susceptibility to, 1",
             "inheritance": ["AD"]},
        ],
        reasons_for=[
            {"code": "clinvar_pathogenic", "values": {"significance": "Pathogenic", "stars": 3}},
            {"code": "loss_of_function", "values": {"consequence": "frameshift"}},
        ],
        reasons_against=[{"code": "phenotype_not_assessed", "values": {}}],
    )  # fmt: skip
    return findings(
        "NA12878",
        assay="panel",
        record="no_platform",
        identity_confirmed=False,
        genes_assessed=["BRCA1"],
        candidates=[best],
        coverage={"known": True, "genes": 1, "coding_bases": 5_592, "callable_bases": 5_590,
                  "not_callable": [{"gene": "BRCA1", "transcript": "NM_007294.4", "exon": 15,
                                    "bases": 2, "of_bases": 191,
                                    "hgvs_region": "chr17:43067608-43067609"}]},
    )  # fmt: skip


def looked_for(**over: Any) -> Json:
    base: Json = {
        "structural": None,
        "copy_number": None,
        "mitochondrial": None,
        "targets_only": False,
        "smallest_length": 3_000,
        "min_heteroplasmy": 0.05,
        "mitochondrial_share": 0.998,
        "clinvar_mitochondrial": True,
    }
    return base | over


def events(*found: Json, mitochondrial: list[Json] | None = None, **over: Any) -> Json:
    base: Json = {
        "looked_for": looked_for(),
        "question": True,
        "events": list(found),
        "events_seen": len(found) + 61,
        "counted_in_genes": 23,
        "counted_between_genes": 38,
        "not_scored": ["literature", "predictors", "population_frequency"],
        "mitochondrial": mitochondrial or [],
    }
    return base | over


def event_gene(gene: str = "JAG1", **over: Any) -> Json:
    base: Json = {
        "gene": gene,
        "transcript": "NM_000214.3",
        "extent": "whole",
        "part": "coding",
        "exons": "1-26",
        "of_exons": 26,
        "haploinsufficiency": 3,
        "triplosensitivity": 0,
    }
    return base | over


def line(code: str, points: float, reason: str, **values: Any) -> Json:
    return {"code": code, "points": points, "reason": reason, "values": values}


def event(**over: Any) -> Json:
    base: Json = {
        "event": "dysgu-17",
        "kind": "deletion",
        "contig": "chr20",
        "first": 10_630_112,
        "last": 10_681_340,
        "length": 51_229,
        "mate": None,
        "hgvs_g": "NC_000020.11:g.10630112_10681340del",
        "genotype": "0/1",
        "zygosity": "heterozygous",
        "copies": 1,
        "expected_copies": 2,
        "support": 17,
        "quality": 99.0,
        "callers": ["delly", "depth", "dysgu"],
        "filter": "PASS",
        "by_breakpoints": True,
        "by_depth": True,
        "genes": [event_gene()],
        "regions": [],
        "cohort_carriers": 1,
        "cohort_assessed": 10,
        "father": "not_found",
        "mother": "not_found",
        "classification": "pathogenic",
        "not_interpreted": None,
        "points": 1.1,
        "evidence": [
            line("1A", 0.0, "coding_content", n=1),
            line("2A", 1.0, "hi_gene_whole", gene="JAG1"),
            line("3A", 0.0, "genes", n=1),
            line("5A", 0.1, "de_novo_assumed"),
        ],
        "notes": [],
        "traces": [],
        "diseases": [{"gene": "JAG1", **disease} for disease in ALAGILLE],
    }
    return base | over


def mitochondrial(asserted: bool = True, **over: Any) -> Json:
    base: Json = {
        "hgvs_m": "NC_012920.1:m.3243A>G",
        "contig": "chrM",
        "position": 3_243,
        "ref": "A",
        "alt": "G",
        "genes": ["MT-TL1"],
        "consequences": ["non_coding_transcript_variant"],
        "heteroplasmy": 0.312,
        "depth": 1_904,
        "alt_depth": 594,
        "filter": "PASS",
        "clinvar": {
            "variation_id": "9589",
            "significance": "Pathogenic",
            "review": "reviewed_by_expert_panel",
            "stars": 3,
            "conditions": ["MELAS_syndrome"],
        },
        "asserted": asserted,
    }
    return base | over


HAPLOGROUP = [
    mitochondrial(False, hgvs_m=f"NC_012920.1:m.{place}", position=position, ref=place[-3],
                  alt=place[-1], genes=genes, consequences=words, heteroplasmy=1.0, depth=2_011,
                  alt_depth=2_011, clinvar=None)
    for place, position, genes, words in [
        ("73A>G", 73, [], []),
        ("1438A>G", 1_438, ["MT-RNR1"], ["non_coding_transcript_variant"]),
        ("8701A>G", 8_701, ["MT-ATP6"], ["missense_variant"]),
    ]
]  # fmt: skip
SEEN = ["repeat_expansion", "pharmacogenomics", "mosaic", "outside_genes",
        "no_population_frequency"]  # fmt: skip


def deletion_found() -> Json:
    return findings(
        "P020",
        family="F20",
        phenotypes=CHILD_RECORD,
        events=events(event(), mitochondrial=HAPLOGROUP),
        not_assessed=SEEN,
    )


def gain_uncertain() -> Json:
    gain = event(
        event="dup-3", kind="duplication", first=5_950_201, last=6_010_900, length=60_700,
        hgvs_g="NC_000020.11:g.(?_5950201)_(6010900_?)dup", copies=3, support=None,
        callers=["depth"], by_breakpoints=False, father="unknown", mother="absent",
        genes=[event_gene("MCM8", transcript="NM_032485.6", extent="five_prime", exons="1-4",
                          of_exons=19, haploinsufficiency=None, triplosensitivity=None)],
        regions=[], classification="uncertain", points=0.0, diseases=[],
        evidence=[
            line("1A", 0.0, "coding_content", n=1),
            line("2L", 0.0, "other_gene_breakpoint", genes=["MCM8"]),
            line("3A", 0.0, "genes", n=1),
            line("5F", 0.0, "inheritance_unknown"),
        ],
    )  # fmt: skip
    insertion = event(
        event="ins-1", kind="insertion", first=4_699_300, last=4_699_300, length=312,
        hgvs_g="NC_000020.11:g.4699300_4699301insN[312]", copies=None, by_depth=False,
        classification=None, not_interpreted="insertion", points=None, evidence=[], diseases=[],
        genes=[event_gene("PRNP", transcript="NM_000311.5", extent="internal", exons="2",
                          of_exons=2, haploinsufficiency=0)],
        father="unknown", mother="unknown", cohort_carriers=None,
    )  # fmt: skip
    broken = event(
        event="bnd-1", kind="breakend", first=10_650_001, last=10_650_001, length=None,
        hgvs_g=None, mate="chr4:190000123", copies=None, by_depth=False, filter="PASS",
        classification=None, not_interpreted="breakend", points=None, evidence=[], diseases=[],
        genes=[event_gene(extent="internal", part="intron", exons="")],
        father="unknown", mother="unknown", cohort_carriers=None,
    )  # fmt: skip
    return findings(
        "P021",
        result="nothing_found",
        phenotypes=CHILD_RECORD,
        events=events(gain, insertion, broken, event(event="b", classification="benign",
                                                     points=-1.0)),
        not_assessed=[*SEEN, "no_parents"],
    )  # fmt: skip


def mitochondrial_found() -> Json:
    return findings(
        "P022",
        result="possible",
        events=events(mitochondrial=[mitochondrial(), *HAPLOGROUP]),
        not_assessed=SEEN,
    )


def events_nothing() -> Json:
    return nothing_found() | {"person": "P023", "events": events(), "not_assessed": SEEN}


def events_not_looked_for() -> Json:
    status = looked_for(structural="no_reads", copy_number="no_reads", mitochondrial="no_reads",
                        smallest_length=None, min_heteroplasmy=None, mitochondrial_share=None,
                        clinvar_mitochondrial=False)  # fmt: skip
    none = events(looked_for=status, events_seen=0, counted_in_genes=0, counted_between_genes=0)
    return vcf_person() | {"person": "P024", "events": none}


def region_lost() -> Json:
    """Many genes at once, an unclear other copy, and a loss of both copies."""
    names = [f"GENE{n}" for n in range(44)]
    genes = [event_gene(name, haploinsufficiency=None, triplosensitivity=None) for name in names]
    region = {"region": "ISCA-37446", "name": "22q11.2 recurrent region (proximal, A-D)",
              "share": 1.0, "haploinsufficiency": 3, "triplosensitivity": 3}  # fmt: skip
    large = event(
        event="cn-1", contig="chr22", first=18_900_001, last=21_500_000, length=2_600_000,
        hgvs_g="NC_000022.11:g.(?_18900001)_(21500000_?)del", support=None, callers=["depth"],
        by_breakpoints=False, genes=genes, regions=[region], father="carrier", mother="not_found",
        points=1.9, diseases=[],
        evidence=[
            line("1A", 0.0, "coding_content", n=44),
            line("2A", 1.0, "hi_region_whole", region=region["name"]),
            line("3C", 0.9, "genes", n=44),
            line("5C", 0.0, "inherited_established", parent="father"),
        ],
    )  # fmt: skip
    both = event(
        event="del-2", zygosity="homozygous", genotype="1/1", copies=0, classification="uncertain",
        points=0.0, genes=[event_gene("ITPA", haploinsufficiency=30, exons="1-8", of_exons=8)],
        evidence=[line("1A", 0.0, "coding_content", n=1), line("3A", 0.0, "genes", n=1),
                  line("5F", 0.0, "inheritance_unknown")],
        notes=[{"code": "biallelic_loss", "gene": "ITPA", "variant": ""}],
        traces=["NM_033453.4:c.124+9_124+10insTGTGGTTATGGAGTCATC", "NC_000020.11:g.3210502A>G"],
        diseases=[{"gene": "ITPA", "id": "OMIM:616647", "name": "Developmental and epileptic "
                   "encephalopathy 35", "inheritance": ["AR"]}],
    )  # fmt: skip
    return findings("P025", phenotypes=CHILD_RECORD, events=events(large, both), not_assessed=SEEN)


def long_names() -> Json:
    """Names that are hard to break into lines."""
    content = slc52a3_unknown_phase() | {"person": "P" * 60, "hospital": "hospital-" + "b" * 60}
    inserted = "ACGT" * 60
    content["candidates"][0]["variants"][0] |= {
        "hgvs_c": f"c.1156_1157ins{inserted}",
        "hgvs_g": f"NC_000020.11:g.763821_763822ins{inserted}",
        "ref": "A",
        "alt": f"A{inserted}",
    }
    content["candidates"][0]["reasons_for"][0]["values"]["variant"] = f"c.1156_1157ins{inserted}"
    return content


CASES: dict[str, Callable[[], Json]] = {
    "jag1": jag1_de_novo,
    "slc52a3": slc52a3_unknown_phase,
    "avp": avp_dominant,
    "mkks": mkks_carrier,
    "no_consent": unaffected_without_consent,
    "nothing": nothing_found,
    "gvcf": gvcf_person,
    "vcf": vcf_person,
    "brca1": brca1_planted,
    "long": long_names,
    "deletion": deletion_found,
    "gain": gain_uncertain,
    "mitochondrial": mitochondrial_found,
    "events_nothing": events_nothing,
    "events_not_looked_for": events_not_looked_for,
    "region": region_lost,
}


@pytest.fixture(scope="session")
def findings_schema(root: Path) -> Path:
    """Schema of findings.json."""
    return root / "workflow" / "schemas" / "findings.schema.json"


@pytest.fixture(scope="session")
def report_schema(root: Path) -> Path:
    """Schema of report.json."""
    return root / "workflow" / "schemas" / "report.schema.json"


@pytest.fixture(scope="session")
def actions(root: Path) -> Path:
    """The table of cited actions."""
    return root / "resources" / "knowledge" / "actions.tsv"


@pytest.fixture
def case(findings_schema: Path) -> Callable[[str], Json]:
    """Findings of one synthetic person, by name; a fresh copy, to be changed at will."""
    validator = Draft202012Validator(json.loads(findings_schema.read_text(encoding="utf-8")))

    def make(name: str) -> Json:
        content = copy.deepcopy(CASES[name]())
        validator.validate(content)
        return content

    return make


@pytest.fixture(scope="session", params=sorted(CASES))
def every_case(request: pytest.FixtureRequest) -> Json:
    """Each synthetic person in turn; not to be changed."""
    return CASES[request.param]()


@pytest.fixture(scope="session")
def every_folder(
    every_case: Json,
    tmp_path_factory: pytest.TempPathFactory,
    findings_schema: Path,
    report_schema: Path,
    actions: Path,
) -> Path:
    """The report of each synthetic person in turn, made once."""
    folder = tmp_path_factory.mktemp("reports")
    path = folder / "findings.json"
    path.write_text(json.dumps(every_case), encoding="utf-8")
    report(
        findings=path,
        findings_schema=findings_schema,
        report_schema=report_schema,
        actions=actions,
        language=["en", "ko", "ja"],
        date="2025-06-01",
        title_note=["en=Everyone here is synthetic."],
        output=folder / "보고서",
    )
    return folder / "보고서"
