"""A made-up ClinVar over the annotation benchmark's genome, and the release after it.

Its fields are written as ClinVar writes them, and its classifications, review statuses and
consequences have the shares of a real release (about; ClinVar of 2025: half are of uncertain
significance). Conditions are invented. Records lie in and near coding sequence, also where the
person has a variant. From one release to the next some records are new, some are gone, and some
have another classification.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from bench.annotation_genome import (
    Bytes,
    Transcript,
    gff_rows,
    merged,
    places_of,
    random_of,
    sequences,
    transcripts_of,
    within,
)
from bench.annotation_sites import add, draw, header, lengths, spelt, written

RECORDS = 3_500_000
SPACE = 41_107_532
"""Bases of the whole genome within MARGIN of coding sequence, in which the records lie."""

MARGIN = 20
KNOWN = 0.7
"""Share of the person's variants there that ClinVar has."""

NEW = 0.005
GONE = 0.001
CHANGED = 0.01
"""Shares of records from one release to the next."""

CONDITIONS = 12_000
ONE_CONDITION, TWO_CONDITIONS = 0.6, 0.9
"""Share of records with one condition, and with at most two; the others have three."""

UNNAMED = 0.25
"""Share of conditions that submitters did not name."""

SIGNIFICANCES = {
    "Uncertain_significance": 0.5,
    "Likely_benign": 0.27,
    "Benign": 0.06,
    "Pathogenic": 0.055,
    "Conflicting_classifications_of_pathogenicity": 0.05,
    "Likely_pathogenic": 0.033,
    "Benign/Likely_benign": 0.015,
    "Pathogenic/Likely_pathogenic": 0.011,
    "not_provided": 0.004,
    "drug_response": 0.001,
    "risk_factor": 0.001,
}
CONFLICTING = "Conflicting_classifications_of_pathogenicity"
REVIEWS = {
    "criteria_provided,_single_submitter": 0.78,
    "criteria_provided,_multiple_submitters,_no_conflicts": 0.165,
    "no_assertion_criteria_provided": 0.045,
    "reviewed_by_expert_panel": 0.009,
    "practice_guideline": 0.001,
}
CONFLICTING_REVIEW = "criteria_provided,_conflicting_classifications"
CONFLICTS = {
    "Uncertain_significance(2)|Likely_benign(1)": 0.6,
    "Pathogenic(1)|Uncertain_significance(2)": 0.2,
    "Likely_pathogenic(1)|Uncertain_significance(1)": 0.15,
    "Uncertain_significance(1)|Benign(1)|Likely_benign(3)": 0.05,
}
CONSEQUENCES = {
    "SO:0001583|missense_variant": 0.5,
    "SO:0001819|synonymous_variant": 0.25,
    "SO:0001627|intron_variant": 0.12,
    "SO:0001589|frameshift_variant": 0.05,
    "SO:0001587|nonsense": 0.03,
    "SO:0001583|missense_variant,SO:0001627|intron_variant": 0.03,
    "SO:0001575|splice_donor_variant": 0.02,
}
_TEXT = {
    "CLNDN": "Conditions",
    "CLNDISDB": "Names of the conditions in databases",
    "CLNREVSTAT": "Review status",
    "CLNSIG": "Classification",
    "CLNSIGCONF": "Conflicting classifications",
    "CLNVC": "Kind of variant",
    "CLNVCSO": "Kind of variant in Sequence Ontology",
    "GENEINFO": "Genes",
    "MC": "Molecular consequence",
    "ORIGIN": "Origin of the allele",
}
DATES = {"before": "2026-01-04", "after": "2026-02-01"}
"""Days of the two releases."""

_HEADER = [
    "##source=ClinVar",
    "##reference=GRCh38",
    '##INFO=<ID=ALLELEID,Number=1,Type=Integer,Description="Allele ID">',
    *(
        f'##INFO=<ID={name},Number=.,Type=String,Description="Made up: {text}">'
        for name, text in _TEXT.items()
    ),
]


def make(folder: Path, reference: Path, person: Path) -> None:
    """Write ``clinvar.vcf.gz``, ``next.vcf.gz``, and ``records/<chromosome>.parquet`` of the first.

    ``changed.parquet`` has the records that the two releases do not share: contig, position, ref,
    alt, before and after (classification; missing: not in that release).
    """
    contigs = lengths(reference)
    rows = gff_rows(reference / "transcripts.gff3", contigs)
    transcripts = transcripts_of(rows)
    carried = pl.read_parquet(
        person / "truth.parquet", columns=["contig", "position", "ref", "alt"]
    )
    (folder / "records").mkdir()
    changed, before = [], 0
    old, new = (header(contigs, [f"##fileDate={DATES[release]}", *_HEADER]) for release in DATES)
    with (
        written(folder / "clinvar.vcf.gz", old) as first,
        written(folder / "next.vcf.gz", new) as second,
    ):
        for contig, bases in sequences(reference / "genome.fa"):
            if contig not in transcripts:
                continue
            generator = random_of("clinvar", contig)
            here = carried.filter(pl.col("contig") == contig).drop("contig")
            frame = _variants(here, bases, transcripts[contig], generator)
            frame = described(frame, before, _genes(rows, contig), generator)
            before += len(frame)
            known = frame.filter(~pl.col("new"))
            add(records(known, contig, "before"), first)
            add(records(frame.filter(~pl.col("gone")), contig, "after"), second)
            known.select("position", "ref", "alt", significance="before").write_parquet(
                folder / "records" / f"{contig}.parquet"
            )
            changed.append(_changes(frame, contig))
    pl.concat(changed).write_parquet(folder / "changed.parquet")


