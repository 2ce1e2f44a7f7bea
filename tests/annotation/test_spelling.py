"""Codes are spelt as core.variant_key spells them."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from soyang.annotation.spelling import spelt_out
from soyang.core.variant_key import MOST_BASES, allele_codes

ALLELE = st.text("ACGT", min_size=1, max_size=12)


@settings(deadline=None)
@given(st.lists(st.tuples(ALLELE, ALLELE), max_size=30))
def test_every_pair_of_alleles_comes_back(pairs: list[tuple[str, str]]) -> None:
    frame = pl.DataFrame(pairs, schema={"ref": pl.String, "alt": pl.String}, orient="row")
    code = allele_codes(frame["ref"], frame["alt"])
    long = frame.with_row_index("row").filter((code & 1) == 1)
    ref, alt = spelt_out(code.to_numpy(), long)
    assert list(zip(ref, alt, strict=True)) == pairs
    assert long.height == sum(len(ref) + len(alt) > MOST_BASES for ref, alt in pairs)


def test_a_hash_that_nobody_spells_is_nothing() -> None:
    ref, alt = spelt_out(np.array([3], dtype=np.uint32), pl.DataFrame(
        schema={"row": pl.UInt32, "ref": pl.String, "alt": pl.String}
    ))  # fmt: skip
    assert (ref.to_list(), alt.to_list()) == ([""], [""])
