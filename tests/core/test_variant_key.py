"""Variant keys: VariantKey's own numbers, and back again."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from soyang.core.variant_key import (
    allele_codes,
    alleles,
    chromosome_number,
    is_hashed,
    keys,
    parts,
)

DNA = st.text("ACGT", min_size=1, max_size=9)


def test_the_published_example():
    """Asuni & Wilder, table 1: chr19 29238771 C>G on a 0-based position."""
    code = allele_codes(pl.Series(["C"]), pl.Series(["G"]))
    key = keys(chromosome_number("chr19"), np.array([29_238_772], np.int32), code.to_numpy())
    assert int(key[0]) == 0x98DF12F988B00000


def test_numbers_of_chromosomes():
    assert [chromosome_number(n) for n in ("1", "chr22", "chrX", "Y", "MT", "chrM")] == [
        1, 22, 23, 24, 25, 25,
    ]  # fmt: skip
    assert chromosome_number("chrUn_KI270302v1") == 0


@given(st.lists(st.tuples(DNA, DNA, st.integers(1, 2**28 - 1), st.integers(1, 25)), min_size=1))
def test_a_key_gives_back_what_it_was_made_of(rows):
    ref, alt = pl.Series([r[0] for r in rows]), pl.Series([r[1] for r in rows])
    codes = allele_codes(ref, alt)
    back = alleles(codes)
    for (before, after, position, number), code, told in zip(
        rows, codes, back.iter_rows(), strict=True
    ):
        key = keys(number, np.array([position], np.int32), np.array([code], np.uint32))
        chromosome, place, again = parts(key)
        assert (int(chromosome[0]), int(place[0]), int(again[0])) == (number, position, code)
        long = len(before) + len(after) > 11
        assert told == ((None, None) if long else (before, after))
        assert bool(code & 1) == long


def test_keys_sort_as_the_genome_does():
    code = allele_codes(pl.Series(["A", "A", "A"]), pl.Series(["C", "C", "C"])).to_numpy()
    first = keys(2, np.array([5, 6, 248_956_422], np.int32), code)
    assert (np.sort(first) == first).all()
    assert keys(3, np.array([1], np.int32), code[:1])[0] > first[-1]


def test_alleles_that_are_no_bases_are_hashed_and_differ():
    codes = allele_codes(pl.Series(["A", "A", "N", "R", "A"]), pl.Series(["N", "*", "A", "A", "C"]))
    assert codes.to_frame("code").select(is_hashed(pl.col("code"))).to_series().to_list() == [
        True, True, True, True, False,
    ]  # fmt: skip
    assert codes.n_unique() == 5


def test_case_does_not_matter():
    upper = allele_codes(pl.Series(["ACGTACGT"] * 2), pl.Series(["A", "ACGTT"]))
    lower = allele_codes(pl.Series(["acgtacgt"] * 2), pl.Series(["a", "acgtt"]))
    assert upper.equals(lower)


@given(st.lists(st.tuples(st.text("ACGT", min_size=6, max_size=500), DNA), min_size=2, unique=True))
def test_hashes_of_a_handful_of_long_alleles_differ(rows):
    codes = allele_codes(pl.Series([r[0] for r in rows]), pl.Series([r[1] for r in rows]))
    assert codes.n_unique() == len(rows)
