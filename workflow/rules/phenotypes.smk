"""phenotypes: the platform's records -> HPO terms, phecodes, timeline, research matrix

ontology: HPO with its diseases, from the pinned package
enquire: who everyone of the sheet is and what they consented to; nothing clinical
fetch: FHIR resources of the admitted -> OMOP-shaped tables (only where the platform is FHIR)
extract: the admitted persons' records, pseudonyms only; after it no rule asks the platform
map: records -> HPO terms, and what led to none
facts: what a genotype can contradict or be confused by, for the identity gate
phecodes: who is a case, and of whom nothing is known
lifelog: wearable days
timeline: all of it in order
matrix: people x phecodes, traits, medicines, for research
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


rule enquire:
    input:
        units="private/admission/units.tsv",
        platform=platform_files("omop", "consents"),
    output:
        known="private/phenotypes/known.tsv",
        consents="private/phenotypes/consents.tsv",
        specimens="private/phenotypes/specimens.tsv",
    log:
        "logs/phenotypes/enquire.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        platform=json_of("platform"),
    shell:
        """
        soyang --log {log:q} phenotypes enquire \
            --platform {params.platform:q} \
            --units {input.units:q} \
            --known {output.known:q} \
            --consents {output.consents:q} \
            --specimens {output.specimens:q}
        """


rule fetch:
    input:
        crosswalk="private/admission/crosswalk.tsv",
    output:
        fetched=directory("private/phenotypes/fhir"),
    log:
        "logs/phenotypes/fetch.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        platform=json_of("platform"),
        # outlives a failed run, so that the next one goes on with the export
        state="private/phenotypes/export",
    shell:
        """
        soyang --log {log:q} phenotypes fetch \
            --platform {params.platform:q} \
            --crosswalk {input.crosswalk:q} \
            --state {params.state:q} \
            --output {output.fetched:q}
        """


rule extract:
    input:
        admitted=ancient("results/admission/admitted.tsv"),
        crosswalk="private/admission/crosswalk.tsv",
        platform=platform_files("omop", "date_shifts"),
        fetched="private/phenotypes/fhir" if PLATFORM.get("fhir") else [],
    output:
        persons="results/phenotypes/persons.tsv",
        events="results/phenotypes/events.parquet",
        periods="results/phenotypes/periods.parquet",
        concepts="results/phenotypes/concepts.parquet",
        ancestors="results/phenotypes/ancestors.parquet",
        code_maps="results/phenotypes/code_maps.parquet",
        vocabularies="results/phenotypes/vocabularies.tsv",
    log:
        "logs/phenotypes/extract.log",
    benchmark:
        "logs/phenotypes/extract.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
        told=told("person", "sample", "hospital"),
        platform=json_of("platform"),
        fetched=optional("fetched"),
    shell:
        """
        soyang --log {log:q} phenotypes extract \
            --platform {params.platform:q} \
            --admitted {input.admitted:q} \
            --crosswalk {input.crosswalk:q} \
            {params.fetched} \
            --persons {output.persons:q} \
            --events {output.events:q} \
            --periods {output.periods:q} \
            --concepts {output.concepts:q} \
            --ancestors {output.ancestors:q} \
            --code-maps {output.code_maps:q} \
            --vocabularies {output.vocabularies:q}
        """


rule map:
    input:
        admitted=ancient("results/admission/admitted.tsv"),
        persons="results/phenotypes/persons.tsv",
        events="results/phenotypes/events.parquet",
        concepts="results/phenotypes/concepts.parquet",
        ancestors="results/phenotypes/ancestors.parquet",
        code_maps="results/phenotypes/code_maps.parquet",
        vocabularies="results/phenotypes/vocabularies.tsv",
        terms="results/phenotypes/terms.parquet",
        loinc2hpo=knowledge("loinc2hpo"),
        ranges=f"{FACTS}/reference_ranges.tsv",
        molar_masses=f"{FACTS}/molar_masses.tsv",
        medicines=f"{FACTS}/medicine_evidence.tsv",
        phenopackets=platform_files("phenopackets"),
        hpo_sheet=platform_files("hpo_sheet"),
    output:
        profile="results/phenotypes/profile.tsv",
        unmapped="results/phenotypes/unmapped.tsv",
        mapping=report(
            "results/phenotypes/mapping.tsv",
            caption="../report/mapping.rst",
            category="Phenotypes",
        ),
        person_mapping="results/phenotypes/person_mapping.tsv",
        evidence="results/phenotypes/evidence.tsv",
    log:
        "logs/phenotypes/map.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        told=told("person"),
        inputs=named_inputs,
    shell:
        """
        soyang --log {log:q} phenotypes map \
            {params.inputs} \
            --profile {output.profile:q} \
            --unmapped {output.unmapped:q} \
            --mapping {output.mapping:q} \
            --person-mapping {output.person_mapping:q} \
            --evidence {output.evidence:q}
        """


rule facts:
    input:
        persons="results/phenotypes/persons.tsv",
        events="results/phenotypes/events.parquet",
        concepts="results/phenotypes/concepts.parquet",
        ancestors="results/phenotypes/ancestors.parquet",
        codes=f"{FACTS}/identity_facts.tsv",
    output:
        facts="results/phenotypes/facts.tsv",
    log:
        "logs/phenotypes/facts.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        inputs=named_inputs,
    shell:
        """
        soyang --log {log:q} phenotypes facts \
            {params.inputs} \
            --facts {output.facts:q}
        """


rule phecodes:
    input:
        admitted=ancient("results/admission/admitted.tsv"),
        persons="results/phenotypes/persons.tsv",
        events="results/phenotypes/events.parquet",
        periods="results/phenotypes/periods.parquet",
        concepts="results/phenotypes/concepts.parquet",
        ancestors="results/phenotypes/ancestors.parquet",
        code_maps="results/phenotypes/code_maps.parquet",
        medicines=f"{FACTS}/medicine_evidence.tsv",
        phecodes=knowledge("phecodes"),
        labels=knowledge("phecodes", "labels"),
    output:
        table="results/phenotypes/phecodes.parquet",
        people="results/phenotypes/phecode_persons.tsv",
    log:
        "logs/phenotypes/phecodes.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        told=told("person", scope="research"),
        inputs=named_inputs,
        rules=options("phenotypes", "min_case_days", "min_observed_days"),
    shell:
        """
        soyang --log {log:q} phenotypes phecodes \
            {params.inputs} \
            {params.rules} \
            --phecodes-table {output.table:q} \
            --people-table {output.people:q}
        """


rule lifelog:
    input:
        crosswalk="private/admission/crosswalk.tsv",
        admitted=ancient("results/admission/admitted.tsv"),
        platform=platform_files("lifelog", "date_shifts"),
        limits=f"{FACTS}/lifelog_limits.tsv",
    output:
        days="results/phenotypes/lifelog_days.parquet",
        summary="results/phenotypes/lifelog.tsv",
    log:
        "logs/phenotypes/lifelog.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        told=told("person"),
        platform=json_of("platform"),
        rules=options("phenotypes", "time_zone", "min_wear_hours"),
    shell:
        """
        soyang --log {log:q} phenotypes lifelog \
            --platform {params.platform:q} \
            --crosswalk {input.crosswalk:q} \
            --admitted {input.admitted:q} \
            --limits {input.limits:q} \
            {params.rules} \
            --days {output.days:q} \
            --summary {output.summary:q}
        """


rule timeline:
    input:
        persons="results/phenotypes/persons.tsv",
        events="results/phenotypes/events.parquet",
        concepts="results/phenotypes/concepts.parquet",
        lifelog_days="results/phenotypes/lifelog_days.parquet",
    output:
        timeline="results/phenotypes/timeline.parquet",
    log:
        "logs/phenotypes/timeline.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        inputs=named_inputs,
        date=config["reports"]["date"],
    shell:
        """
        soyang --log {log:q} phenotypes timeline \
            {params.inputs} \
            --date {params.date} \
            --timeline {output.timeline:q}
        """


rule matrix:
    input:
        admitted=ancient("results/admission/admitted.tsv"),
        persons="results/phenotypes/persons.tsv",
        events="results/phenotypes/events.parquet",
        concepts="results/phenotypes/concepts.parquet",
        ancestors="results/phenotypes/ancestors.parquet",
        phecodes="results/phenotypes/phecodes.parquet",
        people_table="results/phenotypes/phecode_persons.tsv",
        labels=knowledge("phecodes", "labels"),
        molar_masses=f"{FACTS}/molar_masses.tsv",
    output:
        matrix=directory("results/phenotypes/matrix"),
    log:
        "logs/phenotypes/matrix.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        told=told("person", scope="research"),
        inputs=named_inputs,
    shell:
        """
        soyang --log {log:q} phenotypes matrix \
            {params.inputs} \
            --output {output.matrix:q}
        """
