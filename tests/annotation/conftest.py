"""A small genome with genes on both strands, the demo's genes, and the HGVS library as oracle."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hgvs.edit
import hgvs.location
import hgvs.normalizer
import hgvs.posedit
import hgvs.sequencevariant
import hgvs.variantmapper
import polars as pl
import pysam
import pytest
from bioutils.sequences import reverse_complement
from hgvs.dataproviders.interface import Interface

from soyang import __version__
from soyang.annotation.genome import Genome
from soyang.annotation.gff import Transcripts, read_transcripts
from soyang.annotation.release.folder import checksums
from soyang.annotation.release.manifest import (
    GENES,
    INTERVALS,
    MANIFEST,
    VARIANTS,
    ColumnFact,
    Kind,
    Manifest,
    SourceFact,
    manifest_text,
)
from soyang.annotation.release.writer import IntervalWriter, VariantWriter
from soyang.annotation.sources import clinvar, dbsnp
from soyang.core.assembly import Assembly, bare
from soyang.core.variant_key import allele_codes

SITE_TYPES = {"contig": pl.String, "position": pl.Int64, "ref": pl.String, "alt": pl.String}
COUNTS = ("ac", "an", "nhomalt", "nhemi")

UTR5, UTR3 = "GGCACTTGCA", "GCATAACCTTGGTACCAAGT"
CODONS = ["ATG", "GCT", "GCT", "AAA", "CCC", "GTT", "TGG", "CAT", "GAT", "GAA", "TCT", "CGA", "TAA"]
INTRON = "GTAAGTCCTTGACGTACTTTTCAG"
"""One small gene: 5' UTR, CDS of 13 codons in two exons split within codon 5, 3' UTR."""


@dataclass(frozen=True)
class Gene:
    """A gene's exons (0-based, half-open) and coding span on its contig."""

    name: str
    strand: str
    exons: list[tuple[int, int]]
    cds: tuple[int, int]
    attributes: dict[str, str] = field(default_factory=dict)


def gff(genes: Sequence[Gene], contig: str = "chr20") -> str:
    """GFF3 in MANE's style."""
    lines = ["##gff-version 3"]

    def add(kind: str, span: tuple[int, int], phase: str, attributes: str) -> None:
        row = [contig, "test", kind, span[0] + 1, span[1], ".", gene.strand, phase, attributes]
        lines.append("\t".join(map(str, row)))

    for gene in genes:
        whole = gene.exons[0][0], gene.exons[-1][1]
        biotype = gene.attributes.get("biotype", "protein_coding")
        parent = f"Parent=transcript:ENST{gene.name}"
        head = f"Name={gene.name};biotype={biotype}"
        add("gene", whole, ".", f"ID=gene:ENSG{gene.name};{head}")
        add("mRNA", whole, ".",
            f"ID=transcript:ENST{gene.name};Parent=gene:ENSG{gene.name};{head};version=3;"
            f"refseq=NM_{gene.name}.2;protein_id=ENSP{gene.name}.1")  # fmt: skip
        pieces = [(max(a, gene.cds[0]), min(b, gene.cds[1])) for a, b in gene.exons]
        pieces = [(a, b) for a, b in pieces if a < b]
        done = 0
        phases = {}
        for a, b in pieces if gene.strand == "+" else reversed(pieces):
            phases[a] = str(-done % 3)
            done += b - a
        for a, b in gene.exons:
            add("exon", (a, b), ".", parent)
        for a, b in pieces:
            add("CDS", (a, b), phases[a], f"{parent};protein_id=ENSP{gene.name}")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class World:
    """A reference, transcripts on it, and their files."""

    fasta: Path
    gff3: Path
    genome: Genome
    known: Transcripts


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Contig chr20: the small gene on the plus strand at 100, on the minus strand at 400."""
    folder = tmp_path_factory.mktemp("world")
    coding = "".join(CODONS)
    one, two = UTR5 + coding[:14], coding[14:] + UTR3
    sense = one + INTRON + two
    flank = "TACGATCGTTCAGGACTTAC" * 5
    sequence = flank + sense + flank * 2 + "C" + reverse_complement(sense) + flank
    plus, minus = len(flank), len(flank) * 3 + len(sense) + 1
    cut = len(one) + len(INTRON)
    genes = [
        Gene("1", "+", [(plus, plus + len(one)), (plus + cut, plus + len(sense))],
             (plus + 10, plus + len(sense) - 20)),
        Gene("2", "-", [(minus, minus + len(two)), (minus + len(sense) - len(one),
             minus + len(sense))], (minus + 20, minus + len(sense) - 10)),
    ]  # fmt: skip
    fasta, path = folder / "genome.fa", folder / "genes.gff3"
    fasta.write_text(f">chr20\n{sequence}\n>chr21\n{flank}\n")
    pysam.faidx(str(fasta))
    path.write_text(gff(genes))
    genome = Genome(fasta)
    return World(fasta, path, genome, read_transcripts(path, genome))


@pytest.fixture(scope="session")
def demo(root: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The demo's nine genes of chromosome 20 in true GRCh38 coordinates, N elsewhere."""
    fasta = tmp_path_factory.mktemp("demo") / "genome.fa"
    bases = bytearray(b"N" * 10_700_000)
    text = gzip.decompress((root / "resources/demo/genes.fa.gz").read_bytes()).decode()
    for record in text.split(">")[1:]:
        head, *lines = record.splitlines()
        start = int(head.split()[0].split(":")[1].split("-")[0]) - 1
        part = "".join(lines).upper().encode()
        bases[start : start + len(part)] = part
    fasta.write_bytes(b">chr20\n" + bytes(bases) + b"\n")
    pysam.faidx(str(fasta))
    path = root / "resources/demo/transcripts.gff3"
    genome = Genome(fasta)
    return World(fasta, path, genome, read_transcripts(path, genome))


