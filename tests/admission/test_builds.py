"""Assemblies by their contigs, and files by their content."""

from __future__ import annotations

import subprocess
import zipfile

import pytest
from bioutils.assemblies import get_assembly

from soyang.admission.builds import LENGTHS, differing_length, strange_names, wrong_build
from soyang.admission.reference import is_stale
from soyang.admission.sniff import ends_whole, sniff
from soyang.core.assembly import Assembly


@pytest.mark.parametrize("assembly", list(Assembly))
def test_lengths_are_those_of_the_consortium(assembly):
    sequences = get_assembly(str(assembly))["sequences"]
    whole = [s for s in sequences if s["sequence_role"] == "assembled-molecule"]
    known = {s["name"]: s["length"] for s in whole if s["name"] != "MT"}
    assert LENGTHS[assembly] == known


@pytest.mark.parametrize(
    ("contigs", "says"),
    [
        ({"chr20": 64_444_167}, ""),
        ({"20": 64_444_167, "chrM": 16_571}, ""),
        ({"chr20": 10_700_000}, ""),
        ({"chr20": None, "chrUn_1": 9_999_999_999}, ""),
        ({"chr20": 63_025_520}, "63,025,520 bases as in GRCh37"),
        ({"chr21": 1, "chr20": 64_444_168}, "more than GRCh38's 64,444,167"),
    ],
)
def test_wrong_build(contigs, says):
    found = wrong_build(contigs, Assembly.GRCH38)
    assert found.endswith(says) and bool(found) == bool(says)


def test_a_cut_reference_fits_calls_on_the_whole_but_not_alignments():
    header, reference = {"chr20": 64_444_167}, {"chr20": 10_700_000}
    assert differing_length(header, reference, Assembly.GRCH38, cut=True) == ""
    found = differing_length(header, reference, Assembly.GRCH38, cut=False)
    assert found == "another reference: chr20 has 64,444,167 bases, the reference 10,700,000"


@pytest.mark.parametrize(
    ("contigs", "says"),
    [(["chr1", "chr20"], ""), ([], ""), (["20"], "names like '20'"), (["q"], "no contig of the")],
)
def test_strange_names(contigs, says):
    found = strange_names(contigs, ["chr20", "chrX"])
    assert says in found and bool(found) == bool(says)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b" \n", "an empty file"),
        (b"\xef\xbb\xbf##fileformat=VCFv4.2\n", "a VCF file"),
        (b"@SQ\tSN:a", "a SAM file"),
        (b"<html>", "a HTML or XML file"),
        (b"\0\1\2", "a binary file"),
        (b"\x1f\x8bnonsense and more", "a damaged gzip file"),
    ],
)
def test_content(tmp_path, content, words):
    path = tmp_path / "a"
    path.write_bytes(content)
    assert sniff(path).words == words


def test_excel(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as book:
        book.writestr("a", "b")
    assert sniff(tmp_path / "a.xlsx").words == "a zip or Excel file"


@pytest.mark.parametrize("version", ["2.1", "3.0", "3.1"])
def test_end_of_cram(cohort, version):
    path = cohort.path("v.cram")
    subprocess.run(
        ["samtools", "view", "-C", "--no-PG", "-T", cohort.path("genome.fa"),
         "--output-fmt-option", f"version={version}", "-o", path, cohort.path("S3.bam")],
        check=True,
    )  # fmt: skip
    assert ends_whole(path, sniff(path))
    path.write_bytes(path.read_bytes()[:-1])
    assert not ends_whole(path, sniff(path))


@pytest.mark.parametrize(
    ("index", "stale"),
    [
        ("a\t10\t3\t4\t5\nb\t4\t19\t4\t5\n", False),
        ("a\t10\t3\t4\t5\n", True),
        ("a\t10\t4\t4\t5\nb\t4\t19\t4\t5\n", True),
        ("b\t10\t3\t4\t5\na\t4\t19\t4\t5\n", True),
        ("a\t9\t3\t4\t5\n", True),
        ("a\t10\t3\t4\t5\nb\t40\t19\t4\t5\n", True),
        ("nonsense\n", True),
        ("", True),
    ],
)
def test_index_of_another_fasta(tmp_path, index, stale):
    path = tmp_path / "g.fa"
    path.write_text(">a\nACGT\nACGT\nAC\n>b\nACGT\n")
    (tmp_path / "g.fa.fai").write_text(index)
    assert is_stale(tmp_path / "g.fa.fai", path) is stale
