"""Normalisation: the same haplotype, written in one way only, and nothing lost."""

from __future__ import annotations

import gzip
import random
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soyang.annotation.genome import Genome
from soyang.annotation.normalise import (
    BuildCheck,
    Normalised,
    from_frame,
    normalised,
    normalised_frame,
    written,
)
from soyang.annotation.records import joined, key_order, take
from soyang.annotation.vcf_columns import read_alleles
from soyang.core.errors import FaultError

Variant = tuple[int, str, str]
"""Position (1-based), ref, alt."""

VT = Path("/usr/share/doc/vt/examples/ref/20.fa.gz")
"""Chromosome 20 of b37, of Debian's package vt-examples."""


def bases(text: str) -> np.ndarray:
    return np.frombuffer(bytearray(text, "ascii"), dtype=np.uint8)


def table(variants: Sequence[Variant]) -> pl.DataFrame:
    schema = {"position": pl.Int64, "ref": pl.String, "alt": pl.String}
    return pl.DataFrame(variants, schema=schema, orient="row")


def norm(variants: Sequence[Variant], sequence: str) -> Normalised:
    return normalised(from_frame(table(variants)), bases(sequence))


def norms(variants: Sequence[Variant], sequence: str) -> list[Variant]:
    alleles = norm(variants, sequence).alleles
    words = written(alleles)
    return list(zip(alleles.position.tolist(), words["ref"], words["alt"], strict=True))


def applied(variant: Variant, sequence: str) -> str:
    position, ref, alt = variant
    assert sequence[position - 1 : position - 1 + len(ref)] == ref
    return sequence[: position - 1] + alt + sequence[position - 1 + len(ref) :]


SEQUENCE = "GACACACATTTTTTGCNNTTTCARYCCC"
#           1        10        20


@pytest.mark.parametrize(
    ("given_as", "expected"),
    [
        ((5, "C", "T"), (5, "C", "T")),
        ((3, "CAC", "CTC"), (4, "A", "T")),
        ((14, "T", "TT"), (8, "A", "AT")),
        ((13, "TT", "T"), (8, "AT", "A")),
        ((6, "ACA", "A"), (1, "GAC", "G")),
        ((8, "A", "ACA"), (1, "G", "GAC")),
        ((2, "ACA", "GTT"), (2, "ACA", "GTT")),
        ((2, "ACA", "AGCA"), (2, "A", "AG")),
        ((9, "TT", "TTTG"), (10, "T", "TTG")),
        ((9, "TTTTT", "TG"), (10, "TTTT", "G")),
        # At the contig's first base there is none before: the one after stands behind.
        ((1, "GA", "A"), (1, "GA", "A")),
        ((1, "GAC", "C"), (1, "GAC", "C")),
        ((1, "G", "TTG"), (1, "G", "TTG")),
        ((1, "G", "AG"), (1, "G", "AG")),
        ((1, "GA", "GGA"), (1, "G", "GG")),
        # Up to the contig's last base.
        ((28, "C", "CC"), (26, "C", "CC")),
        # A base that is not known is neither passed over nor put before an allele.
        ((20, "T", "TT"), (19, "T", "TT")),
        ((20, "TT", "T"), (19, "TT", "T")),
        ((18, "A", "AT"), (19, "T", "TT")),
        ((17, "C", "G"), (17, "C", "G")),
        # An inserted run that comes round more than once.
        ((8, "A", "ACACACA"), (1, "G", "GACACAC")),
    ],
)
def test_one_way_to_write_it(given_as: Variant, expected: Variant) -> None:
    assert norms([given_as], SEQUENCE) == [expected]


def test_events_at_the_first_base_move_there() -> None:
    assert norms([(2, "TT", "T")], "TTTA") == [(1, "TT", "T")]
    assert norms([(3, "T", "TT")], "TTTA") == [(1, "T", "TT")]
    assert norms([(1, "TTTA", "A")], "TTTAC") == [(1, "TTTA", "A")]
    assert norms([(4, "TATA", "TA")], "TATATAG") != norms([(4, "ATA", "A")], "TATATAG")
    assert norms([(4, "ATA", "A")], "TATATAG") == [(1, "TAT", "T")]