@pytest.fixture
def make_sites(tmp_path: Path) -> Callable[..., Path]:
    """Write a cohort sites table from (contig, position, ref, alt) rows."""

    def make(rows: Sequence[tuple[str, int, str, str]], name: str = "sites.parquet") -> Path:
        path = tmp_path / name
        sites_frame(rows).write_parquet(path)
        return path

    return make


def sites_frame(rows: Sequence[tuple[str, int, str, str]]) -> pl.DataFrame:
    """A cohort sites table, each site carried once."""
    frame = pl.DataFrame(list(rows), schema=SITE_TYPES, orient="row")
    ones = {"ac": 1, "an": 20, "nhomalt": 0, "nhemi": 0}
    return frame.with_columns(pl.lit(n, pl.Int32).alias(name) for name, n in ones.items())


def counted(name: str, *groups: str) -> tuple[ColumnFact, ...]:
    """Columns of a source of counts, of all and of groups."""
    columns = [f"{kind}{group}" for group in ("", *(f"_{g}" for g in groups))
               for kind in ("ac", "an", "nhomalt")]  # fmt: skip
    return tuple(
        ColumnFact(name=column, annotated=f"{name}_{column}", dtype="Int32", meaning=column)
        for column in columns
    )


COLUMNS = {
    Kind.CLINVAR: clinvar.COLUMNS,
    Kind.DBSNP: dbsnp.COLUMNS,
    Kind.REVEL: (ColumnFact(name="score", annotated="revel", dtype="Float32", meaning="score"),),
    Kind.REPEATS: (ColumnFact(name="kind", annotated="repeat", dtype="String", meaning="kind"),),
}


@dataclass(frozen=True)
class Made:
    """A source of a made release.

    ``rows`` are (chromosome, position, ref, alt, values of the columns...), of intervals
    (chromosome, start, end, value); values that are left out at the end are missing.
    """

    kind: Kind
    rows: Sequence[tuple[Any, ...]]
    version: str = "1"
    columns: tuple[ColumnFact, ...] = ()
    row_group: int = 100

    @property
    def facts(self) -> tuple[ColumnFact, ...]:
        return self.columns or COLUMNS[self.kind]


