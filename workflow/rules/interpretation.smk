"""interpretation: annotated genotypes, pedigree and phenotypes -> findings with reasons

Consent comes in as the person's own parameter: whoever narrows it, only they are interpreted
anew, and what they did not consent to is not computed.
"""


rule interpret:
    input:
        admitted=ancient("results/admission/admitted.tsv"),
        verdicts="results/identity/verdicts.tsv",
        samples="results/cohort/samples.parquet",
        genotypes="results/cohort/genotypes.parquet",
        callable="results/cohort/callable.parquet",
        annotated="results/annotation/sites.parquet",
        exons="results/annotation/exons.parquet",
        events="results/annotation/events.parquet",
        mitochondrial_sites="results/annotation/mitochondrial.parquet",
        events_assessed="results/annotation/events_assessed.parquet",
        persons="results/phenotypes/persons.tsv",
        person_mapping="results/phenotypes/person_mapping.tsv",
        profile="results/phenotypes/profile.tsv",
        terms="results/phenotypes/terms.parquet",
        diseases="results/phenotypes/diseases.parquet",
        sources="results/governance/sources.json",
    output:
        findings="results/interpretation/{person}.findings.json",
    log:
        "logs/interpretation/interpret/{person}.log",
    benchmark:
        "logs/interpretation/interpret/{person}.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
        told=told_of_person,
        scopes=scopes,
        assembly=config["reference"]["assembly"],
        inputs=named_inputs,
        thresholds=options(
            "interpretation",
            "max_frequency_dominant",
            "max_frequency_recessive",
            "min_genotype_depth",
            "min_allele_balance",
        ),
    shell:
        """
        soyang --log {log:q} --subject {wildcards.person} interpretation interpret \
            --person {wildcards.person} \
            {params.scopes} \
            {params.inputs} \
            --assembly {params.assembly} \
            {params.thresholds} \
            --findings {output.findings:q}
        """
