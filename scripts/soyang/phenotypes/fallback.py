"""Where a record has no standard concept that leads anywhere: its source code, then wider ones.

The site's own vocabulary says what a source code maps to. A code of a national edition of ICD-10
(KCD has 5 and 6 characters) whose own entry leads nowhere is cut to the 4 characters of a WHO
subcategory, then to the 3 of a category (WHO, ICD-10 Volume 2, 2.4): wider, and said to be so.
"""

from __future__ import annotations

import polars as pl

from soyang.phenotypes.mapping import as_matches, match_concepts, telling, without

ICD_LIKE = r"^(?:KCD|ICD10)"
"""Vocabularies whose codes may be cut: KCD7, KCD8, ICD10, ICD10CN, ICD10GM..."""
SHAPE = r"^[A-Z]\d[0-9A-Z]"
"""A category of ICD-10: a letter and two characters (KCD and COVID codes may end in a letter)."""
CUTS = (4, 3)


def code_key(code: str, vocabulary: str) -> pl.Expr:
    """A source code as it is compared: upper case, without dots and blanks.

    Of an ICD-like code the first word counts, as source values often carry the name after it
    ("G40.9 간질"), and the marks † and * of the dual classification don't.

    Args:
        code: column with the code.
        vocabulary: column with its vocabulary_id, ``""`` if unknown.
    """
    whole = pl.col(code).str.strip_chars().str.to_uppercase()
    first = whole.str.extract(r"^([A-Z]\d[0-9A-Z]\.?[0-9A-Z.]*)[†*+]?(?:\s.*)?$")
    icd = pl.col(vocabulary).str.contains(ICD_LIKE) | (pl.col(vocabulary) == "")
    return (
        pl.when(icd & first.is_not_null())
        .then(first)
        .otherwise(whole)
        .str.replace_all(r"[.\s]", "")
    )


def match_source(
    wanted: pl.DataFrame,
    concepts: pl.DataFrame,
    ancestors: pl.DataFrame,
    code_maps: pl.DataFrame,
    references: pl.DataFrame,
) -> pl.DataFrame:
    """Matches of codings by the standard concepts that their source code maps to.

    Whole first (match exact or ancestor), then cut to 4 and to 3 characters (code4, code3).
    A denied code is never cut: absence of the narrow is not absence of the wide.

    Args:
        wanted: codings without a match.
        concepts: CONCEPTS.
        ancestors: ANCESTORS.
        code_maps: CODE_MAPS.
        references: from :func:`soyang.phenotypes.mapping.cross_references`.
    """
    keyed = wanted.with_columns(key=code_key("source_code", "source_vocabulary"))
    maps = _keyed_maps(code_maps)
    found = match_concepts(_targets(keyed, maps), concepts, ancestors, references)
    for length in CUTS:
        left = without(keyed, found).filter(~pl.col("absent"))
        cut = left.filter(
            (pl.col("key").str.len_chars() > length)
            & pl.col("key").str.contains(SHAPE)
            & (pl.col("source_vocabulary").str.contains(ICD_LIKE) | _unnamed())
        ).with_columns(key=pl.col("key").str.head(length))
        wider = match_concepts(_targets(cut, maps), concepts, ancestors, telling(references))
        level = wider.with_columns(match=pl.lit(f"code{length}"))
        found = as_matches(found, level)
    return found


def _unnamed() -> pl.Expr:
    return pl.col("source_vocabulary") == ""


def _keyed_maps(code_maps: pl.DataFrame) -> pl.DataFrame:
    """Columns vocabulary, key, target: what each code maps to.

    Under the vocabulary ``""`` stands what all vocabularies that know a code agree on, for
    records that do not say whose code they have.
    """
    own = code_maps.select(
        "vocabulary", key=code_key("code", "vocabulary"), target="concept_id"
    ).unique()
    agreed = pl.col("vocabulary").n_unique().over("key") == pl.len().over("key", "target")
    common = own.filter(agreed).with_columns(vocabulary=pl.lit(""))
    return pl.concat([own, common]).filter(pl.col("target") != 0).unique()


def _targets(keyed: pl.DataFrame, maps: pl.DataFrame) -> pl.DataFrame:
    return keyed.join(
        maps, left_on=["source_vocabulary", "key"], right_on=["vocabulary", "key"]
    ).drop("key")
