"""Consequences: csq's words as SO terms, and no site lost."""

from __future__ import annotations

import gzip
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from bioutils.sequences import reverse_complement

from soyang.annotation.consequence import consequence, consequences_of
from soyang.annotation.engines.contract import Engine
from soyang.annotation.engines.csq import Csq
from soyang.annotation.genome import Genome
from soyang.annotation.gff import read_transcripts
from soyang.annotation.overlap import near
from soyang.annotation.tables import CONSEQUENCES, SITE
from soyang.annotation.terms import (
    IMPACT_OF,
    SO_OF_CSQ,
    SO_OF_SNPEFF,
    SO_OF_VEP,
    impact,
    joined,
    to_so,
)
from soyang.core.errors import FaultError
from soyang.core.tables import read_table
from tests.annotation.conftest import World, numbered

MakeSites = Callable[..., Path]


@pytest.fixture
def tell(world: World, make_sites: MakeSites, tmp_path: Path) -> Callable[..., pl.DataFrame]:
    """Run the verb on rows and read what it wrote."""

    def run(rows: list[tuple[str, int, str, str]], gff3: Path | None = None) -> pl.DataFrame:
        out = tmp_path / "consequences.parquet"
        consequence(
            sites=make_sites(rows),
            reference=world.fasta,
            transcripts=gff3 or world.gff3,
            consequences=out,
        )
        return read_table(out, CONSEQUENCES)

    return run


TERMS = {
    (103, "C", "T"): "5_prime_UTR_variant",
    (111, "A", "G"): "start_lost",
    (114, "G", "C"): "missense_variant",
    (116, "T", "C"): "synonymous_variant",
    (120, "A", "T"): "stop_gained",
    (117, "G", "GA"): "frameshift_variant",
    (113, "GGCT", "G"): "inframe_deletion",
    (119, "T", "TTTT"): "inframe_insertion",
    (125, "G", "A"): "splice_donor_variant",
    (129, "G", "A"): "splice_region_variant",
    (137, "C", "T"): "intron_variant",
    (148, "G", "T"): "splice_acceptor_variant",
    (149, "C", "G"): "splice_region_variant&synonymous_variant",
    (171, "T", "C"): "stop_lost",
    (173, "A", "G"): "stop_retained_variant",
    (180, "C", "T"): "3_prime_UTR_variant",
}


def test_terms_on_both_strands(tell: Callable[..., pl.DataFrame], world: World) -> None:
    plus = [("chr20", *change) for change in TERMS]
    minus = [mirrored(world, *change) for change in TERMS]

    found = tell([*plus, *minus])

    assert found.select("ensembl", "transcript", "strand").unique().sort("ensembl").rows() == [
        ("ENST1.3", "NM_1.2", "+"),
        ("ENST2.3", "NM_2.2", "-"),
    ]
    told = {row[:4]: row[4:] for row in found.select(*SITE, "consequence", "impact").rows()}
    for one, other, terms in zip(plus, minus, TERMS.values(), strict=True):
        assert told[one] == told[other] == (terms, IMPACT_OF[terms.partition("&")[0]])


def mirrored(world: World, position: int, ref: str, alt: str) -> tuple[str, int, str, str]:
    """The same change in the gene on the minus strand, anchored on its left base."""
    sequence = world.genome.sequence("chr20").tobytes().decode()
    cut = 1 if len(ref) != len(alt) else 0
    start = 588 - (position + len(ref) - 1)
    gone, come = reverse_complement(ref[cut:]), reverse_complement(alt[cut:])
    anchor = sequence[start - 2] if cut else ""
    return ("chr20", start - cut, anchor + gone, anchor + come)


def test_no_site_vanishes(tell: Callable[..., pl.DataFrame]) -> None:
    rows = [
        ("chr20", 20, "C", "T"),
        ("chr20", 120, "A", "<DEL>"),
        ("chr20", 120, "A", "*"),
        ("chr20", 130, "T", "C"),
        ("chr21", 5, "A", "<INS>"),
        ("chr21", 6, "T", "A"),
    ]

    found = tell(rows).select("position", "alt", "transcript", "consequence").rows()

    assert sorted(found) == [
        (5, "<INS>", None, "sequence_variant"),
        (6, "A", None, "intergenic_variant"),
        (20, "T", None, "intergenic_variant"),
        (120, "*", "NM_1.2", "sequence_variant"),
        (120, "<DEL>", "NM_1.2", "sequence_variant"),
        (130, "C", "NM_1.2", "splice_region_variant"),
    ]


