"""Consequences: csq's words as SO terms, and no site lost."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from bioutils.sequences import reverse_complement

from soyang.annotation.consequence import consequence, parse
from soyang.annotation.tables import CONSEQUENCES, SITE
from soyang.annotation.terms import IMPACT_OF, SO_OF_CSQ, impact, joined, to_so
from soyang.core.errors import FaultError
from soyang.core.tables import read_table
from tests.annotation.conftest import World

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


def test_back_references_are_looked_up() -> None:
    sites = pl.DataFrame(
        {
            "site": [0, 1, 2],
            "contig": ["chr1"] * 3,
            "position": [10, 12, 14],
            "ref": ["A", "C", "G"],
            "alt": ["T", "G", "T"],
        }
    )
    both = "missense|G|ENST1|protein_coding|+|4K>4N|10A>T+12C>G"
    other = "*stop_gained&splice_region|G|ENST2|protein_coding|+|9R>9*|14G>T"
    said = pl.DataFrame({"site": [0, 1, 2], "bcsq": [f"{both},{other}", "@10", other]})

    found = parse(said, sites).sort("site", "id")

    assert found.select("site", "id", "terms", "amino_acids").rows() == [
        (0, "ENST1", ["missense_variant"], "4K>4N"),
        (0, "ENST2", ["stop_gained", "splice_region_variant"], "9R>9*"),
        (1, "ENST1", ["missense_variant"], "4K>4N"),
        (2, "ENST2", ["stop_gained", "splice_region_variant"], "9R>9*"),
    ]


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


def _records(vcf: Path) -> list[tuple[str, int, str, str]]:
    lines = (line.split("\t") for line in vcf.read_text().splitlines() if line[:1] != "#")
    return sorted({(r[0], int(r[1]), r[3], a.strip()) for r in lines for a in r[4].split(",")})


def _expected(text: Path) -> dict[tuple[int, str, str], str]:
    """The second line of each pair: what csq 1.16 prints (the first is what a person wrote)."""
    lines = [line.split("\t") for line in text.read_text().splitlines() if line.count("\t") > 2]
    return {(int(r[0]), r[1], r[2]): r[3] for r in lines}


@pytest.mark.shared
def test_bcftools_own_cases(shared_data: Path, tmp_path: Path, make_sites: MakeSites) -> None:
    folder = shared_data / "consequence_bcftools_csq"
    compared = 0
    for case in sorted(folder.iterdir()):
        fasta = tmp_path / f"{case.name}.fa"
        shutil.copyfile(case / f"{case.name}.fa", fasta)
        for vcf in sorted(case.glob("*.vcf")):
            local = vcf.with_suffix(".txt-l")
            text = local if local.exists() else vcf.with_suffix(".txt")
            if not text.exists():
                continue
            out = tmp_path / "out.parquet"
            consequence(
                sites=make_sites(_records(vcf)),
                reference=fasta,
                transcripts=case / f"{case.name}.gff",
                consequences=out,
            )
            rows = pl.read_parquet(out)
            assert rows.select("position", "ref", "alt").unique().height == len(_records(vcf))
            expected = _expected(text)
            if not any("@" in words for words in expected.values()):
                # Others judge a whole haplotype, which a table of sites hasn't.
                compared += _compare(rows, expected, case.name)
    assert compared >= 30


def _compare(rows: pl.DataFrame, expected: dict[tuple[int, str, str], str], case: str) -> int:
    """Each entry of csq, as SO terms, against our row for its transcript (or gene)."""
    compared = 0
    for (position, ref, alts), words in expected.items():
        alleles = rows.filter(
            (pl.col("position") == position)
            & (pl.col("ref") == ref)
            & pl.col("alt").is_in(alts.split(","))
        )
        wanted: dict[tuple[str, str], set[str]] = {}
        for entry in words.split(","):
            if entry.startswith(("@", ".")):
                continue
            terms, gene, transcript = entry.split("|")[:3]
            names = {SO_OF_CSQ[t.lstrip("*")] for t in terms.split("&")}
            wanted.setdefault((gene, transcript), set()).update(names)
        for (gene, transcript), names in wanted.items():
            mine = alleles.filter(
                pl.col("ensembl").str.starts_with(transcript) & (pl.col("gene") == gene)
            )
            found = {term for text in mine["consequence"] for term in text.split("&")}
            assert names <= found if not transcript else names == found, (case, position, words)
            compared += 1
    return compared
