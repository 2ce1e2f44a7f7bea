"""bwa-mem3 as a tool: FASTQ on standard input, BAM records on standard output.

Run as ``python -m soyang.reads.mem3``, in a process of its own, as other aligners are: so its
messages and its memory are its own, and an end by a signal is seen as such.

A batch is as many pairs as ``bwa mem -K`` takes; it is aligned by one thread, and what is written
is in the order of the batches, so that the number of threads changes nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import BinaryIO

import bwa_mem3
import numpy as np

from soyang.core.sequence import contig_lengths
from soyang.reads import bam
from soyang.reads.islands import read_islands

_LINES = 8 * 512
"""Lines read at a time: whole pairs, and whole reads."""
_LAST_WORDS = 20

Read = tuple[bytes, bytes, bytes]
"""Name, bases and qualities."""


@dataclass
class Batch:
    """Reads that are aligned together.

    Attributes:
        pairs: both mates; of a read that has none the second is ``None``.
        tags: of each pair, as in BAM.
        bases: of all reads.
    """

    pairs: list[tuple[Read, Read | None]] = field(default_factory=list)
    tags: list[bytes] = field(default_factory=list)
    bases: int = 0


def batches(stream: BinaryIO, *, bases: int, paired: bool, tagged: bool) -> Iterator[Batch]:
    """Reads of a FASTQ in batches that end with the pair that makes them ``bases`` long.

    Args:
        stream: FASTQ; mates follow each other.
        bases: fewest bases of a batch.
        paired: whether reads have mates.
        tagged: whether comments are SAM tags, which the records get.

    Raises:
        ValueError: the FASTQ ends in a record, or a read is not followed by its mate.
    """
    batch = Batch()
    while lines := list(islice(stream, _LINES)):
        for comment, one, two in _pairs(lines, paired=paired):
            batch.pairs.append((one, two))
            batch.tags.append(bam.tags_of(comment) if tagged else b"")
            batch.bases += len(one[1]) + (len(two[1]) if two else 0)
            if batch.bases >= bases:
                yield batch
                batch = Batch()
    if batch.pairs:
        yield batch


def _pairs(lines: Sequence[bytes], *, paired: bool) -> Iterator[tuple[bytes, Read, Read | None]]:
    """Comment, read and mate of whole entries."""
    if len(lines) % (8 if paired else 4):
        raise ValueError("the FASTQ ends within a read or a pair")
    rows = zip(lines[0::4], lines[1::4], lines[3::4], strict=True)
    entries = (
        (*_named(name), bases.rstrip(), qualities.rstrip()) for name, bases, qualities in rows
    )
    for name, comment, bases, qualities in entries:
        one = (name, bases, qualities)
        if not paired:
            yield comment, one, None
            continue
        mate, _, *called = next(entries)
        if mate != name:
            raise ValueError(f"{name.decode()} is followed by {mate.decode()}, not by its mate")
        yield comment, one, (mate, called[0], called[1])


def _named(line: bytes) -> tuple[bytes, bytes]:
    """Name without the mate's number, and comment, of an entry's first line."""
    name, *rest = line[1:].rstrip(b"\r\n").split(None, 1)
    numbered = name[-2:-1] == b"/" and name[-1:].isdigit()
    return name[:-2] if numbered else name, rest[0] if rest else b""


class Mapper:
    """bwa-mem3 over one index, for any number of threads."""

    def __init__(self, prefix: Path, places: bam.Places | None, group: str | None) -> None:
        self._index = bwa_mem3.BwaIndex(prefix)
        self._options = bwa_mem3.MemOpts()
        self._options.set_pe(True)
        if group:
            self._options.set_read_group_id(group)
        self._places = places

    def __call__(self, batch: Batch) -> bytes:
        """BAM records of a batch."""
        pairs = [self._pair(one, two) for one, two in batch.pairs]
        records, _ = bwa_mem3.align_batch(self._index, self._options, pairs)
        rows = [(record.pair_idx, bam.without_hits(record.bytes)) for record in records]
        if batch.pairs[0][1] is None:
            rows = [(pair, bam.unpaired(row)) for pair, row in rows if bam.is_first(row)]
        tagged = [row + batch.tags[pair] for pair, row in rows]
        return bam.joined(tagged, self._places)

    def _pair(self, one: Read, two: Read | None) -> bwa_mem3.ReadPair:
        # The bindings take pairs only; an unknown base as mate aligns nowhere and rescues nothing.
        name, bases, qualities = two or (one[0], b"N", b"!")
        return bwa_mem3.ReadPair(one[0], one[1], name, bases, one[2], qualities)


def islands_places(table: Path, fasta: Path) -> bam.Places:
    """Where each island of an index lies in a prepared reference.

    Args:
        table: the islands.
        fasta: the prepared reference, indexed.
    """
    number = {name: n for n, name in enumerate(contig_lengths(fasta))}
    parts = read_islands(table)
    return bam.Places(
        contig=np.array([number[contig] for _, contig, _ in parts], dtype=np.int32),
        offset=np.array([offset for _, _, offset in parts], dtype=np.int32),
        named={island.encode(): (contig.encode(), offset) for island, contig, offset in parts},
    )


def run(mapper: Mapper, source: Iterator[Batch], threads: int, sink: BinaryIO) -> None:
    """Align batches side by side; write their records in the batches' order.

    No more batches wait than there are threads, and one.
    """
    waiting: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for batch in source:
            waiting.append(pool.submit(mapper, batch))
            if len(waiting) > threads:
                sink.write(waiting.popleft().result())
        while waiting:
            sink.write(waiting.popleft().result())
    sink.flush()


def main(words: Sequence[str] | None = None) -> int:
    """Align standard input to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prefix", type=Path, required=True, help="of the index")
    parser.add_argument("--reference", type=Path, required=True, help="prepared reference")
    parser.add_argument("--islands", type=Path, help="table of the index's islands, if it has any")
    parser.add_argument("--group", help="read group of all records")
    parser.add_argument("--batch-bases", type=int, required=True, help="bases of a batch")
    parser.add_argument("--threads", type=int, required=True, help="threads that align")
    parser.add_argument("--single", action="store_true", help="reads have no mates")
    parser.add_argument("--tagged", action="store_true", help="comments are SAM tags")
    options = parser.parse_args(words)
    last_words = _hushed()
    try:
        places = islands_places(options.islands, options.reference) if options.islands else None
        source = batches(
            sys.stdin.buffer,
            bases=options.batch_bases,
            paired=not options.single,
            tagged=options.tagged,
        )
        mapper = Mapper(options.prefix, places, options.group)
        run(mapper, source, options.threads, sys.stdout.buffer)
    except Exception as error:  # noqa: BLE001  a tool tells of its failure and ends with a status
        sys.stderr.write("".join(last_words) + f"bwa-mem3: {error or type(error).__name__}\n")
        return 1
    return 0


def _hushed() -> deque[str]:
    """Keep what the library says of each batch from standard error; the last of it is returned."""
    said: deque[str] = deque(maxlen=_LAST_WORDS)
    ours = os.dup(2)
    sys.stderr = os.fdopen(ours, "w", encoding="utf-8", errors="replace")
    reading, writing = os.pipe()
    os.dup2(writing, 2)
    os.close(writing)

    def listen() -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
            said.extend(lines)

    Thread(target=listen, daemon=True).start()
    return said


if __name__ == "__main__":
    raise SystemExit(main())
