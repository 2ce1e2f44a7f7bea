"""What the settings name of the clinical platform: there, readable, and secrets kept secret."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from soyang.admission.knowledge import Place
from soyang.admission.omop import omop_faults
from soyang.core.clinical import Fhir, Platform, Postgres
from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text
from soyang.core.settings import Knowledge

HEADERS = {
    "consents": ("platform_person_id", "scope", "decision"),
    "hpo_sheet": ("person", "hpo_id", "status"),
    "date_shifts": ("person", "days"),
}
"""Tables beside the platform, and columns without which they say nothing."""
FOLDERS = {"phenopackets": "phenopackets (JSON)", "lifelog": "data points (JSON or NDJSON)"}


def platform_faults(platform: Platform) -> Iterator[Fault]:
    """Faults of files and secrets that the section ``platform`` names; no server is asked."""
    if platform.omop:
        yield from omop_faults(platform.omop)
    if platform.postgres:
        yield from _postgres_faults(platform.postgres)
    if platform.fhir:
        yield from _fhir_faults(platform.fhir)
    if platform.spark and find_spec("pyspark") is None:
        yield Fault(
            code="spark-missing", file="settings", column="platform.spark",
            found="the Python package pyspark is not installed", allowed="the extra 'spark'",
            next_step="install soyang with its extra: uv pip install 'soyang[spark]'",
        )  # fmt: skip
    for name, columns in HEADERS.items():
        path = getattr(platform, name)
        if path:
            yield from header_faults(Place(f"platform.{name}", path), columns, "\t")
    for name, content in FOLDERS.items():
        path = getattr(platform, name)
        if path and not path.is_dir():
            place = Place(f"platform.{name}", path)
            yield place.fault(
                "folder-missing", "no such folder", f"a folder of {content}", "correct the path"
            )
    if platform.date_shifts and platform.date_shifts.exists():
        yield from secret_faults(Place("platform.date_shifts", platform.date_shifts))


def clinical_knowledge_faults(knowledge: Knowledge) -> Iterator[Fault]:
    """Faults of the phecode map, its labels and the laboratory annotations: their headers."""
    if knowledge.phecodes:
        labels = Place("knowledge.phecodes.labels", knowledge.phecodes.labels)
        yield from header_faults(labels, ("phecode",), ",")
        yield from header_faults(Place("knowledge.phecodes.path", knowledge.phecodes.path), (), ",")
    if knowledge.loinc2hpo:
        place = Place("knowledge.loinc2hpo.path", knowledge.loinc2hpo.path)
        yield from header_faults(place, ("loincId", "outcome", "hpoTermId"), "\t")


def header_faults(place: Place, columns: tuple[str, ...], separator: str) -> Iterator[Fault]:
    """Faults of a text table's presence and header."""
    fault = place.unreachable("a text table")
    if fault:
        yield fault
        return
    try:
        header = read_text(place.path).split("\n", 1)[0]
    except FaultError as error:
        yield from error.faults
        return
    found = [cell.strip().strip('"') for cell in header.split(separator)]
    missing = [name for name in columns if name not in found]
    if missing:
        yield place.fault(
            "table-header", f"no column {', '.join(missing)}", f"columns {', '.join(columns)}",
            "correct the header, or the path", row="1",
        )  # fmt: skip


def secret_faults(place: Place) -> Iterator[Fault]:
    """The fault if others than the owner may read a secret."""
    mode = stat.S_IMODE(place.path.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield place.fault(
            "secret-readable", f"mode {mode:04o}: others may read it", "mode 0600",
            "run chmod 600 on the file",
        )  # fmt: skip


def _postgres_faults(postgres: Postgres) -> Iterator[Fault]:
    if postgres.uri_file:
        yield from _secret("platform.postgres.uri_file", postgres.uri_file)
    elif not os.environ.get(postgres.uri_variable):
        yield Fault(
            code="secret-missing", file="settings", column="platform.postgres.uri_variable",
            found=f"no environment variable {postgres.uri_variable}",
            allowed="one that holds the connection URI", next_step="set it before the run",
        )  # fmt: skip


def _fhir_faults(fhir: Fhir) -> Iterator[Fault]:
    for name in ("key_file", "token_file"):
        path = getattr(fhir, name)
        if path:
            yield from _secret(f"platform.fhir.{name}", path)
    for name in ("ca_file", "vocabulary"):
        path = getattr(fhir, name)
        if path and not path.exists():
            place = Place(f"platform.fhir.{name}", path)
            yield place.fault("file-missing", "no such file or folder", "it", "correct the path")


def _secret(setting: str, path: Path) -> Iterator[Fault]:
    place = Place(setting, path)
    fault = place.unreachable("a file with the secret, of mode 0600")
    if fault:
        yield fault
    else:
        yield from secret_faults(place)
