"""Another person's DNA: estimates against simulated truth, and what is not assessed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest

from soyang.core.errors import FaultError
from soyang.core.tables import read_table
from soyang.identity.contamination import contamination
from soyang.identity.mixture import MOST, Reads, estimate
from soyang.identity.tables import CONTAMINATION
from tests.conftest import MakeVcf

ERROR = 0.002


def simulated(share: float, depth: float, sites: int = 3_000, seed: int = 1) -> Reads:
    """Reads of two people at common sites."""
    random = np.random.default_rng(seed)
    frequency = random.uniform(0.05, 0.95, sites)
    one, two = (random.binomial(2, frequency) / 2 for _ in range(2))
    alternate_share = (1 - share) * one + share * two
    reads = random.poisson(depth, sites)
    shown = alternate_share * (1 - ERROR) + (1 - alternate_share) * ERROR / 3
    alternate = random.binomial(reads, shown / (1 - 2 * ERROR / 3))  # of reads with either base
    return Reads(
        reference=(reads - alternate).astype(float),
        alternate=alternate.astype(float),
        frequency=frequency,
        known=False,
    )


def as_called(reads: Reads) -> Reads:
    """What calls leave of it: sites with two alternate alleles."""
    total = reads.reference + reads.alternate
    scores = [
        reads.alternate * np.log(p) + reads.reference * np.log(1 - p)
        for p in (ERROR, 0.5, 1 - ERROR)
    ]
    kept = (np.argmax(scores, axis=0) == 2) & (total >= 8)
    return Reads(
        reference=reads.reference[kept],
        alternate=reads.alternate[kept],
        frequency=reads.frequency[kept],
        known=True,
    )


@pytest.mark.parametrize("depth", [15, 30, 60])
def test_estimates_are_near_the_truth(depth: int, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{depth}x: truth, from reads (95 %), from calls (95 %)"]
    for truth in (0.0, 0.01, 0.02, 0.05, 0.1):
        reads = simulated(truth, depth)
        found, by_calls = estimate(reads), estimate(as_called(reads))
        lines.append(
            f"  {truth:5.1%}  {found.share:5.2%} ({found.low:.2%} to {found.high:.2%})"
            f"  {by_calls.share:5.2%} ({by_calls.low:.2%} to {by_calls.high:.2%})"
        )
        assert found.share == pytest.approx(truth, abs=0.002 + 0.06 * truth)
        assert found.low <= found.share <= found.high
        assert found.low - 0.003 <= truth <= found.high + 0.003
        # Much contamination turns calls with two alternate alleles into others: what is left
        # tells that it is much, and no more how much.
        if truth <= 0.05:
            assert by_calls.share == pytest.approx(truth, abs=0.003 + 0.2 * truth)
        else:
            assert by_calls.share >= truth
        assert (by_calls.share > 0.03) == (truth > 0.03)
    with capsys.disabled():
        print("\n" + "\n".join(lines))


def test_few_reads_give_a_wide_interval() -> None:
    few, many = (estimate(simulated(0.05, 30, sites=n)) for n in (200, 4_000))
    assert few.high - few.low > 3 * (many.high - many.low)


def test_half_of_another_is_the_most_there_can_be() -> None:
    assert estimate(simulated(0.5, 30)).share == pytest.approx(MOST, abs=0.08)


def test_no_sites_give_no_estimate() -> None:
    none = np.empty(0)
    with pytest.raises(ValueError, match="no sites"):
        estimate(Reads(reference=none, alternate=none, frequency=none, known=True))


def run(folder: Path, **options: Any) -> dict[str, Any]:
    out = folder / "한글" / "S1.tsv"
    words = {"sample": "S1", "min_contamination_sites": 200} | options
    contamination(**words, contamination=out)
    (row,) = read_table(out, CONTAMINATION).to_dicts()
    return row


def write_sites(path: Path, frequencies: dict[int, float | None], contig: str = "chr20") -> Path:
    lines = ["##fileformat=VCFv4.2", f"##contig=<ID={contig}>"]
    if any(frequencies.values()):
        lines.append('##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency">')
    lines.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
    for position, frequency in frequencies.items():
        info = f"AF={frequency}" if frequency is not None else "."
        lines.append(f"{contig}\t{position}\t.\tA\tG\t.\t.\t{info}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A CRAM with 5 % of another's reads at 400 sites, its reference, and the sites.

    One of the sites has by chance less than half of the usual depth.
    """
    tmp_path = tmp_path_factory.mktemp("섞인 시료")
    random = np.random.default_rng(2)
    positions = np.arange(400) * 200 + 100
    frequency = random.uniform(0.1, 0.9, 400)
    one, two = (random.binomial(2, frequency) / 2 for _ in range(2))
    base = random.choice(list("CT"), 80_200)
    base[positions - 1] = "A"
    fasta = tmp_path / "genome.fa"
    fasta.write_text(f">chr20\n{''.join(base)}\n")
    pysam.faidx(str(fasta))
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chr20", "LN": 80_200}],
              "RG": [{"ID": "1", "SM": "S1"}]}  # fmt: skip
    cram = tmp_path / "S1.cram"
    with pysam.AlignmentFile(str(cram), "wc", header=header, reference_filename=str(fasta)) as out:
        for n, position in enumerate(positions.tolist()):
            for _ in range(random.poisson(30)):
                share = two[n] if random.random() < 0.05 else one[n]
                letters = base[position - 51 : position + 49].copy()
                letters[50] = "G" if random.random() < share else "A"
                read = pysam.AlignedSegment(out.header)
                read.query_name = f"r{n}.{random.integers(1 << 60)}"
                read.query_sequence = "".join(letters)
                read.query_qualities = pysam.qualitystring_to_array("I" * 100)
                read.reference_id, read.reference_start = 0, position - 51
                read.mapping_quality, read.cigartuples = 60, [(0, 100)]
                read.set_tag("RG", "1")
                out.write(read)
    subprocess.run(["samtools", "index", cram], check=True)
    sites = dict(zip(positions.tolist(), frequency.round(4).tolist(), strict=True))
    return cram, fasta, write_sites(tmp_path / "sites.vcf", sites)


