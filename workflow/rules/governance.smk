"""governance: what the run rests on, and how everyone ended

provenance: tools, packages and knowledge; the sources that reports cite
crate: the run as a Workflow Run RO-Crate
consents: the register of consents, and what their changes reach
ledger: one row for everyone of the sheet
sections: identity, coverage of genes and ledger, as MultiQC takes them
multiqc: everyone's quality, identity and end on one page, for staff
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


rule crate:
    input:
        provenance="results/governance/provenance.json",
        ledger="results/governance/ledger.tsv",
        workflow=f"{workflow.basedir}/Snakefile",
    output:
        metadata="results/ro-crate-metadata.json",
        workflow="results/governance/Snakefile",
    log:
        "logs/governance/crate.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        date=config["reports"]["date"],
    shell:
        """
        soyang --log {log:q} governance crate \
            --provenance {input.provenance:q} \
            --ledger {input.ledger:q} \
            --workflow {input.workflow:q} \
            --date {params.date:q} \
            --logs logs \
            --metadata {output.metadata:q}
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


rule sections:
    input:
        ledger="results/governance/ledger.tsv",
        verdicts=lambda wildcards: (
            "results/identity/verdicts.tsv" if samples() else []
        ),
        quality=lambda wildcards: collect(
            "results/reads/{sample}/{sample}.quality.tsv", sample=with_reads()
        ),
        genes=lambda wildcards: collect(
            "results/reads/{sample}/{sample}.genes.tsv", sample=with_reads()
        ),
    output:
        folder=directory("results/governance/sections"),
    log:
        "logs/governance/sections.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        verdicts=optional("verdicts"),
        quality=repeated("quality", "quality"),
        genes=repeated("genes", "genes"),
    shell:
        """
        soyang --log {log:q} governance sections \
            --ledger {input.ledger:q} \
            {params.verdicts} \
            {params.quality} \
            {params.genes} \
            --output {output.folder:q}
        """


rule multiqc:
    input:
        sections="results/governance/sections",
        quality=lambda wildcards: collect(
            "results/reads/{sample}/qc", sample=with_reads()
        ),
    output:
        page=report(
            "results/governance/multiqc/multiqc.html",
            caption="../report/multiqc.rst",
            category="Governance",
        ),
    log:
        "logs/governance/multiqc.log",
    conda:
        TOOLS
    params:
        folder=lambda wildcards, output: Path(output.page).parent,
    shell:
        """
        multiqc --force --no-ansi --quiet --no-data-dir --no-version-check \
            --module samtools --module mosdepth --module fastp --module custom_content \
            --outdir {params.folder:q} \
            --filename multiqc.html \
            {input.sections:q} results/reads >{log:q} 2>&1
        """
