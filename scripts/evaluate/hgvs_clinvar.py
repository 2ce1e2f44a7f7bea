"""Genomic to coding HGVS, held against the names that ClinVar gives its variants.

The names speak mostly of transcripts in versions older than MANE's. Where such a version counts
its codons otherwise, a name says nothing of MANE's transcript, and is told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from evaluate.hgvs_records import (
    OTHERS,
    SUBSTITUTIONS,
    Case,
    Site,
    both_assemblies,
    gather,
    read_records,
    site,
)
from evaluate.score import Score, reasons
from evaluate.sequences import Chromosomes, brca1, demo, lent, mane
from soyang.annotation.alleles import Bases
from soyang.annotation.describe import describe_contig
from soyang.annotation.dna import coding_names, placed
from soyang.annotation.gff import Transcripts
from soyang.annotation.layout import Layout
from soyang.annotation.overlap import touching
from soyang.core.assembly import Assembly

GOAL = 0.995

OTHER_NUMBERS = "that version of the transcript has more or fewer codons before this place"
OUTSIDE = "MANE's version of the transcript does not reach this place"
SAME_BASE = "that version of the transcript has the variant's base itself (=)"
NOT_OF_MANE = (OTHER_NUMBERS, OUTSIDE, SAME_BASE)
SAME_VERSION = "on the version of the transcript that MANE has"
UNSHIFTED = "theirs lacks HGVS's shift to the 3' end, or its word for a duplication"

_LABEL = re.compile(r"([-*]?)(\d+)((?:[-+]\d+)?)")
"""A place in a coding name: before the start or behind the stop, number, offset to an exon."""


@dataclass(frozen=True)
class Answer:
    """A case, and what we say.

    Attributes:
        case: the case.
        name: our name behind ``c.``, missing off the transcript.
        literal: the record's genomic name put on the transcript, nothing shifted.
        version: the version of the transcript that MANE has.
    """

    case: Case
    name: str | None
    literal: str | None
    version: str

    @property
    def agrees(self) -> bool:
        """Whether the names are equal, or theirs is ours before the shift that HGVS asks for."""
        return self.name in self.case.stated or self.unshifted

    @property
    def unshifted(self) -> bool:
        """Whether theirs is the genomic name as it stands, which ours shifts further."""
        moves = self.case.change.kind != "sub" and self.name is not None
        return moves and self.name not in self.case.stated and self.literal in self.case.stated

    @property
    def reason(self) -> str:
        """Why theirs differs; empty: for no known reason."""
        if self.case.version == self.version:
            return ""
        if self.name is None:
            return OUTSIDE
        if any(stated.endswith("=") for stated in self.case.stated):
            return SAME_BASE
        same = any(same_but_codons(stated, self.name) for stated in self.case.stated)
        return OTHER_NUMBERS if same else ""

    def __str__(self) -> str:
        case, change = self.case, self.case.change
        place = f"{change.contig}:{change.first}-{change.last}{change.kind}"
        theirs = f"{case.transcript}.{case.version}:c.{' or '.join(case.stated)}"
        return f"{case.record.variation} {place} {theirs}, ours {self.name}"


def evaluate(shared: Path) -> list[Score]:
    """Scores of substitutions, of other changes with sequence at hand, and of records set aside."""
    known = mane(shared)
    records = read_records(shared / "hgvs" / "clinvar_hgvs.tsv.gz")
    genome = Chromosomes([*lent(both_assemblies(records)), *demo(), brca1(shared)])
    versionless = known.table["transcript"].str.split(".").list.first()
    cases, apart = gather([r for r in records if not r.aside], set(versionless))
    doubted, _ = gather([r for r in records if r.aside], set(versionless))
    ours: list[Answer] = []
    theirs: list[Answer] = []
    for contig in sorted({case.change.contig for case in [*cases, *doubted]}):
        sequence = genome.sequence(contig)
        ours += answers([c for c in cases if c.change.contig == contig], sequence, known, apart)
        theirs += answers([c for c in doubted if c.change.contig == contig], sequence, known, {})
    return [
        *(score(kind, ours, apart[kind]) for kind in (SUBSTITUTIONS, OTHERS)),
        set_aside(theirs),
    ]


def answers(
    cases: list[Case], sequence: Bases, known: Transcripts, apart: dict[str, list[str]]
) -> list[Answer]:
    """Our names of the cases of one contig whose alleles can be had; ``apart`` gets the others."""
    spelt: dict[Case, Site] = {}
    for case in cases:
        found = site(case.change, sequence)
        if isinstance(found, str):
            apart.setdefault(case.kind, []).append(found)
        else:
            spelt[case] = found
    if not spelt:
        return []
    contig = cases[0].change.contig
    layout = Layout.of(known, contig)
    named = our_names(sorted(set(spelt.values())), contig, sequence, known)
    versions = dict(layout.table["transcript"].str.split(".").to_list())
    here = {case: place for case, place in spelt.items() if case.transcript in versions}
    literal = literal_names(list(here), layout)
    return [
        Answer(case, named.get((place, case.transcript)), words, versions[case.transcript])
        for (case, place), words in zip(here.items(), literal, strict=True)
    ]


def our_names(
    sites: list[Site], contig: str, sequence: Bases, known: Transcripts
) -> dict[tuple[Site, str], str]:
    """Coding names behind ``c.`` by site and transcript (without version)."""
    schema = {"position": pl.Int64, "ref": pl.String, "alt": pl.String}
    frame = pl.DataFrame(sites, schema=schema, orient="row").select(
        pl.int_range(pl.len()).alias("site"), pl.lit(contig).alias("contig"), pl.all()
    )
    rows = frame.join(touching(frame, known), on="site").select(
        *frame.columns, "id", consequence="term", impact=pl.lit("MODIFIER")
    )
    told = describe_contig(rows, sequence, contig, Assembly.GRCH38, known)
    found = told.filter(pl.col("hgvs_c").is_not_null()).select(*schema, "hgvs_c")
    return {
        ((position, ref, alt), name.partition(".")[0]): name.partition(":c.")[2]
        for position, ref, alt, name in found.iter_rows()
    }


def literal_names(cases: list[Case], layout: Layout) -> list[str | None]:
    """What the genomic names say on the transcripts if nothing is shifted."""
    names = layout.table["transcript"].str.split(".").list.first().to_list()
    tx = dict(zip(names, layout.table["tx"].to_list(), strict=True))
    columns = ("kind", "first", "last")
    events = pl.DataFrame(
        {
            "tx": [tx[case.transcript] for case in cases],
            **{name: [getattr(case.change, name) for case in cases] for name in columns},
            "deleted": [case.change.bases for case in cases],
            "inserted": [
                case.change.bases if case.change.kind == "ins" else case.change.into
                for case in cases
            ],
        }
    ).with_columns(pl.col("kind").str.strip_suffix("?"))
    named = coding_names(placed(events, layout), layout)
    return named.str.split(":c.").list.last().to_list()


def score(kind: str, every: list[Answer], apart: list[str]) -> Score:
    """The score of one kind of change, with a goal."""
    ours = [answer for answer in every if answer.case.kind == kind]
    agreed = [answer for answer in ours if answer.agrees]
    others = [answer for answer in ours if not answer.agrees]
    elsewhere = [answer.reason for answer in others if answer.reason in NOT_OF_MANE]
    return Score(
        name=kind,
        agreed=len(agreed),
        unexplained=[str(answer) for answer in others if not answer.reason],
        apart=reasons([*apart, *elsewhere]),
        remarks=reasons(
            [SAME_VERSION for answer in agreed if answer.case.version == answer.version]
            + [f"{UNSHIFTED}: {answer}" for answer in agreed if answer.unshifted]
        ),
        goal=GOAL,
    )


def set_aside(ours: list[Answer]) -> Score:
    """The score of records that the file's makers set aside, without a goal."""
    others = [answer for answer in ours if not answer.agrees]
    return Score(
        name="set aside by its makers",
        agreed=len(ours) - len(others),
        explained=reasons(answer.reason for answer in others if answer.reason),
        unexplained=[str(answer) for answer in others if not answer.reason],
    )


def same_but_codons(one: str, other: str) -> bool:
    """Whether two coding names differ by a number of whole codons, everywhere the same."""
    if _LABEL.sub("#", one) != _LABEL.sub("#", other) or "*" in one + other:
        return False
    steps = {a - b for a, b in zip(_bases(one), _bases(other), strict=True)}
    offsets = [[label[2] for label in _LABEL.findall(name)] for name in (one, other)]
    return offsets[0] == offsets[1] and len(steps) == 1 and min(steps) % 3 == 0


def _bases(name: str) -> Iterator[int]:
    """Coding positions without a gap at zero: the base before base 1 is 0 here, in HGVS -1."""
    for sign, number, _ in _LABEL.findall(name):
        yield 1 - int(number) if sign == "-" else int(number)
