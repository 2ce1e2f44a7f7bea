"""Calling from a CRAM with the real caller: ploidy, double heterozygotes, shards, threads."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pysam
import pytest

from soyang.calling.call import call
from soyang.calling.callers.choice import chosen
from soyang.calling.callers.gatk import Gatk
from soyang.calling.ploidy import Copies, copies_found, copies_of, ploidy_text, present, stretches
from soyang.calling.shards import make_shards, shard_size, with_margin
from soyang.calling.tables import OTHERS
from soyang.calling.variants import variants
from soyang.core.assembly import Assembly
from soyang.core.errors import FaultError, ToolError
from soyang.core.interval import Interval
from soyang.core.people import Sex
from soyang.core.process import pipe
from soyang.core.tables import read_table

X_START = 2_781_479 - 3_000
"""GRCh38's first pseudo-autosomal region of X ends at 2,781,479."""

GENERATOR = random.Random(11)


def bases(count: int) -> str:
    return "".join(GENERATOR.choices("ACGT", k=count))


def other(base: str, step: int = 1) -> str:
    return "ACGT"["ACGT".index(base) + step - 4]


@dataclass(frozen=True)
class World:
    """A reference, and a person's CRAM over it."""

    fasta: Path
    cram: Path
    chr20: str
    x: str


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    """chr20: N, 9 kb with three double heterozygotes, N. chrX: around the end of its PAR1."""
    folder = tmp_path_factory.mktemp("부르기 공간")
    genes, x = bases(9_000), bases(6_000)
    chr20 = "N" * 20_000 + genes + "N" * 20_000
    fasta = folder / "genome.fa"
    sequences = {"chr20": chr20, "chrX": "N" * X_START + x}
    with fasta.open("w") as out:
        for name, sequence in sequences.items():
            out.write(f">{name}\n")
            out.writelines(f"{sequence[i : i + 60]}\n" for i in range(0, len(sequence), 60))
    pysam.faidx(str(fasta))
    haplotypes = [haplotype(genes, 0), haplotype(genes, 1)]
    x_variants = [x[:1000] + other(x[1000]) + x[1001:4000] + other(x[4000]) + x[4001:]] * 2
    reads = [
        *simulate(haplotypes, "chr20", 20_000),
        *simulate(x_variants, "chrX", X_START),
    ]
    return World(fasta, write_cram(folder, fasta, reads), chr20, x)


def haplotype(genes: str, which: int) -> str:
    """SNV 1/2 at 2000, SNV and deletion at 4000, two insertions at 6000 (0-based)."""
    snv = other(genes[2000], which + 1)
    at_4000 = other(genes[4000]) + genes[4001:4004] if which else genes[4000]
    inserted = "GATTACA" if which else "CCTGG"
    return (
        genes[:2000] + snv + genes[2001:4000] + at_4000 + genes[4004:6001] + inserted + genes[6001:]
    )


def simulate(haplotypes: list[str], contig: str, offset: int) -> list[str]:
    """FASTQ records of perfect pairs, 100 bases each, about 30x."""
    records = []
    for which, sequence in enumerate(haplotypes):
        for number, start in enumerate(range(0, len(sequence) - 400, 13)):
            # Fragments differ in length: else a pair over an indel would count as improper.
            end = start + 250 + number * 37 % 150
            first, second = sequence[start : start + 100], sequence[end - 100 : end]
            turned = second[::-1].translate(str.maketrans("ACGT", "TGCA"))
            name = f"{contig}.{which}.{number}.{offset}"
            records += [f"@{name}/{m}\n{r}\n+\n{'I' * 100}\n" for m, r in ((1, first), (2, turned))]
    return records


def write_cram(folder: Path, fasta: Path, reads: list[str]) -> Path:
    fastq, cram = folder / "reads.fq", folder / "S1.cram"
    fastq.write_text("".join(reads))
    pipe([["bwa", "index", fasta]])
    group = "@RG\\tID:S1.L1\\tSM:S1"
    pipe(
        [
            ["bwa", "mem", "-p", "-R", group, fasta, fastq],
            ["samtools", "sort", "-O", "cram", "--reference", fasta, "-o", cram, "-"],
        ]
    )
    pipe([["samtools", "index", cram]])
    return cram


