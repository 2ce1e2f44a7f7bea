"""dbSNP's numbers, on contigs of any naming."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import polars as pl
import pysam
import pytest

from soyang.annotation.genome import Genome
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.writer import VariantWriter
from soyang.annotation.sources import dbsnp
from soyang.core.errors import FaultError
from soyang.core.variant_key import allele_codes, alleles

SEQUENCE = "GATTACAAAAAACGTCAGTCAGTC"
OFFSET = 43_044_045
"""GRCh38 position of the BRCA1 slice's base 0."""


def entry_of(*assemblies: str) -> CatalogSource:
    given = {
        "id": "dbsnp", "kind": "dbsnp", "assembly": assemblies or ("GRCh38",), "name": "dbSNP",
        "version": "157", "date": "2026-01-01", "licence": "public domain",
        "file": ["dbsnp.vcf.gz"],
    }  # fmt: skip
    return CatalogSource.model_validate(given)


def write_vcf(path: Path, records) -> Path:
    lines = ["##fileformat=VCFv4.2", '##INFO=<ID=RS,Number=1,Type=Integer,Description="dbSNP ID">']
    lines.append("\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]))
    lines += ["\t".join(record.split()) for record in records]
    with pysam.BGZFile(str(path), "wb") as out:
        out.write("\n".join([*lines, ""]).encode())
    return path


@pytest.fixture
def genome(make_fasta) -> Genome:
    return Genome(make_fasta({"chr1": SEQUENCE, "chrX": SEQUENCE, "chrM": SEQUENCE}))


def read(path, genome, *assemblies, threads=1):
    left_out: Counter[str] = Counter()
    parts = dbsnp.read(
        entry_of(*assemblies), path, genome, threads=threads, left_out=left_out, vocabularies={}
    )
    frames = [frame.with_columns(chromosome=pl.lit(name)) for name, frame in parts]
    return (pl.concat(frames) if frames else None), dict(left_out)


def write(folder, path, genome) -> VariantWriter:
    with VariantWriter(folder, dbsnp.COLUMNS, prefer=dbsnp.PREFER) as writer:
        for chromosome, frame in dbsnp.read(
            entry_of(), path, genome, threads=2, left_out=Counter(), vocabularies={}
        ):
            writer.add(chromosome, frame)
        writer.close()
    return writer


@pytest.mark.parametrize(
    ("one", "other", "mitochondrion"),
    [("NC_000001.11", "NC_000023.11", "NC_012920.1"), ("1", "X", "MT"), ("chr1", "chrX", "chrM")],
)
def test_contigs_by_accession_and_by_name(tmp_path, genome, one, other, mitochondrion):
    records = [
        f"{one} 4 rs12 T C,G . . RS=12",
        f"{one} 12 rs4294967295 AC C . . .",
        f"{other} 4 rs7 T TA . . .",
        f"{mitochondrion} 4 rs8 T A . . .",
        "NT_187361.1 4 rs9 T A . . .",
        "NW_003315950.2 4 rs9 T A . . .",
    ]
    frame, left_out = read(write_vcf(tmp_path / "식별 번호.vcf.gz", records), genome)
    assert frame.select("chromosome", "position", "rs").rows() == [
        ("1", 4, 12), ("1", 4, 12), ("1", 6, 4_294_967_295), ("X", 4, 7), ("M", 4, 8),
    ]  # fmt: skip
    assert frame.schema["rs"] == pl.UInt32
    assert left_out == {"on a contig that is no chromosome": 2}


def test_the_accession_of_another_assembly(tmp_path, genome):
    path = write_vcf(tmp_path / "d.vcf.gz", ["NC_000001.10 4 rs12 T C . . ."])
    with pytest.raises(FaultError, match=r"NC_000001\.10.*NC_000001\.11") as caught:
        read(path, genome)
    assert caught.value.faults[0].code == "wrong-build"
    frame, _ = read(path, genome, "GRCh37")
    assert len(frame) == 1


def test_of_several_numbers_the_lowest_stays(tmp_path, genome):
    records = [
        "chr1 4 rs30;rs5;rs9 T C . . .",
        "chr1 7 rs80 AA A . . .",  # the same deletion, in two places
        "chr1 12 rs70 AC C . . .",
        "chr1 13 . C A . . .",
    ]
    path = write_vcf(tmp_path / "d.vcf.gz", records)
    frame, left_out = read(path, genome)
    assert frame["rs"].to_list() == [30, 5, 9, 80, 70]
    assert left_out == {"no rs number": 1}
    writer = write(tmp_path / "out", path, genome)
    back = pl.read_parquet(tmp_path / "out" / "1.parquet")
    assert back.select("position", "rs").rows() == [(4, 5), (6, 70)]
    assert writer.repeated == 3


@pytest.mark.parametrize("told", ["COSV52", "rs", "rs4294967296", "rs12a", "12", "rs-3"])
def test_an_identifier_of_another_kind(tmp_path, genome, told):
    path = write_vcf(tmp_path / "d.vcf.gz", ["chr1 4 rs1 T C . . .", f"chr1 5 {told} A C . . ."])
    with pytest.raises(FaultError) as caught:
        read(path, genome)
    (fault,) = caught.value.faults
    assert repr(told) in fault.found
    assert fault.row == "1:5"


def test_a_vcf_that_is_not_dbsnp(tmp_path, genome):
    path = write_vcf(tmp_path / "d.vcf.gz", ["chr1 4 . T C . . .", "chr1 5 . A C . . ."])
    with pytest.raises(FaultError, match="no rs number in any record"):
        read(path, genome)
    assert read(write_vcf(tmp_path / "none.vcf.gz", []), genome) == (None, {})


@pytest.mark.shared
def test_dbsnp_138_over_brca1(shared_data, tmp_path):
    folder = shared_data / "na12878_brca1"
    slice_ = "".join((folder / "hg38-brca1.fasta").read_text().split("\n")[1:])
    fasta = tmp_path / "chr17.fa"
    fasta.write_text(f">chr17\n{'N' * OFFSET}{slice_}\n")
    pysam.faidx(str(fasta))
    path = folder / "brca1_hg38_dbsnp138.vcf.gz"
    frame, left_out = read(path, Genome(fasta), threads=2)
    told = set()
    with gzip.open(path, "rt") as lines:
        for line in lines:
            if not line.startswith("#"):
                _, position, rs, ref, alts, *_ = line.split("\t")
                told |= {(int(position), ref, alt, int(rs[2:])) for alt in alts.split(",")}
    assert len(told) > 3_300
    short = alleles(frame["code"])
    found = set(
        zip(
            frame["position"],
            frame["ref"].fill_null(short["ref"]),
            frame["alt"].fill_null(short["alt"]),
            frame["rs"],
            strict=True,
        )
    )
    lost = sum(left_out.values())
    assert set(left_out) <= {
        "no alternate allele of A, C, G, T",
        "the reference has another base there",
    }
    assert len(frame) == len(told) - lost
    # GATK left-aligned the file, record by record: most stand as they stood.
    assert len(found & told) > 0.97 * len(told)
    assert {rs for *_, rs in found} <= {rs for *_, rs in told}
    # rs80357906, BRCA1 c.5266dup: an insertion of C (plus strand G) at its leftmost place.
    (insertion,) = [row for row in found if row[3] == 80_357_906]
    assert insertion[2] == insertion[1] + insertion[2][-1]
    code = allele_codes(pl.Series([insertion[1]]), pl.Series([insertion[2]]))[0]
    write(tmp_path / "out", path, Genome(fasta))
    back = pl.read_parquet(tmp_path / "out" / "17.parquet")
    here = back.filter((pl.col("position") == insertion[0]) & (pl.col("code") == code))
    assert here["rs"].to_list() == [80_357_906]
