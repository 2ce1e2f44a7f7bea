"""An HTTP proxy on loopback that breaks chosen requests, as hospital networks do.

It passes requests on, with the server's own URL replaced by its own in answers, so that a client
follows links through it. A :class:`Fault` says which request it breaks and how.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

HTML = b"<!DOCTYPE html><html><body>Please log in, MRN-12345 (Kim Cheol-su)</body></html>"
STALL = 3.0
"""Seconds, longer than a test takes to kill its process."""
PASSED = {"authorization", "accept", "content-type", "prefer", "range", "if-range"}
KEPT = {"content-type", "content-location", "location", "retry-after", "x-progress", "etag"}


@dataclass
class Fault:
    """One fault: what is done to the ``first`` and following matching requests.

    ``kind`` is one of: cut (the line breaks in mid-body), reset (no answer), busy (429, Retry-After
    in seconds), busy_date (503, Retry-After as a date), expired (401), broken (500), html (a login
    page with 200), wrong_json (200, no FHIR), gone (410), truncated (a shorter body as if whole),
    short (whole lines missing), dropped (half of a page's entries missing), repeated (the page
    before comes again), looped (a page whose next is itself), total (a total that no page reaches),
    stall (half of the body, and then nothing for long).
    """

    kind: str
    match: str = ".*"
    first: int = 1
    times: int = 1
    seen: int = field(default=0, init=False)
    done: int = field(default=0, init=False)

    def strikes(self, line: str) -> bool:
        """Whether this request is broken; ``line`` is method and URL."""
        if not re.search(self.match, line):
            return False
        self.seen += 1
        if self.seen < self.first or self.done >= self.times:
            return False
        self.done += 1
        return True


@dataclass
class Answer:
    """What the client gets."""

    status: int
    headers: dict[str, str]
    body: bytes
    length: int | None = None
    """Content-Length as told, where it is not the body's."""
    stall: bool = False


@dataclass
class FaultProxy:
    """A running proxy: its own root URL, what it breaks, and what passed (method and URL)."""

    upstream: str
    root: str = ""
    faults: list[Fault] = field(default_factory=list)
    ranges: bool = True
    passed: list[str] = field(default_factory=list)
    ranged: list[str] = field(default_factory=list)
    before: dict[str, bytes] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        """The answer to a request; ``None`` for none at all."""
        line = f"{method} {path}"
        with self.lock:
            self.passed.append(line)
            fault = next((one for one in self.faults if one.strikes(line)), None)
        if fault and fault.kind in _INSTEAD:
            return _INSTEAD[fault.kind]()
        given = requests.request(
            method,
            self.upstream + path,
            headers={k: v for k, v in headers.items() if k.lower() in PASSED - {"range"}},
            data=body or None,
            allow_redirects=False,
            timeout=60,
        )
        kept = {k: self._own(v) for k, v in given.headers.items() if k.lower() in KEPT}
        answer = Answer(given.status_code, kept, self._own(given.text).encode())
        if fault:
            answer = self._spoiled(fault.kind, path, answer)
        self.before[path.partition("?")[0]] = answer.body
        return self._in_range(path, headers, answer)

    def _own(self, text: str) -> str:
        return text.replace(self.upstream, self.root)

    def _in_range(self, path: str, headers: dict[str, str], answer: Answer) -> Answer:
        wanted = re.fullmatch(r"bytes=(\d+)-", headers.get("Range", ""))
        if not (wanted and self.ranges and answer.status == 200) or answer.length is not None:
            return answer
        start, whole = int(wanted[1]), len(answer.body)
        self.ranged.append(path)
        if start >= whole:
            return Answer(416, {"Content-Range": f"bytes */{whole}"}, b"")
        told = {**answer.headers, "Content-Range": f"bytes {start}-{whole - 1}/{whole}"}
        return Answer(206, told, answer.body[start:])

    def _spoiled(self, kind: str, path: str, answer: Answer) -> Answer:
        body, length = answer.body, None
        if kind in ("cut", "stall"):
            body, length = body[: len(body) // 2], len(body)
        elif kind == "truncated":
            body = body[: len(body) - 7]
        elif kind == "short":
            body = b"".join(body.splitlines(keepends=True)[:-1])
        elif kind == "repeated":
            body = self.before.get(path.partition("?")[0], body)
        else:
            body = json.dumps(_paged(kind, json.loads(body), self.root + path)).encode()
        return Answer(answer.status, answer.headers, body, length, kind == "stall")


def _paged(kind: str, bundle: Any, url: str) -> Any:
    entries = bundle.get("entry", [])
    if kind == "dropped":
        bundle["entry"] = entries[: len(entries) // 2]
    elif kind == "looped":
        bundle["link"] = [{"relation": "next", "url": url}]
    elif kind == "total":
        bundle["total"] = len(entries) + 1_000
    return bundle


def _json(status: int, content: Any, **headers: str) -> Answer:
    told = {"Content-Type": "application/fhir+json", **headers}
    return Answer(status, told, json.dumps(content).encode())


def _outcome(code: str) -> dict[str, Any]:
    secret = "Patient MRN-12345 Kim Cheol-su"
    issue = {"severity": "error", "code": code, "diagnostics": secret}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


_INSTEAD = {
    "reset": lambda: None,
    "busy": lambda: _json(429, _outcome("throttled"), **{"Retry-After": "1"}),
    "busy_date": lambda: _json(
        503, _outcome("transient"), **{"Retry-After": formatdate(usegmt=True)}
    ),
    "expired": lambda: _json(401, _outcome("expired")),
    "broken": lambda: Answer(500, {"Content-Type": "text/plain"}, b"oops"),
    "failed": lambda: _json(500, _outcome("exception")),
    "html": lambda: Answer(200, {"Content-Type": "text/html; charset=utf-8"}, HTML),
    "wrong_json": lambda: Answer(
        200, {"Content-Type": "application/json"}, b'{"patient": "MRN-12345"}'
    ),
    "gone": lambda: _json(410, _outcome("not-found")),
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: FaultProxy

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.proxy.answer(self.command, self.path, dict(self.headers), body)
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        length = len(answer.body) if answer.length is None else answer.length
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(answer.body)
        if answer.stall:
            self.wfile.flush()
            time.sleep(STALL)
        self.close_connection = answer.length is not None

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

    def log_message(self, format: str, *words: Any) -> None:
        """Say nothing."""


@contextmanager
def fault_proxy(
    upstream: str, faults: Sequence[Fault] = (), *, ranges: bool = True
) -> Iterator[FaultProxy]:
    """Run a proxy on a free port of loopback.

    Args:
        upstream: root URL of the server, scheme, host and port.
        faults: what it breaks.
        ranges: whether it answers Range requests; the server behind need not.
    """
    proxy = FaultProxy(upstream, faults=list(faults), ranges=ranges)
    handler = type("Handler", (_Handler,), {"proxy": proxy})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        proxy.root = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
