"""``soyang identity ancestry``: which group of a named reference a sample's frequencies follow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from soyang.core.assembly import Assembly
from soyang.core.regions import read_regions
from soyang.core.tables import write_table
from soyang.identity.genotypes import (
    NOWHERE,
    States,
    autosomal,
    bounds,
    read_genotypes,
    states_at,
)
from soyang.identity.inputs import by_sample, read_calls
from soyang.identity.sites import AncestryReference, read_reference
from soyang.identity.tables import ANCESTRY

Floats = npt.NDArray[np.float64]

NEAREST = 0.001
"""Frequencies are kept this far from 0 and 1: an allele not seen in a reference is not absent."""
MAX_ROUNDS = 2_000
SETTLED = 1e-6
DIGITS = 4


def ancestry(
    *,
    sketch: list[Path] | None = None,
    callable_bed: list[Path] | None = None,
    calls: list[Path] | None = None,
    ancestry_reference: Path,
    assembly: Assembly,
    min_ancestry_sites: int,
    min_ancestry_share: float,
    ancestry: Path,
) -> None:
    """Say of each sample which group's allele frequencies it is to be compared with.

    The genotypes are projected on a fixed reference: the shares of its groups that explain
    them best, by the admixture model with the groups' frequencies held (Alexander, Novembre,
    Lange, Genome Research 2009;19:1655). The reference never changes with the batch, so that a
    new sample changes nobody else's group. A sample has the group that explains most of it, if
    that is enough, else none.

    It chooses frequencies and is no statement on who somebody is; no report has it.

    Args:
        sketch: each sample's genotypes, named <sample>.parquet (SKETCH).
        callable_bed: each sample's callable regions, named <sample>.callable.bed.gz; where the
            sketches have the reference genotypes at the sites, none is needed.
        calls: each sample's row of CALLS.
        ancestry_reference: named and versioned allele frequencies by group.
        assembly: assembly of the run.
        min_ancestry_sites: fewest sites for a statement.
        min_ancestry_share: share of the likeliest group from which on it is said.
        ancestry: table to write (ANCESTRY).

    Raises:
        FaultError: the reference can't be used.
    """
    reference = read_reference(ancestry_reference, assembly)
    beds = by_sample(callable_bed or (), ".callable.bed.gz")
    known = read_calls(calls or ())
    found = [
        {
            "sample": sample,
            **assigned(
                _genotypes(path, beds.get(sample) if known.get(sample) else None, reference),
                reference,
                min_ancestry_sites,
                min_ancestry_share,
            ),
        }
        for sample, path in sorted(by_sample(sketch or (), ".parquet").items())
    ]
    write_table(ANCESTRY.frame(found), ancestry, ANCESTRY)


def _genotypes(sketch: Path, bed: Path | None, reference: AncestryReference) -> States:
    """Alternate alleles at the reference's autosomal sites."""
    sites = autosomal(reference.sites["key"].to_numpy())
    where = bounds(read_regions(bed)) if bed else NOWHERE
    return states_at(sites, read_genotypes(sketch), *where)


def assigned(
    states: States, reference: AncestryReference, least: int, min_share: float
) -> dict[str, object]:
    """Columns of ANCESTRY but the sample.

    Only sites with a genotype count. What a plain VCF lacks is unknown, and what it carries
    alone would speak for groups with more alternate alleles: then nothing is said.

    Args:
        states: alternate alleles at the reference's autosomal sites, negative where unknown.
        reference: the groups' frequencies.
        least: fewest sites for a statement.
        min_share: share of the likeliest group from which on it is said.
    """
    here = states >= 0
    row: dict[str, object] = {
        "group": "",
        "share": None,
        "sites": int(here.sum()),
        "reference": reference.name,
        "reason": "",
    }
    if here.sum() < least:
        return row | {"reason": f"fewer than {least} sites of the reference with a genotype"}
    if not (states == 0).any():
        return row | {"reason": "not known where the sample has the reference allele"}
    frequencies = np.stack(
        [reference.sites[group].to_numpy()[: len(states)] for group in reference.groups]
    )
    shares = group_shares(states[here].astype(np.float64), frequencies[:, here])
    best = int(np.argmax(shares))
    share = round(float(shares[best]), DIGITS)
    if share < min_share:
        return row | {"share": share, "reason": f"no group explains {min_share:.0%}"}
    return row | {"group": reference.groups[best], "share": share}


def group_shares(dosages: Floats, frequencies: Floats) -> Floats:
    """Shares of the groups that explain genotypes best, by expectation and maximisation.

    Args:
        dosages: alternate alleles 0, 1 or 2, a site each.
        frequencies: (groups, sites), of the alternate allele.

    Returns:
        A share for each group; they add up to 1.
    """
    alternate = np.clip(frequencies, NEAREST, 1 - NEAREST)
    shares = np.full(len(alternate), 1 / len(alternate))
    for following in _rounds(shares, dosages, alternate):
        settled = np.abs(following - shares).max() < SETTLED
        shares = following
        if settled:
            break
    return shares


def _rounds(shares: Floats, dosages: Floats, alternate: Floats) -> Iterator[Floats]:
    for _ in range(MAX_ROUNDS):
        carried = dosages / (shares @ alternate)
        lacking = (2 - dosages) / (shares @ (1 - alternate))
        mean = (alternate @ carried + (1 - alternate) @ lacking) / (2 * len(dosages))
        shares = shares * mean
        yield shares
