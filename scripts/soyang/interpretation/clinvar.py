"""What findings say of ClinVar on a variant, nuclear or mitochondrial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ClinVarRecord(BaseModel):
    """ClinVar on this variant."""

    model_config = ConfigDict(extra="forbid")

    variation_id: str | None = Field(description="VariationID; null: the source has no ids")
    significance: str
    review: str | None
    stars: int | None
    conditions: list[str]


def record(row: Mapping[str, Any]) -> ClinVarRecord | None:
    """ClinVar's record in an annotated row; None: ClinVar does not have the variant."""
    if not row["clinvar_significance"]:
        return None
    return ClinVarRecord(
        variation_id=row["clinvar_id"],
        significance=row["clinvar_significance"],
        review=row["clinvar_review"],
        stars=row["clinvar_stars"],
        conditions=[name for name in (row["clinvar_conditions"] or "").split("|") if name],
    )
