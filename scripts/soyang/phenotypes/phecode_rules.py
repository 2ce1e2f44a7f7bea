"""Who is a case, and of whom nothing is known, by phecode.

Case: codes on at least two distinct days (Denny et al. 2013, doi:10.1038/nbt.2749; Wei et al.
2017, doi:10.1371/journal.pone.0175508). Nobody is a control only for lack of a code: a control has
been observed long enough and has no code of the phecode's family, no medicine for it, and the
sex that the phecode is of. Everybody else is unknown.
"""

from __future__ import annotations

import polars as pl

from soyang.phenotypes.fallback import CUTS, SHAPE, code_key

WHO_VOCABULARIES = r"^(?:KCD\d*|ICD10)$"
"""Codes read by the WHO's map: ICD-10 itself, and KCD, which adds subdivisions to it."""
DOMAINS = ("condition", "observation", "procedure", "measurement")
"""Where OMOP puts records that were coded in ICD-10: a code of its chapters R and Z often becomes
an observation."""


def coded_days(events: pl.LazyFrame, lived: pl.DataFrame, code_maps: pl.DataFrame) -> pl.DataFrame:
    """Records coded in ICD-10 or KCD, and all conditions; equal ones of a day joined.

    Args:
        events: EVENTS.
        lived: from :func:`bounds`, of the persons wanted.
        code_maps: CODE_MAPS; a code without vocabulary is read if the site knows it as KCD or
            ICD-10, whole or cut.

    Returns:
        Columns person, domain, key (null: of another vocabulary), day (null: undated, or
        implausible), implausible (before birth, or after the last day observed), records. An
        implausible day makes no case, but its code still keeps its person from being a control.
    """
    columns = ["person", "domain", "key", "day", "implausible"]
    records = events.filter(
        pl.col("domain").is_in(DOMAINS)
        & ~pl.col("absent")
        & (_who() | _unnamed() | (pl.col("domain") == "condition"))
    ).select("person", "domain", "source_vocabulary", "source_code", "start_date")
    keys = _keys(records.select("source_vocabulary", "source_code").unique(), code_maps)
    day, born, last = pl.col("start_date"), pl.col("born"), pl.col("observed_to")
    implausible = ((day < born) | (day > last)).fill_null(False)
    return (
        records.join(lived.lazy(), on="person")
        .join(keys.lazy(), on=["source_vocabulary", "source_code"], how="left")
        .filter(pl.col("key").is_not_null() | (pl.col("domain") == "condition"))
        .with_columns(
            day=pl.when(~implausible & pl.col("key").is_not_null()).then("start_date"),
            implausible=implausible,
        )
        .group_by(columns)
        .agg(records=pl.len().cast(pl.Int64))
        .collect(engine="streaming")
        .sort(columns)
    )


def _keys(used: pl.LazyFrame, code_maps: pl.DataFrame) -> pl.DataFrame:
    """Columns source_vocabulary, source_code, key, of the codes that the WHO's map can read."""
    maps = code_maps.filter(pl.col("vocabulary").str.contains(WHO_VOCABULARIES))
    known = maps.select(key=code_key("code", "vocabulary"))["key"].unique().implode()
    key = pl.col("key")
    site_knows = pl.any_horizontal(key.is_in(known), *(key.str.head(n).is_in(known) for n in CUTS))
    return (
        used.collect(engine="streaming")
        .with_columns(key=code_key("source_code", "source_vocabulary"))
        .filter(key.str.contains(SHAPE) & (_who() | (_unnamed() & site_knows)))
    )


def _who() -> pl.Expr:
    return pl.col("source_vocabulary").str.contains(WHO_VOCABULARIES)


def _unnamed() -> pl.Expr:
    return pl.col("source_vocabulary") == ""


