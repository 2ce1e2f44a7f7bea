"""Events and mitochondrial variants joined with genes, regions and a knowledge release."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pysam
import pytest

from soyang.annotation.event_match import carriers, folded, pairs_alike
from soyang.annotation.event_tables import EVENTS, EVENTS_ASSESSED, MITOCHONDRIAL
from soyang.annotation.events import events
from soyang.annotation.rcrs import GENES, LENGTH, biotype
from soyang.calling.tables import COPY_NUMBER, MITOCHONDRION
from soyang.calling.tables import EVENTS as CALLED
from soyang.calling.tables import MITOCHONDRIAL as SITES
from soyang.cohort.tables import SAMPLES
from soyang.core.assembly import Assembly
from soyang.core.errors import FaultError
from soyang.core.tables import read_table, write_table
from soyang.knowledge import build

JAG1 = (10_637_683, 10_673_999)
"""Bounds of the gene, on the minus strand: its 3' end comes first."""

CATALOG = """sources:
  dosage:
    kind: clingen_dosage
    assembly: null
    name: ClinGen dosage
    version: "1"
    date: "2025-01-01"
    licence: CC0
    file: dosage.tsv
  regions:
    kind: clingen_regions
    assembly: [GRCh38]
    name: ClinGen regions
    version: "1"
    date: "2025-01-01"
    licence: CC0
    file: regions.tsv
  clinvar:
    kind: clinvar
    assembly: [GRCh38]
    name: ClinVar
    version: "1"
    date: "2025-01-01"
    licence: public domain
    file: clinvar.vcf
"""
DOSAGE = (
    "#Gene Symbol\tGene ID\tGenomic Location\tHaploinsufficiency Score\tTriplosensitivity Score\n"
    "JAG1\t182\tchr20:10637684-10673999\t3\t0\n"
    "MKKS\t8195\tchr20:10401009-10434222\t30\tNot yet evaluated\n"
)
REGIONS = (
    "#ISCA ID\tISCA Region Name\tGenomic Location\tHaploinsufficiency Score\t"
    "Triplosensitivity Score\n"
    "ISCA-1\t20p12 region (includes JAG1)\tchr20:10600001-10690000\t3\t0\n"
    "ISCA-2\tharmless; known\tchr20:5000001-5600000\t40\t40\n"
)
CLINVAR = """##fileformat=VCFv4.1
##reference=GRCh38
##contig=<ID=MT>
##INFO=<ID=CLNSIG,Number=.,Type=String,Description="x">
##INFO=<ID=CLNREVSTAT,Number=.,Type=String,Description="x">
##INFO=<ID=CLNDN,Number=.,Type=String,Description="x">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO
MT	3243	9589	A	G	.	.	CLNSIG=Pathogenic;CLNREVSTAT=reviewed_by_expert_panel;CLNDN=M
"""


