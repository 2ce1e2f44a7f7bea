"""``soyang cohort join``: the genotypes and callable regions of all who passed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from soyang.cohort.genotypes import FIELDS, carried
from soyang.cohort.inputs import (
    Subject,
    by_rank,
    merged,
    passed,
    read_subjects,
    require,
)
from soyang.cohort.parquet import write_pieces
from soyang.cohort.provenance import callers_asked, check_provenance
from soyang.cohort.tables import CALLABLE, GENOTYPES, SAMPLES, SITE
from soyang.core.errors import Fault, FaultError
from soyang.core.files import SCRATCH, read_rows
from soyang.core.regions import read_regions
from soyang.core.tables import write_table
from soyang.core.vcf import read_records, sample_of


def join(
    *,
    admitted: Path,
    verdicts: Path,
    vcf: list[Path] | None = None,
    callable_bed: list[Path] | None = None,
    calls: list[Path] | None = None,
    admit_mixed: list[str] | None = None,
    samples: Path,
    genotypes: Path,
    callable: Path,
) -> None:
    """Put the genotypes and callable regions of all who passed into columns.

    Files of samples that did not pass are left aside. Memory is bounded by one sample and by
    one contig of all samples.

    Args:
        admitted: who may enter, with consent (ADMITTED).
        verdicts: who passed the identity gate (VERDICTS).
        vcf: each sample's normalised VCF; the sample is its one column.
        callable_bed: each sample's callable regions, named <sample>.callable.bed.gz.
        calls: each sample's row of CALLS.
        admit_mixed: caller or provenance of calls that may enter beside those of this run.
        samples: table to write (SAMPLES).
        genotypes: table to write (GENOTYPES), by contig, position, ref, alt and sample.
        callable: table to write (CALLABLE), by sample, contig and start.

    Raises:
        FaultError: a sample is not admitted, lacks a file or has two, a VCF is truncated or not
            normalised, or calls of different provenance are not admitted.
    """
    subjects = read_subjects(admitted)
    names = passed(verdicts)
    require(names, subjects, admitted, "admission")
    vcfs = _vcf_by_sample(vcf or ())
    require(vcfs, subjects, admitted, "admission")
    beds = {path.name.removesuffix(".callable.bed.gz"): path for path in callable_bed or ()}
    wanted = ("sample", "entry", "caller", "provenance", "variants", "callable_known")
    facts = {row["sample"]: row for path in calls or () for row in read_rows(path, *wanted)}
    for there, what in ((vcfs, "a VCF"), (beds, "callable regions"), (facts, "calls")):
        require(names, there, verdicts, what)
    check_provenance({name: facts[name] for name in names}, admit_mixed or (), verdicts)
    mine = [subjects[name] for name in names]
    known = {name: facts[name]["callable_known"] == "true" for name in names}
    genotypes.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=genotypes.parent, prefix=SCRATCH) as folder:
        parts = list(_read_parts(mine, vcfs, facts, Path(folder)))
        write_pieces(_genotype_pieces(parts), genotypes, GENOTYPES)
    write_pieces(_callable_pieces(beds, known), callable, CALLABLE)
    write_table(SAMPLES.frame(sample_rows(mine, known)), samples, SAMPLES)


def sample_rows(subjects: Sequence[Subject], known: Mapping[str, bool]) -> list[dict[str, object]]:
    """Rows of SAMPLES: counted are those with callable regions and consent to research."""
    return [
        {
            "person": subject.person,
            "sample": subject.sample,
            "callable_known": known[subject.sample],
            "counted": known[subject.sample] and subject.for_research,
        }
        for subject in subjects
    ]


def _vcf_by_sample(vcfs: Sequence[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in vcfs:
        sample, _ = sample_of(path)
        if sample in found:
            raise FaultError(
                Fault(
                    code="sample-twice",
                    file=str(path),
                    found=f"sample {sample!r}, which {found[sample]} has too",
                    allowed="one VCF a sample",
                    next_step="give one VCF of each sample",
                    sample=sample,
                )
            )
        found[sample] = path
    return found


def _read_parts(
    subjects: Sequence[Subject],
    vcfs: Mapping[str, Path],
    facts: Mapping[str, Mapping[str, str]],
    folder: Path,
) -> Iterator[Path]:
    """One Parquet file of genotypes for each sample."""
    for number, subject in enumerate(subjects):
        vcf = vcfs[subject.sample]
        records = _records(vcf, folder)
        _check_count(vcf, len(records), int(facts[subject.sample]["variants"]), subject.sample)
        part = folder / f"{number}.parquet"
        carried(
            records, person=subject.person, sample=subject.sample, source=str(vcf)
        ).write_parquet(part)
        yield part


def _records(vcf: Path, scratch: Path) -> pl.DataFrame:
    """Records with their agreement, where several callers looked."""
    callers = callers_asked(vcf)
    infos = ("AGREED",) if callers else ()
    records = read_records(vcf, FIELDS, scratch=scratch, infos=infos)
    agreed = pl.format(f"{{}}/{callers}", "AGREED") if callers else pl.lit(None, pl.String)
    return records.with_columns(agreement=agreed)


def _check_count(vcf: Path, found: int, promised: int, sample: str) -> None:
    if found != promised:
        raise FaultError(
            Fault(
                code="vcf-records",
                file=str(vcf),
                found=f"{found:,} records",
                allowed=f"the {promised:,} that calling counted",
                next_step="make the sample's calls anew",
                sample=sample,
            )
        )


def _genotype_pieces(parts: list[Path]) -> Iterator[pl.DataFrame]:
    """Genotypes of all samples, contig by contig, each sorted."""
    if not parts:
        return
    rows = pl.scan_parquet(parts, glob=False)
    contigs = rows.select(pl.col("contig").unique()).collect()["contig"]
    for contig in by_rank(contigs):
        here = rows.filter(pl.col("contig") == contig)
        yield here.sort(*SITE[1:], "sample").collect()


def _callable_pieces(beds: Mapping[str, Path], known: Mapping[str, bool]) -> Iterator[pl.DataFrame]:
    """Callable regions, sample by sample; none of those whose absences are unknown."""
    for sample in sorted(name for name in known if known[name]):
        yield merged(read_regions(beds[sample])).with_columns(sample=pl.lit(sample))
