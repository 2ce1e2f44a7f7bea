"""Signed decisions of staff on the gate's verdicts.

A decision file is tab-separated: sample, reason (a word of the gate's reasons to let pass, or
``any`` to hold a sample back), decision (pass or quarantine), who, date, why. Beside it lies
``<file>.sig``, an Ed25519 signature (RFC 8032) of the file's bytes, raw or base64. With OpenSSL 3:

    openssl genpkey -algorithm ed25519 -out private.pem
    openssl pkey -in private.pem -pubout -out public.pem
    openssl pkeyutl -sign -rawin -inkey private.pem -in overrides.tsv -out overrides.tsv.sig

The public key is a setting; the private key stays with whoever decides.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_rows

COLUMNS = ("sample", "reason", "decision", "who", "date", "why")
REASONS = (*("transplant", "discordant", "swap", "duplicate", "sex", "contamination", "kinship"),)
ANY = "any"
DECISIONS = ("pass", "quarantine")
SIGNATURE_BYTES = 64


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One row of the file."""

    sample: str
    reason: str
    decision: str
    who: str
    date: date
    why: str

    @property
    def told(self) -> str:
        """Who decided what, when and why."""
        return f"{self.decision} ({self.reason}): {self.who}, {self.date}: {self.why}"


@dataclass(frozen=True, kw_only=True)
class Signed:
    """Decisions whose signature holds.

    Attributes:
        decisions: in the file's order.
        file_sha256: of the file's bytes.
        key_sha256: of the raw public key that signed.
    """

    decisions: tuple[Decision, ...]
    file_sha256: str
    key_sha256: str


NONE = Signed(decisions=(), file_sha256="", key_sha256="")


def read_overrides(file: Path, keys: Sequence[Path], samples: Collection[str]) -> Signed:
    """Decisions of a file, if it is signed with one of the keys.

    Args:
        file: the decisions.
        keys: public keys (PEM).
        samples: whom the sheet knows.

    Raises:
        FaultError: no or no good signature, no key, or rows that can't be.
    """
    rows = read_rows(file, *COLUMNS)
    key = _signer(file, keys)
    faults = [
        fault
        for number, row in enumerate(rows, start=2)
        for fault in _faults(file, number, row, samples)
    ]
    named = [(row["sample"], row["reason"]) for row in rows]
    faults += [
        _fault(file, n, "sample", f"a second decision on {named[n - 2]}", "one for each reason")
        for n in range(2, len(named) + 2)
        if named[n - 2] in named[: n - 2]
    ]
    if faults:
        raise FaultError(faults)
    return Signed(
        decisions=tuple(
            Decision(
                **{name: row[name].strip() for name in COLUMNS if name != "date"},
                date=date.fromisoformat(row["date"].strip()),
            )
            for row in rows
        ),
        file_sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
        key_sha256=key,
    )


def _faults(
    file: Path, number: int, row: dict[str, str], samples: Collection[str]
) -> Iterable[Fault]:
    value = {name: (row[name] or "").strip() for name in COLUMNS}
    if value["sample"] not in samples:
        yield _fault(file, number, "sample", repr(value["sample"]), "a sample of the sheet")
    if value["decision"] not in DECISIONS:
        yield _fault(file, number, "decision", repr(value["decision"]), ", ".join(DECISIONS))
    allowed = (ANY,) if value["decision"] == "quarantine" else REASONS
    if value["reason"] not in allowed:
        yield _fault(file, number, "reason", repr(value["reason"]), ", ".join(allowed))
    for name in ("who", "why"):
        if not value[name]:
            yield _fault(file, number, name, "nothing", "who decided, and why")
    try:
        date.fromisoformat(value["date"])
    except ValueError:
        yield _fault(file, number, "date", repr(value["date"]), "a day as 2026-01-31")


def _fault(file: Path, number: int, column: str, found: str, allowed: str) -> Fault:
    return Fault(
        code="override-row",
        file=str(file),
        row=str(number),
        column=column,
        found=found,
        allowed=allowed,
        next_step="correct the row and sign the file again",
    )


def _signer(file: Path, keys: Sequence[Path]) -> str:
    """SHA-256 of the key that signed the file."""
    signature = signature_of(file)
    for path in keys:
        key = _public_key(path)
        try:
            key.verify(signature, file.read_bytes())
        except InvalidSignature:
            continue
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return hashlib.sha256(raw).hexdigest()
    raise FaultError(
        _unsigned(file, f"a signature of none of the {len(keys)} key(s)", "override-signature")
    )


def signature_of(file: Path) -> bytes:
    """The signature beside a file, raw or base64.

    Raises:
        FaultError: there is none.
    """
    path = file.with_name(f"{file.name}.sig")
    if not path.is_file():
        raise FaultError(_unsigned(file, f"no signature {path.name}", "override-unsigned"))
    found = path.read_bytes()
    if len(found) == SIGNATURE_BYTES:
        return found
    try:
        return base64.b64decode(found, validate=False)
    except binascii.Error:
        return found


def _unsigned(file: Path, found: str, code: str) -> Fault:
    return Fault(
        code=code,
        file=str(file),
        found=found,
        allowed="an Ed25519 signature of the file's bytes by a key of identity.override_keys",
        next_step="have the file signed by who may decide, after its last change",
    )


def _public_key(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise FaultError(
            Fault(
                code="override-key",
                file=str(path),
                found="no Ed25519 public key",
                allowed="a public key in PEM (openssl pkey -pubout)",
                next_step="correct the setting identity.override_keys",
            )
        )
    return key
