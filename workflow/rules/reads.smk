"""reads: FASTQ, unaligned BAM, BAM or CRAM -> analysis-ready CRAM and its quality

reference: the settings' FASTA -> upper-case copy with all indexes, the aligner's among them
align: lanes, trimmed, aligned, sorted, duplicates marked in one pipe -> CRAM
       (a BAM or CRAM is adopted: duplicates marked anew, header made ours)
measure: CRAM -> samtools stats, mosdepth, one row of quality, coverage of each gene
"""


rule reference:
    input:
        fasta=config["reference"]["fasta"],
        index=given_index(),
    output:
        multiext(REFERENCE, "", ".fai", ".dict", ".known.bed"),
        index=directory(INDEX),
    log:
        "logs/reads/reference.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        assembly=config["reference"]["assembly"],
        aligner=options("reads", "aligner"),
        index=options("reads", "index") if config["reads"]["index"] else "",
        folder=lambda wildcards, output: Path(output[0]).parent,
    shell:
        """
        soyang --log {log:q} reads reference \
            --fasta {input.fasta:q} \
            --assembly {params.assembly} \
            {params.aligner} \
            {params.index} \
            --output {params.folder:q}
        """


rule align:
    input:
        files=sample_files,
        units=ancient("private/admission/units.tsv"),
        reference=REFERENCE,
        index=INDEX,
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
        facts=sheet_facts("unit", "lane", "entry", "umi"),
        verb=lambda wildcards, input: "align" if unaligned(wildcards) else "adopt",
        aligned=align_options,
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} reads {params.verb} \
            --sample {wildcards.sample} \
            --units {input.units:q} \
            --reference {input.reference:q} \
            --threads {threads} \
            --cram {output.cram:q} \
            {params.aligned}
        """


rule measure:
    input:
        cram="results/reads/{sample}/{sample}.cram",
        reference=REFERENCE,
        transcripts=config["reference"]["transcripts"],
        targets=lambda wildcards: units(wildcards.sample)[0]["targets"] or [],
    output:
        quality="results/reads/{sample}/{sample}.quality.tsv",
        genes="results/reads/{sample}/{sample}.genes.tsv",
        folder=directory("results/reads/{sample}/qc"),
    log:
        "logs/reads/measure/{sample}.log",
    benchmark:
        "logs/reads/measure/{sample}.benchmark.tsv"
    conda:
        TOOLS
    threads: 2
    params:
        version=SOYANG,
        assembly=config["reference"]["assembly"],
        min_mapping_quality=config["reads"]["coverage_min_mapping_quality"],
        callable=options("calling", "callable_min_depth"),
        copies=options("reads", "copies_tolerance"),
        sex=options("identity", "max_male_x_depth_ratio", "min_male_y_depth_ratio"),
        targets=optional("targets"),
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} reads measure \
            --sample {wildcards.sample} \
            --cram {input.cram:q} \
            --reference {input.reference:q} \
            --assembly {params.assembly} \
            --transcripts {input.transcripts:q} \
            --min-mapping-quality {params.min_mapping_quality} \
            {params.callable} \
            {params.copies} \
            {params.sex} \
            {params.targets} \
            --threads {threads} \
            --output {output.folder:q} \
            --quality {output.quality:q} \
            --genes {output.genes:q}
        """
