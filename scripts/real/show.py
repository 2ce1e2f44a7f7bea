"""Show what the real run found: calls, their share in dbSNP, and the planted variant's line.

Exits with 1 where the plain run claims a pathogenic variant, or the planted one is not named
with its HGVS and ClinVar accession.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import polars as pl

SITE = ["contig", "position", "ref", "alt"]


def main() -> int:
    """Print the figures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plain", type=Path, required=True, help="working folder as it is")
    parser.add_argument("--planted", type=Path, required=True, help="the one with the variant")
    options = parser.parse_args()
    calls, known = counts(options.plain)
    print(f"calls: {calls}")
    print(f"in dbSNP: {known} of {calls} ({known / calls:.1%})")
    claimed = list(pathogenic(options.plain))
    print(f"claimed pathogenic without a planted variant: {len(claimed)}")
    planted = pl.read_csv(options.planted / "planted.tsv", separator="\t").row(0, named=True)
    lines = [line(v) for v in pathogenic(options.planted) if is_planted(v, planted)]
    print(f"planted: {planted['hgvs_g']}, ClinVar {planted['clinvar_id']}")
    print(f"its report line: {lines[0] if lines else 'MISSING'}")
    return 0 if lines and not claimed else 1


def counts(folder: Path) -> tuple[int, int]:
    """Calls of a run's one sample, and how many of them have an rs number."""
    sites = pl.read_parquet(folder / "results/annotation/sites.parquet").unique(SITE)
    return sites.height, sites["rsid"].count()


def pathogenic(folder: Path) -> list[dict[str, Any]]:
    """Variants in the report that ClinVar lists as pathogenic or likely pathogenic."""
    path = folder / "results/reports/NA12878/report.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    return [
        variant
        for explanation in [*report["explanations"], *report["uncertain"]]
        for variant in explanation["variants"]
        if "pathogenic" in str(variant["clinvar"].get("classification"))
    ]


def is_planted(variant: dict[str, Any], planted: dict[str, Any]) -> bool:
    """Whether a report's variant is the planted one, by HGVS and ClinVar accession."""
    accession = str(variant["clinvar"]["variation_id"])
    return variant["hgvs_g"] == planted["hgvs_g"] and accession == str(planted["clinvar_id"])


def line(variant: dict[str, Any]) -> str:
    """A variant of the report in one line."""
    clinvar = variant["clinvar"]
    return (
        f"{variant['gene']} {variant['hgvs_c']} {variant['hgvs_p']} ({variant['hgvs_g']}), "
        f"{variant['zygosity']}, {variant['alt_depth']} of {variant['depth']} reads, "
        f"ClinVar {clinvar['variation_id']}: {clinvar['significance']} "
        f"({clinvar['review']}, release {clinvar['release']})"
    )


if __name__ == "__main__":
    sys.exit(main())
