"""Run vepyr; started as a script by the Python that has it, so it imports nothing of ours."""

from __future__ import annotations

import importlib
import sys


def main(vcf: str, cache: str, reference: str, output: str) -> None:
    """Annotate a VCF.

    Args:
        vcf: sites.
        cache: folder that :mod:`soyang.annotation.engines.vep_cache` wrote.
        reference: indexed FASTA.
        output: VCF to write, with CSQ.
    """
    vepyr = importlib.import_module("vepyr")  # only there in its own environment
    vepyr.annotate(
        vcf,
        cache,
        reference_fasta=reference,
        output_vcf=output,
        fields=["Allele", "Consequence", "Feature_type", "Feature", "HGVSp"],
        distance=0,
        show_progress=False,
        compression="plain",
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
