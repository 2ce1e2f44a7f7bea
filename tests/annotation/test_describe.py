"""HGVS: worked by hand on both strands, and against the kept library and ClinVar."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from bioutils.sequences import reverse_complement

from soyang.annotation.consequence import consequence
from soyang.annotation.describe import describe, describe_contig, with_new_stops
from soyang.annotation.dna import label, locate
from soyang.annotation.genome import Genome
from soyang.annotation.gff import read_transcripts
from soyang.annotation.protein import Edit, Message, name
from soyang.annotation.tables import DESCRIBED, TRANSCRIPTS
from soyang.core.assembly import Assembly
from soyang.core.errors import FaultError
from soyang.core.tables import read_table
from tests.annotation.conftest import CODONS, INTRON, UTR3, UTR5, Oracle, World, sites_frame

Row = tuple[str, int, str, str]
Describe = Callable[..., pl.DataFrame]

SENSE = UTR5 + "".join(CODONS)[:14] + INTRON + "".join(CODONS)[14:] + UTR3
PLUS, MINUS = 100, 394
"""0-based starts of the gene in the world of conftest.py."""


def run(world: World, rows: list[Row], folder: Path) -> pl.DataFrame:
    """Run both verbs on rows and read what they wrote."""
    sites, told = folder / "sites.parquet", folder / "consequences.parquet"
    sites_frame(rows).write_parquet(sites)
    consequence(sites=sites, reference=world.fasta, transcripts=world.gff3, consequences=told)
    describe(
        consequences=told,
        sites=sites,
        reference=world.fasta,
        transcripts=world.gff3,
        assembly="GRCh38",
        described=folder / "described.parquet",
        exons=folder / "exons.parquet",
    )
    return read_table(folder / "described.parquet", DESCRIBED)


@pytest.fixture
def tell(tmp_path: Path) -> Describe:
    """Run both verbs on rows in the test's folder."""
    return partial(run, folder=tmp_path)


def on_both_strands(world: World, start: int, gone: int, come: str) -> list[Row]:
    """VCF rows of an edit of SENSE (0-based) in the gene on the plus and on the minus strand."""
    size = len(SENSE)
    minus_start = MINUS + size - start - gone
    return [
        vcf_row(world, PLUS + start, gone, come),
        vcf_row(world, minus_start, gone, reverse_complement(come)),
    ]


def vcf_row(world: World, start: int, gone: int, come: str) -> Row:
    """A VCF row of replacing ``gone`` bases from ``start`` (0-based), anchored if it must be."""
    sequence = world.genome.sequence("chr20").tobytes().decode()
    ref = sequence[start : start + gone]
    anchor = "" if ref and come else sequence[start - 1]
    return ("chr20", start + 1 - len(anchor), anchor + ref, anchor + come)


