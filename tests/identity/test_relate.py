"""Pairs that the record or the genotypes link, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from soyang.core.errors import FaultError
from soyang.core.settings import Identity
from soyang.core.tables import read_table, write_table
from soyang.identity.inputs import Subject
from soyang.identity.relate import relate
from soyang.identity.relations import Pair, Thresholds, finding, recorded_pairs, recorded_relation
from soyang.identity.tables import HETEROZYGOSITY, KINSHIP, SKETCH
from tests.identity.conftest import People, WriteAdmitted

LIMITS = Thresholds(**{name: Identity().model_dump()[name] for name in Thresholds.__annotations__})
TRIO = {"C": {"father": "PF", "mother": "PM"}, "F": {}, "M": {}}
Row = dict[str, Any]


@pytest.fixture
def run(tmp_path: Path) -> Callable[[People, Path], dict[str, Row]]:
    """Run the verb on everyone's files; rows by 'first-second'."""

    def run(people: People, admitted: Path, **more: Any) -> dict[str, Row]:
        out = tmp_path / "kinship.tsv"
        relate(
            admitted=admitted,
            sketch=people.paths(".parquet"),
            callable_bed=people.paths(".callable.bed.gz"),
            calls=people.paths(".calls.tsv"),
            **LIMITS.__dict__,
            **more,
            kinship=out,
            heterozygosity=tmp_path / "heterozygosity.tsv",
        )
        rows = read_table(out, KINSHIP).to_dicts()
        return {f"{row['sample_1']}-{row['sample_2']}": row for row in rows}

    return run


