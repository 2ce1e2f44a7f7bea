"""A chromosome cut short says the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pysam
import pytest

from soyang.annotation.engines import csq
from soyang.annotation.engines.compact import Compact, compacted
from soyang.annotation.engines.csq import Csq
from soyang.annotation.engines.pieces import Pieces
from soyang.annotation.genome import Genome
from tests.annotation.conftest import World, numbered
from tests.annotation.test_consequence import drawn


def ints(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def test_the_compact_chromosome_says_what_the_whole_one_says(
    demo: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites = numbered(drawn(demo, each=300, seed=44))
    sites = sites.filter(pl.col("ref").str.len_bytes() < 600)
    asked = (sites, demo.genome, demo.known)
    assert sites.height > csq._MANY

    short = Csq().predict(*asked, threads=1).sort("site", "id")
    monkeypatch.setattr(csq, "_MANY", sites.height + 1)
    whole = Csq().predict(*asked, threads=1).sort("site", "id")

    assert short.height > 9_000
    assert short.equals(whole)


def test_what_is_kept(demo: World) -> None:
    compact = compacted("chr20", demo.genome.lengths["chr20"], demo.known)
    edges = demo.known.exons.select(pl.col("start"), pl.col("end") - 1)

    assert compact.length < 80_000
    for column in edges.columns:
        places = edges[column].to_numpy()
        assert (compact.piece(places) >= 0).all()
    assert (compact.piece(edges["start"].to_numpy() - 61) == -1).any()
    lines = compact.lines(demo.known)
    sizes = [pl.col(end).cast(pl.Int64) for end in ("end", "start")]
    before = demo.known.lines.filter(pl.col("type") == "exon").select(sizes[0] - sizes[1])
    after = lines.filter(pl.col("type") == "exon").select(sizes[0] - sizes[1])
    assert after.equals(before)


def test_places_move_with_their_piece() -> None:
    compact = Compact("c", ints(10, 100), ints(20, 130), ints(0, 10))

    assert compact.length == 40
    assert compact.piece(ints(9, 10, 19, 20, 129, 130)).tolist() == [-1, 0, 0, -1, 1, -1]
    # What is cut out goes to the next base that is kept, at the end to the last.
    assert compact.moved(ints(0, 10, 19, 50, 100, 129, 500)).tolist() == [0, 0, 9, 10, 10, 39, 39]
    rows = [("c", 15, "ACG", "A"), ("c", 19, "ACG", "A"), ("c", 60, "A", "G")]
    inside, others = compact.sites(numbered(rows))
    assert inside.select("site", "position").rows() == [(0, 5)]
    assert others["position"].to_list() == [19, 60]


@pytest.mark.parametrize("zipped", [False, True])
def test_pieces_are_the_reference_s(
    make_fasta: Callable[..., Path], tmp_path: Path, zipped: bool
) -> None:
    generator = random.Random(2)
    text = "".join(generator.choices("ACGTacgt", k=1000))
    path = make_fasta({"chr1": 70, "chr2": text}, name="한글 genome.fa")
    if zipped:
        other = tmp_path / "genome.fa.gz"
        pysam.tabix_compress(str(path), str(other))
        pysam.faidx(str(other))
        path = other
    spans = [(0, 1), (59, 61), (60, 120), (119, 500), (0, 1000), (999, 1000)]

    found = Pieces(Genome(path), "chr2").of(spans)

    assert found == [text[start:end].upper().encode() for start, end in spans]


def test_a_compact_contig_is_written_with_its_index(
    make_fasta: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_fasta({"c": 200})
    whole = pysam.FastaFile(str(path)).fetch("c")
    compact = Compact("c", ints(10, 100), ints(20, 130), ints(0, 10))

    compact.write(tmp_path / "short.fa", Pieces(Genome(path), "c"))

    with pysam.FastaFile(str(tmp_path / "short.fa")) as short:
        assert short.fetch("c") == whole[10:20] + whole[100:130]


def test_a_reference_that_ends_before_the_genes_do(
    demo: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fasta = tmp_path / "short.fa"
    behind = 5_960_000
    fasta.write_bytes(b">chr20\n" + demo.genome.sequence("chr20")[:behind].tobytes() + b"\n")
    pysam.faidx(str(fasta))
    genome = Genome(fasta)
    rows = [row for row in drawn(demo, each=20, seed=4) if row[1] + len(row[2]) < behind - 1_000]
    sites = numbered([row for row in rows if len(row[2]) < 50][:1500])

    whole = Csq().predict(sites, genome, demo.known, threads=1).sort("site", "id")
    monkeypatch.setattr(csq, "_MANY", 0)
    short = Csq().predict(sites, genome, demo.known, threads=1).sort("site", "id")

    assert short.height > 500
    assert short.equals(whole)
