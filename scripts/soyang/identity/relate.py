"""``soyang identity relate``: figures of the pairs that the record or the genotypes link."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from soyang.core.errors import Fault, FaultError
from soyang.core.regions import read_regions
from soyang.core.tables import write_table
from soyang.identity.inputs import (
    Subject,
    by_sample,
    read_calls,
    read_subjects,
    require,
)
from soyang.identity.pairs import Source, Tally, shared_windows, tally_all
from soyang.identity.relations import (
    SEGMENT,
    WINDOW,
    Pair,
    Thresholds,
    finding,
    recorded_pairs,
    recorded_relation,
)
from soyang.identity.tables import KINSHIP

KINSHIP_DIGITS = 6
"""Digits kept: far below its standard error, and the same on every processor."""


def relate(
    *,
    admitted: Path,
    sketch: list[Path] | None = None,
    callable_bed: list[Path] | None = None,
    calls: list[Path] | None = None,
    min_sites: int,
    max_parent_child_ibs0: float,
    min_duplicate_kinship: float,
    min_duplicate_concordance: float,
    kinship: Path,
) -> None:
    """Compare all pairs of samples; keep those related by record and those that look alike.

    A site counts for a pair where both have a genotype: carried, or absent inside the
    sample's callable regions. What a plain VCF does not carry is unknown. Only autosomes.

    A parent is refuted by opposite homozygotes, whose share does not depend on how many genes
    were looked at. Siblings are judged by kinship, and relatives called one sample, only where
    both carry something in 30 segments of 10 Mb; else the figures can't tell ('none').

    Args:
        admitted: who may enter, with sex and parents (ADMITTED).
        sketch: each sample's genotypes, named <sample>.parquet (SKETCH).
        callable_bed: each sample's callable regions, named <sample>.callable.bed.gz.
        calls: each sample's row of CALLS.
        min_sites: fewest shared sites for a statement on a pair.
        max_parent_child_ibs0: share of opposite homozygotes above which a parent is refuted.
        min_duplicate_kinship: kinship coefficient from which on two samples are one.
        min_duplicate_concordance: share of same genotypes from which on two samples are one.
        kinship: table to write (KINSHIP).

    Raises:
        FaultError: a sample is not admitted, or lacks one of its files.
    """
    limits = Thresholds(
        min_sites=min_sites,
        max_parent_child_ibs0=max_parent_child_ibs0,
        min_duplicate_kinship=min_duplicate_kinship,
        min_duplicate_concordance=min_duplicate_concordance,
    )
    everyone = read_subjects(admitted)
    sketches = by_sample(sketch or (), ".parquet")
    require(sketches, everyone, admitted)
    sources, known = _sources(sketches, callable_bed or (), calls or ())
    subjects = [everyone[source.sample] for source in sources]
    rows = _rows(sources, subjects, known, limits) if len(sources) > 1 else ()
    write_table(KINSHIP.frame(rows), kinship, KINSHIP)


def _sources(
    sketches: dict[str, Path], callable_bed: Sequence[Path], calls: Sequence[Path]
) -> tuple[list[Source], list[bool]]:
    """Samples by name with their files, and whether absence can mean the reference there."""
    beds = by_sample(callable_bed, ".callable.bed.gz")
    known = read_calls(calls)
    faults = [
        Fault(
            code="sample-incomplete",
            file=str(sketches[sample]),
            found=f"no {kind} of sample {sample!r}",
            allowed="sketch, callable regions and calls of each sample",
            next_step=f"give the sample's {kind} too",
            sample=sample,
        )
        for kind, there in (("callable regions", beds), ("calls", known))
        for sample in sorted(sketches)
        if sample not in there
    ]
    if faults:
        raise FaultError(faults)
    sources = []
    for sample in sorted(sketches):
        regions = read_regions(beds[sample])
        sources.append(
            Source(
                sample=sample,
                sketch=sketches[sample],
                regions=regions if known[sample] else regions.clear(),
            )
        )
    return sources, [known[source.sample] for source in sources]


def _rows(
    sources: Sequence[Source],
    subjects: Sequence[Subject],
    known: Sequence[bool],
    limits: Thresholds,
) -> Iterator[dict[str, object]]:
    counts = tally_all(sources)
    sketches = [source.sketch for source in sources]
    windows = shared_windows(sketches, WINDOW)
    segments = shared_windows(sketches, SEGMENT)
    coefficients = counts.kinship
    for first, second in sorted({*recorded_pairs(subjects), *_alike(counts, limits)}):
        at = (first, second)
        coefficient = coefficients[at]
        pair = Pair(
            sites=int(counts.sites[at]),
            ibs0=int(counts.ibs0[at]),
            concordant=int(counts.concordant[at]),
            kinship=None if np.isnan(coefficient) else round(float(coefficient), KINSHIP_DIGITS),
            windows=int(windows[at]),
            segments=int(segments[at]),
            absence_known=known[first] + known[second],
        )
        one, two = subjects[first], subjects[second]
        said = finding(pair, one, two, limits)
        recorded = recorded_relation(one, two)
        if recorded != "unrelated" or said == "duplicate":
            yield {
                "sample_1": one.sample,
                "sample_2": two.sample,
                "recorded": recorded,
                "sites": pair.sites,
                "ibs0": pair.ibs0,
                "concordant": pair.concordant,
                "kinship": pair.kinship,
                "finding": said,
            }


def _alike(counts: Tally, limits: Thresholds) -> set[tuple[int, int]]:
    """Pairs concordant enough to be looked at as one sample; who is, is said elsewhere."""
    enough = counts.sites >= limits.min_sites
    same = counts.concordant >= limits.min_duplicate_concordance * counts.sites
    found = np.argwhere(np.triu(enough & same, k=1))
    return {(int(first), int(second)) for first, second in found}
