"""What is written to a release is what came, in order, once each, with the same bytes always."""

from __future__ import annotations

import errno
import gzip
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soyang.annotation.release import order
from soyang.annotation.release.manifest import ColumnFact
from soyang.annotation.release.writer import IntervalWriter, VariantWriter, dtype_of
from soyang.core.errors import FaultError
from soyang.core.variant_key import allele_codes, alleles, is_hashed

AC = ColumnFact(name="ac", annotated="g_ac", dtype="Int32", unit="alleles", meaning="count")
AN = ColumnFact(name="an", annotated="g_an", dtype="Int32", unit="alleles", meaning="number")
PASSED = ColumnFact(name="passed", annotated="g_passed", dtype="Boolean", meaning="filters passed")
COLUMNS = (AC, AN, PASSED)
KEY = ["position", "code"]


def frame(rows: Sequence[tuple]) -> pl.DataFrame:
    """Rows of position, ref, alt, ac, an, passed as a reader gives them."""
    schema = {
        "position": pl.Int32, "ref": pl.String, "alt": pl.String,
        "ac": pl.Int32, "an": pl.Int32, "passed": pl.Boolean,
    }  # fmt: skip
    made = pl.DataFrame(list(rows), schema=schema, orient="row")
    made = made.with_columns(allele_codes(made["ref"], made["alt"]))
    spelt = pl.when(is_hashed(pl.col("code"))).then(pl.col("ref", "alt"))
    return made.with_columns(spelt)


def made_rows(count: int, *, seed: int = 1, step: int = 3) -> pl.DataFrame:
    """Rows at rising positions, some at the same one, a fifth of them long."""
    rng = random.Random(seed)
    rows, position = [], 1
    for _ in range(count):
        position += rng.randrange(step)
        ref = "".join(rng.choices("ACGT", k=rng.choice([1, 1, 1, 4, 14])))
        passed = rng.choice([True, False, None])
        rows.append(
            (position, ref, rng.choice("ACGT"), rng.randrange(9), 2 * rng.randrange(50), passed)
        )
    return frame(rows)


def write(folder: Path, parts, **options) -> VariantWriter:
    with VariantWriter(folder, COLUMNS, prefer=["an"], **options) as writer:
        for chromosome, part in parts:
            writer.add(chromosome, part)
        writer.rows = writer.close()
    return writer


def expected(rows: pl.DataFrame) -> pl.DataFrame:
    """The plain way: sort, the most alleles first, one row for each key."""
    by = [*KEY, "an", "place"]
    placed = rows.with_row_index("place")
    ordered = placed.sort(by, descending=[False, False, True, False], nulls_last=True)
    return ordered.unique(KEY, keep="first", maintain_order=True).drop("place", "ref", "alt")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def cut(rows: pl.DataFrame, size: int) -> list[pl.DataFrame]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def test_rows_come_back_sorted_and_once(tmp_path):
    rows = made_rows(3_000)
    writer = write(
        tmp_path / "자료", [("1", part) for part in cut(rows, 170)], row_group=256, margin=20
    )
    back = pl.read_parquet(tmp_path / "자료" / "1.parquet")
    assert back.equals(expected(rows).select(back.columns))
    assert writer.rows == {"1": len(back)}
    assert writer.repeated == len(rows) - len(back) > 0
    assert pl.read_parquet(tmp_path / "자료" / "1.parquet").schema["code"] == pl.UInt32


