"""Predicted protein changes in HGVS, one edited transcript at a time.

Rules: HGVS Nomenclature 21.0, recommendations on protein. The kept library (biocommons
``hgvs`` 1.5.7) is what the tests compare with; it isn't used itself because it names residues
behind a new stop codon, calls a changed stop codon that still stops ``Ter12Ter``, can't speak
of changes that reach over an end of the coding part, and translates the whole protein anew
for each variant.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from bioutils.sequences import aa1_to_aa3_lut, dna_to_aa1_lut

UNPREDICTABLE = "p.?"
START_CHANGED = "p.(Met1?)"
_STOP = "*"
_UNKNOWN = "X"
_SELENOCYSTEINE = "U"
_CHUNK = 300
"""Bases read at a time in search of a stop codon."""

_BASES = "ACGTRYKMSWBDHVN-"
"""IUPAC's letters, and one for all else: a codon is a number of three hexadecimal digits."""
_PLACES = np.array([256, 16, 1])


def _numbers() -> npt.NDArray[np.int64]:
    numbers = np.full(256, len(_BASES) - 1, dtype=np.int64)
    numbers[[ord(base) for base in _BASES]] = range(len(_BASES))
    return numbers


def _residues() -> npt.NDArray[np.uint8]:
    codons = (a + b + c for a in _BASES for b in _BASES for c in _BASES)
    known = "".join(dna_to_aa1_lut.get(codon, _UNKNOWN) for codon in codons)
    return np.frombuffer(known.encode("ascii"), np.uint8)


_NUMBER, _RESIDUE = _numbers(), _residues()


@dataclass(frozen=True)
class Message:
    """A spliced coding transcript.

    Attributes:
        sequence: its bases, 5' to 3'.
        cds_start: 0-based start of the coding part.
        cds_end: 0-based end of the coding part (its stop codon included), exclusive.
    """

    sequence: str
    cds_start: int
    cds_end: int

    @cached_property
    def protein(self) -> str:
        """Residues with ``*`` at the end; a stop codon before it stands for selenocysteine."""
        text = translate(self.sequence[self.cds_start : self.cds_end])
        return text[:-1].replace(_STOP, _SELENOCYSTEINE) + text[-1:]

    @cached_property
    def residues(self) -> str:
        """:attr:`protein`, and what the sequence behind it would read in the same frame."""
        return self.protein + translate(self.sequence[self.cds_end :])

    @property
    def sound(self) -> bool:
        """Whether it is codons only, known bases only, and ends with a stop codon."""
        size = self.cds_end - self.cds_start
        return size % 3 == 0 and self.protein[-1:] == _STOP and _UNKNOWN not in self.protein


@dataclass(frozen=True)
class Edit:
    """Bases ``start`` to ``end`` (0-based, half-open, in the spliced transcript) replaced."""

    start: int
    end: int
    inserted: str

    @property
    def growth(self) -> int:
        """Bases won or lost."""
        return len(self.inserted) - (self.end - self.start)


def translate(sequence: str) -> str:
    """Residues of whole codons in the standard code; ``X`` where a base is not known."""
    whole = len(sequence) - len(sequence) % 3
    bases = _NUMBER[np.frombuffer(sequence[:whole].encode("ascii"), np.uint8)]
    residues: bytes = _RESIDUE[bases.reshape(-1, 3) @ _PLACES].tobytes()
    return residues.decode("ascii")


def name(message: Message, edit: Edit) -> str | None:
    """HGVS p. of an edit, without accession.

    Returns:
        ``p.(…)``; ``p.?`` if it can't be predicted; None if the coding part is untouched.
    """
    if not touches(message, edit):
        return None
    if not message.sound:
        return UNPREDICTABLE
    if edit.start < message.cds_start:
        return START_CHANGED
    full = _edited(message, edit)
    changed = full[: full.index(_STOP) + 1] if _STOP in full else full
    if changed[:1] != message.protein[:1]:
        return START_CHANGED
    if _UNKNOWN in changed:
        return UNPREDICTABLE
    return f"p.({_difference(message, edit, changed, full)})"


