"""One interface to the clinical data platform, whatever it runs on.

A source is opened for the persons wanted and answers about them only; the work is pushed down to
where the rows are. What it can't express it says in :attr:`Source.unanswered` and answers with an
empty table, so that "not asked" is never taken for "not there".
"""

from __future__ import annotations

from typing import Protocol

import polars as pl


class Source(Protocol):
    """A platform, opened for some persons. Every answer is a table of :mod:`answers`."""

    @property
    def name(self) -> str:
        """What messages call it; never a secret, never a user's path in results."""

    @property
    def unanswered(self) -> frozenset[str]:
        """Names of the questions (methods) that it can't express.

        ``events.procedure`` and ``events.note``: it answers ``events``, but not of this domain.
        """

    def persons(self) -> pl.DataFrame:
        """KNOWN_PERSONS of the wanted persons who are there."""

    def periods(self) -> pl.DataFrame:
        """PERIODS under observation."""

    def events(self, *domains: str) -> pl.DataFrame:
        """EVENTS of these domains (of :data:`answers.DOMAINS`), all if none is named."""

    def records(self, *domains: str) -> pl.DataFrame:
        """EVENTS in any order, with source_concept_id and unit_concept_id (Int64, 0: none)."""

    def occurrences(self, sets: pl.DataFrame) -> pl.DataFrame:
        """OCCURRENCES of concept sets in conditions, observations, medicines and measurements.

        Args:
            sets: columns concept_set (String), concept_id (Int64, standard concepts, descendants
                already in it) and at_least (Float64, null: any value), a threshold that a
                measurement's value must reach.
        """

    def consents(self) -> pl.DataFrame:
        """CONSENT_RECORDS, ``source`` = platform."""

    def specimens(self) -> pl.DataFrame:
        """SPECIMENS."""

    def concepts(self, ids: pl.Series) -> pl.DataFrame:
        """CONCEPTS with these ids (Int64); unknown ones are left out."""

    def ancestors(self, ids: pl.Series) -> pl.DataFrame:
        """ANCESTORS of these concepts (Int64); empty where the site has no concept_ancestor."""

    def code_maps(self, codes: pl.DataFrame) -> pl.DataFrame:
        """CODE_MAPS of source codes that the site's vocabulary knows.

        Args:
            codes: columns vocabulary (String; ``""``: any vocabulary), code (String).
        """

    def vocabularies(self) -> pl.DataFrame:
        """VOCABULARIES that the site has loaded."""
