"""A whole VCF annotated in one go: normalised, joined, named, and written as columns."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from soyang.annotation.annotate import ANNOTATED_GENES, gene_facts
from soyang.annotation.columns import KNOWN_COLUMNS, RECORD_COLUMNS, VCF_COLUMNS
from soyang.annotation.consequence import consequences_of
from soyang.annotation.describe import describe_contig
from soyang.annotation.dna import prefix
from soyang.annotation.engines.choose import predictor
from soyang.annotation.engines.contract import Engine, Predictor
from soyang.annotation.genome import Genome, Sequence
from soyang.annotation.gff import Transcripts, read_transcripts
from soyang.annotation.known import Queries, annotated_table, look_up
from soyang.annotation.normalise import BuildCheck, Normalised, normalised, trimmed
from soyang.annotation.records import MISSING, Alleles, by_contig, key_order, take
from soyang.annotation.release.reader import Release
from soyang.annotation.release.reference import ReferenceCheck
from soyang.annotation.sites import sequence_alleles
from soyang.annotation.spelling import spelt_out
from soyang.annotation.tables import DESCRIBED, SITE, SITE_COLUMNS
from soyang.annotation.terms import UNCLEAR, impact
from soyang.annotation.vcf_columns import read_alleles, read_header
from soyang.core.assembly import Assembly
from soyang.core.errors import Fault, FaultError
from soyang.core.files import atomic_path
from soyang.core.tables import Table, write_table

ROW_GROUP = 262_144
"""Rows of a row group at most: fixed, so that the same input gives the same bytes."""


def annotate_vcf(
    *,
    vcf: Path,
    annotated: Path,
    genes: Path | None = None,
    release: Path | None = None,
    source: list[str] | None = None,
    reference: Path | None = None,
    transcripts: Path | None = None,
    assembly: Assembly | None = None,
    engine: Engine = Engine.CSQ,
    engine_data: Path | None = None,
    vep_python: Path | None = None,
    traced: bool = False,
    threads: int = 2,
) -> None:
    """Annotate every alternate allele of a VCF or BCF.

    One row for each alternate allele (and transcript, if they are given), contig after contig
    as in the file, sorted by position within. No allele is lost: symbolic ones, breakends, and
    those that contradict the reference stay, and are looked up nowhere. Columns `record` and
    `allele` lead back to the VCF.

    Args:
        vcf: VCF or BCF, plain or compressed, of any number of samples; the first one's genotype
            is kept.
        annotated: Parquet table to write.
        genes: table to write, if wanted: what the release says of each gene that occurs.
        release: folder that `soyang knowledge build` wrote.
        source: ids of the release's sources to ask; all of them unless given.
        reference: FASTA that the VCF was called on. With it alleles are trimmed and left-aligned,
            as those of the release are; without it they are trimmed, which is enough for what a
            caller has left-aligned.
        transcripts: Ensembl-style GFF3; with it consequences are predicted and HGVS names given.
        assembly: GRCh37 or GRCh38, for the names of chromosomes in HGVS; unless given, that of
            the release.
        engine: tool that predicts consequences: csq (bcftools), snpeff or vep (vepyr).
        engine_data: folder for the database that snpeff and vep make.
        vep_python: Python of the environment that has vepyr; vep needs it.
        traced: whether to add the position, ref and alt of the record as they stood.
        threads: contigs at once, at most; the result doesn't depend on it.
    """
    known = Release(release, source) if release else None
    build = _assembly(known, assembly, vcf)
    work = _Work(release=known, traced=traced)
    if reference:
        genome = Genome(reference)
        work = replace(work, genome=genome, check=ReferenceCheck(known, genome))
    if transcripts:
        work = _with_transcripts(work, transcripts, build, vcf)
        work = replace(work, tool=predictor(engine, data=engine_data, vep_python=vep_python))
    elif genes:
        raise FaultError(_lacking("transcripts", vcf, "--genes"))
    genotype = bool(read_header(vcf).samples)
    alleles = by_contig(read_alleles(vcf, threads=threads, genotype=genotype))
    # One more contig than threads may wait to be written, where none takes much memory.
    ahead = threads if transcripts else threads + 1
    done = _ahead(alleles, work.contig, threads, ahead)
    _write(_checked(done, work.genome, vcf), annotated, work.table)
    if genes and transcripts:
        occurring = pl.scan_parquet(annotated).select("gene").unique().collect()["gene"]
        write_table(gene_facts(occurring, known), genes, ANNOTATED_GENES)


def _assembly(release: Release | None, given: Assembly | None, file: Path) -> Assembly | None:
    stated = release.manifest.assembly if release else None
    if stated and given and stated != given:
        raise FaultError(
            Fault(
                code="knowledge-assembly",
                file=str(file),
                found=given,
                allowed=f"{stated}, the assembly of the release",
                next_step="give a release of the VCF's assembly",
            )
        )
    return given or stated


def _with_transcripts(work: _Work, path: Path, assembly: Assembly | None, vcf: Path) -> _Work:
    if work.genome is None or assembly is None:
        lacking = "reference" if work.genome is None else "assembly"
        raise FaultError(_lacking(lacking, vcf, "--transcripts"))
    return replace(work, transcripts=read_transcripts(path, work.genome), assembly=assembly)


def _lacking(option: str, vcf: Path, given: str) -> Fault:
    return Fault(
        code="option-missing",
        file=str(vcf),
        column=f"--{option}",
        found="nothing",
        allowed=f"a value, where {given} is given",
        next_step=f"add --{option}",
    )


@dataclass(frozen=True)
class _Done:
    """One contig: its rows, and how its alleles fitted the reference (None: not there)."""

    contig: str
    rows: pl.DataFrame
    fit: Normalised | None


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What is done to each contig, and with what."""

    release: Release | None
    traced: bool = False
    genome: Genome | None = None
    check: ReferenceCheck | None = None
    transcripts: Transcripts | None = None
    assembly: Assembly | None = None
    tool: Predictor | None = None
    naming: Lock = field(default_factory=Lock)

    @property
    def table(self) -> Table:
        """The table that is written."""
        told = DESCRIBED.columns if self.transcripts else SITE_COLUMNS
        traced = RECORD_COLUMNS if self.traced else ()
        columns = (*told, *VCF_COLUMNS, *traced, *KNOWN_COLUMNS)
        table = Table(
            name="annotation.vcf",
            meaning="one alternate allele of a record of a VCF, and one transcript that it touches",
            columns=columns,
        )
        return annotated_table(self.release, table)

    def contig(self, found: Alleles) -> _Done:
        """All that is known of one contig's alleles."""
        names = self.genome.names([found.contig]) if self.genome else {}
        if self.genome is None:
            return _Done(found.contig, self._rows(found, trimmed(found), None), None)
        if found.contig not in names:
            nowhere = replace(found, clear=np.zeros(len(found), dtype=np.bool_))
            return _Done(found.contig, self._rows(found, nowhere, None), None)
        here = replace(found, contig=names[found.contig])
        sequence = self.genome.sequence(here.contig)
        if self.check:
            self.check.require(here.contig, sequence)
        fit = normalised(here, sequence)
        usable = replace(fit.alleles, clear=fit.usable)
        slim = replace(fit, alleles=_without_values(fit.alleles))
        return _Done(here.contig, self._rows(found, usable, sequence), slim)

    def _rows(self, found: Alleles, usable: Alleles, sequence: Sequence | None) -> pl.DataFrame:
        order = key_order(usable)
        alleles = take(usable, order)
        wide = pl.concat(
            [
                _sites(alleles),
                _origin(alleles),
                *([_as_it_stood(take(found, order))] if self.traced else []),
                look_up(self.release, Queries.of_alleles(alleles)),
            ],
            how="horizontal",
        )
        if self.transcripts is None:
            return wide
        sites = wide.select(SITE).with_row_index("site").cast({"site": pl.Int64})
        told = self._described(sites, pl.Series(alleles.clear), sequence)
        rest = wide.drop(SITE)
        return pl.concat([told.drop("site"), rest[told["site"]]], how="horizontal")

    def _described(
        self, sites: pl.DataFrame, usable: pl.Series, sequence: Sequence | None
    ) -> pl.DataFrame:
        """Column site and those of DESCRIBED, in the order of sites.

        An allele that this reference does not have is given no names: they would be another's.
        """
        assert self.genome and self.transcripts and self.tool and self.assembly
        if sequence is None:
            return _unnamed(sites.with_columns(consequence=pl.lit(UNCLEAR)), self.assembly)
        genome = HeldGenome(self.genome, sites["contig"][0], sequence)
        told = consequences_of(sites, genome, self.transcripts, self.tool).join(
            self.transcripts.table.select("ensembl", "id").unique("ensembl"),
            on="ensembl",
            how="left",
            maintain_order="left",
        )
        sound = sites.select(usable | ~sequence_alleles()).to_series().gather(told["site"])
        with self.naming:  # Polars uses all cores here; two contigs would only need more memory
            named = describe_contig(
                told.filter(sound), sequence, sites["contig"][0], self.assembly, self.transcripts
            ).select("site", *DESCRIBED.names)
        if sound.all():
            return named
        unnamed = _unnamed(told.filter(~sound), self.assembly)
        return pl.concat([named, unnamed]).sort("site", maintain_order=True)


