"""The reads benchmark's own parts: what a way costs, its data, the peers' steps."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time

import pytest

from bench import bench_reads
from bench.reads_chain import FailedError, run
from bench.reads_data import GENES, Data, brca1, gene_pieces, known_text, made_up, simulated
from bench.reads_gatk import HARD_FILTERS, TRIMMERS, GatkWorkflow, trimmer
from bench.reads_measure import BLOCK, Cost, cost_of, middle, used
from bench.table import Comparison


def cost(wall, disk=0):
    return Cost(wall=wall, cpu=2 * wall, disk=disk, left=1, files=3)


# --------------------------------------------------------------------------------- measuring


def test_disk_that_was_freed_before_the_end_counts(tmp_path):
    def way():
        big = tmp_path / "part" / "big"
        big.parent.mkdir()
        big.write_bytes(b"x" * 3_000_000)
        time.sleep(1.2)
        big.unlink()
        (tmp_path / "left").write_bytes(b"y")

    found = cost_of(way, tmp_path)
    assert found.disk >= 3_000_000
    assert found.left <= 8 * BLOCK
    assert found.files == 1
    assert found.wall >= 1.2


def test_processor_time_is_that_of_the_processes_that_were_waited_for(tmp_path):
    busy = "import time\nwhile time.process_time() < 0.6: pass"
    found = cost_of(lambda: subprocess.run([sys.executable, "-c", busy], check=True), tmp_path)
    assert 0.5 < found.cpu < 5
    assert cost_of(lambda: None, tmp_path).cpu < 0.1


def test_a_way_that_fails_ends_the_watch(tmp_path):
    with pytest.raises(ZeroDivisionError):
        cost_of(lambda: 1 / 0, tmp_path)


def test_links_and_folders_are_no_files(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 10_000)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "폴더").mkdir()
    (tmp_path / "폴더" / "c d").write_bytes(b"x")
    size, files = used(tmp_path)
    assert files == 2
    assert size >= 10_000
    assert used(tmp_path / "nothing") == (0, 0)


def test_repeats_give_the_median_time_and_the_largest_disk():
    found = middle([cost(1, 5), cost(9, 7), cost(2, 6)])
    assert (found.wall, found.cpu, found.disk) == (2, 4, 7)


def test_a_command_that_fails_shows_what_it_said(tmp_path):
    words = ["bash", "-c", "echo the reason >&2; exit 3"]
    with pytest.raises(FailedError, match="the reason"):
        run(words, tmp_path / "messages")
    run(["echo", "out"], tmp_path / "messages", stdout=tmp_path / "out")
    assert (tmp_path / "out").read_text() == "out\n"


# -------------------------------------------------------------------------------------- lines


def test_lines_have_goals_for_time_and_disk():
    lines = list(bench_reads.against("x", cost(7, 3_000_000), cost(10, 10_000_000), 0.7))
    goals = {line.name: line.holds for line in lines if line.goal}
    assert goals == {"x: wall time": True, "x: peak disk": True}
    worse = bench_reads.against("x", cost(7.1, 3_100_000), cost(10, 10_000_000), 0.7)
    assert [line.holds for line in worse if line.goal] == [False, False]


def test_other_calls_are_counted_by_haplotypes(tmp_path):
    fasta = tmp_path / "reference.fa"
    fasta.write_text(f">c\n{'ACGTTGCA' * 40}\n")
    head = (
        "##fileformat=VCFv4.2\n##contig=<ID=c,length=320>\n"
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="genotype">\n'
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"
    )
    ours, peer = tmp_path / "ours.vcf", tmp_path / "peer.vcf"
    ours.write_text(head + "c\t10\t.\tCG\tTA\t.\t.\t.\tGT\t0/1\n")
    first, second = (f"c\t{row}\t.\t.\t.\tGT\t" for row in ("10\t.\tC\tT", "11\t.\tG\tA"))
    peer.write_text(f"{head}{first}0/1\n{second}0/1\n")
    assert bench_reads.different("x", fasta, ours, peer).holds
    peer.write_text(f"{head}{first}0/1\n{second}1/1\n")
    line = bench_reads.different("x", fasta, ours, peer)
    assert (line.holds, line.ours) == (False, pytest.approx(100 * 2 / 3))
    assert "1 alike, 1 only ours, 1 only theirs" in line.name
    empty = tmp_path / "empty.vcf"
    empty.write_text(head)
    assert bench_reads.different("x", fasta, empty, empty).holds is False


def test_gatks_steps_are_skipped_with_a_reason_where_it_is_missing(tmp_path, monkeypatch):
    data = Data(name="d", fasta=GENES, mate_1=GENES, mate_2=GENES, repeats=1)
    monkeypatch.setenv("PATH", str(tmp_path))
    (line,) = bench_reads.recalibrated(data, tmp_path)
    assert isinstance(line, Comparison)
    assert "gatk" in line.skipped
    assert line.holds is None


# --------------------------------------------------------------------------------------- data


def test_the_reference_is_two_contigs_with_the_genes_in_their_places():
    found = made_up(1_700_000)
    assert list(found) == ["chr20", "chr21"]
    assert {len(bases) for bases in found.values()} == {850_000}
    assert found == made_up(1_700_000)
    start, bases = next(iter(gene_pieces()))
    assert found["chr20"][start : start + len(bases)] == bases


def test_known_variants_are_a_vcf_of_other_bases():
    text = known_text({"c": "ACGT"}, [("c", 1), ("c", 3)])
    assert "##contig=<ID=c,length=4>" in text
    rows = [line.split("\t")[:5] for line in text.splitlines() if not line.startswith("#")]
    assert rows == [["c", "1", ".", "A", "G"], ["c", "3", ".", "G", "A"]]


def test_simulated_reads_are_made_once_and_are_the_same(tmp_path):
    ways = [simulated(500, 40_000, 1, tmp_path / name) for name in ("one", "two")]
    texts = [
        subprocess.run(["zcat", way.mate_1], capture_output=True, check=True).stdout for way in ways
    ]
    assert texts[0] == texts[1]
    assert 400 < texts[0].count(b"\n") / 4 < 600
    assert ways[0].known.count("\nchr2") > 5
    made = ways[0].mate_1.stat().st_mtime_ns
    assert simulated(500, 40_000, 1, tmp_path / "one").mate_1.stat().st_mtime_ns == made


@pytest.mark.shared
def test_real_reads_are_found(shared_data, monkeypatch):
    monkeypatch.setenv("SOYANG_SHARED_DATA", str(shared_data))
    data = brca1(1)
    assert not isinstance(data, str)
    assert data.mate_1.is_file()


def test_without_real_reads_the_reason_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("SOYANG_SHARED_DATA", str(tmp_path))
    assert str(tmp_path) in str(brca1(1))


# ------------------------------------------------------------------------------- GATK's steps


@pytest.fixture
def recorded(monkeypatch, tmp_path):
    """The workflow and all commands of its steps, with files made where its steps would."""
    said = []

    def record(words, messages, stdout=None):
        said.append([str(word) for word in words])
        for word in " ".join(said[-1]).split():
            if word.startswith(str(tmp_path / "work")) and re.search("(gz|bam|grp|txt)$", word):
                (tmp_path / word).touch()

    monkeypatch.setattr("bench.reads_gatk.run", record)
    workflow = GatkWorkflow(resources=tmp_path / "resources", folder=tmp_path / "work", threads=2)
    workflow.resources.mkdir()
    workflow.fasta.with_name("genome.fasta.fai").write_text("chr20\t9\nchr21\t9\n")
    (workflow.resources / "regions.bed").write_text("chr20\t0\t9\nchr21\t2\t9\n")
    workflow.call(tmp_path / "1.fq", tmp_path / "2.fq")
    return workflow, said


def test_the_workflows_steps_come_in_its_order(recorded):
    _, said = recorded
    tools = [words[3] if words[0] == "gatk" else words[0] for words in said]
    order = [
        *[trimmer(), "bash", "MarkDuplicates", "samtools", "BaseRecalibrator", "ApplyBQSR"],
        *["HaplotypeCaller", "CombineGVCFs", "MergeVcfs", "SelectVariants"],
    ]
    places = [tools.index(tool) for tool in order]
    assert places == sorted(places)
    counted = ("HaplotypeCaller", "CombineGVCFs", "GenotypeGVCFs", "VariantFiltration", "MergeVcfs")
    assert [tools.count(tool) for tool in counted] == [2, 2, 2, 2, 2]


def test_the_workflows_settings_are_its_own(recorded):
    workflow, said = recorded
    flat = [word for words in said for word in words]
    assert "--REMOVE_DUPLICATES" in flat
    assert set(HARD_FILTERS.values()) <= set(flat)
    if trimmer() == "TrimmomaticPE":
        assert set(TRIMMERS) <= set(flat)
    callers = [words for words in said if "HaplotypeCaller" in words]
    regions = {words[words.index("--intervals") + 1] for words in callers}
    assert regions == {str(workflow.folder / f"called/chr{n}.regions.bed") for n in (20, 21)}
    assert (workflow.folder / "called/chr21.regions.bed").read_text() == "chr21\t2\t9\n"
    assert all("GVCF" in words and "--dbsnp" in words for words in callers)


def test_temporary_files_go_and_others_stay(recorded):
    workflow, _ = recorded
    left = {str(p.relative_to(workflow.folder)) for p in workflow.folder.rglob("*.bam")}
    assert left == {"recal/S1.bam"}
    assert not list((workflow.folder / "trimmed").glob("*.fastq.gz"))
    found = {str(p.relative_to(workflow.folder)) for p in workflow.folder.rglob("*.vcf.gz")}
    assert found == {
        *(f"called/{who}.chr{n}.g.vcf.gz" for who in ("S1", "all") for n in (20, 21)),
        "genotyped/all.vcf.gz",
        "filtered/all.vcf.gz",
    }


@pytest.mark.slow
def test_a_tiny_run_compares_with_both_peers(tmp_path):
    size = ["--pairs", "3000", "--length", "200000", "--small-repeats", "0"]
    status = bench_reads.main([*size, "--folder", str(tmp_path)])
    kept = json.loads((tmp_path / "reads.json").read_text())
    assert status == (0 if kept["holds"] else 1)
    lines = {line["name"].split(" (")[0]: line for line in kept["lines"]}
    name = "3,000 simulated pairs"
    assert lines[f"{name}: usual chain: other calls"]["holds"]
    assert lines[f"{name}: usual chain: peak disk"]["peer"] > 1
    assert lines[f"{name}: index"]["ours"] > 0
    assert lines["Snakemake's own start-up"]["ours"] > 0
    assert lines[f"{name}: GATK's steps: wall time"]["peer"] > 0
    assert lines[f"{name}: GATK's steps: files in the end"]["peer"] > 10
    assert lines[f"{name}: GATK's steps: other calls"]["ours"] < 20
