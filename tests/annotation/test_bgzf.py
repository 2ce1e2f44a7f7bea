"""Streaming text: the same bytes from every container, and no broken file taken for a whole one."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pysam
import pytest

from soyang.annotation import bgzf
from soyang.annotation.bgzf import END, whole_lines
from soyang.core.errors import FaultError


def lines(count: int) -> bytes:
    """Lines of several lengths that hardly repeat, so that they fill many BGZF members."""
    return b"".join(b"%d\t%s\n" % (n * 7919 % 999983, b"x" * (n % 90)) for n in range(count))


def bgzipped(text: bytes, path: Path) -> Path:
    with pysam.BGZFile(str(path), "wb") as out:
        out.write(text)
    return path


def blocks(path: Path, threads: int = 2) -> Iterator[bytes]:
    with ThreadPoolExecutor(threads) as pool:
        for block in whole_lines(path, pool, ahead=threads):
            yield block.text[block.start : block.stop].tobytes()


def read(path: Path, threads: int = 2) -> bytes:
    return b"".join(blocks(path, threads))


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a small file has many blocks."""
    monkeypatch.setattr(bgzf, "MEMBERS", 2)
    monkeypatch.setattr(bgzf, "BLOCK", 70_000)
    monkeypatch.setattr(bgzf, "_READ", 50_000)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("kind", ["plain", "gzip", "members", "bgzf"])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_same_text_from_every_container(tmp_path: Path, kind: str, threads: int) -> None:
    text = lines(20_000)
    path = tmp_path / "한글 이름.vcf"
    match kind:
        case "plain":
            path.write_bytes(text)
        case "gzip":
            path.write_bytes(gzip.compress(text))
        case "members":
            halves = text[:400_001], text[400_001:]
            path.write_bytes(gzip.compress(halves[0]) + b"\0" * 60_000 + gzip.compress(halves[1]))
        case "bgzf":
            bgzipped(text, path)
    parts = list(blocks(path, threads))
    assert b"".join(parts) == text
    assert len(parts) > 3
    assert all(part.endswith(b"\n") for part in parts)


@pytest.mark.usefixtures("small_blocks")
def test_line_longer_than_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bgzf, "_ROOM", 1000)
    text = b"a" * 500_000 + b"\nshort\n" + b"b" * 300_000 + b"\n"
    assert read(bgzipped(text, tmp_path / "a.gz")) == text


def test_last_line_gets_its_line_feed(tmp_path: Path) -> None:
    for path in (tmp_path / "a.txt", tmp_path / "a.gz"):
        if path.suffix == ".gz":
            bgzipped(b"one\ntwo", path)
        else:
            path.write_bytes(b"one\ntwo")
        assert read(path) == b"one\ntwo\n"


def test_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.vcf"
    path.write_bytes(b"\xef\xbb\xbf##x\n")
    assert read(path) == b"##x\n"


@pytest.mark.parametrize("kind", ["plain", "gzip", "bgzf"])
def test_empty(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    path.write_bytes({"plain": b"", "gzip": gzip.compress(b""), "bgzf": END}[kind])
    assert read(path) == b""


def test_other_subfields_before_the_size(tmp_path: Path) -> None:
    """The size stands in a subfield of the header that need not be the first (RFC 1952, 2.3.1)."""
    member = bgzipped(b"text\n", tmp_path / "a.gz").read_bytes()[: -len(END)]
    extra = b"XY\x03\x00abc"
    longer = bytearray(member[:12] + extra + member[12:])
    longer[10:12] = (6 + len(extra)).to_bytes(2, "little")
    place = 12 + len(extra) + 4
    longer[place : place + 2] = (len(longer) - 1).to_bytes(2, "little")
    path = tmp_path / "b.gz"
    path.write_bytes(bytes(longer) + END)
    assert read(path) == b"text\n"


def test_bcf_as_text(tmp_path: Path, make_vcf: object) -> None:
    vcf = make_vcf(["chr20 5 . A C . PASS AC=1", "chr20 9 . AT A . PASS AC=2"])  # type: ignore[operator]
    bcf = tmp_path / "a.bcf"
    subprocess.run(["bcftools", "view", "-Ob", "-o", bcf, vcf], check=True)
    records = [line for line in read(bcf).splitlines() if not line.startswith(b"#")]
    assert records == [b"chr20\t5\t.\tA\tC\t.\tPASS\tAC=1", b"chr20\t9\t.\tAT\tA\t.\tPASS\tAC=2"]
    half = tmp_path / "half.bcf"
    half.write_bytes(bcf.read_bytes()[: -len(END) - 40])
    with pytest.raises(FaultError, match=r"half\.bcf"):
        read(half)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("kind", ["gzip", "bgzf"])
@pytest.mark.parametrize("missing", [1, 9, 28, 29, 5_000, 20_001])
def test_truncated(tmp_path: Path, kind: str, missing: int) -> None:
    path = tmp_path / "잘린 파일.gz"
    if kind == "gzip":
        path.write_bytes(gzip.compress(lines(9_000)))
    else:
        bgzipped(lines(9_000), path)
    path.write_bytes(path.read_bytes()[:-missing])
    with pytest.raises(FaultError, match=r"잘린 파일.*bytes? .*whole file"):
        read(path)


def test_no_end_marker_is_named(tmp_path: Path) -> None:
    path = bgzipped(lines(9_000), tmp_path / "a.gz")
    data = path.read_bytes()
    path.write_bytes(data[: -len(END)])
    with pytest.raises(FaultError, match=f"no end-of-file member at byte {len(data) - len(END)}"):
        read(path)


@pytest.mark.parametrize("kind", ["gzip", "bgzf"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.7, 0.9])
def test_one_flipped_bit(tmp_path: Path, kind: str, share: float) -> None:
    path = tmp_path / "a.gz"
    if kind == "gzip":
        path.write_bytes(gzip.compress(lines(9_000)))
    else:
        bgzipped(lines(9_000), path)
    data = bytearray(path.read_bytes())
    data[int(len(data) * share)] ^= 0x10
    path.write_bytes(bytes(data))
    with pytest.raises(FaultError, match=r"a\.gz"):
        read(path)


@pytest.mark.parametrize(("place", "what"), [(-8, "CRC-32"), (-4, "bytes instead of|Error")])
def test_checksum_and_size_of_a_member(tmp_path: Path, place: int, what: str) -> None:
    path = bgzipped(lines(100), tmp_path / "a.gz")
    data = bytearray(path.read_bytes())
    data[len(data) - len(END) + place] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(FaultError, match=rf"({what}).* at byte 0"):
        read(path)


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(FaultError, match="no such file"):
        read(tmp_path / "a.vcf")
    with pytest.raises(FaultError, match="directory"):
        read(tmp_path)


def test_reader_that_stops_early_leaves_nothing_running(tmp_path: Path) -> None:
    path = bgzipped(lines(20_000), tmp_path / "a.gz")
    with ThreadPoolExecutor(2) as pool:
        stream = whole_lines(path, pool, ahead=2)
        next(stream)
        stream.close()  # type: ignore[attr-defined]
        assert pool.submit(lambda: 1).result(timeout=5) == 1
