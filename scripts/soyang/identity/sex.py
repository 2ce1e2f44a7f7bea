"""Sex by copies of X and Y and by heterozygosity of X, against the recorded sex.

The recorded sex is contradicted only where the chromosomes speak for the other one:

- recorded male: two X or more and no Y. One X without a Y does not contradict: blood of many
  older men has lost Y (a fifth of men, Thompson et al., Nature 2019;575:652).
- recorded female: a Y.

Other unexpected copies (XXY or XYY recorded male, X0 or XXX recorded female) agree with the
record as far as that goes; they are noted. Where depth was not assessed, heterozygosity of X
speaks alone, as in PLINK's --check-sex: one X has next to none. It is taken relative to the
sample's own autosomes, so that no population frequencies are needed.

A contradiction is 'discordant', never an error of anyone: aneuploidy, variation of sex
development and a transplant are possible as well as a swap.
"""

from __future__ import annotations

from dataclasses import dataclass

POSSIBLE = "aneuploidy (such as XXY or X0), variation of sex development or transplant possible"
_KNOWN = {"male": (1, 1), "female": (2, 0)}
_PAIR = 2


@dataclass(frozen=True, kw_only=True)
class SexLimits:
    """Settings; see ``core.genomic.Identity``."""

    max_one_x_heterozygosity: float
    min_two_x_heterozygosity: float
    min_sites: int


@dataclass(frozen=True, kw_only=True)
class SexEvidence:
    """What was found of X and Y in one sample; None: not assessed.

    Attributes:
        x_depth: depth of X over that of the autosomes.
        y_depth: the same of Y.
        x_copies: copies of X by depth, as the reads' quality says.
        y_copies: the same of Y.
        x_sites: diploid genotypes on X outside PAR that carry something.
        x_heterozygous: of these.
        autosomal_sites: the same on autosomes.
        autosomal_heterozygous: of these.
    """

    x_depth: float | None = None
    y_depth: float | None = None
    x_copies: int | None = None
    y_copies: int | None = None
    x_sites: int = 0
    x_heterozygous: int = 0
    autosomal_sites: int = 0
    autosomal_heterozygous: int = 0

    @property
    def copies(self) -> tuple[int | None, int | None] | None:
        """Copies of X and Y; None if neither was told."""
        both = self.x_copies, self.y_copies
        return None if both == (None, None) else both

    def heterozygosity(self, limits: SexLimits) -> float | None:
        """Heterozygous share of X over that of the autosomes; None from too few sites.

        Where X was called with one copy there are no diploid genotypes, and nothing to say.
        """
        enough = min(self.x_sites, self.autosomal_sites) >= limits.min_sites
        if not enough or not self.autosomal_heterozygous:
            return None
        autosomal = self.autosomal_heterozygous / self.autosomal_sites
        return self.x_heterozygous / self.x_sites / autosomal

    def x_by_heterozygosity(self, limits: SexLimits) -> int | None:
        """One X or two, None where heterozygosity can't tell."""
        found = self.heterozygosity(limits)
        if found is None or limits.max_one_x_heterozygosity < found < (
            limits.min_two_x_heterozygosity
        ):
            return None
        return 1 if found <= limits.max_one_x_heterozygosity else 2


def sex_found(evidence: SexEvidence, limits: SexLimits) -> str:
    """Sex from copies, else from heterozygosity: male, female, unclear or not_assessed."""
    copies = evidence.copies
    if copies is None:
        by_x = {1: "male", 2: "female"}
        unclear = "not_assessed" if evidence.heterozygosity(limits) is None else "unclear"
        return by_x.get(evidence.x_by_heterozygosity(limits) or 0, unclear)
    return next((sex for sex, known in _KNOWN.items() if known == copies), "unclear")


def contradicts(recorded: str, evidence: SexEvidence, limits: SexLimits) -> bool:
    """Whether the chromosomes speak for the other than the recorded sex."""
    copies = evidence.copies
    if copies is None:
        return {recorded, sex_found(evidence, limits)} == {"male", "female"}
    x, y = copies
    if recorded == "female":
        return bool(y)
    return recorded == "male" and y == 0 and x is not None and x > 1


def sex_reason(recorded: str, evidence: SexEvidence, limits: SexLimits) -> str:
    """What is said of a contradiction."""
    return f"sex: discordant, recorded {recorded}, {_found(evidence, limits)}; {POSSIBLE}"


def sex_note(recorded: str, evidence: SexEvidence, limits: SexLimits) -> str:
    """What is noted of copies or heterozygosity that hold nobody back, empty if nothing."""
    if contradicts(recorded, evidence, limits):
        return ""
    notes = []
    copies = evidence.copies
    if copies and None in copies:
        notes.append(f"between whole numbers of copies: {_depth(evidence)}; mosaic possible")
    elif copies and copies not in _KNOWN.values():
        notes.append(f"unexpected copies of X or Y: {_found(evidence, limits)}; {POSSIBLE}")
    by_x = evidence.x_by_heterozygosity(limits)
    if copies and copies[0] is not None and by_x and by_x != min(copies[0], 2):
        notes.append(
            f"heterozygosity of X speaks for {by_x} X, depth for {copies[0]}: "
            f"{_x_figures(evidence, limits)}; mixture, mosaic or runs of homozygosity possible"
        )
    return "; ".join(notes)


def _found(evidence: SexEvidence, limits: SexLimits) -> str:
    word = sex_found(evidence, limits)
    figures = _x_figures(evidence, limits)
    if evidence.copies is None:
        return f"{word} by {figures}"
    found = word if word in _KNOWN else _named(*evidence.copies)
    return f"{found} by depth ({_depth(evidence)})" + (f", {figures}" if figures else "")


def _named(x: int | None, y: int | None) -> str:
    """Copies as cytogenetics writes them: XXY, X0; a question mark where it is not known."""
    named = ("?" if x is None else "X" * x) + ("?" if y is None else "Y" * y)
    return f"{named or '0'}0" if x is not None and y is not None and x + y < _PAIR else named


def _depth(evidence: SexEvidence) -> str:
    told = ((name, getattr(evidence, f"{name.lower()}_depth")) for name in "XY")
    return (
        ", ".join(
            f"{name} {'not assessed' if depth is None else f'{depth:.2f}'}" for name, depth in told
        )
        + " of the autosomes"
    )


def _x_figures(evidence: SexEvidence, limits: SexLimits) -> str:
    found = evidence.heterozygosity(limits)
    if found is None:
        return ""
    return (
        f"heterozygosity of X {found:.2f} of the autosomes' "
        f"({evidence.x_heterozygous:,} of {evidence.x_sites:,} sites)"
    )
