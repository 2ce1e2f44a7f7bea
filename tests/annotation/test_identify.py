"""SPDI, GA4GH VRS ids and keys: published examples, the kept library, and each other."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soyang.annotation.alleles import sliced
from soyang.annotation.identify import identify, require_distinct
from soyang.annotation.spdi import justified, spdi
from soyang.annotation.tables import ANNOTATED, IDENTITIES
from soyang.annotation.vrs import allele_ids, library_id, refget_accession, subunit
from soyang.core.errors import FaultError
from soyang.core.tables import read_table
from soyang.core.variant_key import alleles, parts
from tests.annotation.conftest import World

Row = tuple[str, int, str, str]


def frame(*rows: tuple[int, str, str]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=["position", "ref", "alt"], orient="row")


def bases(text: str) -> Any:
    return np.frombuffer(text.encode("ascii"), np.uint8)


def names(text: str, *rows: tuple[int, str, str]) -> list[str]:
    return spdi(justified(frame(*rows), bases(text)), "NC_1.1").to_list()


def test_spdi_of_each_kind() -> None:
    text = "GATTACACACCCGTA"
    assert names(
        text,
        (1, "G", "C"),
        (2, "ATT", "A"),
        (2, "AT", "A"),
        (3, "T", "TT"),
        (4, "T", "TAC"),
        (9, "A", "ACA"),
        (13, "G", "GGG"),
        (12, "CG", "TT"),
        (2, "ATT", "AGT"),
        (13, "G", "GAC"),
        (5, "ACAC", "A"),
    ) == [
        "NC_1.1:0:G:C",
        "NC_1.1:2:TT:",
        "NC_1.1:2:TT:T",
        "NC_1.1:2:TT:TTT",
        "NC_1.1:4:ACACAC:ACACACAC",
        "NC_1.1:4:ACACAC:ACACACAC",
        "NC_1.1:12:G:GGG",
        "NC_1.1:11:CG:TT",
        "NC_1.1:2:T:G",
        "NC_1.1:13::AC",
        "NC_1.1:5:CAC:",
    ]


def test_spdi_at_both_ends_of_a_contig() -> None:
    assert names("AACGG", (1, "AA", "A"), (5, "G", "GGC"), (4, "GG", "G"), (1, "A", "TA")) == [
        "NC_1.1:0:AA:A",
        "NC_1.1:5::GC",
        "NC_1.1:3:GG:G",
        "NC_1.1:0::T",
    ]


def test_nothing_widens_over_unknown_bases() -> None:
    assert names("NNAANN", (3, "A", "AA"), (3, "A", "AN")) == ["NC_1.1:2:AA:AAA", "NC_1.1:3::N"]


DNA = st.text("ACGT", min_size=1, max_size=4)


@st.composite
def variants(draw: st.DrawFn) -> tuple[str, list[tuple[int, str, str]]]:
    """A contig of repeats, and variants on it, some as long as it is."""
    units = draw(st.lists(st.tuples(DNA, st.integers(1, 6)), min_size=2, max_size=6))
    text = "".join(unit * number for unit, number in units)
    rows = []
    for _ in range(draw(st.integers(1, 8))):
        start = draw(st.integers(0, len(text) - 1))
        ref = text[start : start + draw(st.integers(1, 7))]
        copied = draw(st.integers(0, len(text) - 1))
        put = draw(st.one_of(DNA, st.just(text[copied : copied + 8]), st.just("")))
        alt = ref[0] + put
        if alt != ref:
            rows.append((start + 1, ref, alt))
    return text, rows


@settings(deadline=None)
@given(variants())
def test_ids_are_the_library_s(case: tuple[str, list[tuple[int, str, str]]]) -> None:
    text, rows = case
    sequence = bases(text)
    refget = refget_accession(sequence)
    ours = allele_ids(justified(frame(*rows), sequence), refget) if rows else []
    assert list(ours) == [library_id(*row, sequence, refget) for row in rows]


@settings(deadline=None)
@given(variants())
def test_one_haplotype_has_one_name(case: tuple[str, list[tuple[int, str, str]]]) -> None:
    """Every VCF spelling of one changed sequence gives the same SPDI, and others another."""
    text, rows = case
    spelt = [(row, text[: row[0] - 1] + row[2] + text[row[0] - 1 + len(row[1]) :]) for row in rows]
    for position, ref, alt in rows:  # the same with one more base on each side
        if position > 1 and position - 1 + len(ref) < len(text):
            left, right = text[position - 2], text[position - 1 + len(ref)]
            wide = (position - 1, left + ref + right, left + alt + right)
            spelt.append((wide, text[: position - 1] + alt + text[position - 1 + len(ref) :]))
    wide = justified(frame(*(row for row, _ in spelt)), bases(text)) if spelt else frame()
    found: dict[str, set[str]] = {}
    for name, row, (_, haplotype) in zip(
        names(text, *(row for row, _ in spelt)) if spelt else [],
        wide.iter_rows(named=True),
        spelt,
        strict=True,
    ):
        assert applied(text, name) == haplotype
        # What takes bases out and puts others in is not aligned anew: it may hide an insertion.
        if row["unit"] or len(row["deleted"]) == len(row["inserted"]) == 1:
            found.setdefault(haplotype, set()).add(name)
    assert all(len(several) == 1 for several in found.values())


def applied(text: str, name: str) -> str:
    """The sequence that an SPDI describes."""
    _, position, out, put = name.split(":")
    start = int(position)
    assert text[start : start + len(out)] == out
    return text[:start] + put + text[start + len(out) :]


APOE = "SQ.IIB53T8CNeJJdUqzn9V_JnRtQadwWCbl"


def test_the_published_example() -> None:
    """NC_000019.10:g.44908822C>T, the worked example of VRS's "Computed Identifiers"."""
    row = {"start": [44908821], "end": [44908822], "deleted": ["C"], "inserted": ["T"]}
    wide = pl.DataFrame(row).with_columns(unit=pl.lit(0))
    assert allele_ids(wide, APOE).to_list() == ["ga4gh:VA.0AePZIWZUNsUlQTamyLrjm2HWUw2opLt"]
    assert spdi(wide, "NC_000019.10").to_list() == ["NC_000019.10:44908821:C:T"]