def test_reads_of_a_cram_are_counted(mixed: tuple[Path, Path, Path], tmp_path: Path) -> None:
    cram, fasta, sites = mixed
    row = run(tmp_path, cram=cram, reference=fasta, sites=sites)
    assert (row["source"], row["sites"], row["assessed"]) == ("pileup", 399, True)
    assert row["depth"] == pytest.approx(30, abs=1.5)
    assert row["estimate"] == pytest.approx(0.05, abs=0.015)
    assert row["low"] < 0.05 < row["high"]
    first = (tmp_path / "한글" / "S1.tsv").read_bytes()
    run(tmp_path, cram=cram, reference=fasta, sites=sites)
    assert (tmp_path / "한글" / "S1.tsv").read_bytes() == first


def test_sites_in_the_other_spelling_do_as_well(
    mixed: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    cram, fasta, sites = mixed
    other = tmp_path / "other.vcf"
    other.write_text(sites.read_text().replace("chr20", "20"))
    assert run(tmp_path, cram=cram, reference=fasta, sites=other)["sites"] == 399


def test_anothers_reads_are_refused(mixed: tuple[Path, Path, Path], tmp_path: Path) -> None:
    cram, fasta, sites = mixed
    with pytest.raises(FaultError, match="found S1; allowed: the sample S2"):
        run(tmp_path, sample="S2", cram=cram, reference=fasta, sites=sites)


def records(count: int) -> list[str]:
    return [
        f"chr20 {100 * n} . A G . PASS . GT:DP:AD:GQ 1/1:30:{n % 10 // 7},{30 - n % 10 // 7}:90"
        for n in range(1, count + 1)
    ]


def test_calls_of_a_vcf_are_counted(make_vcf: MakeVcf, tmp_path: Path) -> None:
    others = [
        "chr20 90010 . A G . PASS . GT:DP:AD:GQ 0/1:30:15,15:90",
        "chr20 90020 . A G . PASS . GT:DP:AD:GQ 1/1:30:0,30:10",
        "chr20 90030 . A G . LowQual . GT:DP:AD:GQ 1/1:30:0,30:90",
        "chr20 90040 . A G . PASS . GT:DP:AD:GQ 1/1:7:0,7:90",
        "chr20 90050 . A G . PASS . GT:DP:AD:GQ 1/1:90:0,90:90",
        "chr20 90060 . A G . PASS . GT:DP:AD:GQ 1/1:30:.:90",
        "chr20 90070 . A G . PASS . GT:DP:AD:GQ 1:30:0,30:90",
    ]
    low = ['##FILTER=<ID=LowQual,Description="Low quality">']
    vcf = make_vcf([*records(250), *others], samples=["S1"], header=low)
    places = [100 * n for n in range(1, 251)] + [90_000 + 10 * n for n in range(1, 8)]
    sites = write_sites(tmp_path / "sites.vcf", dict.fromkeys(places, 0.5))
    row = run(tmp_path, vcf=vcf, sites=sites)
    assert (row["source"], row["sites"], row["depth"]) == ("calls", 250, 30.0)
    assert row["assessed"] and 0 <= row["low"] <= row["estimate"] <= row["high"]
    with pytest.raises(FaultError, match="found S1; allowed: the sample S2"):
        run(tmp_path, sample="S2", vcf=vcf, sites=sites)


def test_what_cannot_be_assessed_says_why(make_vcf: MakeVcf, tmp_path: Path) -> None:
    vcf = make_vcf(records(199), samples=["S1"])
    places = [100 * n for n in range(1, 200)]
    few = write_sites(tmp_path / "few.vcf", dict.fromkeys(places, 0.5))
    unknown = write_sites(tmp_path / "unknown.vcf", dict.fromkeys(places))
    rare = write_sites(tmp_path / "rare.vcf", dict.fromkeys(places, 0.009))
    said = {
        "few": run(tmp_path, vcf=vcf, sites=few),
        "unknown": run(tmp_path, vcf=vcf, sites=unknown),
        "rare": run(tmp_path, vcf=vcf, sites=rare),
        "none": run(tmp_path, vcf=vcf),
    }
    assert {name: (row["assessed"], row["estimate"]) for name, row in said.items()} == (
        dict.fromkeys(said, (False, None))
    )
    assert said["few"]["reason"] == "fewer than 200 sites with reads"
    assert said["unknown"]["reason"] == "the sites have no population frequencies (INFO AF)"
    assert said["none"]["reason"] == "no population sites (setting identity.sites)"
    assert said["none"]["depth"] is None


def test_sites_that_are_none_are_refused(make_vcf: MakeVcf, tmp_path: Path) -> None:
    vcf = make_vcf(records(1), samples=["S1"])
    empty = write_sites(tmp_path / "empty.vcf", {})
    with pytest.raises(FaultError, match="no biallelic SNV"):
        run(tmp_path, vcf=vcf, sites=empty)
    for bad in (tmp_path / "none.vcf", tmp_path / "text.vcf"):
        if bad.name == "text.vcf":
            bad.write_text("hello\n")
        with pytest.raises(FaultError, match="allowed: a VCF of common sites"):
            run(tmp_path, vcf=vcf, sites=bad)
