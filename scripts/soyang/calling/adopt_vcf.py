"""Another house's VCF of variants under our contract."""

from __future__ import annotations

from pathlib import Path

from soyang.calling.foreign import adopt


def adopt_vcf(*, sample: str, units: Path, reference: Path, vcf: Path) -> None:
    """Normalise a plain VCF from elsewhere; only what the person carries is kept.

    FORMAT fields that the file doesn't give stay absent.

    Args:
        sample: sample, which must be a column of the file.
        units: admission's table of units; the sample's row with entry vcf is used.
        reference: prepared reference (genome.fa) that the variants were called on.
        vcf: output .vcf.gz; its .tbi goes beside it.

    Raises:
        FaultError: the file is missing, another sample's, or of another build.
        ToolError: a tool failed.
    """
    adopt(sample, units, reference, vcf, entry="vcf")