def touches(message: Message, edit: Edit) -> bool:
    """Whether an edit changes the coding part; an insertion must lie inside it."""
    if edit.start == edit.end:
        return message.cds_start < edit.start < message.cds_end
    return edit.start < message.cds_end and edit.end > message.cds_start


def _edited(message: Message, edit: Edit) -> str:
    """Residues of the edited transcript: to its end, or to its stop codon if the frame shifts."""
    first = (edit.start - message.cds_start) // 3
    begin = message.cds_start + 3 * first
    read = message.sequence[begin : edit.start] + edit.inserted
    if edit.growth % 3:
        return message.residues[:first] + _to_stop(read + message.sequence[edit.end :])
    codons = -(-(edit.end - message.cds_start) // 3)
    read += message.sequence[edit.end : message.cds_start + 3 * codons]
    return message.residues[:first] + translate(read) + message.residues[codons:]


def _to_stop(sequence: str) -> str:
    for start in range(0, len(sequence), _CHUNK):
        text = translate(sequence[: start + _CHUNK])
        if _STOP in text:
            return text[: text.index(_STOP) + 1]
    return translate(sequence)


def _common_prefix(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _difference(message: Message, edit: Edit, changed: str, full: str) -> str:
    """Name the first difference, and as much behind it as its kind asks for."""
    reference = message.protein
    at = _common_prefix(reference, changed)
    end = changed.find(_STOP)
    if at == len(reference):
        return _silent(message, edit)
    first = f"{_three(reference[at])}{at + 1}"
    if end == at or at == len(changed):
        return f"{first}{_three(_STOP)}"
    if at == len(reference) - 1:
        return f"{first}{_three(changed[at])}extTer{end - at if end >= 0 else '?'}"
    if edit.growth % 3 or edit.end > message.cds_end:
        return f"{first}{_three(changed[at])}fsTer{end - at + 1 if end >= 0 else '?'}"
    if edit.end > message.cds_end - 3:
        return _replaced(reference, at, reference[at:], changed[at:])
    return _in_frame(reference, full[: len(reference) + edit.growth // 3], at)


def _silent(message: Message, edit: Edit) -> str:
    first = (edit.start - message.cds_start) // 3
    last = (edit.end - 1 - message.cds_start) // 3
    if edit.growth or last >= len(message.protein):
        return "="
    return f"{_range(message.protein, first, last)}="


def _in_frame(reference: str, edited: str, at: int) -> str:
    """Name a change of whole residues; residues behind a new stop codon are not named."""
    room = min(len(reference), len(edited)) - at
    suffix = _common_prefix(reference[::-1][:room], edited[::-1][:room])
    come = edited[at : len(edited) - suffix]
    come = come[: come.index(_STOP) + 1] if _STOP in come else come
    return _replaced(reference, at, reference[at : len(reference) - suffix], come)


def _replaced(reference: str, at: int, gone: str, come: str) -> str:
    if not gone:
        if reference[at - len(come) : at] == come and len(come) <= at:
            return f"{_range(reference, at - len(come), at - 1)}dup"
        return f"{_range(reference, at - 1, at)}ins{_three(come)}"
    place = _range(reference, at, at + len(gone) - 1)
    if not come:
        return f"{place}del"
    if len(gone) == len(come) == 1:
        return f"{place}{_three(come)}"
    return f"{place}delins{_three(come)}"


def _range(residues: str, first: int, last: int) -> str:
    one, two = (f"{_three(residues[n])}{n + 1}" for n in (first, last))
    return one if first == last else f"{one}_{two}"


def _three(residues: str) -> str:
    return "".join(aa1_to_aa3_lut[residue] for residue in residues)
