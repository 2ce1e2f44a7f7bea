"""A live FHIR server, and the network between us and it at its worst.

Whatever breaks, the tables that come out in the end are byte for byte those of an undisturbed run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import fhir_resources
import live_fhir
import polars as pl
import pytest
import requests
from fault_proxy import Fault, FaultProxy, fault_proxy
from generator import Cohort
from questions_asked import wanted as wanted_of

from soyang.core.clinical import Fhir, Platform
from soyang.core.errors import FaultError
from soyang.phenotypes.fetch import fetch_into
from soyang.phenotypes.fhir_client import Client, Patience
from soyang.phenotypes.fhir_enquiry import enquire

pytestmark = pytest.mark.platform

QUICK = Patience(attempts=3, first=0.01, longest=0.05, retry_after=5, timeout=(5, 30))
GROUP = "soyang-cohort"
FILE, STATUS, KICK_OFF = "GET /fhir/bulk-files/", "GET /fhir/bulk-status/", r"\$export"

Tables = Mapping[str, bytes]


@dataclass
class Site:
    """A server with people and a Group of some, seen directly."""

    fhir: Fhir
    wanted: pl.DataFrame
    folder: Path
    runs: int = 0
    tables: Tables = field(default_factory=dict)
    """Those of a run by export that nothing disturbed."""

    def fresh(self) -> Path:
        self.runs += 1
        return self.folder / f"run-{self.runs}"

    def through(self, proxy: FaultProxy, **changes: str) -> Fhir:
        """The settings for the server behind a proxy."""
        return self.fhir.model_copy(update={"base_url": f"{proxy.root}/fhir", **changes})


@pytest.fixture(scope="module")
def site(
    fhir_server: live_fhir.Server,
    fhir_platform: Platform,
    common_data: Cohort,
    tmp_path_factory: pytest.TempPathFactory,
) -> Site:
    """Ten of the people, and a Group that holds them and five others."""
    wanted = wanted_of(common_data)
    members = wanted["person_id"].head(15).to_list()
    group = {
        "resourceType": "Group",
        "id": GROUP,
        "type": "person",
        "actual": True,
        "member": [
            {"entity": {"reference": f"Patient/{fhir_resources.patient_id(one)}"}}
            for one in members
        ],
    }
    answer = requests.put(
        f"{fhir_server.base}/Group/{GROUP}",
        json=group,
        headers={"Authorization": f"Bearer {live_fhir.LOADING_TOKEN}"},
        timeout=30,
    )
    assert answer.status_code in (200, 201), answer.text
    assert fhir_platform.fhir is not None
    fhir = fhir_platform.fhir.model_copy(update={"group": GROUP})
    own = Site(fhir, wanted.head(10), tmp_path_factory.mktemp("site"))
    folder = own.fresh()
    fetch_into(Client(fhir, QUICK), own.wanted, folder / "state", folder / "fhir")
    own.tables = read_tables(folder / "fhir")
    assert pl.read_parquet(own.tables["measurement"]).height > 50
    return own


def read_tables(folder: Path) -> Tables:
    return {path.stem: path.read_bytes() for path in sorted(folder.glob("*.parquet"))}


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloads of a few thousand bytes are cut in the middle of what is kept."""
    monkeypatch.setattr("soyang.phenotypes.fhir_export.CHUNK", 512)


def fetch_through(site: Site, faults: list[Fault], *, ranges: bool = True, **changes: str) -> int:
    """Fetch through a proxy, again after each fault, and compare; how many runs it took."""
    folder = site.fresh()
    with fault_proxy(site.fhir.base_url.removesuffix("/fhir"), faults, ranges=ranges) as proxy:
        for run in range(1, 6):
            client = Client(site.through(proxy, **changes), QUICK)
            try:
                fetch_into(client, site.wanted, folder / "state", folder / "fhir")
            except FaultError as error:
                assert "MRN-" not in str(error)
                assert "pt-" not in str(error)
                assert not (folder / "fhir" / "manifest.json").exists()
                continue
            assert [fault for fault in faults if not fault.done] == []
            assert read_tables(folder / "fhir") == site.tables
            assert not (folder / "state" / "files").exists()
            cut = any(fault.kind == "cut" and FILE in fault.match for fault in faults)
            assert bool(proxy.ranged) == (cut and ranges)
            return run
    raise AssertionError("five runs were not enough")


EXPORT_FAULTS = {
    "cut file": [Fault("cut", f"{FILE}.*/Observation")],
    "cut twice": [Fault("cut", FILE, times=2)],
    "cut manifest": [Fault("cut", STATUS, first=2)],
    "reset kick-off": [Fault("reset", KICK_OFF)],
    "reset status": [Fault("reset", STATUS)],
    "reset file": [Fault("reset", FILE, first=3)],
    "busy everywhere": [Fault("busy", one) for one in (KICK_OFF, STATUS, FILE)],
    "busy until a date": [Fault("busy_date", one) for one in (KICK_OFF, STATUS, FILE)],
    "token expired": [Fault("expired", one) for one in (KICK_OFF, STATUS, FILE)],
    "broken everywhere": [Fault("broken", one) for one in (KICK_OFF, STATUS, FILE)],
    "broken for long": [Fault("broken", FILE, first=2, times=4)],
    "login page at status": [Fault("html", STATUS)],
    "login page as file": [Fault("html", FILE, first=2)],
    "other JSON as manifest": [Fault("wrong_json", STATUS)],
    "truncated file": [Fault("truncated", f"{FILE}.*/Condition")],
    "lines missing": [Fault("short", f"{FILE}.*/MedicationRequest")],
    "export forgotten": [Fault("gone", STATUS)],
    "files forgotten": [Fault("gone", FILE, first=3)],
    "export failed": [Fault("failed", STATUS, times=3)],
    "delete broken": [Fault("broken", "DELETE", times=3)],
    "all at once": [
        Fault("reset", KICK_OFF),
        Fault("busy", STATUS),
        Fault("cut", FILE),
        Fault("expired", FILE, first=2),
        Fault("truncated", f"{FILE}.*/Observation"),
        Fault("html", FILE, first=5),
        Fault("gone", FILE, first=7),
    ],
}


