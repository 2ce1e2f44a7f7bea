"""The peer: the question as one writes it by hand in SQL, for DuckDB, on the same Parquet.

It knows which two tables have rows and checks nothing. ``frame`` takes the answer as a Polars
frame, as ours does, before it writes it; ``file`` never has it in Python.
"""

import sys
import time

import duckdb

QUESTION = """
WITH hits AS (
  SELECT person, concept_set, condition_start_date AS day
  FROM read_parquet($folder || '/condition_occurrence.parquet')
  JOIN read_parquet($cohort) USING (person_id)
  JOIN read_parquet($sets) ON concept_id = condition_concept_id
  WHERE at_least IS NULL
  UNION ALL
  SELECT person, concept_set, measurement_date
  FROM read_parquet($folder || '/measurement.parquet')
  JOIN read_parquet($cohort) USING (person_id)
  JOIN read_parquet($sets) ON concept_id = measurement_concept_id
  WHERE (at_least IS NULL OR value_as_number >= at_least)
    AND coalesce(value_as_concept_id, 0) NOT IN (4132135, 4188540))
SELECT person, concept_set, min(day) AS first_date, max(day) AS last_date,
  count(DISTINCT day) AS "days"
FROM hits GROUP BY person, concept_set ORDER BY person, concept_set
"""


def main(folder: str, cohort: str, sets: str, answer: str, how: str = "file") -> None:
    """Answer, and print the seconds that the question took."""
    start = time.perf_counter()
    places = {"folder": folder, "cohort": cohort, "sets": sets}
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        if how == "frame":
            connection.sql(QUESTION, params=places).pl().write_parquet(answer)
        else:
            connection.execute(
                f"COPY ({QUESTION}) TO $answer (FORMAT parquet)", {**places, "answer": answer}
            )
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main(*sys.argv[1:])
