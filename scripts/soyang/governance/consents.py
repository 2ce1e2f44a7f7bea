"""The register of consents, and what a change of consent reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date as Day  # noqa: N812  the option is called --date
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from soyang.core.people import Consent
from soyang.core.tables import read_columns, read_table, write_table
from soyang.governance.tables import AFFECTED, CONSENT_REGISTER, STATES

PERMITTED, NOT_PERMITTED = STATES
NOTICE_DAYS = 30
"""Days before its end in which a consent is named, so that the person can be asked again."""
WITH_READS = ("fastq", "ubam", "bam", "cram")
"""Kinds of entry that give alignments."""

OWN = (
    "results/interpretation/{person}.findings.json",
    "results/reports/{person}",
)
COUNTS = (
    "results/cohort",
    "results/annotation",
    "results/interpretation/*.findings.json",
)
"""The cohort's allele counts, and the findings of others, which cite them."""
GATE = (
    "results/identity/kinship.tsv",
    "results/identity/heterozygosity.tsv",
    "results/identity/ancestry.tsv",
    "results/identity/verdicts.tsv",
)
RESEARCH_TABLES = (
    "results/phenotypes/phecodes.parquet",
    "results/phenotypes/phecode_persons.tsv",
    "results/phenotypes/matrix",
)
REMOVED = ("removed", "made")
REBUILT = ("rebuilt", "rebuilt")
RELEASED = ("no longer made", "made")
SHAPES: dict[Consent, dict[tuple[str, ...], tuple[str, str]]] = {
    Consent.CLINICAL_CARE: {
        ("results/reads/{sample}",): REMOVED,
        ("results/calling/{sample}",): REMOVED,
        (
            "results/identity/sketch/{sample}.parquet",
            "results/identity/contamination/{sample}.tsv",
        ): REMOVED,
        OWN: REMOVED,
        GATE: REBUILT,
        (*COUNTS, "results/phenotypes"): REBUILT,
    },
    Consent.RESEARCH: {OWN: REBUILT, (*COUNTS, *RESEARCH_TABLES): REBUILT},
    Consent.SECONDARY_FINDINGS: {OWN: REBUILT},
    Consent.RECONTACT: {OWN: REBUILT},
    Consent.SHARING: {OWN: REBUILT, ("results/panels",): RELEASED},
    Consent.COMMERCIAL_USE: {OWN: REBUILT, ("results/panels",): RELEASED},
}
"""What each scope shapes, and what becomes of it when the scope is lost, and when it is given.

``results/panels`` is what would leave the house; this version makes none.
"""


def consents(*, consents: Path, admitted: Path, date: str, register: Path, affected: Path) -> None:
    """Write down how consents changed and what that reaches, and say so.

    Args:
        consents: what everyone permits now (CONSENTS).
        admitted: everyone of the sheet (ADMITTED).
        date: date of the reports, YYYY-MM-DD.
        register: the register (CONSENT_REGISTER); it is read if it is there, and rows are added.
        affected: table to write of what the changes reach (AFFECTED).
    """
    day = Day.fromisoformat(date)
    before = read_table(register, CONSENT_REGISTER) if register.exists() else None
    now = read_now(consents)
    whole = record(CONSENT_REGISTER.empty() if before is None else before, now, day)
    everyone = read_columns(admitted, "person", "sample", "entry", "status")
    reached = reach(whole, now, everyone, day)
    write_table(reached, affected, AFFECTED)
    write_table(whole, register, CONSENT_REGISTER)
    print("\n".join(words(reached)) or "no consent changed, and none ends soon")


def read_now(path: Path) -> pl.DataFrame:
    """What everyone permits now: person, scope, after, reason, duo, valid_until."""
    table = read_columns(path, "person", "scope", "permitted", "reason", "duo", "valid_until")
    return table.select(
        "person",
        "scope",
        after=pl.when(pl.col("permitted") == "true")
        .then(pl.lit(PERMITTED))
        .otherwise(pl.lit(NOT_PERMITTED)),
        reason="reason",
        duo="duo",
        valid_until=pl.when(pl.col("valid_until") != "").then("valid_until").str.to_date(),
    )


