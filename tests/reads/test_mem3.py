"""bwa-mem3 as a tool: batches as bwa takes them, and failures that are told."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soyang.reads.mem3 import batches, islands_places


def fastq(lengths: list[int], comment: str = "") -> bytes:
    """Two entries for each length: mates of that many bases."""
    rows = [(f"r{n}/{mate}{comment}", "A" * k) for n, k in enumerate(lengths) for mate in (1, 2)]
    return "".join(f"@{name}\n{bases}\n+\n{'I' * len(bases)}\n" for name, bases in rows).encode()


def read(content: bytes, *, bases: int = 100, paired: bool = True, tagged: bool = False):
    return list(batches(io.BytesIO(content), bases=bases, paired=paired, tagged=tagged))


def as_bwa(lengths: list[int], chunk: int) -> list[int]:
    """Pairs of each batch, as ``bseq_read`` of bwa counts: until there are enough bases and an
    even number of reads."""
    sizes, reads, size = [], 0, 0
    for length in (k for k in lengths for _ in (1, 2)):
        reads, size = reads + 1, size + length
        if size >= chunk and reads % 2 == 0:
            sizes.append(reads // 2)
            reads = size = 0
    return [*sizes, *([reads // 2] if reads else [])]


@given(st.lists(st.integers(1, 300), max_size=40), st.integers(1, 1000))
def test_batches_are_bwas(lengths, chunk):
    found = read(fastq(lengths), bases=chunk)
    assert [len(batch.pairs) for batch in found] == as_bwa(lengths, chunk)
    names = [one[0] for batch in found for one, _ in batch.pairs]
    assert names == [f"r{n}".encode() for n in range(len(lengths))]
    assert all(two and two[0] == one[0] for batch in found for one, two in batch.pairs)


def test_more_reads_than_are_read_at_a_time():
    lengths = [10] * 5_000
    assert [len(batch.pairs) for batch in read(fastq(lengths), bases=40_000)] == [2000, 2000, 1000]


def test_comments_are_tags_where_they_are_said_to_be():
    content = fastq([4], " RG:Z:a\tRX:Z:AC")
    assert read(content, tagged=True)[0].tags == [b"RGZa\0RXZAC\0"]
    assert read(content)[0].tags == [b""]
    (batch,) = read(content, paired=False, bases=100)
    assert [(one[0], two) for one, two in batch.pairs] == [(b"r0", None), (b"r0", None)]


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 5, 7])
def test_a_stream_that_ends_within_a_pair_is_told(cut):
    content = b"".join(fastq([5, 5]).splitlines(keepends=True)[:-cut])
    with pytest.raises(ValueError, match="ends within a read or a pair"):
        read(content)


def test_a_read_that_is_not_the_mate_is_told():
    content = fastq([5]) + fastq([5, 5])[: len(fastq([5])) // 2]
    content += b"@other\nA\n+\nI\n"
    with pytest.raises(ValueError, match="r0 is followed by other"):
        read(content)


def tool(world, *words: str, content: bytes = b""):
    command = [sys.executable, "-m", "soyang.reads.mem3", "--prefix", str(world.index / "genome")]
    command += ["--reference", str(world.fasta), "--batch-bases", "1000", "--threads", "2", *words]
    return subprocess.run(command, input=content, capture_output=True, check=False)


def test_the_tool_is_silent_when_all_is_well(world):
    ended = tool(world, content=fastq([50] * 30))
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.count(b"r29\0") == 2
    nothing = tool(world)
    assert (nothing.returncode, nothing.stdout) == (0, b"")


def test_the_tool_fails_with_its_reason(world):
    ended = tool(world, content=b"".join(fastq([50]).splitlines(keepends=True)[:-1]))
    assert ended.returncode == 1
    assert ended.stderr.decode().endswith("bwa-mem3: the FASTQ ends within a read or a pair\n")
    missing = tool(world, "--prefix", "none")
    assert missing.returncode != 0 and b"none" in missing.stderr


def test_places_of_islands(world):
    places = islands_places(world.index / "islands.tsv", world.fasta)
    assert places.contig.tolist() == [0, 0, 1]
    assert places.offset.tolist() == [30_000, 64_050, 0]
    assert places.named[b"island_2"] == (b"chr20", 64_050)
