"""A gVCF's variants."""

from __future__ import annotations

from pathlib import Path

from soyang.calling.records import (
    header_of,
    normalising,
    provenance_of,
    require_sample,
    samples_of,
    write_records,
)
from soyang.core.errors import ToolError


def variants(*, gvcf: Path, reference: Path, vcf: Path) -> None:
    """Write the records of a gVCF of which the person carries an alternate allele.

    Args:
        gvcf: a gVCF of one sample.
        reference: prepared reference (genome.fa).
        vcf: output .vcf.gz, one alternate allele a record; its .tbi goes beside it.

    Raises:
        ToolError: a tool failed, or the gVCF is not of one sample.
    """
    header = header_of(gvcf)
    samples = samples_of(header)
    if len(samples) != 1:
        raise ToolError(f"{gvcf.name} holds {len(samples)} samples, not one")
    source = ["bcftools", "view", "--no-version", "-Ou", str(gvcf)]
    commands = normalising([source], reference, carried=True)
    write_records(commands, reference, provenance_of(header), vcf)
    require_sample(vcf, samples[0])