def called(world: World, folder: Path, **options) -> tuple[Path, list[str]]:
    """gVCF, and the variants as ``CHROM POS REF ALT GT``."""
    gvcf, vcf = folder / "S1.g.vcf.gz", folder / "S1.vcf.gz"
    defaults = {
        "sample": "S1",
        "cram": world.cram,
        "reference": world.fasta,
        "assembly": "GRCh38",
        "sex": "male",
        "min_mapping_quality": 20,
        "min_base_quality": 13,
        "max_depth": 250,
        "bands": [5, 10, 20, 40],
        "shard_bases": 5_000_000,
        "threads": 2,
        "gvcf": gvcf,
        "caller": ["bcftools"],
    }
    call(**defaults | options)
    variants(gvcf=gvcf, reference=world.fasta, vcf=vcf)
    with pysam.VariantFile(str(vcf)) as records:
        found = [
            f"{r.chrom} {r.pos} {r.ref} {r.alts[0]} "
            + "/".join("." if a is None else str(a) for a in r.samples["S1"]["GT"])
            for r in records
        ]
    return gvcf, found


def test_double_heterozygotes_keep_both_alleles(world, tmp_path):
    _, found = called(world, tmp_path)
    on_20 = [line for line in found if line.startswith("chr20")]
    snvs = [line for line in on_20 if line.split()[1] == "22001"]
    assert sorted(line.split()[3] for line in snvs) == sorted(
        other(world.chr20[22_000], step) for step in (1, 2)
    )
    assert sorted(line.split()[4] for line in snvs) == ["./1", "1/."]
    insertions = [line.split() for line in on_20 if abs(int(line.split()[1]) - 26_001) < 10]
    lengths = sorted(len(alt) - len(ref) for _, _, ref, alt, _ in insertions)
    assert lengths == [5, 7]
    assert sorted(genotype for *_, genotype in insertions) == ["./1", "1/."]
    deletion = [line.split() for line in on_20 if len(line.split()[2]) == 4]
    assert len(deletion) == 1


def test_a_man_has_one_x_outside_the_pseudo_autosomal_region(world, tmp_path):
    _, male = called(world, tmp_path / "male")
    _, female = called(world, tmp_path / "female", sex="female")
    genotypes = [line.split()[4] for line in male if line.startswith("chrX")]
    assert genotypes == ["1/1", "1"]
    assert [line.split()[4] for line in female if line.startswith("chrX")] == ["1/1", "1/1"]


@pytest.mark.parametrize("shard_bases", [700, 2_000, 20_000])
def test_variants_do_not_depend_on_shards(world, tmp_path, shard_bases):
    whole, expected = called(world, tmp_path / "whole")
    parts, found = called(world, tmp_path / "parts", shard_bases=shard_bases)
    assert found == expected
    assert len(expected) > 5
    assert covered(parts) == covered(whole)
    assert wrong_bases(parts, world.fasta) == []
    assert variant_lines(parts) == variant_lines(whole)


def covered(gvcf: Path) -> set[tuple[str, int]]:
    """Positions inside reference blocks."""
    with pysam.VariantFile(str(gvcf)) as records:
        return {(r.chrom, p) for r in records if not r.alts for p in range(r.start, r.stop)}


def wrong_bases(gvcf: Path, fasta: Path) -> list[str]:
    """Records whose REF is not the reference's, as a block cut at the wrong place would have."""
    with pysam.VariantFile(str(gvcf)) as records, pysam.FastaFile(str(fasta)) as sequence:
        return [
            str(r)
            for r in records
            if r.ref != sequence.fetch(r.chrom, r.start, r.start + len(r.ref))
        ]


def variant_lines(gvcf: Path) -> list[str]:
    with pysam.BGZFile(str(gvcf)) as lines:
        rows = [line.decode() for line in lines if not line.startswith(b"#")]
    return [row for row in rows if row.split("\t")[4] != "."]


def test_bytes_do_not_depend_on_threads_or_folder(world, tmp_path):
    one, _ = called(world, tmp_path / "one", threads=1, shard_bases=1_000)
    two, _ = called(world, tmp_path / "두 번째", threads=3, shard_bases=1_000)
    for suffix in ("", ".tbi"):
        assert Path(f"{one}{suffix}").read_bytes() == Path(f"{two}{suffix}").read_bytes()


