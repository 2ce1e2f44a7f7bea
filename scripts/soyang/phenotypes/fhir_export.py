"""Bulk Data export, which goes on where it stopped and loses nothing.

HL7 FHIR Bulk Data Access (Flat FHIR) IG 2.0.0: kick-off, status, files, delete
(https://hl7.org/fhir/uv/bulkdata/STU2/export.html). Each step is in the journal of the state:
the status URL, then the manifest, then each file. A download that was cut goes on by Range where
the server can; a file is done when its last line is whole and its lines are as many as the
manifest's ``count``. An export that the server has forgotten is started anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from soyang.core.errors import FaultError
from soyang.core.files import restrict
from soyang.phenotypes.fhir_answers import issue_words, media_type, outcome, read_json
from soyang.phenotypes.fhir_client import (
    BROKEN,
    BUSY,
    FHIR_JSON,
    JSON_TYPES,
    NDJSON_TYPES,
    Client,
)
from soyang.phenotypes.fhir_load import Files, read_lines
from soyang.phenotypes.fhir_shapes import TYPES
from soyang.phenotypes.fhir_state import State

RESTARTS = 2
"""How often an export that the server forgot is started anew in one run."""
OK, ACCEPTED, PARTIAL = 200, 202, 206
NOT_KNOWN = frozenset((404, 410))
RANGE_NOT_SATISFIABLE = 416
UNABLE = frozenset((400, 403, 404, 405, 415, 422, 501))
"""Answers to a kick-off by POST from servers that can't do it, or for these persons."""
CHUNK = 1 << 14
"""Bytes written at once: as many are lost, at most, when the line breaks."""


class ExpiredError(Exception):
    """The server no longer has the export."""


class UnableError(Exception):
    """The server has no export of the persons asked for."""


def export(client: Client, state: State, patients: Callable[[], list[str]]) -> None:
    """Bring an export's files into the state, from wherever the last run stopped.

    Args:
        client: the server.
        state: begun; afterwards each file is done.
        patients: gives the ids of the Patients to export, where the settings name no Group.

    Raises:
        FaultError: the server refuses, or stays broken; what is there is kept.
        UnableError: the server can't export just these persons.
    """
    for restart in range(RESTARTS + 1):
        try:
            if "status_url" not in state.journal:
                state.journal["status_url"] = _kick_off(client, patients)
                state.save()
            if "entries" not in state.journal:
                state.journal |= _manifest(client, state.journal["status_url"])
                state.save()
            for index, _ in enumerate(state.journal["entries"]):
                _fetch_file(client, state, index)
        except ExpiredError:
            if restart == RESTARTS:
                raise FaultError(_expired(client)) from None
            discard(client, state.journal["status_url"])
            state.begin(state.journal["task"])
        else:
            return


def exported(state: State) -> Files:
    """The files of a finished export by resource type, without those of errors."""
    files: dict[str, list[Path]] = {}
    for entry in state.journal["entries"]:
        if not entry["error"]:
            files.setdefault(entry["type"], []).append(state.files / entry["name"])
    return files


def errors(state: State) -> list[dict[str, Any]]:
    """What the server says that it could not export: severity, code and how often."""
    counts: dict[tuple[str, str], int] = {}
    for entry in state.journal["entries"]:
        if entry["error"]:
            for outcome_told in read_lines("OperationOutcome", [state.files / entry["name"]]):
                for issue in outcome_told.get("issue") or []:
                    words = issue_words(issue)
                    counts[words] = counts.get(words, 0) + 1
    return [{"severity": s, "code": c, "count": n} for (s, c), n in sorted(counts.items())]


def discard(client: Client, status_url: str) -> None:
    """Ask the server to delete the export; it is no fault if it has none or is away."""
    try:
        client.request("DELETE", client.url(status_url), headers={"Accept": FHIR_JSON})
    except FaultError:
        return


