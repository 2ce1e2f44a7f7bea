"""A working folder with admitted people, in which tests run verbs through the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from soyang.admission.tables import ADMITTED, CROSSWALK, UNITS
from soyang.core.clinical import Platform, Postgres
from soyang.core.people import Consent
from soyang.core.tables import write_table

RESULTS, ENQUIRED, FETCHED = "results/phenotypes", "private/phenotypes", "private/phenotypes/fhir"
ROOT = Path(__file__).resolve().parents[2]
RECORD = {
    "persons": "persons.tsv",
    "events": "events.parquet",
    "periods": "periods.parquet",
    "concepts": "concepts.parquet",
    "ancestors": "ancestors.parquet",
    "code-maps": "code_maps.parquet",
    "vocabularies": "vocabularies.tsv",
}
"""What ``phenotypes extract`` writes: option to file."""
PERMITTED = ";".join(scope.value for scope in Consent)


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A working folder. Paths are relative to it, as in a run.

    Attributes:
        folder: the folder.
        crosswalk: columns person, platform_person_id.
        extra: per person other columns of the private tables (specimen, lifelog_id).
        environment: variables of the verbs beside the tests' own.
    """

    folder: Path
    crosswalk: pl.DataFrame
    extra: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def prepare(self) -> Workspace:
        """Write admitted.tsv, units.tsv and crosswalk.tsv as admission does."""
        people = self.crosswalk.iter_rows()
        rows = [self._row(person, number) for person, number in people]
        for table, place in (
            (ADMITTED, "results/admission/admitted.tsv"),
            (UNITS, "private/admission/units.tsv"),
            (CROSSWALK, "private/admission/crosswalk.tsv"),
        ):
            frame = table.frame([{name: row[name] for name in table.names} for row in rows])
            write_table(frame, self.folder / place, table)
        for path in (self.folder / "private", *(self.folder / "private").rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)
        return self

    def _row(self, person: str, number: str) -> dict[str, object]:
        names = {*ADMITTED.names, *UNITS.names, *CROSSWALK.names} - {"collected"}
        return {
            **dict.fromkeys(names, ""),
            "collected": None,
            "row": int(person.rsplit("-", maxsplit=1)[-1]) + 1,
            "person": person,
            "sample": f"{person}-s",
            "unit": f"{person}-s.L1",
            "lane": "L1",
            "hospital": "한빛대학교병원",
            "entry": "vcf",
            "status": "admitted",
            "sex": "unknown",
            "affected": "unknown",
            "assay": "wgs",
            "consent": PERMITTED,
            "platform_person_id": number,
            **self.extra.get(person, {}),
        }

    def run(
        self, room: str, verb: str, *words: str, subject: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """A verb with ``--log`` in ``logs/``, as the workflow runs it."""
        log = f"logs/{room}/{verb}/{subject or 'all'}.log"
        command = [sys.executable, "-m", "soyang.main", "--log", log, "--subject", subject]
        command += [room, verb, *words]
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**environment(), **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def log(self, room: str, verb: str, subject: str = "") -> str:
        """What a verb said."""
        return (self.folder / f"logs/{room}/{verb}/{subject or 'all'}.log").read_text()

    def demand(self, room: str, verb: str, *words: str) -> None:
        """Run a verb that must succeed."""
        done = self.run(room, verb, *words)
        assert done.returncode == 0, done.stdout + done.stderr + self.log(room, verb)

    def extract_words(self, platform: Platform, output: str = RESULTS) -> list[str]:
        """Options of ``phenotypes extract``."""
        words = [
            f"--platform={platform.model_dump_json()}",
            "--admitted=results/admission/admitted.tsv",
            "--crosswalk=private/admission/crosswalk.tsv",
            *(f"--{option}={output}/{name}" for option, name in RECORD.items()),
        ]
        return [*words, f"--fetched={FETCHED}"] if platform.fhir else words

    def map_words(self) -> list[str]:
        """Options of ``phenotypes map``."""
        record = [f"--{option}={RESULTS}/{name}" for option, name in RECORD.items()]
        outputs = ("profile", "unmapped", "mapping", "person-mapping", "evidence")
        return [
            "--admitted=results/admission/admitted.tsv",
            *(word for word in record if not word.startswith("--periods")),
            f"--terms={RESULTS}/terms.parquet",
            *(f"--{name}={RESULTS}/{name.replace('-', '_')}.tsv" for name in outputs),
        ]

    def map(self) -> None:
        """``ontology`` and ``map``, which must succeed."""
        self.demand(
            "phenotypes", "ontology", f"--terms={RESULTS}/terms.parquet",
            f"--diseases={RESULTS}/diseases.parquet",
        )  # fmt: skip
        self.demand("phenotypes", "map", *self.map_words())

    def enquire_words(self, platform: Platform) -> list[str]:
        """Options of ``phenotypes enquire``."""
        return [
            f"--platform={platform.model_dump_json()}",
            "--units=private/admission/units.tsv",
            *(f"--{name}={ENQUIRED}/{name}.tsv" for name in ("known", "consents", "specimens")),
        ]

    def fetch_words(self, platform: Platform) -> list[str]:
        """Options of ``phenotypes fetch``."""
        return [
            f"--platform={platform.model_dump_json()}",
            "--crosswalk=private/admission/crosswalk.tsv",
            "--state=private/phenotypes/state",
            f"--output={FETCHED}",
        ]


def postgres_settings(uri: str, folder: Path, schema: str = "cdm") -> Platform:
    """A platform whose secret is in a file of its owner."""
    path = folder / f"{schema}.uri"
    path.write_text(uri + "\n")
    path.chmod(0o600)
    return Platform(postgres=Postgres(uri_file=path, cdm_schema=schema))


def environment() -> dict[str, str]:
    """Spark on loopback only."""
    return {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONDONTWRITEBYTECODE": "1"}
