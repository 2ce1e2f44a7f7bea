"""phenotypes: the platform's records -> HPO terms with concept and date

ontology: HPO with its diseases, from the pinned package
extract: OMOP CDM -> persons, profile, what stayed unmapped
"""


rule ontology:
    output:
        terms="results/phenotypes/terms.parquet",
        diseases="results/phenotypes/diseases.parquet",
    log:
        "logs/phenotypes/ontology.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
    shell:
        """
        soyang --log {log:q} phenotypes ontology \
            --terms {output.terms:q} \
            --diseases {output.diseases:q}
        """


rule extract:
    input:
        admitted="results/admission/admitted.tsv",
        crosswalk="private/admission/crosswalk.tsv",
        omop=(config.get("platform") or {}).get("omop") or [],
        terms="results/phenotypes/terms.parquet",
    output:
        persons="results/phenotypes/persons.tsv",
        profile="results/phenotypes/profile.tsv",
        unmapped="results/phenotypes/unmapped.tsv",
    log:
        "logs/phenotypes/extract.log",
    benchmark:
        "logs/phenotypes/extract.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
        omop=optional("omop"),
    shell:
        """
        soyang --log {log:q} phenotypes extract \
            --admitted {input.admitted:q} \
            --crosswalk {input.crosswalk:q} \
            {params.omop} \
            --terms {input.terms:q} \
            --persons {output.persons:q} \
            --profile {output.profile:q} \
            --unmapped {output.unmapped:q}
        """
