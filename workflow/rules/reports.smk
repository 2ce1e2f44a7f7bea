"""reports: findings -> one canonical JSON and its pages, one a language"""

LANGUAGES = config["reports"]["languages"]


rule report:
    input:
        findings="results/interpretation/{person}.findings.json",
        findings_schema=f"{SCHEMAS}/findings.schema.json",
        report_schema=f"{SCHEMAS}/report.schema.json",
        actions=f"{workflow.basedir}/resources/knowledge/actions.tsv",
    output:
        report="results/reports/{person}/report.json",
        page="results/reports/{person}/report.html",
        translations=[
            f"results/reports/{{person}}/report.{language}.html"
            for language in LANGUAGES[1:]
        ],
    log:
        "logs/reports/report/{person}.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        languages=" ".join(f"--language {language}" for language in LANGUAGES),
        date=config["reports"]["date"],
        title_notes=" ".join(
            f"--title-note {shlex.quote(f'{language}={note}')}"
            for language, note in config["reports"]["title_note"].items()
        ),
        folder=lambda wildcards, output: Path(output.report).parent,
    shell:
        """
        soyang --log {log:q} --subject {wildcards.person} reports report \
            --findings {input.findings:q} \
            --findings-schema {input.findings_schema:q} \
            --report-schema {input.report_schema:q} \
            --actions {input.actions:q} \
            {params.languages} \
            --date {params.date:q} \
            {params.title_notes} \
            --output {params.folder:q}
        """
