"""Values that make no sense can't be constructed."""

from __future__ import annotations

import gzip
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soyang.core.assembly import Assembly, bare, contig_order
from soyang.core.interval import Interval, merge, read_bed


def test_contigs_sort_as_chromosomes_do():
    names = ["chrM", "chr10", "chrUn_1", "chrX", "chr2"]
    assert sorted(names, key=contig_order) == ["chr2", "chr10", "chrX", "chrM", "chrUn_1"]


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 3), (4, 3)])
def test_a_senseless_interval_is_refused(start, end):
    with pytest.raises(ValueError):
        Interval("chr1", start, end)


intervals = st.builds(
    lambda c, s, n: Interval(c, s, s + n),
    st.sampled_from(["chr1", "chr2"]), st.integers(0, 60), st.integers(1, 20),
)  # fmt: skip


@given(st.lists(intervals))
def test_merging_keeps_every_base_once(parts):
    merged = list(merge(parts))
    bases = {(i.contig, b) for i in parts for b in range(i.start, i.end)}
    assert sum(map(len, merged)) == len(bases)
    for one, two in itertools.pairwise(merged):
        assert one.contig != two.contig or one.end < two.start


def test_a_bed_is_read_with_its_faults_named(tmp_path):
    path = tmp_path / "표적.bed.gz"
    with gzip.open(path, "wt", encoding="utf-8-sig") as out:
        out.write("track name=x\nchr1\t5\t9\tname\r\n")
    assert list(read_bed(path)) == [Interval("chr1", 5, 9)]
    with gzip.open(path, "wt") as out:
        out.write("chr1\t5\t9\nchr1\t9\t5\n")
    with pytest.raises(ValueError, match="line 2"):
        list(read_bed(path))


@pytest.mark.parametrize(
    ("assembly", "contig", "accession"),
    [
        (Assembly.GRCH38, "chr20", "NC_000020.11"),
        (Assembly.GRCH37, "20", "NC_000020.10"),
        (Assembly.GRCH38, "chr17", "NC_000017.11"),
        (Assembly.GRCH38, "chrX", "NC_000023.11"),
        (Assembly.GRCH37, "Y", "NC_000024.9"),
        (Assembly.GRCH38, "MT", "NC_012920.1"),
        (Assembly.GRCH38, "chr1", "NC_000001.11"),
        (Assembly.GRCH37, "chr8", "NC_000008.10"),
        (Assembly.GRCH38, "chr14", "NC_000014.9"),
    ],
)
def test_chromosome_accessions(assembly, contig, accession):
    assert assembly.accession(contig) == accession


def test_other_contigs_have_no_accession():
    with pytest.raises(KeyError):
        Assembly.GRCH38.accession("chrUn_KI270742v1")
    assert bare("chrMT") == bare("M") == "M"