def test_the_whole_contig_deleted_keeps_its_alleles() -> None:
    """No base is left to stand beside the event."""
    assert norms([(1, "ACG", "T")], "ACG") == [(1, "ACG", "T")]
    assert norms([(2, "NA", "N"), (2, "AC", "A")], "NANN") == [(2, "NA", "N"), (2, "AC", "A")]


def test_long_alleles() -> None:
    sequence = "G" + "ACGTT" * 300 + "C"
    deletion = (750, sequence[749:1250], sequence[749])
    assert len(deletion[1]) == 501
    assert norms([deletion], sequence) == [(1, sequence[:501], "G")]
    insertion = (1501, "T", "T" + "ACGTT" * 200)
    assert norms([insertion], sequence) == [(1, "G", "G" + "ACGTT" * 200)]
    assert norms([(1, sequence[:600], sequence[:599])], sequence) != [(1, sequence[:600], "")]


def test_long_alleles_become_short_ones_and_stay_with_their_rows() -> None:
    sequence = "GATTACA" * 10
    long, short = (8, "GATTACAGATTACA", "GATTACAGATTACC"), (3, "T", "TC")
    kept = (8, "GATTACAGATTACA", "T")
    done = norm([short, long, kept, long], sequence)
    assert done.alleles.spelt["row"].to_list() == [2]
    assert written(done.alleles).rows() == [
        ("T", "TC"), ("A", "C"), ("GATTACAGATTACA", "T"), ("A", "C"),
    ]  # fmt: skip
    assert done.alleles.record.tolist() == [0, 1, 2, 3]
    assert done.changed.tolist() == [False, True, False, True]


def test_lower_case_of_any_side() -> None:
    frame = normalised_frame(table([(13, "tt", "t")]), bases(SEQUENCE))
    assert frame.select("position", "ref", "alt").rows() == [(8, "AT", "A")]


def test_what_is_no_sequence_stays() -> None:
    variants = [(13, "T", "<DEL>"), (13, "T", "*"), (13, "TT", "."), (13, "TT", "TR"),
                (13, "T", "T]chr1:9]"), (17, "N", "T"), (13, "TT", "TT")]  # fmt: skip
    done = norm(variants, SEQUENCE)
    assert norms(variants, SEQUENCE) == variants
    assert not done.usable.any()
    assert not done.mismatch.any()


def test_mismatch_and_outside_stay_and_are_told_apart() -> None:
    variants = [(1, "C", "T"), (13, "TA", "T"), (28, "CC", "C"), (29, "A", "C"), (0, "A", "C"),
                (17, "ATT", "A"), (5, "C", "G")]  # fmt: skip
    done = norm(variants, SEQUENCE)
    assert norms(variants, SEQUENCE)[:5] == variants[:5]
    assert done.mismatch.tolist() == [True, True, False, False, False, False, False]
    assert done.outside.tolist() == [False, False, True, True, True, False, False]
    assert done.usable.tolist() == [False] * 5 + [True, True]


def test_nothing_at_all() -> None:
    assert norms([], SEQUENCE) == []
    assert norms([(1, "A", "C")], "") == [(1, "A", "C")]


def test_frame_keeps_rows_and_columns() -> None:
    frame = table([(13, "TT", "T"), (1, "C", "T"), (3, "C", "<DEL>")]).with_columns(
        name=pl.Series(["x", "y", "z"])
    )
    got = normalised_frame(frame, bases(SEQUENCE))
    assert got["name"].to_list() == ["x", "y", "z"]
    assert got.schema["code"] == pl.UInt32
    assert got.schema["position"] == pl.Int32
    assert got.select("clear", "mismatch", "outside").rows() == [
        (True, False, False), (True, True, False), (False, False, False),
    ]  # fmt: skip