def test_a_deletion_of_a_whole_gene_names_it(
    tell: Callable[..., pl.DataFrame], world: World
) -> None:
    ref = world.genome.sequence("chr20")[89:210].tobytes().decode()

    found = tell([("chr20", 90, ref, ref[0])])

    assert found["transcript"].to_list() == ["NM_1.2"]
    assert found["consequence"][0] not in {"intergenic_variant", "intron_variant"}


def test_an_empty_table_gives_an_empty_table(tell: Callable[..., pl.DataFrame]) -> None:
    assert tell([]).is_empty()


def test_order_and_bytes_do_not_depend_on_the_input_s_order(
    tell: Callable[..., pl.DataFrame], tmp_path: Path
) -> None:
    rows = [("chr21", 6, "T", "A"), ("chr20", 130, "T", "C"), ("chr20", 20, "C", "T")]

    first = tell(rows)
    one = (tmp_path / "consequences.parquet").read_bytes()
    tell(rows[::-1])

    assert first["contig"].to_list() == ["chr20", "chr20", "chr21"]
    assert (tmp_path / "consequences.parquet").read_bytes() == one


@pytest.mark.parametrize("form", ["gz", "crlf", "bare"])
def test_gff_may_be_zipped_from_windows_or_without_chr(
    tell: Callable[..., pl.DataFrame], world: World, tmp_path: Path, form: str
) -> None:
    text = world.gff3.read_text()
    path = tmp_path / "한글 이름.gff3"
    if form == "gz":
        path = path.with_suffix(".gff3.gz")
        path.write_bytes(gzip.compress(text.encode()))
    elif form == "crlf":
        path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    else:
        path.write_text(text.replace("chr20", "20"))

    assert tell([("chr20", 111, "A", "G")], path)["consequence"].to_list() == ["start_lost"]


def test_transcripts_without_refseq_go_by_their_ensembl_name(
    tell: Callable[..., pl.DataFrame], world: World, tmp_path: Path
) -> None:
    path = tmp_path / "ensembl.gff3"
    path.write_text(world.gff3.read_text().replace("refseq=NM_1.2;", ""))

    assert tell([("chr20", 111, "A", "G")], path)["transcript"].to_list() == ["ENST1.3"]


