"""A small FHIR R4 server in a thread, for quick tests: read, search, export, files, token."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

Resource = dict[str, Any]
Given = tuple[int, dict[str, str], bytes]
JSON = {"Content-Type": "application/fhir+json; charset=utf-8"}
NDJSON = {"Content-Type": "application/fhir+ndjson"}


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Stub:
    """The server: its resources and what it does; ``script`` answers before it does."""

    root: str = ""
    resources: list[Resource] = field(default_factory=list)
    page: int = 2
    token: str = ""
    ranges: bool = True
    counts: bool = True
    post_export: bool = True
    pending: int = 1
    jobs: dict[str, list[str]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    script: Callable[[Asked], Given | None] = lambda asked: None

    @property
    def base(self) -> str:
        return f"{self.root}/fhir"

    def lines(self) -> list[str]:
        """Method and path of what was asked."""
        return [f"{one.method} {one.path}" for one in self.asked]

    def answer(self, asked: Asked) -> Given:
        self.asked.append(asked)
        given = self.script(asked)
        if given is not None:
            return given
        if self.token and asked.headers.get("Authorization") != f"Bearer {self.token}":
            return outcome(401, "login")
        parts = asked.path.removeprefix("/fhir/").split("/")
        if parts[-1] == "$export":
            return self._kick_off(asked)
        if parts[0] in ("status", "file"):
            return getattr(self, f"_{parts[0]}")(asked, *parts[1:])
        if len(parts) == 2:
            return self._read(*parts)
        return self._search(asked, parts[0])

    def _read(self, kind: str, identifier: str) -> Given:
        for one in self.resources:
            if one["resourceType"] == kind and one["id"] == identifier:
                return 200, JSON, json.dumps(one).encode()
        return outcome(404, "not-found")

    def _search(self, asked: Asked, kind: str) -> Given:
        query = dict(asked.query)
        start = int(query.pop("_start", 0))
        query.pop("_count", None)
        found = [
            one
            for one in self.resources
            if one["resourceType"] == kind and all(_matches(one, k, v) for k, v in query.items())
        ]
        links = []
        if start + self.page < len(found):
            following = urlencode({**query, "_start": start + self.page})
            links = [{"relation": "next", "url": f"{self.base}/{kind}?{following}"}]
        page = found[start : start + self.page]
        bundle = {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": len(found),
            "link": links,
            "entry": [{"resource": one, "search": {"mode": "match"}} for one in page],
        }
        return 200, JSON, json.dumps(bundle).encode()

    def _kick_off(self, asked: Asked) -> Given:
        if asked.method == "POST" and not self.post_export:
            return outcome(405, "not-supported")
        job = str(len(self.jobs) + len(self.deleted) + 1)
        self.jobs[job] = sorted({one["resourceType"] for one in self.resources})
        return 202, {"Content-Location": f"{self.base}/status/{job}"}, b""

    def _status(self, asked: Asked, job: str) -> Given:
        if job not in self.jobs:
            return outcome(404, "not-found")
        if asked.method == "DELETE":
            del self.jobs[job]
            self.deleted.append(job)
            return 202, {}, b""
        if self.pending:
            self.pending -= 1
            return 202, {"X-Progress": "50 %", "Retry-After": "1"}, b""
        manifest = {
            "transactionTime": "2025-01-01T00:00:00Z",
            "requiresAccessToken": bool(self.token),
            "output": [self._listed(job, kind) for kind in self.jobs[job]],
            "error": [],
        }
        return 200, {"Content-Type": "application/json"}, json.dumps(manifest).encode()

    def _listed(self, job: str, kind: str) -> Resource:
        told: Resource = {"type": kind, "url": f"{self.base}/file/{job}/{kind}"}
        if self.counts:
            told["count"] = sum(one["resourceType"] == kind for one in self.resources)
        return told

    def _file(self, asked: Asked, job: str, kind: str) -> Given:
        if job not in self.jobs:
            return outcome(404, "not-found")
        own = [json.dumps(one) for one in self.resources if one["resourceType"] == kind]
        body = "".join(f"{line}\n" for line in own).encode()
        start = int(asked.headers.get("Range", "bytes=0-")[6:-1]) if self.ranges else 0
        if "Range" in asked.headers and self.ranges:
            told = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
            return 206, {**NDJSON, **told}, body[start:]
        return 200, NDJSON, body


def _matches(resource: Resource, name: str, value: str) -> bool:
    if name == "patient":
        subject = resource.get("subject") or resource.get("patient") or {}
        return subject.get("reference") == value
    if name == "identifier":
        system, _, wanted = value.partition("|")
        return {"system": system, "value": wanted} in resource.get("identifier", [])
    raise AssertionError(f"search parameter {name}")


def outcome(status: int, code: str) -> Given:
    """An OperationOutcome that says too much."""
    issue = {"severity": "error", "code": code, "diagnostics": "MRN-77 Kim Cheol-su"}
    content = {"resourceType": "OperationOutcome", "issue": [issue]}
    return status, JSON, json.dumps(content).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: Stub

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        asked = Asked(
            self.command, parts.path, dict(parse_qsl(parts.query)), dict(self.headers), body
        )
        status, headers, content = self.stub.answer(asked)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = "Content-Length" in headers

    do_GET = do_POST = do_DELETE = _handle  # noqa: N815

    def log_message(self, format: str, *words: Any) -> None:
        """Say nothing."""


@contextmanager
def stub_server(**words: Any) -> Iterator[Stub]:
    """Run a stub on a free port of loopback."""
    stub = Stub(**words)
    handler = type("Handler", (_Handler,), {"stub": stub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        stub.root = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()
