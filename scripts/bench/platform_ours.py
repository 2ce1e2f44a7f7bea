"""Ours: the question as the pipeline asks it, of whatever platform the settings name."""

import sys
import time
from pathlib import Path

import polars as pl

from soyang.core.clinical import Platform
from soyang.phenotypes.sources import open_source


def main(platform: str, cohort: str, sets: str, answer: str) -> None:
    """Answer, and print the seconds that the question took."""
    start = time.perf_counter()
    settings = Platform.model_validate_json(platform)
    wanted = pl.read_parquet(Path(cohort)).select("person", person_id="platform_person_id")
    with open_source(settings, wanted) as source:
        source.occurrences(pl.read_parquet(Path(sets))).write_parquet(answer)
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main(*sys.argv[1:])
