"""Counts of alleles in INFO, of everybody and by group: AC, AN and homozygotes.

Counts and not frequencies are kept: they can be added up, and they tell 1 of 2 from 500 of 1000.
A count that can't be (more alleles than were looked at) says that the file is not what it seems,
so it stops the build.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from soyang.annotation.genome import Genome
from soyang.annotation.records import MISSING, Alleles, Mask
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.manifest import ColumnFact
from soyang.annotation.sources.variants import (
    Source,
    integers_of,
    key_columns,
    nullable,
    read_normalised,
)
from soyang.annotation.vcf_columns import read_header
from soyang.annotation.vcf_header import Header

PREFER = ("an", "ac")
"""Of several records of one allele that in which most alleles were looked at stays; of these the
one with most of the allele."""

AC, AN, NHOMALT = "AC", "AN", "nhomalt"
GROUP = "{group}"
"""Stands for each group in the names of the catalogue's ``fields``."""

_USUAL = {AC: ("AC",), AN: ("AN",), NHOMALT: ("nhomalt", "Hom", "AC_Hom")}
"""Names of the total: gnomAD 2.1 to 4; Hom in its 2.0; AC_Hom in ExAC (people, not alleles)."""
_USUAL_OF_GROUP = {
    AC: ("AC_{}", "AC-{}"),
    AN: ("AN_{}", "AN-{}"),
    NHOMALT: ("nhomalt_{}", "nhomalt-{}", "Hom_{}"),
}
"""gnomAD 2, 3.1 and 4 write ``AC_afr``, 3.0 ``AC-afr``, ExAC and gnomAD 2.0 ``AC_AFR``."""

_MEANING = {
    AC: ("alleles", "times that the allele was seen"),
    AN: ("alleles", "alleles that were looked at, of any kind"),
    NHOMALT: ("people", "people with two copies of the allele"),
}
_SEX_AND_MITOCHONDRION = ("X", "Y", "M")
_SHOWN = 40

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Count:
    """One count that is read.

    Attributes:
        kind: AC, AN or nhomalt.
        group: as the source's fields name it; empty: everybody.
        names: INFO fields that may hold it, best first.
    """

    kind: str
    group: str
    names: tuple[str, ...]

    @property
    def column(self) -> str:
        """Name of its column."""
        return column_name(self.kind, self.group)

    @property
    def title(self) -> str:
        """What the catalogue's ``fields`` call it."""
        return f"{self.kind}_{self.group}" if self.group else self.kind


def column_name(kind: str, group: str) -> str:
    """Name of a count's column: ``ac``, ``nhomalt_afr``."""
    name = f"{kind}_{group}" if group else kind
    return name.lower().replace("-", "_")


def counts_of(entry: CatalogSource) -> tuple[Count, ...]:
    """The counts to read, of everybody and then of each group.

    The catalogue's ``fields`` may name a field (``nhomalt: Hom``), those of all groups
    (``"AC_{group}": "AC_joint_{group}"``), or say that there is none (``"nhomalt_{group}": ""``).
    """
    asked = [
        Count(kind=kind, group=group, names=_names(entry, kind, group))
        for group in ("", *entry.groups)
        for kind in (AC, AN, NHOMALT)
    ]
    return tuple(count for count in asked if count.names)


def _names(entry: CatalogSource, kind: str, group: str) -> tuple[str, ...]:
    pattern = f"{kind}_{GROUP}" if group else kind
    for name in (f"{kind}_{group}" if group else kind, pattern):
        if name in entry.fields:
            told = entry.fields[name].replace(GROUP, group)
            return (told,) if told else ()
    if not group:
        return _USUAL[kind]
    spelt = dict.fromkeys((group, group.upper()))
    return tuple(name.format(word) for word in spelt for name in _USUAL_OF_GROUP[kind])


def column_facts(entry: CatalogSource) -> tuple[ColumnFact, ...]:
    """The columns that a source of counts brings to sites."""
    passed = ColumnFact(
        name="passed",
        annotated=f"{entry.id}_passed",
        dtype="Boolean",
        meaning=f"whether the site passed all filters of {entry.name}; false: its counts are of "
        "unknown quality; missing: not filtered, or not in the source",
    )
    return (passed, *(_fact(entry, count) for count in counts_of(entry)))


def _fact(entry: CatalogSource, count: Count) -> ColumnFact:
    unit, meaning = _MEANING[count.kind]
    where = f"{entry.name}, group {count.group}" if count.group else entry.name
    return ColumnFact(
        name=count.column,
        annotated=f"{entry.id}_{count.column}",
        dtype="Int32",
        unit=unit,
        meaning=f"{meaning}, in {where}; missing: not known, or not in the source",
    )


def read_counts(
    entry: CatalogSource,
    path: Path,
    genome: Genome | None,
    *,
    threads: int,
    left_out: Counter[str],
    optional: frozenset[str] = frozenset(),
) -> Iterator[tuple[str, pl.DataFrame]]:
    """Counts of normalised alleles by chromosome, in the file's order.

    Args:
        entry: the catalogue's entry.
        path: sites in VCF or BCF.
        genome: the reference; None: alleles stay as they stand.
        threads: to read with.
        left_out: alleles left out, by reason; added to.
        optional: kinds of counts that the file need not have; they are missing then.

    Raises:
        FaultError: fields gone, renamed or of another type; a count that can't be; another
            assembly; a file that is truncated or no VCF.
    """
    source = Source(entry=entry, path=path, genome=genome, left_out=left_out)
    counts = counts_of(entry)
    header = read_header(path)
    fields = fields_of(header, counts, source, optional)
    shared = [name for name in fields.values() if header.info[name].number == "1"]
    for chromosome, alleles in read_normalised(
        source, threads=threads, integers=tuple(fields.values()), columns=("PASS",)
    ):
        values = {column: integers_of(alleles, name) for column, name in fields.items()}
        _require_possible(chromosome, alleles, values, fields, source)
        _require_own(alleles, [name for name in shared if not name.startswith(AN)], source)
        yield chromosome, _frame(alleles, values, counts)


