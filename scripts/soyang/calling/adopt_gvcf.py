"""Another house's gVCF under our contract."""

from __future__ import annotations

from pathlib import Path

from soyang.calling.foreign import adopt
from soyang.calling.tables import OTHERS
from soyang.core.tables import write_table


def adopt_gvcf(
    *, sample: str, units: Path, reference: Path, gvcf: Path, others: Path | None = None
) -> None:
    """Normalise a gVCF from elsewhere; carried alleles and reference blocks are all kept.

    Args:
        sample: sample, which must be a column of the file.
        units: admission's table of units; the sample's row with entry gvcf is used.
        reference: prepared reference (genome.fa) that the gVCF was called on.
        gvcf: output .g.vcf.gz; its .tbi goes beside it.
        others: output table of what only further callers have (OTHERS): no row, one caller looked.

    Raises:
        FaultError: the file is missing, another sample's, or of another build.
        ToolError: a tool failed.
    """
    adopt(sample, units, reference, gvcf, entry="gvcf")
    if others:
        write_table(OTHERS.empty(), others, OTHERS)
