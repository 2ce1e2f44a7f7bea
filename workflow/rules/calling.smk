"""calling: CRAM, gVCF or VCF -> normalised gVCF and VCF, callable regions

call: CRAM -> gVCF (another house's gVCF is adopted: checked and normalised)
variants: gVCF -> VCF, one alternate allele a record (a plain VCF is adopted)
callable: where absence of a variant means the reference allele
structural: CRAM -> structural variants of several callers as one call set
copy_number: CRAM -> losses and gains by depth, and where they were looked for
mitochondrial: CRAM -> variants of the mitochondrion with their heteroplasmy
"""

CALLERS = config["calling"]["callers"]
SMALL_FASTA = (
    50_000_000  # bytes of a reference below which a sample is called by one thread
)
CALL_OPTIONS = " ".join(
    [
        f"--assembly {config['reference']['assembly']}",
        options(
            "calling",
            "min_mapping_quality",
            "min_base_quality",
            "max_depth",
            "shard_bases",
        ),
        *(f"--bands {band}" for band in config["calling"]["gvcf_bands"]),
        *(f"--caller {caller}" for caller in CALLERS),
        *(
            f"--deepvariant={shlex.quote(word)}"
            for word in config["calling"]["deepvariant"]
            if "deepvariant" in CALLERS
        ),
    ]
)


rule call:
    input:
        source=called_from,
        quality=quality_if_read,
        shards=config["calling"]["shards"] or [],
        units=ancient("private/admission/units.tsv"),
        reference=REFERENCE,
    output:
        gvcf="results/calling/{sample}/{sample}.g.vcf.gz",
        index="results/calling/{sample}/{sample}.g.vcf.gz.tbi",
        others="results/calling/{sample}/{sample}.others.tsv",
    log:
        "logs/calling/call/{sample}.log",
    benchmark:
        "logs/calling/call/{sample}.benchmark.tsv"
    conda:
        TOOLS
    threads: call_threads
    params:
        version=SOYANG,
        facts=sheet_facts("caller", "sex", "assay"),
        # Apart from what depends on inputs, which is left out when parameters are compared.
        settings=lambda wildcards: (
            "" if entry(wildcards.sample) == "gvcf" else CALL_OPTIONS
        ),
        command=call_options,
        threads=lambda wildcards, input, threads: (
            ""
            if entry(wildcards.sample) == "gvcf"
            else f"--threads {threads} {optional('shards')(wildcards, input)}"
        ),
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} calling {params.command} \
            {params.settings} \
            --sample {wildcards.sample} \
            --reference {input.reference:q} \
            {params.threads} \
            --gvcf {output.gvcf:q} \
            --others {output.others:q}
        """


rule variants:
    input:
        source=variants_from,
        units=ancient("private/admission/units.tsv"),
        reference=REFERENCE,
    output:
        vcf="results/calling/{sample}/{sample}.vcf.gz",
        index="results/calling/{sample}/{sample}.vcf.gz.tbi",
    log:
        "logs/calling/variants/{sample}.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        facts=sheet_facts("caller"),
        command=variants_command,
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} calling {params.command} \
            --reference {input.reference:q} \
            --vcf {output.vcf:q}
        """


rule callable:
    input:
        vcf="results/calling/{sample}/{sample}.vcf.gz",
        gvcf=gvcf_if_any,
    output:
        bed="results/calling/{sample}/{sample}.callable.bed.gz",
        calls="results/calling/{sample}/{sample}.calls.tsv",
    log:
        "logs/calling/callable/{sample}.log",
    conda:
        TOOLS
    params:
        version=SOYANG,
        entry=calling_entry,
        gvcf=optional("gvcf"),
        min_depth=config["calling"]["callable_min_depth"],
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} calling callable \
            --sample {wildcards.sample} \
            --entry {params.entry} \
            --vcf {input.vcf:q} \
            {params.gvcf} \
            --min-depth {params.min_depth} \
            --callable-bed {output.bed:q} \
            --calls {output.calls:q}
        """


rule structural:
    input:
        cram="results/reads/{sample}/{sample}.cram",
        quality="results/reads/{sample}/{sample}.quality.tsv",
        reference=REFERENCE,
        excluded=config["calling"]["structural_excluded"] or [],
    output:
        vcf="results/calling/{sample}/{sample}.structural.vcf.gz",
        index="results/calling/{sample}/{sample}.structural.vcf.gz.tbi",
        events="results/calling/{sample}/{sample}.structural.tsv",
    log:
        "logs/calling/structural/{sample}.log",
    benchmark:
        "logs/calling/structural/{sample}.benchmark.tsv"
    conda:
        TOOLS
    threads: 3
    params:
        version=SOYANG,
        assembly=config["reference"]["assembly"],
        callers=" ".join(f"--caller {name}" for name in config["calling"]["structural"]),
        max_distance=config["calling"]["structural_max_distance"],
        min_similarity=config["calling"]["structural_min_similarity"],
        gap_distance=config["calling"]["structural_gap_distance"],
        excluded=optional("excluded"),
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} calling structural \
            --sample {wildcards.sample} \
            --cram {input.cram:q} \
            --reference {input.reference:q} \
            --assembly {params.assembly} \
            {params.callers} \
            --max-distance {params.max_distance} \
            --min-similarity {params.min_similarity} \
            --gap-distance {params.gap_distance} \
            --quality {input.quality:q} \
            {params.excluded} \
            --threads {threads} \
            --vcf {output.vcf:q} \
            --events {output.events:q}
        """


