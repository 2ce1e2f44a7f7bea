"""BAM records as bytes: moved from islands to contigs, with tags added (SAM specification, 4.2).

A record begins with ``block_size`` (bytes that follow) and 32 bytes of fixed fields; the numbers
below are offsets from its start. Batches are changed at once, not record by record: an aligner's
worker threads share one interpreter lock.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_CONTIG, _POSITION, _NEXT_CONTIG, _NEXT_POSITION = 4, 8, 24, 28
_NAME_LENGTH, _CIGAR_LENGTH, _FLAG, _SEQUENCE_LENGTH, _TEMPLATE_LENGTH = 12, 16, 18, 20, 32
_FIXED = 36
_SIZES = {b"A": 1, b"c": 1, b"C": 1, b"s": 2, b"S": 2, b"i": 4, b"I": 4, b"f": 4}
"""Bytes of a tag's value, by its type; B is not written by aligners of the bwa family."""
_SINGLE_FLAGS = 0x10 | 0x4 | 0x100 | 0x800 | 0x200 | 0x400
"""Flags that don't speak of a mate."""

Int32s = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the sequences of an index lie in the reference.

    Attributes:
        contig: number of each one's contig in the dictionary.
        offset: 0-based start of each in its contig.
        named: name of each to its contig's name and its offset.
    """

    contig: Int32s
    offset: Int32s
    named: Mapping[bytes, tuple[bytes, int]]


def joined(records: Sequence[bytes], places: Places | None) -> bytes:
    """Records one after another, their sizes set anew, moved to contigs.

    ``bin`` stays the island's: it serves an index of BAM, and none is written.
    """
    if places:
        records = [_text_moved(r, places) if _may_name_others(r) else r for r in records]
    lengths = np.fromiter(map(len, records), dtype=np.int64, count=len(records))
    starts = np.cumsum(lengths) - lengths
    data = np.frombuffer(bytearray(b"".join(records)), dtype=np.uint8)
    _set(data, starts, (lengths - 4).astype(np.int32))
    if places:
        _move(data, starts, _CONTIG, _POSITION, places)
        _move(data, starts, _NEXT_CONTIG, _NEXT_POSITION, places)
    return data.tobytes()


def without_hits(record: bytes) -> bytes:
    """A record without ``HN``, its last tag, which bwa has not; its size is to be set anew."""
    for length, kinds in ((4, b"cC"), (5, b"sS"), (7, b"iI")):
        if record[-length : 2 - length] == b"HN" and record[2 - length] in kinds:
            return record[:-length]
    return record


def tags_of(comment: bytes) -> bytes:
    """Tags of a FASTQ comment, ``RG:Z:a`` and others of type Z with tabs between, as in BAM."""
    fields = [field.split(b":", 2) for field in comment.split(b"\t") if field]
    return b"".join(name + b"Z" + value + b"\0" for name, _, value in fields)


def unpaired(record: bytes) -> bytes:
    """A record without what it says of a mate; its size is to be set anew."""
    changed = bytearray(record)
    (flag,) = struct.unpack_from("<H", record, _FLAG)
    struct.pack_into("<H", changed, _FLAG, flag & _SINGLE_FLAGS)
    struct.pack_into("<iii", changed, _NEXT_CONTIG, -1, -1, 0)
    if flag & 0x4:
        struct.pack_into("<ii", changed, _CONTIG, -1, -1)
    kept = [record[a:b] for name, a, b in _tags(record) if name not in (b"MC", b"MQ")]
    return bytes(changed[: _tags_start(record)]) + b"".join(kept)


def is_first(record: bytes) -> bool:
    """Whether a record is of the first mate."""
    return bool(struct.unpack_from("<H", record, _FLAG)[0] & 0x40)


def _set(data: npt.NDArray[np.uint8], places: npt.NDArray[np.int64], values: Int32s) -> None:
    octets = values.astype("<i4").view(np.uint8).reshape(-1, 4)
    for number in range(4):
        data[places + number] = octets[:, number]


def _get(data: npt.NDArray[np.uint8], places: npt.NDArray[np.int64]) -> Int32s:
    octets = np.stack([data[places + number] for number in range(4)], axis=1)
    return np.ascontiguousarray(octets).view("<i4").ravel()


def _move(
    data: npt.NDArray[np.uint8],
    starts: npt.NDArray[np.int64],
    contig: int,
    position: int,
    places: Places,
) -> None:
    """Move one pair of fields, where it says a place."""
    number = _get(data, starts + contig)
    placed = starts[number >= 0]
    number = number[number >= 0]
    _set(data, placed + contig, places.contig[number])
    _set(data, placed + position, _get(data, placed + position) + places.offset[number])


def _may_name_others(record: bytes) -> bool:
    return b"SAZ" in record or b"XAZ" in record


def _text_moved(record: bytes, places: Places) -> bytes:
    """A record whose SA and XA name contigs."""
    parts = [record[: _tags_start(record)]]
    for name, start, end in _tags(record):
        tag = record[start:end]
        if name in (b"SA", b"XA"):
            tag = tag[:3] + _moved(tag[3:-1], places) + b"\0"
        parts.append(tag)
    return b"".join(parts)


def _moved(text: bytes, places: Places) -> bytes:
    """Alignments ``name,position,...;`` with contigs' names and positions; a sign is kept."""
    moved = []
    for alignment in filter(None, text.split(b";")):
        name, position, rest = alignment.split(b",", 2)
        contig, offset = places.named[name]
        sign = position[:1] if position[:1] in b"+-" else b""
        moved.append(b"%s,%s%d,%s;" % (contig, sign, int(position.lstrip(b"+-")) + offset, rest))
    return b"".join(moved)


def _tags_start(record: bytes) -> int:
    (cigar,) = struct.unpack_from("<H", record, _CIGAR_LENGTH)
    (bases,) = struct.unpack_from("<i", record, _SEQUENCE_LENGTH)
    return _FIXED + record[_NAME_LENGTH] + 4 * int(cigar) + (int(bases) + 1) // 2 + int(bases)


def _tags(record: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each tag."""
    place = _tags_start(record)
    while place < len(record):
        kind = record[place + 2 : place + 3]
        start = place + 3
        end = record.index(b"\0", start) + 1 if kind == b"Z" else start + _SIZES[kind]
        yield record[place : place + 2], place, end
        place = end