class HeldGenome(Genome):
    """A genome with one contig's bases at hand, so that they are not read again."""

    def __init__(self, genome: Genome, contig: str, sequence: Sequence) -> None:
        self.path, self.lengths = genome.path, genome.lengths
        self._genome, self._contig, self._sequence = genome, contig, sequence

    def sequence(self, contig: str) -> Sequence:
        """All bases of a contig as upper-case ASCII codes; not to be written to."""
        return self._sequence if contig == self._contig else self._genome.sequence(contig)


def _unnamed(rows: pl.DataFrame, assembly: Assembly) -> pl.DataFrame:
    """Rows with the columns of DESCRIBED, HGVS unknown and facts missing.

    Args:
        rows: columns site, contig, position, ref, alt, consequence, and others of DESCRIBED.
        assembly: whose accessions the chromosomes bear.
    """
    contig = rows["contig"][0]
    filled = rows.with_columns(
        impact=impact(pl.col("consequence")), hgvs_g=pl.lit(f"{prefix(contig, assembly)}?")
    )
    return filled.select(
        "site",
        *(
            pl.col(column.name)
            if column.name in filled.columns
            else pl.lit(None, column.dtype).alias(column.name)
            for column in DESCRIBED.columns
        ),
    )


def _without_values(alleles: Alleles) -> Alleles:
    return replace(alleles, values={})