def test_header_names_the_caller_and_no_path(world, tmp_path):
    gvcf, _ = called(world, tmp_path)
    with pysam.VariantFile(str(gvcf)) as opened:
        header = str(opened.header)
    assert "##soyang_caller=bcftools 1." in header
    assert str(tmp_path) not in header
    assert "reference=" not in header
    assert "Command" not in header


def test_blocks_start_at_one_read_and_lie_beside_indels(world, tmp_path):
    gvcf, _ = called(world, tmp_path)
    with pysam.VariantFile(str(gvcf)) as records:
        rows = [r for r in records if r.chrom == "chr20"]
    assert max(len(range(r.start, r.stop)) for r in rows) > 100
    assert not [r for r in rows if r.alts and any("<" in alt for alt in r.alts)]
    assert len(rows) < 200


def test_no_reads_give_an_empty_gvcf(world, tmp_path):
    cram = write_cram(tmp_path, world.fasta, [])
    gvcf, found = called(World(world.fasta, cram, "", ""), tmp_path)
    assert found == []
    assert Path(f"{gvcf}.tbi").exists()


@pytest.mark.parametrize("size", [1, 3, 10, 1000])
def test_shards_cover_each_base_once(size):
    known = [Interval("a", 5, 17), Interval("a", 20, 21), Interval("b", 0, 30)]
    shards = make_shards(known, size)
    places = [(i.contig, p) for shard in shards for i in shard for p in range(i.start, i.end)]
    assert places == [(i.contig, p) for i in known for p in range(i.start, i.end)]
    assert all(sum(map(len, shard)) <= size for shard in shards)


def test_shard_size_is_of_the_reference_alone():
    assert shard_size([Interval("a", 0, 3_000_000_000)], 5_000_000) == 5_000_000
    assert shard_size([Interval("a", 0, 800_000)], 5_000_000) == 50_000
    assert shard_size([Interval("a", 0, 90_001)], 5_000_000) == 45_001
    assert shard_size([Interval("a", 0, 100)], 5_000_000) == 40_000
    assert shard_size([Interval("a", 0, 100)], 1_000) == 1_000
    assert make_shards([], 10) == []


def test_margins_that_meet_are_one():
    shard = (Interval("a", 500, 900), Interval("a", 2_500, 2_600), Interval("b", 0, 5))
    margins = [Interval("a", 0, 3_600), Interval("b", 0, 1_004)]
    assert with_margin(shard, {"a": 9_000, "b": 1_004}) == margins


X = 156_040_895
PAR_OF_X = ["X 1 10000", "X 2781480 155701382", "X 156030896 156040895"]


@pytest.mark.parametrize(
    ("copies", "rows"),
    [
        (Copies(1, 1), [*(f"{part} 1" for part in PAR_OF_X), "Y 1 100 1"]),
        (Copies(2, 0), ["Y 1 100 0"]),
        (Copies(2, 1), ["Y 1 100 1"]),
        (Copies(1, 2), [f"{part} 1" for part in PAR_OF_X]),
        (Copies(3, 0), ["Y 1 100 0"]),
    ],
    ids=["XY", "XX", "XXY", "XYY", "XXX"],
)
def test_ploidy_follows_copies(copies, rows):
    lengths = {"1": 10, "X": X, "Y": 100, "MT": 16_569}
    text = ploidy_text(stretches(lengths, Assembly.GRCH38, copies), "sample")
    found = [" ".join(line.split("\t")[i] for i in (0, 1, 2, 4)) for line in text.splitlines()]
    assert found == [*rows, "MT 1 16569 1", "* * * 2"]
    assert {line.split("\t")[3] for line in text.splitlines()} == {"sample"}


def test_one_x_and_no_y_is_haploid_in_its_pseudo_autosomal_regions_too():
    parts = stretches({"chrX": X, "chrY": 100}, Assembly.GRCH38, Copies(1, 0))
    haploid = [(i.start, i.end) for i, count in parts if i.contig == "chrX" and count == 1]
    ends = [0, 10_000, 2_781_479, 155_701_382, 156_030_895, X]
    assert haploid == list(pairwise(ends))
    assert [(i.contig, count) for i, count in parts if not count] == [("chrY", 0)]


