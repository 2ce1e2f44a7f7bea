"""Lines of the page about structural, copy-number and mitochondrial variants."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup, escape

from soyang.reports.event_model import Event, EventGene, Events, Mitochondrial
from soyang.reports.sentences import Sentences

MOST_GENES = 8
"""Genes of an event that the table has; others are only named."""
FEW_GENES = 3
"""Genes that the title of an event names."""
_LOOKED = ("structural", "copy_number", "copy_number_from", "mitochondrial")


class EventLines:
    """Values of several parts as one line."""

    most_genes = MOST_GENES

    def __init__(self, say: Sentences) -> None:
        self.say = say

    def event_title(self, event: Event) -> Markup:
        """Kind and size, and the genes with coding bases in it, as far as they are few."""
        kind = self.say("event_kind." + event.kind)
        parts = [Markup(kind[:1].upper()) + kind[1:]]
        if event.length is not None:
            parts.append(self.say.value("size", event.length))
        what = Markup(" ").join(parts)
        genes = [gene.gene for gene in event.genes if gene.part == "coding"]
        if not 0 < len(genes) <= FEW_GENES:
            return what
        return Markup("{} · {}").format(self.say.value("genes", genes), what)

    def event_class(self, event: Event) -> Markup:
        """The class, or that there is none, and why."""
        if event.classification is None:
            return self.say(f"event_not_interpreted.{event.not_interpreted}")
        return self.say("ui.event_class", classification=event.classification, points=event.points)

    def event_place(self, event: Event) -> Markup:
        """Where it lies, 1-based with both ends; of a breakend both sides."""
        if event.mate:
            return Markup("{} ↔ {}").format(f"{event.contig}:{event.first}", event.mate)
        last = f"-{event.last}" if event.last > event.first else ""
        return escape(f"{event.contig}:{event.first}{last}")

    def event_callers(self, event: Event) -> Markup:
        """Callers that have it, and the reads for it where breakpoints told it."""
        callers = Markup('<span lang="en">{}</span>').format(", ".join(event.callers))
        if event.support is None:
            return callers
        return Markup("{}; {}").format(callers, self.say("ui.event_reads", n=event.support))

    def event_cohort(self, event: Event) -> Markup:
        """How many of the cohort have it."""
        if event.cohort_carriers is None or not event.cohort_assessed:
            return self.say("ui.not_available")
        return self.say("ui.event_cohort", carriers=event.cohort_carriers, of=event.cohort_assessed)

    def event_genes(self, event: Event) -> Markup:
        """Genes that it touches."""
        genes = [gene.gene for gene in event.genes]
        return self.say.value("genes", genes) if genes else self.say("ui.none")

    def event_extent(self, gene: EventGene) -> Markup:
        """How much of a gene lies in the event."""
        extent = self.say(f"event_extent.{gene.extent}")
        if gene.part != "coding":
            extent = Markup("{} ({})").format(extent, self.say(f"event_part.{gene.part}"))
        if not gene.exons or gene.extent == "whole":
            return extent
        exons = self.say("ui.event_exons", span=gene.exons, of=gene.of_exons)
        return Markup("{}; {}").format(extent, exons)

    def event_dosage(self, gene: EventGene) -> Markup:
        """ClinGen's scores of a gene, in words."""
        words = [
            self.say(f"event_dosage.{name}", score=self.say(f"event_score.{score}"))
            for name, score in (("loss", gene.haploinsufficiency), ("gain", gene.triplosensitivity))
            if score is not None
        ]
        if not words:
            return self.say("event_dosage.unknown")
        return Markup("").join(Markup('<span class="line">{}</span>').format(w) for w in words)

    def looked(self, events: Events) -> bool:
        """Whether anything was looked for at all."""
        return any(line.code in _LOOKED for line in events.looked_for)

    def event_numbers(self, events: Events) -> Iterator[Markup]:
        """What is not listed, in numbers, and what the points leave out."""
        if events.uncertain:
            yield self.say("ui.events_uncertain", n=len(events.uncertain))
        if events.harmless:
            yield self.say("ui.events_harmless", n=events.harmless)
        if events.counted:
            yield self.say("ui.events_counted", n=events.counted)
        if events.shown or events.uncertain:
            items = [self.say(f"event_not_scored.{code}") for code in events.not_scored]
            yield self.say("ui.events_standard")
            yield self.say("ui.events_not_scored", items=items)

    def mitochondrial_genes(self, variant: Mitochondrial) -> Markup:
        """Genes with what the variant does to each."""
        if not variant.genes:
            return self.say("ui.none")
        pairs = zip(variant.genes, variant.consequence, strict=False)
        return Markup("").join(
            Markup('<span class="line">{} {}</span>').format(
                self.say.value("gene", gene), self.say.label("consequence", word)
            )
            for gene, word in pairs
        )

    def mitochondrial_clinvar(self, variant: Mitochondrial) -> Markup:
        """ClinVar's class and stars."""
        if variant.classification is None:
            return self.say("clinvar_state.not_listed")
        stars = "unknown" if variant.stars is None else str(variant.stars)
        shown = self.say.label("clinvar", variant.classification)
        return Markup('<span class="line"><strong>{}</strong></span><span class="line">{}</span>'
                      ).format(shown, self.say(f"stars.{stars}"))  # fmt: skip
