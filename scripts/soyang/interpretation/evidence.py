"""What speaks for and against one variant, before pedigree and phenotype.

Tiers and scores order what a clinician reads. They are not a clinical classification:
"pathogenic" is said only where ClinVar says it, and then as ClinVar's word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from soyang.interpretation.tables import FoundVariant, Reason, ReasonCode

MIN_STARS = 1
"""Review stars from which on a ClinVar classification counts: criteria were provided."""

ALTERING = 0.5
"""Evidence of a protein-altering variant, the least that a possible explanation needs."""

_Z_95 = 1.645


class Significance(StrEnum):
    """ClinVar's aggregate germline classification, as far as it matters here."""

    PATHOGENIC = "pathogenic"
    LIKELY_PATHOGENIC = "likely_pathogenic"
    CONFLICTING = "conflicting"
    UNCERTAIN = "uncertain"
    BENIGN = "benign"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Thresholds, named as in the settings.

    Attributes:
        max_frequency_dominant: population frequency, at most, for a dominant candidate.
        max_frequency_recessive: the same for a recessive candidate.
        min_genotype_depth: fewest reads for a genotype to count.
        min_allele_balance: share of reads with the variant, at least, in a heterozygote.
    """

    max_frequency_dominant: float
    max_frequency_recessive: float
    min_genotype_depth: int
    min_allele_balance: float


@dataclass(frozen=True, kw_only=True)
class Call:
    """One candidate variant of the person, with what judging it needs.

    Attributes:
        found: the variant as it will be told.
        significance: ClinVar's word, None if ClinVar does not have it.
        frequency: population frequency, None if not assessed; 0 if nobody carries it.
        floor: lower bound of that frequency, None if not assessed.
        phase_set: VCF PS, None if not phased by a named set.
        filter: VCF FILTER, ``.`` if none was applied.
    """

    found: FoundVariant
    significance: Significance | None
    frequency: float | None
    floor: float | None
    phase_set: int | None
    filter: str

    @property
    def name(self) -> str:
        """HGVS by which sentences name the variant."""
        return self.found.hgvs_c or self.found.hgvs_g

    @property
    def stars(self) -> int:
        """ClinVar's review stars, 0 if it does not have the variant."""
        return (self.found.clinvar.stars or 0) if self.found.clinvar else 0

    @property
    def clinvar_asserted(self) -> bool:
        """ClinVar says (likely) pathogenic, with review criteria or without."""
        return self.significance in (Significance.PATHOGENIC, Significance.LIKELY_PATHOGENIC)

    @property
    def clinvar_supported(self) -> bool:
        """ClinVar says (likely) pathogenic, with review criteria."""
        return self.stars >= MIN_STARS and self.clinvar_asserted

    @property
    def strong(self) -> bool:
        """ClinVar-supported, or an expected loss of function that ClinVar does not refute."""
        refuted = self.significance in (Significance.BENIGN, Significance.CONFLICTING)
        return self.clinvar_supported or (self.found.impact == "HIGH" and not refuted)

    def is_rare(self, limit: float) -> bool:
        """Not known to be more frequent than ``limit`` in the population."""
        return self.floor is None or self.floor <= limit


def significance(text: str | None) -> Significance | None:
    """Read ClinVar's wording, with spaces or underscores; None where there is none.

    'Pathogenic/Likely pathogenic' is pathogenic; of several classes joined by '|' the first
    of the list below that occurs counts.
    """
    if not text:
        return None
    plain = text.replace("_", " ").lower()
    if "conflicting" in plain:
        return Significance.CONFLICTING
    classes = {part.strip() for part in re.split(r"[/|,;]", plain)}
    for words, meaning in (
        ({"pathogenic"}, Significance.PATHOGENIC),
        ({"likely pathogenic"}, Significance.LIKELY_PATHOGENIC),
        ({"uncertain significance"}, Significance.UNCERTAIN),
        ({"benign", "likely benign"}, Significance.BENIGN),
    ):
        if classes & words:
            return meaning
    return Significance.OTHER


