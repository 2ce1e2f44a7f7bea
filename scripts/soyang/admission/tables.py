"""Files that admission hands on."""

from dataclasses import replace

import polars as pl

from soyang.core.people import Affected, Consent, Sex
from soyang.core.tables import Column, Table

ENTRIES = ("fastq", "ubam", "bam", "cram", "gvcf", "vcf")

COLLECTED = Column(
    name="collected",
    dtype=pl.Date,
    nullable=True,
    meaning="day on which the specimen was taken; missing: not known",
)

FAULTS = Table(
    name="admission.faults",
    meaning="one fault found in the inputs",
    columns=(
        Column(name="scope", dtype=pl.String, allowed=("run", "sample"), meaning="what it stops"),
        Column(name="person", dtype=pl.String, meaning="pseudonym, empty where no person is meant"),
        Column(name="sample", dtype=pl.String, meaning="sample, empty where none is meant"),
        Column(name="code", dtype=pl.String, meaning="kind of fault, a stable name"),
        Column(name="file", dtype=pl.String, meaning="file as the user named it"),
        Column(name="row", dtype=pl.String, meaning="1-based line (header is 1) or record name"),
        Column(name="column", dtype=pl.String, meaning="column or key"),
        Column(name="found", dtype=pl.String, meaning="what was found"),
        Column(name="allowed", dtype=pl.String, meaning="what would be accepted"),
        Column(name="next_step", dtype=pl.String, meaning="what to do"),
    ),
)

UNITS = Table(
    name="admission.units",
    meaning="one sequencing unit: a readable row of the sheet. Private: it holds paths "
    "and platform identifiers, lies under private/ and is readable by its owner only",
    columns=(
        Column(name="row", dtype=pl.Int64, meaning="1-based line in the sheet"),
        Column(name="unit", dtype=pl.String, meaning="<sample>.<lane>, the name of the unit"),
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="sample", dtype=pl.String, meaning="sample; the VCF column and SM tag"),
        Column(name="hospital", dtype=pl.String, meaning="hospital"),
        Column(name="lane", dtype=pl.String, meaning="lane"),
        Column(name="entry", dtype=pl.String, allowed=ENTRIES, meaning="kind of file"),
        Column(name="path_1", dtype=pl.String, meaning="FASTQ of mate 1, or the one file"),
        Column(name="path_2", dtype=pl.String, meaning="FASTQ of mate 2, else empty"),
        Column(name="sex", dtype=pl.String, allowed=tuple(Sex), meaning="recorded sex"),
        Column(name="family", dtype=pl.String, meaning="family, empty if none"),
        Column(name="father", dtype=pl.String, meaning="father's pseudonym, empty if none"),
        Column(name="mother", dtype=pl.String, meaning="mother's pseudonym, empty if none"),
        Column(name="affected", dtype=pl.String, allowed=tuple(Affected), meaning="affected"),
        Column(name="assay", dtype=pl.String, allowed=("wgs", "wes", "panel"), meaning="assay"),
        Column(name="targets", dtype=pl.String, meaning="target BED, empty for a genome"),
        Column(
            name="umi",
            dtype=pl.String,
            meaning="where molecular identifiers are: name, tag, read1:N, read2:N, per_read:N, or "
            "empty if there are none",
        ),
        Column(name="caller", dtype=pl.String, meaning="caller of a gVCF or VCF as the sheet says"),
        Column(name="consent", dtype=pl.String, meaning="scopes joined by ';', or 'withdrawn'"),
        Column(name="platform_person_id", dtype=pl.String, meaning="person_id on the platform"),
        Column(name="specimen", dtype=pl.String, meaning="specimen's identifier, empty if none"),
        Column(name="run", dtype=pl.String, meaning="sequencing run, empty if not named"),
        COLLECTED,
        Column(name="lifelog_id", dtype=pl.String, meaning="the person's id in the lifelog"),
    ),
    key=("unit",),
)

ADMITTED = Table(
    name="admission.admitted",
    meaning="one sample of the sheet, admitted or not; everyone in the sheet is here",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="hospital", dtype=pl.String, meaning="hospital"),
        Column(name="entry", dtype=pl.String, meaning="kind of file, empty if not readable"),
        Column(
            name="status",
            dtype=pl.String,
            allowed=("admitted", "failed", "withheld"),
            meaning="failed: a fault in the inputs; withheld: consent does not allow a report",
        ),
        Column(name="reason", dtype=pl.String, meaning="why not admitted, empty if admitted"),
        Column(name="sex", dtype=pl.String, allowed=tuple(Sex), meaning="recorded sex"),
        Column(name="family", dtype=pl.String, meaning="family, empty if none"),
        Column(name="father", dtype=pl.String, meaning="father's pseudonym, empty if none"),
        Column(name="mother", dtype=pl.String, meaning="mother's pseudonym, empty if none"),
        Column(name="affected", dtype=pl.String, allowed=tuple(Affected), meaning="affected"),
        Column(name="assay", dtype=pl.String, meaning="wgs, wes or panel"),
        Column(name="consent", dtype=pl.String, meaning="scopes joined by ';', or 'withdrawn'"),
        replace(
            COLLECTED,
            meaning=f"{COLLECTED.meaning}; moved by the person's shift where dates are shifted",
        ),
    ),
    key=("person", "sample"),
)

CONSENTS = Table(
    name="admission.consents",
    meaning="whether one person permits one scope on the day of the reports",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="scope", dtype=pl.String, allowed=tuple(Consent), meaning="scope"),
        Column(name="permitted", dtype=pl.Boolean, meaning="whether it is permitted"),
        Column(
            name="reason",
            dtype=pl.String,
            meaning="who permits it, or the first reason against it: words of admission's consent "
            "module, with the source that says so",
        ),
        Column(
            name="valid_until",
            dtype=pl.Date,
            nullable=True,
            meaning="it holds at least until then; where it ends with an age, the month before. "
            "Missing: no end is known, or it is not permitted",
        ),
        Column(
            name="given_by",
            dtype=pl.String,
            allowed=("self", "guardian", "unknown"),
            meaning="who consented, as far as platform or table say",
        ),
        Column(
            name="duo",
            dtype=pl.String,
            meaning="DUO terms under which research, sharing and commercial use are permitted, ';' "
            "between, sorted",
        ),
        Column(
            name="sources",
            dtype=pl.String,
            meaning="who speaks of the scope: sheet, platform, table, ';' between",
        ),
    ),
    key=("person", "scope"),
)

CROSSWALK = Table(
    name="admission.crosswalk",
    meaning="one admitted person: who they are on the platform and in the lifelog, and which "
    "specimen and runs their sample, which is the VCF column, comes from. Private like UNITS",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="sample", dtype=pl.String, meaning="sample; the VCF column and SM tag"),
        Column(name="specimen", dtype=pl.String, meaning="specimen's identifier, empty if none"),
        Column(name="run", dtype=pl.String, meaning="sequencing runs, ';' between, sorted"),
        Column(
            name="platform_person_id",
            dtype=pl.String,
            meaning="person_id on the platform, empty if the person has none",
        ),
        Column(
            name="lifelog_id",
            dtype=pl.String,
            meaning="id in the lifelog, empty if the person has none",
        ),
    ),
    key=("person",),
)
