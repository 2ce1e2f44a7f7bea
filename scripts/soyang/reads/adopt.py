"""Another house's BAM or CRAM under our contract."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from soyang.core.contig_names import (
    Sequences,
    header_sequences,
    our_names,
    sequences,
    under_names,
)
from soyang.core.errors import Fault, FaultError
from soyang.core.files import SCRATCH
from soyang.core.process import Command, reading
from soyang.reads.cram import dictionary_of, primary_reads, sequence_lines, writing
from soyang.reads.groups import group_faults, group_lines, header_fault, header_of
from soyang.reads.islands import to_contigs
from soyang.reads.umi import tag_sam
from soyang.reads.units import Unit, sample_units

_COPY_BYTES = 1 << 20


def adopt(*, sample: str, units: Path, reference: Path, threads: int, cram: Path) -> None:
    """Sort and mark duplicates anew in alignments from elsewhere; read groups are kept.

    A contig is known by its name, or under another name by its MD5 (M5); so a CRAM is decoded
    with our copy of the sequence it was written against, whatever that was called.

    Args:
        sample: sample that each read group must name.
        units: admission's table of units; the sample's rows with entry bam or cram are used.
        reference: prepared reference (genome.fa), of the assembly that was aligned to.
        threads: threads that decode the input; the result doesn't depend on it.
        cram: output CRAM 3.0; its .crai goes beside it.

    Raises:
        FaultError: a file is missing, not aligned to this reference, or another sample's.
        ToolError: a tool failed, or reads are missing in the end.
    """
    given = sample_units(units, sample, ("bam", "cram"))
    dictionary = dictionary_of(reference)
    ours = header_sequences(dictionary.read_text(encoding="utf-8"))
    faults = [fault for unit in given for fault in _faults(unit.path_1, sample, ours)]
    if faults:
        raise FaultError(faults)
    lines = [
        *sequence_lines(dictionary),
        *group_lines([unit.path_1 for unit in given], sample),
    ]
    identifiers = any(unit.umi for unit in given)
    with writing(cram, reference, sample, lines, identifiers=identifiers) as sink:
        for unit in given:
            sink.reads += primary_reads(unit.path_1)
            renamed = our_names(sequences(header_of(unit.path_1, sample).get("SQ", [])), ours)
            with (
                TemporaryDirectory(prefix=SCRATCH, dir=cram.parent) as scratch,
                reading(_by_name(unit, reference, threads, Path(scratch), renamed)) as source,
            ):
                shutil.copyfileobj(source, sink.stream, _COPY_BYTES)


def _by_name(
    unit: Unit, reference: Path, threads: int, scratch: Path, renamed: Mapping[str, str]
) -> list[Command]:
    """Tools that write a file's records grouped by name, as SAM without header.

    As text, so that contigs are found by name where the file has them in another order.

    Args:
        unit: the file.
        reference: prepared reference.
        threads: threads that decode.
        scratch: folder for temporary files.
        renamed: the file's name of each contig to ours.
    """
    known_as = all(name == ours for name, ours in renamed.items())
    fasta = reference if known_as else under_names(reference, renamed, scratch)
    moves = [] if known_as else [to_contigs(_names_table(renamed, scratch))]
    return [
        [
            *["samtools", "collate", "--no-PG", "-u", "-O", "--reference", str(fasta)],
            # The dictionary's M5 were checked; those of slices differ where codes became N.
            *["--input-fmt-option", "ignore_md5=1", "-@", str(max(threads - 1, 0))],
            *[str(unit.path_1), str(scratch / "collate")],
        ],
        ["samtools", "view", "--no-PG", "-x", "PG", "-"],
        *moves,
        *tag_sam(unit.umi),
    ]


def _names_table(renamed: Mapping[str, str], scratch: Path) -> Path:
    table = scratch / "names.tsv"
    table.write_text("".join(f"{name}\t{ours}\t0\n" for name, ours in renamed.items()))
    return table


def _faults(file: Path, sample: str, ours: Sequences) -> Iterator[Fault]:
    header = header_of(file, sample)
    yield from contig_faults(file, sample, sequences(header.get("SQ", [])), ours)
    yield from group_faults(file, sample, header)


def contig_faults(file: Path, sample: str, theirs: Sequences, ours: Sequences) -> list[Fault]:
    """Why alignments to ``theirs`` can't be taken for alignments to ``ours``; empty if they can.

    A contig must be known by name, or by MD5, and be of the same length and, where both tell
    it, MD5. Two contigs that are one of ours would be mixed up.
    """
    faults = []
    if not theirs:
        faults.append(("no contigs in the header", "aligned reads"))
    renamed = our_names(theirs, ours)
    counts = Counter(renamed.values())
    for name, sequence in theirs.items():
        known = ours.get(renamed.get(name, ""))
        if known is None:
            found = f"contig {name}" + (f" of MD5 {sequence.md5s[0]}" if sequence.md5s else "")
            allowed = f"contigs of the reference, by name or MD5: {_some(list(ours))}"
            faults.append((found, allowed))
        elif known.length != sequence.length:
            found = f"contig {name} of {sequence.length:,} bases"
            faults.append((found, f"{known.length:,} bases"))
        elif sequence.md5s and known.md5s and not set(sequence.md5s) & set(known.md5s):
            found = f"contig {name} of MD5 {sequence.md5s[0]}"
            faults.append((found, f"MD5 {known.md5s[0]}, as in the reference"))
        elif counts[known.name] > 1:
            found = f"contig {name}, which with another is our {known.name}"
            faults.append((found, "one contig of the file for each of the reference"))
    next_step = "use the reference that the reads were aligned to, or align them anew"
    return [header_fault(file, sample, found, allowed, next_step) for found, allowed in faults[:5]]


def _some(names: Sequence[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (" ..." if len(names) > most else "")
