"""Ensembl VEP's rules, by vepyr, in an environment of its own: it wants another Polars."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from soyang.annotation.engines.contract import PREDICTED, nothing, tab_separated, vcf_text
from soyang.annotation.engines.store import stored
from soyang.annotation.engines.vep_cache import RELEASE, write_cache
from soyang.annotation.genome import Genome
from soyang.annotation.gff import Transcripts
from soyang.annotation.sites import read_columns
from soyang.annotation.terms import SO_OF_VEP, to_so
from soyang.core.assembly import bare
from soyang.core.errors import Fault, FaultError, ToolError
from soyang.core.process import run

_WORKER = Path(__file__).with_name("vep_worker.py")
_FIELDS = ("allele", "terms", "kind", "id", "amino_acids")
"""Parts of an entry of CSQ, in the order in which the worker asks for them."""


@dataclass(frozen=True)
class Vep:
    """Vepyr with a cache made from the transcripts and the reference.

    Attributes:
        data: folder for caches; one that fits is used again.
        python: Python that has vepyr.
    """

    data: Path
    python: Path

    def predict(
        self, sites: pl.DataFrame, genome: Genome, known: Transcripts, *, threads: int
    ) -> pl.DataFrame:
        """As :class:`~soyang.annotation.engines.contract.Predictor` says; always one process."""
        if sites.is_empty():
            return nothing()
        cache = self.cache(genome, known)
        with tempfile.TemporaryDirectory() as scratch:
            vcf, out, words = (Path(scratch) / name for name in ("in.vcf", "out.vcf", "csq.tsv"))
            reference = _renamed(genome, Path(scratch))
            contigs = sites["contig"].unique().to_list()
            vcf.write_bytes(vcf_text(sites, {name: genome.lengths[name] for name in contigs}))
            self._run([vcf, cache, reference, out])
            run(["bcftools", "query", "--format", "%ID\t%INFO/CSQ\n", out], stdout=words)
            return parse(read_columns(words, {"site": pl.Int64, "csq": pl.String}))

    def cache(self, genome: Genome, known: Transcripts) -> Path:
        """Make the cache of these transcripts and this reference, unless it is there."""
        lines = tab_separated(known.lines)
        # All contigs' bases are wanted, whatever the one at hand keeps in memory.
        whole = Genome(genome.path)
        return stored(
            self.data, f"vep{RELEASE}", lines, genome, lambda to: write_cache(to, whole, known)
        )

    def _run(self, words: list[Path]) -> None:
        try:
            run([self.python, "-I", _WORKER, *words])
        except ToolError as error:
            raise FaultError(
                Fault(
                    code="engine-vep",
                    file=str(self.python),
                    found=str(error),
                    allowed="a Python that has vepyr 0.10",
                    next_step="make the environment with scripts/setup_vep.sh and give its "
                    ".vep/bin/python, or use --engine csq",
                )
            ) from None


def _renamed(genome: Genome, folder: Path) -> Path:
    """The reference under names without ``chr``, which is how vepyr asks for its contigs.

    An index says where a contig lies; with other names in it the file answers to these.
    """
    reference = folder / f"reference{genome.path.suffix}"
    reference.symlink_to(genome.path.absolute())
    index = genome.path.with_name(genome.path.name + ".fai").read_text(encoding="utf-8")
    lines = (line.split("\t", 1) for line in index.splitlines() if line)
    text = "".join(f"{bare(name)}\t{rest}\n" for name, rest in lines)
    reference.with_name(reference.name + ".fai").write_text(text, encoding="utf-8")
    blocks = genome.path.with_name(genome.path.name + ".gzi")
    if blocks.exists():
        reference.with_name(reference.name + ".gzi").symlink_to(blocks.absolute())
    return reference


def parse(said: pl.DataFrame) -> pl.DataFrame:
    """Take VEP's words apart.

    Args:
        said: columns site, csq.

    Returns:
        :data:`~soyang.annotation.engines.contract.PREDICTED`; amino acids as HGVS p.

    Raises:
        FaultError: VEP printed a term that has no place here.
    """
    said = said.drop_nulls("csq")
    if said.is_empty():
        return nothing()
    fields = (
        said.with_columns(pl.col("csq").str.split(","))
        .explode("csq")
        .with_columns(pl.col("csq").str.split_exact("|", len(_FIELDS) - 1).alias("f"))
        .select("site", pl.col("f").struct.rename_fields(list(_FIELDS)))
        .unnest("f")
        .filter(pl.col("kind") == "Transcript")
        .with_columns(pl.col("terms").str.split("&"))
        .explode("terms")
    )
    protein = pl.col("amino_acids").str.extract(r":(.*)$")
    return (
        fields.with_columns(to_so(fields["terms"], SO_OF_VEP, "vepyr").alias("terms"))
        .group_by("site", "id", maintain_order=True)
        .agg("terms", protein.drop_nulls().first().str.replace_all("%3D", "="))
        .select(pl.col(name).cast(dtype) for name, dtype in PREDICTED.items())
    )
