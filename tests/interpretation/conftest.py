"""A small cohort, written as the other rooms write it, and interpreted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.admission.tables import ADMITTED
from soyang.annotation.tables import ANNOTATED, TRANSCRIPTS
from soyang.cohort.tables import CALLABLE, GENOTYPES, SAMPLES
from soyang.core.assembly import Assembly
from soyang.core.people import Consent
from soyang.core.tables import write_table
from soyang.identity.tables import VERDICTS
from soyang.interpretation.clinvar import ClinVarRecord
from soyang.interpretation.evidence import Call, Limits, significance
from soyang.interpretation.interpret import interpret
from soyang.interpretation.tables import FoundVariant
from soyang.phenotypes.ontology import ontology
from soyang.phenotypes.tables import PERSON_MAPPING, PERSONS, PROFILE

GENES = {
    "AVP": ("NM_000490.5", 3_082_600),
    "ITPA": ("NM_033453.4", 3_209_600),
    "JAG1": ("NM_000214.3", 10_640_000),
    "MKKS": ("NM_170784.3", 10_402_000),
    "PRNP": ("NM_000311.5", 4_699_000),
    "PROKR2": ("NM_144773.4", 5_302_000),
    "SLC52A3": ("NM_033409.4", 761_000),
}


@dataclass
class Cohort:
    """Tables of a cohort on chr20, filled person by person."""

    folder: Path
    terms: Path
    diseases: Path
    admitted: list[dict[str, Any]] = field(default_factory=list)
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    samples: list[dict[str, Any]] = field(default_factory=list)
    genotypes: list[dict[str, Any]] = field(default_factory=list)
    callable: list[dict[str, Any]] = field(default_factory=list)
    sites: dict[tuple[int, str, str], dict[str, Any]] = field(default_factory=dict)
    persons: list[dict[str, Any]] = field(default_factory=list)
    person_mapping: list[dict[str, Any]] = field(default_factory=list)
    profile: list[dict[str, Any]] = field(default_factory=list)
    sources: list[dict[str, str]] = field(default_factory=list)
    exons: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {
                "gene": gene,
                "transcript": transcript,
                "ensembl": "ENST00000000001.1",
                "contig": "chr20",
                "exon": exon,
                "start": start + 1_000 * exon,
                "end": start + 1_000 * exon + 150,
            }
            for gene, (transcript, start) in GENES.items()
            for exon in (1, 2, 3)
        ]
    )

    def person(
        self,
        name: str,
        *,
        affected: str = "no",
        father: str = "",
        mother: str = "",
        sex: str = "unknown",
        consent: str = "clinical_care;research",
        status: str = "admitted",
        verdict: str = "pass",
        callable_known: bool = True,
        callable: list[tuple[int, int]] | None = None,
        phenotypes: tuple[str, ...] = (),
        excluded: tuple[str, ...] = (),
        confirmed_by: str = "",
    ) -> None:
        sample = f"{name}-s"
        self.admitted.append(
            {
                "person": name,
                "sample": sample,
                "hospital": "H1",
                "entry": "fastq",
                "status": status,
                "reason": "",
                "sex": sex,
                "family": "F",
                "father": father,
                "mother": mother,
                "affected": affected,
                "assay": "wgs",
                "consent": consent,
            }
        )
        self.verdicts.append(
            {
                "person": name,
                "sample": sample,
                "verdict": verdict,
                "reason": "" if verdict == "pass" else "kinship",
                "note": "",
                "contamination": None,
                "override": "",
                "confirmed_by": confirmed_by,
                "sex_found": "not_assessed",
            }
        )
        self.samples.append(
            {"person": name, "sample": sample, "callable_known": callable_known, "counted": True}
        )
        for start, end in [(0, 10_700_000)] if callable is None else callable:
            self.callable.append({"sample": sample, "contig": "chr20", "start": start, "end": end})
        self.persons.append(
            {
                "person": name,
                "hospital": "H1",
                "record": "found" if phenotypes else "not_found",
                "sex_recorded": "unknown",
                "records": len(phenotypes),
            }
        )
        self.person_mapping.append({"person": name, "records": len(phenotypes), "unmapped": 0})
        for status_, terms in (("observed", phenotypes), ("excluded", excluded)):
            self.profile += [_phenotype(name, term, status_) for term in terms]

    def site(
        self,
        gene: str,
        position: int,
        ref: str = "C",
        alt: str = "T",
        *,
        carriers: dict[str, str],
        impact: str = "MODERATE",
        consequence: str = "missense",
        depth: int = 30,
        alt_depth: int | None = None,
        filter: str = "PASS",
        phase_set: int | None = None,
        **annotation: Any,
    ) -> None:
        """One site of a gene and who carries it (person to GT)."""
        self.sites[position, ref, alt] = {
            "contig": "chr20",
            "position": position,
            "ref": ref,
            "alt": alt,
            "gene": gene,
            "transcript": GENES[gene][0],
            "consequence": consequence,
            "impact": impact,
            "hgvs_g": f"NC_000020.11:g.{position}{ref}>{alt}",
            "hgvs_c": f"{GENES[gene][0]}:c.{position % 1000}{ref}>{alt}",
            "cohort_ac": len(carriers),
            "cohort_an": 8,
            "cohort_nhomalt": 0,
            **annotation,
        }
        for person, genotype in carriers.items():
            alleles = genotype.replace("|", "/").split("/")
            dosage = sum(a == "1" for a in alleles)
            self.genotypes.append(
                {
                    "contig": "chr20",
                    "position": position,
                    "ref": ref,
                    "alt": alt,
                    "person": person,
                    "sample": f"{person}-s",
                    "genotype": genotype,
                    "dosage": dosage,
                    "copies": len(alleles),
                    "depth": depth,
                    "alt_depth": depth * dosage // len(alleles) if alt_depth is None else alt_depth,
                    "phase_set": phase_set,
                    "filter": filter,
                    "agreement": None,
                }
            )

    def write(self) -> dict[str, Any]:
        tables = {
            "admitted": (self.admitted, ADMITTED, "tsv"),
            "verdicts": (self.verdicts, VERDICTS, "tsv"),
            "samples": (self.samples, SAMPLES, "parquet"),
            "genotypes": (self.genotypes, GENOTYPES, "parquet"),
            "callable": (self.callable, CALLABLE, "parquet"),
            "annotated": (list(self.sites.values()), ANNOTATED, "parquet"),
            "exons": (self.exons, TRANSCRIPTS, "parquet"),
            "persons": (self.persons, PERSONS, "tsv"),
            "person_mapping": (self.person_mapping, PERSON_MAPPING, "tsv"),
            "profile": (self.profile, PROFILE, "tsv"),
        }
        paths: dict[str, Any] = {"terms": self.terms, "diseases": self.diseases}
        for name, (rows, table, suffix) in tables.items():
            texts = {c.name for c in table.columns if c.dtype == pl.String and not c.nullable}
            blank = {name: "" if name in texts else None for name in table.names}
            full = [{**blank, **row} for row in rows]
            paths[name] = self.folder / f"{name}.{suffix}"
            write_table(pl.DataFrame(full, schema=table.schema), paths[name], table)
        paths["sources"] = self.folder / "sources.json"
        paths["sources"].write_text(json.dumps(self.sources))
        return paths

    def interpret(self, person: str, **options: Any) -> dict[str, Any]:
        path = self.folder / f"{person}.findings.json"
        permitted = next((row["consent"] for row in self.admitted if row["person"] == person), "")
        options.setdefault("scope", [Consent(word) for word in permitted.split(";") if word])
        interpret(person=person, **self.write(), assembly=Assembly.GRCH38, findings=path, **options)
        found: dict[str, Any] = json.loads(path.read_text())
        return found


def _phenotype(person: str, term: str, status: str) -> dict[str, Any]:
    return {
        "person": person,
        "hpo_id": term,
        "hpo_name": term,
        "status": status,
        "domain": "condition",
        "concept_id": int(term[3:]),
        "concept_code": "1",
        "concept_vocabulary": "SNOMED",
        "source_code": f"코드 {term}",
        "source_vocabulary": "KCD7",
        "vocabulary_version": "7",
        "match": "exact",
        "hospital": "한빛병원",
        "first_date": date(2020, 1, 2),
        "last_date": date(2021, 3, 4),
        "records": 2,
        "resolved": False,
    }


@pytest.fixture(scope="session")
def hpo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Terms and diseases of the HPO release in use."""
    folder = tmp_path_factory.mktemp("hpo")
    terms, diseases = folder / "terms.parquet", folder / "diseases.parquet"
    ontology(terms=terms, diseases=diseases)
    return terms, diseases


