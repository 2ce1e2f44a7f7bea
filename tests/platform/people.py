"""The synthetic people: who they are, when they were seen, and what they consented to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import codes
import numpy as np
import polars as pl

CONSENTS = {
    "person_id": pl.Int64, "scope": pl.String, "decision": pl.String, "valid_from": pl.Date,
    "valid_until": pl.Date, "given_by": pl.String, "assent": pl.String, "duo": pl.String,
    "recorded": pl.Date,
}  # fmt: skip
Rng = np.random.Generator
EPOCH = date(1970, 1, 1)
FIRST, LAST = date(2010, 1, 1), date(2025, 9, 30)
SCOPES = (
    "clinical_care", "research", "secondary_findings", "recontact", "sharing", "commercial_use",
)  # fmt: skip


def day_number(value: date) -> int:
    return (value - EPOCH).days


def dates(days: Any) -> pl.Series:
    """Days since 1970 as dates; NaN is missing."""
    return pl.Series(np.asarray(days, dtype=float), nan_to_null=True).cast(pl.Int32).cast(pl.Date)


def maybe(rng: Rng, values: Any, share_missing: float) -> pl.Series:
    """The values, a share of them missing."""
    kept = pl.Series("values", values)
    there = pl.Series(rng.random(len(kept)) >= share_missing)
    return pl.select(pl.when(there).then(kept)).to_series()


def pick(rng: Rng, options: Sequence[Any], size: int, weights: Sequence[float]) -> pl.Series:
    share = np.asarray(weights, dtype=float)
    chosen = rng.choice(len(options), size, p=share / share.sum())
    return pl.Series(list(options), strict=False).gather(chosen)


def person(rng: Rng, count: int) -> pl.DataFrame:
    numbers = np.sort(rng.choice(9_000_000, count, replace=False)) + 1_000_000
    born = rng.integers(day_number(date(1935, 1, 1)), day_number(date(2021, 12, 28)), count)
    birth = dates(born)
    month = maybe(rng, birth.dt.month().cast(pl.Int32), 0.08)
    day = maybe(rng, birth.dt.day().cast(pl.Int32), 0.08)
    return pl.DataFrame(
        {
            "person_id": numbers,
            "gender_concept_id": pick(rng, (codes.MALE, codes.FEMALE, 0), count, (48, 49, 3)),
            "year_of_birth": birth.dt.year(),
            "month_of_birth": month,
            "day_of_birth": day.zip_with(month.is_not_null(), day.clear(count)),
            "race_concept_id": codes.KOREAN,
            "ethnicity_concept_id": 0,
            "care_site_id": maybe(rng, rng.integers(1, 11, count), 0.05),
            "person_source_value": [f"MRN-{n}" for n in rng.integers(10**9, 10**10, count)],
            "gender_source_value": "-",
        }
    )


def births(person: pl.DataFrame) -> np.ndarray[Any, Any]:
    """First day on which a person can have been born, as days since 1970."""
    first = pl.date("year_of_birth", pl.col("month_of_birth").fill_null(1), 1)
    return person.select(first.cast(pl.Int32)).to_series().to_numpy()


def deaths(rng: Rng, person: pl.DataFrame) -> pl.DataFrame:
    chosen = pl.Series(np.flatnonzero(rng.random(len(person)) < 0.06), dtype=pl.UInt32)
    days = rng.integers(day_number(LAST) - 300, day_number(LAST), len(chosen))
    frame = pl.DataFrame(
        {"person_id": person["person_id"].gather(chosen), "death_date": dates(days)}
    )
    return frame.with_columns(death_type_concept_id=pl.lit(codes.EHR))


def periods(rng: Rng, person: pl.DataFrame) -> pl.DataFrame:
    """One or two periods with a gap between them; some people have none."""
    start = np.maximum(births(person), day_number(FIRST))
    end = np.full(len(person), day_number(LAST))
    first_end = start + ((end - start) * rng.uniform(0.2, 0.6, len(person))).astype(int)
    second = first_end + ((end - first_end) * rng.uniform(0.2, 0.6, len(person))).astype(int) + 1
    parted = rng.random(len(person)) < 0.4
    there = rng.random(len(person)) >= 0.05
    who = person["person_id"]
    parts = [
        (there & ~parted, start, end),
        (there & parted, start, first_end),
        (there & parted, second, end),
    ]
    frame = pl.concat(
        pl.DataFrame(
            {
                "person_id": who.filter(pl.Series(mask)),
                "observation_period_start_date": dates(since[mask]),
                "observation_period_end_date": dates(until[mask]),
            }
        )
        for mask, since, until in parts
    ).with_columns(period_type_concept_id=pl.lit(codes.EHR))
    return numbered(
        frame.sort("person_id", "observation_period_start_date", maintain_order=True),
        "observation_period",
    )


def visits(rng: Rng, person: pl.DataFrame) -> pl.DataFrame:
    """Six visits a person on average; one person in twenty has never come."""
    active = max(1, len(person) - len(person) // 20)
    who = rng.integers(0, active, active * 6)
    since = np.maximum(births(person)[who] + 62, day_number(FIRST))
    start = since + ((day_number(LAST) - since) * rng.random(len(who))).astype(int)
    stay = rng.choice([0, 0, 0, 3, 9], len(who))
    frame = pl.DataFrame(
        {
            "person_id": person["person_id"].gather(who),
            "visit_concept_id": np.where(stay > 0, codes.INPATIENT, codes.OUTPATIENT),
            "visit_start_date": dates(start),
            "visit_end_date": dates(start + stay),
            "visit_type_concept_id": codes.EHR,
            "care_site_id": maybe(rng, rng.integers(1, 11, len(who)), 0.05),
        }
    )
    return numbered(frame, "visit_occurrence")


def numbered(frame: pl.DataFrame, table: str, first: int = 1) -> pl.DataFrame:
    return frame.with_row_index(f"{table}_id", offset=first).cast({f"{table}_id": pl.Int64})


def care_sites() -> pl.DataFrame:
    return pl.DataFrame({"care_site_id": range(1, 11), "care_site_name": codes.HOSPITALS})


def crosswalk(rng: Rng, person: pl.DataFrame) -> pl.DataFrame:
    """Four people of five, and two whom the platform does not know."""
    known = person["person_id"].filter(pl.Series(rng.random(len(person)) < 0.8)).to_list()
    numbers = [*known, 9_999_999_1, 9_999_999_2]
    order = rng.permutation(len(numbers))
    return pl.DataFrame(
        {
            "person": [f"SYN-{n:05}" for n in range(1, len(numbers) + 1)],
            "platform_person_id": [str(numbers[i]) for i in order],
        }
    )


def consents(rng: Rng, person: pl.DataFrame) -> pl.DataFrame:
    """Up to three provisions a person: permitted, denied, ended, by a guardian.

    What R4 has a code for: DUO terms qualify research, and a minor who did not agree is unknown.
    """
    rows = []
    for number, birth in person.select("person_id", "year_of_birth").iter_rows():
        for _ in range(rng.integers(0, 4)):
            recorded = LAST - timedelta(days=int(rng.integers(30, 2_000)))
            scope = SCOPES[rng.integers(0, 6)] if rng.random() < 0.9 else "all"
            permit, minor = rng.random() < 0.8, recorded.year - birth < 19
            duo = permit and scope == "research" and rng.random() < 0.5
            rows.append(
                {
                    "person_id": number,
                    "scope": scope,
                    "decision": "permit" if permit else "deny",
                    "valid_from": recorded if rng.random() < 0.8 else None,
                    "valid_until": date(2030, 12, 31) if rng.random() < 0.3 else None,
                    "given_by": "guardian" if minor else ("self", "unknown")[rng.random() < 0.1],
                    "assent": "yes" if minor and rng.random() < 0.6 else "unknown",
                    "duo": "DUO:0000042" if duo else None,
                    "recorded": recorded,
                }
            )
    return pl.DataFrame(rows, schema=CONSENTS)


def consent_sheet(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The platform's consents as the table ``platform.consents`` has them, all text."""
    return (
        tables["consent"]
        .rename({"person_id": "platform_person_id"})
        .with_columns(pl.all().cast(pl.String).fill_null(""))
    )
