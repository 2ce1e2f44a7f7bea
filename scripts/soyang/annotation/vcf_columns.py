"""Reading the alternate alleles of a VCF or BCF file, and what it says of them, as columns.

Blocks of whole lines are taken apart in compiled loops on several threads; nothing but the asked
columns is kept, and a few blocks at a time, so that memory does not grow with the file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from soyang.annotation.bgzf import Lines, whole_lines
from soyang.annotation.records import Alleles
from soyang.annotation.vcf_asked import Asked, asked_of
from soyang.annotation.vcf_block import Block, parsed
from soyang.annotation.vcf_header import Header, parse_header
from soyang.core.errors import Fault, FaultError

_HEADER_SIGN, _LINE_FEED = ord("#"), ord("\n")


def read_header(path: Path) -> Header:
    """A VCF or BCF file's header.

    Raises:
        FaultError: missing, unreadable, or no VCF.
    """
    with ThreadPoolExecutor(1) as pool:
        blocks = whole_lines(path, pool, ahead=0)
        header, _ = _header(blocks, path)
        blocks.close()  # type: ignore[attr-defined]
    return header


def read_alleles(
    path: Path,
    *,
    threads: int = 2,
    integers: Sequence[str] = (),
    floats: Sequence[str] = (),
    texts: Sequence[str] = (),
    columns: Sequence[str] = (),
    genotype: bool = False,
    optional: bool = False,
) -> Iterator[Alleles]:
    """Each alternate allele of a VCF (plain, gzip, BGZF) or BCF file, in the file's order.

    Nothing is dropped: a record with several alternate alleles gives a row for each, one
    without (``.``) one row, and what is no sequence is marked not ``clear``. Letters of
    sequences come out in upper case. Positions may go back and alleles may stand twice: see
    ``require_sorted``, ``key_order`` and ``repeated`` of :mod:`soyang.annotation.records`.

    Args:
        path: the file.
        threads: to inflate and parse with; the result does not depend on them.
        integers: INFO fields kept as integers (a flag: 1 or 0).
        floats: INFO fields kept as numbers.
        texts: INFO fields kept as text, as it stands in the file.
        columns: further columns by name: ID, FILTER (text), PASS (1: passed all filters, 0: not,
            missing: not filtered), QUAL.
        genotype: also give ``GT``: how often the first sample carries the allele.
        optional: take a field that the header does not declare as missing everywhere.

    Yields:
        Batches of one contig each, several a contig. A field declared for each alternate
        allele (Number=A) or each allele (R) has the value of that allele; of any other number
        the record's. Integers of undeclared number (``.``): one for all, or one for each
        alternate allele.

    Raises:
        FaultError: missing, truncated or corrupt; no VCF; an asked field or sample that is not
            there; a row that is no VCF record (with its line); a contig that comes back after
            another one.
    """
    with ThreadPoolExecutor(threads) as pool:
        try:
            blocks = whole_lines(path, pool, ahead=threads)
            header, rest = _header(blocks, path)
            asked = asked_of(
                header, path, integers=integers, floats=floats, texts=texts, columns=columns,
                genotype=genotype, optional=optional,
            )  # fmt: skip
            yield from _numbered(_in_parallel(rest, asked, pool, threads), path, header.lines)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _header(blocks: Iterator[Lines], file: Path) -> tuple[Header, Iterator[Lines]]:
    """The header, and the lines that follow it."""
    lines: list[str] = []
    for block in blocks:
        start = block.start
        while start < block.stop and block.text[start] == _HEADER_SIGN:
            stop = start + int(np.argmax(block.text[start : block.stop] == _LINE_FEED))
            raw = block.text[start:stop].tobytes()
            lines.append(raw.decode("utf-8", "replace").removesuffix("\r"))
            start = stop + 1
        if start < block.stop:
            return parse_header(lines, file), _after(replace(block, start=start), blocks)
    return parse_header(lines, file), iter(())


def _after(first: Lines, blocks: Iterator[Lines]) -> Iterator[Lines]:
    yield first
    yield from blocks


def _in_parallel(
    blocks: Iterator[Lines], asked: Asked, pool: Executor, ahead: int
) -> Iterator[Block]:
    waiting: deque[Future[Block]] = deque()
    for block in blocks:
        waiting.append(pool.submit(parsed, block, asked))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _numbered(blocks: Iterator[Block], file: Path, lines: int) -> Iterator[Alleles]:
    """Count records through the file, and see to it that no contig comes back."""
    records, seen, last = 0, set[str](), ""
    for block in blocks:
        for part in block.parts:
            if part.contig != last and part.contig in seen:
                raise FaultError(_scattered(part, file, records, last))
            seen.add(part.contig)
            last = part.contig
            yield replace(part, record=part.record + records)
        if block.fault:
            raise FaultError(block.fault(lines))
        records += block.records
        lines += block.lines


def _scattered(part: Alleles, file: Path, records: int, last: str) -> Fault:
    return Fault(
        code="vcf-unsorted",
        file=str(file),
        row=f"record {int(part.record[0]) + records + 1}",
        found=f"{part.contig} again, after {last}",
        allowed="all records of a contig together",
        next_step="sort it: bcftools sort",
    )