EDITS = {
    "missense": ((13, 1, "C"), "c.4G>C", "p.(Ala2Pro)"),
    "synonymous": ((15, 1, "C"), "c.6T>C", "p.(Ala2=)"),
    "nonsense": ((19, 1, "T"), "c.10A>T", "p.(Lys4Ter)"),
    "start": ((10, 1, "G"), "c.1A>G", "p.(Met1?)"),
    "start-deleted": ((10, 3, ""), "c.1_3del", "p.(Met1?)"),
    "start-and-utr": ((8, 4, ""), "c.-2_2del", "p.(Met1?)"),
    "stop-lost": ((70, 1, "C"), "c.37T>C", "p.(Ter13GlnextTer2)"),
    "stop-kept": ((72, 1, "G"), "c.39A>G", "p.(Ter13=)"),
    "deletion-moves-3'": ((13, 3, ""), "c.7_9del", "p.(Ala3del)"),
    "duplication-moves-3'": ((13, 0, "GCT"), "c.7_9dup", "p.(Ala3dup)"),
    "insertion": ((19, 0, "TTT"), "c.9_10insTTT", "p.(Ala3_Lys4insPhe)"),
    "codon-deleted": ((52, 3, ""), "c.19_21del", "p.(Trp7del)"),
    "delins-shift": ((19, 3, "GG"), "c.10_12delinsGG", "p.(Lys4GlyfsTer?)"),
    "mnv": ((13, 6, "CCATTT"), "c.4_8delinsCCATT", "p.(Ala2_Ala3delinsProPhe)"),
    "shift-without-stop": ((49, 1, ""), "c.16del", "p.(Val6PhefsTer?)"),
    "shift": ((55, 0, "A"), "c.21_22insA", "p.(His8ThrfsTer2)"),
    "inversion": ((58, 6, "TTCATC"), "c.25_30inv", "p.(Asp9_Glu10delinsPheIle)"),
    "stop-in": ((19, 0, "GGGTAA"), "c.9_10insGGGTAA", "p.(Ala3_Lys4insGlyTer)"),
    "not-over-the-junction": ((22, 1, ""), "c.14del", "p.(Val6PhefsTer?)"),
    "exon-and-intron": ((22, 4, ""), "c.13_14+2del", "p.?"),
    "donor": ((24, 1, "A"), "c.14+1G>A", None),
    "acceptor": ((47, 1, "T"), "c.15-1G>T", None),
    "intron-first-half": ((35, 1, "G"), "c.14+12A>G", None),
    "intron-second-half": ((36, 1, "T"), "c.15-12C>T", None),
    "intron-deletion-moves-3'": ((41, 1, ""), "c.15-4del", None),
    "intron-duplication": ((41, 0, "T"), "c.15-4dup", None),
    "first-base": ((0, 1, "A"), "c.-10G>A", None),
    "5'-utr": ((9, 1, "T"), "c.-1A>T", None),
    "3'-utr": ((73, 1, "T"), "c.*1G>T", None),
    "last-base": ((92, 1, "A"), "c.*20T>A", None),
    "behind-the-stop": ((73, 0, "CC"), "c.39_*1insCC", None),
    "before-the-start": ((10, 0, "CC"), "c.-1_1insCC", None),
}
"""Name to edit of SENSE (0-based start, bases taken out, bases put in), HGVS c. and p."""


