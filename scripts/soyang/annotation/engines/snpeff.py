"""SnpEff, from its jar: Debian's wrapper prints into the VCF."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from soyang.annotation.engines.contract import PREDICTED, nothing, vcf_text
from soyang.annotation.engines.gtf import gtf_text
from soyang.annotation.engines.store import stored
from soyang.annotation.genome import Genome
from soyang.annotation.gff import Transcripts
from soyang.annotation.sites import read_columns
from soyang.annotation.terms import SO_OF_SNPEFF, to_so
from soyang.core.errors import Fault, FaultError, ToolError
from soyang.core.process import Command, pipe, run

JAR = Path("/usr/share/java/snpeff.jar")
"""Where Debian's libsnpeff-java puts it."""

_NAME, _CONFIG = "soyang", "snpEff.config"
_MAIN = "org.snpeff.SnpEff"
_FIELDS = 16
"""Parts of an entry of ANN ("Variant annotations in VCF format" 1.0, January 2015)."""
_QUIET = ("-noLog", "-nodownload")
_ANNOTATE = (
    *("-noStats", "-noInteraction", "-noMotif", "-noNextProt", "-noLof"),
    *("-no-upstream", "-no-downstream", "-no-intergenic"),
)


@dataclass(frozen=True)
class SnpEff:
    """SnpEff with a database made from the transcripts and the reference.

    Attributes:
        data: folder for databases; one that fits is used again.
        jar: SnpEff's jar.
        memory: Java's heap, as ``-Xmx`` takes it; building the database of a genome takes about
            6 GB.
    """

    data: Path
    jar: Path = JAR
    memory: str = "6g"

    def predict(
        self, sites: pl.DataFrame, genome: Genome, known: Transcripts, *, threads: int
    ) -> pl.DataFrame:
        """As :class:`~soyang.annotation.engines.contract.Predictor` says; always one process."""
        if sites.is_empty():
            return nothing()
        config = self.database(genome, known)
        with tempfile.TemporaryDirectory() as folder:
            vcf, out = Path(folder) / "sites.vcf", Path(folder) / "ann.tsv"
            contigs = sites["contig"].unique().to_list()
            vcf.write_bytes(vcf_text(sites, {name: genome.lengths[name] for name in contigs}))
            query = ["bcftools", "query", "--include", 'ANN!="."', "--format", "%ID\t%ANN\n", "-"]
            self._java([self._command("ann", config, *_ANNOTATE, _NAME, vcf), query], stdout=out)
            return parse(read_columns(out, {"site": pl.Int64, "ann": pl.String}))

    def database(self, genome: Genome, known: Transcripts) -> Path:
        """Make the database of these transcripts and this reference, unless it is there.

        Returns:
            The configuration file that names it.
        """
        gtf = gtf_text(known)
        place = stored(self.data, "snpeff", gtf, genome, lambda to: self._build(to, gtf, genome))
        return place / _CONFIG

    def _build(self, folder: Path, gtf: bytes, genome: Genome) -> None:
        database = folder / _NAME
        database.mkdir(parents=True)
        (database / "genes.gtf").write_bytes(gtf)
        sequences = database / (
            "sequences.fa.gz" if genome.path.suffix == ".gz" else "sequences.fa"
        )
        sequences.symlink_to(genome.path.absolute())
        config = folder / _CONFIG
        # Relative to the configuration's own folder, so that the database can be moved.
        config.write_text(f"data.dir = ./\n{_NAME}.genome : {_NAME}\n", encoding="utf-8")
        self._java([self._command("build", config, "-gtf22", "-noCheckCds", "-noCheckProtein",
                                  _NAME)])  # fmt: skip
        sequences.unlink()

    def _command(self, verb: str, config: Path, *words: str | Path) -> list[str | Path]:
        java: list[str | Path] = ["java", f"-Xmx{self.memory}", "-cp", self.jar, _MAIN, verb]
        return [*java, "-c", config, *_QUIET, *words]

    def _java(self, commands: list[Command], stdout: Path | None = None) -> None:
        if not self.jar.exists():
            raise FaultError(self._fault(f"no file {self.jar}", "SnpEff's jar"))
        if not shutil.which("java"):
            raise FaultError(self._fault("no java on PATH", "a Java runtime"))
        try:
            pipe(commands, stdout=stdout)
        except ToolError as error:
            raise FaultError(
                self._fault(str(error), f"a run within {self.memory} of heap")
            ) from None

    def _fault(self, found: str, allowed: str) -> Fault:
        return Fault(
            code="engine-snpeff",
            file=str(self.jar),
            found=found,
            allowed=allowed,
            next_step="install Debian's libsnpeff-java and default-jre-headless, give the machine "
            "more memory, or use --engine csq",
        )


def version(jar: Path = JAR) -> str:
    """SnpEff's name, version and date as it says them."""
    return run(["java", "-cp", jar, _MAIN, "-version"]).strip()


def parse(said: pl.DataFrame) -> pl.DataFrame:
    """Take SnpEff's words apart.

    Args:
        said: columns site, ann.

    Returns:
        :data:`~soyang.annotation.engines.contract.PREDICTED`; amino acids as HGVS p.

    Raises:
        FaultError: SnpEff printed a term that has no place here.
    """
    if said.is_empty():
        return nothing()
    entry = pl.col("ann").str.split_exact("|", _FIELDS - 1).struct
    fields = said.with_columns(pl.col("ann").str.split(",")).explode("ann").select(
        "site",
        entry.field("field_1").str.split("&").alias("terms"),
        entry.field("field_5").alias("kind"),
        entry.field("field_6").alias("id"),
        entry.field("field_10").replace("", None).alias("amino_acids"),
    )  # fmt: skip
    rows = fields.filter(pl.col("kind") == "transcript").explode("terms")
    return (
        rows.with_columns(to_so(rows["terms"], SO_OF_SNPEFF, "SnpEff").alias("terms"))
        .group_by("site", "id", maintain_order=True)
        .agg("terms", pl.col("amino_acids").drop_nulls().first())
        .select(pl.col(name).cast(dtype) for name, dtype in PREDICTED.items())
    )
