"""Annotation of a genome and of a cohort's sites: ours against bcftools, vcfanno and SnpEff.

All works on a made-up genome of GRCh38's size (annotation_genome) with a person's four million
variants, a frequency source of fifty million rows and a ClinVar of three and a half million, made
once. Every figure is of whole processes on the same two processors, started by one run. Answers
are compared with each other and with what is true by the way the data was made.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from bench.annotation_data import FOLDER, Data, data
from bench.annotation_measure import PROCESSORS, Usage, measured, middle, one_after_another
from bench.annotation_ours import Ours
from bench.annotation_peers import Peers, missing, versions
from bench.annotation_same import (
    SITE,
    mend,
    our_counts,
    peer_counts,
    same_counts,
    same_terms,
    true_counts,
)
from bench.table import Agreement, Benchmark, Comparison, Line, cells

HERE = Path(__file__).resolve().parent
PARTS = ("frequencies", "cohort", "consequences", "whole", "reannotate")

BCFTOOLS = 12.0
VCFANNO = 20.0
SNPEFF = 30.0
CHAIN = 15.0
MEMORY = 2_000.0
"""Megabytes that annotating a genome may take."""

REPEATS = 3


def main() -> int:
    """Run the benchmark; 1 if a comparison misses its goal, 2 if a tool is not there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the genome")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the data lies")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="repeats of ours")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to run")
    parser.add_argument("--no-goals", action="store_true", help="ask for the same answers only")
    parser.add_argument(
        "--keep-release", action="store_true", help="take the release of the last run, if any"
    )
    options = parser.parse_args()
    if lacking := missing():
        print("\n".join(lacking), file=sys.stderr)
        return 2
    make = [sys.executable, HERE / "annotation_data.py", "--scale", f"{options.scale:g}"]
    subprocess.run([*map(str, make), "--folder", str(options.folder)], check=True)
    wanted = data(options.scale, options.folder)
    run = Run(wanted, options.repeats, goals=not options.no_goals)
    with_release = {"frequencies", "cohort", "whole", "reannotate"} & set(options.only)
    run.prepare(keep=options.keep_release, release=bool(with_release))
    for part in options.only:
        run.add(getattr(run, part)())
    run.benchmark.facts = facts(wanted, run)
    # The figures of a small part, or of a few comparisons, do not take the place of the whole.
    whole = options.scale >= 1 and set(options.only) == set(PARTS)
    return run.benchmark.finish(options.folder.parent if whole else wanted.folder)


def facts(wanted: Data, run: Run) -> dict[str, str]:
    """What the figures were measured with."""
    truth = pl.scan_parquet(wanted.person / "truth.parquet")
    records = truth.select(pl.col("record").max() + 1).collect().item()
    packages = ("polars", "pyarrow", "numba")
    ours = ", ".join(
        [f"Python {platform.python_version()}", *(f"{p} {version(p)}" for p in packages)]
    )
    return {
        "data": f"made-up GRCh38 (scale {wanted.scale:g}); a person's {records:,} records; "
        f"{_rows(wanted.frequencies / 'frequencies.bcf'):,} rows of frequencies (VCF, or "
        f"BCF where said); ClinVar of {_rows(wanted.clinvar / 'clinvar.vcf.gz'):,}; MANE's "
        "transcripts",
        "cohort": f"{pq.read_metadata(wanted.cohort / 'sites.parquet').num_rows:,} sites, "
        f"{pq.read_metadata(wanted.cohort / 'samples.parquet').num_rows:,} people, "
        f"{pq.read_metadata(wanted.cohort / 'genotypes.parquet').num_rows:,} genotypes",
        "ratio": "the peer's over ours: how many times faster; goals are the least that holds. "
        "Of memory ours over the limit or the peer's",
        "threads": f"{len(PROCESSORS)} of {os.cpu_count()} processors, for every command",
        "figures": f"whole processes with start-up; ours the median of {run.repeats}, peers once; "
        "memory of all processes of a command together",
        "versions": ", ".join([*versions(), ours]),
        **run.told,
    }


def _rows(vcf: Path) -> int:
    said = subprocess.run(["bcftools", "index", "-n", vcf], capture_output=True, check=True)
    return int(said.stdout)


