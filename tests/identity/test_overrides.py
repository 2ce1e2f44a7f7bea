"""Signed decisions of staff."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from soyang.core.errors import FaultError
from soyang.identity.overrides import read_overrides
from tests.identity.conftest import sign, signed

ROW = ("S1", "sex", "pass", "Dr. 김", "2026-01-15", "karyotype: XXY")


def test_decisions_are_read_with_their_signer(tmp_path: Path) -> None:
    folder = tmp_path / "결정 폴더"
    folder.mkdir()
    given = signed(folder / "decisions.tsv", [ROW])
    found = read_overrides(given["overrides"], given["override_key"], {"S1"})
    (decision,) = found.decisions
    assert (decision.sample, decision.date) == ("S1", date(2026, 1, 15))
    assert decision.told == "pass (sex): Dr. 김, 2026-01-15: karyotype: XXY"
    assert found.file_sha256 == hashlib.sha256(given["overrides"].read_bytes()).hexdigest()


def test_a_base64_signature_and_the_second_key_do_as_well(tmp_path: Path) -> None:
    file = tmp_path / "decisions.tsv"
    signed(file, [ROW])
    other, key = sign(file, name="other"), sign(file)
    signature = file.with_name(f"{file.name}.sig")
    signature.write_bytes(base64.encodebytes(signature.read_bytes()))
    assert len(read_overrides(file, [other, key], {"S1"}).decisions) == 1


def test_an_empty_signed_file_decides_nothing(tmp_path: Path) -> None:
    given = signed(tmp_path / "decisions.tsv", [])
    assert read_overrides(given["overrides"], given["override_key"], set()).decisions == ()


@pytest.mark.parametrize("change", ["unsigned", "changed", "other key", "no key", "garbage"])
def test_without_a_good_signature_nothing_is_decided(change: str, tmp_path: Path) -> None:
    file = tmp_path / "decisions.tsv"
    keys = signed(file, [ROW])["override_key"]
    signature = file.with_name(f"{file.name}.sig")
    if change == "unsigned":
        signature.unlink()
    elif change == "changed":
        file.write_text(file.read_text().replace("S1", "S2"))
    elif change == "other key":
        before = signature.read_bytes()
        keys = [sign(file)]
        signature.write_bytes(before)
    elif change == "no key":
        keys = []
    else:
        signature.write_bytes(b"\xff signed, really")
    with pytest.raises(FaultError, match="allowed: an Ed25519 signature"):
        read_overrides(file, keys, {"S1", "S2"})


def test_a_key_must_be_one(tmp_path: Path) -> None:
    given = signed(tmp_path / "decisions.tsv", [ROW])
    bad = tmp_path / "bad.pem"
    bad.write_text("hello")
    for path in (bad, tmp_path / "none.pem"):
        with pytest.raises(FaultError, match="no Ed25519 public key"):
            read_overrides(given["overrides"], [path], {"S1"})


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        (0, "S9", "a sample of the sheet"),
        (1, "smell", "transplant, discordant, swap"),
        (1, "any", "transplant, discordant, swap"),
        (2, "maybe", "pass, quarantine"),
        (2, "quarantine", "allowed: any"),
        (3, " ", "who decided, and why"),
        (4, "15.1.2026", "a day as 2026-01-31"),
        (5, "", "who decided, and why"),
    ],
)
def test_rows_that_cannot_be_are_refused(
    column: int, value: str, said: str, tmp_path: Path
) -> None:
    row = list(ROW)
    row[column] = value
    given = signed(tmp_path / "decisions.tsv", [tuple(row)])
    with pytest.raises(FaultError, match=said) as error:
        read_overrides(given["overrides"], given["override_key"], {"S1"})
    assert error.value.faults[0].row == "2"


def test_every_fault_is_shown_and_a_reason_is_decided_once(tmp_path: Path) -> None:
    given = signed(tmp_path / "decisions.tsv", [ROW, ROW, ("S9", *ROW[1:])])
    with pytest.raises(FaultError) as error:
        read_overrides(given["overrides"], given["override_key"], {"S1"})
    assert sorted(fault.row for fault in error.value.faults) == ["3", "4"]


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_the_documented_commands_sign(tmp_path: Path) -> None:
    """The three commands of docs/identity.md, as they stand there."""
    docs = Path(__file__).resolve().parents[2] / "docs" / "identity.md"
    commands = [
        line.strip()
        for line in docs.read_text(encoding="utf-8").splitlines()
        if line.strip().startswith("openssl ")
    ]
    assert len(commands) == 3
    file = tmp_path / "overrides.tsv"
    signed(file, [ROW])
    for command in commands:
        subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    found = read_overrides(file, [tmp_path / "public.pem"], {"S1"})
    assert len(found.decisions) == 1
