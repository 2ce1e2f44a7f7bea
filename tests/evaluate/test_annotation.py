"""The evaluation of annotation: its goals on the shared data, and its parts by hand."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from evaluate import annotation, clinvar_keys, expected_csq, normalisation
from evaluate.hgvs_clinvar import (
    OTHER_NUMBERS,
    OUTSIDE,
    SAME_BASE,
    Answer,
    same_but_codons,
    score,
    set_aside,
)
from evaluate.hgvs_records import (
    NO_BASES,
    NO_MANE,
    NO_PLACE,
    NO_SEQUENCE,
    OTHER_BASES,
    OTHERS,
    SUBSTITUTIONS,
    Case,
    Change,
    Record,
    both_assemblies,
    changes,
    gather,
    plain,
    read_records,
    site,
)
from evaluate.molecular_consequence import class_of, clinvar_terms
from evaluate.molecular_consequence import score as score_of_class
from evaluate.score import Score, reasons, shared_data, show
from evaluate.sequences import Chromosomes, Piece, demo
from soyang.core.assembly import Assembly

SMALLEST = {
    "normalisation: expected lines of bcftools norm and vt": 60,
    "consequences: expected lines of bcftools csq": 120,
    "genomic to coding HGVS: names of ClinVar": 2_000,
    "molecular consequence: ClinVar's MC in BRCA1": 3_800,
    "64-bit key: every record of ClinVar": 100_000,
}
"""Cases that each part must compare at least, so that an empty comparison is no success."""


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("part", annotation.PARTS)
def test_goals_hold(part: str, shared_data: Path) -> None:
    scores = annotation.PARTS[part](shared_data)
    missed = [
        (score.name, score.share, score.unexplained) for score in scores if score.holds is False
    ]
    assert missed == []
    assert sum(score.compared for score in scores) >= SMALLEST[part]


def test_without_data_it_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOYANG_SHARED_DATA", str(tmp_path / "없음"))
    assert shared_data() == tmp_path / "없음"
    assert annotation.main() == 2
    assert "SOYANG_SHARED_DATA" in capsys.readouterr().err


def test_a_missed_goal_is_the_exit_status(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOYANG_SHARED_DATA", str(tmp_path))
    good, bad = Score(name="good", agreed=3, goal=1.0), Score(name="bad", agreed=0, goal=0.0)
    monkeypatch.setattr(annotation, "PARTS", {"one": lambda _: [good]})
    assert annotation.main() == 0
    monkeypatch.setattr(annotation, "PARTS", {"one": lambda _: [bad], "two": lambda _: [good]})
    assert annotation.main() == 1
    assert "two" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("made", "share", "holds"),
    [
        (Score(name="s", agreed=199, unexplained=["x"], goal=0.995), 0.995, True),
        (
            Score(name="s", agreed=198, explained={"y": 1}, unexplained=["x"], goal=0.995),
            0.99,
            False,
        ),
        (Score(name="s", agreed=1, explained={"y": 1}, goal=0.0, all_explained=True), 0.5, True),
        (Score(name="s", agreed=9, unexplained=["x"], goal=0.0, all_explained=True), 0.9, False),
        (Score(name="s", agreed=0, apart={"y": 5}, goal=0.0), 0.0, False),
        (Score(name="s", agreed=0), 0.0, None),
    ],
)
def test_what_holds(made: Score, share: float, holds: bool | None) -> None:
    assert made.share == pytest.approx(share)
    assert made.holds is holds


def test_the_table_shows_reasons_and_cases() -> None:
    out = io.StringIO()
    one = Score(name="one", agreed=1, explained={"because": 2}, unexplained=["[this] one"],
                apart={"elsewhere": 3}, remarks={"nearly": 1}, goal=0.9)  # fmt: skip
    assert not show("Title", [one], Console(file=out, width=160))
    text = out.getvalue()
    for words in ("25.00%", "differs: 2 x because", "not compared: 3 x elsewhere",
                  "agrees: 1 x nearly", "unexplained: [this] one", "NO"):  # fmt: skip
        assert words in text


def test_reasons_are_counted_most_first() -> None:
    assert list(reasons(["b", "a", "b", "c"]).items()) == [("b", 2), ("a", 1), ("c", 1)]


LINES = """gene\tvariation_id\thgvs_variants
G1\t1\tNC_000020.10:g.90A>G NC_000020.11:g.100A>G NM_1.1:c.5A>G NM_1.2:c.5A>G NR_1.1:n.9A>G
G2\t2\tNC_000020.11:g.100_101delAC NM_1.2:c.5_6delAC
# g_to_t(NC_000020.10:g.1del,NM_1.1): got NM_1.1:c.1del; expected nothing
#G3\t3\tNC_000020.11:g.7del3 NM_1.2:c.7del3
G4\t4\tNC_000020.10:g.8A>C NM_1.2:c.8A>C
G5\t5\tNC_000020.11:g.8A>C NM_9.1:c.8A>C
"""


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    path = tmp_path / "names.tsv.gz"
    path.write_bytes(gzip.compress(LINES.encode()))
    return read_records(path)


def test_records_are_read_and_sorted_into_cases(records: list[Record]) -> None:
    assert [(r.variation, r.aside) for r in records] == [
        ("G1 1", False), ("G2 2", False), ("G3 3", True), ("G4 4", False), ("G5 5", False),
    ]  # fmt: skip
    cases, apart = gather(records, {"NM_1"})
    assert [(c.record.variation, c.version, c.stated, c.kind) for c in cases] == [
        ("G1 1", "1", ("5A>G",), SUBSTITUTIONS),
        ("G1 1", "2", ("5A>G",), SUBSTITUTIONS),
        ("G2 2", "2", ("5_6del",), OTHERS),
        ("G3 3", "2", ("7del",), OTHERS),
    ]
    assert apart == {SUBSTITUTIONS: [NO_PLACE, NO_MANE]}
    assert both_assemblies(records).rows() == [("chr20", 100, 90)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("g.5A>G", ("sub", 5, 5, "A", "G")),
        ("g.5_7del", ("del", 5, 7, "", "")),
        ("g.5_7delACG", ("del", 5, 7, "ACG", "")),
        ("g.5_31del27", ("del?", 5, 31, "", "")),
        ("g.5dupA", ("dup", 5, 5, "A", "")),
        ("g.5_6insTT", ("ins", 5, 6, "TT", "")),
        ("g.5_6ins30", ("ins?", 5, 6, "", "")),
        ("g.5_7delACGinsT", ("delins", 5, 7, "ACG", "T")),
        ("g.5_7delinsT", ("delins", 5, 7, "", "T")),
        ("g.5_7inv", ("inv", 5, 7, "", "")),
    ],
)
def test_genomic_names(name: str, expected: tuple[str, int, int, str, str]) -> None:
    record = Record(
        "r", False, (f"NC_000020.11:{name}", "NC_000020.11:g.5=", "NC_000020.10:g.5del")
    )
    (found,) = changes(record, Assembly.GRCH38)
    assert (found.kind, found.first, found.last, found.bases, found.into) == expected
    assert found.contig == "chr20"


TEXT = np.frombuffer(b"NACGTTGCA", np.uint8)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("sub", 3, 3, "C", "T"), (3, "C", "T")),
        (("del", 4, 5, "GT", ""), (3, "CGT", "C")),
        (("del?", 4, 5, "", ""), (3, "CGT", "C")),
        (("dup", 4, 5, "", ""), (3, "CGT", "CGTGT")),
        (("ins", 4, 5, "AA", ""), (3, "CGT", "CGAAT")),
        (("inv", 4, 6, "", ""), (3, "CGTT", "CAAC")),
        (("delins", 4, 5, "GT", "A"), (3, "CGT", "CA")),
        (("del", 4, 5, "AA", ""), OTHER_BASES),
        (("del", 2, 3, "", ""), NO_SEQUENCE),
        (("ins?", 4, 5, "", ""), NO_BASES),
    ],
)
def test_changes_as_vcf_has_them(change: tuple[str, int, int, str, str], expected: object) -> None:
    kind, first, last, names, into = change
    assert site(Change("chr20", first, last, kind, names, into), TEXT) == expected


@pytest.mark.parametrize(
    ("one", "expected"),
    [("5delA", "5del"), ("5_31del27", "5_31del"), ("5delAinsGG", "5delinsGG"),
     ("5_6insA", "5_6insA"), ("5dupA", "5dup"), ("5_7invACG", "5_7inv"), ("5A>G", "5A>G")],
)  # fmt: skip
def test_names_without_deleted_bases(one: str, expected: str) -> None:
    assert plain(one) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("133C>T", "34C>T", True),
        ("1019-24C>T", "878-24C>T", True),
        ("95C>T", "-158C>T", True),
        ("5_7del", "11_13del", True),
        ("133C>T", "35C>T", False),
        ("133C>T", "34C>A", False),
        ("133+1C>T", "34C>T", False),
        ("133+1C>T", "34+2C>T", False),
        ("5_7del", "11_16del", False),
        ("*5C>T", "*8C>T", False),
    ],
)
def test_whole_codons_apart(one: str, other: str, same: bool) -> None:
    assert same_but_codons(one, other) is same


def answer(stated: str, name: str | None, version: str = "1", kind: str = "sub") -> Answer:
    change = Change("chr1", 5, 5, kind, "A", "")
    case = Case(Record("G 1", False, ()), change, "NM_1", version, (stated,))
    return Answer(case, name, literal="7del", version="2")


def test_only_what_speaks_of_mane_is_scored() -> None:
    every = [
        answer("5A>G", "5A>G"),
        answer("5A>G", "5A>G", version="2"),
        answer("5A>G", "8A>G"),
        answer("5A>G", "8A>G", version="2"),
        answer("5A>G", "9A>G"),
        answer("5A=", "5A>G"),
        answer("5A>G", None),
        answer("7del", "9del", kind="del"),
    ]
    found = score(SUBSTITUTIONS, every, ["before"])
    assert found.agreed == 2
    assert found.apart == {"before": 1, OTHER_NUMBERS: 1, SAME_BASE: 1, OUTSIDE: 1}
    assert len(found.unexplained) == 2
    assert found.holds is False
    moved = score(OTHERS, every, [])
    assert (moved.agreed, moved.holds, len(moved.remarks)) == (1, True, 1)
    assert set_aside(every).holds is None


def test_sequence_at_hand() -> None:
    genome = Chromosomes([Piece("chr2", 3, b"ACGT"), Piece("chr2", 5, b"TT")])
    assert genome.sequence("chr2")[:9].tobytes() == b"NNNACTTNN"
    assert genome.sequence("chr1")[10**8 : 10**8 + 3].tobytes() == b"NNN"
    assert len(demo()) == 9
    assert {piece.contig for piece in demo()} == {"chr20"}


@pytest.mark.parametrize(
    ("consequence", "expected"),
    [
        ("splice_donor_variant&frameshift_variant", "splice-site"),
        ("stop_gained&frameshift_variant", "nonsense"),
        ("frameshift_variant&splice_region_variant", "frameshift"),
        ("missense_variant", "missense"),
        ("synonymous_variant", None),
    ],
)
def test_classes(consequence: str, expected: str | None) -> None:
    assert class_of(consequence) == expected


def test_molecular_consequences_by_class() -> None:
    assert clinvar_terms("SO:0001587|nonsense,SO:0001627|intron_variant") == {
        "stop_gained", "intron_variant",
    }  # fmt: skip

    def row(consequence: str, mc: str, **more: object) -> dict[str, object]:
        return {"consequence": consequence, "mc": mc, "ref": "A", "alt": "AC", "hgvs_c": "c",
                "hgvs_p": "p.(A1B)", "splice_distance": 5, "intron": None,
                "protein_position": 4} | more  # fmt: skip

    found = score_of_class(
        "frameshift",
        [
            row("frameshift_variant", "SO:1|frameshift_variant"),
            row("frameshift_variant", "SO:1|intron_variant"),
            row("frameshift_variant", "SO:1|intron_variant", hgvs_p="p.?"),
            row("frameshift_variant", "SO:1|intron_variant", alt="ANNN"),
            row("frameshift_variant", "SO:1|intron_variant", alt="ACGT"),
        ],
        [],
    )
    assert (found.agreed, sum(found.explained.values()), len(found.unexplained)) == (1, 3, 1)


def test_keys_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "clinvar"
    folder.mkdir()
    rows = ["chr1\t5\t1\tA\tC", "chr1\t5\t2\tA\t" + "ACGT" * 5, "chrX\t9\t3\tGT\tG",
            "chrM\t3\t4\tT\tC", "chr1\t7\t5\tA\t<DEL>"]  # fmt: skip
    body = "##fileformat=VCFv4.1\n" + "".join(f"{row}\t.\t.\tMC=x\n" for row in rows)
    (folder / "c.vcf.gz").write_bytes(gzip.compress(body.encode()))
    back, alone = clinvar_keys.evaluate(tmp_path)
    assert (back.agreed, back.holds, sum(back.apart.values())) == (4, True, 1)
    assert (alone.agreed, alone.holds) == (4, True)
    assert list(back.remarks.values()) == [1]


def test_a_collision_of_keys_misses_the_goal() -> None:
    rows = pl.DataFrame({"contig": ["1", "1"], "position": [1, 1], "ref": ["A", "A"],
                         "alt": ["C", "G"], "key": [7, 7]})  # fmt: skip
    assert clinvar_keys.collisions(rows).holds is False


VCF = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


@pytest.fixture
def norm(tmp_path: Path) -> Callable[[str, list[str], list[str]], Score]:
    """Compare given and expected records (pos, ref, alt) on a short contig."""

    def run(text: str, given: list[str], expected: list[str]) -> Score:
        paths = []
        for name, records in (("given", given), ("expected", expected)):
            paths.append(tmp_path / f"{name}.vcf")
            fields = (record.split() for record in records)
            body = "".join(f"1\t{p}\t.\t{r}\t{a}\t.\t.\t.\n" for p, r, a in fields)
            paths[-1].write_text(VCF + body)
        fasta = tmp_path / "g.fa"
        fasta.write_text(f">1\n{text}\n")
        return normalisation.aligned("x", *paths, normalisation.sequences(fasta))

    return run


def test_expected_alleles(norm: Callable[[str, list[str], list[str]], Score]) -> None:
    found = norm(
        "gatACACACtt",
        ["8 CA C", "9 C CT", "2 A .", "5 CAC CACAC,C", "4 R A"],
        ["3 TAC T", "9 C CT", "2 A .", "3 TAC T,TACAC", "4 A G"],
    )
    assert found.holds is False  # CA>C does not fit: nothing of it is expected
    found = norm("gatACACACtt", ["5 CAC C", "9 C CT", "4 AC ACAC,G"], ["3 TAC T", "9 C CT",
                 "3 TAC TACAC,TG"])  # fmt: skip
    assert (found.agreed, dict(found.explained), list(found.unexplained)) == (
        2, {normalisation.TOGETHER: 2}, [],
    )  # fmt: skip


def test_expected_lines_of_csq() -> None:
    text = "107\tC\tG\tmissense|G|ENST1|x\n107\tC\tG\tstop_gained|G|ENST1|x|+|5F>5*|x\n\nnote\n"
    found = expected_csq.expected_lines(text)
    assert found == {(107, "C", "G"): "stop_gained|G|ENST1|x|+|5F>5*|x"}
    words = "*missense&splice_region|G|ENST1|x|+|5F>5C|x,@12,intron|H||x"
    assert expected_csq.entries(words) == {
        ("G", "ENST1"): ({"missense_variant", "splice_region_variant"}, {"5F>5C"}),
        ("H", ""): ({"intron_variant"}, set()),
    }