def record(register: pl.DataFrame, now: pl.DataFrame, day: Day) -> pl.DataFrame:
    """The register with a row for each person and scope of which anything is new.

    Who is no longer in the sheet keeps the last word: nobody took it back.

    Args:
        register: CONSENT_REGISTER.
        now: see :func:`read_now`.
        day: date of the run.
    """
    facts = ("after", "reason", "duo", "valid_until")
    order = pl.col("scope").replace_strict({s: n for n, s in enumerate(Consent)}, default=None)
    joined = now.join(latest(register), on=("person", "scope"), how="left", suffix="_last")
    same = pl.all_horizontal(pl.col(f).eq_missing(pl.col(f"{f}_last")) for f in facts)
    new = (
        joined.filter(~same)
        .sort("person", order)
        .with_columns(day=pl.lit(day), before=pl.col("after_last").fill_null(""))
    )
    return pl.concat([register, new.select(CONSENT_REGISTER.names)])


def latest(register: pl.DataFrame) -> pl.DataFrame:
    """The register's last row of each person and scope."""
    return register.unique(("person", "scope"), keep="last", maintain_order=True)


def reach(
    register: pl.DataFrame, now: pl.DataFrame, everyone: pl.DataFrame, day: Day
) -> pl.DataFrame:
    """AFFECTED of the changes that were recorded on a day, and of consents that end soon.

    The day's last change of each person and scope counts, so that a run that was broken off and
    started again tells the same.

    Args:
        register: CONSENT_REGISTER.
        now: see :func:`read_now`.
        everyone: person, sample, entry and status of ADMITTED.
        day: the day.
    """
    changed = latest(register).filter(
        pl.col("day") == day, pl.col("before") != "", pl.col("before") != pl.col("after")
    )
    ending = now.filter(
        pl.col("after") == PERMITTED,
        pl.col("valid_until").is_between(day, day + timedelta(days=NOTICE_DAYS)),
    )
    people = {row["person"]: row for row in everyone.iter_rows(named=True)}
    rows = [*_changes(changed, people), *_endings(ending, people)]
    keys = [*AFFECTED.key]
    return AFFECTED.frame(rows).unique(keys, maintain_order=True).sort(keys, maintain_order=True)


def _changes(
    changed: pl.DataFrame, people: Mapping[str, Mapping[str, str]]
) -> Iterator[dict[str, Any]]:
    for change in changed.iter_rows(named=True):
        who = people.get(change["person"])
        if who is None:
            continue
        for output, action in outputs(Consent(change["scope"]), change["after"], who):
            yield _row(change, who, output, action)


def outputs(scope: Consent, after: str, who: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What a change of a scope reaches, with what becomes of it.

    Args:
        scope: the scope.
        after: what holds now.
        who: person, sample, entry and status of ADMITTED. Of who did not enter nothing is made;
            what is removed then is told with the scope that it hangs on, clinical care.
    """
    lost = after == NOT_PERMITTED
    inside = who["status"] == "admitted"
    if not inside and not (lost and scope is Consent.CLINICAL_CARE):
        return
    for patterns, (when_lost, when_given) in SHAPES[scope].items():
        for pattern in patterns:
            if "reads" in pattern and who["entry"] not in WITH_READS:
                continue
            yield pattern.format(**who), when_lost if lost else when_given


def _endings(
    ending: pl.DataFrame, people: Mapping[str, Mapping[str, str]]
) -> Iterator[dict[str, Any]]:
    for row in ending.iter_rows(named=True):
        who = people.get(row["person"])
        if who is not None:
            told = {"before": PERMITTED, "reason": f"ends on {row['valid_until']}"}
            yield _row(row | told, who, "", "ends soon")


def _row(
    row: Mapping[str, Any], who: Mapping[str, str], output: str, action: str
) -> dict[str, Any]:
    names = ("person", "scope", "before", "after", "reason")
    told = {name: row[name] for name in names}
    return told | {"sample": who["sample"], "output": output, "action": action}


def words(affected: pl.DataFrame) -> Iterator[str]:
    """AFFECTED as people read it: a line for each change, below it what it reaches."""
    keys = ("person", "scope")
    for group in affected.partition_by(keys, maintain_order=True):
        first = group.row(0, named=True)
        for row in group.filter(pl.col("action") == "ends soon").iter_rows(named=True):
            yield f"{row['person']}: consent to {row['scope']} {row['reason']}; ask again in time"
        rest = group.filter(pl.col("action") != "ends soon")
        if rest.height:
            change = rest.row(0, named=True)
            yield (
                f"{first['person']}: {first['scope']} was {change['before']}, is now "
                f"{change['after']} ({change['reason']})"
            )
        for output, action in rest.select("output", "action").iter_rows():
            yield f"  {action}: {output}"
