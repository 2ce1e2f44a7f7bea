"""A live FHIR R4 server (sekmet) on loopback, with SMART Backend Services and a loading token."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from postgres import free_port

CLIENT, LOADING_TOKEN = "soyang-test", "token-that-loads"


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server."""

    base: str
    token_url: str
    key_file: Path
    process: subprocess.Popen[bytes]


@contextmanager
def server(folder: Path, token: str = LOADING_TOKEN) -> Iterator[Server]:
    """Start a server whose data lie in ``folder``; stopped by its process id at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    root = f"http://127.0.0.1:{port}"
    key = _key_pair(folder)
    settings = {
        "base_url": f"{root}/fhir",
        "public_url": root,
        "host": "127.0.0.1",
        "port": port,
        "data_dir": str(folder / "data"),
        "log_inbound": False,
        "simulator": {"enabled": False},
        "validation": {"inbound": "off"},
        "server_auth": {
            "types": ["bearer", "smart"],
            "tokens": [token],
            "smart_clients": [
                {
                    "client_id": CLIENT,
                    "public_key_path": str(folder / "public.pem"),
                    "scopes": "system/*.read",
                }
            ],
        },
    }
    path = folder / "settings.yaml"
    path.write_text(yaml.safe_dump(settings))
    command = [str(Path(sys.executable).with_name("sekmet")), "serve", "--config", str(path)]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        _wait(f"{root}/fhir/metadata", process, folder / "log")
        yield Server(
            base=f"{root}/fhir", token_url=f"{root}/auth/token", key_file=key, process=process
        )
    finally:
        process.terminate()
        process.wait(timeout=30)


def _key_pair(folder: Path) -> Path:
    private = ec.generate_private_key(ec.SECP384R1())
    path = folder / "client.pem"
    path.touch(mode=0o600)
    path.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (folder / "public.pem").write_bytes(
        private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return path


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        try:
            if requests.get(url, timeout=2).status_code == 200:
                return
        except requests.RequestException:
            time.sleep(0.1)
        if process.poll() is not None:
            break
    raise RuntimeError(log.read_text())
