"""Shards balanced by work: each known base once, about equal, and refused where they don't fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soyang.calling.balance import balance
from soyang.calling.shard_bed import EXPECTED_DEPTH, balanced, read_shards
from soyang.core.errors import FaultError
from soyang.core.interval import Interval


@pytest.fixture
def fasta(make_fasta):
    return make_fasta({"chr1": "N" * 100 + "ACGT" * 250 + "N" * 50 + "ACGT" * 25, "chrX": 400})


def test_shards_cover_each_known_base_once(fasta, tmp_path):
    bed = tmp_path / "조각.bed"
    balance(reference=fasta, name="toy.1", count=4, bed=bed)
    shards = read_shards(bed, fasta)
    assert len(shards) == 4
    places = [(i.contig, p) for shard in shards for i in shard for p in range(i.start, i.end)]
    known = [*range(100, 1_100), *range(1_150, 1_250)]
    assert places == [*(("chr1", p) for p in known), *(("chrX", p) for p in range(400))]
    assert bed.read_text().startswith("#soyang-shards version=toy.1 reference_md5=")


def test_work_is_about_equal():
    known = [Interval("chr1", 0, 60_000), Interval("chrX", 0, 40_000), Interval("chrY", 0, 40_000)]
    shards = balanced(known, 10, {})
    of_base = {c: 1 / 3 + 2 / 3 * EXPECTED_DEPTH.get(c[3:], 1.0) for c in ("chr1", "chrX", "chrY")}
    work = [sum(len(i) * of_base[i.contig] for i in shard) for shard in shards]
    assert len(work) == 10
    assert max(work) / min(work) < 1.01


def test_depth_draws_the_edges(fasta, tmp_path):
    depth, bed = tmp_path / "depth.bed", tmp_path / "shards.bed"
    depth.write_text("chr1\t0\t600\t90\r\nchr1\t600\t1250\t10\r\nchrX\t0\t400\t10\r\n")
    balance(reference=fasta, name="toy.2", count=2, bed=bed, depth=depth)
    first, second = (sum(map(len, shard)) for shard in read_shards(bed, fasta))
    assert first < second / 2
    assert first + second == 1_500


@given(
    stretches=st.lists(st.integers(1, 60), min_size=1, max_size=8),
    count=st.integers(1, 12),
)
def test_no_base_is_lost_or_twice(stretches, count):
    known, start = [], 0
    for length in stretches:
        known.append(Interval("chr2", start, start + length))
        start += length + 1
    shards = balanced(known, count, {"chr2": [(0, 20, 3.0), (40, 50, 0.0)]})
    places = [p for shard in shards for i in shard for p in range(i.start, i.end)]
    assert places == [p for i in known for p in range(i.start, i.end)]
    assert 1 <= len(shards) <= count


def bad(lines: list[str], change: str) -> list[str]:
    head, first, second, *rest = lines
    contig, start, end, shard = first.split("\t")
    return {
        "no version": [first, second, *rest],
        "other reference": [
            head[:-2] + ("0" if head[-2] != "0" else "1") + "0",
            first,
            second,
            *rest,
        ],
        "a base missing": [head, f"{contig}\t{int(start) + 1}\t{end}\t{shard}", second, *rest],
        "a base twice": [head, f"{contig}\t{start}\t{int(end) + 1}\t{shard}", second, *rest],
        "unknown contig": [head, first.replace("chr1", "chr9"), second, *rest],
        "beyond the end": [head, first, second, *rest, "chrX\t0\t500\t9"],
        "a shard parted": [head, first, second, *rest[:-1], rest[-1].rsplit("\t", 1)[0] + "\t1"],
        "no number": [head, f"{contig}\t{start}\tend\t{shard}", second, *rest],
        "nothing": [],
    }[change]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("no version", "soyang-shards version"),
        ("other reference", "which this run's reference has"),
        ("a base missing", "in no shard"),
        ("a base twice", "over the one before"),
        ("unknown contig", "chr9"),
        ("beyond the end", "end 500"),
        ("a shard parted", "shard 1 again"),
        ("no number", "row 2"),
        ("nothing", "found nothing"),
    ],
)
def test_a_bed_that_does_not_fit_is_refused(fasta, tmp_path, change, found):
    bed = tmp_path / "shards.bed"
    balance(reference=fasta, name="toy.1", count=3, bed=bed)
    bed.write_text("".join(f"{line}\n" for line in bad(bed.read_text().splitlines(), change)))
    with pytest.raises(FaultError, match=found) as error:
        read_shards(bed, fasta)
    assert error.value.faults[0].file == str(bed)
    assert "soyang calling balance" in error.value.faults[0].next_step


def test_windows_line_ends_and_bom_are_taken(fasta, tmp_path):
    bed = tmp_path / "shards.bed"
    balance(reference=fasta, name="toy.1", count=3, bed=bed)
    plain = read_shards(bed, fasta)
    bed.write_bytes(b"\xef\xbb\xbf" + bed.read_bytes().replace(b"\n", b"\r\n"))
    assert read_shards(bed, fasta) == plain


@pytest.mark.parametrize(("name", "count"), [("two words", 3), ("", 3), ("toy", 0)])
def test_a_name_has_no_space_and_there_is_a_shard(fasta, tmp_path, name, count):
    with pytest.raises(ValueError, match="shards named"):
        balance(reference=fasta, name=name, count=count, bed=tmp_path / "s.bed")
