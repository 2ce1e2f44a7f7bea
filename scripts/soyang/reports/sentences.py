"""Codes into sentences: message catalogs, and how values look in each language.

A catalog (``messages/<language>.po``) holds one sentence for each code, the same codes in
every language. Values are escaped before they enter a sentence, and so is the sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Any

from babel.dates import format_date
from babel.lists import format_list
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from markupsafe import Markup, escape

MESSAGES = Path(__file__).parent / "messages"
LANGUAGE_NAMES = {"en": "English", "ko": "한국어", "ja": "日本語"}
COUNTED = ("n", "n_terms", "genes", "exons")
"""Values that choose between singular and plural: a number, or a list's length."""
SMALLEST_PERCENT = 1e-6
"""Shares below are shown as 'below' this one; no genotype source counts so many alleles."""


@cache
def catalog(language: str) -> Catalog:
    """The messages of one language."""
    with (MESSAGES / f"{language}.po").open("rb") as lines:
        return read_po(lines, locale=language, abort_invalid=True)


def placeholders(text: str) -> set[str]:
    """Names of the values that a sentence takes."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@cache
def _translations(language: str) -> Translations:
    compiled = BytesIO()
    write_mo(compiled, catalog(language))
    compiled.seek(0)
    return Translations(compiled)


class Sentences:
    """The sentences of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._messages = _translations(language)
        self._known = {str(message.id) for message in catalog(language) if message.id}
        self._known |= {m.id[0] for m in catalog(language) if isinstance(m.id, tuple | list)}
        self._formats: dict[str, Callable[[Any], str]] = {
            "gene": _gene,
            "genes": lambda genes: self.listed([_gene(gene) for gene in genes]),
            "exons": self.listed,
            "condition": _english,
            "conditions": self._conditions,
            "items": self.listed,
            "consequence": lambda terms: self.labels("consequence", terms),
            "classification": lambda code: self.label("clinvar", code),
            "inheritance": lambda modes: self.labels("inheritance", modes),
            "parent": lambda code: self.label("parent", code),
            "frequency": self.share,
            "share": self.share,
            "read": self.share,
            "kind": lambda code: self.label("event_kind", code),
            "why": lambda code: self.label("event_why", code),
            "zygosity": lambda code: self.label("zygosity", code),
            "size": self.size,
            "points": self.points,
            "region": _english,
            "variant": _english,
            "date": self.date,
            "first": self.date,
            "last": self.date,
            "title": _english,
        }

    def __call__(self, code: str, **values: Any) -> Markup:
        """The sentence of a code, with its values as this language writes them.

        Raises:
            KeyError: no such code, or the sentence needs a value that is not given.
        """
        if code not in self._known:
            raise KeyError(f"{code}: no sentence in {self.language}")
        count = self._count(values)
        text = self._messages.gettext(code)
        if count is not None:
            plural = self._messages.ngettext(code, code, count)
            text = text if plural == code else plural
        shown = {name: self.value(name, value) for name, value in values.items()}
        return Markup(escape(text)).format_map(shown)

    def coded(self, prefix: str, statement: Any) -> Markup:
        """The sentence of a statement that has a code and values."""
        return self(f"{prefix}.{statement.code}", **statement.values)

    def label(self, prefix: str, value: str) -> Markup:
        """A word for a value, or the value itself where the catalog has none."""
        code = f"{prefix}.{value}".lower() if prefix == "consequence" else f"{prefix}.{value}"
        return self(code) if code in self._known else _english(value)

    def labels(self, prefix: str, values: list[str]) -> Markup:
        """Words for values, joined as the language joins them."""
        return self.listed([self.label(prefix, value) for value in values])

    def value(self, name: str, value: Any) -> Markup:
        """A value as it stands in a sentence."""
        if name in self._formats:
            return Markup(escape(self._formats[name](value)))
        if isinstance(value, int):
            return Markup(escape(format_decimal(value, locale=self.language)))
        return Markup(escape(value))

    def number(self, value: int) -> str:
        """An integer with the language's digit groups."""
        return format_decimal(value, locale=self.language)

    def share(self, value: float) -> str:
        """A share as percent with two significant digits, never rounded to all or nothing.

        99.96 % is not 100 %: what is short of all is cut, not rounded.
        """
        percent = float(value) * 100
        if percent in (0.0, 100.0):
            return f"{percent:.0f}%"
        if percent < SMALLEST_PERCENT:
            return f"<{SMALLEST_PERCENT:.6f}%"
        if percent > 99:  # noqa: PLR2004  where rounding could reach 100 %
            return f"{int(percent * 100) / 100:.2f}%"
        digits = max(0, 1 - _magnitude(percent))
        return format_decimal(round(percent, digits), format=f"0.{'#' * digits}") + "%"

    def size(self, bases: int) -> str:
        """A length with three significant digits, in bp, kb or Mb."""
        for unit, step in (("Mb", 1_000_000), ("kb", 1_000)):
            if bases >= step:
                digits = 2 - _magnitude(bases / step)
                number = format_decimal(round(bases / step, digits), locale=self.language)
                return f"{number}\u00a0{unit}"
        return f"{self.number(bases)}\u00a0bp"

    def points(self, value: float) -> str:
        """Points with two decimals and their sign."""
        return f"{value:+.2f}".replace("-", "\u2212") if value else "0.00"

    def date(self, value: str) -> str:
        """An ISO date in the language's long form; anything else as it is."""
        try:
            return format_date(date.fromisoformat(value), format="long", locale=self.language)
        except ValueError:
            return value

    def listed(self, items: list[str]) -> Markup:
        """Items joined as the language joins them."""
        return Markup(format_list([str(escape(item)) for item in items], locale=self.language))

    def _conditions(self, names: list[str]) -> Markup:
        return Markup("; ").join(_english(name) for name in names)

    def _count(self, values: Mapping[str, Any]) -> int | None:
        for name in COUNTED:
            if name in values:
                value = values[name]
                return len(value) if isinstance(value, list) else int(value)
        return None


def _magnitude(value: float) -> int:
    return int(f"{value:e}".split("e")[1])


def _gene(name: str) -> Markup:
    return Markup('<i class="gene" lang="en" translate="no">{}</i>').format(name)


def _english(text: str) -> Markup:
    return Markup('<span lang="en">{}</span>').format(text)
