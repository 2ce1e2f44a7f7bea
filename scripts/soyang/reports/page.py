"""The page of one language, made from ``report.json`` alone.

The page is one file: style inside, no script, no image, nothing from the network; its
content security policy allows only its own style, by hash.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from soyang.reports.event_lines import EventLines
from soyang.reports.event_model import EventDisease
from soyang.reports.model import ClinVar, Coverage, Disease, Frequency, Gap, Report, Variant
from soyang.reports.sentences import LANGUAGE_NAMES, Sentences

TEMPLATES = Path(__file__).parent / "templates"
TERMS = ("variant", "copies", "de_novo", "hgvs", "uncertain", "not_assessed")
"""Words explained at the end of the page."""


def render(report: Report, language: str) -> str:
    """The page of a report in one language.

    Raises:
        KeyError: a code of the report has no sentence, or its sentence lacks a value.
    """
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    say = Sentences(language)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            language=language,
            links=[
                (code, LANGUAGE_NAMES[code], file_name(report, code)) for code in report.languages
            ],
            say=say,
            lines=Lines(say),
            terms=TERMS,
            style=Markup(style),
            style_hash=digest,
        )
    )


def file_name(report: Report, language: str) -> str:
    """``report.html`` for the first language, ``report.<language>.html`` for others."""
    return "report.html" if language == report.languages[0] else f"report.{language}.html"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


class Lines(EventLines):
    """Values of several parts as one line."""

    def clinvar(self, variant: Variant) -> list[Markup]:
        """ClinVar on a variant, line by line."""
        record = variant.clinvar
        if record.state != "listed":
            lines = [self.say.label("clinvar_state", record.state)]
        else:
            stars = "unknown" if record.stars is None else str(record.stars)
            identity = (
                self.say("clinvar_line.id", id=record.variation_id)
                if record.variation_id
                else self.say("clinvar_line.no_id")
            )
            lines = [
                self._classification(record),
                self.say(f"stars.{stars}"),
                identity,
            ]
        if record.release:
            lines.append(self.say("clinvar_line.release", release=record.release))
        return lines

    def _classification(self, record: ClinVar) -> Markup:
        """The classification, and ClinVar's own words where they differ."""
        shown = self.say.label("clinvar", record.classification or "other")
        words = (record.significance or "").replace("_", " ")
        if words.casefold() == shown.casefold():
            return Markup("<strong>{}</strong>").format(shown)
        return Markup('<strong>{}</strong> <span lang="en">({})</span>').format(shown, words)

    def frequency(self, found: Frequency) -> Markup:
        """Copies seen in a source, or that nobody or nothing was looked at."""
        counted = found.ac is not None and bool(found.an)
        if found.state == "not_assessed":
            return self.say("frequency.not_assessed")
        if found.state == "not_found":
            return (
                self.say("frequency.not_found", an=found.an)
                if counted
                else self.say("frequency.not_found_uncounted")
            )
        if not counted:
            return self.say("frequency.found_uncounted")
        counts = {"ac": found.ac, "an": found.an, "share": (found.ac or 0) / (found.an or 1)}
        if found.nhomalt is None:
            return self.say("frequency.found_plain", **counts)
        return self.say("frequency.found", n=found.nhomalt, **counts)

    def reads(self, variant: Variant) -> Markup:
        """Reads that show the variant, of all reads there."""
        if variant.depth is None or variant.alt_depth is None:
            return self.say("ui.not_available")
        return self.say("ui.depth", alt=variant.alt_depth, depth=variant.depth)

    def consequence(self, variant: Variant) -> Markup:
        """What the variant does, in words."""
        return self.say.labels("consequence", variant.consequence)

    def inheritance(self, disease: Disease | EventDisease) -> Markup:
        """Modes of inheritance of a disease."""
        if not disease.inheritance:
            return self.say("ui.not_available")
        return self.say.labels("inheritance", disease.inheritance)

    def entry(self, entry: str) -> Markup:
        """How the data were made, in a sentence's code."""
        return Markup("fastq" if entry in {"fastq", "ubam", "bam", "cram"} else "calls")

    def method_gaps(self, gaps: list[Gap]) -> list[Markup]:
        """What this kind of test never looks at, in words."""
        return [self.say.coded("gap", gap) for gap in gaps]

    def covered(self, coverage: Coverage) -> float:
        """Share of coding bases that were callable; 0 where there are none."""
        return coverage.callable_bases / (coverage.coding_bases or 1)

    def position(self, variant: Variant) -> str:
        """The site's name in VCF terms."""
        return f"{variant.contig}-{variant.position}-{variant.ref}-{variant.alt}"
