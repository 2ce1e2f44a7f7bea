"""Bring the admitted persons' records from a FHIR server into tables of OMOP's shape."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from soyang.core.clinical import Platform
from soyang.core.errors import Fault, FaultError
from soyang.core.files import restrict
from soyang.core.private import make_private
from soyang.core.tables import read_columns
from soyang.phenotypes import fhir_export
from soyang.phenotypes.fhir_client import Client
from soyang.phenotypes.fhir_load import Files
from soyang.phenotypes.fhir_search import is_of, patients, read, search_if_able
from soyang.phenotypes.fhir_shapes import CLINICAL
from soyang.phenotypes.fhir_state import State, open_state, task_of
from soyang.phenotypes.fhir_tables import MANIFEST, convert, write_manifest

_BY_PERSON = (*CLINICAL, "Patient")
"""In the order of their files: the Patient's is the last, and says that the others are there."""


def fetch(*, platform: str, crosswalk: Path, state: Path, output: Path) -> None:
    """Bring the admitted persons' records from a FHIR server into tables of OMOP's shape.

    By Bulk Data export of a Group or of the persons, or by search person by person. A run that
    was interrupted goes on where it stopped; when the tables are written, the export is deleted
    at the server and what was downloaded here.

    Args:
        platform: settings of the platform (JSON), with its section ``fhir``.
        crosswalk: columns person, platform_person_id of those admitted (private, tab-separated).
        state: private folder that is kept between runs.
        output: private folder of the tables (Parquet), with manifest.json.

    Raises:
        FaultError: the server refuses, stays broken, or answers something that is not FHIR.
    """
    fhir = Platform.model_validate_json(platform).fhir
    if fhir is None:
        raise FaultError(_no_server())
    wanted = read_columns(crosswalk, "person", "platform_person_id").select(
        "person", person_id=pl.col("platform_person_id").str.strip_chars()
    )
    fetch_into(Client(fhir), wanted.filter(pl.col("person_id") != "").unique(), state, output)


def fetch_into(client: Client, wanted: pl.DataFrame, state: Path, output: Path) -> None:
    """Fetch as :func:`fetch` does, with a client of the caller's.

    Args:
        client: the server.
        wanted: columns person (pseudonym), person_id (String: Patient identifier or id).
        state: private folder that is kept between runs.
        output: folder of the tables.
    """
    _demand_unambiguous(wanted)
    make_private(output)
    restrict(output)
    (output / MANIFEST).unlink(missing_ok=True)
    kept = open_state(state)
    task = task_of(client.fhir, wanted)
    if kept.journal.get("task") != task:
        _abandon(client, kept)
        kept.begin(task)
    files = _bring(client, kept, wanted)
    told = convert(
        client.fhir, files, wanted, output, lambda missing: _refer(client, kept, missing)
    )
    write_manifest(output, {**told, **_source(kept)})
    _abandon(client, kept)


def _bring(client: Client, state: State, wanted: pl.DataFrame) -> Files:
    """All NDJSON files, by export or by search."""
    people = wanted.sort("person")["person_id"].to_list()
    if not people:
        return {}
    if client.fhir.method == "export" and "unable" not in state.journal:
        try:
            fhir_export.export(client, state, lambda: _patient_ids(client, people))
            return fhir_export.exported(state)
        except fhir_export.UnableError:
            state.journal["unable"] = True
            state.save()
    return _search_all(client, state, people)


def _patient_ids(client: Client, people: Sequence[str]) -> list[str]:
    """Ids of the Patients to export, where the server is to export them by name."""
    if not client.fhir.identifier_system:
        return list(people)
    return sorted({str(one["id"]) for person_id in people for one in patients(client, person_id)})


def _search_all(client: Client, state: State, people: Sequence[str]) -> Files:
    """Search person by person; who has a file of their Patient was searched by an earlier run."""
    files: dict[str, list[Path]] = {}
    for number, person_id in enumerate(people):
        paths = {kind: state.files / f"{kind}.{number:06d}.ndjson" for kind in _BY_PERSON}
        if not paths["Patient"].exists():
            found = _search_person(client, state, person_id)
            for kind in _BY_PERSON:
                state.write_resources(paths[kind].name, found.get(kind, []))
        for kind, path in paths.items():
            files.setdefault(kind, []).append(path)
    return files


def _search_person(client: Client, state: State, person_id: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {"Patient": patients(client, person_id)}
    for patient in found["Patient"]:
        own = str(patient["id"])
        for kind in CLINICAL:
            matches = search_if_able(client, kind, patient=f"Patient/{own}")
            if matches is None:
                _note_unsupported(state, kind)
            more = [one for one in matches or [] if is_of(one, own, client.base)]
            found.setdefault(kind, []).extend(more)
    return found


def _note_unsupported(state: State, kind: str) -> None:
    noted = state.journal.setdefault("unsupported", [])
    if kind not in noted:
        noted.append(kind)
        state.save()


def _refer(client: Client, state: State, missing: Sequence[tuple[str, str]]) -> Files:
    """Read what other resources point to, one by one; what is not there stays missing."""
    files: dict[str, list[Path]] = {}
    for kind in sorted({kind for kind, _ in missing}):
        read_ones = [read(client, kind, identifier) for one, identifier in missing if one == kind]
        name = f"{kind}.referred.ndjson"
        files[kind] = [state.write_resources(name, [one for one in read_ones if one])]
    return files


def _source(state: State) -> dict[str, Any]:
    """How the records came, for the manifest; problems are also said aloud."""
    unsupported = sorted(state.journal.get("unsupported", []))
    exported = "entries" in state.journal
    problems = fhir_export.errors(state) if exported else []
    for problem in problems:
        print(
            f"the server could not export all: {problem['severity']} {problem['code']} "
            f"({problem['count']} times)",
            file=sys.stderr,
        )
    return {
        "method": "export" if exported else "search",
        "transaction_time": state.journal.get("transaction_time", ""),
        "export_problems": problems,
        "types_not_supported": unsupported,
    }


def _abandon(client: Client, state: State) -> None:
    """Delete an export at the server, and what the state holds. Nothing else is ever deleted."""
    if "status_url" in state.journal:
        fhir_export.discard(client, state.journal["status_url"])
    state.clear()


def _demand_unambiguous(wanted: pl.DataFrame) -> None:
    faults = [
        Fault(
            code="crosswalk-twice",
            file="crosswalk",
            row=f"person {person}",
            column="platform_person_id",
            found=found,
            allowed="one id a person, one person an id",
            next_step="correct the platform person id in the sample sheet",
            person=person,
        )
        for column, found in (("person", "two ids"), ("person_id", "an id that another has"))
        for person in wanted.filter(pl.col(column).is_duplicated())["person"].unique().sort()
    ]
    if faults:
        raise FaultError(faults)


def _no_server() -> Fault:
    return Fault(
        code="fhir-settings",
        file="platform",
        column="fhir",
        found="no FHIR server",
        allowed="the section platform.fhir",
        next_step="fetch is for a FHIR server; other platforms are asked by phenotypes extract",
    )
