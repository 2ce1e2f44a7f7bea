"""What is asked of a VCF file's records, held against what its header declares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from soyang.annotation import vcf_info as vi
from soyang.annotation.bgzf import Bytes
from soyang.annotation.vcf_header import Header, Info, header_fault
from soyang.core.errors import FaultError

Places = npt.NDArray[np.int32]

COLUMNS = ("ID", "FILTER", "PASS", "QUAL")
"""Columns that may be asked besides INFO fields; PASS says of FILTER whether all were passed."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is wanted of each record, and the table that the compiled loop finds INFO by.

    Attributes:
        file: for messages.
        names: INFO fields.
        plan: for each of them how it is kept, in which row of its kind's output, and how many
            values it has.
        keys: the fields' names behind each other.
        key_ends: where each ends, after a leading 0.
        table: hashes of names to fields.
        columns: other columns.
        genotype: whether the first sample's genotype is wanted.
    """

    file: Path
    names: tuple[str, ...]
    plan: Places
    keys: Bytes
    key_ends: Places
    table: Places
    columns: tuple[str, ...]
    genotype: bool


def asked_of(
    header: Header, file: Path, *, integers: Sequence[str], floats: Sequence[str],
    texts: Sequence[str], columns: Sequence[str], genotype: bool, optional: bool,
) -> Asked:  # fmt: skip
    """The fields asked of a file; arguments as ``read_alleles`` takes them.

    Raises:
        FaultError: the header does not declare a field, or has no sample; a number's field has
            other than one value for the record or for each allele.
        ValueError: a field is asked twice, or there is no such column.
    """
    taken = [*integers, *floats, *texts, *columns, *(["GT"] if genotype else [])]
    if len(set(taken)) < len(taken):
        raise ValueError(f"a field is asked twice: {', '.join(taken)}")
    if strange := [name for name in columns if name not in COLUMNS]:
        raise ValueError(f"no columns {', '.join(strange)}; there are {', '.join(COLUMNS)}")
    numeric = [*integers, *floats]
    _require(header, file, numeric, [*numeric, *texts], genotype=genotype, optional=optional)
    outputs = (vi.INTEGER, integers), (vi.FLOAT, floats), (vi.TEXT, texts)
    plan = [_kept(header.info.get(name), kind, out)
            for kind, names in outputs for out, name in enumerate(names)]  # fmt: skip
    words = [*numeric, *texts]
    names = [name.encode() for name in words]
    return Asked(
        file=file,
        names=tuple(words),
        plan=np.array(plan, dtype=np.int32).reshape(-1, 3),
        keys=np.array([*b"".join(names)], dtype=np.uint8),
        key_ends=np.cumsum([0, *map(len, names)], dtype=np.int32),
        table=_table(names),
        columns=tuple(columns),
        genotype=genotype,
    )


def _require(
    header: Header, file: Path, numeric: Sequence[str], names: Sequence[str], *,
    genotype: bool, optional: bool,
) -> None:  # fmt: skip
    if not optional and (missing := [name for name in names if name not in header.info]):
        there = ", ".join(sorted(header.info)) or "none"
        found = f"no INFO {', '.join(missing)} declared"
        raise FaultError(header_fault(file, found, f"one of these: {there}"))
    uneven = [
        f"{name} (Number={header.info[name].number})"
        for name in numeric
        if name in header.info and header.info[name].number not in {"0", "1", "A", "R", "."}
    ]
    if uneven:
        allowed = "numbers with one value for the record or for each allele"
        raise FaultError(header_fault(file, f"INFO {', '.join(uneven)}", allowed))
    if genotype and not header.samples:
        raise FaultError(header_fault(file, "no sample", "genotypes of at least one sample"))


def _kept(declared: Info | None, kind: int, out: int) -> tuple[int, int, int]:
    """A field's row of :attr:`Asked.plan`."""
    if declared is None:
        return kind, out, vi.ONE
    if declared.type == "Flag" and kind == vi.INTEGER:
        return vi.FLAG, out, vi.ONE
    whole = vi.ONE if kind == vi.TEXT else vi.ANY
    return (
        kind,
        out,
        {"A": vi.EACH_ALT, "R": vi.EACH_ALLELE, ".": whole}.get(declared.number, vi.ONE),
    )


def _table(names: Sequence[bytes]) -> Places:
    """Open-addressing table from hashes of names to their numbers, at most a quarter full."""
    size = 64
    while size < 4 * len(names):
        size *= 2
    table = np.full(size, -1, dtype=np.int32)
    for number, name in enumerate(names):
        slot = int(vi.key_hash(np.array([*name], np.uint8), 0, len(name))) % size
        while table[slot] >= 0:
            slot = (slot + 1) % size
        table[slot] = number
    return table