class Run:
    """One run: its measurements, and what has to be there for them."""

    def __init__(self, wanted: Data, repeats: int, *, goals: bool) -> None:
        self.data, self.repeats, self.goals = wanted, repeats, goals
        self.folder = wanted.folder / "work"
        self.folder.mkdir(exist_ok=True)
        self.ours = Ours(data=wanted, folder=self.folder)
        self.peers = Peers(data=wanted, folder=self.folder)
        self.benchmark = Benchmark(name="annotation")
        self.told: dict[str, str] = {}

    def add(self, lines: Iterator[Line]) -> None:
        """Take up the lines of one part, and tell each as it comes: a run takes long."""
        for line in lines:
            self.benchmark.lines.append(line)
            print("  " + " | ".join(cells(line)), flush=True)

    def measure(self, words: Sequence[object]) -> Usage:
        """What one command costs; told at once, since a run takes long and may be cut short."""
        use = measured(words, self.folder / "messages.txt")
        figures = f"{use.wall:8.2f} s, CPU {use.cpu:8.2f} s, {use.memory:6.0f} MB"
        print(f"  {figures}: {' '.join(map(str, words))[-100:]}", flush=True)
        return use

    def in_turn(self, mine: Sequence[object], *theirs: Sequence[object]) -> list[Usage]:
        """Ours between the peers, so that load falls on all alike; ours' median, and theirs."""
        first = [self.measure(mine)]
        uses = []
        for words in theirs:
            uses.append(self.measure(words))
            if len(first) < self.repeats:
                first.append(self.measure(mine))
        first += [self.measure(mine) for _ in range(self.repeats - len(first))]
        return [middle(first), *uses]

    def against(
        self, name: str, mine: Usage, peer: Usage, goal: float | None = None
    ) -> Iterator[Comparison]:
        """Wall time, processor time and memory."""
        wanted = goal if self.goals else None
        yield Comparison(
            name=f"{name}, time", ours=mine.wall, peer=peer.wall, goal=wanted, floor=True
        )
        yield Comparison(name=f"{name}, CPU", ours=mine.cpu, peer=peer.cpu, floor=True)
        yield Comparison(
            name=f"{name}, memory", ours=mine.memory, peer=peer.memory, unit="MB", floor=True
        )

    def limit(self, name: str, mine: Usage) -> Comparison:
        """Peak memory against what there may be."""
        goal = 1.0 if self.goals else None
        return Comparison(
            name=f"{name}: peak memory", ours=mine.memory, peer=MEMORY, unit="MB", goal=goal
        )

    # ----------------------------------------------------------------------------- release

    def prepare(self, *, keep: bool, release: bool) -> None:
        """SnpEff's database, the sequence dictionary and the knowledge release.

        The dictionary stands beside a reference that `soyang reads reference` has prepared; from
        it our commands know that release and reference belong together.
        """
        self.peers.prepare()
        fasta = self.data.reference / "genome.fa"
        dictionary = fasta.with_name(f"{fasta.name}.dict")
        if not dictionary.exists():
            making = dictionary.with_suffix(".new")
            subprocess.run(["samtools", "dict", "-o", making, fasta], check=True)
            making.rename(dictionary)
        if release:
            self.add(self._release(keep=keep))

    def _release(self, *, keep: bool) -> Iterator[Line]:
        """Building the release: seconds, memory, and what a site takes on disk."""
        if not (keep and self.ours.release.exists()):
            use = self._built(self.ours.release, self.ours.build())
            yield Comparison(name="knowledge build, time", ours=use.wall)
            yield Comparison(name="knowledge build, CPU", ours=use.cpu)
            yield Comparison(name="knowledge build, memory", ours=use.memory, unit="MB")
        for source in ("frequencies", "clinvar"):
            size, rows = self._size(source)
            name = f"release: bytes a site, {source}"
            yield Comparison(name=name, ours=size / max(rows, 1), unit="bytes")

    def _built(self, release: Path, words: Sequence[object]) -> Usage:
        if release.exists():
            _make_writable(release)
            shutil.rmtree(release)
        return self.measure(words)

    def _size(self, source: str) -> tuple[int, int]:
        files = [
            file
            for file in (self.ours.release / "variants" / source).glob("*.parquet")
            if file.stem != "long"
        ]
        rows = sum(pq.read_metadata(file).num_rows for file in files)
        return sum(file.stat().st_size for file in files), rows

    # -------------------------------------------------------------------------- comparisons

    def frequencies(self) -> Iterator[Line]:
        """A genome's VCF to Parquet with the counts of the frequency source."""
        vcf, name = self.data.person / "person.vcf.gz", "genome, frequencies"
        answers = ["peer.vcf.gz", "peer.bcf", "from-bcf.bcf", "vcfanno.vcf"]
        mine, gz, bcf, from_bcf, anno = self.in_turn(
            self.ours.frequencies(vcf, "frequencies.parquet"),
            self.peers.bcftools(vcf, answers[0]),
            self.peers.bcftools(vcf, answers[1]),
            self.peers.bcftools(vcf, answers[2], source="bcf"),
            self.peers.vcfanno(vcf, answers[3]),
        )
        yield from self.against(f"{name}: bcftools annotate to VCF", mine, gz, BCFTOOLS)
        yield from self.against(f"{name}: bcftools annotate to BCF", mine, bcf, BCFTOOLS)
        yield from self.against(f"{name}: bcftools annotate, BCF source, to BCF", mine, from_bcf)
        yield from self.against(f"{name}: vcfanno -p 2", mine, anno, VCFANNO)
        yield self.limit(name, mine)
        yield from self._same_counts("frequencies.parquet", "truth.parquet", answers)
        yield from self._shifted()

    def _same_counts(self, mine: str, truth: str, answers: Sequence[str]) -> Iterator[Line]:
        found = our_counts(self.folder / mine)
        known = true_counts(self.data.person / truth)
        alone = known.filter("alone")
        single = found.join(alone.select(SITE), on=list(SITE), how="semi")
        name = "genome, frequencies: alleles found, the truth"
        yield _agreement(f"{name}, records of one allele", single, alone)
        # Without a reference an allele of a record with two is trimmed, not moved to the left.
        yield Comparison(
            name=f"{name}, records of two",
            ours=found.height - single.height,
            peer=known.height - alone.height,
            unit="",
        )
        for answer in answers:
            theirs = peer_counts(self.folder / answer)
            name = f"genome, frequencies: alleles found, {answer}"
            yield _agreement(f"{name}, records of one allele", single, theirs.filter("alone"))
            # bcftools 1.16 gives a record the counts of one of its alleles only.
            yield Comparison(
                name=f"{name}, records of two",
                ours=found.height - single.height,
                peer=theirs.height - theirs.filter("alone").height,
                unit="",
            )
            (self.folder / answer).unlink()

    def _shifted(self) -> Iterator[Line]:
        """Insertions and deletions that are not left-aligned have the same answer."""
        shifted = self.data.person / "shifted.vcf.gz"
        self.measure(self.ours.frequencies(shifted, "shifted.parquet", aligned=False))
        left = {f"left_{part}": part for part in ("position", "ref", "alt")}
        known = pl.read_parquet(self.data.person / "shifted.parquet").drop(*left.values())
        known = known.rename(left).filter(pl.col("AC").is_not_null())
        # Which columns the answer has of where an allele stands is told by its normal place.
        found = our_counts(self.folder / "shifted.parquet")
        yield _agreement(
            "shifted to the right, frequencies: alleles found, the truth", found, known
        )

    def cohort(self) -> Iterator[Line]:
        """The same for the sites of a cohort."""
        vcf, name = self.data.cohort / "sites.vcf.gz", "cohort's sites, frequencies"
        mine, bcf, anno = self.in_turn(
            self.ours.frequencies(vcf, "sites.parquet"),
            self.peers.bcftools(vcf, "sites.bcf"),
            self.peers.vcfanno(vcf, "sites.vcf"),
        )
        yield from self.against(f"{name}: bcftools annotate to BCF", mine, bcf)
        yield from self.against(f"{name}: vcfanno -p 2", mine, anno)
        found = our_counts(self.folder / "sites.parquet")
        mend(self.folder / "sites.vcf")
        for answer in ("sites.bcf", "sites.vcf"):
            theirs = peer_counts(self.folder / answer)
            yield _agreement(f"{name}: alleles found, {answer}", found, theirs)

    def consequences(self) -> Iterator[Line]:
        """SO terms and HGVS of a genome on MANE's transcripts."""
        vcf, name = self.data.person / "person.vcf.gz", "genome, consequences"
        mine, bare, named = self.in_turn(
            self.ours.consequences(vcf, "consequences.parquet"),
            self.peers.snpeff(vcf, "terms.vcf"),
            self.peers.snpeff(vcf, "named.vcf", hgvs=True),
        )
        yield from self.against(f"{name} and HGVS: SnpEff with HGVS", mine, named, SNPEFF)
        yield from self.against(f"{name} and HGVS: SnpEff without HGVS", mine, bare)
        yield self.limit(name, mine)
        terms = same_terms(
            self.folder / "consequences.parquet",
            self.folder / "terms.vcf",
            self.data.person / "truth.parquet",
        )
        yield Comparison(name=f"{name}: the same worst term", ours=terms.share, unit="%")
        self.told["consequences"] = (
            f"of alleles and transcripts {terms.same:,} with the same worst term, {terms.other:,} "
            f"with another, {terms.only_ours:,} only ours, {terms.only_peer:,} only SnpEff's"
        )
        self.told["ours | SnpEff's"] = terms.told() or "no difference"
        for answer in ("terms.vcf", "named.vcf"):
            (self.folder / answer).unlink()

    def whole(self) -> Iterator[Line]:
        """Normalise, consequence, HGVS, ClinVar, frequencies, of a genome."""
        vcf, name = self.data.person / "person.vcf.gz", "genome, all"
        mine, chain = self.in_turn(
            self.ours.whole(vcf, "whole.parquet"), self.peers.chain(vcf, "chain.vcf")
        )
        yield from self.against(f"{name}: bcftools annotate and SnpEff", mine, chain, CHAIN)
        yield self.limit(name, mine)
        single = self.measure(self.ours.whole(vcf, "single.parquet", threads=1))
        yield Comparison(name=f"{name}: 2 threads, 1 thread", ours=mine.wall, peer=single.wall)
        same = _digest(self.folder / "whole.parquet") == _digest(self.folder / "single.parquet")
        yield Agreement(
            name=f"{name}: bytes with 2 threads and with 1",
            shared=int(same),
            only_ours=int(not same),
            only_peer=int(not same),
        )
        theirs = peer_counts(self.folder / "chain.vcf")
        yield _agreement(
            f"{name}: alleles found, chain", our_counts(self.folder / "whole.parquet"), theirs
        )
        for answer in ("chain.vcf", "split.bcf", "counted.bcf", "single.parquet"):
            (self.folder / answer).unlink()

    def reannotate(self) -> Iterator[Line]:
        """A cohort's stored sites after a release of ClinVar, against all anew."""
        renewed = self._built(self.ours.renewed, self.ours.renew())
        yield Comparison(name="knowledge build with a previous release, time", ours=renewed.wall)
        shutil.rmtree(self.folder / "stored", ignore_errors=True)
        for words in (
            *self.ours.describe(),
            self.ours.annotate(self.ours.release),
            self.ours.reannotate(self.ours.release),
        ):
            self.measure(words)
        again = [self.ours.annotate(self.ours.renewed), self.ours.reannotate(self.ours.renewed)]
        stored = self.measure(one_after_another(*again))
        yield from self._affected()
        anew = self.measure(one_after_another(*self.ours.describe(), *again))
        name = "cohort's sites after a release of ClinVar"
        yield from self.against(f"{name}: all anew", stored, anew)

    def _affected(self) -> Iterator[Line]:
        """Whom our table names, against who must be named by the way ClinVar was changed."""
        of_site = ["contig", "position", "ref", "alt"]
        changed = pl.read_parquet(self.data.clinvar / "changed.parquet").with_columns(
            pl.col("position").cast(pl.Int64)
        )
        carriers = pl.scan_parquet(self.data.cohort / "genotypes.parquet").select(
            *of_site, "person"
        )
        wanted = carriers.join(changed.lazy(), on=of_site).collect()
        found = pl.read_csv(self.ours.affected, separator="\t", infer_schema=False).filter(
            pl.col("column") == "clinvar_significance"
        )
        found = found.with_columns(pl.col("position").cast(pl.Int64))
        both = [*of_site, "person", "before", "after"]
        shared = found.select(both).join(wanted.select(both), on=both, nulls_equal=True).height
        yield Agreement(
            name="people and variants whose class in ClinVar changed",
            shared=shared,
            only_ours=found.height - shared,
            only_peer=wanted.height - shared,
        )


def _agreement(name: str, mine: pl.DataFrame, theirs: pl.DataFrame) -> Agreement:
    shared, only_ours, only_peer = same_counts(mine, theirs)
    return Agreement(name=name, shared=shared, only_ours=only_ours, only_peer=only_peer)


def _digest(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _make_writable(folder: Path) -> None:
    """A release can't be written to, nor its files removed."""
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)


if __name__ == "__main__":
    raise SystemExit(main())
