"""What rules take in: files of a unit, of a sample, of all who are still in the run."""


def unit_files(unit):
    """Files of one unit's row."""
    return [path for path in (unit["path_1"], unit["path_2"]) if path]


def sample_files(wildcards):
    """All files of a sample."""
    return [path for unit in units(wildcards.sample) for path in unit_files(unit)]


def sheet_facts(*columns):
    """A parameter that changes with these columns of a sample's units."""
    return lambda wildcards: [[u[c] for c in columns] for u in units(wildcards.sample)]


def knowledge(source, file="path"):
    """Path of a knowledge source (or another file of it), or nothing."""
    found = (config.get("knowledge") or {}).get(source)
    return [found[file]] if found else []


def release_manifest():
    """Manifest of the knowledge release, or nothing; the release itself never changes."""
    release = config["knowledge"]["release"]
    return [f"{release}/manifest.json"] if release else []


def release_option():
    """The knowledge release as an option."""
    release = config["knowledge"]["release"]
    return f"--release {shlex.quote(release)}" if release else ""


def engine_options():
    """What predicts consequences, as options."""
    chosen = config["annotation"]
    if chosen["engine"] == "csq":
        return "--engine csq"
    return options("annotation", "engine", "engine_data", *engine_python())


def engine_python():
    """The option of the VEP engine alone."""
    return ["vep_python"] if config["annotation"]["engine"] == "vep" else []


def annotation_results():
    """What a run makes of the sites beside what reports need."""
    names = ("affected.tsv", "haplotypes.parquet", "identities.parquet")
    return [f"results/annotation/{name}" for name in names] if passed() else []


def files_of_unit(wildcards):
    """Files of the rule's unit."""
    found = rows_of(made("check", "units"), "unit", wildcards.unit)
    return [path for u in found for path in unit_files(u)]


def sample_of_unit(wildcards):
    """Sample of the rule's unit."""
    return rows_of(made("check", "units"), "unit", wildcards.unit)[0]["sample"]


def called_from(wildcards):
    """CRAM of a sample with reads, else its own gVCF."""
    if entry(wildcards.sample) == "gvcf":
        return sample_files(wildcards)
    return f"results/reads/{wildcards.sample}/{wildcards.sample}.cram"


def quality_if_read(wildcards):
    """Quality of a sample with reads: copies of X and Y."""
    if entry(wildcards.sample) == "gvcf":
        return []
    return f"results/reads/{wildcards.sample}/{wildcards.sample}.quality.tsv"


def call_options(wildcards, input):
    """Options of calling from reads, or of adopting a gVCF."""
    if entry(wildcards.sample) == "gvcf":
        return f"adopt-gvcf --units {shlex.quote(input.units)}"
    unit = units(wildcards.sample)[0]
    return (
        f"call --cram {shlex.quote(str(input.source))} "
        f"--quality {shlex.quote(str(input.quality))} "
        f"--sex {unit['sex']} --assay {unit['assay']}"
    )


def call_threads(wildcards):
    """Threads of calling: one where there is no work for more, as in a few genes."""
    fasta = Path(config["reference"]["fasta"])
    small = fasta.exists() and fasta.stat().st_size < SMALL_FASTA
    return 1 if small or entry(wildcards.sample) == "gvcf" else 4


def variants_from(wildcards):
    """gVCF of a sample, or its own plain VCF."""
    if entry(wildcards.sample) == "vcf":
        return sample_files(wildcards)
    return f"results/calling/{wildcards.sample}/{wildcards.sample}.g.vcf.gz"


def variants_command(wildcards, input):
    """Command that makes the normalised VCF of a sample."""
    if entry(wildcards.sample) == "vcf":
        return (
            f"adopt-vcf --sample {wildcards.sample} --units {shlex.quote(input.units)}"
        )
    return f"variants --gvcf {shlex.quote(str(input.source))}"


def gvcf_if_any(wildcards):
    """gVCF of a sample that did not enter by plain VCF."""
    if entry(wildcards.sample) == "vcf":
        return []
    return f"results/calling/{wildcards.sample}/{wildcards.sample}.g.vcf.gz"


def calling_entry(wildcards):
    """What the calls are made from: cram, gvcf or vcf."""
    kind = entry(wildcards.sample)
    return kind if kind in ("gvcf", "vcf") else "cram"


def called(suffix):
    """One file of each sample from calling."""
    return lambda wildcards: [f"results/calling/{s}/{s}.{suffix}" for s in samples()]


def of_passed(suffix):
    """One file of each passed sample from calling."""
    return lambda wildcards: [f"results/calling/{s}/{s}.{suffix}" for s in passed()]


def of_passed_with_reads(suffix):
    """The same of those who have reads."""

    def files(wildcards):
        reads = set(with_reads())
        return [f"results/calling/{s}/{s}.{suffix}" for s in passed() if s in reads]

    return files
