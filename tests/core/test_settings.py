"""Settings: every one is shown, the schema is in step, and faults name file, line and key."""

from __future__ import annotations

import re
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from snakemake.utils import validate

from soyang.core.errors import FaultError
from soyang.core.settings import Settings, examine, load, merge, schema

SCHEMA = "workflow/schemas/config.schema.json"
GOOD = """
reference: {fasta: g.fa, transcripts: t.gff3, transcripts_release: MANE 1.5}
reports: {date: "2026-01-15"}
"""


@pytest.fixture
def shown(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / "config" / "config.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def write(tmp_path: Path):
    def make(text: str, name: str = "설정.yaml") -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return make


def models(annotation: Any) -> list[type[BaseModel]]:
    """Models in a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in {Union, UnionType, tuple}:
        return [m for option in get_args(annotation) for m in models(option)]
    return []


def section(field: Any) -> type[BaseModel] | None:
    """The model of a field that is a section, not an optional or repeated one."""
    annotation = field.annotation
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation if is_model else None


def walk(model: type[BaseModel], shown: dict[str, Any], path: str = "") -> list[str]:
    """Differences between a model and what config.yaml shows."""
    wrong = [f"{path}{k}" for k in shown.keys() ^ model.model_fields.keys()]
    for name, field in model.model_fields.items():
        if name not in shown:
            continue
        below = section(field)
        if below:
            wrong += walk(below, shown[name], f"{path}{name}.")
        elif field.default is not PydanticUndefined:
            default = list(field.default) if isinstance(field.default, tuple) else field.default
            default = None if default is None else type(shown[name])(default)
            wrong += [f"{path}{name} = {shown[name]}"] if default != shown[name] else []
    return wrong


def test_config_shows_every_setting_with_its_default(shown):
    assert walk(Settings, shown) == []


def test_config_shows_fields_of_optional_sections_as_comments(root):
    text = (root / "config" / "config.yaml").read_text(encoding="utf-8")
    for model in (m for s in (Settings, *(section(f) for f in Settings.model_fields.values()))
                  if s for f in s.model_fields.values() if not section(f)
                  for m in models(f.annotation)):  # fmt: skip
        for name in model.model_fields:
            assert re.search(rf"^# .*\b{name}:", text, re.MULTILINE), (model, name)


def test_config_comments_every_setting(root):
    lines = (root / "config" / "config.yaml").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if re.match(r"  \w+:", line):
            assert lines[number - 1].startswith("  #"), line


def test_config_alone_lacks_only_what_must_be_set(root):
    with pytest.raises(FaultError) as error:
        load([root / "config" / "config.yaml"])
    assert [(f.column, f.found) for f in error.value.faults] == [
        ("reference.transcripts_release", "nothing"),
        ("reports.date", "nothing"),
    ]


def test_schema_is_in_step(root):
    assert (root / SCHEMA).read_text() == schema(), "python -m soyang.core.settings > " + SCHEMA


def test_snakemake_accepts_the_merged_config_and_refuses_others(root, shown):
    merged = merge(shown, yaml.safe_load(GOOD))
    before = yaml.safe_dump(merged)
    validate(merged, str(root / SCHEMA))
    assert yaml.safe_dump(merged) == before
    for wrong in ({"calling": {"depth": 3}}, {"knowledge": {"loinc2hpo": {"path": "a"}}}, {"x": 1}):
        with pytest.raises(Exception, match="Error validating config file"):
            validate(merge(merged, wrong), str(root / SCHEMA))


def test_later_files_lie_over_earlier_ones(root, write):
    more = write("calling: {max_depth: 99}\nreports: {languages: [ko]}\n", "more.yaml")
    settings = load([root / "config" / "config.yaml", write(GOOD), more])
    assert settings.calling.max_depth == 99
    assert settings.calling.min_base_quality == 13
    assert settings.reports.languages == ("ko",)


def test_bom_and_crlf_are_fine(write):
    assert load([write("\ufeff" + GOOD.replace("\n", "\r\n"))]).reports.date == "2026-01-15"


@pytest.mark.parametrize(
    ("text", "place", "found", "allowed"),
    [
        ("\ncallling: {}", "row 5, column callling", "an unknown setting", "one of sheet"),
        ("\nreads:\n  aligner: bwa2", "row 6, column reads.aligner", "'bwa2'", "'bwa'"),
        ("\ncalling: {gvcf_bands: [5, 5]}", "row 5, column calling.gvcf_bands", "[5, 5]", "depths"),
        ("\ncalling: {gvcf_bands: []}", "row 5, column calling.gvcf_bands", "[]", "depths"),
        ("\nsheet: ''", "row 5, column sheet", "nothing", "must be set"),
        ("\nidentity: {min_sites: 0}", "row 5, column identity.min_sites", "0", "greater than"),
        ("\nexpected: [{person: a, status: lost, reason: b}]", "expected.0.status", "'lost'",
         "'failed', 'quarantined' or 'withheld'"),
        ("\nknowledge:\n  loinc2hpo: {path: a, name: b, release: 2025-01-01, licence: c}",
         "row 6, column knowledge.loinc2hpo.release", "2025-01-01", "put it in quotes"),
        ("\nknowledge:\n  loinc2hpo: {path: a}", "row 6, column knowledge.loinc2hpo.name",
         "nothing", "must be set"),
        ("\nknowledge: {clinvar: {path: a}}", "row 5, column knowledge.clinvar",
         "an unknown setting", "one of release"),
    ],
)  # fmt: skip
def test_fault_names_place_found_and_allowed(text, place, found, allowed, write):
    with pytest.raises(FaultError) as error:
        load([write(GOOD + text)])
    fault = error.value.faults[0]
    assert place in fault.place
    assert fault.found == found
    assert allowed in fault.allowed
    assert fault.file.endswith("설정.yaml")


def test_languages_once(write):
    with pytest.raises(FaultError, match="each language once"):
        load([write(GOOD.replace("{date", "{languages: [en, en], date"))])


def test_fault_is_of_the_file_that_has_it(write):
    over = write("calling: {max_depth: 3}", "over.yaml")
    with pytest.raises(FaultError, match=r"over\.yaml, row 1, column calling\.max_depth: found 3"):
        load([write(GOOD), over])


@pytest.mark.parametrize(
    "text",
    ["", "{}", "reference: 3", "reports: []", "knowledge: {loinc2hpo: {path: 3}}", "expected: [x]",
     "calling: {max_depth: none, shard_bases: 1}", "reference: {fasta: a}\nreports: {date: x}"],
)  # fmt: skip
def test_faulty_settings_can_still_be_used_for_a_check(text, write):
    examined = examine([write(text)])
    assert examined.settings is not None
    assert examined.faults
    assert examined.settings.sheet == Path("samples.tsv")


def test_good_values_stay_beside_faulty_ones(write):
    examined = examine(
        [write(GOOD + "sheet: my.tsv\ncalling: {max_depth: 1, min_base_quality: 7}")]
    )
    assert examined.settings.sheet == Path("my.tsv")
    assert examined.settings.reference.fasta == Path("g.fa")
    assert examined.settings.calling.min_base_quality == 7


@pytest.mark.parametrize("text", ["a: [", "- 1", "just text", "a: 1\na: 2"])
def test_nothing_is_known_of_files_that_cannot_be_read(text, write):
    examined = examine([write(GOOD), write(text, "b.yaml")])
    assert examined.settings is None
    assert [fault.code for fault in examined.faults] == ["settings-yaml"]


def test_a_day_that_there_is_not_is_a_fault_with_its_line(write):
    """YAML makes a day of what is written like one, and can't of this."""
    file = write("sheet: samples.tsv\nreports:\n  date: 2025-09-31\n")
    with pytest.raises(FaultError) as raised:
        load([file])
    (fault,) = raised.value.faults
    assert (fault.code, fault.row) == ("settings-yaml", "3")
    assert fault.found.startswith("2025-09-31")
