"""Reading what other rooms hand on: what is missing is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.core.assembly import Assembly
from soyang.core.errors import FaultError
from soyang.interpretation.interpret import interpret
from soyang.interpretation.load import read_sources


def run(paths: dict[str, Any], tmp_path: Path) -> None:
    interpret(person="P", **paths, assembly=Assembly.GRCH38, findings=tmp_path / "f.json")


@pytest.mark.parametrize("name", ["genotypes", "callable", "annotated", "exons", "admitted"])
def test_a_missing_table_is_named(cohort: Any, tmp_path: Path, name: str) -> None:
    cohort.person("P", affected="yes")
    paths = cohort.write()
    paths[name].unlink()
    with pytest.raises(FaultError, match=paths[name].name):
        run(paths, tmp_path)
    assert not (tmp_path / "f.json").exists()


def test_a_person_whom_phenotypes_do_not_know_is_named(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    cohort.persons.clear()
    with pytest.raises(FaultError, match="person P"):
        cohort.interpret("P")


def test_a_person_without_a_row_of_mapping_is_named(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    cohort.person_mapping.clear()
    with pytest.raises(FaultError, match="person_mapping"):
        cohort.interpret("P")


def test_undated_phenotypes_and_what_stayed_unmapped_are_told(cohort: Any) -> None:
    cohort.person("P", affected="yes", phenotypes=["HP:0001250"], excluded=["HP:0000365"])
    cohort.person_mapping[0] |= {"records": 5, "unmapped": 3}
    for row in cohort.profile:
        row |= {"first_date": None, "last_date": None}
    found = cohort.interpret("P")
    assert found["unmapped_records"] == 3
    told = [(p["hpo_id"], p["status"], p["first_date"]) for p in found["phenotypes"]]
    assert told == [("HP:0000365", "excluded", ""), ("HP:0001250", "observed", "")]


@pytest.mark.parametrize(("text", "found"), [("[", "row 1"), ("{}", "not a list"), ("[1]", "list")])
def test_sources_of_another_shape_are_refused(cohort: Any, text: str, found: str) -> None:
    paths = cohort.write()
    paths["sources"].write_text(text)
    with pytest.raises(FaultError, match=found):
        read_sources(paths["sources"], paths["annotated"])


@pytest.mark.parametrize(
    ("entries", "annotation", "clinvar", "frequencies"),
    [
        ([], {}, False, None),
        ([{"name": "ClinVar 2025"}], {}, True, None),
        ([{"name": "X", "kind": "clinvar"}, {"name": "Y", "kind": "frequencies"}], {}, True, "Y"),
        ([], {"clinvar_significance": "Benign"}, True, None),
        ([], {"population_ac": 0, "population_an": 10}, False, "population"),
    ],
)
def test_which_sources_there_are(
    cohort: Any,
    *,
    entries: list[dict[str, str]],
    annotation: dict[str, Any],
    clinvar: bool,
    frequencies: str | None,
) -> None:
    cohort.site("JAG1", 10_641_050, carriers={}, **annotation)
    paths = cohort.write()
    paths["sources"].write_text(json.dumps(entries))
    found = read_sources(paths["sources"], paths["annotated"])
    assert (found.clinvar, found.frequencies) == (clinvar, frequencies)
    assert [source.name for source in found.told] == [entry["name"] for entry in entries]


def test_of_two_samples_the_first_that_passed_is_taken(cohort: Any) -> None:
    cohort.person("P", affected="yes", verdict="quarantine")
    for table in (cohort.admitted, cohort.verdicts, cohort.samples):
        table += [table[0] | {"sample": name} for name in ("z", "y")]
    for row in cohort.verdicts[1:]:
        row["verdict"] = "pass"
    assert cohort.interpret("P")["sample"] == "y"


def test_a_cohort_without_any_variant(cohort: Any) -> None:
    cohort.person("P", affected="yes")
    found = cohort.interpret("P")
    assert found["result"] == "nothing_found"
    assert pl.read_parquet(cohort.folder / "genotypes.parquet").is_empty()