@pytest.fixture(scope="module")
def named(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[Row, dict[str, Any]]:
    """All of EDITS, described at once."""
    rows = [row for edit, _, _ in EDITS.values() for row in on_both_strands(world, *edit)]
    found = run(world, rows, tmp_path_factory.mktemp("named"))
    return {(r["contig"], r["position"], r["ref"], r["alt"]): r for r in found.to_dicts()}


@pytest.mark.parametrize("case", EDITS)
def test_names_on_both_strands(case: str, world: World, named: dict[Row, dict[str, Any]]) -> None:
    edit, coding, protein = EDITS[case]
    for number, row in enumerate(on_both_strands(world, *edit), start=1):
        assert named[row]["hgvs_c"] == f"NM_{number}.2:{coding}"
        assert named[row]["hgvs_p"] == (f"ENSP{number}.1:{protein}" if protein else None)


def test_names_on_the_chromosome(tell: Describe, world: World) -> None:
    expected = {
        ("chr20", 20, "C", "T"): "NC_000020.11:g.20C>T",
        ("chr20", 113, "GGCT", "G"): "NC_000020.11:g.117_119del",
        ("chr20", 113, "G", "GGCT"): "NC_000020.11:g.117_119dup",
        ("chr20", 119, "T", "TCC"): "NC_000020.11:g.119_120insCC",
        ("chr20", 120, "AA", "CT"): "NC_000020.11:g.120_121delinsCT",
        ("chr20", 159, "GATGAA", "TTCATC"): "NC_000020.11:g.159_164inv",
        ("chr20", 159, "GATGAA", "GATGAC"): "NC_000020.11:g.164A>C",
        ("chr20", 120, "A", "<DEL>"): "NC_000020.11:g.?",
    }
    found = tell(world, list(expected))
    rows = found.select("contig", "position", "ref", "alt", "hgvs_g").rows()
    assert {row[:4]: row[4] for row in rows} == expected


def test_the_mitochondrion_and_odd_contigs_have_their_own_prefix(
    tell: Describe, make_fasta: Callable[..., Path], world: World, tmp_path: Path
) -> None:
    fasta = make_fasta({"chr20": "ACGT" * 60, "chrM": "ACGT" * 9, "KI270728.1": "ACGT" * 9})
    here = World(fasta, world.gff3, Genome(fasta), world.known)

    found = tell(here, [("chrM", 5, "A", "C"), ("KI270728.1", 6, "C", "T")])

    assert set(found["hgvs_g"]) == {"NC_012920.1:m.5A>C", "KI270728.1:g.6C>T"}


def test_outside_transcripts_there_is_only_the_chromosome(tell: Describe, world: World) -> None:
    row = tell(world, [("chr20", 20, "C", "T")]).row(0, named=True)
    assert (row["transcript"], row["hgvs_c"], row["hgvs_p"]) == (None, None, None)


def test_a_deletion_that_reaches_out_of_the_transcript_has_no_coding_name(
    tell: Describe, world: World
) -> None:
    found = tell(world, [vcf_row(world, PLUS - 5, 30, "")])
    assert found.select("hgvs_c", "hgvs_p").rows() == [(None, "ENSP1.1:p.?")]


def test_exons_count_in_transcript_order(tell: Describe, world: World, tmp_path: Path) -> None:
    tell(world, [])
    exons = read_table(tmp_path / "exons.parquet", TRANSCRIPTS)

    assert exons.select("gene", "transcript", "exon", "start", "end").rows() == [
        ("1", "NM_1.2", 1, 110, 124),
        ("1", "NM_1.2", 2, 148, 173),
        ("2", "NM_2.2", 2, 414, 439),
        ("2", "NM_2.2", 1, 463, 477),
    ]


def test_exons_count_non_coding_ones_too(demo: World) -> None:
    table = demo.known.table.filter(pl.col("gene") == "PRNP")
    mine = demo.known.coding.join(table, on="id")
    assert mine["exon"].to_list() == [2]


def test_sites_and_consequences_must_belong_together(
    tell: Describe, world: World, make_sites: Callable[..., Path], tmp_path: Path
) -> None:
    tell(world, [("chr20", 20, "C", "T")])
    with pytest.raises(FaultError, match="0 of them"):
        describe(
            consequences=tmp_path / "consequences.parquet",
            sites=make_sites([("chr20", 21, "G", "T")]),
            reference=world.fasta,
            transcripts=world.gff3,
            assembly="GRCh38",
            described=tmp_path / "d.parquet",
            exons=tmp_path / "e.parquet",
        )
    assert not (tmp_path / "d.parquet").exists()


SEC = Message("GG" + "ATGGCTTGAAAATGATGGTAA" + "GCATAACC", 2, 23)
"""Met-Ala-Sec-Lys-Sec-Trp-Ter."""


@pytest.mark.parametrize(
    ("message", "edit", "expected"),
    [
        (SEC, Edit(5, 8, ""), "p.(Ala2del)"),
        (SEC, Edit(11, 14, "CCC"), "p.(Lys4Pro)"),
        (SEC, Edit(11, 12, ""), "p.(Lys4AsnfsTer?)"),
        (Message("ATGNCTTAA", 0, 9), Edit(6, 7, "C"), "p.?"),
        (Message("ATGGCTTA", 0, 8), Edit(3, 4, "C"), "p.?"),
        (Message("ATGGCTAAATAA", 0, 12), Edit(6, 12, "TAA"), "p.(Lys3Ter)"),
        (Message("ATGGCTAAATAACCCTGA", 0, 12), Edit(8, 13, ""), "p.(Lys3AsnfsTer?)"),
        (Message("ATGGCTAAATAA", 0, 12), Edit(12, 12, "G"), None),
    ],
)
def test_proteins_at_the_edges(message: Message, edit: Edit, expected: str | None) -> None:
    assert name(message, edit) == expected


def test_a_stop_codon_that_csq_passes_over_is_added() -> None:
    rows = pl.DataFrame(
        {
            "consequence": [
                "missense_variant",
                "frameshift_variant",
                "stop_lost",
                "inframe_deletion",
            ],
            "impact": ["MODERATE", "HIGH", "HIGH", "MODERATE"],
            "hgvs_p": [
                "E:p.(Tyr130_Arg131delinsPheTer)",
                "E:p.(Arg9GlyfsTer4)",
                "E:p.(Ter9GlnextTer4)",
                None,
            ],
        }
    )
    assert with_new_stops(rows).select("consequence", "impact").rows() == [
        ("stop_gained&missense_variant", "HIGH"),
        ("frameshift_variant", "HIGH"),
        ("stop_lost", "HIGH"),
        ("inframe_deletion", "MODERATE"),
    ]


def pairs(world: World, rows: list[Row], consequence: str, transcript: str | None) -> pl.DataFrame:
    """Rows as describe_contig takes them, with columns of others beside."""
    types = {"contig": pl.String, "position": pl.Int64, "ref": pl.String, "alt": pl.String}
    frame = pl.DataFrame(rows, schema=types, orient="row")
    return frame.with_row_index("site").select(
        pl.col("site").cast(pl.Int64),
        pl.lit("kept").alias("other"),
        *frame.columns,
        pl.lit(transcript, pl.String).alias("id"),
        pl.lit(consequence).alias("consequence"),
        pl.lit("MODIFIER").alias("impact"),
    )


def contig_told(world: World, rows: pl.DataFrame) -> pl.DataFrame:
    sequence = world.genome.sequence("chr20")
    return describe_contig(rows, sequence, "chr20", Assembly.GRCH38, world.known)


def test_a_contig_at_a_time_keeps_rows_and_columns(world: World) -> None:
    rows = pairs(
        world,
        [("chr20", 124, "c", "a"), ("chr20", 113, "G", "GGCT"), ("chr20", 111, "A", "<DEL>"),
         ("chr20", 113, "ggct", "g"), ("chr20", 119, "T", "C")],
        "intron_variant",
        "ENST1",
    )  # fmt: skip
    found = contig_told(world, rows)
    assert found.columns[: rows.width] == rows.columns
    assert found.select("site", "ref", "other").equals(rows.select("site", "ref", "other"))
    assert found["hgvs_g"].to_list() == [
        f"NC_000020.11:g.{name}"
        for name in ("124C>A", "117_119dup", "?", "117_119del", "119T>C")
    ]  # fmt: skip
    assert found["hgvs_c"].str.split(":").list.last().to_list() == [
        "c.14C>A", "c.7_9dup", None, "c.7_9del", "c.9T>C",
    ]  # fmt: skip


def test_a_contig_without_rows_or_transcripts(world: World) -> None:
    nothing = pairs(world, [], "intron_variant", "ENST1")
    assert contig_told(world, nothing).height == 0
    alone = pairs(world, [("chr21", 5, "C", "A"), ("chr21", 6, "GT", "G")], "x_variant", None)
    found = describe_contig(
        alone, world.genome.sequence("chr21"), "chr21", Assembly.GRCH38, world.known
    )
    assert found["hgvs_c"].null_count() == 2
    assert found.schema == contig_told(world, nothing).schema


def test_a_stop_brought_by_an_insertion_is_named(world: World) -> None:
    """Codons 3 and 4 are GCT AAA: what is put in ends the frame at once, or one codon behind."""
    later = [
        ("chr20", 119, "T", "TCATTAAC"),  # CAT TAA C, then AAA
        ("chr20", 120, "A", "ACCTGAAC"),  # A, CC TGA AC, then AA: the codon that is broken counts
        ("chr20", 119, "T", "TC"),  # CAA ACC, and so on to a stop five codons behind
    ]
    told = contig_told(world, pairs(world, later, "frameshift_variant", "ENST1"))
    assert told["hgvs_p"].str.split(":").list.last().to_list() == [
        "p.(Lys4HisfsTer2)", "p.(Lys4ThrfsTer2)", "p.(Lys4GlnfsTer6)",
    ]  # fmt: skip
    assert told["consequence"].to_list() == [
        *["stop_gained&frameshift_variant"] * 2, "frameshift_variant",
    ]  # fmt: skip
    assert told["impact"].to_list() == ["HIGH", "HIGH", "MODIFIER"]
    other = contig_told(world, pairs(world, later[:1], "inframe_insertion", "ENST1"))
    assert other["consequence"].item() == "inframe_insertion"


def plain(text: str) -> str:
    """HGVS without the deleted bases, which the library writes and HGVS advises against."""
    text = re.sub(r"del[ACGT]+ins", "delins", text)
    return re.sub(r"(del|dup|inv)[ACGT]+$", r"\1", text)


def random_rows(world: World, number: int, seed: int) -> list[Row]:
    """Alleles in and around the demo's coding exons: a third of one base, the rest of more."""
    generator = random.Random(seed)
    sequence = world.genome.sequence("chr20").tobytes().decode()
    spans = world.known.coding.sort("start").select("start", "end").rows()
    rows: set[Row] = set()
    while len(rows) < number:
        start, end = generator.choice(spans)
        at, size = generator.randint(start - 12, end + 12), generator.choice([1, 1, 2, 3, 3, 6, 9])
        here, more = sequence[at], "".join(generator.choices("ACGT", k=size))
        ref, alt = generator.choice(
            [
                (here, generator.choice("ACGT")),
                (here, generator.choice("ACGT")),
                (sequence[at : at + size + 1], here),
                (here, here + more),
                (here, here + sequence[at + 1 : at + 1 + size]),
                (sequence[at : at + size], more),
            ]
        )
        if ref != alt:
            rows.add(("chr20", at + 1, ref, alt))
    return sorted(rows)


@pytest.mark.parametrize("seed", [11, 12])
def test_the_hgvs_library_agrees(tell: Describe, demo: World, oracle: Oracle, seed: int) -> None:
    found = tell(demo, random_rows(demo, 400, seed))
    proteins = 0
    for row in found.iter_rows(named=True):
        allele = row["position"], row["ref"], row["alt"]
        assert row["hgvs_g"] == plain(oracle.genomic(*allele))
        assert row["hgvs_c"] == plain(oracle.coding(*allele, row["transcript"]))
        ours, theirs = row["hgvs_p"] or "p.?", oracle.protein(*allele, row["transcript"])
        if not known_difference(ours, theirs):
            assert ours.split(":")[-1] == theirs.split(":")[-1], row
            proteins += 1
    assert proteins > 300


def known_difference(ours: str, theirs: str) -> bool:
    """Where the library departs from HGVS, or gives up on what can be told."""
    return (
        theirs.endswith(("p.Met1?", "p.?"))  # no parentheses; at an exon's end: not predicted
        or re.search(r"Ter\d+Ter\)", theirs) is not None  # a stop codon that stays one
        or re.search(r"(ins.*Ter[A-Z]|Ter\d+(=|delins)|_Ter\d)", theirs + ours) is not None
        or re.search(r"\(\w+_\w+=\)", ours) is not None  # silent over two codons
        or ours.endswith("p.(=)")
    )


def test_clinvar_names_of_the_demo_agree(tell: Describe, demo: World, root: Path) -> None:
    """The coding names that ClinVar's records carry, where they speak of the same transcript."""
    rows: list[Row] = []
    names: dict[Row, str] = {}
    for record in (root / "resources/demo/clinvar.vcf").read_text().splitlines():
        fields = record.split("\t")
        stated = re.search(r"CLNHGVS=([^;:]+:c\.[^;]+)", record)
        if record.startswith("#") or not stated or not re.fullmatch("[ACGT]+", fields[4]):
            continue
        row = (fields[0], int(fields[1]), fields[3], fields[4])
        rows.append(row)
        names[row] = stated[1]
    found = tell(demo, sorted(set(rows)))
    compared = agreed = 0
    for line in found.filter(pl.col("hgvs_c").is_not_null()).iter_rows(named=True):
        stated_name = names[line["contig"], line["position"], line["ref"], line["alt"]]
        (theirs, change), (ours, mine) = stated_name.split(":"), line["hgvs_c"].split(":")
        if theirs.partition(".")[0] == ours.partition(".")[0]:
            compared += 1
            agreed += plain(change) == mine
    assert compared > 300
    assert agreed / compared > 0.99


@pytest.mark.shared
def test_clinvar_positions_agree_in_all_genes(
    shared_data: Path, tmp_path: Path, make_fasta: Callable[..., Path]
) -> None:
    """Coding positions of ClinVar's substitutions against MANE's exons; no sequence needed."""
    gff3 = shared_data / "mane" / "MANE.GRCh38.gff3.gz"
    names = {f"chr{n}" for n in [*range(1, 23), "X", "Y"]}
    known = read_transcripts(gff3, Genome(make_fasta(dict.fromkeys(sorted(names), "N"))))
    contigs = {Assembly.GRCH38.accession(contig): contig for contig in names}
    rows = []
    with gzip.open(shared_data / "hgvs" / "clinvar_hgvs.tsv.gz", "rt") as lines:
        for line in lines:
            genomic = re.findall(r"(NC_\d+\.\d+):g\.(\d+)[ACGT]>[ACGT](?=\s)", line)
            coding = re.findall(r"(NM_\d+)\.\d+:c\.(\d[-+\d]*)[ACGT]>[ACGT](?=\s)", line)
            here = [(contigs[name], int(place)) for name, place in genomic if name in contigs]
            rows += [(*place, *change) for place in here for change in coding]
    stated = pl.DataFrame(rows, schema=["contig", "position", "transcript", "label"], orient="row")
    # The records name older versions of the transcripts; coding positions rarely moved.
    unversioned = pl.col("transcript").str.replace(r"\.\d+$", "")
    table = known.table.with_columns(unversioned)
    placed = locate(stated.unique().join(table, on=["contig", "transcript"]), known)
    placed = placed.with_columns(mine=label(pl.col("base"), pl.col("offset")))
    differing = placed.filter(pl.col("mine").ne_missing(pl.col("label")))

    assert placed.height > 500
    assert differing.height / placed.height < 0.03, differing.select(
        [*stated.columns, "mine"]
    ).rows()


@pytest.fixture(scope="module")
def brca1(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """BRCA1 in true GRCh38 coordinates: the slice's name has a 0-based start."""
    folder = tmp_path_factory.mktemp("brca1")
    lines = (shared_data / "na12878_brca1" / "hg38-brca1.fasta").read_text().splitlines()
    start = int(lines[0].split(":")[1].split("-")[0])
    fasta, gff3 = folder / "chr17.fa", folder / "brca1.gff3"
    fasta.write_text(">chr17\n" + "N" * start + "".join(lines[1:]).upper() + "\n")
    with gzip.open(shared_data / "mane" / "MANE.GRCh38.gff3.gz", "rt") as genes:
        wanted = ("ENST00000357654", "ENSG00000012048")
        gff3.write_text("".join(line for line in genes if any(name in line for name in wanted)))
    genome = Genome(fasta)
    return World(fasta, gff3, genome, read_transcripts(gff3, genome))


def clinvar_records(shared_data: Path, world: World) -> dict[Row, dict[str, str]]:
    """ClinVar's BRCA1 records: INFO by allele."""
    low, high = world.known.table.select("start", "end").row(0)
    records = {}
    path = next((shared_data / "clinvar").glob("*.vcf.gz"))
    with gzip.open(path, "rt") as lines:
        for line in lines:
            fields = line.rstrip("\n").split("\t")
            if line.startswith("chr17\t") and low < int(fields[1]) < high - len(fields[3]):
                info = dict(part.split("=", 1) for part in fields[7].split(";") if "=" in part)
                if re.fullmatch("[ACGT]+", fields[4]):
                    records[fields[0], int(fields[1]), fields[3], fields[4]] = info
    return records


@pytest.mark.shared
def test_clinvar_brca1(tell: Describe, shared_data: Path, brca1: World) -> None:
    records = clinvar_records(shared_data, brca1)
    found = tell(brca1, sorted(records))
    assert found.height == len(records) > 3_000

    same = {"nonsense": "stop_gained", "initiator_codon_variant": "start_lost"}
    spoken = {"missense_variant", "stop_gained", "frameshift_variant"}
    spoken |= {"splice_donor_variant", "splice_acceptor_variant"}
    compared = agreed = 0
    for row in found.iter_rows(named=True):
        info = records[row["contig"], row["position"], row["ref"], row["alt"]]
        if "[" not in info["CLNHGVS"]:  # ClinVar writes repeats as units[count]
            assert row["hgvs_g"] == info["CLNHGVS"]
        terms = re.findall(r"\|([\w-]+)", info.get("MC", ""))
        theirs = {same.get(term, term) for term in terms}
        ours = set(row["consequence"].split("&")) & spoken
        if theirs and ours:
            compared += 1
            agreed += bool(ours & theirs)
    assert compared > 3_000
    assert agreed / compared >= 0.99


@pytest.mark.shared
def test_the_hgvs_library_agrees_on_clinvar_s_brca1(
    tell: Describe, shared_data: Path, brca1: World
) -> None:
    oracle = Oracle(brca1, "chr17", "NC_000017.11")
    rows = sorted(clinvar_records(shared_data, brca1))[::4]
    differing = [
        (row["hgvs_c"], theirs)
        for row in tell(brca1, rows).iter_rows(named=True)
        if row["hgvs_c"] is not None
        and (theirs := plain(oracle.coding(row["position"], row["ref"], row["alt"],
                                           row["transcript"]))) != row["hgvs_c"]
    ]  # fmt: skip
    assert differing == []
