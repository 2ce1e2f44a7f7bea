"""The call set as VCF records and as rows."""

from __future__ import annotations

import pytest

from soyang.calling.sv.events import End
from soyang.calling.sv.merge import Merged
from soyang.calling.sv.output import Copies, expected_copies, header, lines, named, record, row
from soyang.core.assembly import Assembly
from tests.calling.sv.conftest import event

ORDER = {"chr20": 0, "chr21": 1}


def called(*said):
    items = [Merged(event=one, genotype=one.genotype, members=(one,)) for one in said]
    return named(items, ["PASS"] * len(items))


def written(*said) -> list[str]:
    return [record(line, "T").rstrip("\n") for line in lines(called(*said), ORDER)]


def test_a_deletion_begins_at_the_base_before_it():
    (line,) = written(event())
    assert line.split("\t") == [
        *["chr20", "1000", "DEL.1", "T", "<DEL>", "60", "PASS"],
        "SVTYPE=DEL;END=2000;SVLEN=-1000;KIND=deletion;CALLERS=delly;SUPPORT=9",
        *["GT", "0/1"],
    ]


def test_an_event_at_the_first_base_has_a_position():
    assert written(event(start=0, end=50))[0].split("\t")[1] == "1"


def test_known_bases_are_written_and_unknown_ones_are_not_made_up():
    known = event(kind="insertion", sequence="ACG", length=3)
    assert written(known)[0].split("\t")[1:5] == ["1001", "INS.1", "T", "TACG"]
    unknown = written(event(kind="insertion", quality=None, support=None, precise=False))[0]
    assert (
        "\t<INS>\t.\tPASS\tSVTYPE=INS;END=1001;KIND=insertion;CALLERS=delly;IMPRECISE\t" in unknown
    )


@pytest.mark.parametrize(
    ("left", "mate_left", "here", "there"),
    [
        (True, False, "T[chr21:500[", "]chr20:1001]T"),
        (True, True, "T]chr21:500]", "T]chr20:1001]"),
        (False, True, "]chr21:500]T", "T[chr20:1001["),
        (False, False, "[chr21:500[T", "[chr20:1001[T"),
    ],
)
def test_a_breakend_has_a_record_at_each_end(left, mate_left, here, there):
    mate = End(contig="chr21", position=500, left=mate_left)
    one, two = (row.split("\t") for row in written(event(kind="breakend", left=left, mate=mate)))
    assert (one[0], one[1], one[2], one[4]) == ("chr20", "1001", "BND.1_1", here)
    assert (two[0], two[1], two[2], two[4]) == ("chr21", "500", "BND.1_2", there)
    assert one[7].endswith("MATEID=BND.1_2") and two[7].endswith("MATEID=BND.1_1")
    assert "END=" not in one[7]


def test_records_are_sorted_though_a_mate_lies_elsewhere():
    mate = End(contig="chr20", position=9_000, left=True)
    made = written(event(kind="breakend", mate=mate), event(start=5_000, end=6_000))
    assert [line.split("\t")[2] for line in made] == ["BND.1_1", "DEL.2", "BND.1_2"]


def test_the_header_names_callers_contigs_and_sample():
    text = header({"chr20": 99}, ["delly 1.1.6", "dysgu 1.9.0"], "soyang_caller", "S1")
    assert text.splitlines()[0] == "##fileformat=VCFv4.2"
    assert "##contig=<ID=chr20,length=99>\n" in text
    assert "##soyang_caller=delly 1.1.6\n##soyang_caller=dysgu 1.9.0\n#CHROM" in text
    assert text.endswith("\tFORMAT\tS1\n")


def test_a_breakend_is_one_row():
    mate = End(contig="chr21", position=500, left=False)
    (item,) = called(event(kind="breakend", mate=mate))
    found = row(item, "S1", Assembly.GRCH38, Copies())
    assert (found["start"], found["end"], found["length"]) == (1_000, 1_001, None)
    assert (found["mate_contig"], found["mate_position"]) == ("chr21", 500)
    assert found["event"] == "BND.1" and found["callers"] == "delly"


@pytest.mark.parametrize(
    ("contig", "start", "copies", "expected"),
    [
        ("chr1", 5, Copies(x=1, y=1), 2),
        ("chrX", 5_000_000, Copies(), 2),
        ("chrX", 5_000_000, Copies(x=1, y=1), 1),
        ("X", 5_000_000, Copies(x=2, y=0), 2),
        ("chrX", 20_000, Copies(x=1, y=1), 2),  # pseudo-autosomal
        ("chrX", 20_000, Copies(x=1, y=0), 1),
        ("chrX", 20_000, Copies(x=3, y=None), 2),
        ("chrY", 20_000_000, Copies(x=2, y=0), 0),
        ("chrY", 20_000_000, Copies(x=1, y=2), 2),
    ],
)
def test_copies_expected_of_x_and_y(contig, start, copies, expected):
    assert expected_copies(contig, start, Assembly.GRCH38, copies) == expected
