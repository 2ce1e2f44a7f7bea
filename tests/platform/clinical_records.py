"""The synthetic people's clinical records, made around their visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import codes
import numpy as np
import polars as pl
import vocabulary
from codes import Code
from people import LAST, Rng, dates, day_number, maybe, numbered, pick


@dataclass(frozen=True, kw_only=True)
class Records:
    """Makes clinical records around visits."""

    rng: Rng
    person: pl.DataFrame
    visit: pl.DataFrame
    common: bool

    def _base(self, count: int, prefix: str) -> pl.DataFrame:
        """person_id, visit_occurrence_id and day; some without visit, some on impossible days."""
        chosen = self.visit[self.rng.integers(0, len(self.visit), count)]
        day = chosen["visit_start_date"].cast(pl.Int32).to_numpy().astype(float)
        odd = self.rng.random(count)
        day = np.where(odd < 0.005, day_number(date(1930, 3, 1)), day)
        day = np.where(odd > 0.995, day_number(date(2031, 5, 5)), day)
        return pl.DataFrame(
            {
                "person_id": chosen["person_id"],
                "visit_occurrence_id": maybe(self.rng, chosen["visit_occurrence_id"], 0.08),
                prefix: dates(day),
            }
        )

    def _coded(self, frame: pl.DataFrame, name: str, group: Sequence[Code]) -> pl.DataFrame:
        """Add ``<name>_concept_id``, ``_source_value``, ``_source_concept_id``."""
        mapped = np.array([vocabulary.maps_to(code) for code in group])
        rare = name == "condition"  # 99 % of diagnoses lead to a standard concept
        weights = np.where(mapped > 0, 1.0, 0.01 * (mapped > 0).sum() / (mapped == 0).sum())
        weights = weights if rare else np.ones(len(group))
        chosen = self.rng.choice(len(group), len(frame), p=weights / weights.sum())
        text = pl.Series([code.code for code in group]).gather(chosen)
        own = np.array([vocabulary.source().get(code, 0) for code in group])[chosen]
        concept, draw = mapped[chosen], self.rng.random(len(frame))
        if not self.common:
            concept = np.where(draw < 0.02, 0, concept)
            text = pl.select(
                pl.when(pl.Series(draw > 0.97)).then(text + " ").otherwise(text)
            ).to_series()
        bare = pl.Series((self.rng.random(len(frame)) < 0.05) & (concept > 0))
        alone = vocabulary.standard_codes() if self.common else {}
        source = pl.DataFrame({"bare": bare, "text": text, "own": own, "concept": concept})
        source = source.with_columns(
            given_own=pl.when(pl.lit(self.common)).then("concept"),
            given_text=pl.col("concept").replace_strict(
                alone, default=None, return_dtype=pl.String
            ),
        )
        kept = pl.when("bare")
        source = source.select(
            kept.then("given_text").otherwise("text").alias(f"{name}_source_value"),
            kept.then("given_own").otherwise("own").alias(f"{name}_source_concept_id"),
        )
        return frame.with_columns(
            pl.Series(f"{name}_concept_id", concept),
            *source,
            pl.lit(codes.EHR).alias(f"{name}_type_concept_id"),
        )

    def _some(self, count: int, length: int) -> pl.Series:
        return pl.Series(self.rng.integers(0, length, count), dtype=pl.UInt32)

    def _finished(self, frame: pl.DataFrame, table: str, day: str) -> pl.DataFrame:
        """Repeat 3 % of the rows, order them by person and number them."""
        again = frame.select(pl.all().gather(self._some(len(frame) * 3 // 100, len(frame))))
        return numbered(
            pl.concat([frame, again]).sort("person_id", day, maintain_order=True), table
        )

    def conditions(self, count: int) -> pl.DataFrame:
        day = "condition_start_date"
        frame = self._coded(self._base(count, day), "condition", codes.CONDITIONS)
        length = self.rng.integers(0, 200, count).astype(float)
        length[self.rng.random(count) < 0.6] = np.nan
        end = frame[day].cast(pl.Int32).to_numpy() + length
        frame = frame.with_columns(dates(end).alias("condition_end_date"))
        return self._finished(frame, "condition_occurrence", day)

    def observations(self, count: int) -> pl.DataFrame:
        day = "observation_date"
        frame = self._coded(self._base(count, day), "observation", codes.FINDINGS)
        values = (codes.ABSENT, codes.NO, codes.PRESENT, None)
        value = pick(self.rng, values, count, (15, 5, 20, 60))
        qualifier = pick(self.rng, (codes.ABSENT, None), count, (5, 95))
        frame = frame.with_columns(
            value.alias("value_as_concept_id"),
            (qualifier.clear(count) if self.common else qualifier).alias("qualifier_concept_id"),
        )
        return self._finished(frame, "observation", day)

    def measurements(self, count: int) -> pl.DataFrame:
        day = "measurement_date"
        frame = self._coded(self._base(count, day), "measurement", codes.TESTS)
        details = {vocabulary.standard()["LOINC", c]: d for c, d in codes.LOINC.items()}
        default = ("", "", 10.0, 3.0, 0.0, 20.0)
        rows = [details.get(c, default) for c in frame["measurement_concept_id"].to_list()]
        unit, mean, spread, low, high = (pl.Series([r[i] for r in rows]) for i in range(1, 6))
        value = np.abs(self.rng.normal(mean, spread)).round(2)
        style, spare = self.rng.random(count), self.rng.random(count)
        coded = pl.Series(spare < 0.03)
        gone = pl.Series((spare > 0.96) | (spare < 0.03))
        ranged = pl.Series(style > 0.4)
        frame = frame.with_columns(
            value=pl.Series(value), gone=gone, coded=coded, ranged=ranged, low=low, high=high,
            unit=unit, style=pl.Series(style),
        )  # fmt: skip
        return self._finished(self._with_values(frame), "measurement", day)

    def _with_values(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Numbers, coded values and units as hospitals write them: UCUM, text, Korean, none."""
        ids = pl.col("unit").replace_strict(codes.UNITS, default=None, return_dtype=pl.Int64)
        text = (
            pl.when(pl.col("style") < 0.6).then(pl.col("unit"))
            .when(pl.col("style") < 0.7).then(pl.col("unit").str.to_lowercase())
            .when(pl.col("style") < 0.75).then(pl.lit("밀리그램"))
            .when(pl.col("style") < 0.9).then(pl.col("unit"))
        )  # fmt: skip
        known = (pl.col("style") < 0.6) & (pl.col("unit") != "")
        kept = ~pl.col("gone") if self.common else pl.lit(True)
        both = pl.col("coded") & ((pl.lit(not self.common)) | pl.col("gone"))
        text = pl.when(text != "").then(text)
        return frame.with_columns(
            value_as_number=pl.when(~pl.col("gone")).then("value"),
            value_as_concept_id=pl.when(both).then(codes.PRESENT),
            unit_concept_id=pl.when(known & kept).then(ids).when(pl.col("style") > 0.95).then(0),
            unit_source_value=pl.when(kept).then(text),
            range_low=pl.when("ranged").then("low"),
            range_high=pl.when("ranged").then("high"),
        ).drop("value", "gone", "coded", "ranged", "low", "high", "unit", "style")

    def medicines(self, count: int) -> pl.DataFrame:
        day = "drug_exposure_start_date"
        frame = self._coded(self._base(count, day), "drug", codes.MEDICINES)
        supply = self.rng.choice([1, 7, 28, 90], count)
        end = frame[day].cast(pl.Int32).to_numpy() + supply - 1
        frame = frame.with_columns(
            dates(end).alias("drug_exposure_end_date"), pl.Series("days_supply", supply)
        )
        return self._finished(frame, "drug_exposure", day)

    def procedures(self, count: int) -> pl.DataFrame:
        day = "procedure_date"
        frame = self._coded(self._base(count, day), "procedure", codes.PROCEDURES)
        return self._finished(frame, "procedure_occurrence", day)

    def specimens(self, count: int) -> pl.DataFrame:
        base = self._base(count, "specimen_date").drop("visit_occurrence_id")
        return numbered(
            base.with_columns(
                pl.lit(vocabulary.standard()["SNOMED", "119297000"]).alias("specimen_concept_id"),
                pl.lit(codes.EHR).alias("specimen_type_concept_id"),
                pl.Series("specimen_source_id", [f"SP-{n:06}" for n in range(count)]),
            ).sort("person_id", "specimen_date", maintain_order=True),
            "specimen",
        )

    def notes(self, count: int) -> dict[str, pl.DataFrame]:
        """Notes, and the terms that a language tool found in them, a quarter of them denied."""
        note = self._base(count, "note_date").with_columns(
            note_type_concept_id=pl.lit(codes.EHR),
            note_class_concept_id=pl.lit(0),
            note_text=pl.lit("합성 환자의 기록"),
            encoding_concept_id=pl.lit(0),
            language_concept_id=pl.lit(0),
        )
        note = numbered(note.sort("person_id", "note_date", maintain_order=True), "note")
        found = [vocabulary.maps_to(c) for c in codes.CONDITIONS if c.standard]
        term = pl.DataFrame(
            {
                "note_id": note["note_id"].gather(self.rng.integers(0, count, count * 2)),
                "lexical_variant": "",
                "note_nlp_concept_id": pick(
                    self.rng, [*found, 0], count * 2, [1] * len(found) + [2]
                ),
                "nlp_date": LAST,
                "term_exists": pick(self.rng, ("Y", "N", None), count * 2, (65, 25, 10)),
            }
        )
        return {
            "note": note,
            "note_nlp": numbered(term.sort("note_id", maintain_order=True), "note_nlp"),
        }
