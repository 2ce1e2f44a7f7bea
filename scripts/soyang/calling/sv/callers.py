"""The callers as processes, and whether what they left is a result.

Each runs with one thread: dysgu gives other breakpoints with two than with one, and the two
others gain little. They run side by side instead.

tiddit's local assembly (of reads that clip) is left out by its ``--skip_assembly``: it needs
fermi2 and ropebwt2, which are not packaged everywhere, and a bwa index beside the reference,
which our index of islands is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path

from soyang.calling.sv.events import INSERTION, Event, canonical
from soyang.calling.sv.parse import PARSERS, read_lines
from soyang.core.errors import ToolError
from soyang.core.process import Command, run
from soyang.core.sequence import contig_lengths

CRAM, FASTA = "reads.cram", "genome.fa"
"""Names in the scratch folder, in which callers run."""
_ONE_THREAD = ("OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "PYTHONHASHSEED=0")
FEWEST_READS = 3
"""Reads that tell of one event, at least: the default of dysgu and tiddit. A sample with fewer in
all has no event that they could find."""
_NO_CLUSTER = "cannot do a non-empty take from an empty axes"
"""How tiddit 3.5.2 ends where its reads make no cluster: it has written its header, and then takes
a percentile of nothing. If that is a lie, :func:`require_plausible` sees it."""
_NOT_USED = "0xF0C"
"""Flags: unmapped, or the mate, secondary, failed, duplicate, supplementary."""
_TELLING = "[SA] || sclen >= 15 || !flag.proper_pair"
_OTHERS_FIND = 20
"""Events that another caller passes, from which on nothing at all is no plausible answer."""


class Caller(StrEnum):
    """A caller of structural variants."""

    DYSGU = "dysgu"
    DELLY = "delly"
    TIDDIT = "tiddit"


def _dysgu(folder: Path) -> list[str]:
    found = folder / "dysgu.vcf"
    words = ["--procs", "1", "--pfix", "reads", FASTA, "dysgu", CRAM]
    run([*_in(folder), "dysgu", "run", *words], stdout=found)
    return found.read_text(encoding="utf-8").splitlines()


def _delly(folder: Path) -> list[str]:
    run([*_in(folder), "delly", "call", "-g", FASTA, "-o", "delly.bcf", CRAM])
    found = folder / "delly.bcf"
    return run(["bcftools", "view", "--no-version", found]).splitlines() if found.exists() else []


def _tiddit(folder: Path) -> list[str]:
    words = ["--threads", "1", "--skip_assembly", "-o", "tiddit"]
    found = folder / "tiddit.vcf"
    try:
        run([*_in(folder), "tiddit", "--sv", "--bam", CRAM, "--ref", FASTA, *words])
    except ToolError as error:
        if _NO_CLUSTER not in str(error) or not found.exists():
            raise
    return found.read_text(encoding="utf-8").splitlines() if found.exists() else []


def _in(folder: Path) -> list[str]:
    """The words that start a caller in its folder."""
    return ["env", "-C", str(folder), *_ONE_THREAD]


def _prepare(folder: Path, cram: Path, fasta: Path) -> None:
    """Links to CRAM and reference, since delly and dysgu take no path with Hangul in it."""
    for name, target in ((CRAM, cram), (FASTA, fasta)):
        (folder / name).symlink_to(target.resolve())
    for name, index in ((f"{CRAM}.crai", f"{cram}.crai"), (f"{FASTA}.fai", f"{fasta}.fai")):
        (folder / name).symlink_to(Path(index).resolve())


_RUN: Mapping[Caller, Callable[[Path], list[str]]] = {
    Caller.DYSGU: _dysgu,
    Caller.DELLY: _delly,
    Caller.TIDDIT: _tiddit,
}
_VERSION: Mapping[Caller, tuple[Command, str]] = {
    Caller.DYSGU: (["dysgu", "--version"], "version "),
    Caller.DELLY: (["sh", "-c", "delly --version 2>&1"], "version: v"),
    Caller.TIDDIT: (["tiddit", "--help"], "tiddit-"),
}


def version(caller: Caller) -> str:
    """Name and version, e.g. ``delly 1.1.6``.

    Raises:
        ToolError: the tool is not there, or doesn't say.
    """
    command, word = _VERSION[caller]
    said = run(command)
    _, found, rest = said.partition(word)
    if not found:
        raise ToolError(f"{caller} does not say its version")
    return f"{caller} {rest.split()[0]}"


def call_all(
    callers: Sequence[Caller], cram: Path, fasta: Path, sample: str, folder: Path, threads: int
) -> dict[Caller, list[Event]]:
    """Events of each caller, in canonical form; callers run side by side.

    Args:
        callers: which.
        cram: the sample's CRAM, indexed.
        fasta: prepared reference.
        sample: sample, which must be the one in what they write.
        folder: scratch folder.
        threads: how many run at a time.

    Raises:
        ToolError: a caller failed, or left what is not the sample's result.
    """
    order = {contig: place for place, contig in enumerate(contig_lengths(fasta))}
    _prepare(folder, cram, fasta)

    def one(caller: Caller) -> list[Event]:
        try:
            return events_of(caller, _RUN[caller](folder), sample, order)
        except ToolError as error:
            if telling_reads(cram, fasta) < FEWEST_READS:
                return []
            raise ToolError(f"{caller} failed: {error}") from error

    with ThreadPoolExecutor(max(min(threads, len(callers)), 1)) as workers:
        found = dict(zip(callers, workers.map(one, callers), strict=True))
    require_plausible(found)
    return found


def telling_reads(cram: Path, fasta: Path) -> int:
    """Reads from which a caller could make an event: split, clipped, or not a proper pair.

    dysgu and tiddit fail where there are none at all, instead of saying so.

    Args:
        cram: the sample's CRAM.
        fasta: prepared reference.
    """
    said = run(["samtools", "view", "-c", "-T", fasta, "-F", _NOT_USED, "-e", _TELLING, cram])
    return int(said)


def events_of(
    caller: str, lines: Iterable[str], sample: str, order: Mapping[str, int]
) -> list[Event]:
    """A caller's VCF text as events.

    Args:
        caller: dysgu, delly or tiddit.
        lines: its VCF.
        sample: sample, which must be the one in it.
        order: contig of the reference to its place.

    Raises:
        ToolError: no header, another sample, or a contig that the reference doesn't have.
    """
    samples, records = read_lines(lines, caller)
    if samples != [sample]:
        raise ToolError(f"{caller} wrote samples {samples}, not {sample}")
    events = [event for record in records for event in PARSERS[caller](record)]
    named = {contig for event in events for contig, _ in event.ends}
    if strange := sorted(named - set(order)):
        raise ToolError(f"{caller} wrote contig {strange[0]}, which the reference does not have")
    return [canonical(event, order) for event in events]


def require_plausible(found: Mapping[Caller, Sequence[Event]]) -> None:
    """Refuse a caller that found nothing where another one found plenty.

    Insertions don't count: not all callers look for them.

    Raises:
        ToolError: naming the caller.
    """
    passed = {
        caller: sum(event.passed and event.kind != INSERTION for event in events)
        for caller, events in found.items()
    }
    for caller, events in found.items():
        most = max(passed, key=lambda other: (passed[other], other))
        if not events and passed[most] >= _OTHERS_FIND:
            raise ToolError(
                f"{caller} ended with status 0 but has no event, where {most} has {passed[most]}"
            )
