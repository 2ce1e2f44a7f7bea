"""What each caller writes of an event of known place."""

from __future__ import annotations

import pytest

from soyang.calling.sv.events import End, Event
from soyang.calling.sv.parse import PARSERS, breakend, genotype, read_lines
from soyang.core.errors import ToolError

HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"


def parsed(caller: str, *records: str) -> list[Event]:
    text = HEADER + "".join("\t".join(record.split()) + "\n" for record in records)
    samples, found = read_lines(text.splitlines(), caller)
    assert samples == ["S1"]
    return [event for record in found for event in PARSERS[caller](record)]


def place(event: Event) -> tuple[str, int, int, int | None]:
    return event.kind, event.start, event.end, event.length


DELLY = [
    # A deletion of 635 bases from 0-based 135,084.
    ("135084 DEL1 A <DEL> 780 PASS PRECISE;SVTYPE=DEL;END=135720;PE=10;SR=10;CT=3to5", "deletion",
     (135_084, 135_719, 635)),
    ("964428 DUP1 G <DUP> 99 PASS PRECISE;SVTYPE=DUP;END=965094;PE=28;SR=16;CT=5to3", "duplication",
     (964_427, 965_094, 667)),
    # Both junctions of one inversion.
    ("1028481 INV1 T <INV> 9 PASS PRECISE;SVTYPE=INV;END=1029480;PE=7;SR=9;CT=3to3", "inversion",
     (1_028_481, 1_029_480, 999)),
    ("1028482 INV2 T <INV> 9 PASS PRECISE;SVTYPE=INV;END=1029481;PE=11;SR=5;CT=5to5", "inversion",
     (1_028_481, 1_029_480, 999)),
    ("440456 INS1 G <INS> 9 PASS PRECISE;SVTYPE=INS;END=440457;SVLEN=59;PE=0;SR=6;CT=NtoN",
     "insertion", (440_455, 440_456, 59)),
]  # fmt: skip


@pytest.mark.parametrize(("record", "kind", "expected"), DELLY)
def test_delly_begins_and_ends_differently_by_kind(record, kind, expected):
    (event,) = parsed("delly", f"chr20 {record} GT:GQ 0/1:99")
    assert place(event) == (kind, *expected)
    assert event.genotype == "0/1" and event.precise and event.passed


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("135085 1 GGG A 15 PASS SVTYPE=DEL;END=135720;SVLEN=635",
         ("deletion", 135_084, 135_719)),
        ("964428 2 G <DUP> 15 PASS SVTYPE=DUP;END=965095;SVLEN=667",
         ("duplication", 964_427, 965_094)),
        ("1028482 3 G <INV> 4 lowProb SVTYPE=INV;END=1029481;SVLEN=999",
         ("inversion", 1_028_481, 1_029_480)),
        ("440457 4 G ACGT 9 PASS SVTYPE=INS;END=440461;SVLEN=4",
         ("insertion", 440_455, 440_456)),
    ],
)  # fmt: skip
def test_dysgu_says_the_first_base_that_changed(record, expected):
    (event,) = parsed("dysgu", f"chr20 {record};SU=15;CIPOS95=0;CIEND95=0 GT:GQ 1/1:40")
    assert place(event)[:3] == expected
    assert event.support == 15
    assert event.passed is ("lowProb" not in record)


def test_an_insertion_that_dysgu_did_not_resolve_has_no_length():
    """Its SVLEN is a guess: planted were 1,000 bases."""
    info = "SVTYPE=INS;END=1175630;SVLEN=365;SU=28;CIPOS95=0;CIEND95=0"
    (event,) = parsed("dysgu", f"chr20 1175630 65 T <INS> 12 PASS {info} GT 1/1")
    assert event.length is None and event.sequence == ""


def test_blurred_breakpoints_are_not_precise():
    info = "SVTYPE=INV;END=621151;SVLEN=2138;SU=9;CIPOS95=137;CIEND95=249"
    (event,) = parsed("dysgu", f"chr20 619013 30 A <INV> 9 PASS {info} GT 0/1")
    assert not event.precise
    (other,) = parsed(
        "delly", "chr20 9 D A <DEL> 9 LowQual IMPRECISE;SVTYPE=DEL;END=99;PE=3 GT 0/0"
    )
    assert not other.precise and not other.passed and other.genotype == "0/0"


