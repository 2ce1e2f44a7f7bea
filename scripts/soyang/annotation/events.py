"""What structural, copy-number and mitochondrial variants touch, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from soyang.annotation.annotate import gene_facts
from soyang.annotation.event_files import (
    EVENT_COLUMNS,
    SITE_COLUMNS,
    assessed,
    by_sample,
    read_rows,
)
from soyang.annotation.event_genes import genes_hit
from soyang.annotation.event_match import MEASURED, SAME, carriers, folded
from soyang.annotation.event_names import hgvs
from soyang.annotation.event_places import batches
from soyang.annotation.event_regions import ESTABLISHED, read_regions, regions_hit
from soyang.annotation.event_tables import EVENTS, EVENTS_ASSESSED, GENE_HIT, MITOCHONDRIAL
from soyang.annotation.genome import Genome
from soyang.annotation.gff import Transcripts, read_transcripts
from soyang.annotation.mitochondrial import annotated
from soyang.annotation.release.manifest import Kind
from soyang.annotation.release.reader import Release
from soyang.core.assembly import Assembly, contig_order
from soyang.core.errors import Fault, FaultError
from soyang.core.tables import write_table

LARGE = 100_000
"""Bases from which on a deletion or duplication is told though it touches no coding exon. Our
choice: Riggs et al. 2020 set no size, and smaller ones between genes are in every genome by the
hundred."""
SAMPLES_AT_ONCE = 100


def events(
    *,
    samples: Path,
    reference: Path,
    transcripts: Path,
    assembly: Assembly,
    events: Path,
    mitochondrial_sites: Path,
    assessed: Path,
    structural: list[Path] | None = None,
    copy_number: list[Path] | None = None,
    copy_number_status: list[Path] | None = None,
    mitochondrial: list[Path] | None = None,
    mitochondrial_status: list[Path] | None = None,
    release: Path | None = None,
) -> None:
    """Annotate the events and mitochondrial variants of a cohort's samples.

    Who has no file was not looked at; that is written down, and is not the same as nothing found.

    Args:
        samples: samples of the cohort (SAMPLES), who passed the identity gate.
        reference: FASTA that the samples were read on.
        transcripts: Ensembl-style GFF3 such as MANE's.
        assembly: of the reference.
        events: table to write: events that matter, with genes, regions, cohort (EVENTS).
        mitochondrial_sites: table to write: variants of the mitochondrion (MITOCHONDRIAL).
        assessed: table to write: what was looked for in each sample (EVENTS_ASSESSED).
        structural: events by breakpoints, `<sample>.structural.tsv` of `calling structural`.
        copy_number: events by depth, `<sample>.copy_number.tsv` of `calling copy-number`.
        copy_number_status: whether depth was read, a one-row table of each sample.
        mitochondrial: variants, `<sample>.mitochondrial.tsv` of `calling mitochondrial`.
        mitochondrial_status: whether the mitochondrion was read, a one-row table of each sample.
        release: folder that `soyang knowledge build` wrote.

    Raises:
        FaultError: a file that breaks its declaration, or is of a sample that the cohort lacks.
    """
    genome = Genome(reference)
    known = read_transcripts(transcripts, genome)
    opened = Release(release) if release else None
    cohort = _cohort(samples)
    given = [by_sample(paths or []) for paths in (structural, copy_number, copy_number_status,
                                                  mitochondrial, mitochondrial_status)]  # fmt: skip
    _require_members(given, cohort, samples)
    looked = _looked(cohort, given)
    found, counts = _events(given[:2], looked, known, opened, assembly)
    found = _counted(found, looked, cohort)
    calls = _read(given[3], _of(looked, "mitochondrial"), SITE_COLUMNS)
    file = next(iter(given[3].values()), samples)
    told = annotated(calls, genome, known, opened, assembly, file=file)
    write_table(found, events, EVENTS)
    write_table(told, mitochondrial_sites, MITOCHONDRIAL)
    write_table(_with_counts(looked, counts), assessed, EVENTS_ASSESSED)


def _cohort(path: Path) -> pl.DataFrame:
    """Columns sample and counted (whether consent allows counting)."""
    try:
        return pl.read_parquet(path, columns=["sample", "counted"])
    except (OSError, pl.exceptions.PolarsError) as error:
        raise FaultError(
            Fault(
                code="table-missing",
                file=path.name,
                found=str(error).splitlines()[0],
                allowed="samples of the cohort",
                next_step="run `soyang cohort join`",
            )
        ) from None


def _require_members(given: Iterable[Mapping[str, Path]], cohort: pl.DataFrame, file: Path) -> None:
    members = set(cohort["sample"])
    strangers = sorted({name for files in given for name in files} - members)
    if strangers:
        raise FaultError(
            Fault(
                code="samples-differ",
                file=file.name,
                found=f"no sample {', '.join(strangers[:5])}",
                allowed="a row for each sample whose events are given",
                next_step="give the files of the cohort's samples only",
            )
        )


def _looked(cohort: pl.DataFrame, given: list[dict[str, Path]]) -> pl.DataFrame:
    return assessed(cohort["sample"].to_list(), given[0], given[2], given[4])


def _of(looked: pl.DataFrame, column: str) -> set[str]:
    """Samples in which it was looked for."""
    return set(looked.filter(pl.col(column) == "")["sample"])


def _read(
    files: Mapping[str, Path], members: Iterable[str], columns: Mapping[str, object]
) -> pl.DataFrame:
    """Rows of those members who have a file, in the order of names."""
    rows = [read_rows(files[name], columns) for name in sorted(members) if name in files]  # type: ignore[arg-type]
    return pl.concat([pl.DataFrame(schema=dict(columns)), *rows])  # type: ignore[arg-type]


def _events(
    given: list[dict[str, Path]],
    looked: pl.DataFrame,
    known: Transcripts,
    release: Release | None,
    assembly: Assembly,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events that matter, without the cohort's counts; and each sample's numbers of events."""
    structural, copy_number = given
    by_depth = _of(looked, "copy_number")
    facts = gene_facts(known.table["gene"], release)
    facts = facts.select("gene", "haploinsufficiency", "triplosensitivity", "pli", "loeuf")
    regions = read_regions(release)
    dosage = bool(release and release.of_kind(Kind.CLINGEN_DOSAGE))
    kept, counts = [], []
    for names in batches(looked["sample"].to_list(), SAMPLES_AT_ONCE):
        rows = [
            folded(pl.concat([own, depth]))
            for name in names
            for own, depth in [
                (_read(structural, [name], EVENT_COLUMNS),
                 _read(copy_number, {name} & by_depth, EVENT_COLUMNS))
            ]
            if own.height or depth.height
        ]  # fmt: skip
        if rows:
            told = _touching(pl.concat(rows), known, facts, regions, assembly)
            counts.append(_numbers(told))
            kept.append(told.filter("matters").drop("matters"))
    nothing = EVENTS.empty().drop("cohort_carriers", "cohort_assessed", "dosage_known")
    found = pl.concat([nothing, *(part.select(nothing.columns) for part in kept)])
    numbers = pl.concat(counts) if counts else _numbers(nothing.with_columns(matters=pl.lit(True)))
    return found.with_columns(dosage_known=pl.lit(dosage)), numbers


