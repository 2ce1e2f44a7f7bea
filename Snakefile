"""Soyang: from sequencing reads to precision-medicine reports. Start it with workflow/run.py."""

from pathlib import Path

from snakemake.utils import min_version, validate

min_version("9.0")


configfile: Path(workflow.basedir) / "config" / "config.yaml"


report: "workflow/report/workflow.rst"


validate(config, Path(workflow.basedir) / "workflow" / "schemas" / "config.schema.json")


include: "workflow/rules/common.smk"
include: "workflow/rules/options.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/clinical.smk"
include: "workflow/rules/aligning.smk"
include: "workflow/rules/gate.smk"
include: "workflow/rules/resources.smk"
include: "workflow/rules/admission.smk"
include: "workflow/rules/reads.smk"
include: "workflow/rules/calling.smk"
include: "workflow/rules/identity.smk"
include: "workflow/rules/cohort.smk"
include: "workflow/rules/annotation.smk"
include: "workflow/rules/phenotypes.smk"
include: "workflow/rules/interpretation.smk"
include: "workflow/rules/reports.smk"
include: "workflow/rules/governance.smk"


# On a cluster these stay with Snakemake: they are short, and where the private tables and the
# platform can be reached, nodes often can't.
localrules:
    all,
    check,
    enquire,
    admit,
    fetch,
    provenance,
    consents,
    ledger,


rule all:
    default_target: True
    input:
        "results/governance/ledger.tsv",
        "results/ro-crate-metadata.json",
        "results/governance/affected.tsv",
        lambda wildcards: annotation_results(),
        lambda wildcards: ancestry_if_any(),
        lambda wildcards: clinical_results() if samples() else [],
        "results/governance/multiqc/multiqc.html",
