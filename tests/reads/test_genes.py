"""Coding exons out of GFF3."""

from __future__ import annotations

import gzip

import pytest

from soyang.core.errors import FaultError
from soyang.reads.genes import coding_exons, edges_of, merged
from tests.reads.test_measure import GFF


@pytest.mark.parametrize("form", ["plain", "gzip", "windows"])
def test_exons_are_named_and_lie_on_our_contigs(tmp_path, form):
    path = tmp_path / ("전사체.gff3.gz" if form == "gzip" else "전사체.gff3")
    text = GFF.replace("\n", "\r\n") if form == "windows" else GFF
    path.write_bytes(gzip.compress(text.encode()) if form == "gzip" else text.encode())
    exons = coding_exons(path, ["chr20", "chrX"])
    assert exons.rows() == [
        ("chr20", 30_100, 30_200, "ONE", "NM_1.2"),
        ("chr20", 30_500, 30_600, "ONE", "NM_1.2"),
        ("chr20", 30_150, 30_300, "ONE", "ENST2.1"),
        ("chr20", 32_900, 33_100, "ENSG2", "ENST3.1"),
        ("chr20", 100, 200, "transcript:ENST4", "ENST4"),
    ]
    assert edges_of(exons) == {
        "chr20": [100, 200, 30_100, 30_150, 30_200, 30_300, 30_500, 30_600, 32_900, 33_100]
    }
    assert [(i.start, i.end) for i in merged(exons)] == [
        *((100, 200), (30_100, 30_300), (30_500, 30_600), (32_900, 33_100))
    ]


def test_transcripts_on_none_of_our_contigs_are_no_exons(tmp_path):
    path = tmp_path / "t.gff3"
    path.write_text(GFF)
    assert coding_exons(path, ["chr1"]).is_empty()
    assert edges_of(coding_exons(path, ["chr1"])) == {}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "no row of type CDS"),
        (b"##gff-version 3\n20\tx\tgene\t1\t5\t.\t+\t.\tID=gene:A\n", "no row of type CDS"),
        (b"20\tx\tCDS\tone\t5\t.\t+\t.\tParent=transcript:A\n", "one"),
        (gzip.compress(b"20\tx\tCDS\t1\t5\t.\t+\t.\tParent=a\n", mtime=0)[:-9], "end-of-stream"),
    ],
)
def test_what_is_no_gff_is_refused(tmp_path, content, found):
    path = tmp_path / ("t.gff3.gz" if content[:1] == b"\x1f" else "t.gff3")
    path.write_bytes(content)
    with pytest.raises(FaultError, match=found) as error:
        coding_exons(path, ["chr20"])
    assert error.value.faults[0].next_step.startswith("correct reference.transcripts")
