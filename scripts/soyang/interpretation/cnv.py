"""Points for deletions and duplications by the ClinGen and ACMG standards.

Riggs et al. 2020, Genet Med 22:245, doi:10.1038/s41436-019-0686-8: table 1 (losses) and table 2
(gains), with the suggested points. Scored is what a computer can hold at hand: content (1), overlap
with genes and regions of established dosage sensitivity or harmlessness (2), number of genes (3),
inheritance where parents are in the analysis (5). Literature (4) and predictors (2H of losses) are
left to the reader of the report, and the report says so. Within section 2 the strongest evidence
counts once. Loss of a part inside one gene follows the PVS1 tree (Abou Tayoun et al. 2018, Hum
Mutat 39:1517, figure 1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from soyang.interpretation.cnv_tables import EventClass, EventReasonCode

ESTABLISHED, RECESSIVE, HARMLESS = 3, 30, 40
"""ClinGen's scores: sufficient evidence, recessive phenotype, dosage sensitivity unlikely."""
PVS1, PVS1_STRONG, PVS1_MODERATE = 0.90, 0.45, 0.30
"""Points of 2E (loss) and 2I (gain) by the strength that the PVS1 tree gives."""
MUCH = 0.1
"""Share of the protein above which its loss counts as strong in the PVS1 tree."""
DE_NOVO_ASSUMED = 0.10
"""5A by the least of 4C: parentage taken from the pedigree, phenotype not judged to be specific."""
INHERITED = -0.15
"""5C: from an unaffected parent, phenotype not judged to be specific."""
LIKELY, CERTAIN = 0.90, 0.99
"""Points, to either side, from which a change is likely pathogenic (benign), and pathogenic."""
GENES = {"deletion": ((25, 0.45), (35, 0.90)), "duplication": ((35, 0.45), (50, 0.90))}
"""Section 3: numbers of protein-coding genes from which on 3B and 3C hold, with their points."""

ParentSeen = Literal["carrier", "not_found", "unknown", "absent"]
Values = Mapping[str, str | int | float | list[str]]


@dataclass(frozen=True)
class Evidence:
    """One line of the scoring.

    Attributes:
        code: category of the table, such as 2A.
        points: what it counts.
        reason: why, as a code.
        values: what its sentence needs.
    """

    code: str
    points: float
    reason: EventReasonCode
    values: Values

    @property
    def established(self) -> bool:
        """Whether it says that dosage sensitivity is established (2A to 2E, 2I)."""
        return self.code.startswith("2") and self.points >= LIKELY


