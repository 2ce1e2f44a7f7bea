"""Unmistakable marks in every identifying field, and a search for them in all that a run leaves.

``ZQXLEAK`` and what follows it names the field; platform ids, which are numbers, begin with
19876123. Names of files that settings name bear ``ZQXFILE``: logs may name them, results may not.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path

import generator
import polars as pl
import pyarrow.parquet as pq
from generator import Cohort

NUMBERS = 1_987_612_300
MARKS = re.compile(r"zqx_?leak[a-z_]*|19876123\d\d", re.IGNORECASE)
FILE = "ZQXFILE"
PEOPLE = 6

FREE_TEXT: dict[str, tuple[str, ...]] = {
    "person": ("person_source_value",),
    "visit_occurrence": ("visit_source_value", "admitted_from_source_value"),
    "condition_occurrence": ("condition_status_source_value", "stop_reason"),
    "drug_exposure": ("sig", "lot_number", "dose_unit_source_value"),
    "procedure_occurrence": ("modifier_source_value",),
    "measurement": ("value_source_value",),
    "observation": ("value_as_string", "value_source_value", "qualifier_source_value"),
    "note": ("note_text", "note_title", "note_source_value"),
    "note_nlp": ("snippet", "lexical_variant", "nlp_system"),
    "specimen": ("specimen_source_id", "specimen_source_value", "anatomic_site_source_value"),
    "care_site": ("care_site_source_value",),
}
"""Text columns that may name somebody. Codes, units and hospitals' names are handed on."""


def mark(field: str) -> str:
    """The mark of a field; short enough for varchar(20)."""
    return f"ZQXLEAK_{field.replace('_', '')}"[:20]


def cohort() -> Cohort:
    """A few people, everything of theirs that could identify them marked."""
    plain = generator.generate(PEOPLE, seed=3, per_person=60)
    old = plain.tables["person"]["person_id"].to_list()
    new = {number: NUMBERS + place for place, number in enumerate(old)}
    tables = {}
    for name, frame in plain.tables.items():
        marked = frame
        if "person_id" in frame.columns:
            marked = marked.with_columns(pl.col("person_id").replace_strict(new))
        texts = {column: pl.lit(mark(column)) for column in FREE_TEXT.get(name, ())}
        tables[name] = marked.with_columns(**texts)
    tables["provider"] = pl.DataFrame(
        {"provider_id": [1], "provider_name": [mark("provider")], "npi": [mark("npi")]}
    )
    tables["specimen"] = tables["specimen"].with_columns(
        specimen_source_id=pl.format("ZQXLEAK_sp{}", "specimen_id")
    )
    crosswalk = pl.DataFrame(
        {
            "person": [f"SYN-{n:03}" for n in range(1, len(old) + 2)],
            "platform_person_id": [str(NUMBERS + n) for n in [*range(len(old)), 99]],
        }
    )
    return Cohort(tables=tables, crosswalk=crosswalk)


def private_words(crosswalk: pl.DataFrame) -> dict[str, dict[str, str]]:
    """Marked cells of units.tsv and crosswalk.tsv, by person."""
    return {
        person: {
            "specimen": mark("specimen"),
            "lifelog_id": f"{mark('lifelog')}_{person}",
            "path_1": f"/data/{mark('path')}/{person}.vcf.gz",
            "run": "RUN1",
        }
        for person in crosswalk["person"]
    }


def leaks(folder: Path, *told: str) -> list[str]:
    """Every mark in what a run left under ``folder`` but in ``private``, and in texts.

    File names count, Parquet is decoded, and results name no file of the settings.
    """
    found = [f"output: {m}" for text in told for m in MARKS.findall(text)]
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if place.parts[0] in ("private", "inputs"):
            continue
        texts = [str(place), *(_texts(path) if path.is_file() else ())]
        marks = {m for text in texts for m in MARKS.findall(text)}
        if place.parts[0] == "results":
            marks |= {FILE for text in texts if FILE.lower() in text.lower()}
        found += [f"{place}: {m}" for m in sorted(marks)]
    return found


def _texts(path: Path) -> Iterator[str]:
    """What a file says, as bytes and, of Parquet, in cells and metadata."""
    yield path.read_bytes().decode("utf-8", errors="replace")
    if path.suffix == ".parquet":
        yield str(pq.read_schema(path).metadata)
        for column in pl.read_parquet(path).iter_columns():
            yield "\n".join(map(str, column.to_list()))


def open_to_others(private: Path) -> list[str]:
    """Files and folders under ``private`` that others than the owner may read."""
    return [
        f"{path.name}: {stat.S_IMODE(path.stat().st_mode):04o}"
        for path in (private, *sorted(private.rglob("*")))
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