# Properties

repeats = st.tuples(
    st.text("ACG", min_size=1, max_size=4), st.integers(1, 6), st.text("ACGTN", max_size=4)
).map(lambda parts: parts[0] * parts[1] + parts[2])
sequences = st.lists(repeats, min_size=1, max_size=5).map("".join)


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, list[Variant]]:
    """A sequence rich in repeats, and variants of it."""
    sequence = draw(sequences)
    variants = []
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(sequence) - 1))
        ref = sequence[start : start + draw(st.integers(1, 14))]
        alt = draw(st.one_of(
            st.text("ACGT", min_size=1, max_size=14),
            st.just(ref[:1]),
            st.integers(1, 5).map(lambda n, ref=ref: ref + ref * n),
            st.just(ref + sequence[start : start + 3]),
        ))  # fmt: skip
        variants.append((start + 1, ref, alt))
    return sequence, variants


@given(cases())
@settings(max_examples=120, deadline=None)
def test_properties(case: tuple[str, list[Variant]]) -> None:
    sequence, variants = case
    done = norm(variants, sequence)
    got = norms(variants, sequence)
    assert norms(got, sequence) == got, "idempotent"
    assert norms(variants[::-1], sequence) == got[::-1], "order-independent"
    assert len(got) == len(variants), "nothing lost"
    for before, after, usable in zip(variants, got, done.usable.tolist(), strict=True):
        assert usable == ("N" not in before[1] + before[2] and before[1] != before[2])
        assert applied(after, sequence) == applied(before, sequence), "same haplotype"
        if usable:
            assert set(after[1] + after[2]) <= set("ACGT")
            assert after[0] <= before[0] + len(before[1])


@given(cases())
@settings(max_examples=100, deadline=None)
def test_same_haplotype_same_words(case: tuple[str, list[Variant]]) -> None:
    """Two ways to write one insertion or deletion come out as one."""
    sequence, variants = case
    if "N" in sequence:
        return
    got = norms(variants, sequence)
    words: dict[str, Variant] = {}
    for before, after in zip(variants, got, strict=True):
        if len(after[1]) == len(after[2]) or min(len(after[1]), len(after[2])) > 1:
            continue  # substitutions and complex changes are trimmed, not moved
        if before[1] == before[2]:
            continue
        haplotype = applied(before, sequence)
        if len(after[1]) == 1 or len(after[2]) == 1:
            assert words.setdefault(haplotype, after) == after


def brute_force(variant: Variant, sequence: str) -> Variant:
    """Tan et al. 2015, algorithm 1, base by base."""
    position, ref, alt = variant
    while True:
        if ref and alt and ref[-1] == alt[-1]:
            ref, alt = ref[:-1], alt[:-1]
        elif (not ref or not alt) and position > 1:
            position -= 1
            ref, alt = sequence[position - 1] + ref, sequence[position - 1] + alt
        elif not ref or not alt:
            after = sequence[len(ref)]
            return position, ref + after, alt + after
        else:
            break
    while min(len(ref), len(alt)) > 1 and ref[0] == alt[0]:
        position, ref, alt = position + 1, ref[1:], alt[1:]
    return position, ref, alt


@given(cases())
@settings(max_examples=120, deadline=None)
def test_same_as_the_published_algorithm(case: tuple[str, list[Variant]]) -> None:
    sequence, variants = case
    sequence += "T"
    chosen = [v for v in variants if v[1] != v[2]]
    if "N" not in sequence:
        assert norms(chosen, sequence) == [brute_force(v, sequence) for v in chosen]