def test_the_digest_of_a_sequence() -> None:
    """The example of the library's documentation."""
    assert refget_accession(bases("ACGT")) == "SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2"


@pytest.mark.parametrize(
    ("deleted", "inserted", "unit", "expected"),
    [
        ("C", "T", 0, 0),
        ("", "AC", 2, 0),
        ("AC", "", 2, 2),
        ("ACAC", "AC", 2, 2),
        ("ACAC", "ACACAC", 2, 2),
        ("A", "AAA", 2, 1),
        ("CA", "CACACA", 4, 2),
        ("A", "ACA", 2, 0),
    ],
)
def test_repeated_units(deleted: str, inserted: str, unit: int, expected: int) -> None:
    row = pl.DataFrame({"deleted": [deleted], "inserted": [inserted], "unit": [unit]})
    assert subunit(row).to_list() == [expected]


def test_slices_of_a_sequence() -> None:
    found = sliced(bases("ACGTAC"), np.array([0, 3, 2]), np.array([2, 3, 6]))
    assert found.to_list() == ["AC", "", "GTAC"]
    assert sliced(bases("ACGT"), np.array([], np.int64), np.array([], np.int64)).to_list() == []


@pytest.fixture
def name_sites(world: World, make_sites: Callable[..., Path], tmp_path: Path) -> Any:
    """Run the verb on rows."""

    def run(rows: list[Row], assembly: str = "GRCh38") -> pl.DataFrame:
        out = tmp_path / "쪽" / "identities.parquet"
        identify(sites=make_sites(rows), reference=world.fasta, assembly=assembly, identities=out)
        return read_table(out, IDENTITIES)

    return run


def every_kind(world: World) -> list[Row]:
    text = world.genome.sequence("chr20").tobytes().decode()
    rows: list[Row] = [("chr21", 3, "C", "G")]
    for position in range(90, 200, 3):
        here, more = text[position - 1], text[position : position + 4]
        rows += [
            ("chr20", position, here, "ACGT"["CGTA".index(here)]),
            ("chr20", position, here + more, here),
            ("chr20", position, here, here + more),
            ("chr20", position, here, here + "ACGTTGCAACGT"),
        ]
    return rows


def test_key_alleles_and_names_agree(name_sites: Any, world: World) -> None:
    found = name_sites(every_kind(world))
    assert found.height == len(every_kind(world))
    chromosome, position, code = parts(found["key"].to_numpy())
    assert [f"chr{n}" for n in chromosome] == found["contig"].to_list()
    assert position.tolist() == found["position"].to_list()
    back = alleles(pl.Series(code))
    spelt = back["ref"].is_not_null()
    assert 0.5 < spelt.mean() < 1
    assert back.filter(spelt).equals(found.filter(spelt).select("ref", "alt"))
    text = world.genome.sequence("chr20").tobytes().decode()
    for row in found.filter(pl.col("contig") == "chr20").iter_rows(named=True):
        start = row["position"] - 1
        haplotype = text[:start] + row["alt"] + text[start + len(row["ref"]) :]
        assert applied(text, row["spdi"]) == haplotype
        assert row["spdi"].startswith("NC_000020.11:")
    assert found["vrs"].n_unique() == found["spdi"].n_unique()
    assert found["vrs"].str.contains(r"^ga4gh:VA\.[0-9A-Za-z_-]{32}$").all()


def test_each_assembly_has_its_accession(name_sites: Any) -> None:
    found = [name_sites([("chr20", 20, "C", "T")], name).row(0, named=True)
             for name in ("GRCh37", "GRCh38")]  # fmt: skip
    assert [row["spdi"] for row in found] == ["NC_000020.10:19:C:T", "NC_000020.11:19:C:T"]
    assert [row["assembly"] for row in found] == ["GRCh37", "GRCh38"]


