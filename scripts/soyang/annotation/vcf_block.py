"""One block of a VCF file's lines, taken apart into alleles and columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from soyang.annotation import vcf_info as vi
from soyang.annotation import vcf_parse as vp
from soyang.annotation.bgzf import Bytes, Lines
from soyang.annotation.records import SPELT, Alleles, Values
from soyang.annotation.vcf_asked import Asked, Places
from soyang.core.errors import Fault, FaultError
from soyang.core.variant_key import BASE_NUMBER

_SHOWN = 60
_TEXT_COLUMNS = {"ID": vp.ID, "FILTER": vp.FILTER}

_ALLOWED = {
    vp.TOO_FEW: (0, "eight columns or more, tabs between"),
    vp.BAD_POSITION: (vp.POS, "a position of digits, at most 2147483647"),
    vp.BAD_REF: (vp.REF, "an allele"),
    vp.BAD_ALT: (vp.ALT, "alleles with commas between"),
    vi.BAD_NUMBER: (vp.INFO, "a number (of at most 32 bits)"),
    vi.BAD_COUNT: (vp.INFO, "as many values as the header declares for its alleles"),
    vp.BAD_GENOTYPE: (vp.SAMPLE, "a genotype of the record's alleles"),
}
_NAMES = ("CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", "sample")


@dataclass
class Block:
    """A block's alleles, in parts of one contig each; records counted from the block's start."""

    parts: list[Alleles]
    records: int
    lines: int
    fault: Callable[[int], Fault] | None = field(default=None)


def parsed(block: Lines, asked: Asked) -> Block:
    """The alleles of whole lines, and what is asked of them; a row that is none as ``fault``."""
    text = block.text
    separators = np.empty(block.stop - block.start, dtype=np.int32)
    found, lines = vp.find_separators(text, block.start, block.stop, separators)
    table = np.empty((lines, vp.END + 1), dtype=np.int32)
    records, error, place = vp.find_columns(text, block.start, separators[:found], table)
    if error:
        return Block([], 0, 0, _row_fault(block, asked, error, place, None, ""))
    places = table[:records]
    first_row = np.empty(records + 1, dtype=np.int64)
    vp.count_alleles(text, places, first_row)
    try:
        whole, new_contig = _alleles(block, places, first_row, asked)
        values = _values(block, places, first_row, asked)
    except _BadRecordError as bad:
        return Block([], 0, 0, bad.fault)
    parts = _by_contig(replace(whole, values=values), text, places, new_contig, first_row)
    return Block(parts, records, lines)


class _BadRecordError(Exception):
    """A record that can't be read; the fault is made once the lines above are counted."""

    def __init__(self, fault: Callable[[int], Fault]) -> None:
        self.fault = fault
        super().__init__()


def _check(
    block: Lines, asked: Asked, places: Places, error: int, record: int, name: str = ""
) -> None:
    if error:
        place, row = int(places[record, 0]), places[record]
        raise _BadRecordError(_row_fault(block, asked, error, place, row, name))


def _row_fault(
    block: Lines, asked: Asked, error: int, place: int, row: Places | None, name: str
) -> Callable[[int], Fault]:
    """The fault of a record, to be given how many lines stand above the block."""
    column, allowed = _ALLOWED[error]
    if name == "QUAL":
        column, name = vp.QUAL, ""
    start, stop = place, _line_end(block, place)
    if row is not None:
        start, stop = int(row[column]), int(row[column + 1]) - 1
    found = block.text[start:stop].tobytes().decode("utf-8", "replace")
    if name:
        values = [part for part in found.split(";") if part.partition("=")[0] == name]
        found = values[0] if values else found
    here = int(np.count_nonzero(block.text[block.start : place] == vp.LINE_FEED))
    return lambda above: Fault(
        code="vcf-record",
        file=str(asked.file),
        row=str(above + here + 1),
        column=""
        if row is None
        else "/".join([_NAMES[column], name] if name else [_NAMES[column]]),
        found=repr(found[:_SHOWN]),
        allowed=allowed,
        next_step="correct the record or write the file again",
    )


def _line_end(block: Lines, place: int) -> int:
    return place + int(np.argmax(block.text[place : block.stop] == vp.LINE_FEED))


def _alleles(
    block: Lines, places: Places, first_row: npt.NDArray[np.int64], asked: Asked
) -> tuple[Alleles, npt.NDArray[np.bool_]]:
    rows = int(first_row[-1])
    position, code = np.empty(rows, np.int32), np.empty(rows, np.uint32)
    allele, clear = np.empty(rows, np.int16), np.empty(rows, np.bool_)
    alts, new_contig = np.empty((rows, 2), np.int32), np.empty(len(places), np.bool_)
    error, record = vp.fill_alleles(
        block.text, places, first_row, BASE_NUMBER,
        position, code, allele, clear, alts, new_contig,
    )  # fmt: skip
    _check(block, asked, places, error, record)
    records = np.repeat(np.arange(len(places), dtype=np.int64), np.diff(first_row))
    hashed = np.flatnonzero(code & 1)
    refs = np.empty((rows, 2), np.int32)
    refs[hashed, 0] = places[records[hashed], vp.REF]
    refs[hashed, 1] = places[records[hashed], vp.ALT] - 1
    spelt = pl.DataFrame(
        {
            "row": hashed.astype(np.uint32),
            "ref": _texts(block.text, refs, hashed, np.ones(len(hashed), np.bool_)),
            "alt": _texts(block.text, alts, hashed, _letters(block.text, alts, hashed)),
        },
        schema=SPELT,
    )
    alleles = Alleles(
        contig="", position=position, code=code, record=records, allele=allele, clear=clear,
        spelt=spelt,
    )  # fmt: skip
    return alleles, new_contig