def write_release(
    path: Path,
    sources: dict[str, Made],
    *,
    genome: Genome | None = None,
    genes: pl.DataFrame | None = None,
    assembly: Assembly = Assembly.GRCH38,
) -> Path:
    """Write a release by hand, in the layout of release.manifest."""
    path.mkdir(parents=True)
    facts = {name: _write_source(path, name, made) for name, made in sources.items()}
    if genes is not None:
        genes.write_parquet(path / GENES)
    stated = Manifest(
        release=path.name,
        assembly=assembly,
        reference_md5={bare(n): genome.md5(n) for n in genome.lengths} if genome else {},
        soyang=__version__,
        previous="",
        sources=facts,
        files=checksums(path),
    )
    (path / MANIFEST).write_text(manifest_text(stated), encoding="utf-8")
    return path


def _write_source(path: Path, name: str, made: Made) -> SourceFact:
    chromosomes = list(dict.fromkeys(row[0] for row in made.rows))
    if made.kind is Kind.REPEATS:
        writer: Any = IntervalWriter(path / INTERVALS / name, made.facts[0])
    else:
        writer = VariantWriter(path / VARIANTS / name, made.facts, row_group=made.row_group)
    with writer:
        for chromosome in chromosomes:
            rows = [row[1:] for row in made.rows if row[0] == chromosome]
            writer.add(chromosome, _frame(rows, made))
        written = dict(writer.close())
    return SourceFact(
        kind=made.kind,
        name=name.title(),
        version=made.version,
        date="2025-01-01",
        licence="none",
        url="",
        file=f"{name}.vcf",
        size=1,
        sha256=hashlib.sha256(repr((made.rows, made.version)).encode()).hexdigest(),
        records=len(made.rows),
        rows=written,
        columns=made.facts,
    )


def _frame(rows: Sequence[tuple[Any, ...]], made: Made) -> pl.DataFrame:
    values = {fact.name: getattr(pl, fact.dtype) for fact in made.facts}
    if made.kind is Kind.REPEATS:
        schema = {"start": pl.Int32, "end": pl.Int32, **values}
        return pl.DataFrame(list(rows), schema=schema, orient="row")
    schema = {"position": pl.Int32, "ref": pl.String, "alt": pl.String, **values}
    full = [(*row, *[None] * (len(schema) - len(row))) for row in rows]
    frame = pl.DataFrame(full, schema=schema, orient="row")
    code = allele_codes(frame["ref"], frame["alt"])
    long = pl.Series((code & 1) == 1)
    spelt = [pl.when(long).then(pl.col(n)).alias(n) for n in ("ref", "alt")]
    return frame.with_columns(code, *spelt).select("position", "code", "ref", "alt", *values)


def numbered(rows: Sequence[tuple[str, int, str, str]]) -> pl.DataFrame:
    """Sites as engines take them, numbered in their order."""
    frame = pl.DataFrame(list(rows), schema=SITE_TYPES, orient="row").with_row_index("site")
    return frame.with_columns(pl.col("site").cast(pl.Int64))


