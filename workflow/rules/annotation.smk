"""annotation: each site once -> what it does, what it is called, what is known of it

consequence: bcftools csq (or SnpEff, VEP) on the transcripts
describe: HGVS on chromosome, transcript and protein; exon, NMD, distance to the splice site
annotate: the knowledge release and the cohort's frequencies
reannotate: who a new knowledge release affects
haplotypes: variants of one person that meet in one codon
identify: key, SPDI and VRS id
events: structural, copy-number and mitochondrial variants -> genes, regions, what is known
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
    threads: 2
    params:
        version=SOYANG,
        engine=engine_options(),
    shell:
        """
        soyang --log {log:q} annotation consequence \
            --sites {input.sites:q} \
            --reference {input.reference:q} \
            --transcripts {input.transcripts:q} \
            {params.engine} \
            --threads {threads} \
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
        manifest=release_manifest(),
    output:
        annotated="results/annotation/sites.parquet",
        genes="results/annotation/genes.parquet",
    log:
        "logs/annotation/annotate.log",
    benchmark:
        "logs/annotation/annotate.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
        release=release_option(),
    shell:
        """
        soyang --log {log:q} annotation annotate \
            --described {input.described:q} \
            --sites {input.sites:q} \
            --reference {input.reference:q} \
            {params.release} \
            --annotated {output.annotated:q} \
            --genes {output.genes:q}
        """


rule reannotate:
    input:
        annotated="results/annotation/sites.parquet",
        genotypes="results/cohort/genotypes.parquet",
        manifest=release_manifest(),
    output:
        stored=update(directory("results/annotation/stored")),
        affected="results/annotation/affected.tsv",
    log:
        "logs/annotation/reannotate.log",
    benchmark:
        "logs/annotation/reannotate.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
        release=release_option(),
    shell:
        """
        soyang --log {log:q} annotation reannotate \
            --annotated {input.annotated:q} \
            --genotypes {input.genotypes:q} \
            {params.release} \
            --stored {output.stored:q} \
            --affected {output.affected:q}
        """


rule haplotypes:
    input:
        described="results/annotation/described.parquet",
        genotypes="results/cohort/genotypes.parquet",
        reference=REFERENCE,
        transcripts=config["reference"]["transcripts"],
    output:
        haplotypes="results/annotation/haplotypes.parquet",
    log:
        "logs/annotation/haplotypes.log",
    benchmark:
        "logs/annotation/haplotypes.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
    shell:
        """
        soyang --log {log:q} annotation haplotypes \
            --described {input.described:q} \
            --genotypes {input.genotypes:q} \
            --reference {input.reference:q} \
            --transcripts {input.transcripts:q} \
            --haplotypes {output.haplotypes:q}
        """


rule identify:
    input:
        annotated="results/annotation/sites.parquet",
        reference=REFERENCE,
    output:
        identities="results/annotation/identities.parquet",
    log:
        "logs/annotation/identify.log",
    benchmark:
        "logs/annotation/identify.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
        assembly=config["reference"]["assembly"],
    shell:
        """
        soyang --log {log:q} annotation identify \
            --annotated {input.annotated:q} \
            --reference {input.reference:q} \
            --assembly {params.assembly} \
            --identities {output.identities:q}
        """


rule events:
    input:
        samples="results/cohort/samples.parquet",
        reference=REFERENCE,
        transcripts=config["reference"]["transcripts"],
        structural=(
            of_passed_with_reads("structural.tsv")
            if config["calling"]["structural"]
            else []
        ),
        copy_number=of_passed_with_reads("copy_number.tsv"),
        copy_number_status=of_passed_with_reads("copy_number.status.tsv"),
        mitochondrial=of_passed_with_reads("mitochondrial.tsv"),
        mitochondrial_status=of_passed_with_reads("mitochondrial.status.tsv"),
        manifest=release_manifest(),
    output:
        events="results/annotation/events.parquet",
        sites="results/annotation/mitochondrial.parquet",
        assessed="results/annotation/events_assessed.parquet",
    log:
        "logs/annotation/events.log",
    benchmark:
        "logs/annotation/events.benchmark.tsv"
    conda:
        TOOLS
    params:
        version=SOYANG,
        structural=repeated("structural", "structural"),
        copy_number=repeated("copy-number", "copy_number"),
        copy_number_status=repeated("copy-number-status", "copy_number_status"),
        mitochondrial=repeated("mitochondrial", "mitochondrial"),
        mitochondrial_status=repeated("mitochondrial-status", "mitochondrial_status"),
        assembly=config["reference"]["assembly"],
        release=release_option(),
    shell:
        """
        soyang --log {log:q} annotation events \
            --samples {input.samples:q} \
            {params.structural} \
            {params.copy_number} \
            {params.copy_number_status} \
            {params.mitochondrial} \
            {params.mitochondrial_status} \
            --reference {input.reference:q} \
            --transcripts {input.transcripts:q} \
            --assembly {params.assembly} \
            {params.release} \
            --events {output.events:q} \
            --mitochondrial-sites {output.sites:q} \
            --assessed {output.assessed:q}
        """
