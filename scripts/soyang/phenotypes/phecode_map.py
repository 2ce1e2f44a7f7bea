"""The map from ICD-10 to phecodes, and the phecodes' labels.

Read as the PheWAS catalogue gives them (https://phewascatalog.org): phecode X (Shuey et al. 2023,
doi:10.1093/bioinformatics/btad655), unrolled or flat, and phecode 1.2 (Wu et al. 2019,
doi:10.2196/14325). Only the map of the **WHO's** ICD-10 is taken. National editions such as KCD
extend the WHO's; the American ICD-10-CM gave many of the same codes another meaning.
"""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text

WHO, AMERICAN = "ICD10", "ICD10CM"
_CODES = ("icd", "code", "icd10")
_PHECODES = ("phecode",)
_VOCABULARY = "vocabulary_id"
_NAMES = ("phecode_string", "phenotype", "description")
_RANGES = ("phecode_exclude_range", "exclude_range")
_MAX_WHO = 5
"""Characters of a WHO code without its dot: subcategories have 4, a few subdivisions a fifth."""


def read_map(path: Path) -> pl.DataFrame:
    """Columns key (ICD-10 code, upper case, without dot) and phecode.

    Args:
        path: CSV with phecode and ICD (or icd, code, ICD10), and maybe vocabulary_id.

    Raises:
        FaultError: it is not such a map, or one of ICD-10-CM.
    """
    raw = _read(path)
    code, phecode = _column(raw, _CODES), _column(raw, _PHECODES)
    if code is None or phecode is None:
        american = any("icd10cm" in name.replace("-", "") for name in raw.columns)
        raise FaultError(_american(path) if american else _shape(path, raw, "phecode, ICD"))
    if _VOCABULARY in raw.columns:
        vocabulary = pl.col(_VOCABULARY).str.strip_chars().str.to_uppercase()
        if raw.select((vocabulary == AMERICAN).any()).item():
            raise FaultError(_american(path))
        raw = raw.filter(vocabulary == WHO)
    found = (
        raw.select(
            key=pl.col(code).str.strip_chars().str.to_uppercase().str.replace_all(r"[.\s]", ""),
            phecode=pl.col(phecode).str.strip_chars(),
        )
        .filter((pl.col("key") != "") & (pl.col("phecode") != ""))
        .drop_nulls()
        .unique()
        .sort("key", "phecode")
    )
    if found["key"].str.len_chars().max() not in (None, *range(_MAX_WHO + 1)):
        raise FaultError(_american(path))
    if found.is_empty():
        raise FaultError(_shape(path, raw, f"rows with {_VOCABULARY} {WHO}"))
    return found


def read_labels(path: Path) -> pl.DataFrame:
    """Columns phecode, name, sex (male, female, both) and excluded (list of phecodes or ranges).

    Args:
        path: CSV with phecode, phecode_string (or phenotype), sex, and maybe category and
            phecode_exclude_range.

    Raises:
        FaultError: it is not such a table, or has a phecode twice.
    """
    raw = _read(path)
    phecode, name = _column(raw, _PHECODES), _column(raw, _NAMES)
    if phecode is None or name is None:
        raise FaultError(_shape(path, raw, "phecode, phecode_string"))
    ranges = _column(raw, _RANGES)
    labels = raw.select(
        phecode=pl.col(phecode).str.strip_chars(),
        name=pl.col(name).fill_null("").str.strip_chars(),
        sex=_sex(raw),
        excluded=pl.col(ranges).fill_null("").str.replace_all(r"\s", "").str.split(",")
        if ranges
        else pl.lit([""], dtype=pl.List(pl.String)),
    ).unique(maintain_order=True)
    if labels["phecode"].is_duplicated().any():
        raise FaultError(_shape(path, raw, "one row for each phecode"))
    return labels.sort("phecode")


def _sex(raw: pl.DataFrame) -> pl.Expr:
    if "sex" not in raw.columns:
        return pl.lit("both")
    told = pl.col("sex").fill_null("").str.strip_chars().str.to_lowercase()
    return pl.when(told.is_in(("male", "female"))).then(told).otherwise(pl.lit("both"))


def parents(phecodes: pl.Series) -> pl.DataFrame:
    """Columns phecode, above: each phecode with itself and the phecodes above it that exist.

    A phecode's parent has one digit less after the dot: GI_526.12, GI_526.1, GI_526.

    Args:
        phecodes: all phecodes of map and labels.
    """
    known = phecodes.unique().rename("phecode").to_frame()
    longest = known.select(pl.col("phecode").str.len_chars().max()).item() or 0
    shorter = [
        known.select(
            "phecode",
            above=pl.col("phecode").str.head(-cut).str.strip_chars_end("."),
            dot=pl.col("phecode").str.find(".", literal=True),
        )
        .filter(pl.col("above").str.len_chars() >= pl.col("dot"))
        .select("phecode", "above")
        for cut in range(1, longest)
    ]
    itself = known.with_columns(above="phecode")
    found = pl.concat([itself, *shorter]).unique()
    return found.join(known.rename({"phecode": "above"}), on="above", how="semi").sort(
        "phecode", "above"
    )


def _read(path: Path) -> pl.DataFrame:
    """A CSV with lower-case column names, all text."""
    text = read_text(path)
    if not text.strip():
        return pl.DataFrame()
    raw = pl.read_csv(io.BytesIO(text.encode()), infer_schema=False)
    return raw.rename({name: name.strip().lower() for name in raw.columns})


def _column(raw: pl.DataFrame, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in raw.columns), None)


def _american(path: Path) -> Fault:
    return Fault(
        code="phecode-map-icd10cm",
        file=str(path),
        column=_VOCABULARY,
        found="a map of ICD-10-CM, the American edition",
        allowed="a map of the WHO's ICD-10 (vocabulary_id ICD10), which KCD extends",
        next_step="use phecodeX_R_map_ICD_10_WHO.csv of the PheWAS catalogue",
    )


def _shape(path: Path, raw: pl.DataFrame, allowed: str) -> Fault:
    return Fault(
        code="phecode-table",
        file=str(path),
        found=f"columns {', '.join(raw.columns) or 'none'}",
        allowed=allowed,
        next_step="use the tables of the PheWAS catalogue (https://phewascatalog.org)",
    )
