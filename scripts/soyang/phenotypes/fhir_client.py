"""HTTP to a FHIR R4 server: patient with its faults, and silent about whom it is asked.

FHIR R4 "RESTful API" (https://hl7.org/fhir/R4/http.html). A request is repeated when the server is
busy (429, 503 with Retry-After) or the line breaks; an expired token is renewed once. No message
holds a query, an id, an answer's text or a secret.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from soyang.core.clinical import LOOPBACK, Fhir
from soyang.core.errors import Fault, FaultError
from soyang.phenotypes.fhir_answers import media_type, outcome, read_json
from soyang.phenotypes.fhir_auth import Tokens

FHIR_JSON = "application/fhir+json"
JSON_TYPES = frozenset((FHIR_JSON, "application/json"))
NDJSON_TYPES = frozenset(
    (
        "application/fhir+ndjson", "application/ndjson", "application/x-ndjson",
        "application/octet-stream", "binary/octet-stream",
    )
)  # fmt: skip
"""What NDJSON is served as; object stores know nothing of FHIR."""
UNAUTHORIZED = HTTPStatus.UNAUTHORIZED
BUSY = frozenset((429, 503))
BROKEN = frozenset((500, 502, 504))
MOVED = frozenset((301, 302, 303, 307, 308))
_KEPT = re.compile(r"[A-Z][A-Za-z]+|\$[a-z-]+|_search")
"""Path segments that name no one: a resource type, an operation."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a server's faults are borne. Times in seconds."""

    attempts: int = 6
    """How often one request is made, at most."""
    first: float = 1
    """Wait after the first failure; it doubles after each."""
    longest: float = 60
    """No wait of ours is longer."""
    retry_after: float = 600
    """A server that asks for a longer wait is left alone until the next run."""
    timeout: tuple[float, float] = (20, 300)
    """For the connection, and between two pieces of an answer."""
    export: float = 86_400
    """How long an export may take before we leave it to the next run."""


class BrokenError(Exception):
    """A connection broke or an answer was cut; the request may be repeated."""