@dataclass
class Bench:
    """A cohort's files of calling, and what `annotation events` makes of them."""

    folder: Path
    fasta: Path
    gff3: Path
    release: Path | None
    samples: list[tuple[str, bool]] = field(default_factory=list)
    files: dict[str, list[Path]] = field(default_factory=dict)

    def sample(self, name: str, *, counted: bool = True) -> None:
        self.samples.append((name, counted))

    def put(self, option: str, suffix: str, sample: str, table: Any, rows: list[Any]) -> Path:
        path = self.folder / f"{sample}.{suffix}.tsv"
        full = [{**dict.fromkeys(table.names), **row} for row in rows]
        write_table(pl.DataFrame(full, schema=table.schema), path, table)
        self.files.setdefault(option, []).append(path)
        return path

    def structural(self, sample: str, *rows: dict[str, Any]) -> Path:
        told = [event(sample, n, "structural", **row) for n, row in enumerate(rows)]
        return self.put("structural", "structural", sample, CALLED, told)

    def copy_number(self, sample: str, *rows: dict[str, Any], **status: Any) -> None:
        found = [event(sample, n, "copy_number", **row) for n, row in enumerate(rows)]
        self.put("copy_number", "copy_number", sample, CALLED, found)
        told = {"sample": sample, "assessed": True, "reason": "", "found": "", "panel": "",
                "design": "genome", "bins": 9, "smallest_length": 3000, **status}  # fmt: skip
        self.put("copy_number_status", "copy_number.status", sample, COPY_NUMBER, [told])

    def mitochondrial(self, sample: str, *rows: dict[str, Any], **status: Any) -> None:
        base = {"sample": sample, "contig": "chrM", "heteroplasmy": 0.3, "depth": 900,
                "alt_depth": 270, "quality": 99.0, "filter": "PASS"}  # fmt: skip
        self.put("mitochondrial", "mitochondrial", sample, SITES, [base | row for row in rows])
        told = {"sample": sample, "assessed": True, "reason": "", "found": "", "contig": "chrM",
                "min_heteroplasmy": 0.05, "min_depth": 100, "callable_bases": 16_000,
                "callable_share": 0.97, **status}  # fmt: skip
        self.put("mitochondrial_status", "mitochondrion", sample, MITOCHONDRION, [told])

    def run(self, **options: Any) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        cohort = self.folder / "samples.parquet"
        rows = [{"person": f"P{name}", "sample": name, "callable_known": True, "counted": counted}
                for name, counted in self.samples]  # fmt: skip
        write_table(SAMPLES.frame(rows), cohort, SAMPLES)
        outputs = [self.folder / f"결과 {n}.parquet" for n in ("events", "sites", "assessed")]
        names = ("events", "mitochondrial_sites", "assessed")
        events(
            samples=cohort,
            reference=self.fasta,
            transcripts=self.gff3,
            assembly=Assembly.GRCH38,
            release=self.release,
            **self.files,  # type: ignore[arg-type]
            **{**dict(zip(names, outputs, strict=True)), **options},
        )
        tables = (EVENTS, MITOCHONDRIAL, EVENTS_ASSESSED)
        found = [read_table(path, table) for path, table in zip(outputs, tables, strict=True)]
        return found[0], found[1], found[2]


def event(sample: str, number: int, source: str, **changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "sample": sample,
        "event": f"{source}-{number}",
        "source": source,
        "kind": "deletion",
        "contig": "chr20",
        "mate_contig": "",
        "genotype": "0/1",
        "expected_copies": 2,
        "callers": "dysgu;delly" if source == "structural" else "depth",
        "filter": "PASS",
    }
    row = base | changes
    row.setdefault("length", row["end"] - row["start"])
    return row