def test_ploidy_of_an_x_that_ends_before_its_second_region():
    parts = stretches({"chrX": 5_000}, Assembly.GRCH37, Copies(1, 1))
    assert parts == [(Interval("chrX", 0, 5_000), 1)]


@pytest.mark.parametrize(
    ("sex", "found", "copies"),
    [
        (Sex.MALE, (None, None), Copies(1, 1)),
        (Sex.FEMALE, (None, None), Copies(2, 0)),
        (Sex.UNKNOWN, (None, None), Copies(2, 1)),
        (Sex.MALE, (2, 1), Copies(2, 1)),
        (Sex.FEMALE, (1, 1), Copies(1, 1)),
        (Sex.FEMALE, (1, 0), Copies(1, 0)),
        (Sex.MALE, (None, 0), Copies(1, 0)),
        (Sex.MALE, (0, 1), Copies(1, 1)),
    ],
)
def test_copies_found_go_before_the_recorded_sex(sex, found, copies):
    assert copies_of(sex, *found) == copies


def test_copies_are_read_from_quality(tmp_path):
    quality = tmp_path / "S1.quality.tsv"
    quality.write_text("\ufeffsample\tx_copies\ty_copies\r\nS1\t2\t\r\n", encoding="utf-8")
    assert copies_found(quality, "S1") == (2, None)
    with pytest.raises(ToolError, match="no row of sample S2"):
        copies_found(quality, "S2")
    quality.write_text("sample\tx_depth_ratio\nS1\t1.0\n")
    with pytest.raises(FaultError, match="x_copies"):
        copies_found(quality, "S1")


def test_what_there_is_no_copy_of_is_not_called():
    pieces = [Interval("X", 0, 100), Interval("Y", 0, 40)]
    parts = [(Interval("Y", 10, 20), 0), (Interval("X", 0, 100), 1)]
    assert list(present(pieces, parts)) == [
        Interval("X", 0, 100),
        Interval("Y", 0, 10),
        Interval("Y", 20, 40),
    ]
    assert list(present([Interval("Y", 12, 18)], parts)) == []


def test_copies_by_depth_make_a_klinefelter_diploid_on_x(world, tmp_path):
    quality = tmp_path / "S1.quality.tsv"
    quality.write_text("sample\tx_copies\ty_copies\nS1\t2\t1\n")
    _, found = called(world, tmp_path, quality=quality)
    assert [line.split()[4] for line in found if line.startswith("chrX")] == ["1/1", "1/1"]


def test_freebayes_finds_what_is_there(world, tmp_path):
    gvcf, found = called(world, tmp_path, caller=["freebayes"])
    _, expected = called(world, tmp_path / "bcftools")
    assert sorted(map(site, found)) == sorted(map(site, expected))
    assert wrong_bases(gvcf, world.fasta) == []
    assert len(covered(gvcf)) > 14_000
    header = head_of(gvcf)
    assert "##soyang_caller=freebayes 1." in header
    assert "##soyang_bands=depth 1,5,10,20,40\n" in header
    assert str(tmp_path) not in header


def site(line: str) -> list[str]:
    """Where and what, without genotype."""
    return line.split()[:4]


def test_freebayes_does_not_depend_on_shards(world, tmp_path):
    whole, expected = called(world, tmp_path / "whole", caller=["freebayes"])
    parts, found = called(world, tmp_path / "parts", caller=["freebayes"], shard_bases=2_000)
    assert found == expected
    assert covered(parts) == covered(whole)
    assert variant_lines(parts) == variant_lines(whole)


def test_several_callers_say_who_agrees(world, tmp_path):
    others = tmp_path / "S1.others.tsv"
    gvcf, found = called(world, tmp_path, caller=["bcftools", "freebayes"], others=others)
    _, alone = called(world, tmp_path / "alone")
    assert found == alone
    rows = [line.split("\t")[7] for line in variant_lines(gvcf)]
    assert all("CALLERS=bcftools,freebayes;AGREED=" in row for row in rows)
    assert sum("AGREED=2" in row for row in rows) > 5
    assert "##soyang_callers=bcftools 1.16, freebayes 1.3.6\n" in head_of(gvcf)
    assert read_table(others, OTHERS).height == 0
    assert not list(tmp_path.glob(".scratch*"))


