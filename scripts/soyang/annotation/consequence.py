"""What each site does to each transcript that it touches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from soyang.annotation.engines.choose import predictor
from soyang.annotation.engines.contract import Engine, Predictor
from soyang.annotation.engines.mitochondrion import Mitochondrion
from soyang.annotation.genome import Genome, fits, require_match
from soyang.annotation.gff import Transcripts, mitochondria, read_transcripts
from soyang.annotation.overlap import TERMS, changes, near, pairs
from soyang.annotation.sites import MANE_ORDER, read_sites
from soyang.annotation.tables import CONSEQUENCES, SITE
from soyang.annotation.terms import INTERGENIC, UNCLEAR, impact, joined
from soyang.core.tables import write_table

_OF_TRANSCRIPT = ("gene", "transcript", "ensembl", "mane", "strand")


def consequence(
    *,
    sites: Path,
    reference: Path,
    transcripts: Path,
    consequences: Path,
    engine: Engine = Engine.CSQ,
    engine_data: Path | None = None,
    vep_python: Path | None = None,
    threads: int = 1,
) -> None:
    """Predict the consequence of each site on each transcript, in SO terms.

    Only sites in exons and their surroundings are given to the engine; what lies in an intron,
    between genes or is no sequence is told from the transcripts' own coordinates, and so is what
    the engine passes over. No site is lost. Each is judged by itself: a cohort's sites carry no
    genotypes.

    Args:
        sites: Parquet table with contig, position (1-based), ref and alt.
        reference: FASTA that the sites were called on, with its index.
        transcripts: Ensembl-style GFF3 such as MANE's, plain or gzip.
        consequences: table to write, one row for each site and transcript.
        engine: tool that predicts: csq (bcftools), snpeff or vep (vepyr).
        engine_data: folder for the database that snpeff and vep make of reference and
            transcripts; made where it is not there yet.
        vep_python: Python of the environment that has vepyr (`scripts/setup_vep.sh` makes it in
            .vep); vep needs it.
        threads: processes at once; the result doesn't depend on it.
    """
    tool = predictor(engine, data=engine_data, vep_python=vep_python)
    genome = Genome(reference)
    known = read_transcripts(transcripts, genome)
    frame = read_sites(sites)
    places = frame.select("contig", "position", "ref").unique(maintain_order=True)
    require_match(places, genome, file=sites)
    told = consequences_of(frame, genome, known, tool, threads=threads, fitting=True)
    write_table(told.select(CONSEQUENCES.names), consequences, CONSEQUENCES)


def consequences_of(
    sites: pl.DataFrame,
    genome: Genome,
    known: Transcripts,
    tool: Predictor,
    *,
    threads: int = 1,
    fitting: bool = False,
    everything: bool = False,
) -> pl.DataFrame:
    """Consequences of sites, in the sites' order.

    A site whose ref is not what the reference has there is not given to the tool, and told from
    coordinates alone; whether there are too many of them is the caller's question.

    Args:
        sites: columns site (a number), contig (as the reference names it), position (1-based),
            ref, alt; each contig in one block, by position.
        genome: the reference.
        known: the transcripts.
        tool: the engine.
        threads: processes at once; the result doesn't depend on it.
        fitting: whether the caller has seen that each ref is what the reference has, so that the
            reference need not be read for it.
        everything: give the tool all sites, not only those near exons; for tests of that.

    Returns:
        Column site and those of CONSEQUENCES; of one site MANE Select transcripts first, then
        MANE Plus Clinical, then the others by name.
    """
    found = changes(sites)
    touched = pairs(sites, found, known.index)
    asked = found.clear & (everything | near(sites, known.index))
    numbered = sites.select(pl.int_range(pl.len()).alias("site"), *SITE)
    given = _within(_upper(numbered.filter(pl.Series(asked))), genome)
    given = given if fitting else _fitting(given, genome)
    mitochondrial = given["contig"].is_in(mitochondria(genome))
    said = tool.predict(given.filter(~mitochondrial), genome, known, threads=threads)
    own = Mitochondrion().predict(given.filter(mitochondrial), genome, known, threads=threads)
    silent = pl.DataFrame(
        {"row": touched.site, "number": touched.transcript, "told": touched.term.astype(np.int64)}
    )
    return _rows(sites, found.clear, known, silent, pl.concat([said, own]))


def _upper(sites: pl.DataFrame) -> pl.DataFrame:
    return sites.with_columns(pl.col("ref", "alt").str.to_uppercase())


def _within(sites: pl.DataFrame, genome: Genome) -> pl.DataFrame:
    """Sites whose ref lies on its contig to its last base."""
    length = pl.col("contig").replace_strict(genome.lengths, return_dtype=pl.Int64)
    end = pl.col("position").cast(pl.Int64) - 1 + pl.col("ref").str.len_bytes().cast(pl.Int64)
    return sites.filter((pl.col("position") > 0) & (end <= length))


def _fitting(sites: pl.DataFrame, genome: Genome) -> pl.DataFrame:
    """Sites whose ref is what the reference has there."""
    parts = sites.partition_by("contig", maintain_order=True)
    kept = (part.filter(fits(part, genome.sequence(part["contig"][0]))) for part in parts)
    return pl.concat([sites.clear(), *kept])


def _rows(
    sites: pl.DataFrame, clear: np.ndarray, known: Transcripts, silent: pl.DataFrame,
    said: pl.DataFrame,
) -> pl.DataFrame:  # fmt: skip
    """One row for each site and transcript, the tool's words where it has some.

    Args:
        sites: columns site, contig, position, ref, alt.
        clear: whether each site's alleles are sequences.
        known: the transcripts.
        silent: columns row (of ``sites``), number (row of the transcripts' table), told (what
            coordinates justify, a place in ``TERMS``).
        said: what the tool says; its ``site`` is the row of ``sites``.
    """
    words = said.with_columns(joined(pl.col("terms")).alias("consequence"))
    phrases = pl.concat([pl.Series(TERMS), pl.Series([INTERGENIC]), words["consequence"].unique()])
    phrases = phrases.unique(maintain_order=True)
    places = {phrase: place for place, phrase in enumerate(phrases)}
    # SnpEff speaks of an insertion right before a transcript too, which doesn't touch it.
    spoken = _spoken(words, known, places).join(silent, on=["row", "number"], how="semi")
    rest = silent.join(spoken, on=["row", "number"], how="anti")
    lonely = np.ones(sites.height, dtype=np.bool_)
    lonely[rest["row"].to_numpy()] = False
    lonely[spoken["row"].to_numpy()] = False
    alone = np.flatnonzero(lonely)
    none = np.where(clear[alone], places[INTERGENIC], places[UNCLEAR])
    rows = pl.concat(
        [
            spoken,
            rest.with_columns(amino_acids=pl.lit(None, pl.String)),
            pl.DataFrame({"row": alone, "told": none}).select(
                "row", pl.lit(None, pl.Int64).alias("number"), "told",
                pl.lit(None, pl.String).alias("amino_acids"),
            ),
        ]
    )  # fmt: skip
    return _named(_ordered(rows, known.table), sites, known.table, phrases)


def _spoken(words: pl.DataFrame, known: Transcripts, places: dict[str, int]) -> pl.DataFrame:
    numbers = known.table.select("id").with_row_index("number")
    return words.join(numbers, on="id").select(
        pl.col("site").alias("row"),
        pl.col("number").cast(pl.Int64),
        pl.col("consequence").replace_strict(places, return_dtype=pl.Int64).alias("told"),
        "amino_acids",
    )


def _ordered(rows: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """Rows by site; within it by MANE's sets, then by the transcript's name."""
    mane = pl.col("mane").replace_strict(MANE_ORDER, default=len(MANE_ORDER))
    order = table.with_row_index("number").sort(mane, "transcript", "ensembl", "number")["number"]
    rank = np.empty(table.height + 1, dtype=np.int64)
    rank[order.to_numpy()] = np.arange(table.height)
    rank[table.height] = 0
    number = rows["number"].fill_null(table.height).to_numpy()
    key = rows["row"].to_numpy() * (table.height + 1) + rank[number]
    return rows.with_columns(pl.Series("key", key)).sort("key").drop("key")


def _named(
    rows: pl.DataFrame, sites: pl.DataFrame, table: pl.DataFrame, phrases: pl.Series
) -> pl.DataFrame:
    """Numbers of sites, transcripts and terms replaced by what they stand for."""
    impacts = phrases.to_frame("c").select(impact(pl.col("c"))).to_series()
    place = sites.select("site", *SITE)[rows["row"]]
    transcript = table.select(_OF_TRANSCRIPT)
    of_transcript = [transcript[name].gather(rows["number"]) for name in _OF_TRANSCRIPT]
    return place.with_columns(
        *of_transcript,
        phrases.gather(rows["told"]).alias("consequence"),
        impacts.gather(rows["told"]).alias("impact"),
        rows["amino_acids"],
    ).select("site", *CONSEQUENCES.names)