def _kick_off(client: Client, patients: Callable[[], list[str]]) -> str:
    """Start the export and give its status URL.

    Of a Group by GET; else of the persons by POST. Where the server can't do that the caller
    searches person by person: an export of every patient would take those who did not consent.
    """
    headers = {"Accept": FHIR_JSON, "Prefer": "respond-async"}
    asked = {"_type": ",".join(TYPES), "_outputFormat": "application/fhir+ndjson"}
    if client.fhir.group:
        method, url = "GET", f"{client.base}/Group/{client.fhir.group}/$export"
        answer = client.request(method, url, params=asked, headers=headers)
    else:
        people = patients()
        if not people:
            raise UnableError  # a server would take none for all
        method, url = "POST", f"{client.base}/Patient/$export"
        headers |= {"Prefer": "respond-async, handling=strict", "Content-Type": FHIR_JSON}
        body = {
            "resourceType": "Parameters",
            "parameter": [
                *({"name": name, "valueString": value} for name, value in asked.items()),
                *(
                    {"name": "patient", "valueReference": {"reference": f"Patient/{one}"}}
                    for one in people
                ),
            ],
        }
        answer = client.request(method, url, headers=headers, body=body)
        if answer.status_code in UNABLE:
            raise UnableError
    status_url = answer.headers.get("Content-Location", "")
    if answer.status_code != ACCEPTED or not status_url:
        raise FaultError(client.refused(method, url, answer))
    return client.url(status_url)


def _manifest(client: Client, status_url: str) -> dict[str, Any]:
    """Wait until the export is there, and give its files as the journal keeps them."""
    deadline = client.clock() + client.patience.export
    for turn in range(1 << 30):
        answer = client.request("GET", status_url, headers={"Accept": "application/json"})
        if answer.status_code in NOT_KNOWN:
            raise ExpiredError
        if answer.status_code == OK:
            break
        if answer.status_code in BUSY | BROKEN and outcome(read_json(answer)):
            raise ExpiredError  # the server says that the export itself failed
        if answer.status_code != ACCEPTED:
            raise FaultError(client.refused("GET", status_url, answer))
        if client.clock() >= deadline:
            raise FaultError(_unfinished(client, status_url))
        told = client.told_wait(answer)
        longest = min(told if told is not None else 2.0**turn, client.patience.longest)
        client.sleep(longest)
    return _entries(client, status_url, answer)


def _entries(client: Client, status_url: str, answer: requests.Response) -> dict[str, Any]:
    manifest = read_json(answer)
    sides = ("output", "error")
    good = media_type(answer) in JSON_TYPES and isinstance(manifest, dict)
    listed = [(side, one) for side in sides for one in (manifest.get(side) or [] if good else [])]
    whole = all(isinstance(one, dict) and isinstance(one.get("url"), str) for _, one in listed)
    if not good or "output" not in manifest or not whole:
        raise FaultError(
            client.fault(
                "GET",
                status_url,
                code="fhir-content",
                found=f"status 200 with content type {media_type(answer) or 'none'}, no manifest",
                allowed="the manifest of a Bulk Data export",
                next_step="a login page or a proxy may stand in the server's place; start the run "
                "again, which continues where it stopped",
            )
        )
    return {
        "transaction_time": str(manifest.get("transactionTime", "")),
        "token": manifest.get("requiresAccessToken") is True,
        "entries": [
            {
                "type": str(one.get("type", "")),
                "url": one["url"],
                "count": one.get("count") if type(one.get("count")) is int else None,
                "name": f"{number:05d}.ndjson",
                "error": side == "error",
                "done": False,
            }
            for number, (side, one) in enumerate(listed)
            if side == "error" or one.get("type") in TYPES
        ],
    }


def _fetch_file(client: Client, state: State, index: int) -> None:
    """Download one file until it is whole, and note that it is."""
    entry = state.journal["entries"][index]
    target, part = state.files / entry["name"], state.files / f"{entry['name']}.part"
    if entry["done"] and target.exists():
        return
    lost = ""
    for attempt in range(client.patience.attempts):
        if attempt:
            client.pause(attempt - 1)
        lost = _download(client, state, entry, part) or _lacks(part, entry)
        if not lost:
            part.replace(target)
            entry["done"] = True
            state.save()
            return
    raise FaultError(
        client.fault(
            "GET",
            entry["url"],
            code="fhir-truncated",
            found=f"file {index + 1} of the export ({entry['type']}) with {lost}, "
            f"{client.patience.attempts} times",
            allowed="whole lines, as many as the manifest's count",
            next_step="start the run again, which continues with this file; if it stays so, see "
            "the server's log",
        )
    )


