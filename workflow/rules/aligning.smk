"""What rules of reads take in: an index that is there, and what is not aligned yet."""

INDEX = "results/reads/reference/index"
INDEX_SUFFIXES = (
    *(".alt", ".amb", ".ann", ".pac"),
    *(".bwt", ".sa"),  # bwa
    *(".0123", ".bwt.2bit.64"),  # bwa-mem2 and bwa-mem3
)


def given_index():
    """Files of the index that the settings name, to be used as it is."""
    prefix = config["reads"]["index"]
    named = [f"{prefix}{suffix}" for suffix in INDEX_SUFFIXES] if prefix else []
    return [file for file in named if Path(file).exists()]


def unaligned(wildcards):
    """Whether a sample enters by reads that are not aligned."""
    return entry(wildcards.sample) in ("fastq", "ubam")


def align_options(wildcards, input, output):
    """Options of aligning that adopting has not."""
    if not unaligned(wildcards):
        return ""
    folder = Path(output.cram).parent / "fastp"
    return f"--index {shlex.quote(str(input.index))} --fastp {folder}"
