"""identity: genotypes, quality, the sheet and the platform's record -> pass or quarantine

sketch: a sample's biallelic SNVs
contamination: another person's DNA in a sample; only where common sites are set
ancestry: groups of a named reference; only where one is set
relate: all pairs -> kinship against the pedigree, duplicates, earlier batches
judge (checkpoint): one verdict a sample; only passes go on
"""


rule sketch:
    input:
        vcf="results/calling/{sample}/{sample}.vcf.gz",
        callable_bed=listed_sites("results/calling/{sample}/{sample}.callable.bed.gz"),
        calls=listed_sites("results/calling/{sample}/{sample}.calls.tsv"),
        sites=identity_file("sites"),
        ancestry_reference=identity_file("ancestry_reference"),
    output:
        sketch="results/identity/sketch/{sample}.parquet",
    log:
        "logs/identity/sketch/{sample}.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        assembly=config["reference"]["assembly"],
        callable_bed=optional("callable_bed"),
        calls=optional("calls"),
        sites=optional("sites"),
        ancestry_reference=optional("ancestry_reference"),
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} identity sketch \
            --vcf {input.vcf:q} \
            {params.callable_bed} \
            {params.calls} \
            {params.sites} \
            {params.ancestry_reference} \
            --assembly {params.assembly} \
            --sketch {output.sketch:q}
        """


rule contamination:
    input:
        unpack(contamination_source),
        sites=identity_file("sites"),
    output:
        contamination="results/identity/contamination/{sample}.tsv",
    log:
        "logs/identity/contamination/{sample}.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        source=contamination_options,
        sites=optional("sites"),
        thresholds=options("identity", "min_contamination_sites"),
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} identity contamination \
            --sample {wildcards.sample} \
            {params.sites} \
            {params.source} \
            {params.thresholds} \
            --contamination {output.contamination:q}
        """


rule ancestry:
    input:
        sketch=lambda wildcards: collect(
            "results/identity/sketch/{sample}.parquet", sample=samples()
        ),
        ancestry_reference=identity_file("ancestry_reference"),
    output:
        ancestry="results/identity/ancestry.tsv",
    log:
        "logs/identity/ancestry.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        assembly=config["reference"]["assembly"],
        sketch=repeated("sketch", "sketch"),
        ancestry_reference=optional("ancestry_reference"),
        thresholds=options("identity", "min_ancestry_sites", "min_ancestry_share"),
    shell:
        """
        soyang --log {log:q} identity ancestry \
            {params.sketch} \
            {params.ancestry_reference} \
            --assembly {params.assembly} \
            {params.thresholds} \
            --ancestry {output.ancestry:q}
        """


rule relate:
    input:
        admitted=ancient("results/admission/admitted.tsv"),
        sketch=lambda wildcards: collect(
            "results/identity/sketch/{sample}.parquet", sample=samples()
        ),
        callable_bed=lambda wildcards: (
            [] if config["identity"]["sites"] else called("callable.bed.gz")(wildcards)
        ),
        calls=called("calls.tsv"),
        sites=identity_file("sites"),
        earlier=earlier_tables(),
    output:
        kinship="results/identity/kinship.tsv",
        heterozygosity="results/identity/heterozygosity.tsv",
    log:
        "logs/identity/relate.log",
    benchmark:
        "logs/identity/relate.benchmark.tsv"
    conda:
        TOOLS
    threads: 8
    params:
        version=SOYANG,
        told=told("person", "sample", "sex", "father", "mother"),
        assembly=config["reference"]["assembly"],
        sketch=repeated("sketch", "sketch"),
        callable_bed=repeated("callable-bed", "callable_bed"),
        calls=repeated("calls", "calls"),
        sites=optional("sites"),
        earlier=earlier_options(),
        thresholds=options(
            "identity",
            "min_sites",
            "max_parent_child_ibs0",
            "min_duplicate_kinship",
            "min_duplicate_concordance",
            "min_first_degree_kinship",
        ),
    shell:
        """
        soyang --log {log:q} identity relate \
            --admitted {input.admitted:q} \
            {params.sketch} \
            {params.callable_bed} \
            {params.calls} \
            {params.sites} \
            {params.earlier} \
            --assembly {params.assembly} \
            {params.thresholds} \
            --threads {threads} \
            --kinship {output.kinship:q} \
            --heterozygosity {output.heterozygosity:q}
        """


checkpoint judge:
    input:
        admitted=ancient("results/admission/admitted.tsv"),
        kinship="results/identity/kinship.tsv",
        heterozygosity="results/identity/heterozygosity.tsv",
        quality=lambda wildcards: [
            f"results/reads/{s}/{s}.quality.tsv" for s in with_reads()
        ],
        calls=called("calls.tsv"),
        contamination=contaminations,
        facts=recorded_facts,
        overrides=decided_files(),
    output:
        verdicts=report(
            "results/identity/verdicts.tsv",
            caption="../report/verdicts.rst",
            category="Identity",
        ),
        decisions="results/identity/overrides.tsv",
    log:
        "logs/identity/judge.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        told=told("person", "sample", "sex", "father", "mother", "family", "collected"),
        quality=repeated("quality", "quality"),
        calls=repeated("calls", "calls"),
        contamination=repeated("contamination", "contamination"),
        facts=optional("facts"),
        decided=decided_options(),
        thresholds=options(
            "identity",
            "max_one_x_heterozygosity",
            "min_two_x_heterozygosity",
            "min_sites",
            "min_first_degree_kinship",
            "max_parent_child_ibs0",
            "max_contamination",
            "transfusion_days",
        ),
    shell:
        """
        soyang --log {log:q} identity judge \
            --admitted {input.admitted:q} \
            --kinship {input.kinship:q} \
            --heterozygosity {input.heterozygosity:q} \
            {params.quality} \
            {params.calls} \
            {params.contamination} \
            {params.facts} \
            {params.decided} \
            {params.thresholds} \
            --verdicts {output.verdicts:q} \
            --decisions {output.decisions:q}
        """
