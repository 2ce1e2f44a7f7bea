"""TLS with a site's own authority: trusted where it is named, refused where it is not."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from soyang.core.clinical import Fhir
from soyang.core.errors import FaultError
from soyang.phenotypes.fhir_client import Client, Patience

CAPABILITIES = b'{"resourceType": "CapabilityStatement", "id": "tls"}'
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey
) -> bytes:
    """A certificate for 127.0.0.1, or of an authority that signs itself."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
        .add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
    )
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(CAPABILITIES)))
        self.end_headers()
        self.wfile.write(CAPABILITIES)

    def log_message(self, format: str, *words: object) -> None:
        pass


@contextmanager
def tls_server(folder: Path) -> Iterator[tuple[str, Path]]:
    """Base URL of a server, and the certificate of the authority that vouches for it."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority, chain = folder / "병원 기관.pem", folder / "server.pem"
    authority.write_bytes(certificate("site authority", ca_key, "site authority", ca_key))
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    chain.write_bytes(certificate("fhir", key, "site authority", ca_key) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}", authority
        finally:
            server.shutdown()
            thread.join()


def client_of(base: str, **settings: object) -> Client:
    fhir = Fhir.model_validate({"base_url": base, "vocabulary": "v", **settings})
    return Client(fhir, Patience(attempts=2, timeout=(5, 5)), sleep=lambda _: None)


def test_the_site_s_own_authority_is_trusted_where_it_is_named(tmp_path: Path) -> None:
    with tls_server(tmp_path) as (base, authority):
        found = client_of(base, ca_file=authority).resource("metadata")
    assert found == {"resourceType": "CapabilityStatement", "id": "tls"}


def test_a_certificate_of_an_unknown_authority_is_refused(tmp_path: Path) -> None:
    with tls_server(tmp_path) as (base, _), pytest.raises(FaultError) as raised:
        client_of(base).resource("metadata")
    (fault,) = raised.value.faults
    assert fault.code == "fhir-tls"
    assert "never switched off" in fault.next_step


def test_another_authority_does_not_vouch_for_the_server(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with (
        tls_server(tmp_path) as (base, _),
        tls_server(tmp_path / "other") as (_, other),
        pytest.raises(FaultError) as raised,
    ):
        client_of(base, ca_file=other).resource("metadata")
    assert raised.value.faults[0].code == "fhir-tls"
