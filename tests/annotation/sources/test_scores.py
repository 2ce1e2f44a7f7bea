"""Codes of substitutions, exact digits, and the reference that a source must fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soyang.annotation.genome import Genome
from soyang.annotation.sources.scores import (
    BASE,
    SCALE,
    Reference,
    by_chromosome,
    coded,
    substitution_code,
    substitutions,
    whole,
)
from soyang.core.errors import FaultError
from soyang.core.variant_key import allele_codes, alleles

PAIRS = [(ref, alt) for ref in "ACGTacgt" for alt in "ACGTacgt"]


def frame(rows: list[tuple[int, str, str]], dtype: pl.DataType | None = None) -> pl.DataFrame:
    base = dtype or pl.String()
    schema = {"position": pl.Int32(), "ref": base, "alt": base}
    return pl.DataFrame(rows, schema=schema, orient="row")


def reference(genome: Genome | None, name: str = "chr1") -> tuple[Reference, Counter[str]]:
    """A reference that stands at a chromosome."""
    left_out: Counter[str] = Counter()
    made = Reference(genome, Path("source.txt"), left_out)
    list(made.chromosomes(pl.DataFrame({"c": [name]}), "c"))
    return made, left_out


def test_codes_of_substitutions_are_the_keys() -> None:
    refs, alts = [r for r, _ in PAIRS], [a for _, a in PAIRS]
    bases = pl.DataFrame({"ref": refs, "alt": alts}, schema={"ref": BASE, "alt": BASE})
    ours = bases.select(substitution_code()).to_series()
    assert ours.equals(allele_codes(pl.Series(refs), pl.Series(alts)))


@given(st.integers(0, SCALE))
def test_four_decimals_are_kept_exactly(score: int) -> None:
    printed = f"{score / SCALE:.4f}"
    assert whole(pl.Series([printed]).cast(pl.Float64), Path("x")).to_list() == [score]


@pytest.mark.parametrize("value", [0.12345, -0.1, 1.0001, 1.2e-7])
def test_other_scales_are_refused(value: float) -> None:
    with pytest.raises(FaultError, match="a score from 0 to 1 with at most four decimals"):
        whole(pl.Series("REVEL", [0.5, value]), Path("revel.csv"))


def test_runs_keep_the_order_of_the_file() -> None:
    rows = pl.DataFrame({"c": ["1", "1", "2", "1"], "n": [1, 2, 3, 4]})
    runs = [(name, part["n"].to_list()) for name, part in by_chromosome(rows, "c")]
    assert runs == [("1", [1, 2]), ("2", [3]), ("1", [4])]


def test_rows_that_the_reference_contradicts_are_left_out_by_reason(genome: Genome) -> None:
    ours, left_out = reference(genome)
    good = [(n, "ACGT"[(n - 1) % 4], "A" if n % 4 != 1 else "C") for n in range(1, 41)]
    odd = [(1, "G", "A"), (41, "A", "C"), (45, "A", "C"), (0, "A", "C")]
    kept = substitutions(frame(good + odd, BASE), ours)
    assert kept["position"].to_list() == [n for n, _, _ in good]
    assert left_out == {
        "the reference has another base there": 1,
        "the reference has no known base there": 1,
        "beyond the contig's end": 2,
    }


def test_a_source_of_another_assembly_is_refused_with_the_share(genome: Genome) -> None:
    ours, _ = reference(genome)
    rows = [(n, "ACGT"[(n + 1) % 4], "ACGT"[n % 4]) for n in range(1, 41)]
    with pytest.raises(FaultError, match=r"100% of 40 reference bases .* at chr1:1"):
        substitutions(frame(rows, BASE), ours)


def test_wrong_bases_add_up_over_frames(genome: Genome) -> None:
    ours, left_out = reference(genome)
    for n in (1, 2):
        substitutions(frame([(n, "T", "A")], BASE), ours)
    assert left_out == {"the reference has another base there": 2}
    with pytest.raises(FaultError, match="100% of 3"):
        substitutions(frame([(3, "T", "A")], BASE), ours)


def test_without_a_reference_nothing_is_compared() -> None:
    ours, left_out = reference(None)
    assert substitutions(frame([(9_999, "A", "C")], BASE), ours).height == 1
    assert not left_out


def test_no_change_is_no_variant() -> None:
    ours, _ = reference(None)
    assert substitutions(frame([(1, "A", "a"), (1, "A", "C")], BASE), ours).height == 1


def test_other_contigs_are_left_out_and_counted(genome: Genome) -> None:
    left_out: Counter[str] = Counter()
    ours = Reference(genome, Path("x"), left_out)
    rows = pl.DataFrame({"c": ["1", "chr1_KI270706v1_random", "7", "7", "X"]})
    assert [name for name, _ in ours.chromosomes(rows, "c")] == ["1", "X"]
    assert left_out == {"contig that the reference has not": 3}


@pytest.mark.parametrize(
    ("given", "placed"),
    [
        ((10, "AA", "A"), (4, "TA", "T")),
        ((9, "A", "AA"), (4, "T", "TA")),
        ((10, "a", "aaa"), (4, "T", "TAA")),
        ((1, "AC", "A"), (1, "AC", "A")),
        ((1, "A", "TA"), (1, "A", "TA")),
        ((5, "AAAAAAC", "C"), (4, "TAAAAAA", "T")),
        ((5, "AAAAAA", "C"), (5, "AAAAAA", "C")),
    ],
)
def test_indels_are_left_aligned(
    genome: Genome, given: tuple[int, str, str], placed: tuple[int, str, str]
) -> None:
    ours, _ = reference(genome, "2")
    row = coded(frame([given]), ours)
    code = allele_codes(pl.Series([placed[1]]), pl.Series([placed[2]]))
    assert row["position"].to_list() == [placed[0]]
    assert row["code"].to_list() == code.to_list()


def test_alleles_are_spelt_where_the_code_is_a_hash(genome: Genome) -> None:
    ours, _ = reference(genome, "2")
    long = "ACGTACGTACGTACGT"
    rows = coded(frame([(1, "A", "A" + long), (2, "C", "CT")]), ours)
    spelt = rows.sort("position").select("ref", "alt").rows()
    assert spelt[1] == (None, None)
    assert spelt[0][0] is not None and len(spelt[0][1]) == len(long) + 1


def test_indels_and_substitutions_come_out_together(genome: Genome) -> None:
    ours, _ = reference(genome, "2")
    rows = coded(frame([(1, "A", "C"), (10, "AA", "A"), (2, "c", "t")]), ours)
    assert sorted(rows["position"].to_list()) == [1, 2, 4]
    assert rows.schema["position"] == pl.Int32
    assert rows.schema["code"] == pl.UInt32


@pytest.mark.parametrize("seed", range(3))
def test_left_alignment_keeps_the_sequence_that_it_makes(
    make_fasta: Callable[..., Path], seed: int
) -> None:
    random = np.random.default_rng(seed)
    text = "".join(random.choice(list("AC"), 200))
    genome = Genome(make_fasta({"chr1": text}))
    ours, _ = reference(genome)
    rows = []
    for start in random.integers(1, 190, 60):
        size = int(random.integers(1, 5))
        if random.random() < 0.5:
            rows.append((int(start), text[start - 1 : start + size], text[start - 1]))
        else:
            rows.append((int(start), text[start - 1], text[start - 1] + text[start : start + size]))
    placed = coded(frame(rows).with_columns(n=pl.int_range(pl.len())), ours).sort("n")

    def made(position: int, ref: str, alt: str) -> str:
        assert text[position - 1 : position - 1 + len(ref)] == ref
        return text[: position - 1] + alt + text[position - 1 + len(ref) :]

    spelt = alleles(placed["code"])
    for row, position, (ref, alt) in zip(rows, placed["position"], spelt.rows(), strict=True):
        assert position <= row[0]
        assert made(position, ref, alt) == made(*row)
        assert position == 1 or ref[-1] != alt[-1] or len(ref) == len(alt)
