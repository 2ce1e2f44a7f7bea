"""A source over an OMOP CDM in any of the SQL engines."""

from __future__ import annotations

from functools import cached_property

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.core.tables import Table
from soyang.phenotypes import answers, harmonise, questions
from soyang.phenotypes.answers import canonical
from soyang.phenotypes.consent_words import consent_records
from soyang.phenotypes.contract import contract_faults, unanswered, version_fault
from soyang.phenotypes.engine import Engine


class SqlSource:
    """The platform, asked for some persons through an engine.

    Persons go to the platform by number (``n``), so that pseudonyms stay here; answers get them
    back here.
    """

    def __init__(
        self,
        engine: Engine,
        wanted: pl.DataFrame,
        *,
        by_source_value: bool = False,
        never: frozenset[str] = frozenset(),
        name: str = "",
    ) -> None:
        """Check the platform and hand it the persons.

        Args:
            engine: an open connection.
            wanted: columns person, person_id (String).
            by_source_value: whether person_id is the table's person_source_value.
            never: questions that this platform can't answer, whatever its tables.
            name: what messages call it, if not as the engine is called.

        Raises:
            FaultError: tables, columns, types or the version are not those of the CDM.
        """
        self.engine = engine
        self.name = name or engine.name
        self.found = engine.tables()
        self._check()
        self.unanswered = unanswered(self.found) | never
        people = wanted.sort("person", "person_id").with_row_index("n").cast({"n": pl.Int64})
        self.people = people.select("n", "person")
        engine.give("wanted", self._numbers(people, by_source_value))

    def _check(self) -> None:
        step = "make the table as the CDM has it, and let the role of the platform read it"
        faults = list(contract_faults(self.found, self.engine.place, step))
        if not faults and "cdm_source" in self.found:
            versions = self._ask(questions.VERSION)["cdm_version"].drop_nulls().to_list()
            wrong = version_fault(sorted(map(str, versions)), self.engine.place)
            faults = [wrong] if wrong else []
        if faults:
            raise FaultError(faults)

    def _numbers(self, people: pl.DataFrame, by_source_value: bool) -> pl.DataFrame:
        """Columns n, person_id (Int64) of the persons wanted."""
        if not by_source_value:
            return people.select("n", pl.col("person_id").cast(pl.Int64))
        asked = people.select("n", identifier="person_id")
        return self._ask(questions.IDENTIFIED, asked=asked).sort("n", "person_id")

    def _ask(self, question: str, **along: pl.DataFrame) -> pl.DataFrame:
        """Rows of a question, with small tables that go along with it."""
        for name, frame in along.items():
            self.engine.give(name, frame)
        return self.engine.answer(question)

    def _of_persons(self, frame: pl.DataFrame, table: Table) -> pl.DataFrame:
        """Numbers back to pseudonyms, in the form of an answer."""
        return canonical(frame.cast({"n": pl.Int64}).join(self.people, on="n"), table)

    def persons(self) -> pl.DataFrame:
        """KNOWN_PERSONS of the wanted persons who are there."""
        return self._of_persons(self._homes, answers.KNOWN_PERSONS)

    def periods(self) -> pl.DataFrame:
        """PERIODS under observation."""
        if "periods" in self.unanswered:
            return answers.PERIODS.empty()
        frame = self._ask(questions.PERIODS)
        undated = frame.filter(pl.any_horizontal(pl.col("start_date", "end_date").is_null()))
        if len(undated):
            raise FaultError(
                Fault(
                    code="omop-date",
                    file=self.engine.place,
                    row="table observation_period",
                    found=f"{len(undated)} periods without first or last day",
                    allowed="a date in each, as OMOP CDM 5.4 demands",
                    next_step="export the CDM anew",
                )
            )
        return self._of_persons(frame, answers.PERIODS)

    def events(self, *domains: str) -> pl.DataFrame:
        """EVENTS of these domains, all if none is named."""
        return canonical(self.records(*domains), answers.EVENTS)

    def records(self, *domains: str) -> pl.DataFrame:
        """EVENTS, not yet in order, with source_concept_id and unit_concept_id (0: none)."""
        given = [
            harmonise.record(self._ask(questions.events(domain)), domain)
            for domain in (domains or answers.DOMAINS)
            if f"events.{domain}" not in self.unanswered
        ]
        if not given:
            return pl.DataFrame(schema=answers.EVENTS.schema).with_columns(
                source_concept_id=pl.lit(0, pl.Int64), unit_concept_id=pl.lit(0, pl.Int64)
            )
        records = pl.concat(given)
        ids = pl.concat([records["source_concept_id"], records["unit_concept_id"]])
        homes = self._homes.group_by("n").agg(pl.col("hospital").max())
        named = harmonise.events(records, self.concepts(ids), homes, self._visits, self._denying)
        return named.join(self.people, on="n").select(harmonise.RECORD_COLUMNS)

    def occurrences(self, sets: pl.DataFrame) -> pl.DataFrame:
        """OCCURRENCES of concept sets."""
        sets = sets.filter(pl.col("concept_id") != 0).unique()
        names = sets.select("concept_set").unique().sort("concept_set").with_row_index("k")
        names = names.cast({"k": pl.Int64})
        if names.is_empty() or self.people.is_empty():
            return answers.OCCURRENCES.empty()
        along = (
            sets.join(names, on="concept_set").select("k", "concept_id", "at_least").sort(pl.all())
        )
        found = self._ask(questions.occurrences(self._denying), sets=along)
        return self._of_persons(
            found.cast({"k": pl.Int64}).join(names, on="k"), answers.OCCURRENCES
        )

    def consents(self) -> pl.DataFrame:
        """CONSENT_RECORDS of the table ``consent``."""
        if "consents" in self.unanswered:
            return answers.CONSENT_RECORDS.empty()
        frame = self._ask(questions.CONSENTS).cast({"n": pl.Int64}).join(self.people, on="n")
        rows = frame.sort(pl.all()).with_columns(
            row=pl.format("table consent, a row of {}", "person")
        )
        return consent_records(rows, self.engine.place, source="platform")

    def specimens(self) -> pl.DataFrame:
        """SPECIMENS, by the source's identifier, else the platform's own."""
        if "specimens" in self.unanswered:
            return answers.SPECIMENS.empty()
        own = pl.col("source_id").str.strip_chars()
        frame = self._ask(questions.SPECIMENS).with_columns(
            specimen=pl.when(own != "").then(own).otherwise(pl.col("specimen_id").cast(pl.String))
        )
        return self._of_persons(frame, answers.SPECIMENS)

    def concepts(self, ids: pl.Series) -> pl.DataFrame:
        """CONCEPTS with these ids; unknown ones are left out."""
        asked = _asked(ids)
        if asked.is_empty():
            return answers.CONCEPTS.empty()
        return canonical(self._ask(questions.CONCEPTS, asked=asked), answers.CONCEPTS)

    def ancestors(self, ids: pl.Series) -> pl.DataFrame:
        """ANCESTORS of these concepts."""
        asked = _asked(ids)
        if asked.is_empty() or "ancestors" in self.unanswered:
            return answers.ANCESTORS.empty()
        return canonical(self._ask(questions.ANCESTORS, asked=asked), answers.ANCESTORS)

    def code_maps(self, codes: pl.DataFrame) -> pl.DataFrame:
        """CODE_MAPS of source codes that the site's vocabulary knows."""
        asked = codes.select("vocabulary", "code").unique().sort(pl.all())
        if asked.is_empty() or "code_maps" in self.unanswered:
            return answers.CODE_MAPS.empty()
        maps = self._ask(questions.CODE_MAPS, asked=asked).with_columns(
            pl.col("concept_id").fill_null(0)
        )
        mapped = (pl.col("concept_id").max() == 0).over("vocabulary", "code")
        return canonical(
            maps.filter((pl.col("concept_id") != 0) | mapped).unique(), answers.CODE_MAPS
        )

    def vocabularies(self) -> pl.DataFrame:
        """VOCABULARIES that the site has loaded."""
        return canonical(
            self._ask(questions.VOCABULARIES).drop_nulls("vocabulary"), answers.VOCABULARIES
        )

    @cached_property
    def _sites(self) -> pl.DataFrame:
        return harmonise.care_sites(self._ask(questions.CARE_SITES))

    @cached_property
    def _homes(self) -> pl.DataFrame:
        deaths = self._ask(questions.DEATHS)
        return harmonise.persons(self._ask(questions.PERSONS), deaths, self._sites).cast(
            {"n": pl.Int64}
        )

    @cached_property
    def _visits(self) -> pl.DataFrame:
        """Columns n, visit, hospital."""
        visits = self._ask(questions.VISITS).cast({"n": pl.Int64})
        return visits.join(self._sites, on="care_site_id").select("n", "visit", "hospital")

    @cached_property
    def _denying(self) -> frozenset[int]:
        """Concepts that deny, by the site's vocabulary."""
        codes = pl.DataFrame(harmonise.ABSENT_CODES, schema=["vocabulary", "code"], orient="row")
        found = self._ask(questions.DENYING, asked=codes)["concept_id"]
        return frozenset([*found.to_list(), *harmonise.ABSENT_CONCEPTS])


def _asked(ids: pl.Series) -> pl.DataFrame:
    """Column concept_id, each once; 0 stands for no concept."""
    unique = ids.cast(pl.Int64).drop_nulls().unique().sort()
    return pl.DataFrame({"concept_id": unique}).filter(pl.col("concept_id") != 0)