def test_what_is_no_sequence_has_no_name(name_sites: Any) -> None:
    found = name_sites([("chr20", 120, "A", "<DEL>"), ("chr20", 120, "A", "*")])
    assert found.select("key", "spdi", "vrs").rows() == [(None, None, None)] * 2


def test_no_sites(name_sites: Any) -> None:
    assert name_sites([]).equals(IDENTITIES.empty())


def test_contigs_beyond_the_chromosomes(
    make_fasta: Callable[..., Path], make_sites: Callable[..., Path], tmp_path: Path
) -> None:
    fasta = make_fasta({"KI270728.1": "ACGT" * 9, "chrM": "ACGT" * 9})
    out = tmp_path / "out.tsv"
    sites = make_sites([("KI270728.1", 6, "C", "T"), ("chrM", 5, "A", "C")])
    identify(sites=sites, reference=fasta, assembly="GRCh38", identities=out)
    found = read_table(out, IDENTITIES)
    assert found["spdi"].to_list() == ["NC_012920.1:4:A:C", "KI270728.1:5:C:T"]
    assert found["key"].is_null().to_list() == [False, True]


def test_another_reference_is_refused(name_sites: Any) -> None:
    with pytest.raises(FaultError, match="another base there"):
        name_sites([("chr20", 20, "G", "T")])


def annotated_rows() -> list[dict[str, Any]]:
    common = {"contig": "chr20", "consequence": "x", "hgvs_g": "x", "cohort_ac": 1,
              "cohort_an": 2, "cohort_nhomalt": 0}  # fmt: skip
    sites = [
        (20, "C", "T", None, "MODIFIER", None, None),
        (117, "G", "A", "NM_1.2", "MODIFIER", None, None),
        (117, "G", "A", "NM_2.2", "MODERATE", None, None),
        (118, "C", "A", "NM_1.2", "MODIFIER", "Benign", None),
        (119, "T", "A", "NM_1.2", "MODIFIER", None, "12"),
    ]
    fields = ("position", "ref", "alt", "transcript", "impact", "clinvar_significance",
              "clinvar_id")  # fmt: skip
    blank = {c.name: None for c in ANNOTATED.columns if c.nullable}
    return [{**blank, **common, **dict(zip(fields, row, strict=True))} for row in sites]


@pytest.mark.parametrize(("everything", "expected"), [(False, [117, 118, 119]), (True, None)])
def test_sites_that_matter(
    world: World, tmp_path: Path, everything: bool, expected: list[int] | None
) -> None:
    path, out = tmp_path / "annotated.parquet", tmp_path / "identities.parquet"
    pl.DataFrame(annotated_rows(), schema=ANNOTATED.schema).write_parquet(path)
    identify(annotated=path, reference=world.fasta, assembly="GRCh38", identities=out,
             everything=everything)  # fmt: skip
    assert read_table(out, IDENTITIES)["position"].to_list() == (expected or [20, 117, 118, 119])


def test_bad_input_is_named(world: World, make_sites: Callable[..., Path], tmp_path: Path) -> None:
    common: dict[str, Any] = {"reference": world.fasta, "assembly": "GRCh38",
                              "identities": tmp_path / "out.parquet"}  # fmt: skip
    sites = make_sites([("chr20", 20, "C", "T")])
    with pytest.raises(FaultError, match="neither"):
        identify(**common)
    with pytest.raises(FaultError, match="both --annotated and --sites"):
        identify(**common, sites=sites, annotated=sites)
    with pytest.raises(FaultError, match="impact"):
        identify(**common, annotated=sites)
    with pytest.raises(FaultError, match=r"none\.parquet"):
        identify(**common, annotated=tmp_path / "none.parquet")
    assert not (tmp_path / "out.parquet").exists()


def test_a_collision_of_keys_is_told() -> None:
    rows = [{"key": 7, "assembly": "GRCh38", "contig": "chr1", "position": 5, "ref": "A" * 30,
             "alt": alt, "spdi": "x", "vrs": "y"} for alt in ("C", "G")]  # fmt: skip
    table = pl.DataFrame(rows, schema=IDENTITIES.schema)
    with pytest.raises(FaultError, match="for 2 sites"):
        require_distinct(table, file=Path("sites.parquet"))
    require_distinct(table.head(1), file=Path("sites.parquet"))


def test_the_same_bytes_twice(
    world: World, make_sites: Callable[..., Path], tmp_path: Path
) -> None:
    sites = make_sites(list(itertools.islice(every_kind(world), 60)))
    written = []
    for name in ("one", "two"):
        out = tmp_path / f"{name}.parquet"
        identify(sites=sites, reference=world.fasta, assembly="GRCh38", identities=out)
        written.append(out.read_bytes())
    assert written[0] == written[1]