def _download(client: Client, state: State, entry: dict[str, Any], part: Path) -> str:
    """Bring a file up to where the line breaks; ``""`` once the server has sent all."""
    there = part.stat().st_size if part.exists() else 0
    headers = {"Accept": "application/fhir+ndjson", "Accept-Encoding": "identity"}
    if there:
        headers["Range"] = f"bytes={there}-"
        if entry.get("etag"):
            headers["If-Range"] = entry["etag"]
    answer = client.request(
        "GET", entry["url"], headers=headers, token=state.journal["token"], stream=True
    )
    with answer:
        if answer.status_code in NOT_KNOWN:
            raise ExpiredError
        if answer.status_code == RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)
            return "more bytes than the server has"
        if answer.status_code not in (OK, PARTIAL):
            raise FaultError(client.refused("GET", entry["url"], answer))
        if media_type(answer) not in NDJSON_TYPES:
            raise FaultError(_not_ndjson(client, entry, answer))
        _note_etag(state, entry, answer)
        onward = answer.status_code == PARTIAL
        if onward and not _starts_at(answer, there):
            part.unlink(missing_ok=True)
            return "another range than asked for"
        try:
            with part.open("ab" if onward else "wb") as out:
                restrict(part)
                for chunk in answer.iter_content(CHUNK):
                    out.write(chunk)
        except (requests.exceptions.RequestException, ConnectionError, TimeoutError):
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                part.unlink(missing_ok=True)  # its bytes here are not those of the server
            return "a line that broke"
    return ""


def _lacks(part: Path, entry: dict[str, Any]) -> str:
    """What a file lacks that the server takes for whole; it is removed then."""
    lines, last = 0, b""
    with part.open("rb") as handle:
        for line in handle:
            if line.strip():
                lines, last = lines + 1, line
    try:
        lost = "" if not last or isinstance(json.loads(last), dict) else "a last line that is cut"
    except ValueError:
        lost = "a last line that is cut"
    if not lost and entry["count"] is not None and lines != entry["count"]:
        lost = f"{lines} lines where the manifest counts {entry['count']}"
    if lost:
        part.unlink()
    return lost


def _note_etag(state: State, entry: dict[str, Any], answer: requests.Response) -> None:
    """Keep a strong ETag, by which a resumed download is known to be of the same file."""
    etag = answer.headers.get("ETag", "")
    if etag and not etag.startswith("W/") and etag != entry.get("etag"):
        entry["etag"] = etag
        state.save()


def _starts_at(answer: requests.Response, there: int) -> bool:
    return answer.headers.get("Content-Range", "").startswith(f"bytes {there}-")


def _not_ndjson(client: Client, entry: dict[str, Any], answer: requests.Response) -> Any:
    return client.fault(
        "GET",
        entry["url"],
        code="fhir-content",
        found=f"status {answer.status_code} with content type {media_type(answer) or 'none'}",
        allowed="application/fhir+ndjson",
        next_step="a login page or a proxy may stand in the server's place; start the run again, "
        "which continues where it stopped",
    )


def _expired(client: Client) -> Any:
    return client.fault(
        "GET",
        client.base,
        code="fhir-expired",
        found=f"an export that failed or was forgotten {RESTARTS + 1} times",
        allowed="an export that stays until it is downloaded",
        next_step="see the server's log and how long it keeps exports; then start the run again",
    )


def _unfinished(client: Client, status_url: str) -> Any:
    return client.fault(
        "GET",
        status_url,
        code="fhir-unfinished",
        found=f"an export that is not ready after {client.patience.export:.0f} s",
        allowed="an export in that time",
        next_step="start the run again later; it waits for the same export",
    )