rule copy_number:
    input:
        cram="results/reads/{sample}/{sample}.cram",
        quality="results/reads/{sample}/{sample}.quality.tsv",
        reference=REFERENCE,
        targets=lambda wildcards: units(wildcards.sample)[0]["targets"] or [],
        panel=config["calling"]["depth_panels"],
    output:
        events="results/calling/{sample}/{sample}.copy_number.tsv",
        status="results/calling/{sample}/{sample}.copy_number.status.tsv",
        segments="results/calling/{sample}/{sample}.segments.tsv",
        depth="results/calling/{sample}/{sample}.depth.parquet",
    log:
        "logs/calling/copy_number/{sample}.log",
    benchmark:
        "logs/calling/copy_number/{sample}.benchmark.tsv"
    conda:
        TOOLS
    threads: 2
    params:
        version=SOYANG,
        assembly=config["reference"]["assembly"],
        min_mapping_quality=config["calling"]["min_mapping_quality"],
        bin_length=config["calling"]["copy_number_bin_length"],
        min_depth=config["calling"]["copy_number_min_depth"],
        max_noise=config["calling"]["copy_number_max_noise"],
        min_quality=config["calling"]["copy_number_min_quality"],
        targets=optional("targets"),
        panel=repeated("panel", "panel"),
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} calling copy-number \
            --sample {wildcards.sample} \
            --cram {input.cram:q} \
            --reference {input.reference:q} \
            --assembly {params.assembly} \
            --bin-length {params.bin_length} \
            --min-mapping-quality {params.min_mapping_quality} \
            --min-depth {params.min_depth} \
            --max-noise {params.max_noise} \
            --min-quality {params.min_quality} \
            --quality {input.quality:q} \
            {params.targets} \
            {params.panel} \
            --threads {threads} \
            --events {output.events:q} \
            --status {output.status:q} \
            --segments {output.segments:q} \
            --depth {output.depth:q}
        """


rule mitochondrial:
    input:
        cram="results/reads/{sample}/{sample}.cram",
        quality="results/reads/{sample}/{sample}.quality.tsv",
        reference=REFERENCE,
    output:
        vcf="results/calling/{sample}/{sample}.mitochondrial.vcf.gz",
        index="results/calling/{sample}/{sample}.mitochondrial.vcf.gz.tbi",
        table="results/calling/{sample}/{sample}.mitochondrial.tsv",
        status="results/calling/{sample}/{sample}.mitochondrial.status.tsv",
        bed="results/calling/{sample}/{sample}.mitochondrial.callable.bed.gz",
    log:
        "logs/calling/mitochondrial/{sample}.log",
    conda:
        TOOLS
    threads: 2
    params:
        version=SOYANG,
        min_heteroplasmy=config["calling"]["mitochondrial_min_heteroplasmy"],
    shell:
        """
        soyang --log {log:q} --subject {wildcards.sample} calling mitochondrial \
            --sample {wildcards.sample} \
            --cram {input.cram:q} \
            --reference {input.reference:q} \
            --quality {input.quality:q} \
            --min-heteroplasmy {params.min_heteroplasmy} \
            --threads {threads} \
            --vcf {output.vcf:q} \
            --table {output.table:q} \
            --status {output.status:q} \
            --callable-bed {output.bed:q}
        """
