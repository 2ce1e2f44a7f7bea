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
    conda:
        TOOLS
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
    conda:
        TOOLS
    params:
        version=SOYANG,
        command=variants_command,
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} calling {params.command} \
            --reference {input.reference:q} \
            --vcf {output.vcf:q}
        """


rule callable:
    input:
        vcf="results/calling/{sample}/{sample}.vcf.gz",
        gvcf=gvcf_if_any,
    output:
        bed="results/calling/{sample}/{sample}.callable.bed.gz",
        calls="results/calling/{sample}/{sample}.calls.tsv",
    log:
        "logs/calling/callable/{sample}.log",
    conda:
        TOOLS
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
