"""annotation: each site once -> what it does, what it is called, what is known of it

consequence: bcftools csq on MANE transcripts
describe: HGVS on chromosome, transcript and protein
annotate: ClinVar, dbSNP, population and cohort frequency
"""


rule consequence:
    input:
        sites="results/cohort/sites.parquet",
        reference=REFERENCE,
        transcripts=config["reference"]["transcripts"],
    output:
        consequences="results/annotation/consequences.parquet",
    log:
        "logs/annotation/consequence.log",
    benchmark:
        "logs/annotation/consequence.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
    shell:
        """
        soyang --log {log:q} annotation consequence \
            --sites {input.sites:q} \
            --reference {input.reference:q} \
            --transcripts {input.transcripts:q} \
            --consequences {output.consequences:q}
        """


rule describe:
    input:
        consequences="results/annotation/consequences.parquet",
        sites="results/cohort/sites.parquet",
        reference=REFERENCE,
        transcripts=config["reference"]["transcripts"],
    output:
        described="results/annotation/described.parquet",
        exons="results/annotation/exons.parquet",
    log:
        "logs/annotation/describe.log",
    benchmark:
        "logs/annotation/describe.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
        assembly=config["reference"]["assembly"],
    shell:
        """
        soyang --log {log:q} annotation describe \
            --consequences {input.consequences:q} \
            --sites {input.sites:q} \
            --reference {input.reference:q} \
            --transcripts {input.transcripts:q} \
            --assembly {params.assembly} \
            --described {output.described:q} \
            --exons {output.exons:q}
        """


rule annotate:
    input:
        described="results/annotation/described.parquet",
        sites="results/cohort/sites.parquet",
        reference=REFERENCE,
        clinvar=knowledge("clinvar"),
        dbsnp=knowledge("dbsnp"),
        frequencies=knowledge("frequencies"),
    output:
        annotated="results/annotation/sites.parquet",
    log:
        "logs/annotation/annotate.log",
    benchmark:
        "logs/annotation/annotate.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
        clinvar=optional("clinvar"),
        dbsnp=optional("dbsnp"),
        frequencies=optional("frequencies"),
    shell:
        """
        soyang --log {log:q} annotation annotate \
            --described {input.described:q} \
            --sites {input.sites:q} \
            --reference {input.reference:q} \
            {params.clinvar} \
            {params.dbsnp} \
            {params.frequencies} \
            --annotated {output.annotated:q}
        """
