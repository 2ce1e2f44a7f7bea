"""Another house's BAM or CRAM under our contract."""

from __future__ import annotations

from pathlib import Path

import pysam
import pytest

from soyang.admission.contents import check_alignment
from soyang.core.contig_names import sequences
from soyang.core.errors import FaultError
from soyang.core.process import pipe, run
from soyang.reads.adopt import adopt, contig_faults
from tests.reads.conftest import pairs_of, reverse_complement, write_units

NOISE = [
    "@PG\tID:x\tPN:bwa\tCL:bwa mem /home/kim/ref.fa /home/kim/patient_7.fq",
    "@CO\tmade by kim",
]


@pytest.fixture
def foreign(two_lanes, world, tmp_path):
    """Our CRAM as another house would give it: other order of contigs, no marks, other header."""

    def make(form: str = "bam", *, sample: str = "S1", change=lambda lines: lines) -> Path:
        text = run(["samtools", "view", "-h", "-F", "0x400", "-T", world.fasta, two_lanes])
        lines = text.splitlines()
        header = [line for line in lines if line.startswith("@")]
        contigs = [line.replace("\tAS:GRCh38", "") for line in header if line[:3] == "@SQ"][::-1]
        groups = [f"{ln}\tDS:Ward 3\tCN:Clinic" for ln in header if line_is(ln, "@RG")]
        groups = [group.replace("SM:S1", f"SM:{sample}") for group in groups]
        records = [line for line in lines if not line.startswith("@")]
        # Each mate's record once more under another name: duplicates that nobody marked.
        again = [line.replace("\t", ":again\t", 1) for line in records[:100]]
        whole = pairs_only(again)
        sam = tmp_path / "남의 집.sam"
        content = ["@HD\tVN:1.6", *change([*contigs, *groups]), *NOISE, *records, *whole]
        sam.write_text("\n".join(content) + "\n")
        path = tmp_path / f"남의 집.{form}"
        pipe(
            [["samtools", "sort", "-O", form, "--reference", world.fasta, "-o", path, sam]],
        )
        return path

    return make


def line_is(line: str, kind: str) -> bool:
    return line.startswith(f"{kind}\t")


def pairs_only(records: list[str]) -> list[str]:
    """Records whose mate is there as well."""
    names = [record.split("\t")[0] for record in records]
    return [record for record, name in zip(records, names, strict=True) if names.count(name) == 2]


def adopted(file: Path, world, tmp_path: Path, name: str = "out", threads: int = 1) -> Path:
    cram = tmp_path / name / "S1.cram"
    units = write_units(tmp_path / "units.tsv", [("S1.L1", file.suffix[1:], file, "")])
    adopt(sample="S1", units=units, reference=world.fasta, threads=threads, cram=cram)
    return cram


@pytest.mark.parametrize("form", ["bam", "cram"])
def test_reads_are_kept_and_duplicates_marked(foreign, world, tmp_path, form):
    file = foreign(form)
    cram = adopted(file, world, tmp_path)
    with (
        pysam.AlignmentFile(str(cram), reference_filename=str(world.fasta)) as ours,
        pysam.AlignmentFile(str(file), reference_filename=str(world.fasta)) as theirs,
    ):
        mine, given = list(ours), list(theirs)
    assert sorted(place(read) for read in mine) == sorted(place(read) for read in given)
    again = [read for read in given if read.query_name.endswith(":again")]
    assert len(again) > 20
    assert sum(read.is_duplicate for read in mine) >= len(again)
    assert not any(read.is_duplicate for read in given)
    assert not any(read.has_tag("PG") for read in mine)
    assert Path(f"{cram}.crai").exists()


def place(read: pysam.AlignedSegment) -> tuple:
    return (
        read.query_name,
        read.is_read1,
        read.reference_name,
        read.reference_start,
        read.query_sequence,
        read.get_tag("RG"),
    )


def test_header_keeps_groups_and_no_private_words(foreign, world, tmp_path):
    cram = adopted(foreign(), world, tmp_path)
    with pysam.AlignmentFile(str(cram)) as alignment:
        header = str(alignment.header)
        contigs = alignment.references
    assert list(contigs) == ["chr20", "chrX"]
    assert "ID:S1.L2\tSM:S1" in header
    assert not [word for word in ("kim", "Ward", "Clinic", "/") if word in header]


def test_bytes_do_not_depend_on_threads_or_folder(foreign, world, tmp_path):
    file = foreign()
    one = adopted(file, world, tmp_path, "one", threads=1)
    two = adopted(file, world, tmp_path, "두 번째", threads=3)
    assert one.read_bytes() == two.read_bytes()
    assert sorted(p.name for p in two.parent.iterdir()) == ["S1.cram", "S1.cram.crai"]


def replaced(old: str, new: str):
    return lambda lines: [line.replace(old, new) for line in lines]