def _letters(text: Bytes, places: Places, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether each allele is letters: names of symbolic alleles and contigs keep their case."""
    return np.asarray(vp.all_letters(text, places, rows))


def _texts(
    text: Bytes,
    places: Places,
    rows: npt.NDArray[np.int64],
    upper: npt.NDArray[np.bool_],
    *,
    missing: bool = False,
) -> pl.Series:
    """Pieces of the text as a column; with ``missing`` those of no length are missing."""
    sizes = places[rows, 1] - places[rows, 0]
    out = np.empty(int(sizes.sum(dtype=np.int64)), dtype=np.uint8)
    ends = np.zeros(len(rows) + 1, dtype=np.int64)
    vp.gather(text, places, rows, upper, ends, out)
    valid = pa.array(sizes > 0).buffers()[1] if missing and len(rows) else None
    array = pa.LargeStringArray.from_buffers(
        len(rows), pa.py_buffer(ends), pa.py_buffer(out), valid
    )
    if len(out) and int(out.max()) > 127:  # noqa: PLR2004  ASCII is valid UTF-8
        array.validate(full=True)
    return pl.Series(pl.from_arrow(array), dtype=pl.String)


def _values(
    block: Lines, places: Places, first_row: npt.NDArray[np.int64], asked: Asked
) -> dict[str, Values]:
    values = _info(block, places, first_row, asked)
    for name in asked.columns:
        values[name] = _fixed(block, places, first_row, asked, name)
    if asked.genotype:
        dosage = np.empty(int(first_row[-1]), dtype=np.int32)
        error, record = vp.fill_dosage(block.text, places, first_row, dosage)
        _check(block, asked, places, error, record)
        values["GT"] = dosage
    return values


def _info(
    block: Lines, places: Places, first_row: npt.NDArray[np.int64], asked: Asked
) -> dict[str, Values]:
    """The INFO fields of each allele."""
    rows, kinds = int(first_row[-1]), asked.plan[:, 0]
    whole = np.count_nonzero((kinds == vi.INTEGER) | (kinds == vi.FLAG))
    integers = np.empty((whole, rows), dtype=np.int32)
    floats = np.empty((np.count_nonzero(kinds == vi.FLOAT), rows), dtype=np.float32)
    texts = np.empty((np.count_nonzero(kinds == vi.TEXT), rows, 2), dtype=np.int32)
    if not asked.names:
        return {}
    error, record, field = vi.fill_info(
        block.text, places, first_row, asked.keys, asked.key_ends, asked.table, asked.plan,
        integers, floats, texts,
    )  # fmt: skip
    _check(block, asked, places, error, record, asked.names[field])
    values: list[Values] = [*integers, *floats]
    words = asked.names[len(values) :]
    values += [_column(block, asked, *one) for one in zip(texts, words, strict=True)]
    return dict(zip(asked.names, values, strict=True))


def _column(block: Lines, asked: Asked, found: Places, name: str) -> pl.Series:
    rows = np.arange(len(found), dtype=np.int64)
    try:
        texts = _texts(block.text, found, rows, np.zeros(len(found), np.bool_), missing=True)
    except pa.ArrowInvalid:
        raise FaultError(
            Fault(
                code="not-utf8",
                file=str(asked.file),
                column=name,
                found="text that is not UTF-8",
                allowed="UTF-8 text",
                next_step="write the file again in UTF-8",
            )
        ) from None
    return texts.alias(name)


def _fixed(
    block: Lines, places: Places, first_row: npt.NDArray[np.int64], asked: Asked, name: str
) -> Values:
    rows = int(first_row[-1])
    if name == "QUAL":
        quality = np.empty(rows, dtype=np.float32)
        error, record = vi.fill_quality(block.text, places, first_row, quality)
        _check(block, asked, places, error, record, name)
        return quality
    if name == "PASS":
        passed = np.empty(rows, dtype=np.int32)
        vp.fill_passed(block.text, places, first_row, passed)
        return passed
    found = np.empty((rows, 2), dtype=np.int32)
    vp.fill_column(block.text, places, first_row, _TEXT_COLUMNS[name], found)
    return _column(block, asked, found, name)


def _by_contig(
    whole: Alleles,
    text: Bytes,
    places: Places,
    new_contig: npt.NDArray[np.bool_],
    first_row: npt.NDArray[np.int64],
) -> list[Alleles]:
    starts = np.flatnonzero(new_contig)
    spelt_rows = whole.spelt["row"].to_numpy()
    parts = []
    for record, stop in zip(starts, [*starts[1:], len(places)], strict=True):
        first, last = int(first_row[record]), int(first_row[stop])
        name = text[places[record, vp.CHROM] : places[record, vp.POS] - 1].tobytes()
        low, high = np.searchsorted(spelt_rows, [first, last])
        spelt = whole.spelt[int(low) : int(high)]
        parts.append(
            Alleles(
                contig=name.decode("utf-8", "replace"),
                position=whole.position[first:last],
                code=whole.code[first:last],
                record=whole.record[first:last],
                allele=whole.allele[first:last],
                clear=whole.clear[first:last],
                spelt=spelt.with_columns((pl.col("row") - first).cast(pl.UInt32)),
                values={key: value[first:last] for key, value in whole.values.items()},
            )
        )
    return parts