class Local(Interface):  # type: ignore[misc]
    """Data provider of the HGVS library over a GFF3 and a FASTA: no network, no database."""

    required_version = "1.1"

    def __init__(self, world: World, contig: str, accession: str) -> None:
        self.url = "local"
        self.accession = accession
        self.bases = world.genome.sequence(contig).tobytes().decode()
        self.table = {r["transcript"]: r for r in world.known.table.iter_rows(named=True)}
        self.exons: dict[str, list[dict[str, Any]]] = {}
        self.messages: dict[str, str] = {}
        for name, row in self.table.items():
            self._add(name, row, world.known.exons.filter(pl.col("id") == row["id"]).sort("exon"))
        super().__init__()

    def _add(self, name: str, row: dict[str, Any], exons: pl.DataFrame) -> None:
        self.exons[name] = [
            {
                "ord": e["exon"] - 1,
                "tx_start_i": e["first"],
                "tx_end_i": e["first"] + e["end"] - e["start"],
                "alt_start_i": e["start"],
                "alt_end_i": e["end"],
                "alt_strand": 1 if row["strand"] == "+" else -1,
                "cigar": f"{e['end'] - e['start']}=",
            }
            for e in exons.iter_rows(named=True)
        ]
        parts = [self.bases[e["start"] : e["end"]] for e in exons.iter_rows(named=True)]
        minus = row["strand"] == "-"
        self.messages[name] = "".join(map(reverse_complement, parts) if minus else parts)

    def data_version(self) -> str:
        return "1.1"

    schema_version = data_version

    def get_seq(self, ac: str, start_i: int | None = None, end_i: int | None = None) -> str:
        source = self.bases if ac == self.accession else self.messages[ac]
        return source[start_i:end_i]

    def get_tx_identity_info(self, tx_ac: str) -> dict[str, Any]:
        row = self.table[tx_ac]
        lengths = [e["tx_end_i"] - e["tx_start_i"] for e in self.exons[tx_ac]]
        return {
            "cds_start_i": row["cds_start"],
            "cds_end_i": row["cds_end"],
            "lengths": lengths,
            "hgnc": row["gene"],
        }

    def get_tx_info(self, tx_ac: str, alt_ac: str, alt_aln_method: str) -> dict[str, Any]:
        return self.get_tx_identity_info(tx_ac)

    def get_tx_exons(self, tx_ac: str, alt_ac: str, alt_aln_method: str) -> list[dict[str, Any]]:
        exons = self.exons[tx_ac]
        return sorted(exons, key=lambda exon: exon["alt_start_i"])

    def get_tx_mapping_options(self, tx_ac: str) -> list[dict[str, str]]:
        return [{"alt_ac": self.accession, "alt_aln_method": "splign"}]

    def get_pro_ac_for_tx_ac(self, tx_ac: str) -> str:
        return str(self.table[tx_ac]["protein"])

    def _nothing(self, *arguments: Any) -> None:
        return None

    get_acs_for_protein_seq = get_assembly_map = get_gene_info = _nothing
    get_similar_transcripts = get_tx_for_gene = get_tx_for_region = _nothing


class Oracle:
    """What the HGVS library says of a VCF allele."""

    def __init__(self, world: World, contig: str = "chr20", accession: str = "NC_000020.11"):
        self.provider = Local(world, contig, accession)
        self.accession = accession
        self.mapper = hgvs.variantmapper.VariantMapper(self.provider)
        self.right = hgvs.normalizer.Normalizer(self.provider, shuffle_direction=3)
        self.left = hgvs.normalizer.Normalizer(self.provider, shuffle_direction=5)

    def _allele(self, position: int, ref: str, alt: str) -> Any:
        edit = hgvs.edit.NARefAlt(ref=ref, alt=alt)
        ends = [hgvs.location.SimplePosition(p) for p in (position, position + len(ref) - 1)]
        place = hgvs.location.Interval(start=ends[0], end=ends[1])
        posedit = hgvs.posedit.PosEdit(place, edit)
        return hgvs.sequencevariant.SequenceVariant(self.accession, "g", posedit)

    def genomic(self, position: int, ref: str, alt: str) -> str:
        return str(self.right.normalize(self._allele(position, ref, alt)))

    def _coding(self, position: int, ref: str, alt: str, transcript: str) -> Any:
        minus = self.provider.table[transcript]["strand"] == "-"
        shifter = self.left if minus else self.right
        moved = shifter.normalize(self._allele(position, ref, alt))
        return self.mapper.g_to_c(moved, transcript, alt_aln_method="splign")

    def coding(self, position: int, ref: str, alt: str, transcript: str) -> str:
        return str(self._coding(position, ref, alt, transcript))

    def protein(self, position: int, ref: str, alt: str, transcript: str) -> str:
        return str(self.mapper.c_to_p(self._coding(position, ref, alt, transcript)))


@pytest.fixture(scope="session")
def oracle(demo: World) -> Oracle:
    """The HGVS library on the demo's genes."""
    return Oracle(demo)
