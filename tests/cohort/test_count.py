"""Counts against counting person by person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soyang.cohort.count import count
from soyang.cohort.counting import count_contig
from soyang.cohort.inputs import merged
from soyang.cohort.join import join
from soyang.cohort.tables import CALLABLE, GENOTYPES, SAMPLES, SITES
from soyang.core.assembly import PSEUDO_AUTOSOMAL, Assembly
from soyang.core.errors import FaultError
from soyang.core.tables import read_table, write_table
from tests.cohort.conftest import House, write_admitted

GRCH38 = Assembly.GRCH38
CALLED = {"0/1": 1, "1/1": 2, "1/.": 1, "1": 1}
SAMPLE_NAMES = ["S1", "S2", "S3", "S4"]
# Positions in and around the pseudo-autosomal regions, and regions between them.
PAR_EDGES = [edge for region in PSEUDO_AUTOSOMAL[GRCH38]["X"] for edge in region]
PLACES = sorted({place + d for place in (100, *PAR_EDGES, 50_000_000) for d in (-1, 0, 1, 2)})

GENOTYPE = st.tuples(st.sampled_from(PLACES), st.sampled_from("CG"), st.sampled_from(SAMPLE_NAMES))
REGION = st.tuples(
    st.sampled_from(SAMPLE_NAMES), st.sampled_from(PLACES), st.sampled_from(PLACES)
).map(lambda r: (r[0], min(r[1:]) - 1, max(r[1:])))


def genotype_frame(contig: str, called: dict[tuple[int, str, str], str]) -> pl.DataFrame:
    rows = [
        {
            "contig": contig,
            "position": position,
            "ref": "A",
            "alt": alt,
            "person": f"P{sample}",
            "sample": sample,
            "genotype": genotype,
            "dosage": CALLED[genotype],
            "copies": 1 if genotype == "1" else 2,
            "depth": None,
            "alt_depth": None,
            "genotype_quality": None,
            "phase_set": None,
            "filter": ".",
        }
        for (position, alt, sample), genotype in called.items()
    ]
    return GENOTYPES.frame(rows)


def region_frame(contig: str, regions: list[tuple[str, int, int]]) -> pl.DataFrame:
    """Regions merged within each sample, as CALLABLE has them."""
    frame = CALLABLE.empty()
    for sample in SAMPLE_NAMES:
        own = [(contig, start, end) for name, start, end in regions if name == sample]
        rows = pl.DataFrame(own, schema=CALLABLE.empty().drop("sample").schema, orient="row")
        frame.extend(merged(rows).with_columns(sample=pl.lit(sample)).select(CALLABLE.names))
    return frame


def copies_at(contig: str, position: int, sex: str) -> int:
    par = any(
        start < position <= end for start, end in PSEUDO_AUTOSOMAL[GRCH38].get(contig[3:], ())
    )
    if contig == "chrM":
        return 1
    if contig == "chr1" or par:
        return 2
    return {"male": 1, "female": 2 if contig == "chrX" else 0, "unknown": 0}[sex]


def slowly(
    contig: str,
    called: dict[tuple[int, str, str], str],
    regions: list[tuple[str, int, int]],
    sexes: dict[str, str],
) -> list[tuple[Any, ...]]:
    sites = sorted({(position, alt) for position, alt, _ in called})
    rows = []
    for position, alt in sites:
        ac = an = nhomalt = nhemi = 0
        for sample, sex in sexes.items():
            copies = copies_at(contig, position, sex)
            if not any(s == sample and a < position <= b for s, a, b in regions):
                continue
            genotype = called.get((position, alt, sample))
            if genotype in ("0/1", "1/.") and copies == 1:
                continue
            an += copies
            if genotype and copies:
                ac += min(CALLED[genotype], copies)
                nhomalt += copies == 2 and CALLED[genotype] == 2
                nhemi += copies == 1
        rows.append((contig, position, "A", alt, ac, an, nhomalt, nhemi))
    return rows


@given(
    contig=st.sampled_from(["chr1", "chrX", "chrY", "chrM"]),
    called=st.dictionaries(GENOTYPE, st.sampled_from(list(CALLED)), min_size=1, max_size=25),
    regions=st.lists(REGION, max_size=10),
    sexes=st.dictionaries(
        st.sampled_from(SAMPLE_NAMES), st.sampled_from(["male", "female", "unknown"])
    ),
)
@settings(max_examples=80, deadline=None)
def test_columns_count_as_one_counts_by_hand(
    contig: str,
    called: dict[tuple[int, str, str], str],
    regions: list[tuple[str, int, int]],
    sexes: dict[str, str],
) -> None:
    counted = pl.DataFrame(
        {"sample": list(sexes), "sex": list(sexes.values())},
        schema={"sample": pl.String, "sex": pl.String},
    )
    found = count_contig(
        genotype_frame(contig, called), region_frame(contig, regions), counted, contig, GRCH38
    )
    assert found.schema == SITES.schema
    assert found.rows() == slowly(contig, called, regions, sexes)


def run(house: House) -> dict[tuple[str, int, str, str], tuple[int, ...]]:
    """Join and count; site to ac, an, nhomalt and nhemi."""
    admitted, verdicts = house.write()
    tables = {t: house.folder / f"{t}.parquet" for t in ("samples", "genotypes", "callable")}
    arguments: dict[str, Any] = {**house.files, **tables}
    join(admitted=admitted, verdicts=verdicts, **arguments)
    sites = house.folder / "sites.parquet"
    count(**tables, admitted=admitted, assembly=GRCH38, sites=sites)
    first = sites.read_bytes()
    count(**tables, admitted=admitted, assembly=GRCH38, sites=sites)
    assert sites.read_bytes() == first
    rows = read_table(sites, SITES).rows()
    return {(row[0], row[1], row[2], row[3]): row[4:] for row in rows}


HET = ["chr1 10 . A G . . . GT 0/1"]
SITE_10 = ("chr1", 10, "A", "G")


def test_only_counted_and_callable_samples_add_to_an(house: House) -> None:
    house.add("S1", HET)
    house.add("S2")
    house.add("S3", regions=[("chr1", 10, 99)])
    house.add("S4", HET, regions=None)
    house.add("S5", HET, consent="clinical_care")
    house.add("S6", HET, verdict="quarantine")
    assert run(house) == {SITE_10: (1, 4, 0, 0)}


def test_a_site_of_uncounted_people_is_there_without_count(house: House) -> None:
    house.add("S1", HET, regions=None)
    assert run(house) == {SITE_10: (0, 0, 0, 0)}
    house.add("S2")
    assert run(house) == {SITE_10: (0, 2, 0, 0)}


def test_a_carrier_outside_its_callable_regions_is_not_counted(house: House) -> None:
    house.add("S1", HET, regions=[("chr1", 0, 9), ("chr1", 10, 99)])
    house.add("S2", HET, regions=[("chr1", 9, 10)])
    assert run(house) == {SITE_10: (1, 2, 0, 0)}


def test_men_have_one_x_outside_the_pseudo_autosomal_regions(house: House) -> None:
    everywhere = [("chrX", 0, 156_040_895)]
    in_par, outside = 2_781_479, 2_781_480
    hemizygous = [f"chrX {in_par} . A G . . . GT 0/1", f"chrX {outside} . A G . . . GT 1"]
    diploid = [f"chrX {outside} . A G . . . GT 1/1"]
    house.add("S1", hemizygous, regions=everywhere, sex="male")
    house.add("S2", diploid, regions=everywhere, sex="male")
    house.add("S3", diploid, regions=everywhere, sex="female")
    house.add("S4", diploid, regions=everywhere, sex="unknown")
    assert run(house) == {
        ("chrX", in_par, "A", "G"): (1, 8, 0, 0),
        ("chrX", outside, "A", "G"): (4, 4, 1, 2),
    }


def test_a_heterozygote_with_one_copy_is_neither_allele(house: House) -> None:
    house.add(
        "S1", ["chrX 9000000 . A G . . . GT 0/1"], regions=[("chrX", 0, 10_000_000)], sex="male"
    )
    assert run(house) == {("chrX", 9_000_000, "A", "G"): (0, 0, 0, 0)}


def test_both_alternates_of_a_site_are_counted_each(house: House) -> None:
    house.add("S1", ["chr1 10 . A C . . . GT 1/.", "chr1 10 . A G . . . GT ./1"])
    house.add("S2", ["chr1 10 . A G . . . GT 1/1"])
    assert run(house) == {("chr1", 10, "A", "C"): (1, 4, 0, 0), SITE_10: (3, 4, 1, 0)}


def test_sites_are_in_contig_order(house: House) -> None:
    contigs = ["chr1", "chr2", "chr10"]
    house.add("S1", [f"{c} {n} . A G . . . GT 0/1" for c in contigs for n in (5, 50)])
    assert [site[:2] for site in run(house)] == [(c, n) for c in contigs for n in (5, 50)]


def test_without_anyone_there_are_no_sites(house: House) -> None:
    assert run(house) == {}


def test_a_counted_sample_must_be_admitted(tmp_path: Path) -> None:
    paths = {t: tmp_path / f"{t}.parquet" for t in ("samples", "genotypes", "callable")}
    row = {"person": "P", "sample": "S1", "callable_known": True, "counted": True}
    write_table(SAMPLES.frame([row]), paths["samples"], SAMPLES)
    write_table(GENOTYPES.empty(), paths["genotypes"], GENOTYPES)
    write_table(CALLABLE.empty(), paths["callable"], CALLABLE)
    admitted = write_admitted(tmp_path / "admitted.tsv", {"S2": {}})
    with pytest.raises(FaultError, match="sample 'S1' without admission"):
        count(**paths, admitted=admitted, assembly=GRCH38, sites=tmp_path / "sites.parquet")
