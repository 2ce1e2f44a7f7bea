"""Consequences, held against what ``bcftools csq`` 1.16 prints of its own test cases.

29 small transcripts with variants. Where the expected lines refer to each other (``@``), csq read
the variants as one haplotype, and so do we; elsewhere each variant is judged by itself. A pair of
lines has what a person wrote first and what csq prints second; the second counts.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evaluate.score import Score
from soyang.annotation.consequence import consequences_of
from soyang.annotation.engines.csq import Csq
from soyang.annotation.engines.haplotype_csq import read_together
from soyang.annotation.genome import Genome
from soyang.annotation.gff import Transcripts, read_transcripts
from soyang.annotation.terms import SO_OF_CSQ

_TABS = 3
ALONE = "lines, each variant by itself"
TOGETHER = "lines, variants of one haplotype"

Key = tuple[int, str, str]
Words = dict[tuple[str, str], tuple[set[str], set[str]]]
"""Gene and transcript to SO terms and amino-acid changes."""


@dataclass(frozen=True)
class Block:
    """Records, transcripts, and what csq prints of them."""

    name: str
    vcf: Path
    gff: Path
    expected: Mapping[Key, str]

    @property
    def joined(self) -> bool:
        """Whether variants are read together."""
        return any("@" in words for words in self.expected.values())


def evaluate(shared: Path) -> list[Score]:
    """Scores of lines of variants alone and of variants together."""
    lines: dict[bool, int] = {False: 0, True: 0}
    wrong: dict[bool, list[str]] = {False: [], True: []}
    for case in sorted((shared / "consequence_bcftools_csq").iterdir()):
        for block, faults in compared(case):
            lines[block.joined] += len(block.expected)
            wrong[block.joined] += faults
    return [
        Score(
            name=name,
            agreed=lines[joined] - len(wrong[joined]),
            unexplained=wrong[joined],
            goal=0.0,
            all_explained=True,
        )
        for joined, name in ((False, ALONE), (True, TOGETHER))
    ]


def compared(case: Path) -> Iterator[tuple[Block, list[str]]]:
    """The blocks of one test case, and the lines of each that differ."""
    with tempfile.TemporaryDirectory() as folder:
        fasta = Path(folder) / f"{case.name}.fa"
        shutil.copyfile(case / fasta.name, fasta)
        genome = Genome(fasta)
        for block in blocks(case):
            known = read_transcripts(block.gff, genome)
            differ = together if block.joined else alone
            yield block, differ(block, genome, known)


def blocks(case: Path) -> Iterator[Block]:
    """All expectations of one test case."""
    for text in sorted([*case.glob("*.txt"), *case.glob("*.txt-l")]):
        vcf = text.with_suffix(".vcf")
        if vcf.exists():  # else it is a drawing
            gff = case / f"{case.name}.gff"
            yield Block(f"{case.name}/{text.name}", vcf, gff, expected_lines(text.read_text()))
    for commands in sorted(case.glob("*.cmd")):
        said = commands.with_suffix(".cmd.out").read_text().split("\n\n")
        lines = [line for line in commands.read_text().splitlines() if " csq " in line]
        for line, words in zip(lines, said, strict=True):
            gff, vcf = (re.findall(rf"\S+\.{kind}", line)[0] for kind in ("gff", "vcf"))
            expected = expected_lines(words)
            if re.search(r"POS!=(\d+)|FILTER=\"PASS\"", line):
                # A filter of csq's own; sites come to us filtered.
                expected = {key: words for key, words in expected.items() if words != "."}
            yield Block(f"{case.name}/{commands.name}/{vcf}", case / vcf, case / gff, expected)


def expected_lines(text: str) -> dict[Key, str]:
    """Position, ref and alt to csq's words, which stand last of each pair."""
    rows = (line.split("\t") for line in text.splitlines() if line.count("\t") >= _TABS)
    return {(int(row[0]), row[1], row[2]): row[3] for row in rows}


def sites(vcf: Path) -> pl.DataFrame:
    """Columns site (number), contig, position, ref, alt of a VCF's alleles, each once."""
    lines = (line.split("\t") for line in vcf.read_text().splitlines() if line[:1] != "#")
    rows = sorted({(r[0], int(r[1]), r[3], a.strip()) for r in lines for a in r[4].split(",")})
    schema = ["contig", "position", "ref", "alt"]
    return pl.DataFrame(rows, schema=schema, orient="row").select(
        pl.int_range(pl.len()).alias("site"), pl.all()
    )


def entries(words: str) -> Words:
    """Csq's words taken apart."""
    found: Words = {}
    for entry in words.split(","):
        if not entry.startswith(("@", ".")):
            terms, gene, transcript, _, _, change, *_ = [*entry.split("|"), "", "", "", ""]
            have = found.setdefault((gene, transcript), (set(), set()))
            have[0].update(SO_OF_CSQ[term.lstrip("*")] for term in terms.split("&"))
            have[1].update({change} - {""})
    return found


def alone(block: Block, genome: Genome, known: Transcripts) -> list[str]:
    """Lines that differ from our rows of the same site.

    Entries without a transcript name the gene only; one of its transcripts must have the terms.
    """
    told = consequences_of(sites(block.vcf), genome, known, Csq())
    wrong = []
    for (position, ref, alts), words in block.expected.items():
        at = (pl.col("position") == position) & (pl.col("ref") == ref)
        here = told.filter(at & pl.col("alt").is_in(alts.split(",")))
        for (gene, transcript), (terms, _) in entries(words).items():
            mine = here.filter(
                pl.col("ensembl").str.starts_with(transcript) & (pl.col("gene") == gene)
            )
            ours = {term for text in mine["consequence"] for term in text.split("&")}
            if not (terms == ours if transcript else terms <= ours):
                said = f"{sorted(ours)} instead of {sorted(terms)}"
                wrong.append(f"{block.name} {position} {ref}>{alts} {gene} {transcript}: {said}")
                break
    return wrong


def together(block: Block, genome: Genome, known: Transcripts) -> list[str]:
    """Lines of transcripts whose haplotype we read otherwise."""
    places = sites(block.vcf)
    ids = known.table["id"].to_list()
    numbers = pl.DataFrame({"haplotype": range(len(ids)), "id": ids})
    carried = numbers.join(places.select("site"), how="cross")
    found = read_together(places, carried, genome, known)
    told = {ids[number]: (set(terms), change or "") for number, terms, change in found.rows()}
    every: Words = {}
    for words in block.expected.values():
        for (_, transcript), (terms, changes) in entries(words).items():
            have = every.setdefault(("", transcript), (set(), set()))
            have[0].update(terms)
            have[1].update(changes)
    wrong = {}
    for (_, transcript), (terms, changes) in every.items():
        ours, change = told.get(transcript, (set[str](), ""))
        # csq cuts long changes short in its text file.
        if ours != terms or not all(text in change for text in changes if ".." not in text):
            wrong[transcript] = f"{sorted(ours)} {change} instead of {sorted(terms)} {changes}"
    return [
        f"{block.name} {position} {ref}>{alt}: {'; '.join(wrong[t] for t in here)}"
        for (position, ref, alt), words in block.expected.items()
        if (here := [t for _, t in entries(words) if t in wrong])
    ]