def random_variants(sequence: str, count: int, generator: random.Random) -> list[Variant]:
    variants = []
    for _ in range(count):
        start = generator.choice([0, 1, 2, generator.randrange(len(sequence) - 40)])
        size = generator.choice([1, 1, 2, 3, 5, 12, 30])
        ref = sequence[start : start + size]
        alt = generator.choice([
            ref[0], ref + ref, ref[0] + sequence[start : start + 4] + ref[1:],
            "".join(generator.choices("ACGT", k=generator.choice([1, 2, 3]))),
            ref + ref[-1],
        ])  # fmt: skip
        if ref != alt:
            variants.append((start + 1, ref, alt))
    return variants


def test_same_as_bcftools_norm(tmp_path: Path) -> None:
    generator = random.Random(11)
    sequence = "".join(
        "".join(generator.choices("ACGT", k=generator.choice([1, 2, 3, 5])))
        * generator.randrange(9)
        for _ in range(1_500)
    )
    fasta = tmp_path / "a.fa"
    fasta.write_text(f">c\n{sequence}\n")
    pysam.faidx(str(fasta))
    variants = random_variants(sequence, 3_000, generator)
    rows = "".join(f"c\t{p}\t{n}\t{r}\t{a}\t.\t.\t.\n" for n, (p, r, a) in enumerate(variants))
    header = f"##fileformat=VCFv4.2\n##contig=<ID=c,length={len(sequence)}>\n"
    names = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    said = subprocess.run(
        ["bcftools", "norm", "--no-version", "-f", fasta, "-"],
        input=header + names + rows, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    expected = {}
    for line in said.splitlines():
        if not line.startswith("#"):
            _, position, name, ref, alt = line.split("\t")[:5]
            expected[int(name)] = (int(position), ref, alt)
    got = norms(variants, sequence)
    assert got == [expected[n] for n in range(len(variants))]
    assert sum(variant != before for variant, before in zip(got, variants, strict=True)) > 500


# The wrong build


def test_build_check_lets_single_odd_records_pass() -> None:
    check = BuildCheck(Path("한글.vcf"), "genome.fa")
    check.add(norm([(1, "C", "T"), (2, "C", "T")], SEQUENCE))
    assert check.finish() == {"": 2}
    check.add(norm([(2, "A", "T")] * 3, SEQUENCE))
    check.add(norm([(100, "A", "T")], SEQUENCE))
    assert (check.checked, check.wrong) == (6, 3)
    check.finish()


def test_build_check_names_the_share() -> None:
    check = BuildCheck(Path("한글.vcf"), "genome.fa")
    long = "ACGT" * 10
    check.add(norm([(1, long, "T"), (2, "C", "T"), (3, "A", "T"), (2, "A", "T")], SEQUENCE))
    with pytest.raises(FaultError) as caught:
        check.finish()
    (fault,) = caught.value.faults
    assert fault.code == "wrong-build"
    assert "3 of 4 ref alleles (75.0 %)" in fault.found
    assert f"{long[:20]} at :1" in fault.found
    assert "genome.fa" in fault.allowed


def test_build_check_may_be_strict_and_does_not_read_on() -> None:
    strict = BuildCheck(Path("a.vcf"), "genome.fa", most=0, few=1)
    strict.add(norm([(2, "A", "T")] * 99 + [(1, "C", "T")], SEQUENCE))
    with pytest.raises(FaultError, match=r"1 of 100 ref alleles \(1.0 %\)"):
        strict.finish()
    early = BuildCheck(Path("a.vcf"), "genome.fa")
    with pytest.raises(FaultError, match="10000 of 10000"):
        early.add(norm([(1, "C", "T")] * 10_000, SEQUENCE))


# bcftools' and vt's own examples

Placed = tuple[str, Variant]
"""Contig and variant."""


def placed(path: Path, genome: Genome | None = None) -> Counter[Placed]:
    """A file's alleles; normalised if there is a reference."""
    found: Counter[Placed] = Counter()
    for batch in read_alleles(path):
        alleles = batch
        if genome:
            done = normalised(batch, genome.sequence(batch.contig))
            assert not done.mismatch.any()
            alleles = done.alleles
        words = written(alleles)
        rows = zip(alleles.position.tolist(), words["ref"], words["alt"], strict=True)
        found.update((batch.contig, row) for row in rows)
    return found


@pytest.fixture
def example(shared_data: Path, tmp_path: Path) -> Path:
    """Folder with a copy of bcftools' examples, in which references can be indexed."""
    return Path(shutil.copytree(shared_data / "normalisation", tmp_path / "examples"))


@pytest.mark.shared
def test_bcftools_norm_example(example: Path) -> None:
    """Every line of ``norm.out``: the same, or the same variant with a longer ref.

    ``bcftools norm`` aligns the alleles of a record together, so that one ref serves all of
    them; ours are split before. Its alleles, taken one by one, are ours.
    """
    genome = Genome(example / "norm.fa")
    ours, theirs = placed(example / "norm.vcf", genome), placed(example / "norm.out")
    one_by_one = placed(example / "norm.out", genome)
    assert ours - one_by_one == Counter({
        # Not an alternate allele: bcftools cuts such a ref to its first base.
        ("20", (59, "AG", ".")): 1,
        # Not a base: bcftools leaves the record out; here it is kept, and not clear.
        ("4", (37, "C", "I")): 1,
    })  # fmt: skip
    assert one_by_one - ours == Counter({("20", (59, "A", ".")): 1})
    shared_ref = {
        ("1", 105): 1, ("2", 114): 1, ("20", 5): 3, ("20", 59): 1, ("3", 10): 6, ("4", 36): 3,
        ("4", 25): 1,
    }  # fmt: skip
    differing = Counter((contig, variant[0]) for contig, variant in (theirs - ours).elements())
    assert differing == shared_ref


@pytest.mark.shared
def test_bcftools_split_example(example: Path) -> None:
    """Every line of ``norm.split.out``, which is split and not aligned; then aligned."""
    assert placed(example / "norm.split.vcf") == placed(example / "norm.split.out")
    genome = Genome(example / "norm.fa")
    aligned = placed(example / "norm.split.vcf", genome)
    assert aligned == placed(example / "norm.split.out", genome)
    assert aligned["20", (273, "C", "CAA")] == 2
    assert aligned["21", (1, "T", "TTTATTA")] == 1


@pytest.mark.shared
def test_bcftools_second_example(example: Path) -> None:
    """Every line of ``norm.2.out`` but the one whose ref is no base."""
    genome = Genome(example / "norm.2.fa")
    ours, theirs = placed(example / "norm.2.vcf", genome), placed(example / "norm.2.out")
    # bcftools was told to write the reference's base for B, which is C, G or T; there is an A.
    assert ours - theirs == Counter({("1", (14, "B", "BGC")): 1})
    assert theirs - ours == Counter({("1", (14, "A", "AGC")): 1})


@pytest.mark.shared
@pytest.mark.skipif(not VT.exists(), reason="Debian's package vt-examples is not installed")
def test_vt_example(example: Path) -> None:
    """Every line of ``vt normalize`` on chromosome 20 of b37."""
    fasta = example / "20.fa"
    with gzip.open(VT) as packed, fasta.open("wb") as out:
        shutil.copyfileobj(packed, out)
    given_as = placed(example / "vt_b37_chr20_IN.vcf.gz")
    theirs = placed(example / "vt_b37_chr20_OUT.vcf.gz")
    ours = placed(example / "vt_b37_chr20_IN.vcf.gz", Genome(fasta))
    assert ours == theirs
    assert (given_as - ours).total() == 80


@pytest.mark.shared
def test_files_are_read_in_order_and_keep_their_records(example: Path) -> None:
    batches = [b for b in read_alleles(example / "norm.vcf") if b.contig == "20"]
    done = normalised(joined(batches), Genome(example / "norm.fa").sequence("20"))
    ordered = take(done.alleles, key_order(done.alleles))
    assert ordered.record.tolist() != sorted(ordered.record.tolist())
    assert np.all(np.diff(ordered.position) >= 0)