def test_alleles_come_back_from_codes_and_the_long_table(tmp_path):
    rng = np.random.default_rng(5)
    dna = ["".join(rng.choice(list("ACGT"), rng.integers(1, 30))) for _ in range(800)]
    alts = ["".join(rng.choice(list("ACGT"), rng.integers(1, 30))) for _ in range(800)]
    told = {(i // 3 + 1, ref, alt) for i, (ref, alt) in enumerate(zip(dna, alts, strict=True))}
    write(tmp_path, [("X", frame([(*row, 1, 2, True) for row in sorted(told)]))], row_group=64)
    back = pl.read_parquet(tmp_path / "X.parquet")
    long = pl.read_parquet(tmp_path / "long.parquet")
    spelt = back.join(long, on=KEY, how="left", maintain_order="left")
    short = alleles(back["code"])
    given_back = zip(
        back["position"],
        short["ref"].fill_null(spelt["ref"]),
        short["alt"].fill_null(spelt["alt"]),
        strict=True,
    )
    assert set(given_back) == told
    assert len(long) == int((back["code"] & 1).sum())
    assert long.columns == ["chromosome", "position", "code", "ref", "alt"]
    assert set(long["chromosome"]) == {"X"}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("size", [37, 1000, 5_000])
def test_bytes_do_not_depend_on_frames_and_threads(tmp_path, size, threads):
    rows = made_rows(4_000, seed=2)
    options = {"row_group": 512, "margin": 30}
    write(tmp_path / "whole", [("1", rows), ("2", rows)], **options)
    parts = [(name, part) for name in ("1", "2") for part in cut(rows, size)]
    write(tmp_path / "parts", parts, threads=threads, **options)
    assert contents(tmp_path / "whole") == contents(tmp_path / "parts")
    groups = pq.ParquetFile(tmp_path / "parts" / "1.parquet").metadata
    sizes = [groups.row_group(i).num_rows for i in range(groups.num_row_groups)]
    assert set(sizes[:-1]) == {512}


@pytest.mark.parametrize("size", [90, 700])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_unsorted_rows_end_as_sorted_ones(tmp_path, seed, size):
    """Late rows, chromosomes by turns, and a chromosome that comes back after it was ended."""
    rows = made_rows(4_000, seed=seed).unique(KEY, keep="first", maintain_order=True)
    options = {"row_group": 256, "margin": 10}
    write(tmp_path / "sorted", [(name, rows) for name in ("1", "2", "Y")], **options)
    rng = np.random.default_rng(seed)
    mixed = [(name, rows[rng.permutation(len(rows))]) for name in ("Y", "1", "2")]
    parts = [(name, part) for name, mix in mixed for part in cut(mix, size)]
    rng.shuffle(parts)
    write(tmp_path / "mixed", parts, **options)
    assert contents(tmp_path / "sorted") == contents(tmp_path / "mixed")


def test_a_few_late_rows_find_their_place(tmp_path):
    rows = made_rows(3_000, seed=4)
    late, others = rows[10:14], pl.concat([rows[:10], rows[14:]])
    options = {"row_group": 128, "margin": 5}
    parts = [("1", part) for part in [*cut(others, 200), late]]
    writer = write(tmp_path / "late", parts, **options)
    write(tmp_path / "whole", [("1", pl.concat([others, late]))], **options)
    assert contents(tmp_path / "late") == contents(tmp_path / "whole")
    assert writer.repeated == len(rows) - writer.rows["1"]


def test_which_of_several_rows_stays(tmp_path):
    rows = frame(
        [
            (5, "A", "C", 1, None, True),
            (5, "A", "C", 2, 40, True),
            (5, "A", "C", 3, 60, False),
            (5, "A", "C", 4, 60, True),
            (6, "A", "C", 5, None, True),
            (6, "A", "C", 6, None, True),
        ]
    )
    writer = write(tmp_path, [("1", rows[:3]), ("1", rows[3:])])
    back = pl.read_parquet(tmp_path / "1.parquet")
    assert back["ac"].to_list() == [3, 5]  # most alleles, then the earlier row
    assert writer.repeated == 4


@given(
    st.lists(
        st.tuples(
            st.integers(1, 40),
            st.text("ACGT", min_size=1, max_size=14),
            st.sampled_from("ACGT"),
            st.one_of(st.none(), st.integers(0, 3)),
            st.one_of(st.none(), st.integers(0, 3)),
            st.booleans(),
        ),
        max_size=60,
    ),
    st.integers(1, 20),
    st.integers(1, 8),
    st.integers(0, 30),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_rows_in_any_frames(tmp_path_factory, rows, size, row_group, margin):
    folder = tmp_path_factory.mktemp("any")
    made = frame(rows)
    writer = write(folder, [("3", p) for p in cut(made, size)], row_group=row_group, margin=margin)
    wanted = expected(made)
    assert writer.rows == ({"3": len(wanted)} if rows else {})
    if rows:
        back = pl.read_parquet(folder / "3.parquet")
        assert back.equals(wanted.select(back.columns))
    long = made.filter(is_hashed(pl.col("code"))).select(KEY).n_unique() if rows else 0
    assert len(pl.read_parquet(folder / "long.parquet")) == long


def test_two_long_alleles_with_one_code_are_named(tmp_path):
    rows = frame([(9, "A" * 12, "C", 1, 2, True), (9, "A" * 13, "C", 1, 2, True)])
    forged = rows.with_columns(pl.lit(rows["code"][0], pl.UInt32).alias("code"))
    with pytest.raises(FaultError) as caught:
        write(tmp_path / "out", [("7", forged)], source=tmp_path / "sites.vcf.gz")
    (fault,) = caught.value.faults
    assert fault.code == "key-collision"
    assert fault.file.endswith("sites.vcf.gz")
    assert fault.row == "7:9"
    assert "A" * 12 + ">C" in fault.found
    assert "A" * 13 + ">C" in fault.found
    assert contents(tmp_path / "out") == {}


def test_one_code_at_two_places_is_no_collision(tmp_path):
    rows = frame([(9, "A" * 12, "C", 1, 2, True), (10, "A" * 13, "C", 1, 2, True)])
    forged = rows.with_columns(pl.lit(rows["code"][0], pl.UInt32).alias("code"))
    write(tmp_path, [("7", forged), ("8", forged)])
    assert len(pl.read_parquet(tmp_path / "long.parquet")) == 4


def test_long_alleles_of_many_frames(tmp_path, monkeypatch):
    monkeypatch.setattr("soyang.annotation.release.writer._LONG_HELD", 50)
    rows = made_rows(2_000, seed=9)
    parts = [(name, part) for part in cut(rows, 100) for name in ("2", "1")]
    write(tmp_path / "spilled", parts, row_group=300, margin=5)
    monkeypatch.undo()
    write(tmp_path / "held", [("1", rows), ("2", rows)], row_group=300, margin=5)
    assert contents(tmp_path / "spilled") == contents(tmp_path / "held")
    long = pl.read_parquet(tmp_path / "spilled" / "long.parquet")
    assert long.select("chromosome").to_series().is_sorted()


def test_nothing_and_one_row(tmp_path):
    assert write(tmp_path / "none", []).rows == {}
    assert list(contents(tmp_path / "none")) == ["long.parquet"]
    assert write(tmp_path / "empty", [("1", frame([]))]).rows == {}
    assert list(contents(tmp_path / "empty")) == ["long.parquet"]
    assert write(tmp_path / "one", [("M", frame([(1, "A", "G", 1, 2, None)]))]).rows == {"M": 1}
    assert pl.read_parquet(tmp_path / "one" / "M.parquet")["passed"].to_list() == [None]


def test_the_least_can_be_preferred(tmp_path):
    rows = frame([(5, "A", "C", ac, 2, True) for ac in (7, 3, 4)] + [(6, "A", "C", 1, 2, True)])
    unknown = rows[:1].with_columns(pl.lit(None, pl.Int32).alias("ac"))
    with VariantWriter(tmp_path, COLUMNS, prefer=["-ac"]) as writer:
        writer.add("1", pl.concat([unknown, rows]))
        writer.close()
    assert pl.read_parquet(tmp_path / "1.parquet")["ac"].to_list() == [3, 1]


@pytest.mark.parametrize(
    ("chromosome", "change", "told"),
    [
        ("chr1", {}, "bare name"),
        ("HLA-A", {}, "bare name"),
        ("1", {"ac": pl.col("ac").cast(pl.Int64)}, "ac"),
        ("1", {"position": pl.lit(None, pl.Int32)}, "position"),
        ("1", {"ref": pl.lit(None, pl.String)}, "without its alleles"),
    ],
)
def test_what_a_reader_must_not_give(tmp_path, chromosome, change, told):
    rows = frame([(9, "A" * 12, "C", 1, 2, True)]).with_columns(**change)
    with pytest.raises(ValueError, match=told), VariantWriter(tmp_path / "x", COLUMNS) as writer:
        writer.add(chromosome, rows)
    assert contents(tmp_path / "x") == {}


def test_a_column_of_no_type():
    with pytest.raises(ValueError, match="Number"):
        dtype_of(AC.model_copy(update={"dtype": "Number"}))


def test_little_is_held_however_long_the_source(tmp_path):
    most = 0
    with VariantWriter(tmp_path, COLUMNS, row_group=500, margin=50) as writer:
        rows = made_rows(6_000, seed=3)
        for name in ("1", "2", "3", "4", "5"):
            for part in cut(rows, 250):
                writer.add(name, part)
                most = max(most, sum(file.held for file in writer._files.values()))
        writer.close()
    assert most <= 4 * 500 + 250


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(FaultError, match="no space left"):
        write(tmp_path / "x", [("1", made_rows(100))])
    assert contents(tmp_path / "x") == {}


def test_a_reader_that_stops_leaves_nothing(tmp_path):
    with (
        pytest.raises(RuntimeError),
        VariantWriter(tmp_path / "x", COLUMNS, row_group=100) as writer,
    ):
        writer.add("1", made_rows(1_000))
        raise RuntimeError
    assert contents(tmp_path / "x") == {}


def test_encodings_follow_the_values():
    rng = np.random.default_rng(1)
    count = 60_000
    rows = pl.DataFrame(
        {
            "position": pl.Series(np.arange(count), dtype=pl.Int32),
            "code": pl.Series(rng.integers(0, 12, count), dtype=pl.UInt32),
            "rs": pl.Series(rng.integers(0, 2**31, count), dtype=pl.UInt32),
            "score": pl.Series(rng.random(count), dtype=pl.Float32),
            "name": pl.Series(rng.integers(0, 50_000, count)).cast(pl.String),
        }
    )
    layout = order.Layout(schema=rows.schema, keys=("position", "code"))
    chosen = order.encodings(rows, layout)
    assert chosen["use_dictionary"] == ["code", "name"]
    assert chosen["column_encoding"] == {
        "position": "DELTA_BINARY_PACKED",
        "rs": "DELTA_BINARY_PACKED",
        "score": "BYTE_STREAM_SPLIT",
    }


def test_intervals(tmp_path):
    name = ColumnFact(name="value", annotated="repeat", dtype="String", meaning="class of repeat")
    rows = pl.DataFrame(
        {"start": [30, 10, 10, 10], "end": [40, 20, 15, 20], "value": ["L1", "Alu", "AT", "Alu"]},
        schema={"start": pl.Int32, "end": pl.Int32, "value": pl.String},
    )
    with IntervalWriter(tmp_path, name) as writer:
        writer.add("1", rows[:2])
        writer.add("1", rows[2:])
        assert writer.close() == {"1": 3}
        assert writer.repeated == 1
    assert list(contents(tmp_path)) == ["1.parquet"]
    back = pl.read_parquet(tmp_path / "1.parquet")
    assert back.rows() == [(10, 15, "AT"), (10, 20, "Alu"), (30, 40, "L1")]


def test_the_greatest_value_of_an_interval(tmp_path):
    score = ColumnFact(name="value", annotated="gerp", dtype="Float32", meaning="score")
    schema = {"start": pl.Int32, "end": pl.Int32, "value": pl.Float32}
    rows = pl.DataFrame([(1, 2, 0.5), (1, 2, 2.5), (1, 2, None)], schema=schema, orient="row")
    with IntervalWriter(tmp_path, score, prefer_greatest=True) as writer:
        writer.add("1", rows)
        writer.close()
    assert pl.read_parquet(tmp_path / "1.parquet")["value"].to_list() == [2.5]


@pytest.mark.shared
def test_every_key_of_clinvar_gives_back_its_alleles(shared_data, tmp_path):
    rows = []
    with gzip.open(next((shared_data / "clinvar").glob("*.vcf.gz")), "rt") as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            contig, position, _, ref, alts, *_ = line.split("\t")
            rows += [(contig, int(position), ref.upper(), a.upper()) for a in alts.split(",")]
    told = pl.DataFrame(rows, schema=["contig", "position", "ref", "alt"], orient="row")
    told = told.filter(pl.all_horizontal(pl.col("ref", "alt").str.contains("^[ACGT]+$"))).unique(
        maintain_order=True
    )
    assert len(told) > 53_000
    names = told["contig"].unique(maintain_order=True).str.strip_prefix("chr").to_list()
    with VariantWriter(tmp_path, ()) as writer:
        for name in names:
            here = told.filter(pl.col("contig").str.strip_prefix("chr") == name)
            made = here.with_columns(
                allele_codes(here["ref"], here["alt"]), pl.col("position").cast(pl.Int32)
            )
            writer.add(name, made)
        kept = writer.close()
    assert sum(kept.values()) == len(told)  # no two variants with one key
    long = pl.read_parquet(tmp_path / "long.parquet")
    for name in names:
        back = pl.read_parquet(tmp_path / f"{name}.parquet")
        spelt = back.join(
            long.filter(pl.col("chromosome") == name), on=KEY, how="left", maintain_order="left"
        )
        short = alleles(back["code"])
        made = back.select("position").with_columns(
            short["ref"].fill_null(spelt["ref"]), short["alt"].fill_null(spelt["alt"])
        )
        here = told.filter(pl.col("contig").str.strip_prefix("chr") == name)
        wanted = here.select(pl.col("position").cast(pl.Int32), "ref", "alt")
        assert made.sort(made.columns).equals(wanted.sort(wanted.columns))
