"""The mitochondrion: its circle, counting, how sure a variant is, and the verb on real reads."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import mitochondrial_data as data
from soyang.calling.mito import contig as contig_module
from soyang.calling.mito.calls import (
    Called,
    Gap,
    call_circle,
    left_aligned,
    tract_of,
    written_alleles,
)
from soyang.calling.mito.contig import Circle, mitochondrial_contig, why_not_rcrs
from soyang.calling.mito.model import (
    MIN_QUALITY,
    depth_for,
    filters,
    indel_error,
    numt_reads,
    quality,
    strand_bias,
)
from soyang.calling.mito.pileup import pile
from soyang.calling.mito.realign import Reads, align
from soyang.calling.mitochondrial import enough_depth, mitochondrial
from soyang.calling.tables import MITOCHONDRIAL, MITOCHONDRION
from soyang.core.errors import ToolError
from soyang.core.process import run
from soyang.core.tables import read_table

DEPTH = 100.0


def some_circle(length: int = 400, seed: int = 2) -> Circle:
    return Circle("chrM", "".join(np.random.default_rng(seed).choice(list("ACGT"), length)))


# --- the contig


@pytest.mark.parametrize(
    ("contigs", "found"),
    [(["chr1", "chrM"], "chrM"), (["MT", "1"], "MT"), (["M"], "M"), (["chr1", "chrMT_alt"], None)],
)
def test_the_contig_is_found_by_its_name(contigs, found):
    assert mitochondrial_contig(contigs) == found


def test_another_mitochondrion_is_told_by_length_or_sum():
    assert "16571" in why_not_rcrs(Circle("chrM", "A" * 16_571))
    assert "MD5" in why_not_rcrs(Circle("chrM", "A" * 16_569))
    assert why_not_rcrs(Circle("chrM", "A" * 16_000 + "N" * 569)) == ""  # masked: only by length


def test_the_shifted_copy_has_the_origin_in_its_middle():
    circle = some_circle(401)
    at = len(circle) - circle.shift
    assert circle.shifted[at - 3 : at + 3] == circle.bases[-3:] + circle.bases[:3]


# --- indels


@given(st.integers(0, 399), st.integers(1, 6), st.integers(0, 3))
def test_left_alignment_does_not_change_the_sequence(position, deleted, seed):
    letters = np.random.default_rng(seed).choice(list("AC"), 400)
    circle = Circle("chrM", "".join(letters))
    if position + deleted > 400:
        return
    gap = left_aligned(circle, Gap(position, "", deleted))
    bases = circle.bases

    def without(at: int) -> str:
        return bases[:at] + bases[at + deleted :]

    assert without(gap.position) == without(position)
    assert gap.position <= position
    assert gap.position == 0 or bases[gap.position - 1] != bases[gap.position + deleted - 1]


@given(st.integers(0, 399), st.text("AC", min_size=1, max_size=4), st.integers(0, 3))
def test_left_alignment_of_insertions(position, inserted, seed):
    bases = "".join(np.random.default_rng(seed).choice(list("AC"), 400))
    gap = left_aligned(Circle("chrM", bases), Gap(position, inserted, 0))
    assert (
        bases[: gap.position] + gap.inserted + bases[gap.position :]
        == bases[:position] + inserted + bases[position:]
    )


def test_tracts_and_alleles():
    circle = Circle("chrM", "GCAAAAAATG" + "CGTCA" * 10)
    assert tract_of(circle, Gap(2, "", 1)) == (5, 6)
    assert tract_of(circle, Gap(2, "A", 0)) == (6, 6)
    assert tract_of(circle, Gap(8, "", 2))[1] == 0
    assert written_alleles(circle, Gap(2, "", 1)) == (2, "CA", "C")
    assert written_alleles(circle, Gap(2, "A", 0)) == (2, "C", "CA")
    assert written_alleles(circle, Gap(0, "", 1)) == (1, "GC", "C")
    assert written_alleles(Circle("chrM", "GN" + "A" * 9), Gap(2, "", 1)) is None


# --- how sure


def test_quality_is_the_tail_of_errors():
    assert quality(0, 1.0) == 0
    assert quality(5, 5.0) < 10 < quality(12, 5.0) < quality(30, 5.0)
    assert quality(1, 0.1) == pytest.approx(-10 * np.log10(1 - np.exp(-0.1)), abs=0.05)
    assert quality(5000, 1e-9) == 999


def test_slipping_is_likelier_in_long_tracts():
    errors = [indel_error(n) for n in (0, 5, 10, 30)]
    assert errors == sorted(errors)
    assert errors[0] == pytest.approx(1e-4, rel=0.01)
    assert indel_error(200) == pytest.approx(0.1)


def test_one_strand_alone_is_doubted():
    assert strand_bias((50, 50), (450, 450)) < 1
    assert strand_bias((60, 0), (450, 450)) > 60
    assert strand_bias((100, 100), (0, 0)) == 0


def test_numt_reads_follow_the_autosomes():
    assert numt_reads(None) == numt_reads(0.0) == 0
    assert numt_reads(30) == 79  # the 99 % quantile of a Poisson of 60


def test_the_depth_for_a_share_is_enough_and_not_much_more():
    depths = [depth_for(share, 0.0033) for share in (0.03, 0.05, 0.1, 0.5)]
    assert depths == sorted(depths, reverse=True)
    generator = np.random.default_rng(1)
    for share, depth in ((0.05, depths[1]), (0.1, depths[2])):
        alts = generator.binomial(depth, share, 400)
        found = np.mean([quality(int(a), depth * 0.0033) >= MIN_QUALITY for a in alts])
        assert found > 0.92
        alts = generator.binomial(depth // 2, share, 400)
        assert np.mean([quality(int(a), depth // 2 * 0.0033) >= MIN_QUALITY for a in alts]) < 0.9


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({}, "PASS"),
        ({"phred": 59.0}, "low_quality"),
        ({"bias": 61.0}, "strand_bias"),
        ({"alt": 79}, "numt"),
        ({"alt": 79, "share": 0.97}, "PASS"),
        ({"tract": 8}, "homopolymer"),
        ({"position": 309}, "artefact_site"),
        ({"position": 3_106, "phred": 1.0}, "low_quality;artefact_site"),
    ],
)
def test_filters(change, word):
    given = {"position": 5_000, "phred": 300.0, "bias": 0.0, "share": 0.2, "alt": 200}
    assert filters(**(given | {"numt": 79, "tract": 0} | change)) == word


# --- counting


def reads_of(rows: list[tuple[int, int, bool, str, int]]) -> Reads:
    """Reads of full matches: fragment, start, reverse, bases, quality."""
    lengths = [len(row[3]) for row in rows]
    edges = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Reads(
        fragment=np.array([row[0] for row in rows], np.int64),
        start=np.array([row[1] for row in rows], np.int64),
        reverse=np.array([row[2] for row in rows], np.bool_),
        bases=np.frombuffer("".join(row[3] for row in rows).encode(), np.uint8),
        qualities=np.repeat(np.array([row[4] for row in rows], np.uint8), lengths),
        read_from=edges,
        cigar=np.array([(0, n) for n in lengths], np.int64).reshape(-1, 2),
        cigar_from=np.arange(len(rows) + 1),
    )


def test_a_fragment_counts_once_and_not_where_its_mates_differ():
    bases = some_circle().bases
    first, second = bases[100:150], list(bases[120:170])
    second[10] = "ACGT"["ACGT".index(bases[130]) - 1]
    counts = pile(
        reads_of([(1, 100, False, first, 30), (1, 120, True, "".join(second), 30)]), 400
    ).counts.sum(axis=(1, 2))
    assert counts[105:165].tolist() == [0 if p == 130 else 1 for p in range(105, 165)]
    assert counts.sum() == 59  # five bases at each end of an alignment are left out


def test_poor_bases_are_not_counted():
    bases = some_circle().bases
    assert pile(reads_of([(1, 0, False, bases[:60], 19)]), 400).counts.sum() == 0
    good = pile(reads_of([(1, 0, False, bases[:60], 20)]), 400)
    assert good.counts.sum() == 50
    assert good.errors.sum() == pytest.approx(0.5)


def test_bases_amid_a_deletion_are_no_majority():
    """Two stray reads at a deleted base are no variant of all copies."""
    bases = some_circle().bases
    strange = bases[:59] + "ACGT"["ACGT".index(bases[59]) - 1] + bases[60:120]
    rows = [(n, 0, False, strange, 37) for n in range(2)]
    rows += [(n, 0, False, bases[:59] + bases[61:121], 37) for n in range(2, 60)]
    reads = reads_of(rows)
    cigar = [(0, 120)] * 2 + [pair for _ in range(58) for pair in ((0, 59), (2, 2), (0, 60))]
    edges = np.concatenate([[0], np.cumsum([1, 1] + [3] * 58)])
    reads = replace(reads, cigar=np.array(cigar), cigar_from=edges)
    counted = pile(reads, 400)
    assert counted.counts[59].sum() == 60
    nothing = pile(reads_of([]), 400)
    circle = Circle("chrM", bases)
    # The deletion lies in the quarter that the shifted copy tells: turn the circle.
    turned = Circle("chrM", bases[-150:] + bases[:-150])
    moved = pile(replace(reads, start=reads.start + 150), 400)
    called = call_circle(turned, moved, nothing, min_heteroplasmy=0.05, autosomal_depth=None)
    assert [v.alt_depth for v in called.variants] == [58]
    assert len(called.variants[0].ref) == 3
    assert circle.shift == 200


def test_no_reads_are_no_variants():
    nothing = pile(reads_of([]), 400)
    called = call_circle(
        some_circle(), nothing, nothing, min_heteroplasmy=0.05, autosomal_depth=30.0
    )
    assert called.variants == ()
    assert called.depth.sum() == 0


def test_lost_reads_are_caught(tmp_path):
    fastq = tmp_path / "r.fq"
    circle = some_circle(2000)
    fastq.write_text(f"@a\n{circle.bases[:100]}\n+\n{'I' * 100}\n")
    assert len(align(circle, circle.bases, fastq, 1, 1).start) == 1
    with pytest.raises(ToolError, match="1 alignments of 2"):
        align(circle, circle.bases, fastq, 2, 1)


# --- the verb


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A reference, a CRAM, and what was planted: also at both sides of the origin."""
    folder = tmp_path_factory.mktemp("미토콘드리아")
    contigs = data.mitochondrion(1)
    circle = contigs["chrM"]
    planted = [
        data.substitution(circle, 1, 1.0),
        data.substitution(circle, 300 - 1, 0.5),
        data.substitution(circle, 700, 0.3),
        data.deletion(circle, 2_000, 3, 1.0),
        data.insertion(circle, 4_002, "A", 0.5),
        data.substitution(circle, data.LENGTH // 4, 0.5),
        data.insertion(circle, 6_000, "GATC", 0.3),
        data.deletion(circle, 9_000, 2, 0.3),
        data.substitution(circle, 12_426, 1.0),
        data.substitution(circle, data.LENGTH, 0.5),
    ]
    fasta = data.write_reference(contigs, folder)
    generator = np.random.default_rng(7)
    pairs = data.fragments(data.mixture(circle, planted), DEPTH, generator)
    pairs += data.fragments([(contigs["chr1"], 1.0)], 10, generator, circular=False)
    data.write_reads(pairs, folder / "r.fq", 3)
    cram = data.write_cram(folder / "r.fq", fasta, folder / "S1.cram", "S1")
    with pytest.MonkeyPatch.context() as patch:
        md5 = hashlib.md5(circle.encode(), usedforsecurity=False).hexdigest()
        patch.setattr(contig_module, "RCRS_MD5", md5)
        yield fasta, cram, planted


def run_verb(world, folder: Path, **more):
    paths = {
        "vcf": folder / "S1.mitochondrial.vcf.gz",
        "table": folder / "S1.mitochondrial.tsv",
        "status": folder / "S1.mitochondrial.status.tsv",
        "callable_bed": folder / "S1.mitochondrial.callable.bed.gz",
    }
    words = {
        "sample": "S1",
        "cram": world[1],
        "reference": world[0],
        "min_heteroplasmy": 0.15,
        "threads": 1,
    }
    mitochondrial(**(words | paths | more))
    with pysam.VariantFile(str(paths["vcf"])) as records:
        told = [(r.pos, r.ref, r.alts[0], dict(r.samples[0].items())) for r in records]
    with gzip.open(paths["callable_bed"], "rt") as lines:
        spans = [line.rstrip().split("\t") for line in lines]
    (status,) = read_table(paths["status"], MITOCHONDRION).to_dicts()
    return read_table(paths["table"], MITOCHONDRIAL), status, told, spans


@pytest.fixture(scope="module")
def done(world, tmp_path_factory):
    """The verb's answer, and its folder."""
    folder = tmp_path_factory.mktemp("done")
    return run_verb(world, folder, quality=quality_of(folder, 5.0)), folder


def quality_of(folder: Path, depth: float) -> Path:
    path = folder / "quality.tsv"
    path.write_text(f"sample\tmean_depth\nS1\t{depth}\n")
    return path


def test_planted_variants_are_found_with_their_share(world, done):
    table, status, told, spans = done[0]
    found = {(r["position"], r["ref"], r["alt"]): r for r in table.to_dicts()}
    assert set(found) == {(v.position, v.ref, v.alt) for v in world[2]}
    for variant in world[2]:
        row = found[(variant.position, variant.ref, variant.alt)]
        assert row["heteroplasmy"] == pytest.approx(variant.share, abs=0.15)
        assert row["filter"] == ("PASS" if variant.position != 1 else row["filter"])
        assert row["depth"] > 0.6 * DEPTH  # beside the origin as elsewhere
    assert status["assessed"]
    assert status["contig"] == "chrM"
    assert status["autosomal_depth"] == 5.0
    assert status["callable_share"] > 0.99
    assert sum(int(end) - int(start) for _, start, end in spans) == status["callable_bases"]
    keys = [(pos, ref, alt) for pos, ref, alt, _ in told]
    assert keys == sorted(found)
    for pos, ref, alt, values in told:
        row = found[(pos, ref, alt)]
        assert values["DP"] == row["depth"] == sum(values["AD"])
        assert values["AF"][0] == pytest.approx(row["heteroplasmy"])
        assert values["GT"] == ((1,) if row["heteroplasmy"] >= 0.95 else (0, 1))


def test_the_vcf_is_normalised(world, done):
    vcf = done[1] / "S1.mitochondrial.vcf.gz"
    again = run(["bcftools", "norm", "-f", world[0], "-c", "e", "-m", "-any", vcf])
    same = run(["bcftools", "view", "-H", vcf])
    records = [line for line in again.splitlines(keepends=True) if not line.startswith("#")]
    assert "".join(records) == same
    assert "/" not in run(["bcftools", "view", "-h", vcf, "--no-version"]).replace("0/1", "")


def test_the_same_bytes_with_two_threads(world, done, tmp_path):
    run_verb(world, tmp_path, threads=2, quality=quality_of(tmp_path, 5.0))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(path.name for path in done[1].iterdir())
    assert len(names) == 6  # no temporary file is left
    for name in names:
        assert (tmp_path / name).read_bytes() == (done[1] / name).read_bytes(), name


def test_what_nuclear_copies_may_give_is_marked(world, tmp_path):
    table, *_ = run_verb(world, tmp_path, quality=quality_of(tmp_path, 45.0))
    words = {r["position"]: (r["heteroplasmy"], r["filter"]) for r in table.to_dicts()}
    for share, word in words.values():
        assert ("numt" in word) == (share < 0.95)


def test_absence_is_said_only_where_depth_suffices():
    circle = Circle("chrM", "ACGTNACGTA")
    depth = np.array([9, 10, 50, 50, 50, 50, 3, 10, 11, 12])
    called = Called(variants=(), depth=depth)
    assert enough_depth(circle, called, 10) == [(1, 4), (5, 6), (7, 10)]
    assert enough_depth(circle, called, 60) == []
    assert enough_depth(circle, None, 10) == []


@pytest.mark.parametrize("name", ["chr2", "chrUn"])
def test_a_reference_without_mitochondrion_is_said(world, tmp_path, make_fasta, name):
    fasta = make_fasta({"chr1": 3000, name: 16_569})
    table, status, told, spans = run_verb(world, tmp_path, reference=fasta)
    assert (status["assessed"], status["reason"]) == (False, "no_contig")
    assert status["mean_depth"] is None
    assert table.is_empty()
    assert (told, spans) == ([], [])


def test_another_mitochondrion_is_refused(world, tmp_path, make_fasta):
    fasta = make_fasta({"chrM": 16_571})
    _, status, told, _ = run_verb(world, tmp_path, reference=fasta)
    assert (status["assessed"], status["reason"]) == (False, "not_rcrs")
    assert "16571" in status["found"]
    assert told == []


def test_a_sample_without_reads_there_is_not_assessed(world, tmp_path):
    fasta, cram, _ = world
    empty = tmp_path / "none.cram"
    run(["samtools", "view", "-C", "-T", fasta, "-o", empty, cram, "chr1"])
    run(["samtools", "index", empty])
    table, status, *_ = run_verb(world, tmp_path, cram=empty)
    assert (status["assessed"], status["reason"]) == (False, "too_shallow")
    assert status["mean_depth"] == 0
    assert table.is_empty()