def frequency_floor(ac: pl.Expr, an: pl.Expr) -> pl.Expr:
    """Lower 95 % bound of an allele frequency, so that a small source excludes little.

    The idea is gnomAD's filtering allele frequency (Whiffin et al. 2017,
    doi:10.1038/gim.2017.26); the bound of the Poisson count is Byar's approximation (Breslow
    and Day 1987, eq. 2.13), good to a few per cent from two alleles on.
    """
    count = ac.cast(pl.Float64)
    bound = count * (1 - 1 / (9 * count) - _Z_95 / (3 * count.sqrt())).clip(lower_bound=0).pow(3)
    return pl.when(an > 0).then(pl.when(ac > 0).then(bound / an).otherwise(0.0))


def weight(call: Call, limits: Limits) -> float:
    """Evidence of one variant, 0 to 1.

    ClinVar pathogenic 1, likely pathogenic 0.95 (0.8 without review criteria); expected loss
    of function 0.8; altered protein 0.5; near a splice site 0.3. Benign without criteria
    counts a fifth at most; a doubtful genotype halves it.
    """
    base = _base_weight(call)
    if call.significance is Significance.BENIGN:
        base = min(base, 0.2)
    return base / 2 if any(genotype_faults(call, limits)) else base


def _base_weight(call: Call) -> float:
    if call.clinvar_supported:
        return 1.0 if call.significance is Significance.PATHOGENIC else 0.95
    if call.found.impact == "HIGH" or call.clinvar_asserted:
        return 0.8
    return ALTERING if call.found.impact == "MODERATE" else 0.3


def genotype_faults(call: Call, limits: Limits) -> Iterator[Reason]:
    """Reasons to doubt the genotype itself."""
    found = call.found
    if found.depth is not None and found.depth < limits.min_genotype_depth:
        yield _reason("low_depth", call, depth=found.depth)
    if found.zygosity == "heterozygous" and found.depth and found.alt_depth is not None:
        share = found.alt_depth / found.depth
        if share < limits.min_allele_balance:
            yield _reason("allele_balance", call, share=round(share, 3))
    if call.filter not in ("PASS", ".", ""):
        yield _reason("filtered", call, filter=call.filter)


def reasons_for(call: Call, limit: float) -> Iterator[Reason]:
    """What speaks for the variant; ``limit`` is the model's population frequency."""
    text = call.found.clinvar.significance if call.found.clinvar else ""
    if call.significance is Significance.PATHOGENIC:
        yield _reason("clinvar_pathogenic", call, significance=text, stars=call.stars)
    if call.significance is Significance.LIKELY_PATHOGENIC:
        yield _reason("clinvar_likely_pathogenic", call, significance=text, stars=call.stars)
    if call.found.impact == "HIGH":
        yield _reason("loss_of_function", call, consequence=call.found.consequence)
    elif call.found.impact == "MODERATE":
        yield _reason("protein_altering", call, consequence=call.found.consequence)
    elif "splice" in call.found.consequence:
        yield _reason("splice_region", call, consequence=call.found.consequence)
    if call.frequency is not None and call.is_rare(limit):
        yield _reason("rare", call, frequency=call.frequency)


_AGAINST: dict[Significance, ReasonCode] = {
    Significance.CONFLICTING: "clinvar_conflicting",
    Significance.UNCERTAIN: "clinvar_uncertain",
    Significance.BENIGN: "clinvar_benign",
}


def reasons_against(call: Call, limits: Limits, limit: float) -> Iterator[Reason]:
    """What speaks against the variant; ``limit`` is the model's population frequency."""
    if call.significance in _AGAINST and call.found.clinvar:
        yield _reason(
            _AGAINST[call.significance],
            call,
            significance=call.found.clinvar.significance,
            stars=call.stars,
        )
    if call.frequency is None:
        yield _reason("frequency_not_assessed", call)
    elif not call.is_rare(limit):
        yield _reason("common", call, frequency=call.frequency)
    yield from genotype_faults(call, limits)


def _reason(code: ReasonCode, call: Call, **values: str | int | float) -> Reason:
    return Reason(code=code, values={"variant": call.name, **values})
