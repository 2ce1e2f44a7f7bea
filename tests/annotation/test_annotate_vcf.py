"""A whole VCF: no allele lost, each found however it is written, the same bytes each time."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.annotation.annotate import site_knowledge
from soyang.annotation.annotate_vcf import annotate_vcf
from soyang.annotation.consequence import consequence
from soyang.annotation.describe import describe
from soyang.annotation.release.manifest import Kind
from soyang.annotation.release.reader import Release
from soyang.annotation.tables import DESCRIBED, SITE
from soyang.core.assembly import Assembly
from soyang.core.errors import FaultError
from soyang.core.process import run as run_tool
from tests.annotation.conftest import Made, World, counted, sites_frame, write_release
from tests.conftest import MakeFasta, MakeVcf

CONTIGS = {"chr20": 593, "chr21": 100}
GT = ('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',)
RECORDS = [
    "chr20 111 . A G 50 PASS . GT 0/1",
    "chr20 116 . TGCT T 50 PASS . GT 1/1",  # the same as 113 GGCT G
    "chr20 120 . A C,T,<DEL> 50 PASS . GT 1/2",
    "chr20 120 . A T 50 PASS . GT ./.",  # a second record of the same allele
    "chr20 130 . T * 50 PASS . GT 0/1",
    "chr21 6 . t a 50 PASS . GT 1",
    "chr21 7 . A G 50 PASS . GT 0/1",  # the reference has C there
]


@pytest.fixture
def release(tmp_path: Path, world: World) -> Path:
    said = [
        ("20", 111, "A", "G", 5, 1_000, 0),
        ("20", 113, "GGCT", "G", 7, 1_000, 0),
        ("20", 120, "A", "T", 8, 1_000, 1),
        ("21", 6, "T", "A", 9, 1_000, 1),
        ("21", 7, "A", "G", 9, 1_000, 1),
    ]
    made = {
        "exomes": Made(Kind.FREQUENCIES, said, columns=counted("exomes")),
        "dbsnp": Made(Kind.DBSNP, [("20", 111, "A", "G", 3)]),
    }
    return write_release(tmp_path / "release", made, genome=world.genome)


@pytest.fixture
def vcf(make_vcf: MakeVcf) -> Path:
    return make_vcf(RECORDS, samples=["s1"], contigs=CONTIGS, header=GT, name="사람 1.vcf.gz")


@pytest.fixture
def annotated(tmp_path: Path) -> Callable[..., pl.DataFrame]:
    def run(vcf: Path, **options: Any) -> pl.DataFrame:
        out = tmp_path / "결과" / "annotated.parquet"
        annotate_vcf(vcf=vcf, annotated=out, **options)
        return pl.read_parquet(out)

    return run


def test_every_allele_is_there_and_found_however_written(
    annotated: Callable[..., pl.DataFrame], vcf: Path, release: Path, world: World
) -> None:
    found = annotated(vcf, release=release, reference=world.fasta)

    columns = ("contig", "position", "ref", "alt", "record", "allele", "dosage", "population_ac")
    assert found.select(columns).sort("record", "allele").rows() == [
        ("chr20", 111, "A", "G", 0, 1, 1, 5),
        ("chr20", 113, "GGCT", "G", 1, 1, 2, 7),
        ("chr20", 120, "A", "C", 2, 1, 1, None),
        ("chr20", 120, "A", "T", 2, 2, 1, 8),
        ("chr20", 120, "A", "<DEL>", 2, 3, 0, None),
        ("chr20", 120, "A", "T", 3, 1, None, 8),
        ("chr20", 130, "T", "*", 4, 1, 1, None),
        ("chr21", 6, "T", "A", 5, 1, 1, 9),
        ("chr21", 7, "A", "G", 6, 1, 1, None),  # not this reference's: not looked up
    ]
    for _, part in found.group_by("contig"):
        assert part["position"].is_sorted()
    assert found["rsid"].drop_nulls().to_list() == ["rs3"]
    assert "consequence" not in found.columns


def test_without_a_reference_alleles_are_trimmed_and_not_moved(
    annotated: Callable[..., pl.DataFrame], make_vcf: MakeVcf, release: Path
) -> None:
    records = [
        "chr20 111 . ACC GCC,A 50 PASS . GT 1/2",
        "chr20 116 . TGCT T 50 PASS . GT 1/1",
        f"chr20 120 . A{'C' * 30} T{'C' * 30} 50 PASS . GT 0/1",
    ]
    vcf = make_vcf(records, samples=["s1"], contigs=CONTIGS, header=GT)
    found = annotated(vcf, release=release, traced=True)
    assert found.select("position", "ref", "alt", "record_ref", "population_ac").rows() == [
        (111, "A", "G", "ACC", 5),
        (111, "ACC", "A", "ACC", None),
        (116, "TGCT", "T", "TGCT", None),  # the release has it left-aligned
        (120, "A", "T", f"A{'C' * 30}", 8),
    ]


def test_only_the_named_sources_are_asked(
    annotated: Callable[..., pl.DataFrame], vcf: Path, release: Path
) -> None:
    found = annotated(vcf, release=release, source=["exomes"])
    assert "exomes_ac" in found.columns
    assert found["rsid"].null_count() == found.height
    with pytest.raises(FaultError, match="no source gnomad; allowed: dbsnp, exomes"):
        annotated(vcf, release=release, source=["gnomad"])


def test_records_are_traceable(
    annotated: Callable[..., pl.DataFrame], vcf: Path, world: World
) -> None:
    found = annotated(vcf, reference=world.fasta, traced=True).filter(record=1)
    names = ["position", "ref", "alt", "record_position", "record_ref", "record_alt"]
    assert found.select(names).row(0) == (113, "GGCT", "G", 116, "TGCT", "T")
    assert found["population_ac"].null_count() == 1


def test_consequences_and_names_are_those_of_the_cohort_way(
    annotated: Callable[..., pl.DataFrame],
    make_sites: Callable[..., Path],
    make_vcf: MakeVcf,
    release: Path,
    world: World,
    tmp_path: Path,
) -> None:
    """Every base of the small genes changed: the same rows as sites go through rule by rule."""
    generator = random.Random(4)
    sequence = world.genome.sequence("chr20").tobytes().decode()
    rows = []
    for place in range(95, len(sequence) - 1, 2):
        ref = sequence[place]
        rows.append(("chr20", place + 1, ref, generator.choice("ACGT".replace(ref, ""))))
    lines = [f"{c} {p} . {r} {a} . . . GT 0/1" for c, p, r, a in rows]
    vcf = make_vcf(lines, samples=["s1"], contigs=CONTIGS, header=GT)

    genes = tmp_path / "genes.parquet"
    found = annotated(
        vcf, release=release, reference=world.fasta, transcripts=world.gff3,
        assembly=Assembly.GRCH38, genes=genes,
    )  # fmt: skip
    occurring = found["gene"].drop_nulls().unique().sort().to_list()
    assert occurring and pl.read_parquet(genes)["gene"].to_list() == occurring

    sites = make_sites(rows)
    told, described = tmp_path / "told.parquet", tmp_path / "described.parquet"
    given: dict[str, Any] = {
        "sites": sites, "reference": world.fasta, "transcripts": world.gff3, "consequences": told,
    }  # fmt: skip
    consequence(**given)
    describe(**given, assembly="GRCh38", described=described, exons=tmp_path / "exons.parquet")
    expected = pl.read_parquet(described)
    assert found.select(DESCRIBED.names).equals(expected)
    assert found["consequence"].n_unique() > 5
    known = site_knowledge(sites_frame(rows), Release(release))
    names = [name for name in known.columns if name in found.columns]
    assert found.unique(SITE, maintain_order=True).select(names).equals(known.select(names))


def test_unclear_alleles_have_no_names(
    annotated: Callable[..., pl.DataFrame], vcf: Path, world: World
) -> None:
    found = annotated(
        vcf, reference=world.fasta, transcripts=world.gff3, assembly=Assembly.GRCH38
    ).sort("record", "allele")
    assert found.height == 9
    by_alt = dict(zip(found["alt"].to_list(), found["hgvs_g"].to_list(), strict=True))
    assert by_alt["<DEL>"] == by_alt["*"] == "NC_000020.11:g.?"
    wrong = found.filter(record=6)
    assert wrong.select("hgvs_g", "hgvs_c", "hgvs_p").row(0) == ("NC_000021.9:g.?", None, None)
    assert found.filter(record=0)["hgvs_c"].item() == "NM_1.2:c.1A>G"


def test_contigs_that_the_reference_lacks_are_told(
    annotated: Callable[..., pl.DataFrame],
    make_vcf: MakeVcf,
    world: World,
    capfd: pytest.CaptureFixture[str],
) -> None:
    contigs = {"20": 593, "decoy": 100}
    records = ["20 111 . A G . . .", "decoy 7 . A G . . .", "decoy 9 . A <INS> . . ."]
    vcf = make_vcf(records, contigs=contigs)
    options: dict[str, Any] = {"transcripts": world.gff3, "assembly": Assembly.GRCH38}

    found = annotated(vcf, reference=world.fasta, **options)

    assert found.select("contig", "position", "dosage").rows() == [
        ("chr20", 111, None),  # as the reference names it
        ("decoy", 7, None),
        ("decoy", 9, None),
    ]
    assert found["consequence"].to_list()[1:] == ["sequence_variant"] * 2
    assert found["key"].is_null().to_list() == [False, True, True]
    assert "2 alleles on contigs that the reference lacks" in capfd.readouterr().err
    with pytest.raises(FaultError, match="found contigs decoy; allowed"):
        annotated(make_vcf(records[1:], contigs=contigs, name="d.vcf.gz"), reference=world.fasta)


def test_a_vcf_of_another_build_is_refused_with_the_share(
    annotated: Callable[..., pl.DataFrame],
    make_vcf: MakeVcf,
    world: World,
    tmp_path: Path,
) -> None:
    sequence = world.genome.sequence("chr20").tobytes().decode()
    shifted = [f"chr20 {p} . {sequence[p + 7]} N . . ." for p in range(100, 140)]
    records = [line.replace(" N ", " G " if " G N" not in line else " C ") for line in shifted]
    vcf = make_vcf(records, contigs=CONTIGS)
    with pytest.raises(FaultError, match=r"of 40 ref alleles \(\d+\.\d %\)"):
        annotated(vcf, reference=world.fasta)
    assert not (tmp_path / "결과" / "annotated.parquet").exists()
    assert list((tmp_path / "결과").iterdir()) == []


def test_a_release_of_another_reference_or_assembly_is_refused(
    annotated: Callable[..., pl.DataFrame],
    vcf: Path,
    release: Path,
    make_fasta: MakeFasta,
) -> None:
    other = make_fasta({"chr20": 593, "chr21": 100}, name="other.fa")
    with pytest.raises(FaultError, match="another sequence than the release was made for"):
        annotated(vcf, release=release, reference=other)
    with pytest.raises(FaultError, match="found GRCh37; allowed: GRCh38"):
        annotated(vcf, release=release, assembly=Assembly.GRCH37)


@pytest.mark.parametrize(
    ("options", "lacking"),
    [({}, "--reference"), ({"reference": True}, "--assembly")],
)
def test_transcripts_need_reference_and_assembly(
    annotated: Callable[..., pl.DataFrame],
    vcf: Path,
    world: World,
    options: dict[str, Any],
    lacking: str,
) -> None:
    given = dict.fromkeys(options, world.fasta)
    with pytest.raises(FaultError, match=f"column {lacking}"):
        annotated(vcf, transcripts=world.gff3, **given)


def test_genes_need_transcripts(
    annotated: Callable[..., pl.DataFrame], vcf: Path, tmp_path: Path
) -> None:
    with pytest.raises(FaultError, match="column --transcripts"):
        annotated(vcf, genes=tmp_path / "genes.parquet")


def test_bytes_do_not_depend_on_threads_or_form(
    annotated: Callable[..., pl.DataFrame],
    vcf: Path,
    release: Path,
    world: World,
    tmp_path: Path,
) -> None:
    options: dict[str, Any] = {
        "release": release, "reference": world.fasta, "transcripts": world.gff3,
    }  # fmt: skip
    bcf = tmp_path / "person.bcf"
    run_tool(["bcftools", "view", "--no-version", "-Ob", "-o", bcf, vcf])
    written = []
    for path, threads in ((vcf, 1), (vcf, 2), (bcf, 2)):
        annotated(path, threads=threads, **options)
        written.append((tmp_path / "결과" / "annotated.parquet").read_bytes())
    assert written[0] == written[1] == written[2]


def test_an_empty_vcf_gives_an_empty_table(
    annotated: Callable[..., pl.DataFrame], make_vcf: MakeVcf, release: Path, world: World
) -> None:
    vcf = make_vcf([], contigs=CONTIGS)
    found = annotated(vcf, release=release, reference=world.fasta)
    assert found.height == 0
    assert "exomes_ac" in found.columns


def test_a_truncated_vcf_is_refused(
    annotated: Callable[..., pl.DataFrame], vcf: Path, tmp_path: Path
) -> None:
    short = tmp_path / "short.vcf.gz"
    short.write_bytes(vcf.read_bytes()[:-40])
    with pytest.raises(FaultError):
        annotated(short)