@pytest.fixture(scope="module")
def reference(demo: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's contig and a mitochondrion of random bases, but for m.3243A."""
    fasta = tmp_path_factory.mktemp("reference") / "genome.fa"
    draw = random.Random(7)
    bases = ["".join(draw.choices("ACGT", k=LENGTH))]
    whole = bases[0][:3242] + "A" + bases[0][3243:]
    fasta.write_bytes(demo.fasta.read_bytes() + f">chrM\n{whole}\n".encode())
    pysam.faidx(str(fasta))
    return fasta


@pytest.fixture(scope="module")
def release(reference: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("지식 자료")
    texts = {"catalog.yaml": CATALOG, "dosage.tsv": DOSAGE.replace("\n", "\r\n"),
             "regions.tsv": "\ufeff" + REGIONS, "clinvar.vcf": CLINVAR}  # fmt: skip
    for name, text in texts.items():
        (folder / name).write_text(text, newline="")
    build(
        catalog=folder / "catalog.yaml",
        files=folder,
        reference=reference,
        assembly=Assembly.GRCH38,
        output=folder / "r1",
    )
    return folder / "r1"


@pytest.fixture
def bench(tmp_path: Path, reference: Path, release: Path, root: Path) -> Callable[..., Bench]:
    def make(*, known: bool = True) -> Bench:
        gff3 = root / "resources/demo/transcripts.gff3"
        return Bench(tmp_path, reference, gff3, release if known else None)

    return make


def only(frame: pl.DataFrame) -> dict[str, Any]:
    (row,) = frame.iter_rows(named=True)
    return dict(row)


def test_a_whole_gene_and_its_region(bench: Any) -> None:
    made = bench()
    made.sample("S1")
    made.structural("S1", {"start": 10_590_000, "end": 10_695_000, "genotype": "0/1"})
    found, _, looked = made.run()
    row = only(found)
    (gene,) = row["genes"]
    assert (gene["gene"], gene["extent"], gene["part"]) == ("JAG1", "whole", "coding")
    assert (gene["first_exon"], gene["last_exon"], gene["exons"]) == (1, 26, 26)
    assert gene["coding_bases"] == gene["coding_length"] == 3657
    assert (gene["haploinsufficiency"], gene["triplosensitivity"]) == (3, 0)
    assert gene["breakpoints"] == 0 and gene["nmd"] is None
    (region,) = row["regions"]
    assert (region["region"], region["share"], region["within"]) == ("ISCA-1", 1.0, False)
    assert region["name"] == "20p12 region (includes JAG1)"
    assert region["genes"] == ["JAG1"]
    assert row["hgvs_g"] == "NC_000020.11:g.10590001_10695000del"
    assert row["by_breakpoints"] and not row["by_depth"]
    assert row["dosage_known"] and row["protein_coding_genes"] == 1
    assert only(looked)["structural"] == "" and only(looked)["copy_number"] == "no_reads"


@pytest.mark.parametrize(
    ("start", "end", "extent", "part", "breakpoints"),
    [
        (10_600_000, 10_640_000, "three_prime", "coding", 1),
        (10_672_000, 10_680_000, "five_prime", "coding", 1),
        (10_673_900, 10_680_000, "five_prime", "utr5", 1),
        (10_630_000, 10_637_900, "three_prime", "utr3", 1),
        (10_645_000, 10_650_000, "internal", "coding", 2),
    ],
)
def test_ends_and_parts_of_a_gene_on_the_minus_strand(
    bench: Any, demo: Any, start: int, end: int, extent: str, part: str, breakpoints: int
) -> None:
    made = bench()
    made.sample("S1")
    made.structural("S1", {"start": start, "end": end})
    (gene,) = only(made.run()[0])["genes"]
    assert (gene["extent"], gene["part"], gene["breakpoints"]) == (extent, part, breakpoints)
    (name,) = demo.known.table.filter(pl.col("gene") == "JAG1")["id"]
    exons = demo.known.exons.filter(
        (pl.col("id") == name) & (pl.col("start") < end) & (pl.col("end") > start)
    )["exon"]
    assert (gene["first_exon"], gene["last_exon"]) == (exons.min(), exons.max())
    assert extent != "five_prime" or gene["first_exon"] == 1, "exons count from the 5' end"
    assert (gene["nmd"] is None) == (extent != "internal")


def test_decay_is_expected_inside_and_not_where_the_start_or_the_last_exon_goes(
    bench: Any, demo: Any
) -> None:
    """Each coding exon of JAG1 by itself: the frame, the start codon and the next exon decide."""
    (name,) = demo.known.table.filter(pl.col("gene") == "JAG1")["id"]
    exons = demo.known.exons.filter(pl.col("id") == name).sort("exon").to_dicts()
    coding = {row["exon"]: row["end"] - row["start"]
              for row in demo.known.coding.filter(pl.col("id") == name).to_dicts()}  # fmt: skip
    made = bench()
    for exon in exons[1:-1]:
        made.sample(f"S{exon['exon']}")
        made.structural(f"S{exon['exon']}", {"start": exon["start"] - 40, "end": exon["end"] + 40})
    told = {row["sample"]: row["genes"][0] for row in made.run()[0].iter_rows(named=True)}
    for exon in exons[1:-1]:
        number = exon["exon"]
        gene = told[f"S{number}"]
        assert gene["coding_bases"] == coding[number]
        assert gene["nmd"] == (coding[number] % 3 != 0 and number + 1 < len(exons)), number
    first = exons[0]
    made = bench()
    made.sample("S0")
    made.structural("S0", {"start": first["start"] - 40, "end": first["end"] - 1})
    (gene,) = only(made.run()[0])["genes"]
    assert (gene["extent"], gene["nmd"]) == ("internal", False), "without its start codon"


def test_the_same_deletion_by_breakpoints_and_by_depth_is_one(bench: Any) -> None:
    made = bench()
    for name in ("S1", "S2", "S3"):
        made.sample(name, counted=name != "S3")
    made.structural("S1", {"start": 10_640_100, "end": 10_660_000, "filter": "LowQual",
                           "genotype": "./."})  # fmt: skip
    made.copy_number("S1", {"start": 10_641_000, "end": 10_659_000, "copies": 1})
    made.structural("S2", {"start": 10_640_000, "end": 10_661_000})
    made.structural("S3", {"start": 10_640_000, "end": 10_661_000})
    found, _, looked = made.run()
    row = found.row(0, named=True)
    assert found.height == 3
    assert (row["event"], row["depth_event"], row["source"]) == (
        "structural-0", "copy_number-0", "both"
    )  # fmt: skip
    assert row["by_breakpoints"] and row["by_depth"]
    assert (row["copies"], row["genotype"], row["filter"]) == (1, "0/1", "PASS")
    assert row["callers"] == "delly;depth;dysgu"
    assert found["cohort_carriers"].to_list() == [2, 2, 2], "S3 did not agree to be counted"
    assert set(found["cohort_assessed"]) == {2}
    assert looked["events"].to_list() == [1, 1, 1]


def test_small_and_intronic_events_are_counted_and_large_ones_told(bench: Any) -> None:
    made = bench()
    made.sample("S1")
    made.structural(
        "S1",
        {"start": 1_000_000, "end": 1_003_000},
        {"start": 10_660_100, "end": 10_660_300},
        {"start": 1_200_000, "end": 1_350_000},
        {"start": 10_650_000, "end": 10_650_001, "kind": "insertion", "length": 300},
        {"start": 5_100_000, "end": 5_101_000, "kind": "inversion"},
        {"start": 6_100_000, "end": 6_101_000, "kind": "duplication"},
    )
    found, _, looked = made.run()
    assert found["start"].to_list() == [1_200_000]
    numbers = only(looked)
    assert (numbers["events"], numbers["in_genes"], numbers["between_genes"]) == (6, 2, 3)


def test_what_breaks_a_gene_is_told_whatever_its_kind(bench: Any) -> None:
    made = bench()
    made.sample("S1")
    made.structural(
        "S1",
        {"start": 10_650_000, "end": 10_650_001, "kind": "breakend", "length": None,
         "mate_contig": "chr1", "mate_position": 5_000},
        {"start": 10_651_000, "end": 10_700_000, "kind": "inversion"},
        {"start": 10_641_800, "end": 10_641_801, "kind": "insertion", "length": 120},
        {"start": 10_600_000, "end": 10_700_000, "kind": "inversion", "event": "around the gene"},
    )  # fmt: skip
    found, _, _ = made.run()
    assert set(found["kind"]) == {"breakend", "inversion", "insertion"}
    assert found.height == 3
    names = dict(found.select("kind", "hgvs_g").iter_rows())
    assert names["breakend"] == ""
    assert names["insertion"] == "NC_000020.11:g.10641801_10641802insN[120]"
    assert names["inversion"].endswith("inv")
    assert set(found["cohort_carriers"]) == {None}


def test_bounds_by_depth_alone_are_named_as_uncertain(bench: Any) -> None:
    made = bench()
    made.sample("S1")
    made.copy_number("S1", {"start": 10_641_000, "end": 10_659_000, "copies": 3,
                            "kind": "duplication"})  # fmt: skip
    row = only(made.run()[0])
    assert row["hgvs_g"] == "NC_000020.11:g.(?_10641001)_(10659000_?)dup"
    assert row["by_depth"] and not row["by_breakpoints"]


def test_depth_that_was_not_assessed_says_nothing(bench: Any) -> None:
    made = bench()
    made.sample("S1")
    made.copy_number("S1", {"start": 10_641_000, "end": 10_659_000, "copies": 1},
                     assessed=False, reason="too_noisy", smallest_length=None)  # fmt: skip
    found, sites, looked = made.run()
    assert found.is_empty() and sites.is_empty()
    row = only(looked)
    assert (row["copy_number"], row["structural"], row["mitochondrial"]) == (
        "too_noisy", "left_out", "no_reads"
    )  # fmt: skip
    assert row["smallest_length"] is None and row["design"] == ""


def test_nobody_has_files(bench: Any) -> None:
    made = bench(known=False)
    made.sample("S9")
    found, sites, looked = made.run()
    assert found.is_empty() and sites.is_empty()
    assert only(looked)["structural"] == "no_reads"


def test_without_release_dosage_is_not_known(bench: Any) -> None:
    made = bench(known=False)
    made.sample("S1")
    made.structural("S1", {"start": 10_590_000, "end": 10_695_000})
    row = only(made.run()[0])
    assert row["regions"] is None and not row["dosage_known"]
    assert row["genes"][0]["haploinsufficiency"] is None


def test_a_harmless_region_holds_the_event(bench: Any) -> None:
    made = bench()
    made.sample("S1")
    made.structural("S1", {"start": 5_310_000, "end": 5_318_000})
    row = only(made.run()[0])
    (region,) = row["regions"]
    assert (region["haploinsufficiency"], region["within"]) == (40, True)
    assert region["name"] == "harmless; known"
    assert [gene["gene"] for gene in row["genes"]] == ["PROKR2"]


def test_mitochondrial_variants(bench: Any, reference: Path) -> None:
    made = bench()
    made.sample("S1")
    bases = pysam.FastaFile(str(reference)).fetch("chrM")
    other = {"A": "C", "C": "A", "G": "T", "T": "G"}
    places = {8_540: "two genes", 100: "none", 16_569: "the last base"}
    rows = [{"position": p, "ref": bases[p - 1], "alt": other[bases[p - 1]]} for p in places]
    made.mitochondrial("S1", {"position": 3243, "ref": "A", "alt": "G"}, *rows)
    _, sites, looked = made.run()
    told = {row["position"]: row for row in sites.iter_rows(named=True)}
    melas = told[3243]
    assert (melas["genes"], melas["hgvs_m"]) == ("MT-TL1", "NC_012920.1:m.3243A>G")
    assert melas["consequence"] == "non_coding_transcript_variant"
    assert (melas["clinvar_id"], melas["clinvar_significance"]) == ("9589", "Pathogenic")
    assert melas["clinvar_stars"] == 3
    assert told[8_540]["genes"] == "MT-ATP8;MT-ATP6"
    assert len(told[8_540]["consequence"].split(";")) == 2
    assert told[100]["genes"] == "" and told[100]["clinvar_id"] is None
    assert all(row["clinvar_known"] for row in told.values())
    assert only(looked)["mitochondrial"] == ""
    assert only(looked)["mitochondrial_share"] == 0.97


def test_an_allele_that_is_not_the_reference_is_refused(bench: Any, reference: Path) -> None:
    made = bench()
    made.sample("S1")
    base = pysam.FastaFile(str(reference)).fetch("chrM", 499, 500)
    wrong = "ACGT".replace(base, "")[0]
    made.mitochondrial("S1", {"position": 500, "ref": wrong, "alt": base})
    with pytest.raises(FaultError, match=r"S1\.mitochondrial\.tsv"):
        made.run()


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("10590000", "x", "'x'"),
        ("\tlength", "\tsize", "no such column"),
        ("S1\tstructural-0", "S2\tstructural-0", "sample S2"),
    ],
)
def test_broken_files_are_told(bench: Any, old: str, new: str, found: str) -> None:
    made = bench()
    made.sample("S1")
    path = made.structural("S1", {"start": 10_590_000, "end": 10_695_000})
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(FaultError, match=found):
        made.run()


