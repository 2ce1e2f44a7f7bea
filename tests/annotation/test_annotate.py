"""What a release says of the cohort's sites: by allele, and honestly where nothing is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from soyang.annotation.annotate import ANNOTATED_GENES, annotate, site_knowledge
from soyang.annotation.consequence import consequence
from soyang.annotation.describe import describe
from soyang.annotation.gene_tables import GENES
from soyang.annotation.known import annotated_table, known_schema
from soyang.annotation.release.manifest import Kind
from soyang.annotation.release.reader import Release
from soyang.annotation.tables import ANNOTATED
from soyang.core.errors import FaultError
from soyang.core.tables import read_table
from soyang.core.variant_key import alleles, parts
from tests.annotation.conftest import Made, World, counted, sites_frame, write_release

LONG = "TATTGGAACCAATTGG"
ROWS = [
    ("chr20", 111, "A", "G"),
    ("chr20", 113, "GGCT", "G"),
    ("chr20", 120, "A", "C"),
    ("chr20", 120, "A", "T"),
    ("chr20", 130, "T", LONG),
    ("chr21", 6, "T", "A"),
]
SITES = ["111-A-G", "113-GGCT-G", "120-A-C", "120-A-T", f"130-T-{LONG}", "6-T-A"]


@pytest.fixture
def sources() -> dict[str, Made]:
    expert, single = "reviewed by expert panel", "criteria provided, single submitter"
    conflict = "Conflicting_classifications_of_pathogenicity"
    said = [
        ("20", 111, "A", "G", 7, "Pathogenic", expert, 3, "Alagille syndrome 1"),
        ("20", 113, "GGCT", "G", 8, conflict, single, 1, None, "Benign(1)|Pathogenic(1)", 1),
        ("20", 120, "A", "T", None, "Benign", single, 1),
        ("20", 130, "T", LONG, 9, "Benign", single, 1),
        ("20", 130, "T", "TATTGGAACCAATTGC", 10, "Pathogenic", single, 1),
    ]
    exomes = [
        ("20", 111, "A", "G", 5, 1_000, 1, 4, 600, 0, 1, 400, 1),
        ("20", 120, "A", "C", 30, 30_000, 2, 20, 20_000, 2, 10, 10_000, 0),
        ("20", 120, "A", "T", 30, 30_000, 2, 29, 1_900, 2, 1, 28_100, 0),
    ]
    genomes = [
        ("20", 120, "A", "C", 3, 4_000, 0, 1, 2_000, 0, 2, 2_000, 0),
        ("21", 6, "T", "A", 0, 4_000, 0, 0, 2_000, 0, 0, 2_000, 0),
    ]
    return {
        "clinvar": Made(Kind.CLINVAR, said),
        "dbsnp": Made(Kind.DBSNP, [("20", 111, "A", "G", 4_000_000_000), ("20", 111, "A", "T", 2)]),
        "exomes": Made(Kind.FREQUENCIES, exomes, columns=counted("exomes", "afr", "nfe")),
        "genomes": Made(Kind.FREQUENCIES, genomes, columns=counted("genomes", "afr", "nfe")),
        "korea": Made(Kind.PANEL, [("20", 111, "A", "G", 9, 90, 0)], columns=counted("korea")),
        "revel": Made(Kind.REVEL, [("20", 111, "A", "G", 0.75)]),
        "rmsk": Made(Kind.REPEATS, [("20", 113, 116, "LINE"), ("20", 119, 120, "Alu")]),
    }


@pytest.fixture
def release(tmp_path: Path, world: World, sources: dict[str, Made]) -> Path:
    genes = GENES.frame(
        [
            {
                **dict.fromkeys(GENES.names),
                "gene": "GENE1",
                "hgnc_id": "HGNC:1",
                "symbol_status": "current",
                "previous_symbols": "1",
                "pli": 0.9,
            }
        ]
    )
    return write_release(tmp_path / "지식 2025", sources, genome=world.genome, genes=genes)


@pytest.fixture
def join(
    world: World, make_sites: Callable[..., Path], tmp_path: Path
) -> Callable[..., pl.DataFrame]:
    """Annotate the sites above with a release."""
    sites = make_sites(ROWS)
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
        genes = tmp_path / "genes.parquet"
        annotate(described=described, sites=sites, annotated=out, genes=genes, **given)
        release = given.get("release")
        return read_table(out, annotated_table(Release(release) if release else None))

    return run


def column(frame: pl.DataFrame, name: str) -> dict[str, Any]:
    """A column by ``position-ref-alt``."""
    names = frame.select(pl.format("{}-{}-{}", "position", "ref", "alt")).to_series()
    return dict(zip(names, frame[name], strict=True))


def test_without_a_release_only_the_cohort_is_known(
    join: Callable[..., pl.DataFrame], tmp_path: Path
) -> None:
    found = join()

    assert found.columns == ANNOTATED.names
    assert found["cohort_ac"].to_list() == [1] * len(ROWS)
    assert found["cohort_an"].to_list() == [20] * len(ROWS)
    for name in known_schema(None):
        assert found[name].null_count() == (0 if name == "key" else len(ROWS)), name
    genes = read_table(tmp_path / "genes.parquet", ANNOTATED_GENES)
    assert genes["gene"].to_list() == ["1"]
    assert genes["approved"].null_count() == genes["pli"].null_count() == 1


def test_clinvar_is_joined_by_allele(join: Callable[..., pl.DataFrame], release: Path) -> None:
    found = join(release=release)

    assert list(column(found, "clinvar_id").items()) == list(
        zip(SITES, ["7", "8", None, None, "9", None], strict=True)
    )
    said = column(found, "clinvar_significance")
    assert said["111-A-G"] == "Pathogenic"
    assert said["120-A-T"] == "Benign"  # known, but the source has no id
    assert said["120-A-C"] is None  # another allele of a known position is not known
    assert said[f"130-T-{LONG}"] == "Benign"  # not the allele whose last base differs
    assert column(found, "clinvar_stars")["111-A-G"] == 3
    assert column(found, "clinvar_review")["120-A-T"] == "criteria provided, single submitter"
    assert column(found, "clinvar_conditions")["111-A-G"] == "Alagille syndrome 1"
    assert column(found, "clinvar_conflict")["113-GGCT-G"] == "Benign(1)|Pathogenic(1)"
    assert column(found, "clinvar_origin")["113-GGCT-G"] == 1
    assert column(found, "rsid")["111-A-G"] == "rs4000000000"
    assert column(found, "rsid")["120-A-C"] is None


def test_population_is_the_sum_of_exomes_and_genomes(
    join: Callable[..., pl.DataFrame], release: Path
) -> None:
    found = join(release=release)

    totals = found.select("^population_(ac|an|nhomalt)$").rows()
    assert totals == [
        (5, 1_000, 1),
        (None, None, None),
        (33, 34_000, 2),
        (30, 30_000, 2),
        (None, None, None),
        (0, 4_000, 0),
    ]
    highest = found.select("^population_max_.*$").rows()
    assert highest == [
        (None, None, None),  # no group with 2,000 alleles
        (None, None, None),
        (12, 12_000, "nfe"),  # 0.00100; afr 21 of 22,000 is 0.00095
        (1, 28_100, "nfe"),  # afr's 29 of 1,900 are too few alleles
        (None, None, None),
        (0, 2_000, "afr"),  # equal: the first by name
    ]


def test_a_release_brings_its_own_columns(join: Callable[..., pl.DataFrame], release: Path) -> None:
    found = join(release=release)

    assert column(found, "korea_ac")["111-A-G"] == 9
    assert column(found, "population_ac")["111-A-G"] == 5  # a panel is not summed in
    assert column(found, "revel")["111-A-G"] == 0.75
    assert column(found, "exomes_an_afr")["120-A-C"] == 20_000
    assert found["revel"].null_count() == len(ROWS) - 1
    repeats = column(found, "repeat")
    assert repeats["113-GGCT-G"] == "LINE"  # the deleted bases are 114 to 116, 1-based
    assert repeats["120-A-C"] == repeats["120-A-T"] == "Alu"
    assert repeats["111-A-G"] is None
    assert "rs" not in found.columns


def test_genes_are_found_by_previous_symbols(
    join: Callable[..., pl.DataFrame], release: Path, tmp_path: Path
) -> None:
    join(release=release)
    genes = read_table(tmp_path / "genes.parquet", ANNOTATED_GENES)
    assert genes.select("gene", "approved", "hgnc_id", "pli").rows() == [
        ("1", "GENE1", "HGNC:1", 0.9)
    ]


def test_keys_lead_back_to_the_sites(join: Callable[..., pl.DataFrame]) -> None:
    found = join()
    chromosome, position, code = parts(found["key"].to_numpy())
    assert chromosome.tolist() == [20] * 5 + [21]
    assert position.tolist() == found["position"].to_list()
    spelt = alleles(pl.Series(code))
    assert spelt["ref"].to_list() == [row[2] if row[3] != LONG else None for row in ROWS]


def test_off_the_chromosomes_nothing_is_known(release: Path) -> None:
    rows = [("chr20", 111, "A", "G"), ("chr20", 112, "A", "<DEL>"), ("scaffold_1", 111, "A", "G")]
    found = site_knowledge(sites_frame(rows), Release(release))
    assert found["key"].is_null().to_list() == [False, False, True]
    assert found["clinvar_id"].to_list() == ["7", None, None]


def test_no_sites_no_rows(release: Path) -> None:
    found = site_knowledge(sites_frame([]), Release(release))
    assert found.height == 0
    assert {"contig", "key", "revel", "repeat"} <= set(found.columns)


def test_a_release_for_another_reference_is_refused(
    join: Callable[..., pl.DataFrame], sources: dict[str, Made], tmp_path: Path, demo: World
) -> None:
    other = write_release(tmp_path / "other", sources, genome=demo.genome)
    with pytest.raises(FaultError, match=r"chr20.*another sequence than the release"):
        join(release=other)


def test_two_sources_with_one_column_are_refused(
    join: Callable[..., pl.DataFrame], sources: dict[str, Made], tmp_path: Path
) -> None:
    twice = {"revel": sources["revel"], "revel2": sources["revel"]}
    with pytest.raises(FaultError, match="column revel: found two sources"):
        join(release=write_release(tmp_path / "twice", twice))


def test_sites_and_described_must_belong_together(
    join: Callable[..., pl.DataFrame], make_sites: Callable[..., Path], tmp_path: Path
) -> None:
    join()
    with pytest.raises(FaultError, match="1 sites that other"):
        annotate(
            described=tmp_path / "described.parquet",
            sites=make_sites(ROWS[1:], "other.parquet"),
            annotated=tmp_path / "x.parquet",
            genes=tmp_path / "y.parquet",
        )


def test_sites_of_another_reference_are_refused(
    join: Callable[..., pl.DataFrame], demo: World
) -> None:
    with pytest.raises(FaultError, match=r"chr21.*no such contig there"):
        join(reference=demo.fasta)


def test_the_same_inputs_give_the_same_bytes(
    join: Callable[..., pl.DataFrame], release: Path, tmp_path: Path
) -> None:
    join(release=release)
    first = (tmp_path / "annotated.parquet").read_bytes()
    join(release=release)
    assert (tmp_path / "annotated.parquet").read_bytes() == first