@dataclass
class Client:
    """A session with one server. ``sleep`` and ``clock`` are there for tests."""

    fhir: Fhir
    patience: Patience = field(default_factory=Patience)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self.session = requests.Session()
        self.tokens = Tokens(self.fhir, self._post_form, self.clock)
        self.verify = str(self.fhir.ca_file) if self.fhir.ca_file else True

    @property
    def base(self) -> str:
        """The server's base URL without a slash at its end."""
        return self.fhir.base_url

    def resource(
        self, path: str, *, params: Mapping[str, str] | None = None, allowed: tuple[int, ...] = ()
    ) -> dict[str, Any] | None:
        """One resource by GET; ``None`` where the server answers with a status of ``allowed``.

        Args:
            path: below the base, or a whole URL that the server gave.
            params: the query, for a path.
            allowed: statuses that are answers too, such as 404.

        Raises:
            FaultError: the answer is something else, or not FHIR.
        """
        url = self.url(path)
        headers = {"Accept": FHIR_JSON, "Prefer": "handling=strict"}
        answer = self.request("GET", url, params=params, headers=headers)
        if answer.status_code in allowed:
            return None
        if answer.status_code != HTTPStatus.OK:
            raise FaultError(self.refused("GET", url, answer))
        return self.fhir_json("GET", url, answer)

    def url(self, path: str) -> str:
        """The URL of a path below the base, or one that the server gave, on the same origin.

        Raises:
            FaultError: the server's URL leads elsewhere, where the token must not go.
        """
        url = path if "://" in path else f"{self.base}/{path}"
        if origin(url) != origin(self.base):
            raise FaultError(
                self.fault(
                    "GET",
                    url,
                    code="fhir-origin",
                    found="a link to another server than base_url",
                    allowed="links below base_url",
                    next_step="set base_url as the server names itself in its links, or correct "
                    "the server's own base URL",
                )
            )
        return url

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        token: bool = True,
        stream: bool = False,
    ) -> requests.Response:
        """The server's answer, once it is neither busy nor broken.

        The last answer is given back where the server stays broken; what it says is for the
        caller to judge.

        Raises:
            FaultError: no answer, a redirect to another server, or no access.
        """
        words: dict[str, Any] = {
            "params": params,
            "headers": headers,
            "body": body,
            "stream": stream,
        }
        failures, renewed = 0, False
        while True:
            last = failures == self.patience.attempts - 1
            try:
                answer = self._once(method, url, token=token, **words)
            except BrokenError as error:
                if last:
                    raise FaultError(self._unreachable(method, url, str(error))) from None
                self.pause(failures)
                failures += 1
                continue
            if answer.status_code == UNAUTHORIZED and token and self.tokens.needed and not renewed:
                renewed = True
                answer.close()
                self.tokens.drop()
                continue
            if last or answer.status_code not in BUSY | BROKEN:
                return answer
            self._wait_as_told(method, url, failures, answer)
            failures += 1

    def pause(self, attempt: int) -> None:
        """Wait after a failure, longer each time."""
        self.sleep(min(self.patience.first * 2**attempt, self.patience.longest))

    def told_wait(self, answer: requests.Response) -> float | None:
        """Seconds of Retry-After, given as seconds or as an HTTP date (RFC 9110, 10.2.3)."""
        told = answer.headers.get("Retry-After", "").strip()
        if re.fullmatch(r"\d{1,9}", told):
            return float(told)
        try:
            when = parsedate_to_datetime(told)
        except (TypeError, ValueError):
            return None
        return max(0.0, when.timestamp() - self.clock())

    def fhir_json(self, method: str, url: str, answer: requests.Response) -> dict[str, Any]:
        """The FHIR resource in an answer.

        Raises:
            FaultError: it is a web page or other JSON, which proxies and logins answer with.
        """
        found = media_type(answer)
        content = read_json(answer)
        if found in JSON_TYPES and isinstance(content, dict) and "resourceType" in content:
            return content
        kind = "JSON that is not a FHIR resource" if content is not None else "no JSON"
        raise FaultError(
            self.fault(
                method,
                url,
                code="fhir-content",
                found=f"status {answer.status_code} with content type {found or 'none'}, {kind}",
                allowed="FHIR R4 JSON (application/fhir+json)",
                next_step="check base_url; a login page or a proxy may stand in the server's place",
            )
        )

    def refused(self, method: str, url: str, answer: requests.Response) -> Fault:
        """The fault for a status that is an error, with the OperationOutcome's codes."""
        denied = answer.status_code in (401, 403)
        return self.fault(
            method,
            url,
            code="fhir-denied" if denied else "fhir-status",
            found=f"status {answer.status_code}{outcome(read_json(answer))}",
            allowed="the resources asked for",
            next_step="check the client's registration, scope and token"
            if denied
            else "see the server's log for this time; then start the run again, which continues "
            "where it stopped",
        )

    def fault(
        self, method: str, url: str, *, code: str, found: str, allowed: str, next_step: str
    ) -> Fault:
        """A fault of the server, placed by method and path; ids and query are left out."""
        return Fault(
            code=code,
            file="platform.fhir",
            row=f"{method} {self.place(url)}",
            found=found,
            allowed=allowed,
            next_step=next_step,
        )

    def place(self, url: str) -> str:
        """A URL's path with everything that could name someone masked."""
        base, path = urlsplit(self.base).path, urlsplit(url).path
        below = path.removeprefix(base) if origin(url) == origin(self.base) else path
        segments = [s if _KEPT.fullmatch(s) else "[id]" for s in below.split("/") if s]
        return "/".join(("[base]" if below != path or not base else "", *segments)) or "/"

    def _once(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: Any,
        token: bool,
        stream: bool,
    ) -> requests.Response:
        """One request, redirects on the same origin followed."""
        for _ in range(5):
            answer = self._send(
                method,
                url,
                params=params,
                headers={**(headers or {}), **(self.tokens.header() if token else {})},
                json=body,
                stream=stream,
            )
            target = answer.headers.get("Location", "")
            if answer.status_code not in MOVED or not target:
                return answer
            answer.close()
            target = urljoin(answer.url, target)
            if method != "GET" or (token and origin(target) != origin(url)):
                raise FaultError(self._redirected(method, url))
            url, params = target, None
        raise FaultError(self._redirected(method, url))

    def _send(self, method: str, url: str, **words: Any) -> requests.Response:
        if not _secure(url):
            raise FaultError(self._redirected(method, url))
        try:
            return self.session.request(
                method,
                url,
                allow_redirects=False,
                verify=self.verify,
                timeout=self.patience.timeout,
                auth=_as_it_is,
                **words,
            )
        except requests.exceptions.SSLError:
            raise FaultError(self._untrusted(method, url)) from None
        except (requests.exceptions.RequestException, OSError) as error:
            raise BrokenError(type(error).__name__) from None

    def _post_form(self, url: str, form: dict[str, str]) -> tuple[int, Any]:
        """Post to the token endpoint. An assertion is good once: nothing is repeated as it was."""
        headers = {"Accept": "application/json"}
        answer = self._send("POST", url, data=form, headers=headers)
        if answer.status_code in BUSY | BROKEN:
            raise BrokenError(f"the token endpoint's status {answer.status_code}")
        return answer.status_code, read_json(answer)

    def _wait_as_told(self, method: str, url: str, attempt: int, answer: requests.Response) -> None:
        answer.close()
        told = self.told_wait(answer) if answer.status_code in BUSY else None
        if told is None:
            self.pause(attempt)
            return
        if told > self.patience.retry_after:
            raise FaultError(
                self.fault(
                    method,
                    url,
                    code="fhir-busy",
                    found=f"status {answer.status_code}, which asks for {told:.0f} s of patience",
                    allowed=f"at most {self.patience.retry_after:.0f} s",
                    next_step="start the run again later; it continues where it stopped",
                )
            )
        self.sleep(told)

    def _unreachable(self, method: str, url: str, why: str) -> Fault:
        return self.fault(
            method,
            url,
            code="fhir-unreachable",
            found=f"no whole answer in {self.patience.attempts} attempts ({why})",
            allowed="an answer",
            next_step="check base_url and the network, then start the run again; it continues "
            "where it stopped",
        )

    def _untrusted(self, method: str, url: str) -> Fault:
        return self.fault(
            method,
            url,
            code="fhir-tls",
            found="a certificate that can't be verified",
            allowed="a certificate of a known authority",
            next_step="name the site's own authority in platform.fhir.ca_file; verification is "
            "never switched off",
        )

    def _redirected(self, method: str, url: str) -> Fault:
        return self.fault(
            method,
            url,
            code="fhir-redirect",
            found="a link or redirect to another server, in a circle, or without TLS",
            allowed="an answer",
            next_step="set base_url to where the server really is; the token is not sent elsewhere",
        )


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what a token is for (RFC 6454)."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return parts.scheme, (parts.hostname or "").lower(), port


def _secure(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep our own Authorization header: requests would take one from a .netrc file."""
    return request
