"""The peer: rows pulled out of PostgreSQL, and the question answered here, in Polars.

``persons`` pulls the cohort's rows, ``all`` the two tables; both only the columns needed.
"""

import os
import sys
import time

import adbc_driver_postgresql.dbapi as adbc
import polars as pl

DENIED = (4132135, 4188540)
TABLES = {
    "condition_occurrence": "person_id, condition_concept_id AS concept_id, "
    "condition_start_date AS day, NULL::float8 AS value, 0 AS coded",
    "measurement": "person_id, measurement_concept_id, measurement_date, value_as_number, "
    "coalesce(value_as_concept_id, 0)",
}


def main(uri_variable: str, cohort: str, sets: str, answer: str, how: str) -> None:
    """Answer, and print the seconds that the question took."""
    start = time.perf_counter()
    people = pl.read_parquet(cohort, columns=["person", "person_id"])
    wanted = pl.read_parquet(sets)
    counted(pulled(os.environ[uri_variable], people, how), people, wanted).write_parquet(answer)
    print(time.perf_counter() - start)


def pulled(uri: str, people: pl.DataFrame, how: str) -> pl.DataFrame:
    """Rows of both tables: person_id, concept_id, day, value, coded."""
    ids = ",".join(map(str, people["person_id"].to_list()))
    where = f"WHERE person_id = ANY ('{{{ids}}}'::bigint[])" if how == "persons" else ""
    parts = [f"SELECT {columns} FROM cdm.{table} {where}" for table, columns in TABLES.items()]
    with adbc.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return pl.DataFrame(cursor.fetch_record_batch())


def counted(rows: pl.DataFrame, people: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    """First and last day of each set in each person, and the distinct days."""
    reached = pl.col("at_least").is_null() | (pl.col("value") >= pl.col("at_least"))
    return (
        rows.lazy()
        .join(people.lazy(), on="person_id")
        .join(wanted.lazy(), left_on=pl.col("concept_id").cast(pl.Int64), right_on="concept_id")
        .filter(reached & ~pl.col("coded").is_in(DENIED))
        .group_by("person", "concept_set")
        .agg(
            pl.col("day").min().alias("first_date"),
            pl.col("day").max().alias("last_date"),
            pl.col("day").n_unique().cast(pl.Int64).alias("days"),
        )
        .sort("person", "concept_set")
        .collect()
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
