"""What the three SQL engines have in common: where tables lie, and how one is asked."""

from __future__ import annotations

from typing import Protocol

import polars as pl

from soyang.core.errors import Fault, FaultError
from soyang.phenotypes.contract import Found


class Engine(Protocol):
    """An open connection to an OMOP CDM."""

    @property
    def name(self) -> str:
        """What messages call the platform."""

    @property
    def place(self) -> str:
        """What faults give as the file: a path, or the setting's name."""

    def tables(self) -> Found:
        """Tables that are there, of those that are read, with their columns and types."""

    def give(self, name: str, frame: pl.DataFrame) -> None:
        """Let a small table go along with later questions, in place of an earlier one.

        Args:
            name: what questions call it.
            frame: columns of Int32, Int64, Float64 and String.
        """

    def answer(self, question: str) -> pl.DataFrame:
        """Rows of a question of :mod:`soyang.phenotypes.questions`.

        Raises:
            FaultError: the platform failed, or its content is not what the CDM prescribes.
        """


def platform_error(place: str, code: str, found: str, allowed: str, step: str) -> FaultError:
    """A fault of the platform as a whole.

    What a library says is never repeated in it: it may hold values of records, or a secret.
    """
    return FaultError(Fault(code=code, file=place, found=found, allowed=allowed, next_step=step))


def broken(place: str, what: str) -> FaultError:
    """A question failed where the tables are as they should be."""
    return platform_error(
        place,
        "omop-content",
        f"a query failed ({what})",
        "tables that can be read and whose values fit their columns",
        "look into the platform's own log, export the CDM anew if it is a file, then start again",
    )
