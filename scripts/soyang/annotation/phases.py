"""Which of a person's neighbouring variants share a haplotype, as far as genotypes tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import polars as pl


class Phase(StrEnum):
    """Whether variants lie on one copy of a chromosome."""

    CIS = "cis"
    """On one copy: all but one homozygous, or phased so."""
    TRANS = "trans"
    """Never on one copy: phased so, or alternatives of the same bases."""
    UNKNOWN = "unknown"
    """Heterozygous and not phased with each other."""


@dataclass(frozen=True)
class Member:
    """A variant of a run.

    Attributes:
        start: 0-based start of the bases that it changes.
        end: their end; the same as start for an insertion.
        first: first codon that it changes.
        last: last codon.
        shift: bases that it moves the frame by, 0 to 2.
        kind: as :func:`kinds` says it.
    """

    start: int
    end: int
    first: int
    last: int
    shift: int
    kind: str


@dataclass(frozen=True)
class Case:
    """Variants of a run that are judged together, as places in it, and their phase."""

    members: tuple[int, ...]
    phase: Phase


_PAIR = (0, 1)
_COPIES = 2

BOTH, EITHER = "B", "E"
"""On both copies (or the only one); on one copy, nobody knows which."""


def kinds() -> pl.Expr:
    """What a genotype says of the copies, as text that is the same for the same cases.

    ``B``: all copies; ``E``: one of them, not phased; ``0:2`` or ``1:2``: the first or second
    copy in the run's phase set number 2. A phased genotype without PS belongs to one set with
    the others without (VCF 4.3, 1.6.2, PS). Columns genotype, dosage, copies, phase_set, run.
    """
    number = pl.col("phase_set").rank("dense").over("run").fill_null(0).cast(pl.String)
    copy = pl.when(pl.col("genotype").str.starts_with("1")).then(pl.lit("0:"))
    phased = pl.col("genotype").str.contains("|", literal=True) & (pl.col("copies") == _COPIES)
    return (
        pl.when(pl.col("dosage") >= pl.col("copies"))
        .then(pl.lit(BOTH))
        .when(phased)
        .then(pl.concat_str(copy.otherwise(pl.lit("1:")), number))
        .otherwise(pl.lit(EITHER))
    )


def cases(run: Sequence[Member], span: int) -> list[Case]:
    """The haplotypes of a run that carry two or more variants which act together.

    Args:
        run: its variants in the order of their codons.
        span: codons within which frameshifts may restore the frame.
    """
    single = [n for n, member in enumerate(run) if member.kind != BOTH]
    sets = {run[n].kind.partition(":")[2] for n in single}
    if len(single) <= 1:
        found = [Case(tuple(range(len(run))), Phase.CIS)]
    elif len(sets) == 1 and EITHER not in {run[n].kind for n in single}:
        found = _phased(run, span)
    elif len(run) == len(_PAIR) and _exclude(run):
        return [Case(_PAIR, Phase.TRANS)]
    else:
        found = [Case(tuple(range(len(run))), Phase.UNKNOWN)]
    return found


def _phased(run: Sequence[Member], span: int) -> list[Case]:
    """Of each copy, what acts together on it; if nothing does, the run as ``trans``."""
    found: list[Case] = []
    for copy in "01":
        here = [n for n, m in enumerate(run) if m.kind == BOTH or m.kind.startswith(copy)]
        for members in together(run, here, span):
            case = Case(members, Phase.CIS)
            if case not in found:
                found.append(case)
    return found or [Case(tuple(range(len(run))), Phase.TRANS)]


def together(run: Sequence[Member], here: Sequence[int], span: int) -> list[tuple[int, ...]]:
    """Groups of two or more among some of a run's variants that act together."""
    groups: list[list[int]] = []
    for n in here:
        close = groups and run[n].first - max(run[m].last for m in groups[-1]) <= 1
        if close or (groups and _framed(run, here, groups[-1][-1], n, span)):
            groups[-1].append(n)
        else:
            groups.append([n])
    return [tuple(group) for group in groups if len(group) > 1]


def _framed(run: Sequence[Member], here: Sequence[int], before: int, after: int, span: int) -> bool:
    """Whether two neighbours stand between frameshifts that restore the frame."""
    shifting = [n for n in here if run[n].shift]
    for size in (2, 3):
        for k in range(len(shifting) - size + 1):
            part = shifting[k : k + size]
            gaps = (run[b].first - run[a].last for a, b in pairwise(part))
            restored = sum(run[n].shift for n in part) % 3 == 0 and all(g <= span for g in gaps)
            if restored and part[0] <= before and after <= part[-1]:
                return True
    return False


def _exclude(run: Sequence[Member]) -> bool:
    """Whether two variants change the same bases, so that no copy has both."""
    one, other = run[0], run[1]
    if one.start == one.end and other.start == other.end:
        return one.start == other.start
    # For an insertion this means: between two bases of the other.
    return one.start < other.end and other.start < one.end


def exclude(run: Sequence[Member], members: Sequence[int]) -> bool:
    """Whether any two of these variants change the same bases."""
    return any(_exclude([run[a], run[b]]) for k, a in enumerate(members) for b in members[k + 1 :])
