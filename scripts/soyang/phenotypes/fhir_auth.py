"""Who we are to a FHIR server: SMART Backend Services, a bearer token from a file, or nobody.

HL7 SMART App Launch 2.2, "Backend Services" and "Client Authentication: Asymmetric": the client
proves itself with a short-lived JWT (RS384 or ES384) and gets an access token that it renews when
it runs out. Keys and tokens never leave this module but in a request's header or form.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from soyang.core.clinical import Fhir
from soyang.core.errors import Fault, FaultError

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 240
"""How long an assertion holds; the specification allows five minutes at most."""
MARGIN_SECONDS = 30
"""A token is renewed this long before it runs out."""
OAUTH_ERRORS = frozenset(
    (
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
        "unsupported_grant_type", "invalid_scope",
    )
)  # fmt: skip
"""RFC 6749, section 5.2: the only words of a refusal that are shown."""

Post = Callable[[str, dict[str, str]], tuple[int, Any]]
"""Posts a form to the token endpoint; gives the status and the JSON answered, None if none."""


def read_secret(path: Path, what: str) -> str:
    """The text of a key or token file that only its owner can read.

    Raises:
        FaultError: the file is missing, empty, not text, or others may read it.
    """
    try:
        mode = path.stat().st_mode & 0o777
        text = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):
        raise FaultError(_secret(path, what, "no readable text file", "check its path")) from None
    if mode & 0o077:
        raise FaultError(
            _secret(path, what, f"permissions {mode:o}", f"run: chmod 600 {path.name}")
        )
    if not text:
        raise FaultError(_secret(path, what, "an empty file", f"put the {what} into it"))
    return text


@dataclass
class Tokens:
    """The access token, fetched when it is first needed and kept until it runs out."""

    fhir: Fhir
    post: Post
    clock: Callable[[], float] = time.time
    _token: str = ""
    _expires: float = 0

    @property
    def needed(self) -> bool:
        """Whether the settings name any way to prove who we are."""
        return bool(self.fhir.key_file or self.fhir.token_file)

    def header(self) -> dict[str, str]:
        """The Authorization header, empty for a server that asks for none."""
        if not self.needed:
            return {}
        if not self._token or self.clock() >= self._expires:
            self._renew()
        return {"Authorization": f"Bearer {self._token}"}

    def drop(self) -> None:
        """Forget the token: the server says that it ran out."""
        self._token = ""

    def _renew(self) -> None:
        if self.fhir.token_file:
            self._token = read_secret(self.fhir.token_file, "token")
            self._expires = float("inf")  # another program renews the file; a 401 reads it anew
            return
        form = {
            "grant_type": "client_credentials",
            "scope": self.fhir.scope,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion(self.fhir, self.clock()),
        }
        status, answer = self.post(str(self.fhir.token_url), form)
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if status != HTTPStatus.OK or not isinstance(token, str) or not token:
            raise FaultError(_refused(status, answer))
        self._token = token
        self._expires = self.clock() + max(0.0, _seconds(answer) - MARGIN_SECONDS)


def assertion(fhir: Fhir, now: float) -> str:
    """The signed JWT with which the client asks for a token.

    Raises:
        FaultError: the key file is not an RSA or a P-384 private key in PEM.
    """
    import jwt  # noqa: PLC0415  slow to load, needed by a few
    from cryptography.hazmat.primitives.asymmetric.ec import (  # noqa: PLC0415
        EllipticCurvePrivateKey,
    )
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        load_pem_private_key,
    )

    assert fhir.key_file is not None
    text = read_secret(fhir.key_file, "private key")
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    elliptic = isinstance(key, EllipticCurvePrivateKey) and key.curve.name == "secp384r1"
    if not elliptic and not isinstance(key, RSAPrivateKey):
        raise FaultError(
            _secret(
                fhir.key_file,
                "private key",
                "no RSA or P-384 private key in PEM without passphrase",
                "make a key for RS384 or ES384 and register its public half with the server",
            )
        )
    claims = {
        "iss": fhir.client_id,
        "sub": fhir.client_id,
        "aud": fhir.token_url,
        "exp": int(now) + ASSERTION_SECONDS,
        "iat": int(now),
        "jti": uuid.uuid4().hex,
    }
    headers = {"kid": fhir.key_id} if fhir.key_id else None
    return jwt.encode(claims, text, algorithm="ES384" if elliptic else "RS384", headers=headers)


def _seconds(answer: dict[str, Any]) -> float:
    """``expires_in``; the specification's longest (five minutes) where it is missing."""
    told = answer.get("expires_in")
    return float(told) if isinstance(told, int | float) and not isinstance(told, bool) else 300.0


def _refused(status: int, answer: Any) -> Fault:
    error = answer.get("error") if isinstance(answer, dict) else None
    word = f" ({error})" if error in OAUTH_ERRORS else ""
    return Fault(
        code="fhir-token",
        file="platform.fhir.token_url",
        found=f"status {status}{word} and no access token",
        allowed="an access token (SMART Backend Services)",
        next_step="check client_id, key_file, key_id and scope against the client's registration "
        "at the server",
    )


def _secret(path: Path, what: str, found: str, next_step: str) -> Fault:
    return Fault(
        code="fhir-secret",
        file=path.name,
        found=found,
        allowed=f"a file with the {what} that only its owner can read (0600)",
        next_step=next_step,
    )