def test_a_file_of_a_stranger_or_a_second_one_is_refused(bench: Any, tmp_path: Path) -> None:
    made = bench()
    made.sample("S1")
    made.structural("S2")
    with pytest.raises(FaultError, match="S2"):
        made.run()
    made = bench()
    made.sample("S1")
    path = made.structural("S1")
    made.files["structural"].append(path)
    with pytest.raises(FaultError, match="second file of S1"):
        made.run()


def test_bytes_do_not_depend_on_the_order_of_files(bench: Any) -> None:
    made = bench()
    for name in ("S1", "S2"):
        made.sample(name)
        made.structural(name, {"start": 10_640_000, "end": 10_661_000})
    made.run()
    paths = sorted(made.folder.glob("결과*"))
    before = [path.read_bytes() for path in paths]
    made.files["structural"].reverse()
    made.samples.reverse()
    made.run()
    assert [path.read_bytes() for path in paths] == before


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    full = [{**dict.fromkeys(CALLED.names), **row} for row in rows]
    return pl.DataFrame(full, schema=CALLED.schema)


def test_half_of_each_other_makes_two_events_one() -> None:
    one = frame([event("S", 0, "structural", start=1_000, end=2_000)]).with_row_index("row")
    for start, end, same in [(1_500, 2_500, True), (1_501, 2_501, False), (1_000, 3_000, True),
                             (1_000, 3_001, False), (5_000, 6_000, False)]:  # fmt: skip
        other = frame([event("S", 1, "structural", start=start, end=end)]).with_row_index("row")
        assert pairs_alike(one, other).height == same, (start, end)


