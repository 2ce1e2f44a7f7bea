"""The rules that one row of the sheet alone must keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from soyang.admission.faults import nearest
from soyang.admission.sheet import ASSAYS, ENTRY, FILES, TUMOUR, VOCABULARY, WITHDRAWN, Row
from soyang.core.errors import Fault
from soyang.core.people import Consent

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
ID_RULE = "letters, digits, '_', '.' and '-', first a letter or digit, at most 64 (a file name)"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_UMI = re.compile(r"(name|tag|(read1|read2|per_read):[1-9]\d?)\Z", re.ASCII)
_CALLER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.+-]{0,63}\Z")


def row_faults(row: Row) -> Iterator[Fault]:
    """Faults of one row alone, without looking at its files."""
    for rule in ROW_RULES:
        yield from rule(row)


def _ids(row: Row) -> Iterator[Fault]:
    for column in ("person", "sample", "hospital"):
        if not row.cells[column]:
            yield row.fault("id-missing", column, "nothing", f"a {column}", "fill in the cell")
    for column in ("person", "sample", "lane"):
        name = row.cells[column]
        if name and not _ID.match(name):
            yield row.fault(
                "id-characters", column, repr(name), ID_RULE, "give it a name of these letters"
            )


def _words(row: Row) -> Iterator[Fault]:
    for column, allowed in VOCABULARY.items():
        word = row.cells[column]
        may_be_empty = column != "sex"
        if word not in allowed and (word or not may_be_empty):
            yield row.fault(
                f"{column}-unknown", column, f"'{word}'" if word else "nothing",
                ", ".join(allowed), f"{nearest(word, allowed)}Correct the cell",
            )  # fmt: skip


def _consent(row: Row) -> Iterator[Fault]:
    allowed = (*Consent, WITHDRAWN)
    for word in row.scopes:
        if word not in allowed:
            yield row.fault(
                "consent-unknown", "consent", f"'{word}'",
                f"{', '.join(Consent)} joined by ';', {WITHDRAWN}, or nothing",
                f"{nearest(word, allowed)}Correct the cell",
            )  # fmt: skip


def _one_kind(row: Row) -> Iterator[Fault]:
    kinds = {ENTRY[column] for column in row.files}
    if not kinds:
        yield row.fault(
            "file-none", "", "no file", f"one of {', '.join(FILES)}", "name the row's file"
        )
    if len(kinds) > 1:
        yield row.fault(
            "file-kinds", ", ".join(row.files), "more than one kind of file", "one kind in a row",
            "keep the file that is nearest to the reads",
        )  # fmt: skip


def _mates(row: Row) -> Iterator[Fault]:
    one, two = row.cells["fastq_1"], row.cells["fastq_2"]
    for column, this, other in (("fastq_1", one, two), ("fastq_2", two, one)):
        if other and not this:
            yield row.fault(
                "mate-missing", column, "nothing, but the other mate is named",
                "both mates of a pair", "name the other mate's file",
            )  # fmt: skip
    if one and one == two:
        yield row.fault(
            "mate-same", "fastq_2", "the same file as mate 1", "the other mate's file",
            "name the other mate's file",
        )  # fmt: skip


def _targets(row: Row) -> Iterator[Fault]:
    if row.cells["assay"] in ASSAYS[1:] and not row.cells["targets"]:
        yield row.fault(
            "targets-missing", "targets", f"nothing for assay {row.cells['assay']}",
            "the BED of its target regions", "name the BED, or correct the assay",
        )  # fmt: skip


def _origin(row: Row) -> Iterator[Fault]:
    """Germline only: allele shares, ploidy and the gate's rules hold for germline samples."""
    if row.cells["origin"] == TUMOUR:
        yield row.fault(
            "tumour", "origin", "a tumour sample: its variants are not all of the germline",
            "germline samples", "enter the person's germline sample, and take the tumour to a "
            "pipeline for somatic variants",
        )  # fmt: skip


def _umi(row: Row) -> Iterator[Fault]:
    found = row.cells["umi"]
    if not found:
        return
    allowed = "name, tag, or read1, read2 or per_read with ':' and the number of bases"
    if not _UMI.match(found):
        yield row.fault("umi-unknown", "umi", repr(found), allowed, "correct the cell")
    elif row.entry and (row.entry not in UMI_OF or found.split(":")[0] not in UMI_OF[row.entry]):
        yield row.fault(
            "umi-entry", "umi", f"'{found}' of a row with {row.entry}",
            "; ".join(f"{' or '.join(words)} with {entry}" for entry, words in UMI_OF.items()),
            "leave it empty, or name the file that still has the UMIs",
        )  # fmt: skip


UMI_OF = {
    "fastq": ("name", "read1", "read2", "per_read"),
    "ubam": ("tag", "name"),
    "bam": ("tag", "name"),
    "cram": ("tag", "name"),
}
"""Kind of file to where its UMIs can be: in the reads' names, their RX tag (SAM tags, section
1.5), or their first bases."""


def _caller(row: Row) -> Iterator[Fault]:
    found = row.cells["caller"]
    if found and not _CALLER.match(found):
        yield row.fault(
            "caller-name", "caller", repr(found), "a caller and its version, as in GATK 4.5.0.0",
            "correct the cell",
        )  # fmt: skip
    if found and row.entry not in {"", "gvcf", "vcf"}:
        yield row.fault(
            "caller-entry", "caller", f"'{found}' of a row with {row.entry}",
            "nothing: variants of these reads are called here", "leave the cell empty",
        )  # fmt: skip


def _separators(row: Row) -> Iterator[Fault]:
    """Runs are joined by ';' in the crosswalk."""
    if ";" in row.cells["run"]:
        yield row.fault(
            "run-several", "run", "a ';'", "one sequencing run in a row",
            "give each run's files a row of its own",
        )  # fmt: skip


def _collected(row: Row) -> Iterator[Fault]:
    found = row.cells["collected"]
    if found and row.collected is None:
        yield row.fault(
            "collected-date", "collected",
            f"text written like '{shape(found)}'" if not _DAY.match(found) else "no such day",
            "the day on which the specimen was taken, YYYY-MM-DD", "correct the cell",
        )  # fmt: skip


def shape(text: str) -> str:
    """How a text is written, without what it says: 9 for a digit, a for a letter."""
    masked = "".join("9" if c.isdigit() else "a" if c.isalpha() else c for c in text)
    return masked if len(masked) <= SHOWN else f"{masked[:SHOWN]}…"


SHOWN = 20
"""Characters of a masked text that are shown."""

ROW_RULES: tuple[Callable[[Row], Iterator[Fault]], ...] = (
    _ids,
    _words,
    _consent,
    _one_kind,
    _mates,
    _targets,
    _collected,
    _separators,
    _origin,
    _umi,
    _caller,
)
"""What each row must keep; a new rule is a function here."""
