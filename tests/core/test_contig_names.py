"""Contigs known by their MD5 under other names."""

from __future__ import annotations

import pysam

from soyang.core.contig_names import header_sequences, our_names, sequences, under_names

OURS = sequences(
    [
        {"SN": "chr1", "LN": 8, "M5": "aa", "om": "ab"},
        {"SN": "chr2", "LN": 8, "M5": "bb"},
        {"SN": "copy", "LN": 8, "M5": "bb"},
    ]
)


def test_a_name_goes_before_an_md5():
    theirs = sequences(
        [
            {"SN": "1", "LN": 8, "M5": "AB"},
            {"SN": "2", "LN": 8, "M5": "bb"},
            {"SN": "chr2", "LN": 9, "M5": "cc"},
            {"SN": "3", "LN": 8, "M5": "cc"},
            {"SN": "4", "LN": 8},
        ]
    )
    assert our_names(theirs, OURS) == {"1": "chr1", "2": "chr2", "chr2": "chr2"}


def test_headers_are_read_whatever_else_they_hold():
    text = "@HD\tVN:1.6\n@SQ\tSN:HLA:1:2\tLN:5\tM5:AbC\tUR:/a:b\tx\n@RG\tID:a\n"
    (found,) = header_sequences(text).values()
    assert (found.name, found.length, found.md5s) == ("HLA:1:2", 5, ("abc",))
    assert header_sequences("") == {}


def test_a_link_has_the_others_names(make_fasta, tmp_path):
    fasta = make_fasta({"chr1": "ACGT" * 40, "chr2": "TTGCA"})
    folder = tmp_path / "이름 표"
    folder.mkdir()
    link = under_names(fasta, {"둘": "chr2", "1": "chr1"}, folder)
    with pysam.FastaFile(str(link)) as opened:
        assert opened.fetch("둘") == "TTGCA"
        assert opened.fetch("1", 58, 64) == "GTACGT"
    assert sum(path.lstat().st_size for path in folder.iterdir()) < 500
