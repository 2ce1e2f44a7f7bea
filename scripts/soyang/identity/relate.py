"""``soyang identity relate``: figures of the pairs that the record or the genotypes link."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from soyang.core.assembly import Assembly
from soyang.core.errors import Fault, FaultError
from soyang.core.regions import read_regions
from soyang.core.tables import write_table
from soyang.identity.earlier import read_earlier
from soyang.identity.genotypes import (
    NOWHERE,
    Counts,
    Source,
    States,
    autosomal,
    bounds,
    choose_sites,
    read_genotypes,
    states_at,
    thinned,
)
from soyang.identity.inputs import Subject, by_sample, read_calls, read_subjects, require
from soyang.identity.pairs import MOST_CELLS, Counter, Flags, Wanted, alike, empty_states
from soyang.identity.relations import (
    SEGMENT,
    WINDOW,
    Pair,
    Thresholds,
    finding,
    recorded_pairs,
    recorded_relation,
)
from soyang.identity.sites import read_sites
from soyang.identity.tables import HETEROZYGOSITY, KINSHIP

KINSHIP_DIGITS = 6
"""Digits kept: far below its standard error, and the same on every processor."""
MOST_SITES = 200_000
"""Sites compared at: more say nothing new of first degrees and duplicates."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One sample of the comparison.

    Attributes:
        subject: what the record says.
        source: where its genotypes are.
        absence_known: whether absence of a variant can mean the reference.
    """

    subject: Subject
    source: Source
    absence_known: bool


def relate(
    *,
    admitted: Path,
    sketch: list[Path] | None = None,
    callable_bed: list[Path] | None = None,
    calls: list[Path] | None = None,
    sites: Path | None = None,
    earlier: list[str] | None = None,
    assembly: Assembly = Assembly.GRCH38,
    min_sites: int,
    max_parent_child_ibs0: float,
    min_duplicate_kinship: float,
    min_duplicate_concordance: float,
    min_first_degree_kinship: float,
    kinship: Path,
    heterozygosity: Path,
    threads: int = 1,
) -> None:
    """Compare all pairs of samples; keep those related by record and those that look so.

    A site counts for a pair where both have a genotype: carried, or absent inside the
    sample's callable regions. What a plain VCF does not carry is unknown. Only autosomes. With
    a fixed list of sites the sketches hold all that is needed, and no regions are read.

    A parent is refuted by opposite homozygotes, whose share does not depend on how many genes
    were looked at. Siblings are judged by kinship, relatives called one sample, and relations
    found that the record does not have, only where both carry something in 30 segments of
    10 Mb; else the figures can't tell ('none').

    Samples of earlier batches are compared with this batch's, not with each other.

    Args:
        admitted: who may enter, with sex and parents (ADMITTED).
        sketch: each sample's genotypes, named <sample>.parquet (SKETCH).
        callable_bed: each sample's callable regions, named <sample>.callable.bed.gz; with a
            fixed list of sites none is needed.
        calls: each sample's row of CALLS.
        sites: fixed list of sites that the sketches were made with, a VCF.
        earlier: earlier batches, name=folder with the results of their run.
        assembly: assembly of the run, for the pseudo-autosomal regions.
        min_sites: fewest shared sites for a statement on a pair.
        max_parent_child_ibs0: share of opposite homozygotes above which a parent is refuted.
        min_duplicate_kinship: kinship coefficient from which on two samples are one.
        min_duplicate_concordance: share of same genotypes from which on two samples are one.
        min_first_degree_kinship: coefficient from which on two are of the first degree.
        kinship: table to write (KINSHIP).
        heterozygosity: table to write (HETEROZYGOSITY).
        threads: threads that count pairs; the result doesn't depend on it.

    Raises:
        FaultError: a sample is not admitted, or lacks one of its files; an earlier batch lacks
            its tables.
    """
    limits = Thresholds(
        min_sites=min_sites,
        max_parent_child_ibs0=max_parent_child_ibs0,
        min_duplicate_kinship=min_duplicate_kinship,
        min_duplicate_concordance=min_duplicate_concordance,
        min_first_degree_kinship=min_first_degree_kinship,
    )
    everyone = read_subjects(admitted)
    sketches = by_sample(sketch or (), ".parquet")
    require(sketches, everyone, admitted)
    fixed = read_sites(sites)["key"].to_numpy() if sites else None
    own = _members(sketches, everyone, callable_bed or (), calls or (), fixed=sites is not None)
    members = own + [
        Member(subject=subject, source=source, absence_known=known)
        for subject, source, known in read_earlier(earlier or ())
        if own
    ]
    chosen = _sites(fixed, members)
    states, known, figures = _read(members, chosen, len(own), assembly, fixed=sites is not None)
    subjects = [member.subject for member in members]
    with threadpool_limits(threads, "blas"):
        rows = _rows(subjects, len(own), states, known, chosen, limits)
    write_table(HETEROZYGOSITY.frame(figures), heterozygosity, HETEROZYGOSITY)
    write_table(KINSHIP.frame(rows), kinship, KINSHIP)


def _members(
    sketches: dict[str, Path],
    everyone: dict[str, Subject],
    callable_bed: Sequence[Path],
    calls: Sequence[Path],
    *,
    fixed: bool,
) -> list[Member]:
    """Samples of this batch by name with their files."""
    beds = by_sample(callable_bed, ".callable.bed.gz")
    known = read_calls(calls)
    needed: list[tuple[str, Collection[str]]] = [("calls", known)]
    if not fixed:
        needed.insert(0, ("callable regions", beds))
    faults = [
        Fault(
            code="sample-incomplete",
            file=str(sketches[sample]),
            found=f"no {kind} of sample {sample!r}",
            allowed="sketch, callable regions and calls of each sample",
            next_step=f"give the sample's {kind} too",
            sample=sample,
        )
        for kind, there in needed
        for sample in sorted(sketches)
        if sample not in there
    ]
    if faults:
        raise FaultError(faults)
    return [
        Member(
            subject=everyone[sample],
            source=Source(
                sample=sample,
                sketch=sketches[sample],
                callable_bed=beds.get(sample) if known[sample] else None,
            ),
            absence_known=known[sample],
        )
        for sample in sorted(sketches)
    ]


def _sites(fixed: Counts | None, members: Sequence[Member]) -> Counts:
    """Keys of the autosomal sites to compare at, as many as fit into memory."""
    most = min(MOST_SITES, MOST_CELLS // max(len(members), 1))
    if fixed is None:
        return choose_sites([member.source.sketch for member in members], most)
    return thinned(autosomal(fixed), most)


def _read(
    members: Sequence[Member], sites: Counts, own: int, assembly: Assembly, *, fixed: bool
) -> tuple[States, Flags, list[dict[str, object]]]:
    """Everyone's genotypes at the sites, whether absence is known, this batch's heterozygosity.

    Each sketch is read once. One with reference genotypes knows absence by itself.
    """
    states = empty_states(len(members), len(sites))
    known = np.array([member.absence_known for member in members], np.bool_)
    figures: list[dict[str, object]] = []
    for row, member in enumerate(members):
        genotypes = read_genotypes(member.source.sketch)
        bed = member.source.callable_bed
        where = bounds(read_regions(bed)) if bed and not fixed else NOWHERE
        states[row] = states_at(sites, genotypes.autosomal(), *where)
        known[row] |= (genotypes.dosages == 0).any()
        if row < own:
            figures.append({"sample": member.source.sample, **genotypes.heterozygosity(assembly)})
    return states, known, figures


def _rows(
    subjects: Sequence[Subject],
    own: int,
    states: States,
    known: Flags,
    sites: Counts,
    limits: Thresholds,
) -> Iterator[dict[str, object]]:
    wanted = Wanted(
        min_sites=limits.min_sites,
        min_concordance=limits.min_duplicate_concordance,
        min_kinship=limits.min_first_degree_kinship,
    )
    by_record = {pair for pair in recorded_pairs(subjects) if pair[0] < own}
    counter = Counter(sites, WINDOW, SEGMENT)
    for first, second in sorted(by_record.union(alike(states, known, own, wanted))):
        one, two = subjects[first], subjects[second]
        if two.batch and (one.sample, one.person) == (two.sample, two.person):
            continue  # the sample itself, in an earlier run: it can't confirm itself
        figures = counter.figures(states[first], states[second])
        coefficient = figures.kinship
        pair = Pair(
            **asdict(figures)
            | {"kinship": None if coefficient is None else round(coefficient, KINSHIP_DIGITS)},
            absence_known=int(known[first]) + int(known[second]),
        )
        said = finding(pair, one, two, limits)
        recorded = recorded_relation(one, two)
        if recorded != "unrelated" or said != "none":
            yield {
                "sample_1": one.sample,
                "batch": two.batch,
                "sample_2": two.sample,
                "recorded": recorded,
                "sites": pair.sites,
                "ibs0": pair.ibs0,
                "concordant": pair.concordant,
                "kinship": pair.kinship,
                "finding": said,
                "earlier_passed": two.earlier_passed,
            }
