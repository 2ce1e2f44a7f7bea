"""cohort: everyone who passed -> genotypes, callable regions, counts

join: per-sample calls -> samples, genotypes, callable (Parquet)
count: AC, AN, nhomalt over counted samples, only where callable
"""


rule join:
    input:
        admitted=ancient("results/admission/admitted.tsv"),
        verdicts="results/identity/verdicts.tsv",
        vcf=of_passed("vcf.gz"),
        callable_bed=of_passed("callable.bed.gz"),
        calls=of_passed("calls.tsv"),
    output:
        samples="results/cohort/samples.parquet",
        genotypes="results/cohort/genotypes.parquet",
        callable="results/cohort/callable.parquet",
    log:
        "logs/cohort/join.log",
    benchmark:
        "logs/cohort/join.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
        told=told("person", "sample", scope="research"),
        vcf=repeated("vcf", "vcf"),
        callable_bed=repeated("callable-bed", "callable_bed"),
        calls=repeated("calls", "calls"),
        admit_mixed=options("calling", "admit_mixed"),
    shell:
        """
        soyang --log {log:q} cohort join \
            --admitted {input.admitted:q} \
            --verdicts {input.verdicts:q} \
            {params.vcf} \
            {params.callable_bed} \
            {params.calls} \
            {params.admit_mixed} \
            --samples {output.samples:q} \
            --genotypes {output.genotypes:q} \
            --callable {output.callable:q}
        """


rule count:
    input:
        samples="results/cohort/samples.parquet",
        genotypes="results/cohort/genotypes.parquet",
        callable="results/cohort/callable.parquet",
        admitted=ancient("results/admission/admitted.tsv"),
    output:
        sites="results/cohort/sites.parquet",
    log:
        "logs/cohort/count.log",
    benchmark:
        "logs/cohort/count.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
        told=told("sample", "sex"),
        assembly=config["reference"]["assembly"],
    shell:
        """
        soyang --log {log:q} cohort count \
            --samples {input.samples:q} \
            --genotypes {input.genotypes:q} \
            --callable {input.callable:q} \
            --admitted {input.admitted:q} \
            --assembly {params.assembly} \
            --sites {output.sites:q}
        """
