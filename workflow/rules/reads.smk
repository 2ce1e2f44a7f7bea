"""reads: FASTQ, BAM or CRAM -> analysis-ready CRAM and its quality

reference: the settings' FASTA -> upper-case copy with all indexes
align: lanes, trimmed, aligned, sorted, duplicates marked in one pipe -> CRAM
       (a BAM or CRAM is adopted: duplicates marked anew, header made ours)
measure: CRAM -> samtools stats, mosdepth, one row of quality
multiqc: everyone's quality on one page
"""


rule reference:
    input:
        fasta=config["reference"]["fasta"],
    output:
        multiext(REFERENCE, "", ".fai", ".dict", ".known.bed", ".islands.tsv"),
        multiext(REFERENCE, ".amb", ".ann", ".bwt", ".pac", ".sa"),
    log:
        "logs/reads/reference.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        assembly=config["reference"]["assembly"],
        folder=lambda wildcards, output: Path(output[0]).parent,
    shell:
        """
        soyang --log {log:q} reads reference \
            --fasta {input.fasta:q} \
            --assembly {params.assembly} \
            --output {params.folder:q}
        """


rule align:
    input:
        files=sample_files,
        units=ancient("private/admission/units.tsv"),
        reference=REFERENCE,
        index=f"{REFERENCE}.bwt",
    output:
        cram="results/reads/{sample}/{sample}.cram",
        crai="results/reads/{sample}/{sample}.cram.crai",
    log:
        "logs/reads/align/{sample}.log",
    benchmark:
        "logs/reads/align/{sample}.benchmark.tsv"
    conda:
        TOOLS
    threads: 2
    params:
        version=SOYANG,
        facts=sheet_facts("unit", "lane", "entry"),
        verb=lambda wildcards, input: (
            "align" if entry(wildcards.sample) == "fastq" else "adopt"
        ),
        fastp=lambda wildcards, output: (
            f"--fastp {Path(output.cram).parent / 'fastp'}"
            if entry(wildcards.sample) == "fastq"
            else ""
        ),
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} reads {params.verb} \
            --sample {wildcards.sample} \
            --units {input.units:q} \
            --reference {input.reference:q} \
            --threads {threads} \
            --cram {output.cram:q} \
            {params.fastp}
        """


rule measure:
    input:
        cram="results/reads/{sample}/{sample}.cram",
        reference=REFERENCE,
        targets=lambda wildcards: units(wildcards.sample)[0]["targets"] or [],
    output:
        quality="results/reads/{sample}/{sample}.quality.tsv",
        folder=directory("results/reads/{sample}/qc"),
    log:
        "logs/reads/measure/{sample}.log",
    benchmark:
        "logs/reads/measure/{sample}.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
        assembly=config["reference"]["assembly"],
        min_mapping_quality=config["reads"]["coverage_min_mapping_quality"],
        targets=optional("targets"),
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} reads measure \
            --sample {wildcards.sample} \
            --cram {input.cram:q} \
            --reference {input.reference:q} \
            --assembly {params.assembly} \
            --min-mapping-quality {params.min_mapping_quality} \
            {params.targets} \
            --threads {threads} \
            --output {output.folder:q} \
            --quality {output.quality:q}
        """


rule multiqc:
    input:
        quality=lambda wildcards: collect(
            "results/reads/{sample}/qc", sample=with_reads()
        ),
    output:
        page=report(
            "results/reads/multiqc/multiqc.html",
            caption="../report/multiqc.rst",
            category="Reads",
        ),
    log:
        "logs/reads/multiqc.log",
    conda:
        TOOLS
    params:
        folder=lambda wildcards, output: Path(output.page).parent,
        found=lambda wildcards, input: " ".join(
            str(Path(folder).parent) for folder in input.quality
        ),
    shell:
        """
        multiqc --force --no-ansi --quiet --no-data-dir --no-version-check \
            --module samtools --module mosdepth --module fastp \
            --outdir {params.folder:q} \
            --filename multiqc.html \
            {params.found} >{log:q} 2>&1
        """