def _variants(
    carried: pl.DataFrame,
    bases: Bytes,
    transcripts: list[Transcript],
    generator: np.random.Generator,
) -> pl.DataFrame:
    spans = merged(transcripts, "coding", MARGIN)
    space = places_of(list(zip(*spans, strict=True)))
    anchors = np.sort(generator.choice(space, round(len(space) * RECORDS / SPACE), replace=False))
    drawn = spelt(bases, draw(bases, anchors, generator))
    near = within(carried["position"].to_numpy() - 1, spans)
    known = carried.filter(pl.Series(near & (generator.random(len(carried)) < KNOWN)))
    return pl.concat([drawn, known]).unique().sort("position", "ref", "alt")


def _genes(rows: pl.DataFrame, contig: str) -> pl.DataFrame:
    """Columns position (where a gene starts, rising) and gene."""
    return (
        rows.filter((pl.col("contig") == contig) & (pl.col("type") == "gene"))
        .select(
            pl.col("start").cast(pl.Int32).alias("position"),
            pl.col("attributes").str.extract(r"Name=([^;]+)").alias("gene"),
        )
        .sort("position", "gene")
    )


def _of(shares: dict[str, float], rows: int, generator: np.random.Generator) -> pl.Series:
    weights = np.array(list(shares.values()))
    drawn = generator.choice(len(shares), rows, p=weights / weights.sum())
    return pl.Series(list(shares)).gather(drawn)


def described(
    frame: pl.DataFrame, first: int, genes: pl.DataFrame, generator: np.random.Generator
) -> pl.DataFrame:
    """Add what ClinVar says of each variant, in both releases.

    Args:
        frame: columns position, ref, alt, in order.
        first: identifiers given so far.
        genes: columns position and gene, in order.
        generator: of random numbers.
    """
    rows = len(frame)
    chance = generator.random(rows)
    before, other = (_of(SIGNIFICANCES, rows, generator) for _ in range(2))
    change = (chance >= NEW + GONE) & (chance < NEW + GONE + CHANGED)
    several = generator.random(rows)
    names = [_conditions(rows, generator) for _ in range(3)]
    return frame.with_columns(
        number=pl.int_range(first + 1, first + rows + 1),
        new=pl.Series(chance < NEW),
        gone=pl.Series((chance >= NEW) & (chance < NEW + GONE)),
        before=before,
        after=pl.select(pl.when(pl.Series(change)).then(other).otherwise(before)).to_series(),
        review=_of(REVIEWS, rows, generator),
        conflict=_of(CONFLICTS, rows, generator),
        consequence=_of(CONSEQUENCES, rows, generator),
        conditions=pl.select(
            pl.when(pl.Series(several < ONE_CONDITION))
            .then(names[0])
            .when(pl.Series(several < TWO_CONDITIONS))
            .then(pl.concat_str(names[0], names[1], separator="|"))
            .otherwise(pl.concat_str(*names, separator="|"))
        ).to_series(),
    ).join_asof(genes, on="position", strategy="backward")


def _conditions(rows: int, generator: np.random.Generator) -> pl.Series:
    """A few conditions are named very often, most seldom; many records name none."""
    named = [f"Invented_condition_{number}" for number in range(CONDITIONS)]
    drawn = (CONDITIONS * generator.random(rows) ** 3).astype(np.int64)
    drawn[generator.random(rows) < UNNAMED] = CONDITIONS
    return pl.Series([*named, "not_provided"]).gather(drawn)


def records(frame: pl.DataFrame, contig: str, release: str) -> pl.DataFrame:
    """VCF rows of one release.

    Args:
        frame: what :func:`described` gives.
        contig: name of the chromosome.
        release: ``before`` or ``after``, the column with the classification.
    """
    significance = pl.col(release)
    conflicting = significance == CONFLICTING
    single = (pl.col("ref").str.len_bytes() == 1) & (pl.col("alt").str.len_bytes() == 1)
    longer = pl.col("ref").str.len_bytes() > 1
    kind = (
        pl.when(single)
        .then(pl.lit("single_nucleotide_variant;CLNVCSO=SO:0001483"))
        .when(longer)
        .then(pl.lit("Deletion;CLNVCSO=SO:0000159"))
        .otherwise(pl.lit("Insertion;CLNVCSO=SO:0000667"))
    )
    review = pl.when(conflicting).then(pl.lit(CONFLICTING_REVIEW)).otherwise("review")
    conflict = pl.when(conflicting).then(pl.format(";CLNSIGCONF={}", "conflict"))
    gene = pl.format(";GENEINFO={}:{}", "gene", pl.col("gene").str.len_bytes() + 1000)
    info = pl.concat_str(
        pl.format("ALLELEID={}", pl.col("number") + 15_000),
        pl.format(";CLNDISDB=MedGen:C{}", pl.col("number") % CONDITIONS),
        pl.format(";CLNDN={}", "conditions"),
        pl.format(";CLNREVSTAT={}", review),
        pl.format(";CLNSIG={}", significance),
        conflict.otherwise(pl.lit("")),
        pl.format(";CLNVC={}", kind),
        gene.fill_null(""),
        pl.format(";MC={};ORIGIN=1", "consequence"),
    )
    dot = pl.lit(".")
    return frame.select(
        pl.lit(contig).alias("contig"),
        "position",
        "number",
        "ref",
        "alt",
        dot.alias("quality"),
        dot.alias("filter"),
        info.alias("info"),
    )


def _changes(frame: pl.DataFrame, contig: str) -> pl.DataFrame:
    return (
        frame.with_columns(
            before=pl.when(~pl.col("new")).then("before"),
            after=pl.when(~pl.col("gone")).then("after"),
        )
        .filter(pl.col("before").ne_missing(pl.col("after")))
        .select(pl.lit(contig).alias("contig"), "position", "ref", "alt", "before", "after")
    )