def fields_of(
    header: Header, counts: tuple[Count, ...], source: Source, optional: frozenset[str]
) -> dict[str, str]:
    """Column to the INFO field that holds it.

    Raises:
        FaultError: naming every field that is missing or not of integers, and what is there.
    """
    found, missing = {}, []
    for count in counts:
        name = next((name for name in count.names if name in header.info), None)
        if name is not None:
            found[count.column] = name
        elif count.kind not in optional:
            missing.append(count)
    if missing:
        raise _missing(header, missing, source)
    odd = {name: header.info[name].type for name in found.values()}
    if strange := [f"{name} ({kind})" for name, kind in odd.items() if kind != "Integer"]:
        raise source.fault(
            "source-columns",
            column="INFO",
            found=f"{', '.join(strange)}",
            allowed="counts of type Integer",
            next_step="see what the source's notes say of it; a changed field needs a new look",
        )
    _tell(found, counts, source)
    return found


def _missing(header: Header, missing: list[Count], source: Source) -> Exception:
    there = sorted(name for name in header.info if name.upper().startswith(("A", "N", "HOM")))
    shown = ", ".join(there[:_SHOWN]) + (", ..." if len(there) > _SHOWN else "")
    names = ", ".join(" or ".join(count.names) for count in missing)
    if "AF" in header.info and any(count.kind in (AC, AN) for count in missing):
        why = "a frequency without its number of alleles can't be pooled or judged"
        return source.fault(
            "source-columns",
            column="INFO",
            found=f"AF, and no {names}",
            allowed=f"counts: {why}",
            next_step="ask the source for AC and AN of each site",
        )
    titles = ", ".join(f'"{count.title}": ""' for count in missing)
    return source.fault(
        "source-columns",
        column="INFO",
        found=f"no {names}; there are {shown or 'none like them'}",
        allowed="the counts that the catalogue asks for",
        next_step="correct groups or fields of the catalogue's entry; where the source has no "
        f"such count any more, say so there: fields: {{{titles}}}",
    )


def _tell(found: Mapping[str, str], counts: tuple[Count, ...], source: Source) -> None:
    """Say which field was taken where it is not the one with the usual name."""
    for count in counts:
        name = found.get(count.column)
        if name is None:
            print(
                f"{source.path.name}: no {count.title}; it is missing everywhere", file=sys.stderr
            )
        elif name != count.names[0]:
            print(f"{source.path.name}: {count.title} is INFO {name}", file=sys.stderr)


def _require_possible(
    chromosome: str,
    alleles: Alleles,
    values: Mapping[str, Ints],
    fields: Mapping[str, str],
    source: Source,
) -> None:
    """Stop at the first count that can't be."""
    for column in ("ac", "an"):
        _require(values[column] != MISSING, alleles, f"no {fields[column]}", "a number", source)
    for column, counted in values.items():
        bad = (counted < 0) & (counted != MISSING)
        _require(~bad, alleles, _shown(bad, {fields[column]: counted}), "0 or more", source)
    for column, counted in values.items():
        kind, _, group = column.partition("_")
        above, times = {"ac": ("an", 1), "nhomalt": ("ac", 2)}.get(kind, ("", 0))
        limit = values.get(column_name(above, group))
        if limit is None or (times > 1 and chromosome in _SEX_AND_MITOCHONDRION):
            continue  # males' one copy is counted as homozygous by some
        bad = (times * counted.astype(np.int64) > limit) & (limit != MISSING)
        pair = {fields[column]: counted, fields[column_name(above, group)]: limit}
        allowed = " <= ".join(
            f"2 x {name}" if times > 1 and not i else name for i, name in enumerate(pair)
        )
        _require(~bad, alleles, _shown(bad, pair), allowed, source)


def _shown(bad: Mask, values: Mapping[str, Ints]) -> str:
    row = int(np.argmax(bad))
    return ", ".join(f"{name}={counted[row]}" for name, counted in values.items())


def _require_own(alleles: Alleles, shared: list[str], source: Source) -> None:
    """A count declared once for a record says nothing of each of several alleles."""
    if shared:
        found = f"several alleles and {', '.join(shared)} declared with Number=1"
        _require(alleles.allele == 1, alleles, found, "a count for each allele", source)


def _require(good: Mask, alleles: Alleles, found: str, allowed: str, source: Source) -> None:
    if good.all():
        return
    row = int(np.argmin(good))
    place = f"{alleles.contig}:{alleles.position[row]}, alternate allele {alleles.allele[row]}"
    raise source.fault(
        "source-count",
        row=f"record {alleles.record[row] + 1} ({place})",
        found=found,
        allowed=allowed,
        next_step="ask the source for corrected counts, or leave it out of the catalogue",
    )


def _frame(alleles: Alleles, values: Mapping[str, Ints], counts: tuple[Count, ...]) -> pl.DataFrame:
    columns = key_columns(alleles)
    columns["passed"] = nullable(integers_of(alleles, "PASS")).cast(pl.Boolean)
    for count in counts:
        columns[count.column] = (
            nullable(values[count.column])
            if count.column in values
            else pl.repeat(None, len(alleles), dtype=pl.Int32, eager=True)
        )
    return pl.DataFrame(columns)