def test_a_non_coding_transcript_is_called_so(
    tell: Callable[..., pl.DataFrame], world: World, tmp_path: Path
) -> None:
    path = tmp_path / "lnc.gff3"
    lines = world.gff3.read_text().replace("protein_coding", "lncRNA").splitlines()
    path.write_text("\n".join(line for line in lines if "\tCDS\t" not in line))

    found = tell([("chr20", 105, "C", "T")], path)

    assert found.select("transcript", "consequence").rows() == [
        ("NM_1.2", "non_coding_transcript_variant")
    ]


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([("chr20", 111, "C", "G")], "another base"),
        ([("chr7", 111, "A", "G")], "no such contig"),
        ([("chr20", 90_000, "A", "G")], "another base"),
        ([("chr20", 111, "A", "G")] * 2, "twice"),
    ],
)
def test_sites_that_do_not_fit_the_reference_are_refused(
    tell: Callable[..., pl.DataFrame], rows: list[tuple[str, int, str, str]], word: str
) -> None:
    with pytest.raises(FaultError, match=word):
        tell(rows)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "no usable transcript"),
        (b"chr20\tx\tgene\n", "nine tab-separated"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_file_that_is_no_gff_is_refused(
    tell: Callable[..., pl.DataFrame], tmp_path: Path, content: bytes, word: str
) -> None:
    path = tmp_path / "broken.gff3"
    path.write_bytes(content)
    with pytest.raises(FaultError, match=word):
        tell([("chr20", 111, "A", "G")], path)


def test_a_truncated_gzip_is_refused(
    tell: Callable[..., pl.DataFrame], world: World, tmp_path: Path
) -> None:
    path = tmp_path / "short.gff3.gz"
    path.write_bytes(gzip.compress(world.gff3.read_bytes())[:-20])
    with pytest.raises(FaultError, match="whole gzip"):
        tell([("chr20", 111, "A", "G")], path)


def test_an_unknown_word_is_an_error() -> None:
    with pytest.raises(FaultError, match="quantum_leap"):
        to_so(pl.Series(["missense", "quantum_leap"]))


def test_every_word_of_csq_has_an_impact_and_the_binary_knows_no_other() -> None:
    assert set(SO_OF_CSQ.values()) <= set(IMPACT_OF)
    binary = shutil.which("bcftools")
    assert binary
    content = Path(binary).read_bytes()
    assert [name for name in SO_OF_CSQ if name.encode() + b"\0" not in content] == []


def test_worst_term_first_and_its_impact() -> None:
    frame = pl.DataFrame({"t": [["intron_variant", "missense_variant", "missense_variant"]]})
    named = frame.select(joined(pl.col("t")).alias("c"))
    assert named.item() == "missense_variant&intron_variant"
    assert named.select(impact(pl.col("c"))).item() == "MODERATE"


def test_every_engine_s_terms_have_an_impact() -> None:
    assert set(SO_OF_SNPEFF.values()) | set(SO_OF_VEP.values()) <= set(IMPACT_OF)


def drawn(world: World, each: int, seed: int) -> list[tuple[str, int, str, str]]:
    """Changes of every kind all over the transcripts, and at each edge of their parts."""
    generator = random.Random(seed)
    sequence = world.genome.sequence("chr20").tobytes().decode()
    edges = [edge for part in (world.known.exons, world.known.coding)
             for row in part.select("start", "end").rows() for edge in row]  # fmt: skip
    places = [edge + offset for edge in edges for offset in range(-26, 27)]
    for start, end in world.known.table.select("start", "end").rows():
        places += [generator.randrange(start - 300, end + 300) for _ in range(each)]
    found = set()
    for place in places:
        size = generator.choice((1, 1, 2, 3, 4, 7, 12, 40, 700))
        ref, kind = sequence[place : place + size], generator.randrange(4)
        alt = "".join(generator.choices("ACGT", k=generator.choice((1, 2, 3, 6, 9))))
        ref, alt = {
            0: (ref[0], alt[0]),
            1: (ref, ref[0]),
            2: (ref[0], ref[0] + alt),
            3: (ref, alt),
        }[kind]
        if "N" not in ref and ref != alt:
            found.add(("chr20", place + 1, ref, alt))
    return sorted(found)


def test_nothing_is_lost_by_asking_only_near_exons(demo: World) -> None:
    sites = numbered(drawn(demo, each=1200, seed=20))

    asked = near(sites, demo.known.index).sum()
    few = consequences_of(sites, demo.genome, demo.known, Csq())
    every = consequences_of(sites, demo.genome, demo.known, Csq(), everything=True)

    assert sites.height > 14_000
    assert 5_000 < asked < 0.7 * sites.height
    assert few.equals(every)


def test_nothing_is_lost_in_non_coding_transcripts(demo: World, tmp_path: Path) -> None:
    path = tmp_path / "lnc.gff3"
    lines = demo.gff3.read_text().replace("protein_coding", "lncRNA").splitlines()
    path.write_text("\n".join(line for line in lines if "\tCDS\t" not in line))
    known = read_transcripts(path, demo.genome)
    sites = numbered(drawn(World(demo.fasta, path, demo.genome, known), each=200, seed=3))

    few = consequences_of(sites, demo.genome, known, Csq())

    assert few.equals(consequences_of(sites, demo.genome, known, Csq(), everything=True))


def test_the_number_of_processes_changes_nothing(world: World) -> None:
    sites = numbered([("chr20", *change) for change in sorted(TERMS)] + [("chr21", 6, "T", "A")])

    one, two = (consequences_of(sites, world.genome, world.known, Csq(), threads=n) for n in (1, 2))

    assert one.equals(two)


ODD = [
    (1, "T", "G", "intergenic_variant"),
    (1, "TACG", "T", "intergenic_variant"),
    (1, "T", "<DUP>", "sequence_variant"),
    (111, "a", "g", "start_lost"),
    (111, "A", "R", "sequence_variant"),
    (114, "G", "*", "sequence_variant"),
    (114, "G", "G[chr21:5[", "sequence_variant"),
    (114, "G", ".", "sequence_variant"),
    (114, "C", "T", "coding_sequence_variant"),
    (137, "G", "T", "intron_variant"),
]
"""Position, ref, alt and what is said; the last two are not what the reference has there."""


@pytest.mark.parametrize(("position", "ref", "alt", "terms"), ODD)
def test_odd_alleles(world: World, position: int, ref: str, alt: str, terms: str) -> None:
    sites = numbered([("chr20", position, ref, alt)])

    found = consequences_of(sites, world.genome, world.known, Csq())

    assert found.select("ref", "alt", "consequence").rows() == [(ref, alt, terms)]


def test_long_deletions_and_the_contig_s_end(world: World) -> None:
    sequence = world.genome.sequence("chr20").tobytes().decode()
    ends = len(sequence)
    rows = [("chr20", 50, sequence[49:550], sequence[49]),
            ("chr20", ends, sequence[-1], "ACGT".replace(sequence[-1], "")[0]),
            ("chr20", ends, sequence[-1] + "ACG", sequence[-1]),
            ("chr99", 5, "A", "G")]  # fmt: skip

    found = consequences_of(numbered(rows), world.genome, world.known, Csq())

    assert found.filter(pl.col("site") == 0)["gene"].to_list() == ["1", "2"]
    assert "intergenic_variant" not in found.filter(pl.col("site") == 0)["consequence"]
    assert found.filter(pl.col("site") > 0)["consequence"].to_list() == ["intergenic_variant"] * 3


def test_mane_transcripts_stand_first(world: World, tmp_path: Path) -> None:
    lines = world.gff3.read_text().splitlines()
    first = [line for line in lines if "ENST1" in line and "\tgene\t" not in line]
    tags = {"7": "basic,MANE_Plus_Clinical", "8": "MANE Select", "0": "basic"}
    more = [
        line.replace("ENST1", f"ENST{n}").replace("NM_1.2", f"NM_{n}.1")
        + (f";tag={tag}" if "\tmRNA\t" in line else "")
        for n, tag in tags.items() for line in first
    ]  # fmt: skip
    path = tmp_path / "tagged.gff3"
    path.write_text("\n".join([*lines, *more]) + "\n")
    known = read_transcripts(path, world.genome)

    found = consequences_of(numbered([("chr20", 111, "A", "G")]), world.genome, known, Csq())

    assert found.select("transcript", "mane").rows() == [
        ("NM_8.1", "select"),
        ("NM_7.1", "plus_clinical"),
        ("NM_0.1", None),
        ("NM_1.2", None),
    ]
    assert set(found["consequence"]) == {"start_lost"}


@pytest.mark.parametrize("names", [("chrM", "MT"), ("MT", "chrM"), ("chrM", "chrM")])
def test_mitochondrial_genes_in_both_namings(
    make_fasta: Callable[..., Path], tmp_path: Path, names: tuple[str, str]
) -> None:
    # ATG GCT ATA AGC TGA AGA: M A M S W stop in the mitochondrion.
    fasta = make_fasta(
        {names[0]: "CATTACATTACA" + "ATGGCTATAAGCTGAAGA" + "CATTACATTACA", "chr20": 50}
    )
    path = tmp_path / "mt.gff3"
    row = f"{names[1]}\tx\t{{}}\t{{}}\t{{}}\t.\t+\t{{}}\t{{}}\n"
    path.write_text(
        row.format("gene", 13, 30, ".", "ID=gene:G;Name=MT-X;biotype=protein_coding")
        + row.format("mRNA", 13, 30, ".", "ID=transcript:T;Parent=gene:G;biotype=protein_coding")
        + row.format("exon", 13, 30, ".", "Parent=transcript:T")
        + row.format("CDS", 13, 30, "0", "Parent=transcript:T")
    )
    genome = Genome(fasta)
    changes = [(3, "T", "C"), (21, "A", "G"), (27, "A", "C"), (28, "A", "C"), (18, "T", "TA")]
    sites = numbered([(names[0], *change) for change in sorted(changes)])

    found = consequences_of(sites, genome, read_transcripts(path, genome), Csq())

    assert found.select("position", "gene", "consequence").rows() == [
        (3, None, "intergenic_variant"),
        (18, "MT-X", "frameshift_variant"),
        (21, "MT-X", "synonymous_variant"),
        (27, "MT-X", "missense_variant"),
        (28, "MT-X", "stop_lost"),
    ]


@pytest.mark.parametrize(
    ("engine", "word"), [(Engine.SNPEFF, "--engine-data"), (Engine.VEP, "--engine-data")]
)
def test_an_engine_without_its_settings(
    world: World, make_sites: MakeSites, tmp_path: Path, engine: Engine, word: str
) -> None:
    with pytest.raises(FaultError, match=word):
        consequence(
            sites=make_sites([("chr20", 111, "A", "G")]),
            reference=world.fasta,
            transcripts=world.gff3,
            consequences=tmp_path / "out.parquet",
            engine=engine,
        )
    assert not (tmp_path / "out.parquet").exists()
