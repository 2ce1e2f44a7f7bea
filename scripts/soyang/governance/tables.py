"""Files that governance hands on."""

import polars as pl

from soyang.core.tables import Column, Table

STATUSES = ("reported", "quarantined", "failed", "withheld")

LEDGER = Table(
    name="governance.ledger",
    meaning="how one sample of the sheet ended; nobody is missing",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="sample", dtype=pl.String, meaning="sample"),
        Column(name="hospital", dtype=pl.String, meaning="hospital"),
        Column(name="status", dtype=pl.String, allowed=STATUSES, meaning="how it ended"),
        Column(name="reason", dtype=pl.String, meaning="why, empty if reported"),
    ),
    key=("person", "sample"),
)

DROPPED = Table(
    name="governance.dropped",
    meaning="one sample or person whose own step failed while the run went on",
    columns=(
        Column(name="subject", dtype=pl.String, meaning="sample (before the gate) or person"),
        Column(name="room", dtype=pl.String, meaning="room in which it failed"),
        Column(name="verb", dtype=pl.String, meaning="verb that failed"),
        Column(name="reason", dtype=pl.String, meaning="the error in one line"),
    ),
    key=("subject",),
)