def test_each_event_is_folded_once() -> None:
    rows = [
        event("S", 0, "structural", start=1_000, end=2_000),
        event("S", 1, "structural", start=1_100, end=2_100),
        event("S", 0, "copy_number", start=1_090, end=2_090, copies=1),
        event("S", 1, "copy_number", start=9_000, end=9_900, copies=1),
    ]
    found = folded(frame(rows)).sort("event")
    assert found["source"].to_list() == ["copy_number", "structural", "both"]
    assert found["depth_event"].to_list() == ["", "", "copy_number-0"]
    assert found["by_depth"].to_list() == [True, False, True]


def test_carriers_are_people_not_events() -> None:
    rows = [
        event("A", 0, "structural", start=1_000, end=2_000),
        event("A", 1, "structural", start=1_050, end=2_050),
        event("B", 0, "structural", start=1_020, end=2_020),
        event("B", 1, "structural", start=1_020, end=2_020, kind="duplication"),
        event("C", 0, "structural", start=1_020, end=1_021, kind="insertion"),
    ]
    found = carriers(frame(rows), ["A", "B", "C"])
    assert found.to_list() == [2, 2, 2, 1, None]
    assert carriers(frame(rows), ["B"]).to_list() == [1, 1, 1, 1, None]


def test_the_mitochondrion_has_its_genes() -> None:
    kinds = [biotype(gene) for gene, *_ in GENES]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts == {"protein_coding": 13, "Mt_tRNA": 22, "Mt_rRNA": 2}
    assert [start for _, start, _, _ in GENES] == sorted(start for _, start, _, _ in GENES)
    assert all(1 <= start < end <= LENGTH for _, start, end, _ in GENES)
    lengths = {gene: end - start + 1 for gene, start, end, _ in GENES}
    assert lengths["MT-CO1"] == 1542 and lengths["MT-RNR2"] == 1559
    assert {gene for gene, _, _, strand in GENES if strand == "-"} == {
        "MT-TQ", "MT-TA", "MT-TN", "MT-TC", "MT-TY", "MT-TS1", "MT-ND6", "MT-TE", "MT-TP"
    }  # fmt: skip