@dataclass(frozen=True, kw_only=True)
class Parent:
    """A parent: whether the event was seen in them, and whether they are affected."""

    role: str
    seen: ParentSeen
    affected: Literal["yes", "no", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """A deletion or duplication, with what scoring needs.

    Attributes:
        kind: ``deletion`` or ``duplication``.
        genes: GENE_HIT of annotation, for each gene touched.
        regions: REGION_HIT of annotation; None: no source of regions.
        parents: father and mother.
        affected: whether the person has the condition under study.
    """

    kind: Literal["deletion", "duplication"]
    genes: Sequence[Mapping[str, Any]]
    regions: Sequence[Mapping[str, Any]] | None
    parents: Sequence[Parent] = ()
    affected: Literal["yes", "no", "unknown"] = "unknown"


def evidence(change: Change) -> list[Evidence]:
    """All lines of the scoring, section by section."""
    second = list(_overlap(change))
    return [
        *_content(change),
        *_once(second),
        _number(change),
        _inheritance(change, established=any(line.established for line in second)),
    ]


def total(lines: Sequence[Evidence]) -> float:
    """Sum of points, to two decimals as the tables count."""
    return round(sum(line.points for line in lines), 2)


def classify(points: float) -> EventClass:
    """The class for a sum of points (the head of tables 1 and 2)."""
    if points >= CERTAIN:
        return "pathogenic"
    if points >= LIKELY:
        return "likely_pathogenic"
    if points <= -CERTAIN:
        return "benign"
    return "likely_benign" if points <= -LIKELY else "uncertain"


def _content(change: Change) -> Iterator[Evidence]:
    """Section 1."""
    exonic = [gene["gene"] for gene in _coding(change) if gene["first_exon"] is not None]
    if exonic:
        yield Evidence("1A", 0.0, "coding_content", {"n": len(exonic)})
    else:
        yield Evidence("1B", -0.60, "no_coding_content", {})


def _number(change: Change) -> Evidence:
    """Section 3, counted on MANE's genes, which are nearly all that code in RefSeq."""
    number = len(_coding(change))
    (few, half), (many, whole) = GENES[change.kind]
    code, points = ("3C", whole) if number >= many else ("3B", half) if number >= few else ("3A", 0)
    return Evidence(code, points, "genes", {"n": number})


def _coding(change: Change) -> list[Mapping[str, Any]]:
    return [gene for gene in change.genes if gene["protein_coding"]]


def _once(lines: list[Evidence]) -> list[Evidence]:
    """The strongest line first; others of the same sign are told without their points.

    What is established outweighs harmlessness: a change that also takes an established gene is
    not harmless because it lies where harmless ones do.
    """
    ordered = sorted(lines, key=lambda line: (-line.points, line.code))
    if not any(line.points > 0 for line in ordered):
        ordered.sort(key=lambda line: (line.points, line.code))
    return [line if n == 0 else replace(line, points=0.0) for n, line in enumerate(ordered)]


def _overlap(change: Change) -> Iterator[Evidence]:
    """Section 2."""
    if change.kind == "deletion":
        yield from _lost_genes(change)
        yield from _lost_regions(change)
    else:
        yield from _gained_genes(change)
        yield from _gained_regions(change)


def _lost_genes(change: Change) -> Iterator[Evidence]:
    """2A, 2C to 2F of table 1, for genes."""
    alone = len(_coding(change)) == 1
    for gene in change.genes:
        if gene["haploinsufficiency"] == ESTABLISHED:
            yield _LOSS_OF[gene["extent"]](gene)
        if gene["haploinsufficiency"] == HARMLESS and gene["extent"] == "internal" and alone:
            yield Evidence("2F", -1.0, "benign_gene_within", {"gene": gene["gene"]})


def _whole(gene: Mapping[str, Any]) -> Evidence:
    return Evidence("2A", 1.0, "hi_gene_whole", {"gene": gene["gene"]})


def _five_prime(gene: Mapping[str, Any]) -> Evidence:
    if gene["coding_bases"]:
        return Evidence("2C-1", 0.90, "hi_gene_five_prime", _exons(gene))
    return Evidence("2C-2", 0.0, "hi_gene_five_prime_utr", {"gene": gene["gene"]})


def _three_prime(gene: Mapping[str, Any]) -> Evidence:
    if not gene["coding_bases"]:
        return Evidence("2D-1", 0.0, "hi_gene_three_prime_utr", {"gene": gene["gene"]})
    if _all_coding(gene):
        return Evidence("2D-2", PVS1, "hi_gene_all_coding", {"gene": gene["gene"]})
    if gene["first_exon"] == gene["exons"]:
        # Whether others found pathogenic variants in this exon (2D-2) is for the reader.
        return Evidence("2D-3", 0.30, "hi_gene_last_exon", {"gene": gene["gene"]})
    return Evidence("2D-4", 0.90, "hi_gene_three_prime", _exons(gene))


def _internal(gene: Mapping[str, Any]) -> Evidence:
    """2E, by the PVS1 tree for deletions of exons."""
    if not gene["coding_bases"]:
        return Evidence("2E", 0.0, "hi_gene_not_coding", {"gene": gene["gene"]})
    if _all_coding(gene):
        return Evidence("2E", PVS1, "hi_gene_all_coding", {"gene": gene["gene"]})
    if gene["nmd"]:
        return Evidence("2E", PVS1, "hi_gene_internal_decay", _exons(gene))
    if gene["coding_bases"] / gene["coding_length"] > MUCH:
        return Evidence("2E", PVS1_STRONG, "hi_gene_internal_large", _exons(gene))
    return Evidence("2E", PVS1_MODERATE, "hi_gene_internal_small", _exons(gene))


def _all_coding(gene: Mapping[str, Any]) -> bool:
    """Whether no coding base is left, though some of the transcript is."""
    return bool(gene["coding_bases"] == gene["coding_length"])


_LOSS_OF = {
    "whole": _whole,
    "five_prime": _five_prime,
    "three_prime": _three_prime,
    "internal": _internal,
}


def _exons(gene: Mapping[str, Any]) -> dict[str, str | int]:
    return {"gene": gene["gene"], "span": span(gene), "of": gene["exons"]}


def span(gene: Mapping[str, Any]) -> str:
    """Exons of a gene that an event touches: ``3``, ``3-7`` or nothing."""
    first, last = gene["first_exon"], gene["last_exon"]
    return "" if first is None else str(first) if first == last else f"{first}-{last}"


def _lost_regions(change: Change) -> Iterator[Evidence]:
    """2A, 2B, 2F, 2G of table 1, for regions."""
    for region in change.regions or ():
        score, named = region["haploinsufficiency"], {"region": region["name"]}
        if score == ESTABLISHED and region["share"] >= 1:
            yield Evidence("2A", 1.0, "hi_region_whole", named)
        elif score == ESTABLISHED:
            yield Evidence("2B", 0.0, "hi_region_part", named | {"share": _rounded(region)})
        elif score == HARMLESS and region["within"]:
            yield Evidence("2F", -1.0, "benign_region_within", named)
        elif score == HARMLESS:
            yield Evidence("2G", 0.0, "benign_region_beyond", named)


def _rounded(region: Mapping[str, Any]) -> float:
    return float(f"{region['share']:.2g}")


def _gained_genes(change: Change) -> Iterator[Evidence]:
    """2A, 2B, 2H to 2L of table 2, for genes."""
    for gene in change.genes:
        named = {"gene": gene["gene"]}
        if gene["triplosensitivity"] == ESTABLISHED:
            whole = gene["extent"] == "whole"
            reason: EventReasonCode = "ts_gene_whole" if whole else "ts_gene_part"
            yield Evidence("2A" if whole else "2B", 1.0 if whole else 0.0, reason, named)
        if gene["haploinsufficiency"] == ESTABLISHED:
            yield _gain_on(gene)
    others = [
        gene["gene"]
        for gene in _coding(change)
        if gene["breakpoints"] and gene["haploinsufficiency"] != ESTABLISHED
    ]
    if others:
        yield Evidence("2L", 0.0, "other_gene_breakpoint", {"genes": others})


def _gain_on(gene: Mapping[str, Any]) -> Evidence:
    """2H to 2J: a gain over or in a gene that does not bear loss.

    That a duplication lies in tandem is presumed: short reads seldom prove it (PVS1 tree).
    """
    if gene["extent"] == "whole":
        return Evidence("2H", 0.0, "hi_gene_in_gain", {"gene": gene["gene"]})
    if gene["extent"] != "internal":
        return Evidence("2J", 0.0, "hi_gene_breakpoint", {"gene": gene["gene"]})
    if gene["nmd"]:
        return Evidence("2I", PVS1_STRONG, "hi_gene_gain_inside", _exons(gene))
    return Evidence("2I", 0.0, "hi_gene_gain_unclear", {"gene": gene["gene"]})


def _gained_regions(change: Change) -> Iterator[Evidence]:
    """2A to 2G of table 2, for regions."""
    for region in change.regions or ():
        score, named = region["triplosensitivity"], {"region": region["name"]}
        if score == ESTABLISHED and region["share"] >= 1:
            yield Evidence("2A", 1.0, "ts_region_whole", named)
        elif score == ESTABLISHED:
            yield Evidence("2B", 0.0, "ts_region_part", named | {"share": _rounded(region)})
        elif score == HARMLESS:
            yield _harmless_gain(change, region)


def _harmless_gain(change: Change, region: Mapping[str, Any]) -> Evidence:
    """2C to 2G of table 2."""
    named = {"region": region["name"]}
    own = {gene["gene"] for gene in _coding(change)}
    known = set(region["genes"])
    broken = any(gene["breakpoints"] for gene in _coding(change))
    if own and own == known and not broken:
        return Evidence("2C", -1.0, "benign_gain_same_genes", named)
    if region["within"]:
        if broken:
            return Evidence("2E", 0.0, "benign_gain_breaks", named)
        return Evidence("2D", -1.0, "benign_gain_within", named)
    if region["share"] >= 1 and own <= known:
        return Evidence("2F", -1.0, "benign_gain_larger", named)
    return Evidence("2G", 0.0, "benign_gain_beyond", named)


def _inheritance(change: Change, *, established: bool) -> Evidence:
    """Section 5, where it can be told; a parent who was not looked at says nothing.

    An unaffected parent does not speak against what is established: many such changes do not
    show in everyone (Riggs et al. 2020, on section 5 and penetrance), so nothing is taken off.
    """
    if change.affected != "yes":
        return Evidence("5F", 0.0, "inheritance_no_question", {})
    carrying = [parent for parent in change.parents if parent.seen == "carrier"]
    for parent in sorted(carrying, key=lambda parent: parent.affected != "yes"):
        if parent.affected == "yes":
            return Evidence("5D", 0.0, "inherited_affected", {"parent": parent.role})
        if parent.affected == "no" and established:
            return Evidence("5C", 0.0, "inherited_established", {"parent": parent.role})
        if parent.affected == "no":
            return Evidence("5C", INHERITED, "inherited_unaffected", {"parent": parent.role})
    absent = [parent.seen == "not_found" for parent in change.parents]
    if len(absent) == len(("father", "mother")) and all(absent):
        return Evidence("5A", DE_NOVO_ASSUMED, "de_novo_assumed", {})
    return Evidence("5F", 0.0, "inheritance_unknown", {})
