"""What the client bears of a server, and what it never says or sends."""

from __future__ import annotations

import json
from email.utils import formatdate
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from soyang.core.clinical import Fhir
from soyang.core.errors import FaultError
from soyang.phenotypes.fhir_client import Client, Patience
from tests.phenotypes.fhir_stub import JSON, Asked, Given, Stub, outcome, stub_server

PATIENT = {"resourceType": "Patient", "id": "MRN-77"}
NOW = 1_700_000_000.0


def client_of(stub: Stub, **settings: object) -> tuple[Client, list[float]]:
    """A client that notes its waits and does not wait."""
    waits: list[float] = []
    fhir = Fhir.model_validate({"base_url": stub.base, "vocabulary": "v", **settings})
    patience = Patience(attempts=3, first=1, longest=60, retry_after=100, timeout=(2, 2))
    return Client(fhir, patience, sleep=waits.append, clock=lambda: NOW), waits


def once(given: Given, times: int = 1):
    """A script that answers the first requests with ``given``."""
    left = [given] * times
    return lambda asked: left.pop() if left else None


def secret(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def pem(private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def fault_of(client: Client, path: str = "Patient/MRN-77") -> str:
    with pytest.raises(FaultError) as raised:
        client.resource(path)
    message = str(raised.value)
    assert "MRN-77" not in message
    assert "Kim" not in message
    return message


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (429, {"Retry-After": "7"}, [7.0]),
        (503, {"Retry-After": formatdate(NOW + 30, usegmt=True)}, [30.0]),
        (503, {"Retry-After": "soon"}, [1.0]),
        (500, {}, [1.0]),
        (502, {"Retry-After": "50"}, [1.0]),
    ],
)
def test_a_busy_server_is_waited_for(status, headers, expected):
    with stub_server(resources=[PATIENT]) as stub:
        stub.script = once((status, headers, b"busy"))
        client, waits = client_of(stub)
        assert client.resource("Patient/MRN-77") == PATIENT
        assert waits == expected


def test_a_server_that_asks_for_too_much_patience_is_left_alone():
    with stub_server() as stub:
        stub.script = once((429, {"Retry-After": "101"}, b""))
        client, waits = client_of(stub)
        assert "asks for 101 s" in fault_of(client)
        assert waits == []


def test_attempts_are_bounded_and_their_waits_grow():
    with stub_server() as stub:
        stub.script = lambda asked: outcome(500, "exception")
        client, waits = client_of(stub)
        message = fault_of(client)
        assert waits == [1.0, 2.0]
        assert len(stub.asked) == 3
        assert "status 500 (error exception)" in message
        assert "GET [base]/Patient/[id]" in message


def test_a_cut_answer_is_asked_for_again():
    body = json.dumps(PATIENT).encode()
    with stub_server(resources=[PATIENT]) as stub:
        stub.script = once((200, {**JSON, "Content-Length": str(len(body))}, body[:9]))
        client, waits = client_of(stub)
        assert client.resource("Patient/MRN-77") == PATIENT
        assert waits == [1.0]


def test_no_server_is_a_fault():
    with stub_server() as stub:
        client, waits = client_of(stub)
    assert "no whole answer in 3 attempts" in fault_of(client)
    assert waits == [1.0, 2.0]


@pytest.mark.parametrize(
    ("headers", "body", "told"),
    [
        ({"Content-Type": "text/html"}, b"<html>MRN-77 Kim</html>", "text/html, no JSON"),
        ({"Content-Type": "application/json"}, b'{"id": "MRN-77"}', "JSON that is not a FHIR"),
        ({"Content-Type": "text/html"}, json.dumps(PATIENT).encode(), "content type text/html"),
        (JSON, b'{"resourceType": "Pat', "no JSON"),
        ({}, b"", "content type none"),
    ],
)
def test_an_answer_that_is_no_fhir_is_a_fault(headers, body, told):
    with stub_server() as stub:
        stub.script = once((200, headers, body))
        message = fault_of(client_of(stub)[0])
        assert told in message
        assert "allowed: FHIR R4 JSON" in message


def test_a_token_is_got_kept_and_renewed_once(tmp_path):
    private = ec.generate_private_key(ec.SECP384R1())
    key = secret(tmp_path / "key.pem", pem(private))
    forms = []

    def script(asked: Asked) -> Given | None:
        if asked.path != "/token":
            return None
        forms.append(dict(pair.split("=", 1) for pair in asked.body.decode().split("&")))
        stub.token = f"secret-{len(forms)}"
        return 200, JSON, json.dumps({"access_token": stub.token, "expires_in": 300}).encode()

    with stub_server(resources=[PATIENT], script=script, token="none yet") as stub:
        token_url = f"{stub.root}/token"
        client, _ = client_of(
            stub, token_url=token_url, client_id="soyang", key_file=key, key_id="k1"
        )
        assert client.resource("Patient/MRN-77") == PATIENT
        assert client.resource("Patient/MRN-77") == PATIENT
        assert len(forms) == 1
        stub.token = "another"  # the server forgot the first one
        assert client.resource("Patient/MRN-77") == PATIENT
        assert len(forms) == 2
    told = forms[0]["client_assertion"]
    claims = jwt.decode(
        told, private.public_key(), algorithms=["ES384"], audience=token_url,
        options={"verify_exp": False, "verify_iat": False},
    )  # fmt: skip
    assert claims["iss"] == claims["sub"] == "soyang"
    assert NOW < claims["exp"] <= NOW + 300
    assert jwt.get_unverified_header(told)["kid"] == "k1"
    assert told != forms[1]["client_assertion"]


