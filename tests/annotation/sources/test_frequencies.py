"""Counts of a sites VCF: each allele's own, normalised, with what can't be refused by record."""

from __future__ import annotations

import random
import subprocess
from collections import Counter
from pathlib import Path

import polars as pl
import pysam
import pytest

from soyang.annotation.genome import Genome
from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.writer import VariantWriter
from soyang.annotation.sources import frequencies
from soyang.annotation.sources.counts import counts_of
from soyang.core.errors import FaultError
from soyang.core.variant_key import alleles

#            1   5    10   15   20   25   30   35   40
SEQUENCE = "GATTACAAAAAACGTCAGTCAGTCTCTCTCTGACCATGNNGC"
OTHER = dict(zip("ACGT", "CGTA", strict=True))
RIGHT = range(13, 38)
INFO = {"AC": "A", "AN": "1", "nhomalt": "A"}


def catalogue_entry(**changes) -> CatalogSource:
    given = {
        "id": "gnomad", "kind": "frequencies", "assembly": ["GRCh38"], "name": "gnomAD",
        "version": "4", "date": "2026-01-01", "licence": "CC0", "file": ["sites.vcf.gz"],
    }  # fmt: skip
    return CatalogSource.model_validate(given | changes)


def write_vcf(path: Path, records, info=INFO, *, kind="Integer", line_end="\n") -> Path:
    """Sites in BGZF (or text where the name ends in .vcf), each record columns between spaces."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["##fileformat=VCFv4.2"]
    lines += [f'##INFO=<ID={n},Number={c},Type={kind},Description="{n}">' for n, c in info.items()]
    lines.append("\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]))
    lines += ["\t".join(record.split()) for record in records]
    text = "".join(line + line_end for line in lines)
    if path.suffix == ".vcf":
        path.write_bytes(text.encode())
    else:
        with pysam.BGZFile(str(path), "wb") as out:
            out.write(text.encode())
    return path


@pytest.fixture
def genome(make_fasta) -> Genome:
    return Genome(
        make_fasta({"chr1": SEQUENCE, "chrX": SEQUENCE, "chr1_KI270706v1_random": "ACGT"})
    )


def read(path, genome, entry=None, *, threads=1):
    """Rows with alleles spelt out, and what was left out."""
    left_out: Counter[str] = Counter()
    parts = frequencies.read(
        entry or catalogue_entry(),
        path,
        genome,
        threads=threads,
        left_out=left_out,
        vocabularies={},
    )
    frames = [
        frame.with_columns(
            pl.lit(name).alias("chromosome"),
            ref=frame["ref"].fill_null(alleles(frame["code"])["ref"]),
            alt=frame["alt"].fill_null(alleles(frame["code"])["alt"]),
        )
        for name, frame in parts
    ]
    return (pl.concat(frames) if frames else pl.DataFrame()), dict(left_out)


def rows(frame: pl.DataFrame, *columns: str):
    return frame.select("chromosome", "position", "ref", "alt", *columns).rows()


def fault_of(path, genome, entry=None):
    with pytest.raises(FaultError) as caught:
        read(path, genome, entry)
    (fault,) = caught.value.faults
    assert fault.file == str(path)
    assert fault.next_step
    return fault


def test_each_allele_has_its_counts_where_it_belongs(tmp_path, genome):
    records = [
        "chr1 4 . T C,g . PASS AC=1,2;AN=10;nhomalt=0,1",
        "chr1 12 . AC C . AC0 AC=3;AN=12;nhomalt=1",  # the last of six A, moved to the first
        "chr1 20 . CAG CAT . . AN=14;AC=4",
        "chrX 6 . C CAAAAAAAAAAAA . PASS AC=5;AN=8;nhomalt=5",
    ]
    path = write_vcf(tmp_path / "집단 빈도" / "sites.vcf.gz", records)
    frame, left_out = read(path, genome)
    assert rows(frame, "ac", "an", "nhomalt", "passed") == [
        ("1", 4, "T", "C", 1, 10, 0, True),
        ("1", 4, "T", "G", 2, 10, 1, True),
        ("1", 6, "CA", "C", 3, 12, 1, False),
        ("1", 22, "G", "T", 4, 14, None, None),
        ("X", 6, "C", "CAAAAAAAAAAAA", 5, 8, 5, True),
    ]
    assert left_out == {}
    types = [frame.schema[name] for name in ("position", "code", "ac", "passed")]
    assert types == [pl.Int32, pl.UInt32, pl.Int32, pl.Boolean]


def test_what_is_left_out_is_counted(tmp_path, genome):
    records = [
        "chr1 2 . A *,<DEL>,N,C . PASS AC=1,1,1,1;AN=9;nhomalt=0,0,0,0",
        "chr1 3 . T . . PASS AN=9",
        "chr1 4 . A C . PASS AC=1;AN=9;nhomalt=0",  # T in the reference
        "chr1 42 . CA C . PASS AC=1;AN=9;nhomalt=0",
        *(f"chr1 {i} . {SEQUENCE[i - 1]} {OTHER[SEQUENCE[i - 1]]} . PASS AC=1;AN=9" for i in RIGHT),
        "chr1_KI270706v1_random 1 . A C . PASS AC=1;AN=9;nhomalt=0",
        "chrM 1 . A C . PASS AC=1;AN=9;nhomalt=0",
        "HLA-A*01 1 . A C,G . PASS AC=1,1;AN=9;nhomalt=0,0",
    ]  # fmt: skip
    frame, left_out = read(write_vcf(tmp_path / "s.vcf.gz", records), genome)
    assert left_out == {
        "no alternate allele of A, C, G, T": 4,
        "the reference has another base there": 1,
        "beyond the contig's end": 1,
        "contig that the reference has not": 1,
        "on a contig that is no chromosome": 3,
    }
    assert len(frame) == 1 + len(RIGHT)


def test_groups_have_columns_of_their_own(tmp_path, genome):
    entry = catalogue_entry(groups=["afr", "eas"])
    info = INFO | {f"{kind}_{group}": n for group in ("afr", "eas") for kind, n in INFO.items()}
    record = (
        "chr1 4 . T C . PASS AC=3;AN=10;nhomalt=1;AC_afr=1;AN_afr=4;nhomalt_afr=0;"
        "AC_eas=2;AN_eas=6;nhomalt_eas=1"
    )
    frame, _ = read(write_vcf(tmp_path / "s.vcf.gz", [record], info), genome, entry)
    facts = frequencies.columns(entry)
    names = [fact.name for fact in facts]
    assert names == ["passed", "ac", "an", "nhomalt", "ac_afr", "an_afr", "nhomalt_afr",
                     "ac_eas", "an_eas", "nhomalt_eas"]  # fmt: skip
    assert frame.select(names).row(0) == (True, 3, 10, 1, 1, 4, 0, 2, 6, 1)
    assert [fact.annotated for fact in facts][4] == "gnomad_ac_afr"
    assert "afr" in facts[4].meaning
    assert all(str(frame.schema[fact.name]) == fact.dtype for fact in facts)


@pytest.mark.parametrize(
    ("spelt", "homozygotes"),
    [("AC-afr", "nhomalt-afr"), ("AC_AFR", "Hom_AFR"), ("AC_afr", "nhomalt_afr")],
)
def test_the_usual_spellings(tmp_path, genome, capsys, spelt, homozygotes):
    entry = catalogue_entry(groups=["afr"])
    info = {"AC": "A", "AN": "1", "Hom": "A", spelt: "A", spelt.replace("AC", "AN"): "1",
            homozygotes: "A"}  # fmt: skip
    record = f"chr1 4 . T C . PASS AC=3;AN=10;Hom=1;{spelt}=2;{spelt.replace('AC', 'AN')}=4;"
    path = write_vcf(tmp_path / "s.vcf.gz", [record + f"{homozygotes}=1"], info)
    frame, _ = read(path, genome, entry)
    assert frame.select("ac", "nhomalt", "ac_afr", "an_afr", "nhomalt_afr").row(0) == (
        3,
        1,
        2,
        4,
        1,
    )
    assert "nhomalt is INFO Hom" in capsys.readouterr().err


def test_names_that_the_catalogue_gives(tmp_path, genome):
    fields = {
        "AC": "AC_joint", "AC_{group}": "AC_joint_{group}", "AN_{group}": "AN_{group}_joint",
        "AN_eas": "AN_east", "nhomalt": "", "nhomalt_{group}": "",
    }  # fmt: skip
    entry = catalogue_entry(groups=["afr", "eas"], fields=fields)
    assert [(c.column, c.names) for c in counts_of(entry)] == [
        ("ac", ("AC_joint",)),
        ("an", ("AN",)),
        ("ac_afr", ("AC_joint_afr",)),
        ("an_afr", ("AN_afr_joint",)),
        ("ac_eas", ("AC_joint_eas",)),
        ("an_eas", ("AN_east",)),
    ]
    info = dict.fromkeys(["AC_joint", "AN", "AC_joint_afr", "AN_afr_joint", "AC_joint_eas",
                          "AN_east"], "1")  # fmt: skip
    record = "chr1 4 . T C . PASS " + ";".join(f"{name}={i}" for i, name in enumerate(info, 1))
    frame, _ = read(write_vcf(tmp_path / "s.vcf.gz", [record], info), genome, entry)
    assert frame.select("ac", "an", "an_eas").row(0) == (1, 2, 6)


def test_fields_that_are_gone_are_named(tmp_path, genome):
    entry = catalogue_entry(groups=["afr", "eas"], fields={"nhomalt_{group}": ""})
    info = INFO | {"AC_afr": "A", "AN_afr": "1", "AC_asj": "A"}
    path = write_vcf(tmp_path / "s.vcf.gz", ["chr1 4 . T C . PASS AC=3;AN=10;nhomalt=1"], info)
    fault = fault_of(path, genome, entry)
    assert fault.code == "source-columns"
    for missing in ("AC_eas", "AN_eas"):
        assert missing in fault.found
    assert "AC_asj" in fault.found
    assert "AN_afr or" not in fault.found


def test_a_count_that_is_no_integer_any_more(tmp_path, genome):
    record = "chr1 4 . T C . PASS AC=3.0;AN=10.0;nhomalt=1"
    path = write_vcf(tmp_path / "s.vcf.gz", [record], kind="Float")
    fault = fault_of(path, genome)
    assert "AC (Float)" in fault.found
    assert "nhomalt (Float)" in fault.found


GOOD = "chr1 4 . T C . PASS AC=1;AN=10;nhomalt=0"


@pytest.mark.parametrize(
    ("info", "found", "allowed"),
    [
        ("AC=11;AN=10;nhomalt=0", "AC=11, AN=10", "AC <= AN"),
        ("AC=-1;AN=10;nhomalt=0", "AC=-1", "0 or more"),
        ("AC=2;AN=-10;nhomalt=0", "AN=-10", "0 or more"),
        ("AC=3;AN=10;nhomalt=2", "nhomalt=2, AC=3", "2 x nhomalt <= AC"),
        ("AN=10;nhomalt=0", "no AC", "a number"),
        ("AC=.;AN=10;nhomalt=0", "no AC", "a number"),
        ("AC=1;nhomalt=0", "no AN", "a number"),
    ],
)
def test_counts_that_can_not_be(tmp_path, genome, info, found, allowed):
    both = info.replace("AC=", "AC=1,").replace("nhomalt=", "nhomalt=0,")
    records = [GOOD, GOOD, f"chr1 5 . A C,G . PASS {both}"]
    fault = fault_of(write_vcf(tmp_path / "s.vcf.gz", records), genome)
    assert fault.code == "source-count"
    assert fault.row.startswith("record 3 (chr1:5, alternate allele ")
    assert found in fault.found
    assert allowed in fault.allowed


@pytest.mark.parametrize("value", ["1.5", "many", "1e3"])
def test_counts_that_are_no_integers(tmp_path, genome, value):
    records = [GOOD, f"chr1 5 . A C . PASS AC={value};AN=10;nhomalt=0"]
    fault = fault_of(write_vcf(tmp_path / "s.vcf.gz", records), genome)
    assert value in fault.found
    assert fault.row == "7"  # its line


def test_one_copy_counted_as_homozygous_on_the_sex_chromosomes(tmp_path, genome):
    record = "chrX 4 . T C . PASS AC=3;AN=10;nhomalt=3"
    frame, _ = read(write_vcf(tmp_path / "s.vcf.gz", [record]), genome)
    assert frame["nhomalt"].to_list() == [3]


def test_a_count_for_a_record_says_nothing_of_two_alleles(tmp_path, genome):
    info = {"AC": "1", "AN": "1", "nhomalt": "A"}
    single = write_vcf(tmp_path / "a.vcf.gz", [GOOD], info)
    assert len(read(single, genome)[0]) == 1
    several = [GOOD, "chr1 5 . A C,G . PASS AC=2;AN=10;nhomalt=0,0"]
    fault = fault_of(write_vcf(tmp_path / "b.vcf.gz", several, info), genome)
    assert "AC declared with Number=1" in fault.found
    assert fault.row.startswith("record 2 ")


def test_another_build_is_told_with_its_share(tmp_path, genome):
    other = "".join("CGTA"["ACGT".index(base)] if base in "ACGT" else base for base in SEQUENCE)
    records = [
        f"chr1 {i} . {other[i - 1]} {other[i - 1].translate(str.maketrans('ACGT', 'TGCA'))} . PASS "
        "AC=1;AN=9;nhomalt=0"
        for i in range(1, 30)
    ]
    fault = fault_of(write_vcf(tmp_path / "s.vcf.gz", records), genome)
    assert fault.code == "wrong-build"
    assert "29 of 29" in fault.found
    assert "100" in fault.found


def test_a_source_that_ends_too_soon(tmp_path, genome):
    path = write_vcf(tmp_path / "s.vcf.gz", [GOOD] * 2_000)
    whole = path.read_bytes()
    path.write_bytes(whole[:-28])
    assert "end-of-file" in fault_of(path, genome).found
    path.write_bytes(whole[: len(whole) // 2])
    fault_of(path, genome)


def test_names_without_chr_text_and_other_line_ends(tmp_path, genome):
    records = [record.replace("chr", "") for record in (GOOD, "chrX 4 . T C . . AC=1;AN=2")]
    path = write_vcf(tmp_path / "s.vcf", records, line_end="\r\n")
    frame, _ = read(path, genome)
    assert rows(frame, "ac", "nhomalt") == [("1", 4, "T", "C", 1, 0), ("X", 4, "T", "C", 1, None)]


def test_no_records_and_no_reference(tmp_path, genome):
    frame, left_out = read(write_vcf(tmp_path / "none.vcf.gz", []), genome)
    assert (frame.height, left_out) == (0, {})
    record = "chr1 12 . AC C . PASS AC=3;AN=12;nhomalt=1"
    frame, left_out = read(write_vcf(tmp_path / "s.vcf.gz", [record]), None)
    assert rows(frame, "ac") == [("1", 12, "AC", "C", 3)]
    assert left_out == {}


def test_of_several_records_the_one_that_looked_at_most_stays(tmp_path, genome):
    records = [
        "chr1 7 . AA A . PASS AC=1;AN=4;nhomalt=0",
        "chr1 12 . AC C . PASS AC=3;AN=12;nhomalt=1",
    ]
    path = write_vcf(tmp_path / "s.vcf.gz", records)
    entry = catalogue_entry()
    columns = frequencies.columns(entry)
    with VariantWriter(tmp_path / "out", columns, prefer=frequencies.PREFER) as writer:
        for chromosome, frame in frequencies.read(
            entry, path, genome, threads=1, left_out=Counter(), vocabularies={}
        ):
            writer.add(chromosome, frame)
        writer.close()
        assert writer.repeated == 1
    assert pl.read_parquet(tmp_path / "out" / "1.parquet")["an"].to_list() == [12]


def some_sites(sequence: str, contig: str, count: int, seed: int) -> list[str]:
    """Sites of all kinds in a repetitive sequence, sorted by position."""
    generator = random.Random(seed)
    made = []
    for start in sorted(generator.sample(range(1, len(sequence) - 40), count)):
        ref = sequence[start : start + generator.choice([1, 1, 2, 3, 15])]
        alts = set()
        for _ in range(generator.choice([1, 1, 2, 3])):
            alt = ref[: generator.randint(1, len(ref))]
            alts.add(alt + "".join(generator.choices("ACGT", k=generator.choice([0, 1, 2, 12]))))
        alts = sorted(alts - {ref})
        if alts:
            an = generator.randrange(10, 99) * 2
            ac = ",".join(str(generator.randrange(an // 4)) for _ in alts)
            made.append(f"{contig} {start + 1} . {ref} {','.join(alts)} . PASS AC={ac};AN={an}")
    return made


@pytest.mark.parametrize("seed", [1, 2])
def test_as_bcftools_norm_writes_them(tmp_path, make_fasta, need_tool, seed):
    need_tool("bcftools")
    generator = random.Random(seed)
    units = generator.choices(["A", "AC", "CAG", "GATTACA", "C", "TTG"], k=400)
    sequence = "".join(unit * generator.randint(1, 5) for unit in units)
    fasta = make_fasta({"chr2": sequence})
    path = tmp_path / "s.vcf.gz"
    write_vcf(path, some_sites(sequence, "chr2", 600, seed))
    text = tmp_path / "with_contig.vcf"
    plain = pysam.BGZFile(str(path)).read().decode()
    text.write_text(
        plain.replace("#CHROM", f"##contig=<ID=chr2,length={len(sequence)}>\n#CHROM", 1)
    )
    command = (
        f"bcftools norm -m -any -f {fasta} {text} | bcftools query -f '%POS %REF %ALT %AC %AN\n'"
    )
    told = subprocess.run(command, shell=True, capture_output=True, text=True, check=True).stdout
    wanted = sorted(
        (int(position), ref, alt, int(ac), int(an))
        for position, ref, alt, ac, an in map(str.split, told.splitlines())
    )
    frame, left_out = read(path, Genome(fasta), threads=2)
    assert left_out == {}
    assert sorted(frame.select("position", "ref", "alt", "ac", "an").rows()) == wanted
    assert len(wanted) > 600


def test_the_same_bytes_with_one_and_two_threads(tmp_path, make_fasta):
    generator = random.Random(3)
    sequence = "".join(generator.choices("ACGT", k=30_000))
    fasta = make_fasta({"chr2": sequence, "chr3": sequence})
    sites = [s for contig in ("chr2", "chr3") for s in some_sites(sequence, contig, 4_000, 3)]
    path = write_vcf(tmp_path / "s.vcf.gz", sites)
    entry = catalogue_entry()
    written = []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        with VariantWriter(
            folder, frequencies.columns(entry), prefer=frequencies.PREFER, threads=threads,
            row_group=1_000, margin=100,
        ) as writer:  # fmt: skip
            for chromosome, frame in frequencies.read(
                entry, path, Genome(fasta), threads=threads, left_out=Counter(), vocabularies={}
            ):
                writer.add(chromosome, frame)
            writer.close()
        written.append({file.name: file.read_bytes() for file in sorted(folder.iterdir())})
    assert written[0] == written[1]
    assert list(written[0]) == ["2.parquet", "3.parquet", "long.parquet"]
