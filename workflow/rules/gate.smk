"""What rules of the identity gate take in, as the settings have it."""


def identity_file(name):
    """A file of the settings, or nothing."""
    return config["identity"][name] or []


def listed_sites(path):
    """A file that a sketch needs only where sites are listed."""
    names = ("sites", "ancestry_reference")
    return path if any(config["identity"][name] for name in names) else []


def contamination_source(wildcards):
    """What another person's DNA is looked for in: the reads, else the calls."""
    sample = wildcards.sample
    if entry(sample) in ("fastq", "ubam", "bam", "cram"):
        cram = f"results/reads/{sample}/{sample}.cram"
        return {"cram": cram, "crai": f"{cram}.crai", "reference": REFERENCE}
    return {"vcf": f"results/calling/{sample}/{sample}.vcf.gz"}


def contamination_options(wildcards, input):
    """The same as options."""
    return " ".join(
        f"--{name} {shlex.quote(str(input.get(name)))}"
        for name in ("cram", "reference", "vcf")
        if input.get(name)
    )


def contaminations(wildcards):
    """Every sample's contamination, where it is assessed."""
    found = samples() if config["identity"]["sites"] else []
    return [f"results/identity/contamination/{s}.tsv" for s in found]


def earlier_tables():
    """Verdicts of earlier batches: who changes these changes what is compared."""
    folders = config["identity"]["earlier"].values()
    return [f"{folder}/identity/verdicts.tsv" for folder in folders]


def earlier_options():
    """Earlier batches as options."""
    return " ".join(
        f"--earlier {shlex.quote(f'{name}={folder}')}"
        for name, folder in sorted(config["identity"]["earlier"].items())
    )


def decided_files():
    """Decisions and their signature, or nothing."""
    file = config["identity"]["overrides"]
    return [file, f"{file}.sig"] if file else []


def decided_options():
    """Decisions and the keys of who may decide, as options."""
    file = config["identity"]["overrides"]
    keys = config["identity"]["override_keys"] if file else []
    words = [f"--overrides {shlex.quote(file)}"] if file else []
    return " ".join(words + [f"--override-key {shlex.quote(key)}" for key in keys])


def ancestry_if_any():
    """The table of ancestry groups, where a reference is set."""
    named = config["identity"]["ancestry_reference"] and samples()
    return ["results/identity/ancestry.tsv"] if named else []
