"""What a file is by its content, whatever its name says."""

from __future__ import annotations

import unicodedata
import zlib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

BGZF_EOF = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
"""The empty block that ends a BGZF file (SAM/BAM specification, 4.1.2)."""

CRAM_EOF = {
    2: bytes.fromhex("0b000000ffffffff0fe0454f460000000001000001000606010001000100"),
    3: bytes.fromhex(
        "0f000000ffffffff0fe0454f4600000000010005bdd94f0001000606010001000100ee63014b"
    ),
}
"""The container that ends a CRAM file, by major version (CRAM specification, section 9)."""

_HEAD = 1 << 16

_MAGIC = (
    (b"CRAM", "CRAM"),
    (b"BAM\1", "BAM"),
    (b"BCF\2", "BCF"),
    (b"##fileformat=VCF", "VCF"),
    (b"##gff-version", "GFF"),
    (b"@HD\t", "SAM"),
    (b"@SQ\t", "SAM"),
    (b"@", "FASTQ"),
    (b">", "FASTA"),
    (b"PK\3\4", "zip or Excel"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"<", "HTML or XML"),
)


@dataclass(frozen=True)
class Content:
    """What the first bytes of a file say.

    Attributes:
        kind: format, e.g. ``BAM``; ``text`` or ``binary`` where unknown, ``empty`` if there is
            nothing, also inside of gzip; ``damaged gzip``.
        compression: ``""``, ``gzip`` or ``bgzf``.
    """

    kind: str
    compression: str

    @property
    def words(self) -> str:
        """As a phrase, e.g. ``a BAM file``."""
        if self.kind in {"empty", "damaged gzip"}:
            return f"{'an' if self.kind == 'empty' else 'a'} {self.kind} file"
        packed = {"gzip": " in gzip", "bgzf": " in BGZF"}.get(self.compression, "")
        return f"a {self.kind} file{'' if self.kind == 'BAM' else packed}"


def sniff(path: Path) -> Content:
    """Read the first bytes and name the content."""
    with path.open("rb") as handle:
        head = handle.read(_HEAD)
    if head[:2] != b"\x1f\x8b":
        return Content(_kind(head), "")
    compression = "bgzf" if is_bgzf(head) else "gzip"
    try:
        inside = zlib.decompressobj(wbits=31).decompress(head, _HEAD)
    except zlib.error:
        return Content("damaged gzip", compression)
    return Content(_kind(inside), compression)


def is_bgzf(head: bytes) -> bool:
    """Whether the first gzip member carries BGZF's extra field ``BC``."""
    return bool(head[3:4]) and bool(head[3] & 4) and head[12:14] == b"BC"


def _kind(head: bytes) -> str:
    head = head.removeprefix(b"\xef\xbb\xbf")
    if not head.strip():
        return "empty"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    return "binary" if b"\0" in head[:1024] else "text"


def ends_whole(path: Path, content: Content) -> bool:
    """Whether a BGZF or CRAM file has the block that marks its end; true for other files."""
    if content.kind == "CRAM":
        with path.open("rb") as handle:
            handle.seek(4)
            end = CRAM_EOF.get(handle.read(1)[0], b"")
    else:
        end = BGZF_EOF if content.compression == "bgzf" else b""
    if not end:
        return True
    with path.open("rb") as handle:
        size = handle.seek(0, 2)
        handle.seek(max(0, size - len(end)))
        return handle.read() == end


def unreachable(path: Path) -> tuple[str, str, str] | None:
    """Why a file can't be read: code, what was found, next step; None if it can be."""
    if path.is_dir():
        return "file-folder", "a folder", "name a file in it"
    if not path.exists():
        return "file-missing", "no such file", f"{_similar(path)}correct the path"
    if not path.is_file():
        return "file-unreadable", "not a regular file", "name a regular file"
    try:
        with path.open("rb") as handle:
            empty = not handle.read(1)
    except OSError as error:
        return "file-unreadable", f"unreadable: {error.strerror}", "correct its permissions"
    return ("file-empty", "an empty file", "transfer the file again") if empty else None


def _similar(path: Path) -> str:
    """Name of a file beside the missing one that was probably meant."""
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    plain = {unicodedata.normalize("NFC", name): name for name in names}
    found = get_close_matches(unicodedata.normalize("NFC", path.name), sorted(plain), 1, 0.85)
    if not found:
        return ""
    note = " (the same letters in another Unicode form)" * (
        found[0] == unicodedata.normalize("NFC", path.name)
    )
    return f"the folder has '{plain[found[0]]}'{note}; "
