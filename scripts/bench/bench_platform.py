"""First and last occurrence of 100 concept sets in a cohort: ours against what one does by hand.

Each way is a process of its own, from start to the written answer, so that starting Python and
loading libraries counts. All ways use the same two processors. Ours is the question as the
pipeline asks it (``Source.occurrences``); the peers are in platform_duckdb, platform_pandas and
platform_pulled.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from bench.platform_data import COHORTS, FOLDER, Shape
from bench.platform_measure import PROCESSORS, Usage, in_turn
from bench.platform_postgres import URI_VARIABLE, missing, served
from bench.table import Agreement, Benchmark, Comparison

HERE = Path(__file__).resolve().parent
ROWS = 50_000_000
SERVED_ROWS = 10_000_000
"""What PostgreSQL gets: loading 50 million rows would take longer than all the rest."""

PEOPLE = 10_000
REPEATS = 7
BY_HAND = 1.15
PANDAS = 0.2
PULLED = 0.5
GROWTH = 1.25

SERVED: dict[str, object] = {"postgres": {"uri_variable": URI_VARIABLE}}
"""Settings of the platform in PostgreSQL."""


def main() -> int:
    """Run the benchmark; 1 if a comparison misses its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    asked = int(os.environ.get("SOYANG_BENCH_ROWS", ROWS))
    parser.add_argument("--rows", type=int, default=asked, help="rows of the largest platform")
    parser.add_argument("--served-rows", type=int, default=SERVED_ROWS, help="rows in PostgreSQL")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="repeats of each way, in turn")
    options = parser.parse_args()
    clustered = [Shape(rows=options.rows // part) for part in (4, 2, 1)]
    by_day = Shape(rows=options.rows, order="day")
    in_server = Shape(rows=min(options.served_rows, options.rows))
    smaller = Shape(rows=in_server.rows // 4)
    made([*clustered, by_day, in_server, smaller])
    benchmark = Benchmark(name="platform", facts=facts(options.rows, in_server))
    for shape in (clustered[-1], by_day):
        benchmark.lines += over_parquet(shape, options.repeats)
    benchmark.lines += blocks_against_pandas(clustered[-1], options.repeats)
    benchmark.lines += growth_of_platform(clustered, options.repeats)
    benchmark.lines += growth_of_cohort(clustered[-1], options.repeats)
    benchmark.lines += over_postgres(in_server, max(1, options.repeats // 2))
    benchmark.lines += growth_in_postgres(smaller, in_server, options.repeats)
    return benchmark.finish(FOLDER.parent)


def facts(rows: int, in_server: Shape) -> dict[str, str]:
    """What the figures were measured with."""
    packages = ("duckdb", "polars", "pandas", "pyarrow", "adbc-driver-postgresql")
    return {
        "data": f"{rows:,} rows (7 measurements to 3 conditions) of {rows // 50:,} persons, OMOP "
        "CDM 5.4 in Parquet (zstd, row groups of 122,880), by person or by day",
        "question": f"{PEOPLE:,} people, 100 concept sets (80 of conditions, 20 of measurements "
        "with a threshold): first day, last day, distinct days of each person and set",
        "by hand": "SQL on the two tables that have rows; its answer a Polars frame as ours is, or "
        "'to a file', which never has it in Python",
        "cohort": "people from anywhere; 'in blocks': consecutive numbers in each of ten hospitals",
        "PostgreSQL": f"{in_server.rows:,} rows of {in_server.persons:,} persons by person, "
        "indexed by person and by concept; its wall time includes what the server did",
        "threads": f"{len(PROCESSORS)} of {os.cpu_count()} processors, for every way",
        "versions": ", ".join(
            [f"Python {platform.python_version()}", *(f"{p} {version(p)}" for p in packages)]
        ),
        "figures": "whole process with start-up, the least of repeats taken in turn; growth: the "
        "question alone, without start-up",
    }


def made(shapes: Sequence[Shape]) -> None:
    """Make the platforms that are missing, in a process whose memory is not ours."""
    words = [f"{shape.rows}:{shape.order}" for shape in shapes]
    subprocess.run([sys.executable, HERE / "platform_data.py", *words], check=True)


# ----------------------------------------------------------------------------------- ways


def answer(name: str) -> Path:
    """Where a way writes its answer."""
    return FOLDER / f"answer-{name}.parquet"


def way(program: str, *words: object) -> list[str]:
    """The command of one way."""
    return [sys.executable, str(HERE / f"platform_{program}.py"), *map(str, words)]


def ours(shape: Shape, cohort: Path, settings: dict[str, object] | None = None) -> list[str]:
    """The pipeline's own question; of the Parquet folder, if not of another platform."""
    text = json.dumps(settings or {"omop": str(shape.folder)})
    return way("ours", text, cohort, shape.sets, answer("ours"))


def agreement(name: str, *peers: str) -> Iterator[Agreement]:
    """Whether each peer gave the same rows as we did, by a process of its own."""
    for peer in peers:
        said = subprocess.run(
            way("same", answer("ours"), answer(peer)), stdout=subprocess.PIPE, check=True
        )
        shared, only_ours, only_peer = json.loads(said.stdout)
        yield Agreement(
            name=f"{name}: answer, {peer}", shared=shared, only_ours=only_ours, only_peer=only_peer
        )


# ------------------------------------------------------------------------------ comparisons


def over_parquet(shape: Shape, repeats: int) -> Iterator[Comparison | Agreement]:
    """Ours against DuckDB by hand and pandas, on the same Parquet."""
    cohort = shape.cohort(PEOPLE)
    same = (shape.folder, cohort, shape.sets)
    mine, frame, file, plain, filtered = in_turn(
        repeats,
        [
            ours(shape, cohort),
            way("duckdb", *same, answer("duckdb"), "frame"),
            way("duckdb", *same, answer("duckdb to a file"), "file"),
            way("pandas", *same, answer("pandas"), "plain"),
            way("pandas", *same, answer("pandas filtered"), "filtered"),
        ],
    )
    name = f"by {shape.order}"
    yield from against(f"{name}: DuckDB by hand", mine, frame, cpu=BY_HAND, memory=BY_HAND)
    yield from against(f"{name}: DuckDB by hand to a file", mine, file)
    yield from against(f"{name}: pandas", mine, plain, wall=PANDAS)
    yield from against(f"{name}: pandas, filtered read", mine, filtered)
    yield from agreement(name, "duckdb", "duckdb to a file", "pandas", "pandas filtered")


def blocks_against_pandas(shape: Shape, repeats: int) -> Iterator[Comparison | Agreement]:
    """Ours against pandas where the cohort's people lie together, as hospitals register them."""
    cohort = shape.cohort(PEOPLE, "blocks")
    mine, plain = in_turn(
        repeats,
        [
            ours(shape, cohort),
            way("pandas", shape.folder, cohort, shape.sets, answer("pandas"), "plain"),
        ],
    )
    name = f"by {shape.order}, people in blocks"
    yield from against(f"{name}: pandas", mine, plain, wall=PANDAS)
    yield from agreement(name, "pandas")


def against(name: str, mine: Usage, peer: Usage, **goals: float) -> Iterator[Comparison]:
    """Wall time, processor time and memory of two ways."""
    for figure, words, unit in (
        ("wall", "time", "s"),
        ("cpu", "CPU", "s"),
        ("memory", "memory", "MB"),
    ):
        yield Comparison(
            name=f"{name}, {words}",
            ours=getattr(mine, figure),
            peer=getattr(peer, figure),
            unit=unit,
            goal=goals.get(figure),
        )


def growth_of_platform(shapes: Sequence[Shape], repeats: int) -> Iterator[Comparison]:
    """The same number of people on ever larger platforms, against the smallest."""
    for where, goal in (("blocks", GROWTH), ("anywhere", None)):
        uses = in_turn(repeats, [ours(shape, shape.cohort(PEOPLE, where)) for shape in shapes])
        for shape, use in zip(shapes[1:], uses[1:], strict=True):
            yield Comparison(
                name=f"{PEOPLE:,} people {_where(where)}: {shape.rows / 1e6:g} against "
                f"{shapes[0].rows / 1e6:g} million rows",
                ours=use.asked,
                peer=uses[0].asked,
                goal=goal if shape is shapes[-1] else None,
            )


def growth_of_cohort(shape: Shape, repeats: int) -> Iterator[Comparison]:
    """Ever larger cohorts on the same platform, against the smallest."""
    cohorts = [people for people in COHORTS if people <= shape.persons]
    for where in ("blocks", "anywhere"):
        uses = in_turn(repeats, [ours(shape, shape.cohort(people, where)) for people in cohorts])
        for people, use in zip(cohorts[1:], uses[1:], strict=True):
            yield Comparison(
                name=f"{shape.rows / 1e6:g} million rows: {people:,} against {cohorts[0]:,} people "
                f"{_where(where)}",
                ours=use.asked,
                peer=uses[0].asked,
            )


def _where(where: str) -> str:
    return "in blocks" if where == "blocks" else "from anywhere"


def over_postgres(shape: Shape, repeats: int) -> Iterator[Comparison | Agreement]:
    """Pushed down to PostgreSQL, against rows pulled out of it."""
    names = {
        "persons": "PostgreSQL: pushed down, the cohort's rows pulled",
        "all": "PostgreSQL: pushed down, all rows pulled",
    }
    if reason := missing():
        yield from (Comparison(name=name, goal=PULLED, skipped=reason) for name in names.values())
        return
    cohort = shape.cohort(PEOPLE)
    with served(shape) as uri:
        os.environ[URI_VARIABLE] = uri
        pulled = [
            way("pulled", URI_VARIABLE, cohort, shape.sets, answer(f"pulled {how}"), how)
            for how in names
        ]
        mine, *theirs = in_turn(repeats, [ours(shape, cohort, SERVED), *pulled])
    for (how, name), use in zip(names.items(), theirs, strict=True):
        goals = {"wall": PULLED} if how == "all" else {}
        yield from against(name, mine, use, **goals)
    yield from agreement("PostgreSQL", *(f"pulled {how}" for how in names))


def growth_in_postgres(smaller: Shape, larger: Shape, repeats: int) -> Iterator[Comparison]:
    """The same number of people from anywhere in a larger database, against a smaller one."""
    name = (
        f"PostgreSQL: {PEOPLE:,} people from anywhere: {larger.rows / 1e6:g} against "
        f"{smaller.rows / 1e6:g} million rows"
    )
    if reason := missing():
        yield Comparison(name=name, skipped=reason)
        return
    asked = []
    for shape in (larger, smaller):
        with served(shape) as uri:
            os.environ[URI_VARIABLE] = uri
            (use,) = in_turn(repeats, [ours(shape, shape.cohort(PEOPLE), SERVED)])
        asked.append(use.asked)
    yield Comparison(name=name, ours=asked[0], peer=asked[1], goal=GROWTH)


if __name__ == "__main__":
    raise SystemExit(main())