def _sites(alleles: Alleles) -> pl.DataFrame:
    ref, alt = spelt_out(alleles.code, alleles.spelt)
    return pl.DataFrame(
        {
            "contig": pl.repeat(alleles.contig, len(alleles), dtype=pl.String, eager=True),
            "position": pl.Series(alleles.position).cast(pl.Int64),
            "ref": ref,
            "alt": alt,
        }
    )


def _as_it_stood(alleles: Alleles) -> pl.DataFrame:
    words = _sites(alleles).drop("contig")
    return words.rename({name: f"record_{name}" for name in words.columns})


def _origin(alleles: Alleles) -> pl.DataFrame:
    copies = alleles.values.get("GT", np.full(len(alleles), MISSING, dtype=np.int32))
    dosage = pl.Series("dosage", copies)
    called = dosage.to_frame().select(
        pl.when(pl.col("dosage") != int(MISSING)).then(pl.col("dosage")).cast(pl.Int8)
    )
    origin = {"record": alleles.record, "allele": alleles.allele, "dosage": called.to_series()}
    return pl.DataFrame(origin)


def _ahead(
    parts: Iterable[Alleles], work: Callable[[Alleles], _Done], threads: int, ahead: int
) -> Iterator[_Done]:
    """Contigs worked on some at a time, at most ``ahead`` held, given on in order."""
    waiting: deque[Future[_Done]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for part in parts:
            waiting.append(pool.submit(work, part))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _checked(parts: Iterable[_Done], genome: Genome | None, vcf: Path) -> Iterator[pl.DataFrame]:
    """Rows of each contig, as long as the VCF is of the reference's assembly.

    Raises:
        FaultError: most ref alleles contradict the reference, or it has none of the contigs.
    """
    check = BuildCheck(vcf, genome.path.name if genome else "")
    strange: dict[str, int] = {}
    for done in parts:
        if done.fit is not None:
            check.add(done.fit)
        elif genome:
            strange[done.contig] = done.rows.height
        yield done.rows
    for contig, wrong in check.finish().items():
        said = "alleles whose ref is not the reference's: not looked up"
        print(f"{vcf.name}: {contig}: {wrong} {said}", file=sys.stderr)
    if genome and strange:
        _tell_strange(strange, check, genome, vcf)


def _tell_strange(strange: dict[str, int], check: BuildCheck, genome: Genome, vcf: Path) -> None:
    names = ", ".join(strange)
    if not check.checked:
        raise FaultError(
            Fault(
                code="wrong-build",
                file=str(vcf),
                found=f"contigs {names}",
                allowed=f"contigs of {genome.path.name}, with or without chr",
                next_step="give the reference that the VCF was called on",
            )
        )
    said = "alleles on contigs that the reference lacks: not normalised, not looked up"
    print(f"{vcf.name}: {sum(strange.values())} {said}: {names}", file=sys.stderr)


def _write(parts: Iterable[pl.DataFrame], path: Path, table: Table) -> None:
    """Validate and write each contig's rows, one below the other, atomically."""
    schema = table.empty().to_arrow().schema
    texts = [name for name, dtype in table.schema.items() if dtype in (pl.String, pl.Int8)]
    wide = (pl.Int32, pl.Int64, pl.UInt64)
    numbers = [name for name, dtype in table.schema.items() if dtype in wide]
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(
            temporary,
            schema,
            # As small as plain numbers under Zstandard, in six tenths of the time.
            compression="lz4",
            use_dictionary=texts,
            column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
            write_statistics=["contig", "position", "key"],
        ) as out,
    ):
        for part in parts:
            valid = table.validate(part, source=str(path))
            out.write_table(valid.to_arrow().cast(schema), row_group_size=ROW_GROUP)
