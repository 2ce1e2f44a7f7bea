"""Terms of GA4GH's Data Use Ontology, and which uses of the data each excludes.

Source of terms and labels: https://github.com/EBISPOT/DUO, duo.csv (Lawson et al. 2021, Cell
Genomics 1:100028).
"""

from __future__ import annotations

from collections.abc import Iterable

from soyang.core.people import Consent

USES = (Consent.RESEARCH, Consent.SHARING, Consent.COMMERCIAL_USE)
"""Scopes that DUO terms speak of: uses of the data beyond the person's own care."""
_NOT_FOR_PROFIT = frozenset({Consent.COMMERCIAL_USE})
_NO_PARTNERS = frozenset({Consent.SHARING, Consent.COMMERCIAL_USE})
_ANY_USE = frozenset(USES)
DUO = {
    "DUO:0000004": ("no restriction", frozenset()),
    "DUO:0000006": ("health or medical or biomedical research", frozenset()),
    "DUO:0000007": ("disease specific research", _ANY_USE),
    "DUO:0000011": ("population origins or ancestry research only", _ANY_USE),
    "DUO:0000012": ("research specific restrictions", _ANY_USE),
    "DUO:0000015": ("no general methods research", frozenset()),
    "DUO:0000016": ("genetic studies only", frozenset()),
    "DUO:0000018": ("not for profit, non commercial use only", _NOT_FOR_PROFIT),
    "DUO:0000019": ("publication required", frozenset()),
    "DUO:0000020": ("collaboration required", frozenset()),
    "DUO:0000021": ("ethics approval required", frozenset()),
    "DUO:0000022": ("geographical restriction", frozenset()),
    "DUO:0000024": ("publication moratorium", frozenset()),
    "DUO:0000025": ("time limit on use", frozenset()),
    "DUO:0000026": ("user specific restriction", _NO_PARTNERS),
    "DUO:0000027": ("project specific restriction", _ANY_USE),
    "DUO:0000028": ("institution specific restriction", _NO_PARTNERS),
    "DUO:0000029": ("return to database or resource", frozenset()),
    "DUO:0000042": ("general research use", frozenset()),
    "DUO:0000043": ("clinical care use", frozenset()),
    "DUO:0000044": ("population origins or ancestry research prohibited", frozenset()),
    "DUO:0000045": ("not for profit organisation use only", _NOT_FOR_PROFIT),
    "DUO:0000046": ("non-commercial use only", _NOT_FOR_PROFIT),
}  # fmt: skip
"""Term to its label and the scopes that it excludes.

The cohort's frequencies serve any research, so a limit to one disease, kind of research or
project excludes them; partners are other users, institutions and projects; companies are for
profit. The other conditions are for who receives data to meet: they travel with the permission.
"""


def exclusion(scope: Consent, terms: Iterable[str]) -> str:
    """The first term that excludes a scope, with its label; ``""`` if none does.

    A term that is not known may mean any limit, so it excludes every use.
    """
    for term in terms:
        label, excluded = DUO.get(term, ("not a term that is known", _ANY_USE))
        if scope in excluded:
            return f"{term}: {label}"
    return ""