def test_tiddit_tells_pairs_and_split_reads_apart():
    info = "SVTYPE=DUP:TANDEM;SVLEN=9525;END=776735;LTE=16,9"
    (event,) = parsed("tiddit", f"chr20 767210 SV_7_1 N <DUP:TANDEM> 15 PASS {info} GT:CN 0/1:3")
    assert place(event) == ("duplication", 767_209, 776_734, 9_525)
    assert event.support == 25 and event.precise
    (pairs,) = parsed("tiddit", "chr20 9 SV N <DEL> 9 PASS SVTYPE=DEL;SVLEN=900;LTE=7,0 GT 0/1")
    assert not pairs.precise


def test_tiddit_writes_a_breakend_twice_and_it_is_read_once():
    one = "chr20 1988001 SV_13_1 N ]chr21:986001]N 40 PASS SVTYPE=BND;LTE=29,22 GT 0/1"
    two = "chr21 986001 SV_13_2 N N[chr20:1988001[ 40 PASS SVTYPE=BND;LTE=29,22 GT 0/1"
    (event,) = parsed("tiddit", one, two)
    assert event.mate == End(contig="chr21", position=986_001, left=True)
    assert (event.contig, event.start, event.end, event.left) == (
        "chr20",
        1_988_000,
        1_988_001,
        False,
    )


@pytest.mark.parametrize(
    ("alt", "left", "mate_left"),
    [
        ("G[chr2:5[", True, False),
        ("G]chr2:5]", True, True),
        ("]chr2:5]G", False, True),
        ("[chr2:5[G", False, False),
    ],
)
def test_all_four_ways_to_join(alt, left, mate_left):
    """VCF 4.2, section 5.4."""
    (event,) = parsed("delly", f"chr1 9 B G {alt} 9 PASS SVTYPE=BND;PE=3;SR=3 GT 0/1")
    assert event.left is left
    assert event.mate == End(contig="chr2", position=5, left=mate_left)


def test_a_contig_with_colons_is_a_contig():
    (event,) = parsed("delly", "chr6 9 B G G[HLA-A*01:01:01:5[ 9 PASS SVTYPE=BND;PE=3 GT 0/1")
    assert event.mate == End(contig="HLA-A*01:01:01", position=5, left=False)


def test_a_symbolic_translocation_is_read_from_its_fields():
    _, (record,) = read_lines(
        [
            *HEADER.splitlines(),
            "chr20\t10\t1\tA\t<TRA>\t9\tPASS\tSVTYPE=TRA;CHR2=chr21;CHR2_POS=77;CT=3to5\tGT\t0/1",
        ],
        "dysgu",
    )
    assert breakend(record) == (End(contig="chr21", position=77, left=False), True)


@pytest.mark.parametrize(
    "record",
    [
        "chr20 9 1 A <CNV> 9 PASS SVTYPE=CNV;END=99 GT 0/1",
        "chr20 9 1 A <DEL> 9 PASS SVTYPE=DEL;SVLEN=0 GT 0/1",
        "chr20 9 1 A <TRA> 9 PASS SVTYPE=TRA GT 0/1",
        "chr20 9 1 A . 9 PASS . GT 0/1",
    ],
)
def test_what_has_no_kind_or_no_place_is_no_event(record):
    assert parsed("dysgu", record) == []


def test_an_empty_result_has_a_header():
    assert read_lines(HEADER.splitlines(), "delly") == (["S1"], [])
    with pytest.raises(ToolError, match="delly wrote no VCF header"):
        read_lines([], "delly")
    with pytest.raises(ToolError, match="line 3"):
        read_lines([*HEADER.splitlines(), "chr20\tx\t1"], "delly")


def test_windows_line_ends_are_no_part_of_a_value():
    text = f"{HEADER}chr20\t9\t1\tA\t<DEL>\t.\tPASS\tSVTYPE=DEL;SVLEN=60\tGT\t0/1\n"
    samples, records = read_lines(text.replace("\n", "\r\n").split("\n"), "dysgu")
    assert samples == ["S1"] and records[0].sample["GT"] == "0/1"
    assert records[0].quality is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0/1", "0/1"), ("1|0", "0/1"), ("1/1", "1/1"), ("./1", "./."), ("", "./."), ("1", "./.")],
)
def test_genotypes_have_one_form(text, expected):
    assert genotype(text) == expected
