"""SpliceAI's INFO, read into the highest delta score of each allele."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from soyang.annotation.release.manifest import Kind
from soyang.annotation.sources import spliceai
from soyang.annotation.sources.text import blocks
from soyang.core.errors import FaultError
from soyang.core.variant_key import alleles

FORMAT = "ALLELE|SYMBOL|DS_AG|DS_AL|DS_DG|DS_DL|DP_AG|DP_AL|DP_DG|DP_DL"
HEAD = (
    "##fileformat=VCFv4.2\n"
    "##contig=<ID=1>\n"
    '##INFO=<ID=SpliceAI,Number=.,Type=String,Description="SpliceAIv1.3 variant annotation. '
    "These include delta scores (DS) and delta positions (DP) for acceptor gain (AG), acceptor "
    f'loss (AL), donor gain (DG), and donor loss (DL). Format: {FORMAT}">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
)


def record(position: int, ref: str, alt: str, info: str, chromosome: str = "1") -> str:
    return f"{chromosome}\t{position}\t.\t{ref}\t{alt}\t.\t.\t{info}\n"


def said(alt: str, scores: str, places: str, gene: str = "GENE1") -> str:
    return "|".join([alt, gene, *scores.split(), *places.split()])


@pytest.fixture
def read(entry: Callable[..., Any], read_all: Callable[..., Any]) -> Callable[..., Any]:
    def given(path: Path, **other: Any) -> Any:
        return read_all(spliceai, entry(Kind.SPLICEAI), path, **other)

    return given


@pytest.mark.parametrize(
    ("scores", "kind", "offset", "score"),
    [
        ("0.01 0.20 0.85 0.84", "DG", 5, 8500),
        ("1.00 0.20 0.85 0.84", "AG", -50, 10_000),
        ("0.50 0.50 0.00 0.50", "AG", -50, 5000),
        ("0.00 0.02 0.00 0.02", "AL", 11, 200),
        ("0.00 0.00 0.00 0.01", "DL", 0, 100),
        ("0.00 0.00 0.00 0.00", None, None, 0),
    ],
)
def test_the_highest_score_its_kind_and_place(
    put: Any, read: Any, scores: str, kind: str | None, offset: int | None, score: int
) -> None:
    info = "SpliceAI=" + said("T", scores, "-50 11 5 0")
    (row,) = read(put(HEAD + record(1, "A", "T", info), "masked.vcf.gz")).rows
    assert row[:2] == ("1", 1)
    assert row[5:] == (score, kind, offset, "GENE1")


def test_every_gene_and_allele_gives_a_row(put: Any, read: Any) -> None:
    info = ",".join(
        [
            said("C", "0.10 0.00 0.00 0.00", "1 2 3 4", "ONE"),
            said("T", "0.20 0.00 0.00 0.00", "1 2 3 4", "ONE"),
            said("T", "0.00 0.90 0.00 0.00", "1 2 3 4", "TWO-AS1"),
        ]
    )
    given = read(put(HEAD + record(1, "A", "C,T", f"AC=1;SpliceAI={info};END=9")))
    frame = given.frames[0][1]
    assert alleles(frame["code"])["alt"].to_list() == ["C", "T", "T"]
    assert frame["spliceai"].to_list() == [1000, 2000, 9000]
    assert frame["spliceai_gene"].to_list() == ["ONE", "ONE", "TWO-AS1"]
    assert spliceai.PREFER == ("spliceai",)


def test_what_has_no_score_is_left_out_by_reason(put: Any, read: Any) -> None:
    body = (
        record(1, "A", "T", ".")
        + record(1, "A", "T", "AC=1")
        + record(2, "C", "CA", "SpliceAI=CA|GENE1|.|.|.|.|.|.|.|.")
        + record(3, "G", "*", "SpliceAI=" + said("*", "0.1 0 0 0", "1 2 3 4"))
        + record(4, "T", "N", "SpliceAI=" + said("N", "0.1 0 0 0", "1 2 3 4"))
        + record(9, "A", "T", "SpliceAI=" + said("T", "0.1 0 0 0", "1 2 3 4"), "7")
    )
    given = read(put(HEAD + body))
    assert given.rows == []
    assert given.left_out == {
        "record without a score": 2,
        "allele that SpliceAI did not score": 1,
        "no sequence": 2,
        "contig that the reference has not": 1,
    }


def test_an_indel_is_left_aligned_and_its_splice_site_stays(put: Any, read: Any) -> None:
    info = "SpliceAI=" + said("A", "0.00 0.00 0.00 0.77", "9 9 9 -3")
    (row,) = read(put(HEAD + record(10, "AA", "A", info, "chr2"))).rows
    assert (row[0], row[1]) == ("2", 4)
    site = 10 - 3
    assert row[1] + row[7] == site
    assert row[5:7] == (7700, "DL")


def test_columns_say_masked_or_raw(entry: Any, put: Any, read: Any) -> None:
    masked = spliceai.columns(entry(Kind.SPLICEAI, file="spliceai_scores.masked.snv.hg38.vcf.gz"))
    raw = spliceai.columns(entry(Kind.SPLICEAI, note="Raw scores."))
    neither = spliceai.columns(entry(Kind.SPLICEAI))
    assert "four masked delta" in masked[0].meaning
    assert "four raw delta" in raw[0].meaning
    assert "four delta" in neither[0].meaning
    info = "SpliceAI=" + said("T", "0.1 0 0 0", "1 2 3 4")
    frame = read(put(HEAD + record(1, "A", "T", info))).frames[0][1]
    facts = [(fact.name, fact.dtype) for fact in masked]
    assert facts == [(name, str(frame.schema[name])) for name in frame.columns[4:]]


def test_rows_do_not_depend_on_blocks(put: Any, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    info = "SpliceAI=" + said("A", "0.1 0.2 0.3 0.4", "1 2 3 4")
    path = put(HEAD + "".join(record(n, "ACGT"[(n - 1) % 4], "A", info) for n in range(2, 40)))
    together = read(path)
    monkeypatch.setattr(blocks, "__kwdefaults__", {"size": len(HEAD) + 30})
    apart = read(path)
    assert len(apart.frames) > len(together.frames)
    assert apart.rows == together.rows


def test_a_header_alone_has_no_scores(put: Any, read: Any) -> None:
    assert read(put(HEAD)).rows == []


def test_crlf_is_nothing(put: Any, read: Any) -> None:
    info = "SpliceAI=" + said("T", "0.1 0 0 0", "1 2 3 4")
    text = (HEAD + record(1, "A", "T", info)).replace("\n", "\r\n")
    assert len(read(put(text)).rows) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD.replace("|DP_AG", "|DP_XX"), "DP_XX"),
        (HEAD.replace("ID=SpliceAI", "ID=Other"), "no SpliceAI in the header"),
        ("chrom,pos\n", "found 'chrom,pos"),
        ("", "a VCF file"),
        (HEAD + record(1, "A", "T", "SpliceAI=T|GENE|0.1|0.2"), "SpliceAI|0.1"),
        (HEAD + record(1, "A", "T", "SpliceAI=T|GENE|a|0|0|0|1|2|3|4"), "GENE|a"),
        (HEAD + record(1, "A", "T", "SpliceAI=T|GENE|0.12345|0|0|0|1|2|3|4"), "0.12345"),
        (HEAD + "1\tx\t.\tA\tT\t.\t.\tSpliceAI=.\n", "a whole number"),
        (HEAD + "1\t5\t.\tA\tT\n", "5 fields"),
    ],
)
def test_another_format_is_told(put: Any, read: Any, text: str, said: str) -> None:
    with pytest.raises(FaultError) as caught:
        read(put(text))
    assert any(word in str(caught.value) for word in said.split("|")), str(caught.value)


def test_scores_of_another_assembly_are_refused(put: Any, read: Any) -> None:
    info = "SpliceAI=" + said("A", "0.1 0 0 0", "1 2 3 4")
    body = "".join(record(n, "C", "A", info) for n in (1, 3, 4, 5, 7))
    with pytest.raises(FaultError, match="100% of 5 reference bases"):
        read(put(HEAD + body))


def test_a_truncated_file_is_told(put: Any, read: Any) -> None:
    info = "SpliceAI=" + said("A", "0.1 0 0 0", "1 2 3 4")
    path = put(HEAD + record(2, "C", "A", info) * 1_000, "cut.vcf.gz")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(FaultError, match="truncated"):
        read(path)