REFUSED = {
    "other length": (replaced("LN:2000", "LN:2001"), "contig chrX of 2,001 bases"),
    "other name": (lambda lines: [*lines, "@SQ\tSN:chr9\tLN:10"], "contig chr9"),
    "other sequence": (replaced("M5:", "M5:0000"), "MD5 0000"),
    "no groups": (lambda lines: [ln for ln in lines if not line_is(ln, "@RG")], "of nobody"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_ours_is_refused(foreign, world, tmp_path, case):
    change, found = case
    file = foreign(change=change)
    with pytest.raises(FaultError, match=found) as error:
        adopted(file, world, tmp_path)
    assert error.value.faults[0].file == str(file)
    assert not (tmp_path / "out").exists()


def test_another_sample_is_refused(foreign, world, tmp_path):
    with pytest.raises(FaultError, match="'S9'"):
        adopted(foreign(sample="S9"), world, tmp_path)


def test_what_is_no_alignment_is_refused(world, tmp_path):
    file = tmp_path / "x.bam"
    file.write_bytes(b"not a BAM")
    with pytest.raises(FaultError, match="a BAM or CRAM"):
        adopted(file, world, tmp_path)


def test_a_truncated_bam_fails_and_leaves_nothing(foreign, world, tmp_path):
    file = foreign()
    file.write_bytes(file.read_bytes()[:-4000])
    with pytest.raises(Exception, match=r"samtools|truncated|EOF"):
        adopted(file, world, tmp_path)
    assert not list(tmp_path.glob("out/*"))


OTHER_NAMES = {"chr20": "20", "chrX": "CM000685.2"}


def under_other_names(file: Path, world, folder: Path, form: str) -> Path:
    """A file as aligned to the same sequences under other names, in another house's FASTA."""
    own = folder / "their.fa"
    fasta = world.fasta.read_text()
    sam = run(["samtools", "view", "-h", "-T", world.fasta, file])
    for name, other in OTHER_NAMES.items():
        fasta = fasta.replace(f">{name}\n", f">{other}\n")
        sam = sam.replace(f"SN:{name}\t", f"SN:{other}\t").replace(f"\t{name}\t", f"\t{other}\t")
        sam = sam.replace(f"SA:Z:{name},", f"SA:Z:{other},")
    own.write_text(fasta)
    text, renamed = folder / "their.sam", folder / f"their.{form}"
    text.write_text(sam)
    words = ["samtools", "view", "-O", form, "-T", own, "-o", renamed, text]
    run(words)
    own.unlink()
    own.with_name("their.fa.fai").unlink()
    return renamed


@pytest.mark.parametrize("form", ["bam", "cram"])
def test_contigs_of_other_names_are_known_by_md5(foreign, world, tmp_path, form, monkeypatch):
    """Their FASTA is gone, and no server of sequences answers: ours is the same by MD5."""
    monkeypatch.setenv("REF_PATH", str(tmp_path / "none"))
    monkeypatch.setenv("REF_CACHE", str(tmp_path / "none"))
    file = foreign("cram")
    theirs = adopted(under_other_names(file, world, tmp_path, form), world, tmp_path, "theirs")
    ours = adopted(file, world, tmp_path, "ours")
    rows = [
        run(["samtools", "view", "-T", world.fasta, cram]).splitlines() for cram in (theirs, ours)
    ]
    assert sorted(rows[0]) == sorted(rows[1])
    assert sorted(p.name for p in theirs.parent.iterdir()) == ["S1.cram", "S1.cram.crai"]


def test_admission_lets_other_names_of_our_sequence_in(foreign, world, tmp_path, monkeypatch):
    monkeypatch.setenv("REF_PATH", str(tmp_path / "none"))
    monkeypatch.setenv("REF_CACHE", str(tmp_path / "none"))
    file = under_other_names(foreign("cram"), world, tmp_path, "cram")
    assert list(check_alignment(file, world.fasta, kind="CRAM")) == []
    plain = world.fasta.with_name("plain.fa")  # without dictionary nothing tells the names
    plain.write_bytes(world.fasta.read_bytes())
    run(["samtools", "faidx", plain])
    (damage,) = check_alignment(file, plain, kind="CRAM")
    assert damage.code == "other-reference"


def test_split_reads_of_other_names_point_to_our_contigs(world, run_align, tmp_path):
    one, two = world.places["chr20", 30_000], world.places["chr20", 64_050]
    pairs = [
        (f"chimera{n}", one[n : n + 50] + two[200:250], reverse_complement(one[300:400]))
        for n in range(100, 120)
    ]
    made = run_align(tmp_path, [[*pairs_of(world.places, 3, step=40), *pairs]])
    cram = adopted(under_other_names(made, world, tmp_path, "cram"), world, tmp_path)
    with pysam.AlignmentFile(str(cram), reference_filename=str(world.fasta)) as opened:
        told = {read.get_tag("SA").split(",")[0] for read in opened if read.has_tag("SA")}
    assert told == {"chr20"}


def test_another_name_with_another_md5_is_refused(foreign, world, tmp_path):
    def change(lines):
        return [ln.replace("SN:chrX", "SN:X").replace("M5:", "M5:00") for ln in lines]

    with pytest.raises(FaultError, match=r"contig X of MD5 00\w+; allowed: contigs of the ref"):
        adopted(foreign(change=lambda ls: [*ls[:1], *ls[1:], *change(ls[:1])]), world, tmp_path)


def test_one_sequence_under_two_names_is_refused():
    ours = sequences([{"SN": "chrX", "LN": 5, "M5": "a"}, {"SN": "chrY", "LN": 5, "M5": "b"}])
    theirs = sequences([{"SN": "chrX", "LN": 5, "M5": "a"}, {"SN": "X", "LN": 5, "M5": "A"}])
    faults = contig_faults(Path("x.bam"), "S1", theirs, ours)
    assert [fault.found.split(",")[0] for fault in faults] == ["contig chrX", "contig X"]
    assert not contig_faults(Path("x.bam"), "S1", {"chrX": theirs["X"]}, ours)
