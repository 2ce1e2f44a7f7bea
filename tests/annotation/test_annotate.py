"""Joining ClinVar, dbSNP and frequencies: by allele, however the source writes it."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.annotation.annotate import annotate, classifications, rsids
from soyang.annotation.consequence import consequence
from soyang.annotation.describe import describe
from soyang.annotation.genome import Genome
from soyang.annotation.knowledge import chromosome, fetch, open_source
from soyang.annotation.tables import ANNOTATED
from soyang.core.errors import FaultError
from soyang.core.process import pipe, run
from soyang.core.tables import read_table
from tests.annotation.conftest import World
from tests.conftest import MakeVcf

CLINVAR = (
    '##INFO=<ID=CLNSIG,Number=.,Type=String,Description="Significance">',
    '##INFO=<ID=CLNREVSTAT,Number=.,Type=String,Description="Review status">',
    '##INFO=<ID=CLNDN,Number=.,Type=String,Description="Conditions">',
)
CONTIGS = {"chr20": 593, "chr21": 100}

ROWS = [
    ("chr20", 111, "A", "G"),
    ("chr20", 113, "GGCT", "G"),
    ("chr20", 120, "A", "C"),
    ("chr20", 120, "A", "T"),
    ("chr21", 6, "T", "A"),
]


@pytest.fixture
def sites(make_sites: Callable[..., Path]) -> Path:
    return make_sites(ROWS)


@pytest.fixture
def join(world: World, sites: Path, tmp_path: Path) -> Callable[..., pl.DataFrame]:
    """Annotate ROWS with sources; options go to the verb."""
    told, described = tmp_path / "consequences.parquet", tmp_path / "described.parquet"
    consequence(sites=sites, reference=world.fasta, transcripts=world.gff3, consequences=told)
    describe(
        consequences=told,
        sites=sites,
        reference=world.fasta,
        transcripts=world.gff3,
        assembly="GRCh38",
        described=described,
        exons=tmp_path / "exons.parquet",
    )

    def run(**options: Any) -> pl.DataFrame:
        out = tmp_path / "annotated.parquet"
        given: dict[str, Any] = {"reference": world.fasta, **options}
        annotate(described=described, sites=sites, annotated=out, **given)
        return read_table(out, ANNOTATED)

    return run


def column(frame: pl.DataFrame, name: str) -> dict[str, Any]:
    """A column by ``position-ref-alt``."""
    names = frame.select(pl.format("{}-{}-{}", "position", "ref", "alt")).to_series()
    return dict(zip(names, frame[name], strict=True))


def test_without_sources_only_the_cohort_is_known(join: Callable[..., pl.DataFrame]) -> None:
    found = join(reference=None)

    assert found.height == len(ROWS)
    assert found["cohort_ac"].to_list() == [1] * 5
    assert found["cohort_an"].to_list() == [20] * 5
    for name in found.columns:
        if name.startswith(("rsid", "clinvar", "population")):
            assert found[name].null_count() == 5


def test_clinvar_is_joined_by_allele(join: Callable[..., pl.DataFrame], make_vcf: MakeVcf) -> None:
    record = "CLNSIG={};CLNREVSTAT={};CLNDN={}"
    expert = record.format(
        "Pathogenic/Likely_pathogenic",
        "reviewed_by_expert_panel",
        "Alagille_syndrome_1|not_provided",
    )
    single = record.format("Benign", "criteria_provided,_single_submitter", "not_provided")
    vcf = make_vcf(
        [
            f"chr20 111 7 A G . . {expert}",
            f"chr20 116 8 TGCT T . . {expert}",
            f"chr20 120 . A T . . {single}",
        ],
        contigs=CONTIGS,
        header=CLINVAR,
    )

    found = join(clinvar=vcf)

    assert column(found, "clinvar_id") == {
        "111-A-G": "7",
        "113-GGCT-G": "8",  # ClinVar has it three bases further on
        "120-A-C": None,  # another allele of a known position is not known
        "120-A-T": None,  # known, but the source has no ids
        "6-T-A": None,
    }
    assert column(found, "clinvar_significance")["111-A-G"] == "Pathogenic/Likely_pathogenic"
    assert column(found, "clinvar_significance")["120-A-T"] == "Benign"
    assert column(found, "clinvar_review")["120-A-T"] == "criteria provided, single submitter"
    assert column(found, "clinvar_stars") == {
        "111-A-G": 3,
        "113-GGCT-G": 3,
        "120-A-C": None,
        "120-A-T": 1,
        "6-T-A": None,
    }
    assert column(found, "clinvar_conditions")["111-A-G"] == "Alagille syndrome 1"
    assert column(found, "clinvar_conditions")["120-A-T"] is None


def test_multiallelic_frequencies_are_split(
    join: Callable[..., pl.DataFrame], make_vcf: MakeVcf
) -> None:
    vcf = make_vcf(
        [
            "chr20 113 . GGCT G,GGCTGCT . . AC=5,6;AN=1000;nhomalt=1,2",
            "chr20 120 . A C,T . . AC=0,3;AN=2000;nhomalt=0,1",
        ],
        contigs=CONTIGS,
    )

    found = join(frequencies=vcf).select("alt", "^population_.*$").rows()

    assert found == [
        ("G", None, None, None),
        ("G", 5, 1000, 1),
        ("C", 0, 2000, 0),
        ("T", 3, 2000, 1),
        ("A", None, None, None),
    ]


def test_dbsnp_numbers_and_foreign_ids(
    join: Callable[..., pl.DataFrame], make_vcf: MakeVcf
) -> None:
    vcf = make_vcf(
        [
            "chr20 111 rs20;rs3 A G . . .",
            "chr20 120 rs7 A C,T . . .",
            "chr20 120 COSV1 A C . . .",
        ],
        contigs=CONTIGS,
    )

    assert column(join(dbsnp=vcf), "rsid") == {
        "111-A-G": "rs3;rs20",
        "113-GGCT-G": None,
        "120-A-C": "rs7",
        "120-A-T": "rs7",
        "6-T-A": None,
    }


@pytest.mark.parametrize("name", ["20", "NC_000020.11"])
def test_other_contig_names_are_understood(
    join: Callable[..., pl.DataFrame], make_vcf: MakeVcf, name: str
) -> None:
    vcf = make_vcf([f"{name} 111 rs1 A G . . ."], contigs={name: 593})
    assert column(join(dbsnp=vcf), "rsid")["111-A-G"] == "rs1"


@pytest.mark.parametrize("form", ["indexed", "no-index", "plain", "bcf"])
def test_sources_need_no_index(
    join: Callable[..., pl.DataFrame], make_vcf: MakeVcf, tmp_path: Path, form: str
) -> None:
    vcf = make_vcf(["chr20 111 rs1 A G . . ."], contigs=CONTIGS, name="자료 dbsnp.vcf.gz")
    if form != "indexed":
        Path(f"{vcf}.tbi").unlink()
    if form == "plain":
        plain = tmp_path / "dbsnp.vcf"
        plain.write_bytes(gzip.decompress(vcf.read_bytes()))
        vcf = plain
    if form == "bcf":
        bcf = tmp_path / "dbsnp.bcf"
        run(["bcftools", "view", "--no-version", "-Ob", "-o", bcf, vcf])
        vcf = bcf

    assert column(join(dbsnp=vcf), "rsid")["111-A-G"] == "rs1"


def test_an_empty_source_says_nothing(join: Callable[..., pl.DataFrame], make_vcf: MakeVcf) -> None:
    found = join(frequencies=make_vcf([], contigs=CONTIGS))
    assert found["population_an"].null_count() == found.height


def test_a_source_of_another_assembly_is_refused(
    join: Callable[..., pl.DataFrame], make_vcf: MakeVcf
) -> None:
    records = ["chr20 111 rs1 C G . . .", "chr20 113 rs2 A T . . .", "chr20 120 rs3 A C . . ."]
    assert column(join(dbsnp=make_vcf(records, contigs=CONTIGS)), "rsid")["120-A-C"] == "rs3"
    records.append("chr20 121 rs4 C T . . .")
    with pytest.raises(FaultError, match="3 of 4 ref alleles"):
        join(dbsnp=make_vcf(records, contigs=CONTIGS))


def test_a_source_with_other_contigs_is_refused(
    join: Callable[..., pl.DataFrame], make_vcf: MakeVcf
) -> None:
    with pytest.raises(FaultError, match="contigs scaffold_1"):
        join(dbsnp=make_vcf(["scaffold_1 11 rs1 A G . . ."], contigs={"scaffold_1": 593}))


@pytest.mark.parametrize("option", ["clinvar", "frequencies"])
def test_a_source_without_its_fields_is_refused(
    join: Callable[..., pl.DataFrame], tmp_path: Path, option: str
) -> None:
    path = tmp_path / "wrong.vcf"
    path.write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
    with pytest.raises(FaultError, match="no INFO"):
        join(**{option: path})


def test_a_truncated_or_missing_source_is_refused(make_vcf: MakeVcf, tmp_path: Path) -> None:
    vcf = make_vcf(["chr20 111 rs1 A G . . ."], contigs=CONTIGS)
    short = tmp_path / "short.vcf.gz"
    short.write_bytes(vcf.read_bytes()[:-28])
    for path in (short, tmp_path / "nowhere.vcf.gz"):
        with pytest.raises(FaultError):
            open_source(path, ())


def test_sites_and_described_must_belong_together(
    join: Callable[..., pl.DataFrame],
    make_sites: Callable[..., Path],
    tmp_path: Path,
) -> None:
    join()
    with pytest.raises(FaultError, match="1 sites that other"):
        annotate(
            described=tmp_path / "described.parquet",
            sites=make_sites(ROWS[1:], "other.parquet"),
            annotated=tmp_path / "x.parquet",
        )


def test_the_same_inputs_give_the_same_bytes(
    join: Callable[..., pl.DataFrame], make_vcf: MakeVcf, tmp_path: Path
) -> None:
    vcf = make_vcf(["chr20 120 rs7 A C,T . . ."], contigs=CONTIGS)
    join(dbsnp=vcf)
    first = (tmp_path / "annotated.parquet").read_bytes()
    join(dbsnp=shutil.copy(vcf, tmp_path / "copy.vcf.gz"))
    assert (tmp_path / "annotated.parquet").read_bytes() == first


def test_the_best_reviewed_of_two_records_counts() -> None:
    rows = [
        ("c", 1, "A", "G", "5", "Benign", "criteria_provided,_single_submitter", "a_b"),
        ("c", 1, "A", "G", "9", "Pathogenic", "practice_guideline", "x"),
        ("c", 2, "A", "G", "6", "Benign", "a_new_wording", None),
    ]
    names = ["contig", "position", "ref", "alt", "id", "CLNSIG", "CLNREVSTAT", "CLNDN"]
    found = classifications(pl.DataFrame(rows, schema=names, orient="row")).sort("position")

    assert found["clinvar_id"].to_list() == ["9", "6"]
    assert found["clinvar_stars"].to_list() == [4, None]
    assert found["clinvar_review"].to_list() == ["practice guideline", "a new wording"]


def test_rs_numbers_sort_as_numbers() -> None:
    rows = [("c", 1, "A", "G", "rs100"), ("c", 1, "A", "G", "rs99"), ("c", 1, "A", "G", None)]
    frame = pl.DataFrame(rows, schema=["contig", "position", "ref", "alt", "id"], orient="row")
    assert rsids(frame)["rsid"].to_list() == ["rs99;rs100"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("chr20", "20"), ("MT", "M"), ("NC_000023.11", "X"), ("NC_012920.1", "M"), ("KI1.1", "KI1.1")],
)
def test_chromosome_names(name: str, expected: str) -> None:
    assert chromosome(name) == expected


@pytest.mark.shared
def test_dbsnp_138_finds_its_own_sites(shared_data: Path, tmp_path: Path) -> None:
    """Every allele of real dbSNP over BRCA1, left-aligned, finds its number again."""
    folder = shared_data / "na12878_brca1"
    vcf = folder / "brca1_hg38_dbsnp138.vcf.gz"
    lines = (folder / "hg38-brca1.fasta").read_text().splitlines()
    start = int(lines[0].split(":")[1].split("-")[0])
    fasta = tmp_path / "chr17.fa"
    fasta.write_text(">chr17\n" + "N" * start + "".join(lines[1:]) + "\n")
    genome = Genome(fasta)
    normal = tmp_path / "normal.tsv"
    norm = ["bcftools", "norm", "-m", "-any", "-f", str(fasta), "-Ou", str(vcf)]
    query = ["bcftools", "query", "-f", "%CHROM\t%POS\t%REF\t%ALT\t%ID\n", "-"]
    pipe([norm, query], stdout=normal)
    rows = {tuple(line.split("\t")) for line in normal.read_text().splitlines()}
    schema = ["contig", "position", "ref", "alt", "id"]
    wanted = pl.DataFrame(sorted(rows), schema=schema, orient="row").with_columns(
        pl.col("position").cast(pl.Int64)
    )

    found = rsids(fetch(open_source(vcf, ()), wanted, (), genome))

    both = wanted.join(found, on=schema[:4], how="left")
    assert both.height > 1_500
    assert both.filter(~pl.col("rsid").str.contains(pl.col("id"))).is_empty()
    assert both["rsid"].null_count() == 0
