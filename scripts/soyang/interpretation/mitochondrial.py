"""What findings say of a variant of the mitochondrion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from soyang.interpretation.clinvar import record
from soyang.interpretation.cnv_tables import MitochondrialVariant
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
            "clinvar": record(row),
            "asserted": word in _ASSERTED and reviewed and row["filter"] == "PASS",
        }
    )
