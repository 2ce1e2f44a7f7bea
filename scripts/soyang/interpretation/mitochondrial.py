"""What findings say of a variant of the mitochondrion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from soyang.interpretation.cnv_tables import MitochondrialClinVar, MitochondrialVariant
from soyang.interpretation.evidence import MIN_STARS, Significance, significance

_ASSERTED = (Significance.PATHOGENIC, Significance.LIKELY_PATHOGENIC)


def told(row: Mapping[str, Any]) -> MitochondrialVariant:
    """A row of annotation's MITOCHONDRIAL in the findings' words."""
    word = significance(row["clinvar_significance"])
    reviewed = (row["clinvar_stars"] or 0) >= MIN_STARS
    own = {name: row[name] for name in MitochondrialVariant.model_fields if name in row}
    return MitochondrialVariant.model_validate(
        own
        | {
            "genes": [gene for gene in row["genes"].split(";") if gene],
            "consequences": [word for word in row["consequence"].split(";") if word],
            "clinvar": _clinvar(row),
            "asserted": word in _ASSERTED and reviewed and row["filter"] == "PASS",
        }
    )


def _clinvar(row: Mapping[str, Any]) -> MitochondrialClinVar | None:
    if not row["clinvar_significance"]:
        return None
    return MitochondrialClinVar(
        variation_id=row["clinvar_id"],
        significance=row["clinvar_significance"],
        review=row["clinvar_review"],
        stars=row["clinvar_stars"],
        conditions=[name for name in (row["clinvar_conditions"] or "").split("|") if name],
    )
