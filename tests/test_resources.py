"""Fetching and carrying references, against a server that cuts, corrupts and lies."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from soyang import resources
from soyang.core import fetching, resource_folder
from soyang.core.errors import FaultError
from soyang.core.fetching import Wanted
from soyang.core.fetching import fetch as fetch_file

QUICK = (0.0, 0.0, 0.0)
SEQUENCE = "ACGTTGCA" * 9000
FASTA = f">chr1\n{SEQUENCE}\n".encode()
BYTES = bytes(range(256)) * 4000


@dataclass
class Behaviour:
    """What the server does with one file."""

    content: bytes
    tag: str = '"v1"'
    cuts: list[int] = field(default_factory=list)
    """Bytes after which the next answers break off."""
    status: list[int] = field(default_factory=list)
    """Status codes of the next answers."""
    length: int | None = None
    """A Content-Length that is not true."""
    ranges: bool = True
    asked: list[str] = field(default_factory=list)


class Server(ThreadingHTTPServer):
    """A file server with bad days."""

    files: dict[str, Behaviour]

    def handle_error(self, *_: object) -> None:
        """A client that goes away before the end is what some tests are about."""

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        told = self.server.files.get(self.path.lstrip("/"))
        if told is None:
            self.send_error(404)
            return
        told.asked.append(self.headers.get("Range", ""))
        if told.status:
            self.send_error(told.status.pop(0))
            return
        start = 0
        asked = self.headers.get("Range", "")
        if told.ranges and asked and self.headers.get("If-Range") == told.tag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(told.content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(told.content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            span = f"bytes {start}-{len(told.content) - 1}/{len(told.content)}"
            self.send_header("Content-Range", span)
        else:
            self.send_response(200)
        body = told.content[start:]
        self.send_header("ETag", told.tag)
        self.send_header("Content-Length", str(told.length if told.length else len(body)))
        self.end_headers()
        if told.cuts:
            body = body[: told.cuts.pop(0)]
        self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as made:
        made.files = {}
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "참조 자료"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_that_is_cut_goes_on(server, place):
    told = server.files["a"] = Behaviour(BYTES, cuts=[300_000, 200_000])
    had = fetch_file(Wanted(url=server.url("a"), sha256=sha(BYTES)), place / "a", patience=QUICK)
    assert (place / "a").read_bytes() == BYTES
    assert (had.size, had.sha256) == (len(BYTES), sha(BYTES))
    assert told.asked == ["", "bytes=300000-", "bytes=500000-"]
    assert [p.name for p in place.iterdir()] == ["a"]


def test_another_run_goes_on_where_one_was_cut(server, place):
    told = server.files["a"] = Behaviour(BYTES, cuts=[300_000, 0, 0, 0])
    with pytest.raises(FaultError, match="the line broke after 300,000 bytes"):
        fetch_file(Wanted(url=server.url("a")), place / "a", patience=QUICK)
    assert not (place / "a").exists()
    told.cuts, told.asked = [], []
    fetch_file(Wanted(url=server.url("a"), size=len(BYTES)), place / "a", patience=QUICK)
    assert (place / "a").read_bytes() == BYTES and told.asked == ["bytes=300000-"]


def test_a_newer_file_begins_anew(server, place):
    server.files["a"] = Behaviour(BYTES, cuts=[300_000, 0, 0, 0])
    with pytest.raises(FaultError):
        fetch_file(Wanted(url=server.url("a")), place / "a", patience=QUICK)
    newer = BYTES[::-1]
    server.files["a"] = Behaviour(newer, tag='"v2"')
    fetch_file(Wanted(url=server.url("a")), place / "a", patience=QUICK)
    assert (place / "a").read_bytes() == newer


def test_a_newer_shorter_file_on_a_bad_line_goes_on(server, place):
    """It takes long to get as far as the older one was, and is progress all the same."""
    server.files["a"] = Behaviour(BYTES * 2, cuts=[1_500_000, 0, 0, 0])
    with pytest.raises(FaultError):
        fetch_file(Wanted(url=server.url("a")), place / "a", patience=QUICK)
    server.files["a"] = Behaviour(BYTES, tag='"v2"', cuts=[100_000] * 9)
    fetch_file(Wanted(url=server.url("a")), place / "a", patience=QUICK)
    assert (place / "a").read_bytes() == BYTES


def test_a_server_without_ranges(server, place):
    server.files["a"] = Behaviour(BYTES, cuts=[300_000], ranges=False)
    fetch_file(Wanted(url=server.url("a"), size=len(BYTES)), place / "a", patience=QUICK)
    assert (place / "a").read_bytes() == BYTES


def test_a_line_that_never_gets_further_is_given_up(server, place):
    """Without ranges each attempt begins anew; one that gets as far as another is no progress."""
    told = server.files["a"] = Behaviour(BYTES, cuts=[300_000, 200_000] * 20, ranges=False)
    with pytest.raises(FaultError, match="the line broke after"):
        fetch_file(Wanted(url=server.url("a")), place / "a", patience=QUICK)
    assert len(told.asked) == 1 + len(QUICK)


def test_a_part_that_is_whole(server, place):
    server.files["a"] = Behaviour(BYTES)
    place.mkdir()
    (place / "a.part").write_bytes(BYTES)
    (place / "a.part.version").write_text('"v1"')
    fetch_file(Wanted(url=server.url("a"), sha256=sha(BYTES)), place / "a", patience=QUICK)
    assert (place / "a").read_bytes() == BYTES


@pytest.mark.parametrize(
    ("told", "wanted", "words"),
    [
        (Behaviour(BYTES[:-1] + b"x"), {"sha256": sha(BYTES)}, "sha256"),
        (Behaviour(BYTES), {"md5": "0" * 32}, "md5"),
        (Behaviour(BYTES), {"size": 12}, "12 bytes, as the catalogue says"),
        (Behaviour(BYTES, length=1000), {"size": len(BYTES)}, "found 1,000 bytes"),
        (
            Behaviour(BYTES, length=len(BYTES) + 5, ranges=False),
            {"size": len(BYTES)},
            "the line broke after 1,024,000 bytes",
        ),
        (Behaviour(BYTES, status=[404]), {}, "HTTP 404"),
        (Behaviour(BYTES, status=[403]), {}, "HTTP 403"),
    ],
)
def test_what_is_not_what_was_promised(server, place, told, wanted, words):
    server.files["a"] = told
    with pytest.raises(FaultError, match=words) as error:
        fetch_file(Wanted(url=server.url("a"), **wanted), place / "a", patience=QUICK)
    assert not (place / "a").exists()
    assert server.url("a") in str(error.value)


def test_a_server_that_first_said_too_much(server, place):
    """Asked for the rest, it says that there is none: then all of it came."""
    server.files["a"] = Behaviour(BYTES, length=len(BYTES) + 5)
    fetch_file(Wanted(url=server.url("a"), sha256=sha(BYTES)), place / "a", patience=QUICK)
    assert (place / "a").read_bytes() == BYTES


def test_a_server_that_is_busy(server, place):
    server.files["a"] = Behaviour(BYTES, status=[503, 429])
    fetch_file(Wanted(url=server.url("a")), place / "a", patience=QUICK)
    assert (place / "a").read_bytes() == BYTES


def test_nobody_there(place):
    with pytest.raises(FaultError, match=r"the line broke after 0 bytes \(ConnectionError\)"):
        fetch_file(Wanted(url="http://127.0.0.1:9/a"), place / "a", patience=QUICK)


def test_a_full_disk_keeps_what_came(server, place, monkeypatch):
    server.files["a"] = Behaviour(BYTES)

    def full(*_: object) -> Iterator[bytes]:
        yield BYTES[:1000]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetching, "_blocks", full)
    with pytest.raises(FaultError, match="no space left"):
        fetch_file(Wanted(url=server.url("a")), place / "a", patience=QUICK)
    assert (place / "a.part").stat().st_size == 1000


# ------------------------------------------------------------------------------ references


def tar_of(**files: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def catalog(server, place) -> Path:
    server.files |= {
        "g.fa.gz": Behaviour(gzip.compress(FASTA)),
        "index.tar.gz": Behaviour(tar_of(**{"g.fa.bwt": b"bwt", "folder__g.fa.sa": b"sa"})),
        "targets.bed": Behaviour(b"chr1\t0\t9\n"),
    }
    files = [
        {"file": "g.fa.gz", "holds": "fasta", "then": "gunzip"},
        {"file": "index.tar.gz", "holds": "aligner_index", "then": "untar"},
        {"file": "targets.bed", "holds": "targets", "size": 9},
    ]
    small = {
        "assembly": "GRCh38",
        "name": "a small one",
        "version": "1",
        "licence": "CC0",
        "redistributable": False,
        "policy": "no ALT contigs",
        "m5": {"chr1": hashlib.md5(SEQUENCE.encode()).hexdigest()},
        "files": [file | {"url": server.url(file["file"])} for file in files],
    }
    source = {"kind": "hgnc", "assembly": None, "name": "x", "version": "1", "date": None}
    source |= {"licence": "CC0", "file": "x.tsv"}
    place.mkdir()
    path = place / "catalog.yaml"
    path.write_text(yaml.safe_dump({"sources": {"x": source}, "references": {"small": small}}))
    return path


@pytest.fixture
def fetched(catalog, place, monkeypatch) -> Path:
    monkeypatch.setattr(resources, "PATIENCE", QUICK)
    resources.fetch(folder=place / "references", take=["small"], catalog=catalog)
    return place / "references"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_reference_is_fetched_and_unpacked(fetched, server, catalog):
    found = contents(fetched / "small")
    record = found.pop("resource.json").decode()
    assert found == {
        "g.fa": FASTA,
        "g.fa.bwt": b"bwt",
        "g.fa.sa": b"sa",
        "targets.bed": b"chr1\t0\t9\n",
    }
    assert sha(FASTA) in record and "unpacked from g.fa.gz" in record
    for told in server.files.values():
        told.asked.clear()
    resources.fetch(folder=fetched, take=["small"], catalog=catalog)
    assert not any(told.asked for told in server.files.values())
    resources.check(folder=fetched, take=["small"])


def test_what_is_gone_is_fetched_again_and_held_against_the_record(fetched, server, catalog):
    (fetched / "small" / "targets.bed").unlink()
    server.files["targets.bed"].content = b"chr1\t0\t8\n"
    with pytest.raises(FaultError, match="sha256"):
        resources.fetch(folder=fetched, take=["small"], catalog=catalog)
    server.files["targets.bed"].content = b"chr1\t0\t9\n"
    resources.fetch(folder=fetched, take=["small"], catalog=catalog)
    assert (fetched / "small" / "targets.bed").read_bytes() == b"chr1\t0\t9\n"


def test_one_that_fails_does_not_keep_the_others(catalog, server, place, monkeypatch):
    monkeypatch.setattr(resources, "PATIENCE", QUICK)
    server.files["index.tar.gz"].content = server.files["index.tar.gz"].content[:-40]
    with pytest.raises(FaultError, match=r"index\.tar\.gz"):
        resources.fetch(folder=place / "r", take=["small"], catalog=catalog)
    assert {"g.fa", "targets.bed"} <= set(contents(place / "r" / "small"))


def test_another_sequence_is_refused(catalog, server, place, monkeypatch):
    monkeypatch.setattr(resources, "PATIENCE", QUICK)
    server.files["g.fa.gz"].content = gzip.compress(FASTA.replace(b"ACGT", b"ACGA", 1))
    with pytest.raises(FaultError, match="M5"):
        resources.fetch(folder=place / "r", take=["small"], catalog=catalog)
    assert not (place / "r" / "small" / "g.fa").exists()


def test_truncated_gzip_of_a_publisher(catalog, server, place, monkeypatch):
    monkeypatch.setattr(resources, "PATIENCE", QUICK)
    server.files["g.fa.gz"].content = gzip.compress(FASTA)[:-20]
    with pytest.raises(FaultError, match="a whole gzip file"):
        resources.fetch(folder=place / "r", take=["small"], catalog=catalog)
    assert "g.fa" not in contents(place / "r" / "small")


def test_a_mirror(fetched, server, catalog, place):
    server.files["mirror/targets.bed"] = server.files.pop("targets.bed")
    (fetched / "small" / "targets.bed").unlink()
    mirror = server.url("mirror/")
    resources.fetch(folder=fetched, take=["small"], catalog=catalog, mirror=mirror)
    assert (fetched / "small" / "targets.bed").exists()


def test_a_name_that_is_not_there(catalog, place):
    with pytest.raises(FaultError, match="small"):
        resources.fetch(folder=place, take=["hg18"], catalog=catalog)


def test_check_tells_what_changed(fetched):
    (fetched / "small" / "g.fa.sa").write_bytes(b"SA")
    (fetched / "small" / "g.fa.bwt").unlink()
    with pytest.raises(FaultError) as error:
        resources.check(folder=fetched, take=["small", "none"])
    assert [Path(f.file).name for f in error.value.faults] == ["g.fa.bwt", "g.fa.sa", "none"]


# ------------------------------------------------------------------------------------ packs


@pytest.fixture
def packed(fetched, place) -> Path:
    resources.pack(folder=fetched, take=["small"], output=place / "팩.tar")
    return place / "팩.tar"


def test_a_pack_carries_all(packed, fetched, place):
    resources.unpack(packed, folder=place / "hospital")
    assert contents(place / "hospital") == contents(fetched)
    resources.check(folder=place / "hospital", take=["small"])
    before = packed.read_bytes()
    resources.pack(folder=place / "hospital", take=["small"], output=place / "again.tar")
    assert (place / "again.tar").read_bytes() == before


def test_unpacked_again_mends_what_was_damaged(packed, fetched, place):
    (fetched / "small" / "g.fa").write_bytes(b">chr1\n")
    resources.unpack(packed, folder=fetched)
    assert (fetched / "small" / "g.fa").read_bytes() == FASTA


def test_a_damaged_reference_is_not_packed(fetched, place):
    (fetched / "small" / "g.fa").write_bytes(FASTA.lower())
    with pytest.raises(FaultError, match="sha256"):
        resources.pack(folder=fetched, take=["small"], output=place / "p.tar")
    assert not (place / "p.tar").exists()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9])
def test_a_pack_that_is_cut(packed, place, share):
    whole = packed.read_bytes()
    packed.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(FaultError):
        resources.unpack(packed, folder=place / "hospital")
    assert contents(place / "hospital") == {}
    assert not list((place / "hospital").iterdir())


def test_a_pack_with_a_changed_byte(packed, place):
    content = bytearray(packed.read_bytes())
    content[content.index(b"ACGTTGCA") + 9] ^= 1
    packed.write_bytes(content)
    with pytest.raises(FaultError, match=r"small/g\.fa: sha256"):
        resources.unpack(packed, folder=place / "hospital")
    assert not list((place / "hospital").iterdir())


def test_another_version_stays(packed, fetched, place):
    record = fetched / "small" / "resource.json"
    record.write_text(record.read_text().replace('"version": "1"', '"version": "2"'))
    before = contents(fetched)
    with pytest.raises(FaultError, match="another version"):
        resources.unpack(packed, folder=fetched)
    assert contents(fetched) == before


@pytest.mark.parametrize("name", ["../evil", "/evil", "small/../../evil", "small/evil", "evil"])
def test_a_pack_that_names_what_it_should_not(packed, place, name):
    foreign = place / "foreign.tar"
    with tarfile.open(packed) as source, tarfile.open(foreign, "w") as out:
        for member in source:
            out.addfile(member, source.extractfile(member))
        evil = tarfile.TarInfo(name)
        evil.size = 4
        out.addfile(evil, io.BytesIO(b"evil"))
    with pytest.raises(FaultError):
        resources.unpack(foreign, folder=place / "hospital")
    assert not list(place.rglob("evil")) and not list((place / "hospital").iterdir())


def test_links_are_not_taken_out(packed, place):
    foreign = place / "foreign.tar"
    with tarfile.open(foreign, "w") as out:
        link = tarfile.TarInfo("small/g.fa")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        out.addfile(link)
    with pytest.raises(FaultError):
        resources.unpack(foreign, folder=place / "hospital")


def test_a_full_disk_leaves_nothing(packed, place, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(resource_folder, "_copy", full)
    with pytest.raises(FaultError, match="no space left"):
        resources.unpack(packed, folder=place / "hospital")
    assert not list((place / "hospital").iterdir())


# ------------------------------------------------------------------------------ in a run


def test_a_run_has_its_reference_fetched(catalog, place, root):
    """The rule alone: what a whole run makes of a reference is tested elsewhere."""
    fasta = place / "references" / "small" / "g.fa"
    told = {"fasta": str(fasta), "fetch": "small", "catalog": str(catalog)}
    settings = place / "config.yaml"
    settings.write_text(
        yaml.safe_dump(
            {
                "reference": told | {"transcripts": "t.gff3", "transcripts_release": "1"},
                "reports": {"date": "2026-01-15"},
            }
        )
    )
    words = ["--snakefile", root / "Snakefile", "--configfile", settings, "--directory", place]
    command = [sys.executable, "-m", "snakemake", fasta, *words, "--cores", "1"]
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        command, env=os.environ | {"PATH": tools}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert fasta.read_bytes() == FASTA
    assert (fasta.parent / "targets.bed").exists()