def head_of(gvcf: Path) -> str:
    with pysam.VariantFile(str(gvcf)) as opened:
        return str(opened.header)


def test_one_caller_lists_no_others(world, tmp_path):
    others = tmp_path / "S1.others.tsv"
    gvcf, _ = called(world, tmp_path, others=others)
    assert read_table(others, OTHERS).height == 0
    header = head_of(gvcf)
    assert "soyang_callers" not in header
    digest = hashlib.md5(dictionary_sums(world.fasta).encode(), usedforsecurity=False).hexdigest()
    assert f"##soyang_reference_md5={digest}\n" in header


def dictionary_sums(fasta: Path) -> str:
    """MD5 of each contig's sequence, a line each."""
    with pysam.FastaFile(str(fasta)) as sequence:
        return "\n".join(
            hashlib.md5(sequence.fetch(c).upper().encode(), usedforsecurity=False).hexdigest()
            for c in sequence.references
        )


@pytest.mark.parametrize("names", [[], ["bcftools", "bcftools"], ["strelka"]])
def test_callers_are_known_and_each_once(names):
    with pytest.raises(ValueError, match="callers"):
        chosen(names)


def test_a_caller_that_writes_another_sample_is_caught(world, tmp_path):
    with pytest.raises(ToolError, match="S2"):
        called(world, tmp_path, sample="S2", caller=["freebayes"])


@pytest.mark.slow
def test_gatk_finds_what_is_there(world, tmp_path, need_tool):
    need_tool("gatk")
    pysam.dict("-o", f"{world.fasta}.dict", str(world.fasta))
    one, found = called(world, tmp_path / "한글 폴더", caller=["gatk"])
    _, expected = called(world, tmp_path / "bcftools")
    assert sorted(map(site, found)) == sorted(map(site, expected))
    genotypes = [line.split()[4] for line in found if line.startswith("chrX")]
    assert genotypes == ["1/1", "1"]
    header = head_of(one)
    assert "##soyang_caller=GATK 4.6.2.0\n" in header
    assert "##soyang_bands=GQ 3,15,20,30,60,99\n" in header
    assert str(tmp_path) not in header
    assert wrong_bases(one, world.fasta) == []
    assert len(found) > 5


@pytest.fixture
def brca1(shared_data, tmp_path) -> World:
    """NA12878 over BRCA1, whose contig has a colon in its name."""
    source = shared_data / "na12878_brca1"
    fasta, cram = tmp_path / "genome.fa", tmp_path / "S1.cram"
    fasta.write_text((source / "hg38-brca1.fasta").read_text())
    pysam.faidx(str(fasta))
    pipe([["bwa", "index", fasta]])
    mates = [source / f"BRCA1_R{mate}.fastq.gz" for mate in (1, 2)]
    pipe(
        [
            ["bwa", "mem", "-t", "2", "-R", "@RG\\tID:a\\tSM:S1", fasta, *mates],
            ["samtools", "sort", "-O", "cram", "--reference", fasta, "-o", cram, "-"],
        ]
    )
    pipe([["samtools", "index", cram]])
    return World(fasta, cram, "", "")


@pytest.mark.shared
def test_real_calls_do_not_depend_on_shards(brca1, tmp_path):
    whole, expected = called(brca1, tmp_path / "whole")
    parts, found = called(brca1, tmp_path / "parts", shard_bases=7_000)
    assert len(expected) > 100
    assert found == expected
    assert variant_lines(parts) == variant_lines(whole)
    assert covered(parts) == covered(whole)
    assert wrong_bases(parts, brca1.fasta) == []


@pytest.mark.slow
@pytest.mark.shared
def test_gatks_real_calls_do_not_depend_on_shards(brca1, tmp_path, monkeypatch, need_tool):
    need_tool("gatk")
    pysam.dict("-o", f"{brca1.fasta}.dict", str(brca1.fasta))
    whole, expected = called(brca1, tmp_path / "whole", caller=["gatk"])
    monkeypatch.setattr(Gatk, "fewest_bases", 0)
    parts, found = called(brca1, tmp_path / "parts", caller=["gatk"], shard_bases=20_000)
    assert len(expected) > 100
    assert found == expected
    assert variant_lines(parts) == variant_lines(whole)
    assert covered(parts) == covered(whole)
    assert wrong_bases(parts, brca1.fasta) == []