def _touching(
    rows: pl.DataFrame,
    known: Transcripts,
    facts: pl.DataFrame,
    regions: pl.DataFrame | None,
    assembly: Assembly,
) -> pl.DataFrame:
    """Events with genes and regions, and whether each matters."""
    numbered = rows.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64), hgvs(assembly))
    hits = genes_hit(numbered, known, facts)
    fields = [field.name for field in GENE_HIT.fields]
    genes = hits.group_by("row", maintain_order=True).agg(
        genes=pl.struct(fields), protein_coding_genes=pl.col("protein_coding").sum().cast(pl.Int64)
    )
    told = numbered.join(genes, on="row", how="left", maintain_order="left").with_columns(
        pl.col("genes").fill_null([]).cast(pl.List(GENE_HIT)),
        pl.col("protein_coding_genes").fill_null(0),
    )
    told = told.with_columns(regions_hit(numbered, regions, known))
    return told.with_columns(matters=_matters()).drop("row")


def _matters() -> pl.Expr:
    """Whether an event is told, and not only counted."""
    gene = pl.element().struct
    exonic = gene.field("first_exon").is_not_null()
    broken = gene.field("protein_coding") & (gene.field("breakpoints") > 0)
    measured = pl.col("kind").is_in(MEASURED)
    coding = pl.col("genes").list.eval(gene.field("coding_bases") > 0).list.any()
    noted = pl.col("genes").list.eval(_sensitive() & exonic).list.any()
    split = pl.col("genes").list.eval(broken).list.any()
    region = pl.col("regions").list.eval(_sensitive() & (gene.field("share") >= SAME)).list.any()
    large = (pl.col("length") >= LARGE).fill_null(False)
    return (
        pl.when(measured)
        .then(coding | noted | region.fill_null(False) | large)
        .when(pl.col("kind") == "insertion")
        .then(coding)
        .when(pl.col("kind") == "inversion")
        .then(split & coding)
        .otherwise(split)
    )


def _sensitive() -> pl.Expr:
    """Whether a gene or region of a list is of established dosage sensitivity."""
    scores = ("haploinsufficiency", "triplosensitivity")
    found = [pl.element().struct.field(name) == ESTABLISHED for name in scores]
    return pl.any_horizontal(each.fill_null(False) for each in found)


def _numbers(told: pl.DataFrame) -> pl.DataFrame:
    """Events of each sample: all, and those only counted, in genes and between them."""
    in_gene = pl.col("genes").list.len() > 0
    return told.group_by("sample").agg(
        events=pl.len().cast(pl.Int64),
        in_genes=(~pl.col("matters") & in_gene).sum().cast(pl.Int64),
        between_genes=(~pl.col("matters") & ~in_gene).sum().cast(pl.Int64),
    )


def _counted(found: pl.DataFrame, looked: pl.DataFrame, cohort: pl.DataFrame) -> pl.DataFrame:
    """Events with how many of the cohort have the same; in order of sample and place."""
    counted = set(cohort.filter("counted")["sample"])
    seen = counted & (_of(looked, "structural") | _of(looked, "copy_number"))
    with_counts = found.with_columns(
        carriers(found, sorted(seen)).alias("cohort_carriers"),
        cohort_assessed=pl.lit(len(seen), pl.Int64),
    )
    order = {name: n for n, name in enumerate(sorted(set(found["contig"]), key=contig_order))}
    rank = pl.col("contig").replace_strict(order, return_dtype=pl.Int32, default=None)
    return with_counts.sort("sample", rank, "start", "end", "event").select(EVENTS.names)


def _with_counts(looked: pl.DataFrame, counts: pl.DataFrame) -> pl.DataFrame:
    numbers = pl.col("events", "in_genes", "between_genes").fill_null(0)
    return looked.join(counts, on="sample", how="left").with_columns(numbers).sort("sample")
