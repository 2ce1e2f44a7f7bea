"""How right annotation is: `make evaluate-annotation` prints the tables, and fails with a goal.

Each part is a module with ``evaluate(shared) -> list[Score]``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from evaluate import clinvar_keys, expected_csq, hgvs_clinvar, molecular_consequence, normalisation
from evaluate.score import Score, shared_data, show

PARTS: Mapping[str, Callable[[Path], list[Score]]] = {
    "normalisation: expected lines of bcftools norm and vt": normalisation.evaluate,
    "consequences: expected lines of bcftools csq": expected_csq.evaluate,
    "genomic to coding HGVS: names of ClinVar": hgvs_clinvar.evaluate,
    "molecular consequence: ClinVar's MC in BRCA1": molecular_consequence.evaluate,
    "64-bit key: every record of ClinVar": clinvar_keys.evaluate,
}


def main() -> int:
    """Print all parts; 1 if a goal is missed, 2 without the evaluation data."""
    shared = shared_data()
    if not shared.is_dir():
        print(f"no evaluation data at {shared}; set SOYANG_SHARED_DATA", file=sys.stderr)
        return 2
    holds = [show(title, evaluate(shared)) for title, evaluate in PARTS.items()]
    return 0 if all(holds) else 1


if __name__ == "__main__":
    sys.exit(main())
