"""One way to write each variant: trimmed and left-aligned to the reference.

The algorithm is Tan, Abecasis & Kang 2015 ("Unified representation of genetic variants",
Bioinformatics 31:2202), which ``vt normalize`` and ``bcftools norm`` follow. Each row stays where
it stands, so what it says can be traced to its record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from soyang.annotation.genome import Sequence
from soyang.annotation.normalise_rows import MISMATCH, OUTSIDE, normalise_rows
from soyang.annotation.records import SPELT, Alleles, Mask
from soyang.core.errors import Fault, FaultError
from soyang.core.variant_key import BASE_NUMBER, MOST_BASES, allele_codes, is_hashed
from soyang.core.variant_key import alleles as spelt_codes

FEW = 3
"""Contradicting alleles that make a file suspect; single odd records occur in all of them."""

HALF = 0.5
"""Share of contradicting alleles above which a file is of another assembly. Of the bases of two
builds that lie at the same place about three quarters differ."""

ENOUGH = 10_000
"""Alleles after which the share is judged without reading on."""


@dataclass(frozen=True, kw_only=True)
class Normalised:
    """Normalised alleles, row for row those that were given.

    Attributes:
        alleles: with new position, code and spelt; rows that are not clear, and those that
            don't fit the sequence, are as they were. Positions may go back now.
        mismatch: clear rows whose ref contradicts the sequence (what is no A, C, G or T there
            contradicts nothing).
        outside: clear rows whose ref lies not wholly on the contig.
        changed: rows that are written in another way than before.
    """

    alleles: Alleles
    mismatch: Mask
    outside: Mask
    changed: Mask

    @property
    def usable(self) -> Mask:
        """Rows that name a variant of this reference."""
        usable: Mask = self.alleles.clear & ~self.mismatch & ~self.outside
        return usable


def normalised(alleles: Alleles, sequence: Sequence) -> Normalised:
    """Trim and left-align alleles of one contig.

    Args:
        alleles: of one contig, in any order.
        sequence: the contig's bases, upper-case ASCII codes.
    """
    ref_ends, ref_text = _buffers(alleles.spelt["ref"])
    alt_ends, alt_text = _buffers(alleles.spelt["alt"])
    rows = alleles.spelt["row"].to_numpy().astype(np.int64)
    position, code = np.empty_like(alleles.position), np.empty_like(alleles.code)
    state = np.empty(len(alleles), dtype=np.uint8)
    new_ref_ends, new_alt_ends = np.zeros_like(ref_ends), np.zeros_like(alt_ends)
    new_ref, new_alt = np.empty_like(ref_text), np.empty_like(alt_text)
    normalise_rows(
        _writable(alleles.position), _writable(alleles.code), _writable(alleles.clear),
        sequence, BASE_NUMBER,
        rows, ref_ends, ref_text, alt_ends, alt_text,
        position, code, state, new_ref_ends, new_ref, new_alt_ends, new_alt,
    )  # fmt: skip
    spelt = pl.DataFrame(
        {
            "row": alleles.spelt["row"],
            "ref": _strings(new_ref_ends, new_ref),
            "alt": _strings(new_alt_ends, new_alt),
        },
        schema=SPELT,
    )
    hashed = (code[rows] & 1) == 1
    changed = (position != alleles.position) | (code != alleles.code)
    return Normalised(
        alleles=replace(alleles, position=position, code=code, spelt=spelt.filter(hashed)),
        mismatch=state == MISMATCH,
        outside=state == OUTSIDE,
        changed=changed,
    )


def trimmed(alleles: Alleles) -> Alleles:
    """Strip what ref and alt share, which needs no reference; nothing is moved.

    So an allele of a record with several is found where a source has it alone.
    """
    longest = int(alleles.spelt["ref"].str.len_bytes().max() or 0)  # type: ignore[arg-type]
    size = int(alleles.position.max(initial=0)) + max(longest, MOST_BASES)
    return normalised(alleles, np.full(size, ord("N"), dtype=np.uint8)).alleles


def _writable(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Arrays that Polars lends are read-only; the loop would be compiled again for them."""
    return np.require(values, requirements=["C", "W"])


