"""Make the working folder of the real run from the shared evaluation data.

What comes in: ``na12878_brca1``, ``mane`` and ``clinvar`` of the shared data. What goes out: a
folder that ``make real`` runs on, in true GRCh38 coordinates. With ``--plant``, one ClinVar
pathogenic variant is written into half of the reads that cover it, told in ``planted.tsv``.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from demo.steps import Steps, fingerprint
from real import brca1, plant
from soyang.core.assembly import Assembly
from soyang.core.errors import ExitCode, Fault, FaultError, ToolError
from soyang.knowledge import build

FASTQS = ("BRCA1_R1.fastq.gz", "BRCA1_R2.fastq.gz")
LANES = ("1", "2")
COLUMNS = (
    "person", "sample", "hospital", "lane", "fastq_1", "fastq_2", "bam", "cram", "gvcf", "vcf",
    "sex", "family", "father", "mother", "affected", "assay", "targets", "consent",
    "platform_person_id",
)  # fmt: skip
KNOWLEDGE = {
    "data/dbsnp.vcf.gz": "na12878_brca1/brca1_hg38_dbsnp138.vcf.gz",
    "data/known_indels.vcf.gz": "na12878_brca1/brca1_hg38_known_indels.vcf.gz",
    "data/clinvar.vcf.gz": "clinvar/clinvar_2025-09-28_acmg_genes_plp.GRCh38.vcf.gz",
}
GENE_FACTS = (
    "acmg_sf_v3.3.tsv",
    "clingen_dosage_2026-02-06_GRCh38.tsv.gz",
    "clingen_validity_2025-01.tsv.gz",
    "gnomad_v2.1.1_constraint.tsv.gz",
)
RELEASE = "knowledge/real-1"
MANE = "mane/MANE.GRCh38.gff3.gz"
SLICE = "na12878_brca1/hg38-brca1.fasta"


def main() -> int:
    """Make the working folder and tell what was made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, help="the evaluation data")
    parser.add_argument("--output", type=Path, default=Path("real"), help="the working folder")
    parser.add_argument("--plant", action="store_true", help="write a pathogenic variant in")
    options = parser.parse_args()
    try:
        made = prepare(options.shared, options.output, planted=options.plant)
    except (FaultError, ToolError) as error:
        print(f"prepare: {error}", file=sys.stderr)
        return ExitCode.FAULT if isinstance(error, FaultError) else ExitCode.BUG
    print(f"{options.output}: {f'{len(made)} steps made' if made else 'nothing to do'}")
    return 0


def prepare(shared: Path, output: Path, *, planted: bool) -> list[str]:
    """Make what is missing or outdated in a working folder.

    Args:
        shared: folder of the evaluation data.
        output: the working folder, made if absent.
        planted: whether to write a pathogenic variant into the reads.

    Returns:
        Names of the steps that were made.

    Raises:
        FaultError: the shared data is not there, or a file is not what its name says.
    """
    if not (shared / SLICE).is_file():
        raise FaultError(
            Fault(
                code="shared-missing",
                file=str(shared),
                found=f"no {SLICE}",
                allowed="the folder of the evaluation data",
                next_step="name it with --shared",
            )
        )
    here = Path(__file__).parent
    facts = [f"gene_facts/{name}" for name in GENE_FACTS]
    inputs = [shared / name for name in (*KNOWLEDGE.values(), *facts, MANE, SLICE)]
    reads = [shared / "na12878_brca1" / name for name in FASTQS]
    steps = Steps(output, f"{fingerprint([*here.iterdir(), *inputs, *reads])} plant={planted}")
    piece = brca1.read_slice(shared / SLICE)
    reference = ("data/reference.fa", "data/reference.fa.fai")
    steps.add("reference", reference, partial(_reference, piece))
    outputs = ["data/transcripts.gff3", RELEASE, *(f"data/{name}" for name in GENE_FACTS)]
    outputs += [name + suffix for name in KNOWLEDGE for suffix in ("", ".tbi")]
    steps.add("knowledge", tuple(outputs), partial(_knowledge, shared, piece))
    steps.add("sheet", ("samples.tsv", "config.yaml"), _sheet)
    fastqs = [name for lane in LANES for name in lane_files(lane)]
    told = ["planted.tsv"] if planted else []
    steps.add("reads", (*fastqs, *told), partial(_reads, shared, piece, planted))
    return steps.run(jobs=1)


def lane_files(lane: str) -> tuple[str, str]:
    """FASTQ files of a lane, relative to the working folder."""
    return f"data/NA12878_L{lane}_R1.fastq.gz", f"data/NA12878_L{lane}_R2.fastq.gz"


def _reference(piece: brca1.Slice, folder: Path) -> None:
    brca1.write_reference(piece, folder / "data/reference.fa")


def _knowledge(shared: Path, piece: brca1.Slice, folder: Path) -> None:
    brca1.write_transcripts(shared / MANE, piece, folder / "data/transcripts.gff3")
    for name, source in KNOWLEDGE.items():
        brca1.write_sites(shared / source, piece, folder / name)
    for name in GENE_FACTS:
        (folder / "data" / name).write_bytes((shared / "gene_facts" / name).read_bytes())
    _reference(piece, folder)
    build(
        catalog=Path(__file__).with_name("catalog.yaml"),
        files=folder / "data",
        reference=folder / "data/reference.fa",
        assembly=Assembly.GRCH38,
        output=folder / RELEASE,
    )


def _reads(shared: Path, piece: brca1.Slice, planted: bool, folder: Path) -> None:
    """The two lanes of the flow cell; each read goes to the lane that its name tells."""
    fastqs = [shared / "na12878_brca1" / name for name in FASTQS]
    chosen = None
    if planted:
        bam = folder / "slice.bam"
        plant.align(piece, fastqs[0], fastqs[1], bam)
        chosen = plant.choose(shared / KNOWLEDGE["data/clinvar.vcf.gz"], piece, bam)
        (folder / "planted.tsv").write_text(plant.table(chosen))
    for mate, fastq in enumerate(fastqs, start=1):
        entries = list(brca1.read_fastq(fastq))
        if chosen:
            entries = [plant.edit(chosen, mate, entry) for entry in entries]
        for lane, its_entries in brca1.split_lanes(entries).items():
            brca1.write_fastq(its_entries, folder / lane_files(lane)[mate - 1])


def _sheet(folder: Path) -> None:
    (folder / "config.yaml").write_bytes(Path(__file__).with_name("config.yaml").read_bytes())
    rows = ["\t".join(COLUMNS)]
    for lane in LANES:
        first, second = lane_files(lane)
        row = dict.fromkeys(COLUMNS, "") | {
            "person": "NA12878",
            "sample": "NA12878",
            "hospital": "genome-in-a-bottle",
            "lane": f"L{lane}",
            "fastq_1": first,
            "fastq_2": second,
            "sex": "female",
            "affected": "unknown",
            "assay": "wgs",
            "consent": "clinical_care;research;secondary_findings",
        }
        rows.append("\t".join(row.values()))
    (folder / "samples.tsv").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    sys.exit(main())
