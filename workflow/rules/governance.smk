"""governance: what the run rests on, and how everyone ended

provenance: tools, packages and knowledge; the sources that reports cite
consents: the register of consents, and what their changes reach
ledger: one row for everyone of the sheet
"""


rule provenance:
    input:
        settings=SETTINGS,
    output:
        provenance="results/governance/provenance.json",
        sources="results/governance/sources.json",
    log:
        "logs/governance/provenance.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        settings=repeated("settings", "settings"),
    shell:
        """
        soyang --log {log:q} governance provenance \
            {params.settings} \
            --output {output.provenance:q} \
            --sources {output.sources:q}
        """


rule consents:
    input:
        consents="results/admission/consents.tsv",
        admitted="results/admission/admitted.tsv",
    output:
        register=update("results/governance/consent_register.tsv"),
        affected="results/governance/affected.tsv",
    log:
        "logs/governance/consents.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        date=config["reports"]["date"],
    shell:
        """
        soyang --log {log:q} governance consents \
            --consents {input.consents:q} \
            --admitted {input.admitted:q} \
            --date {params.date:q} \
            --register {output.register:q} \
            --affected {output.affected:q}
        """


rule ledger:
    input:
        admitted="results/admission/admitted.tsv",
        verdicts=lambda wildcards: (
            "results/identity/verdicts.tsv" if samples() else []
        ),
        dropped=lambda wildcards: [DROPPED] if Path(DROPPED).exists() else [],
        report=lambda wildcards: [
            f"results/reports/{person}/report.json" for person in persons_to_report()
        ],
    output:
        ledger=report(
            "results/governance/ledger.tsv",
            caption="../report/ledger.rst",
            category="Governance",
        ),
    log:
        "logs/governance/ledger.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        verdicts=optional("verdicts"),
        dropped=optional("dropped"),
        report=repeated("report", "report"),
    shell:
        """
        soyang --log {log:q} governance ledger \
            --admitted {input.admitted:q} \
            {params.verdicts} \
            {params.dropped} \
            {params.report} \
            --ledger {output.ledger:q}
        """
