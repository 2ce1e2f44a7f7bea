"""The accuracy of each caller as Markdown, and which caller the figures support."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.accuracy_figures import (
    INDEL,
    INDEL_LENGTHS,
    SNV,
    Share,
    Tally,
    added,
    genome_f1,
    indel_class,
)
from bench.accuracy_real import Judged

DEPTHS_JUDGED = (20.0, 60.0)
"""Depths, inclusive, over which callers are compared: those that samples are made with."""

Figures = Mapping[str, Tally]


@dataclass(frozen=True, order=True, kw_only=True)
class Cell:
    """What was measured together: a caller on reads of one depth and error rate."""

    caller: str
    depth: float
    error: float


Cells = Mapping[Cell, Figures]


def callers_of(cells: Iterable[Cell]) -> list[str]:
    """The callers, in the order in which they were measured."""
    return list(dict.fromkeys(cell.caller for cell in cells))


def pooled(
    cells: Cells, caller: str, depths: tuple[float, float] = DEPTHS_JUDGED
) -> dict[str, Tally]:
    """A caller's counts over some depths and all error rates."""
    low, high = depths
    return added(
        _classes(figures)
        for cell, figures in cells.items()
        if cell.caller == caller and low <= cell.depth <= high
    )


def _classes(figures: Figures) -> dict[str, Tally]:
    return {name: tally for name, tally in figures.items() if name != INDEL}


def score(figures: Figures) -> float:
    """What callers are ranked by: the mean of F1 of SNVs and of indels as a genome has them."""
    return ((figures[SNV].f1 or 0.0) + (genome_f1(figures) or 0.0)) / 2


def supported(cells: Cells) -> str:
    """The caller with the best score over the depths that samples are made with."""
    return max(callers_of(cells), key=lambda caller: score(pooled(cells, caller)))


def reason(cells: Cells, real: Mapping[str, Judged]) -> str:
    """Which caller the figures support, in a sentence or two."""
    best = supported(cells)
    figures = {caller: pooled(cells, caller) for caller in callers_of(cells)}
    low, high = DEPTHS_JUDGED
    told = "; ".join(
        f"{caller} {_percent(of[SNV].f1)}, {_percent(genome_f1(of))} and {_percent(of[INDEL].f1)}"
        for caller, of in figures.items()
    )
    text = (
        f"Best by their mean: **{best}**. F1 of SNVs, of indels with lengths as a genome "
        f"has them and of indels as planted, {low:g}x to {high:g}x, all error rates: {told}."
    )
    if real:
        agreed = "; ".join(f"{caller} {_percent(of.shared.value)}" for caller, of in real.items())
        text += f" Calls of the real reads that another caller makes as well: {agreed}."
    return text


# ------------------------------------------------------------------------------- Markdown


def markdown(cells: Cells, real: Mapping[str, Judged]) -> str:
    """All tables."""
    parts = [
        _table(
            ("caller", "depth", "error", "variants", "precision", "recall", "F1", "genotype"),
            _by_depth(cells),
        ),
        _table(("caller", "length", "precision", "recall", "F1", "genotype"), _by_length(cells)),
    ]
    if real:
        parts.append(_table(REAL_COLUMNS, _real(real)))
    return "\n".join([*parts, reason(cells, real), ""])


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _by_depth(cells: Cells) -> Iterator[list[str]]:
    for cell, figures in cells.items():
        for name in (SNV, INDEL):
            depth, error = f"{cell.depth:g}x", f"{100 * cell.error:g} %"
            yield [cell.caller, depth, error, name, *_shares(figures[name])]


def _by_length(cells: Cells) -> Iterator[list[str]]:
    for caller in callers_of(cells):
        figures = pooled(cells, caller)
        for lengths in INDEL_LENGTHS:
            name = indel_class(lengths)
            yield [caller, name.removeprefix(f"{INDEL} "), *_shares(figures[name])]


def _shares(tally: Tally) -> list[str]:
    f1 = "-" if tally.f1 is None else f"{_percent(tally.f1)} ({_span(tally.f1_interval)})"
    return [_share(tally.precision), _share(tally.recall), f1, _share(tally.concordance)]


def _share(share: Share) -> str:
    return "-" if share.value is None else f"{_percent(share.value)} ({_span(share.interval)})"


def _span(interval: tuple[float, float]) -> str:
    return "-".join(f"{100 * edge:.1f}" for edge in interval)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f}"


REAL_COLUMNS = ("caller", "SNVs", "indels", "shared, %", "in dbSNP, %", "ti/tv", "het/hom")


def _real(real: Mapping[str, Judged]) -> Iterator[list[str]]:
    for caller, of in real.items():
        ratios = ["-" if ratio is None else f"{ratio:.2f}" for ratio in (of.titv, of.het_hom)]
        yield [caller, str(of.snvs), str(of.indels), _share(of.shared), _share(of.known), *ratios]
