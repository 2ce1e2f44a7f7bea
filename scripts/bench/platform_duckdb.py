"""The peer: the question as one writes it by hand in SQL, for DuckDB, on the same Parquet.

It knows which two tables have rows, checks nothing, and writes its answer straight to a file.
"""

import sys
import time

import duckdb

QUESTION = """
COPY (
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
      AND coalesce(value_as_concept_id, 0) NOT IN (4132135, 45878245, 45884086))
  SELECT person, concept_set, min(day) AS first_date, max(day) AS last_date,
    count(DISTINCT day) AS "days"
  FROM hits GROUP BY person, concept_set ORDER BY person, concept_set
) TO $answer (FORMAT parquet)
"""


def main(folder: str, cohort: str, sets: str, answer: str) -> None:
    """Answer, and print the seconds that the question took."""
    start = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false")
        places = {"folder": folder, "cohort": cohort, "sets": sets, "answer": answer}
        connection.execute(QUESTION, places)
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main(*sys.argv[1:])
