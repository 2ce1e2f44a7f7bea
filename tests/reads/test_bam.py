"""BAM records as bytes, against pysam's reading of them."""

from __future__ import annotations

import io
import struct
from tempfile import TemporaryDirectory

import numpy as np
import pysam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soyang.reads import bam
from soyang.reads.cram import bam_header, header_text

CONTIGS = [("chr1", 90_000), ("chr2", 50_000)]
ISLANDS = [("island_1", "chr1", 10_000), ("island_2", "chr1", 40_000), ("island_3", "chr2", 7)]
PLACES = bam.Places(
    contig=np.array([0, 0, 1], dtype=np.int32),
    offset=np.array([10_000, 40_000, 7], dtype=np.int32),
    named={name.encode(): (contig.encode(), offset) for name, contig, offset in ISLANDS},
)
ON_ISLANDS = pysam.AlignmentHeader.from_dict(
    {"HD": {"VN": "1.6"}, "SQ": [{"SN": name, "LN": 9_000} for name, _, _ in ISLANDS]}
)


def record(line: str) -> bytes:
    """Bytes of a SAM line, as htslib writes them into BAM."""
    with TemporaryDirectory() as folder:
        path = f"{folder}/x.bam"
        with pysam.AlignmentFile(path, "wb", header=ON_ISLANDS) as out:
            out.write(pysam.AlignedSegment.fromstring(line.replace(" ", "\t"), ON_ISLANDS))
        with pysam.BGZFile(path) as opened:
            content = opened.read()
    (text,) = struct.unpack_from("<i", content, 4)
    place = 8 + text + 4
    for _ in ISLANDS:
        (name,) = struct.unpack_from("<i", content, place)
        place += 4 + name + 4
    return bytes(content[place:])


def lines(records: bytes, folder) -> list[str]:
    """SAM lines of records behind our header, as samtools reads a pipe of them."""
    text = "".join(f"@SQ\tSN:{name}\tLN:{length}\n" for name, length in CONTIGS)
    path = folder / "읽기.bam"
    path.write_bytes(bam_header(header_text("SO:unsorted", text.splitlines()), CONTIGS) + records)
    return [line.replace("\t", " ") for line in pysam.view(str(path)).splitlines()]


MOVED = {
    "a pair": (
        "r 99 island_1 101 60 4M = 151 54 ACGT IIII NM:i:0",
        "r 99 chr1 10101 60 4M = 10151 54 ACGT IIII NM:i:0",
    ),
    "mates on two islands": (
        "r 97 island_2 1 60 4M island_3 5 0 ACGT IIII",
        "r 97 chr1 40001 60 4M chr2 12 0 ACGT IIII",
    ),
    "not aligned": ("r 77 * 0 0 * * 0 0 ACGT IIII", "r 77 * 0 0 * * 0 0 ACGT IIII"),
    "others": (
        "r 0 island_3 1 0 4M * 0 0 ACGT IIII XA:Z:island_1,+5,4M,0;island_2,-9,2M2S,1; AS:i:4 "
        "SA:Z:island_1,7,+,2S2M,60,0; ZZ:f:1.5",
        "r 0 chr2 8 0 4M * 0 0 ACGT IIII XA:Z:chr1,+10005,4M,0;chr1,-40009,2M2S,1; AS:i:4 "
        "SA:Z:chr1,10007,+,2S2M,60,0; ZZ:f:1.5",
    ),
}


@pytest.mark.parametrize("case", MOVED.values(), ids=MOVED.keys())
def test_records_are_moved_to_contigs(tmp_path, case):
    before, after = case
    assert lines(bam.joined([record(before)], PLACES), tmp_path) == [after]


def test_many_records_are_moved_as_each_one(tmp_path):
    befores = [before for before, _ in MOVED.values()] * 3
    joined = bam.joined([record(line) for line in befores], PLACES)
    assert joined == b"".join(bam.joined([record(line)], PLACES) for line in befores)
    assert bam.joined([], PLACES) == b""


def test_letters_of_a_tag_in_the_bases_qualities_are_no_tag(tmp_path):
    """Qualities 83, 65 and 90 are the letters S, A and Z."""
    line = "r 0 island_1 1 60 6M * 0 0 ACGTAC t\x62{t\x62{ NM:i:0"
    assert b"SAZ" in record(line)
    (found,) = lines(bam.joined([record(line)], PLACES), tmp_path)
    assert found == line.replace("island_1 1", "chr1 10001")


@pytest.mark.parametrize("value", [0, 200, 300, 70_000])
def test_the_number_of_hits_is_left_out_whatever_its_size(tmp_path, value):
    line = f"r 4 * 0 0 * * 0 0 ACGT IIII AS:i:0 HN:i:{value}"
    kept = bam.joined([bam.without_hits(record(line))], None)
    assert lines(kept, tmp_path) == [line.rsplit(" ", 1)[0]]


def test_a_record_without_hits_stays():
    whole = record("r 4 * 0 0 * * 0 0 ACGT IIII AS:i:0")
    assert bam.without_hits(whole) == whole


def test_a_single_read_says_nothing_of_a_mate(tmp_path):
    line = "r 89 island_1 5 60 4M = 5 0 ACGT IIII MQ:i:3 MC:Z:4M AS:i:4"
    alone = bam.joined([bam.unpaired(record(line))], None)
    assert lines(alone, tmp_path) == ["r 16 chr1 5 60 4M * 0 0 ACGT IIII AS:i:4"]
    lost = "r 69 island_1 5 0 * = 5 0 ACGT IIII AS:i:0"
    alone = bam.joined([bam.unpaired(record(lost))], None)
    assert lines(alone, tmp_path) == ["r 4 * 0 0 * * 0 0 ACGT IIII AS:i:0"]


def test_comments_become_tags(tmp_path):
    tags = bam.tags_of(b"RG:Z:a:b\tRX:Z:ACGT-TT")
    whole = bam.joined([record("r 4 * 0 0 * * 0 0 ACGT IIII") + tags], None)
    assert lines(whole, tmp_path) == ["r 4 * 0 0 * * 0 0 ACGT IIII RG:Z:a:b RX:Z:ACGT-TT"]
    assert bam.tags_of(b"") == b""


letters = st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="@")
names = st.text(letters, min_size=1, max_size=30)
places = st.tuples(st.sampled_from([-1, 0, 1, 2]), st.integers(0, 8_000))


@given(st.lists(st.tuples(names, places, places), min_size=1, max_size=6))
def test_fields_of_any_length_are_found(rows):
    records = []
    for name, (contig, start), (mate, mate_start) in rows:
        fixed = struct.pack(
            "<iiBBHHHiiii", contig, start, len(name) + 1, 60, 0, 0, 0, 0, mate, mate_start, 0
        )
        body = fixed + name.encode() + b"\0"
        records.append(struct.pack("<i", len(body)) + body)
    stream = io.BytesIO(bam.joined(records, PLACES))
    for (_, *asked), original in zip(rows, records, strict=True):
        found = stream.read(len(original))
        for place, (contig, start) in zip((4, 24), asked, strict=True):
            expected = (contig, start)
            if contig >= 0:
                expected = (int(PLACES.contig[contig]), start + int(PLACES.offset[contig]))
            assert struct.unpack_from("<ii", found, place) == expected
        assert found[:4] == original[:4] and found[36:] == original[36:]