def test_a_token_that_runs_out_is_renewed_before(tmp_path):
    key = secret(tmp_path / "key.pem", pem(rsa.generate_private_key(65537, 2048)))
    given = []

    def script(asked: Asked) -> Given | None:
        if asked.path != "/token":
            return None
        given.append(asked)
        return 200, JSON, b'{"access_token": "t", "expires_in": 60}'

    with stub_server(resources=[PATIENT], script=script) as stub:
        client, _ = client_of(stub, token_url=f"{stub.root}/token", client_id="c", key_file=key)
        for later, expected in ((0, 1), (29, 1), (31, 2)):
            client.tokens.clock = lambda later=later: NOW + later
            client.resource("Patient/MRN-77")
            assert len(given) == expected


def test_a_refused_client_is_told_the_word_only(tmp_path):
    key = secret(tmp_path / "key.pem", pem(ec.generate_private_key(ec.SECP384R1())))
    answer = {"error": "invalid_client", "error_description": "MRN-77 Kim"}
    with stub_server() as stub:
        stub.script = lambda asked: (400, JSON, json.dumps(answer).encode())
        client, _ = client_of(stub, token_url=f"{stub.root}/token", client_id="c", key_file=key)
        assert "status 400 (invalid_client)" in fault_of(client)


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [
        ("token", 0o644, "permissions 644"),
        ("token", 0o640, "permissions 640"),
        ("\n", 0o600, "an empty file"),
    ],
)
def test_a_secret_that_others_can_read_is_refused(tmp_path, text, mode, told):
    file = secret(tmp_path / "token", text, mode)
    with stub_server() as stub:
        message = fault_of(client_of(stub, token_file=file)[0])
        assert told in message
        assert str(tmp_path) not in message
        assert stub.asked == []


def test_a_key_of_another_kind_is_refused(tmp_path):
    for text in ("no key", pem(ec.generate_private_key(ec.SECP256R1()))):
        key = secret(tmp_path / "key.pem", text)
        with stub_server() as stub:
            client, _ = client_of(stub, token_url=f"{stub.root}/token", client_id="c", key_file=key)
            assert "no RSA or P-384 private key" in fault_of(client)


def test_a_token_file_is_read_again_when_the_token_expired(tmp_path):
    file = secret(tmp_path / "token", "old\n")
    with stub_server(resources=[PATIENT], token="old") as stub:
        client, _ = client_of(stub, token_file=file)
        assert client.resource("Patient/MRN-77") == PATIENT
        file.write_text("new")
        stub.token = "new"
        assert client.resource("Patient/MRN-77") == PATIENT
        stub.token = "nobody's"
        assert "status 401" in fault_of(client)


def test_the_token_goes_nowhere_else(tmp_path):
    file = secret(tmp_path / "token", "secret-token")
    with stub_server() as elsewhere, stub_server(token="secret-token") as stub:
        client, _ = client_of(stub, token_file=file)
        target = {"Location": f"{elsewhere.base}/Patient/MRN-77"}
        stub.script = once((302, target, b""))
        assert "a link or redirect to another server" in fault_of(client)
        assert "a link to another server" in fault_of(client, f"{elsewhere.base}/Patient/MRN-77")
        assert "another server" in fault_of(client, "http://example.com/fhir/Patient/MRN-77")
        assert elsewhere.asked == []


def test_a_redirect_on_the_same_server_is_followed(tmp_path):
    file = secret(tmp_path / "token", "t")
    with stub_server(resources=[PATIENT], token="t") as stub:
        stub.script = once((307, {"Location": "/fhir/Patient/MRN-77"}, b""))
        client, _ = client_of(stub, token_file=file)
        assert client.resource("Patient/other") == PATIENT


def test_a_circle_of_redirects_is_a_fault():
    with stub_server() as stub:
        stub.script = lambda asked: (302, {"Location": asked.path}, b"")
        assert "in a circle" in fault_of(client_of(stub)[0])
        assert len(stub.asked) == 5


def test_netrc_is_not_read(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password MINE\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with stub_server(resources=[PATIENT]) as stub:
        client_of(stub)[0].resource("Patient/MRN-77")
        assert "Authorization" not in stub.asked[0].headers


def test_verification_is_on(tmp_path):
    authority = tmp_path / "ca.pem"
    with stub_server() as stub:
        assert client_of(stub)[0].verify is True
        assert client_of(stub, ca_file=authority)[0].verify == str(authority)
