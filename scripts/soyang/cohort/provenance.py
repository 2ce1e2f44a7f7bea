"""Calls of different making in one cohort: only those that a setting admits.

A caller, its version, the bands of its reference blocks and the reference decide what is found and
where absence is said. Of calls made differently an allele frequency differs for that reason alone
(Tom et al. 2017, BMC Bioinformatics 18:351; Regier et al. 2018, Nat Commun 9:4038), so they enter
one cohort only where somebody said so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pysam

from soyang.core.errors import Fault, FaultError

_SHOWN = 5
"""Samples of a provenance that a fault names; the table beside it has all."""


def check_provenance(
    calls: Mapping[str, Mapping[str, str]], admit_mixed: Sequence[str], source: Path
) -> None:
    """Refuse a cohort of several provenances that the setting does not admit.

    The calls that this run made from reads need no admission; if they are of one provenance, every
    other one must be admitted, else every one.

    Args:
        calls: sample to its row of CALLS: entry, caller, provenance.
        admit_mixed: callers, or whole provenances, that may enter beside others.
        source: file named in the fault.

    Raises:
        FaultError: with every provenance that is not admitted and its samples.
    """
    of: dict[str, list[str]] = {}
    for sample in sorted(calls):
        of.setdefault(calls[sample]["provenance"], []).append(sample)
    own = {row["provenance"] for row in calls.values() if row["entry"] == "cram"}
    admitted = {*admit_mixed, *(own if len(own) == 1 else ())}
    left = [
        (provenance, samples)
        for provenance, samples in of.items()
        if not {provenance, calls[samples[0]]["caller"]} & admitted
    ]
    if len(of) > 1 and left:
        raise FaultError([_fault(source, *one, of) for one in left])


def _fault(
    source: Path, provenance: str, samples: Sequence[str], of: Mapping[str, Sequence[str]]
) -> Fault:
    others = "; beside ".join(
        f"{_listed(names)} by {other!r}" for other, names in of.items() if other != provenance
    )
    return Fault(
        code="provenance-mixed",
        file=str(source),
        found=f"{_listed(samples)} called by {provenance!r}, beside {others}",
        allowed="calls of one provenance, or of those that calling.admit_mixed names",
        next_step="enter these samples with their reads, so that one caller calls all, or name "
        "the caller or the whole provenance in calling.admit_mixed",
    )


def _listed(samples: Sequence[str]) -> str:
    shown = ", ".join(samples[:_SHOWN])
    more = len(samples) - _SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def callers_asked(vcf: Path) -> int:
    """How many callers looked, as a VCF's header tells; 0 where it was one alone."""
    with pysam.VariantFile(str(vcf)) as handle:
        told = _callers(str(record) for record in handle.header.records)
    return len(told)


def _callers(lines: Iterable[str]) -> list[str]:
    for line in lines:
        found = re.match(r"##soyang_callers=(.+)", line)
        if found:
            return found[1].strip().split(", ")
    return []