@pytest.fixture
def cohort(tmp_path: Path, hpo: tuple[Path, Path]) -> Cohort:
    """An empty cohort with real HPO tables; ClinVar and frequencies exist."""
    return Cohort(
        folder=tmp_path,
        terms=hpo[0],
        diseases=hpo[1],
        sources=[
            {"name": "ClinVar", "release": "r", "licence": "l", "note": "", "kind": "clinvar"},
            {"name": "Panel", "release": "r", "licence": "l", "note": "", "kind": "frequencies"},
        ],
    )


@pytest.fixture
def limits() -> Limits:
    return Limits(
        max_frequency_dominant=0.0001,
        max_frequency_recessive=0.01,
        min_genotype_depth=8,
        min_allele_balance=0.2,
    )


@pytest.fixture
def make_call() -> Callable[..., Call]:
    """A candidate variant; keywords of FoundVariant or Call replace the defaults."""

    def make(clinvar: str | None = None, stars: int = 1, **changes: Any) -> Call:
        found: dict[str, Any] = {
            "contig": "chr1",
            "position": 100,
            "ref": "C",
            "alt": "T",
            "gene": "G",
            "transcript": "NM_1.1",
            "ensembl": None,
            "consequence": "missense",
            "impact": "MODERATE",
            "hgvs_g": "NC_000001.11:g.100C>T",
            "hgvs_c": None,
            "hgvs_p": None,
            "rsid": None,
            "genotype": "0/1",
            "zygosity": "heterozygous",
            "depth": 30,
            "alt_depth": 15,
            "clinvar": None,
            "frequencies": [],
            "father": "absent",
            "mother": "absent",
        }
        if clinvar:
            found["clinvar"] = ClinVarRecord(
                variation_id="1", significance=clinvar, review=None, stars=stars, conditions=[]
            )
        call: dict[str, Any] = {
            "significance": significance(clinvar),
            "frequency": 0.0,
            "floor": 0.0,
            "phase_set": None,
            "filter": "PASS",
        }
        for name, value in changes.items():
            (found if name in found else call)[name] = value
        return Call(found=FoundVariant(**found), **call)

    return make