def bounds(persons: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """Columns person, born (first possible day of birth) and observed_to (missing: not known).

    Args:
        persons: columns person, birth_date, birth_year.
        periods: PERIODS.
    """
    last = periods.group_by("person").agg(observed_to=pl.col("end_date").max())
    born = pl.coalesce("birth_date", pl.date(pl.col("birth_year"), 1, 1))
    return persons.select("person", born=born).join(last, on="person", how="left")


def to_map(keys: pl.Series, icd: pl.DataFrame) -> pl.DataFrame:
    """Columns key, mapped: each code's closest entry of the map, exact, else 4, else 3 characters.

    Codes without an entry are left out.

    Args:
        keys: codes, upper case without dot.
        icd: from :func:`soyang.phenotypes.phecode_map.read_map`.
    """
    known = icd.select(mapped="key").unique()
    wanted = keys.drop_nulls().unique().rename("key").to_frame()
    cuts = [
        wanted.with_columns(mapped=cut, rank=pl.lit(rank)).join(known, on="mapped")
        for rank, cut in enumerate(
            (pl.col("key"), pl.col("key").str.head(4), pl.col("key").str.head(3))
        )
    ]
    return pl.concat(cuts).sort("key", "rank").unique("key", keep="first").drop("rank").sort("key")


def phecode_days(days: pl.DataFrame, icd: pl.DataFrame, above: pl.DataFrame) -> pl.DataFrame:
    """Columns person, phecode, days (distinct, dated), first_date; codes count upwards too.

    Args:
        days: from :func:`coded_days`.
        icd: from :func:`soyang.phenotypes.phecode_map.read_map`.
        above: from :func:`soyang.phenotypes.phecode_map.parents`.
    """
    return (
        days.join(to_map(days["key"], icd), on="key")
        .join(icd.rename({"key": "mapped"}), on="mapped")
        .join(above, on="phecode")
        .group_by("person", phecode=pl.col("above"))
        .agg(
            days=pl.col("day").drop_nulls().n_unique().cast(pl.Int64),
            first_date=pl.col("day").min(),
        )
        .sort("person", "phecode")
    )


def exclusions(labels: pl.DataFrame) -> pl.DataFrame:
    """Columns phecode, related: phecodes whose codes leave ``phecode`` open beyond its family.

    Phecode 1.2 has them: a range ("249-250.99") or a list. Phecode X has none.

    Args:
        labels: columns phecode, excluded.
    """
    listed = labels.explode("excluded").filter(pl.col("excluded") != "")
    single = listed.select("phecode", related="excluded")
    spans = listed.select(
        "phecode",
        low=pl.col("excluded").str.extract(r"^([\d.]+)-").cast(pl.Float64, strict=False),
        high=pl.col("excluded").str.extract(r"-([\d.]+)$").cast(pl.Float64, strict=False),
    ).drop_nulls()
    numbers = labels.select(
        related="phecode", number=pl.col("phecode").cast(pl.Float64, strict=False)
    ).drop_nulls()
    within = spans.join_where(
        numbers, pl.col("number") >= pl.col("low"), pl.col("number") <= pl.col("high")
    ).select("phecode", "related")
    known = labels.select(related="phecode")
    return pl.concat([single, within]).join(known, on="related").unique().sort(pl.all())


def nearby(coded: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Columns person, phecode: phecodes that a person's codes leave open, each pair once.

    All of the family of one root (EM_202, EM_202.1, ...), which is how phecode X is built, and
    the :func:`exclusions`.

    Args:
        coded: columns person, phecode.
        labels: columns phecode, excluded; all phecodes.
    """
    roots = coded.select("person", root=_root(pl.col("phecode"))).unique()
    kin = labels.select("phecode", root=_root(pl.col("phecode")))
    family = roots.join(kin, on="root").select("person", "phecode")
    other = (
        coded.select("person", related="phecode")
        .join(exclusions(labels), on="related")
        .select("person", "phecode")
    )
    return family if other.is_empty() else pl.concat([family, other]).unique()


def statuses(
    coded: pl.DataFrame,
    treated: pl.DataFrame,
    labels: pl.DataFrame,
    people: pl.DataFrame,
    min_case_days: int,
) -> pl.DataFrame:
    """Rows of PHECODES: cases, and the unknown with the reason.

    Of several reasons the first of sex, few_days, related, medicine is told. A person of the
    other sex is unknown whatever the codes say; one whose sex is not recorded can be a case of a
    phecode of one sex, not a control.

    Args:
        coded: from :func:`phecode_days`.
        treated: columns person, phecode: medicines given for it.
        labels: columns phecode, name, sex, excluded; all phecodes.
        people: columns person, sex_recorded.
        min_case_days: distinct days with codes that make a case.
    """
    near = nearby(coded, labels).with_columns(near=pl.lit(True))
    by_medicine = (
        treated.rename({"phecode": "related"})
        .join(_linked(labels, treated["phecode"]), on="related")
        .select("person", "phecode")
        .unique()
    )
    key = ["person", "phecode"]
    return (
        pl.concat([near.select(key), by_medicine, _one_sex(labels, people)])
        .unique()
        .join(coded, on=key, how="left")
        .join(near, on=key, how="left")
        .join(labels.select("phecode", "name", "sex"), on="phecode")
        .join(people.select("person", "sex_recorded"), on="person")
        .with_columns(reason=_reason(min_case_days))
        .with_columns(
            pl.col("days").fill_null(0),
            status=pl.when(pl.col("reason") == "")
            .then(pl.lit("case"))
            .otherwise(pl.lit("unknown")),
        )
        .select("person", "phecode", "name", "status", "reason", "days", "first_date")
        .sort(key)
    )


def _reason(min_case_days: int) -> pl.Expr:
    of_one = pl.col("sex") != "both"
    other = of_one & (pl.col("sex") != pl.col("sex_recorded"))
    return (
        pl.when(other & (pl.col("sex_recorded") != "unknown"))
        .then(pl.lit("sex"))
        .when(pl.col("days") >= min_case_days)
        .then(pl.lit(""))
        .when(pl.col("days").is_not_null())
        .then(pl.lit("few_days"))
        .when(other)
        .then(pl.lit("sex"))
        .when(pl.col("near"))
        .then(pl.lit("related"))
        .otherwise(pl.lit("medicine"))
    )


def _one_sex(labels: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Columns person, phecode: phecodes of one sex, for all who are not known to be of it."""
    return (
        labels.filter(pl.col("sex") != "both")
        .select("phecode", "sex")
        .join(people.select("person", "sex_recorded"), how="cross")
        .filter(pl.col("sex") != pl.col("sex_recorded"))
        .select("person", "phecode")
    )


def _linked(labels: pl.DataFrame, given_for: pl.Series) -> pl.DataFrame:
    """Columns phecode, related: a medicine's phecode, with itself, those above and below it."""
    related = given_for.unique().rename("related").to_frame()
    one, other = pl.col("phecode"), pl.col("related")
    lineage = one.str.starts_with(other) | other.str.starts_with(one)
    return (
        labels.select("phecode")
        .join(related, how="cross")
        .filter(lineage & (_root(one) == _root(other)))
    )


def _root(phecode: pl.Expr) -> pl.Expr:
    return phecode.str.split(".").list.first()


def observed_days(periods: pl.DataFrame) -> pl.DataFrame:
    """Columns person, observed_days: days in any of the person's periods, each counted once.

    Args:
        periods: PERIODS.
    """
    start = pl.col("start_date").cast(pl.Int64)
    end = pl.col("end_date").cast(pl.Int64) + 1
    before = pl.col("end").cum_max().shift(1).over("person").fill_null(pl.col("start"))
    return (
        periods.select("person", start=start, end=end)
        .filter(pl.col("end") > pl.col("start"))
        .sort("person", "start", "end")
        .with_columns(fresh=pl.max_horizontal("start", before))
        .group_by("person")
        .agg(observed_days=(pl.col("end") - pl.col("fresh")).clip(lower_bound=0).sum())
        .sort("person")
    )