def test_true_parents_are_confirmed_and_a_stranger_is_refuted(
    genes: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    father, mother = genes.founder(), genes.founder()
    genes.write("F", father)
    genes.write("M", mother)
    genes.write("C", genes.child(father, mother))
    genes.write("X", genes.founder())
    rows = run(genes, write_admitted(TRIO | {"X": {"father": "PF", "mother": "PM"}}))
    assert {pair: row["finding"] for pair, row in rows.items()} == {
        "C-F": "confirmed",
        "C-M": "confirmed",
        "C-X": "none",
        "F-X": "refuted",
        "M-X": "refuted",
    }
    assert rows["C-F"]["ibs0"] == 0
    assert rows["F-X"]["ibs0"] > 0.05 * rows["F-X"]["sites"]
    assert rows["C-X"]["recorded"] == "siblings"


def test_figures_of_a_pair_do_not_depend_on_others(
    genes: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    father, mother = genes.founder(), genes.founder()
    genes.write("F", father)
    genes.write("C", genes.child(father, mother))
    admitted = write_admitted(TRIO | {f"X{n}": {} for n in range(5)})
    alone = run(genes, admitted)
    for n in range(5):
        genes.write(f"X{n}", genes.founder())
    assert run(genes, admitted) == alone


def test_one_sample_under_two_names_is_a_duplicate(
    genes: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    person = genes.founder()
    for name in ("A", "B"):
        genes.write(name, person)
    genes.write("X", genes.founder())
    admitted = write_admitted({"A": {}, "B": {}, "X": {}})
    rows = run(genes, admitted)
    assert run(genes, admitted, threads=2) == rows
    assert list(rows) == ["A-B"]
    assert rows["A-B"]["finding"] == "duplicate"
    assert rows["A-B"]["recorded"] == "unrelated"
    assert rows["A-B"]["kinship"] == 0.5


def test_people_alike_in_one_gene_are_no_duplicates(
    tmp_path: Path, write_admitted: WriteAdmitted, run: Any
) -> None:
    gene = People(tmp_path, np.arange(1, 400) * 200 + 1_000_000)
    person = gene.founder()
    gene.write("A", person)
    gene.write("B", person)
    assert run(gene, write_admitted({"A": {}, "B": {}})) == {}


def test_siblings_that_share_all_of_a_panel_are_no_duplicates(
    genes: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    child = genes.founder()
    genes.write("A", child)
    genes.write("B", child)
    parents = {"father": "PF", "mother": "PM"}
    rows = run(genes, write_admitted({"A": parents, "B": parents}))
    assert rows["A-B"]["finding"] == "none"


def test_siblings_are_judged_by_kinship_over_a_genome(
    genome: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    father, mother = genome.founder(), genome.founder()
    genome.write("A", genome.child(father, mother))
    genome.write("B", genome.child(father, mother))
    genome.write("X", genome.founder())
    parents = {"father": "PF", "mother": "PM"}
    rows = run(genome, write_admitted(dict.fromkeys("ABX", parents)))
    assert rows["A-B"]["finding"] == "confirmed"
    assert rows["A-X"]["finding"] == rows["B-X"]["finding"] == "refuted"
    assert abs(rows["A-X"]["kinship"]) < 0.05


def test_what_a_plain_vcf_lacks_is_unknown(
    genes: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    father, mother = genes.founder(), genes.founder()
    child = genes.child(father, mother)
    genes.write("F", father, callable_known=False)
    genes.write("C", child)
    rows = run(genes, write_admitted(TRIO))
    assert rows["C-F"]["sites"] == np.count_nonzero(father[0] + father[1])
    assert rows["C-F"]["finding"] == "confirmed"


def test_two_plain_vcfs_can_confirm_no_parent(
    genes: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    genes.write("F", genes.founder(), callable_known=False)
    genes.write("C", genes.founder(), callable_known=False)
    rows = run(genes, write_admitted(TRIO))
    assert rows["C-F"]["sites"] >= LIMITS.min_sites
    assert (rows["C-F"]["ibs0"], rows["C-F"]["finding"]) == (0, "none")


def test_a_genotype_that_is_not_usable_is_not_the_reference(
    genes: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    father, mother = genes.founder(), genes.founder()
    genes.write("F", father)
    genes.write("C", genes.child(father, mother), unusable=slice(0, 200))
    rows = run(genes, write_admitted(TRIO))
    assert (rows["C-F"]["ibs0"], rows["C-F"]["finding"]) == (0, "confirmed")
    assert rows["C-F"]["sites"] <= len(genes.positions) - 200


def test_few_sites_say_nothing(tmp_path: Path, write_admitted: WriteAdmitted, run: Any) -> None:
    few = People(tmp_path, np.arange(1, 21) * 1_000_000)
    few.write("F", few.founder())
    few.write("C", few.founder())
    assert run(few, write_admitted(TRIO))["C-F"]["finding"] == "too_few_sites"


@pytest.mark.parametrize("samples", ["", "F"])
def test_without_a_pair_the_table_is_empty(
    samples: str, genes: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    for sample in samples:
        genes.write(sample, genes.founder())
    assert run(genes, write_admitted(TRIO)) == {}


def test_samples_without_any_variant_give_figures_of_none(
    genes: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    nothing = np.zeros(len(genes.positions), np.int8)
    genes.write("F", (nothing, nothing))
    genes.write("C", (nothing, nothing))
    row = run(genes, write_admitted(TRIO))["C-F"]
    assert (row["sites"], row["kinship"], row["finding"]) == (0, None, "too_few_sites")


def test_sex_chromosomes_do_not_count(
    tmp_path: Path, genes: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    for sample in ("F", "C"):
        genes.write(sample, genes.founder())
        path = genes.folder / f"{sample}.parquet"
        frame = pl.read_parquet(path)
        frame.with_columns(contig=pl.lit("chrX")).write_parquet(path)
    assert run(genes, write_admitted(TRIO))["C-F"]["sites"] == 0


def test_who_is_not_admitted_is_refused(
    genes: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    genes.write("F", genes.founder())
    genes.write("S", genes.founder())
    with pytest.raises(FaultError, match="no admitted sample 'S'"):
        run(genes, write_admitted({"F": {}, "S": {"status": "withheld"}}))


@pytest.mark.parametrize("suffix", [".callable.bed.gz", ".calls.tsv"])
def test_each_sample_needs_all_its_files(
    suffix: str, genes: People, write_admitted: WriteAdmitted, tmp_path: Path
) -> None:
    for sample in ("F", "M"):
        genes.write(sample, genes.founder())
    given = {
        s: genes.paths(s)[: 1 if s == suffix else 2] for s in (".callable.bed.gz", ".calls.tsv")
    }
    with pytest.raises(FaultError, match="of sample 'M'"):
        relate(
            admitted=write_admitted(TRIO),
            sketch=genes.paths(".parquet"),
            callable_bed=given[".callable.bed.gz"],
            calls=given[".calls.tsv"],
            **LIMITS.__dict__,
            kinship=tmp_path / "kinship.tsv",
            heterozygosity=tmp_path / "heterozygosity.tsv",
        )


def test_a_relative_that_the_record_lacks_is_found(
    genome: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    father, mother = genome.founder(), genome.founder()
    genome.write("A", genome.child(father, mother))
    genome.write("F", father)
    genome.write("X", genome.founder())
    rows = run(genome, write_admitted({"A": {}, "F": {}, "X": {}}))
    assert {pair: row["finding"] for pair, row in rows.items()} == {"A-F": "unrecorded"}
    assert rows["A-F"]["kinship"] == pytest.approx(0.25, abs=0.04)


def test_heterozygosity_is_told_of_x_outside_par_and_of_autosomes(
    genes: People, write_admitted: WriteAdmitted, run: Any, tmp_path: Path
) -> None:
    genes.write("F", genes.founder())
    rows = [("1", 5, 1), ("1", 6, 2), ("X", 5_000_000, 1), ("X", 6_000_000, None)]
    rows += [("X", 1_000_000, 1), ("X", 155_800_000, 1), ("X", 7_000_000, 2), ("Y", 9, 1)]
    frame = pl.DataFrame(
        [(f"chr{c}", p, "A", "G", d) for c, p, d in rows], schema=SKETCH.schema, orient="row"
    )
    write_table(frame, genes.folder / "F.parquet", SKETCH)
    run(genes, write_admitted(TRIO))
    (row,) = read_table(tmp_path / "heterozygosity.tsv", HETEROZYGOSITY).to_dicts()
    assert row == {"sample": "F", "x_sites": 2, "x_heterozygous": 1,
                   "autosomal_sites": 2, "autosomal_heterozygous": 1}  # fmt: skip


def earlier_batch(people: People, admitted: Path, verdicts: dict[str, str]) -> Path:
    """The results folder of an earlier run on the same files."""
    folder = people.folder / "앞선 배치"
    (folder / "admission").mkdir(parents=True)
    (folder / "identity" / "sketch").mkdir(parents=True)
    (folder / "admission" / "admitted.tsv").write_bytes(admitted.read_bytes())
    lines = [f"{sample}\t{verdict}" for sample, verdict in verdicts.items()]
    text = "\r\n".join(["sample\tverdict", *lines]) + "\r\n"
    (folder / "identity" / "verdicts.tsv").write_text(text, encoding="utf-8-sig")
    for sample in verdicts:
        for suffix in (".callable.bed.gz", ".calls.tsv"):
            (folder / "calling" / sample).mkdir(parents=True, exist_ok=True)
            target = folder / "calling" / sample / f"{sample}{suffix}"
            (people.folder / f"{sample}{suffix}").rename(target)
        target = folder / "identity" / "sketch" / f"{sample}.parquet"
        (people.folder / f"{sample}.parquet").rename(target)
    people.files = [sample for sample in people.files if sample not in verdicts]
    return folder


def test_one_person_in_two_batches_is_found(
    genome: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    same, other, held = genome.founder(), genome.founder(), genome.founder()
    father = genome.founder()
    for name, person in {"E1": same, "E2": other, "E3": held, "EF": father}.items():
        genome.write(name, person)
    people = {"E1": {"person": "PA"}, "E2": {}, "E3": {"person": "PD"}, "EF": {}}
    verdicts = {"E1": "pass", "E2": "pass", "E3": "quarantine", "EF": "pass"}
    folder = earlier_batch(genome, write_admitted(people), verdicts)
    for name, person in {"A": same, "B": other, "D": genome.founder()}.items():
        genome.write(name, person)
    genome.write("C", genome.child(father, genome.founder()))
    admitted = write_admitted({"A": {}, "B": {}, "C": {"father": "PEF"}, "D": {}})
    rows = run(genome, admitted, earlier=[f"one={folder}"])
    assert {p: (r["batch"], r["finding"], r["earlier_passed"]) for p, r in rows.items()} == {
        "A-E1": ("one", "confirmed", True),
        "B-E2": ("one", "duplicate", True),
        "C-EF": ("one", "confirmed", True),
        "D-E3": ("one", "refuted", False),
    }


def test_a_sample_does_not_confirm_itself(
    genome: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    person = genome.founder()
    genome.write("A", person)
    admitted = write_admitted({"A": {}})
    folder = earlier_batch(genome, admitted, {"A": "pass"})
    genome.write("A", person)
    assert run(genome, admitted, earlier=[f"one={folder}"]) == {}


def test_a_withdrawn_sketch_of_an_earlier_batch_is_passed_over(
    genome: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    genome.write("E", genome.founder())
    genome.write("A", genome.founder())
    admitted = write_admitted({"A": {}, "E": {"person": "PA"}})
    folder = earlier_batch(genome, admitted, {"E": "pass"})
    (folder / "identity" / "sketch" / "E.parquet").unlink()
    assert run(genome, admitted, earlier=[f"one={folder}"]) == {}


@pytest.mark.parametrize("earlier", ["folder", "=folder", "one=", "a/b=folder"])
def test_an_earlier_batch_needs_a_name(
    earlier: str, genome: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    genome.write("A", genome.founder())
    with pytest.raises(FaultError, match="name=folder"):
        run(genome, write_admitted({"A": {}}), earlier=[earlier])


def test_an_earlier_batch_without_its_tables_is_refused(
    genome: People, write_admitted: WriteAdmitted, run: Any
) -> None:
    genome.write("A", genome.founder())
    with pytest.raises(FaultError, match="no such file"):
        run(genome, write_admitted({"A": {}}), earlier=[f"one={genome.folder / 'none'}"])


def test_a_fixed_list_needs_no_regions_and_gives_the_same_relations(
    genome: People, write_admitted: WriteAdmitted, run: Any, tmp_path: Path
) -> None:
    father, mother = genome.founder(), genome.founder()
    for name, person in {
        "F": father, "M": mother, "C": genome.child(father, mother), "X": genome.founder()
    }.items():  # fmt: skip
        genome.write(name, person)
    admitted = write_admitted(TRIO | {"X": {"father": "PF"}})
    before = {pair: row["finding"] for pair, row in run(genome, admitted).items()}
    for sample in genome.files:
        genome.with_reference(sample)
        (genome.folder / f"{sample}.callable.bed.gz").unlink()
    rows = run(genome, admitted, sites=genome.write_sites())
    assert {pair: row["finding"] for pair, row in rows.items()} == before
    assert before == {"C-F": "confirmed", "C-M": "confirmed", "C-X": "refuted", "F-X": "refuted"}


def subject(sample: str, person: str = "", father: str = "", mother: str = "") -> Subject:
    person = person or f"P{sample}"
    return Subject(sample=sample, person=person, sex="unknown", father=father, mother=mother)


def test_relations_come_from_the_record() -> None:
    child, father = subject("C", father="PF", mother="PM"), subject("F")
    sibling, half = subject("D", father="PF", mother="PM"), subject("H", father="PF")
    again, stranger = subject("C2", person="PC"), subject("X")
    assert recorded_relation(child, father) == recorded_relation(father, child) == "parent_child"
    assert recorded_relation(child, sibling) == recorded_relation(child, half) == "siblings"
    assert recorded_relation(child, again) == "same_person"
    assert recorded_relation(father, stranger) == recorded_relation(again, father) == "unrelated"
    everyone = [child, father, stranger, half, again]
    assert list(recorded_pairs(everyone)) == [(0, 1), (0, 3), (0, 4), (1, 3)]


ALIKE = Pair(
    sites=1_000, ibs0=0, concordant=1_000, kinship=0.5, windows=900, segments=250, absence_known=2
)
CHILD, FATHER, OTHER = subject("C", father="PF", mother="PM"), subject("F"), subject("X")


@pytest.mark.parametrize(
    ("changes", "one", "two", "said"),
    [
        ({}, CHILD, OTHER, "duplicate"),
        ({"kinship": 0.177, "ibs0": 9}, CHILD, OTHER, "unrecorded"),
        ({"kinship": 0.176, "ibs0": 9}, CHILD, OTHER, "none"),
        ({"kinship": 0.177, "ibs0": 9, "segments": 29}, CHILD, OTHER, "none"),
        ({"kinship": 0.177, "ibs0": 9, "absence_known": 1}, CHILD, OTHER, "none"),
        ({"kinship": 0.177, "ibs0": 9, "sites": 49}, CHILD, OTHER, "none"),
        ({}, CHILD, FATHER, "duplicate"),
        ({"segments": 2}, CHILD, FATHER, "confirmed"),
        ({"windows": 4, "segments": 1}, CHILD, FATHER, "none"),
        ({"concordant": 979}, CHILD, OTHER, "unrecorded"),
        ({"kinship": 0.35}, CHILD, OTHER, "unrecorded"),
        ({"ibs0": 1}, CHILD, OTHER, "unrecorded"),
        ({"ibs0": 20, "concordant": 500}, CHILD, FATHER, "confirmed"),
        ({"ibs0": 21, "concordant": 500}, CHILD, FATHER, "refuted"),
        ({}, CHILD, subject("C2", person="PC"), "confirmed"),
        ({"concordant": 970}, CHILD, subject("C2", person="PC"), "none"),
        ({"kinship": 0.1}, CHILD, subject("C2", person="PC"), "refuted"),
        ({"kinship": 0.11}, CHILD, subject("H", father="PF"), "confirmed"),
        ({"kinship": 0.06}, CHILD, subject("H", father="PF"), "none"),
        ({"kinship": 0.01}, CHILD, subject("H", father="PF"), "refuted"),
        ({"kinship": 0.01, "absence_known": 1}, CHILD, subject("H", father="PF"), "none"),
        ({"kinship": None}, CHILD, subject("H", father="PF"), "none"),
    ],
)
def test_findings_at_their_bounds(
    changes: dict[str, Any], one: Subject, two: Subject, said: str
) -> None:
    pair = Pair(**(ALIKE.__dict__ | changes))
    assert finding(pair, one, two, LIMITS) == said