@pytest.mark.parametrize("name", EXPORT_FAULTS)
def test_an_export_interrupted_loses_nothing(site: Site, name: str) -> None:
    runs = fetch_through(site, EXPORT_FAULTS[name])
    assert runs == (2 if name.startswith(("login", "other", "broken for")) or "all" in name else 1)


def test_an_export_without_ranges_loses_nothing(site: Site) -> None:
    fetch_through(site, [Fault("cut", f"{FILE}.*/Observation")], ranges=False)


SEARCH_FAULTS = {
    "page cut": [Fault("cut", "GET /fhir/Observation")],
    "page dropped": [Fault("dropped", "GET /fhir/Observation", first=2)],
    "total not reached": [Fault("total", "GET /fhir/Condition")],
    "pages in a circle": [Fault("looped", "GET /fhir/Condition")],
    "token expired": [Fault("expired", "GET /fhir/Condition", first=2)],
    "busy": [Fault("busy", "GET /fhir/Encounter", first=3)],
    "login page": [Fault("html", "GET /fhir/Procedure", first=4)],
    "broken for long": [Fault("broken", "GET /fhir/Specimen", first=3, times=3)],
}


@pytest.mark.parametrize("name", SEARCH_FAULTS)
def test_a_search_interrupted_loses_nothing(site: Site, name: str) -> None:
    fetch_through(site, SEARCH_FAULTS[name], method="search")


def test_pages_that_repeat_count_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("soyang.phenotypes.fhir_search.PAGE", 3)
    faults = [Fault("repeated", r"GET /fhir/Observation\?.*_offset=3", times=2)]
    fetch_through(site, faults, method="search")


def test_a_server_that_cannot_export_by_person_is_searched(site: Site) -> None:
    """sekmet knows no patient parameter: nobody else's record may be taken for it."""
    folder = site.fresh()
    with fault_proxy(site.fhir.base_url.removesuffix("/fhir")) as proxy:
        client = Client(site.through(proxy, group=""), QUICK)
        fetch_into(client, site.wanted, folder / "state", folder / "fhir")
        assert not [line for line in proxy.passed if line.startswith("GET /fhir/Patient/$export")]
    assert read_tables(folder / "fhir") == site.tables


def test_a_process_killed_in_a_download_is_continued(site: Site) -> None:
    """SIGKILL at several points; the last run finishes, with the same bytes."""
    folder = site.fresh()
    upstream = site.fhir.base_url.removesuffix("/fhir")
    with fault_proxy(upstream) as proxy:
        command = command_of(site.through(proxy), site.wanted, folder)
        for point in (KICK_OFF, STATUS, f"{FILE}.*/Condition", f"{FILE}.*/Observation"):
            kill_at(command, proxy, point)
            assert not (folder / "fhir" / "manifest.json").exists()
        kicked = [line for line in proxy.passed if "$export" in line]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert len([line for line in proxy.passed if "$export" in line]) == len(kicked)
        assert [line for line in proxy.passed if line.startswith("DELETE")]
    assert read_tables(folder / "fhir") == site.tables
    assert (folder / "state").stat().st_mode & 0o077 == 0


def command_of(fhir: Fhir, wanted: pl.DataFrame, folder: Path) -> list[str]:
    folder.mkdir()
    crosswalk = folder / "crosswalk.tsv"
    wanted.rename({"person_id": "platform_person_id"}).write_csv(crosswalk, separator="\t")
    return [
        sys.executable, "-m", "soyang.main", "phenotypes", "fetch",
        f"--platform={Platform(fhir=fhir).model_dump_json()}", f"--crosswalk={crosswalk}",
        f"--state={folder / 'state'}", f"--output={folder / 'fhir'}",
    ]  # fmt: skip


def kill_at(command: list[str], proxy: FaultProxy, point: str) -> None:
    """Start the verb and kill it while the proxy holds back the answer of a request."""
    stall = Fault("stall", point)
    proxy.faults.append(stall)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            if stall.done or process.poll() is not None:
                break
            time.sleep(0.05)
        assert stall.done, "the request was never made"
        time.sleep(0.2)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
        proxy.faults.remove(stall)
    assert process.returncode == -signal.SIGKILL


def test_enquiry_asks_nothing_clinical(site: Site) -> None:
    with fault_proxy(site.fhir.base_url.removesuffix("/fhir")) as proxy:
        answer = enquire(
            site.through(proxy), site.wanted, client=Client(site.through(proxy), QUICK)
        )
        kinds = {line.split("/")[2].partition("?")[0] for line in proxy.passed}
    assert kinds == {"Patient", "Organization", "Consent", "Specimen"}
    there = pl.read_parquet(site.tables["person"])["person_source_value"]
    known = site.wanted.filter(pl.col("person_id").is_in(there.implode()))
    assert 5 < known.height < site.wanted.height  # some of the sheet are not on the platform
    assert sorted(answer.persons["person"]) == sorted(known["person"])
    assert answer.consents.height > 0
    assert answer.specimens.height > 0
    assert answer.unanswered == frozenset()
