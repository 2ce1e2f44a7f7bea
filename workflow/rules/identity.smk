"""identity: genotypes, quality, the sheet and the platform's record -> pass or quarantine

sketch: a sample's biallelic SNVs
relate: all pairs -> kinship against the pedigree, duplicates
judge (checkpoint): one verdict a sample; only passes go on
"""


rule sketch:
    input:
        vcf="results/calling/{sample}/{sample}.vcf.gz",
    output:
        sketch="results/identity/sketch/{sample}.parquet",
    log:
        "logs/identity/sketch/{sample}.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} identity sketch \
            --vcf {input.vcf:q} \
            --sketch {output.sketch:q}
        """


rule relate:
    input:
        admitted=ancient("results/admission/admitted.tsv"),
        sketch=lambda wildcards: collect(
            "results/identity/sketch/{sample}.parquet", sample=samples()
        ),
        callable_bed=called("callable.bed.gz"),
        calls=called("calls.tsv"),
    output:
        kinship="results/identity/kinship.tsv",
    log:
        "logs/identity/relate.log",
    benchmark:
        "logs/identity/relate.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
        told=told("person", "sample", "sex", "father", "mother"),
        sketch=repeated("sketch", "sketch"),
        callable_bed=repeated("callable-bed", "callable_bed"),
        calls=repeated("calls", "calls"),
        thresholds=options(
            "identity",
            "min_sites",
            "max_parent_child_ibs0",
            "min_duplicate_kinship",
            "min_duplicate_concordance",
        ),
    shell:
        """
        soyang --log {log:q} identity relate \
            --admitted {input.admitted:q} \
            {params.sketch} \
            {params.callable_bed} \
            {params.calls} \
            {params.thresholds} \
            --kinship {output.kinship:q}
        """


checkpoint judge:
    input:
        admitted=ancient("results/admission/admitted.tsv"),
        kinship="results/identity/kinship.tsv",
        quality=lambda wildcards: [
            f"results/reads/{s}/{s}.quality.tsv" for s in with_reads()
        ],
        calls=called("calls.tsv"),
        facts=recorded_facts,
    output:
        verdicts=report(
            "results/identity/verdicts.tsv",
            caption="../report/verdicts.rst",
            category="Identity",
        ),
    log:
        "logs/identity/judge.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        told=told("person", "sample", "sex", "father", "mother", "collected"),
        quality=repeated("quality", "quality"),
        calls=repeated("calls", "calls"),
        facts=optional("facts"),
        thresholds=options(
            "identity",
            "max_male_x_depth_ratio",
            "min_male_y_depth_ratio",
            "transfusion_days",
        ),
    shell:
        """
        soyang --log {log:q} identity judge \
            --admitted {input.admitted:q} \
            --kinship {input.kinship:q} \
            {params.quality} \
            {params.calls} \
            {params.facts} \
            {params.thresholds} \
            --verdicts {output.verdicts:q}
        """
