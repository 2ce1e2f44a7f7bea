"""calling: CRAM, gVCF or VCF -> normalised gVCF and VCF, callable regions

call: CRAM -> gVCF (another house's gVCF is adopted: checked and normalised)
variants: gVCF -> VCF, one alternate allele a record (a plain VCF is adopted)
callable: where absence of a variant means the reference allele
"""

CALL_OPTIONS = options(
    "calling",
    "min_mapping_quality",
    "min_base_quality",
    "max_depth",
    "shard_bases",
)


def called_from(wildcards):
    """CRAM of a sample with reads, else its own gVCF."""
    if entry(wildcards.sample) == "gvcf":
        return sample_files(wildcards)
    return f"results/reads/{wildcards.sample}/{wildcards.sample}.cram"


def call_options(wildcards, input):
    """Options of calling from reads, or of adopting a gVCF."""
    if entry(wildcards.sample) == "gvcf":
        return f"adopt-gvcf --units {shlex.quote(input.units)}"
    bands = " ".join(f"--bands {band}" for band in config["calling"]["gvcf_bands"])
    sex = units(wildcards.sample)[0]["sex"]
    assembly = config["reference"]["assembly"]
    return (
        f"call --cram {shlex.quote(str(input.source))} --assembly {assembly} "
        f"--sex {sex} {CALL_OPTIONS} {bands}"
    )


rule call:
    input:
        source=called_from,
        units=ancient("private/admission/units.tsv"),
        reference=REFERENCE,
    output:
        gvcf="results/calling/{sample}/{sample}.g.vcf.gz",
        index="results/calling/{sample}/{sample}.g.vcf.gz.tbi",
    log:
        "logs/calling/call/{sample}.log",
    benchmark:
        "logs/calling/call/{sample}.benchmark.tsv"
    params:
        version=SOYANG,
        command=call_options,
        threads=lambda wildcards, threads: (
            "" if entry(wildcards.sample) == "gvcf" else f"--threads {threads}"
        ),
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} calling {params.command} \
            --sample {wildcards.sample} \
            --reference {input.reference:q} \
            {params.threads} \
            --gvcf {output.gvcf:q}
        """


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


rule variants:
    input:
        source=variants_from,
        units=ancient("private/admission/units.tsv"),
        reference=REFERENCE,
    output:
        vcf="results/calling/{sample}/{sample}.vcf.gz",
        index="results/calling/{sample}/{sample}.vcf.gz.tbi",
    log:
        "logs/calling/variants/{sample}.log",
    params:
        version=SOYANG,
        command=variants_command,
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} calling {params.command} \
            --reference {input.reference:q} \
            --vcf {output.vcf:q}
        """


def gvcf_if_any(wildcards):
    """gVCF of a sample that did not enter by plain VCF."""
    if entry(wildcards.sample) == "vcf":
        return []
    return f"results/calling/{wildcards.sample}/{wildcards.sample}.g.vcf.gz"


def calling_entry(wildcards):
    """What the calls are made from: cram, gvcf or vcf."""
    kind = entry(wildcards.sample)
    return kind if kind in ("gvcf", "vcf") else "cram"


rule callable:
    input:
        vcf="results/calling/{sample}/{sample}.vcf.gz",
        gvcf=gvcf_if_any,
    output:
        bed="results/calling/{sample}/{sample}.callable.bed.gz",
        calls="results/calling/{sample}/{sample}.calls.tsv",
    log:
        "logs/calling/callable/{sample}.log",
    params:
        version=SOYANG,
        entry=calling_entry,
        gvcf=optional("gvcf"),
        min_depth=config["calling"]["callable_min_depth"],
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} calling callable \
            --sample {wildcards.sample} \
            --entry {params.entry} \
            --vcf {input.vcf:q} \
            {params.gvcf} \
            --min-depth {params.min_depth} \
            --callable-bed {output.bed:q} \
            --calls {output.calls:q}
        """