def _buffers(texts: pl.Series) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Where each text ends in one buffer, after a leading 0, and the buffer."""
    ends = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(texts.str.len_bytes().to_numpy(), out=ends[1:])
    return ends, np.frombuffer(bytearray(b"".join(texts.cast(pl.Binary))), dtype=np.uint8)


def _strings(ends: npt.NDArray[np.int64], text: npt.NDArray[np.uint8]) -> pl.Series:
    array = pa.LargeStringArray.from_buffers(len(ends) - 1, pa.py_buffer(ends), pa.py_buffer(text))
    return pl.Series(pl.from_arrow(array), dtype=pl.String)


def normalised_frame(frame: pl.DataFrame, sequence: Sequence) -> pl.DataFrame:
    """Trim and left-align the variants of a table; for tables that are not huge.

    Args:
        frame: variants of one contig, in any order: columns position (1-based), ref, alt
            (String, any case), and others.
        sequence: the contig's bases, upper-case ASCII codes.

    Returns:
        ``frame``, row for row, with position (Int32), ref and alt as normalised, code (UInt32),
        and clear, mismatch, outside (Boolean, as in :class:`Alleles` and :class:`Normalised`).
    """
    alleles = from_frame(frame)
    done = normalised(alleles, sequence)
    words = written(done.alleles)
    return frame.with_columns(
        pl.Series("position", done.alleles.position),
        words["ref"],
        words["alt"],
        pl.Series("code", done.alleles.code),
        pl.Series("clear", alleles.clear),
        pl.Series("mismatch", done.mismatch),
        pl.Series("outside", done.outside),
    )


def from_frame(frame: pl.DataFrame, contig: str = "") -> Alleles:
    """Alleles of a table's columns position, ref, alt; a row's number is its record's.

    Args:
        frame: variants of one contig, none missing.
        contig: its name.
    """
    letters = pl.col("ref", "alt").str.contains(r"\A[A-Za-z]*\z")
    words = frame.select(
        pl.when(letters)
        .then(pl.col("ref", "alt").str.to_uppercase())
        .otherwise(pl.col("ref", "alt"))
    )
    code = allele_codes(words["ref"], words["alt"])
    sequences = pl.col("ref", "alt").str.contains(r"\A[ACGT]+\z")
    clear = words.select(pl.all_horizontal(sequences) & (pl.col("ref") != pl.col("alt")))
    spelt = words.with_row_index("row").filter(
        code.to_frame().select(is_hashed(pl.col("code"))).to_series()
    )
    return Alleles(
        contig=contig,
        position=frame["position"].cast(pl.Int32).to_numpy(writable=True),
        code=code.to_numpy(writable=True),
        record=np.arange(frame.height, dtype=np.int64),
        allele=np.ones(frame.height, dtype=np.int16),
        clear=clear.to_series().to_numpy(writable=True),
        spelt=spelt.cast(SPELT),  # type: ignore[arg-type]
    )


def written(alleles: Alleles) -> pl.DataFrame:
    """Columns ref and alt (String) of all alleles, spelt out."""
    words = spelt_codes(pl.Series("code", alleles.code))
    rows = pl.DataFrame({"row": np.arange(len(alleles), dtype=np.uint32)})
    long = rows.join(alleles.spelt, on="row", how="left", maintain_order="left")
    return words.select(
        pl.coalesce(long["ref"], pl.col("ref")).alias("ref"),
        pl.coalesce(long["alt"], pl.col("alt")).alias("alt"),
    )


@dataclass
class BuildCheck:
    """Whether a file's alleles are of this reference's assembly.

    Attributes:
        file: the alleles' file.
        reference: name of the reference.
        most: share of alleles that may contradict the reference.
        few: contradicting alleles that are let pass whatever their share.
        checked: clear alleles seen.
        wrong: those whose ref contradicts the reference, or lies outside it.
        first: the first of those.
    """

    file: Path
    reference: str
    most: float = HALF
    few: int = FEW
    checked: int = 0
    wrong: int = 0
    first: str = ""
    by_contig: dict[str, int] = field(default_factory=dict)

    def add(self, done: Normalised) -> None:
        """Count a batch.

        Raises:
            FaultError: enough has been seen to say that the assembly is another one.
        """
        bad = done.mismatch | done.outside
        contig = done.alleles.contig
        self.checked += int(np.count_nonzero(done.alleles.clear))
        wrong = int(np.count_nonzero(bad))
        if wrong and not self.first:
            self.first = self._place(done.alleles, int(np.argmax(bad)))
        self.wrong += wrong
        if wrong:
            self.by_contig[contig] = self.by_contig.get(contig, 0) + wrong
        if self.checked >= ENOUGH:
            self.finish()

    def finish(self) -> Mapping[str, int]:
        """The last judgement.

        Returns:
            Contradicting alleles by contig, where there are any.

        Raises:
            FaultError: more than ``most`` of the alleles contradict the reference.
        """
        if self.wrong < self.few or self.wrong <= self.most * self.checked:
            return self.by_contig
        share = f"{100 * self.wrong / self.checked:.1f} %"
        raise FaultError(
            Fault(
                code="wrong-build",
                file=str(self.file),
                found=f"{self.wrong} of {self.checked} ref alleles ({share}) that the reference "
                f"has not, the first {self.first}",
                allowed=f"at most {100 * self.most:g} %: a file of the assembly of "
                f"{self.reference}",
                next_step="give the file for this assembly, or the reference that it was made on",
            )
        )

    @staticmethod
    def _place(alleles: Alleles, row: int) -> str:
        one = replace(
            alleles,
            position=alleles.position[row : row + 1],
            code=alleles.code[row : row + 1],
            spelt=alleles.spelt.filter(pl.col("row") == row).with_columns(
                pl.lit(0, pl.UInt32).alias("row")
            ),
        )
        ref = written(one)["ref"][0]
        return f"{ref[:20]} at {alleles.contig}:{alleles.position[row]}"
