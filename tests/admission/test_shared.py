"""Real transcripts have no fault on their own assembly, and one on another."""

from __future__ import annotations

from pathlib import Path

import pytest

from soyang.admission.fastq import check_pair
from soyang.admission.knowledge import transcript_faults
from soyang.admission.reference import open_reference
from soyang.core.assembly import Assembly

SLICE_START = 43_044_045
"""0-based GRCh38 position of the first base of the BRCA1 slice on chr17."""

pytestmark = pytest.mark.shared


@pytest.fixture
def make_reference(shared_data: Path, tmp_path: Path):
    def make(shift: int = 0) -> Path:
        lines = (shared_data / "na12878_brca1" / "hg38-brca1.fasta").read_text().splitlines()
        path = tmp_path / "genome.fa"
        path.write_text(f">chr17\n{'N' * (SLICE_START + shift)}{''.join(lines[1:])}\n")
        return path

    return make


def test_right_assembly(make_reference, shared_data):
    mane = shared_data / "mane" / "MANE.GRCh38.gff3.gz"
    with open_reference(make_reference(), Assembly.GRCH38) as reference:
        assert list(transcript_faults(mane, Assembly.GRCH38, reference)) == []


def test_shifted_positions(make_reference, shared_data):
    mane = shared_data / "mane" / "MANE.GRCh38.gff3.gz"
    with open_reference(make_reference(shift=-7), Assembly.GRCH38) as reference:
        faults = list(transcript_faults(mane, Assembly.GRCH38, reference))
    assert [fault.code for fault in faults] == ["wrong-build"]


def test_real_reads_are_whole(shared_data):
    folder = shared_data / "na12878_brca1"
    assert list(check_pair(folder / "BRCA1_R1.fastq.gz", folder / "BRCA1_R2.fastq.gz")) == []
