"""admission: sheet, settings, reference and files -> who may enter, and why others may not

check (checkpoint): settings and sheet -> private units, faults
verify: one unit's files, read to their end -> faults
admit (checkpoint): all of it, and what the platform was asked -> admitted, consents, crosswalk
"""


checkpoint check:
    input:
        settings=SETTINGS,
        sheet=config["sheet"],
        pedigree=config.get("pedigree") or [],
    output:
        units="private/admission/units.tsv",
        faults="private/admission/faults.tsv",
    log:
        "logs/admission/check.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        settings=repeated("settings", "settings"),
    shell:
        """
        soyang --log {log:q} admission check \
            {params.settings} \
            --units {output.units:q} \
            --faults {output.faults:q}
        """


rule verify:
    input:
        files=files_of_unit,
        units=ancient("private/admission/units.tsv"),
        reference=REFERENCE,
    output:
        faults="private/admission/verified/{unit}.tsv",
    log:
        "logs/admission/verify/{unit}.log",
    benchmark:
        "logs/admission/verify/{unit}.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
        sample=sample_of_unit,
    shell:
        """
        soyang --log {log:q} --subject {params.sample} admission verify \
            --unit {wildcards.unit} \
            --units {input.units:q} \
            --reference {input.reference:q} \
            --faults {output.faults:q}
        """


checkpoint admit:
    input:
        settings=SETTINGS,
        sheet=config["sheet"],
        pedigree=config.get("pedigree") or [],
        units="private/admission/units.tsv",
        check_faults="private/admission/faults.tsv",
        verified=lambda wildcards: [
            f"private/admission/verified/{u['unit']}.tsv"
            for u in units()
            if u["sample"] not in dropped("admission")
        ],
        known=enquired("known"),
        consent_records=enquired("consents"),
        specimens=enquired("specimens"),
    output:
        admitted="results/admission/admitted.tsv",
        consents="results/admission/consents.tsv",
        faults="private/admission/all_faults.tsv",
        crosswalk="private/admission/crosswalk.tsv",
    log:
        "logs/admission/admit.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        settings=repeated("settings", "settings"),
        verified=repeated("verified", "verified"),
        known=optional("known"),
        consent_records=optional("consent_records"),
        specimens=optional("specimens"),
    shell:
        """
        soyang --log {log:q} admission admit \
            {params.settings} \
            --units {input.units:q} \
            --check-faults {input.check_faults:q} \
            {params.verified} \
            {params.known} \
            {params.consent_records} \
            {params.specimens} \
            --admitted {output.admitted:q} \
            --consents {output.consents:q} \
            --faults {output.faults:q} \
            --crosswalk {output.crosswalk:q}
        """
