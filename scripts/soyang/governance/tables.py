"""Files that governance hands on."""

import polars as pl

from soyang.core.people import Consent
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

DELIVERED = Table(
    name="governance.delivered",
    meaning="one file of one person in the delivery folder, which only its owner may read",
    columns=(
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="folder", dtype=pl.String, meaning="folder in the delivery folder"),
        Column(name="file", dtype=pl.String, meaning="file in it, empty if not yet delivered"),
        Column(name="sha256", dtype=pl.String, meaning="its SHA-256, empty if not yet delivered"),
    ),
    key=("person", "folder", "file"),
)

STATES = ("permitted", "not permitted")
ACTIONS = ("removed", "rebuilt", "no longer made", "made", "ends soon")

CONSENT_REGISTER = Table(
    name="governance.consent_register",
    meaning="what was known anew of one person's consent to one scope; rows are only ever added",
    columns=(
        Column(name="day", dtype=pl.Date, meaning="date of the reports of the run"),
        Column(name="person", dtype=pl.String, meaning="person's pseudonym"),
        Column(name="scope", dtype=pl.String, allowed=tuple(Consent), meaning="scope"),
        Column(
            name="before",
            dtype=pl.String,
            allowed=("", *STATES),
            meaning="the register's last word before; empty: the person is new to it",
        ),
        Column(name="after", dtype=pl.String, allowed=STATES, meaning="what holds now"),
        Column(name="reason", dtype=pl.String, meaning="who permits it, or what is against it"),
        Column(name="duo", dtype=pl.String, meaning="DUO terms of the permission, ';' between"),
        Column(
            name="valid_until",
            dtype=pl.Date,
            nullable=True,
            meaning="it holds at least until then; missing: no end is known, or not permitted",
        ),
    ),
)

AFFECTED = Table(
    name="governance.affected",
    meaning="one output that a change of consent reached, or a consent that ends soon",
    columns=(
        Column(name="person", dtype=pl.String, meaning="pseudonym of whose consent it is"),
        Column(name="sample", dtype=pl.String, meaning="the person's sample"),
        Column(name="scope", dtype=pl.String, allowed=tuple(Consent), meaning="scope"),
        Column(name="before", dtype=pl.String, allowed=STATES, meaning="what held before"),
        Column(name="after", dtype=pl.String, allowed=STATES, meaning="what holds now"),
        Column(name="reason", dtype=pl.String, meaning="why, in the words of the register"),
        Column(
            name="output",
            dtype=pl.String,
            meaning="file, folder or pattern in the working folder; empty where a consent ends "
            "soon",
        ),
        Column(name="action", dtype=pl.String, allowed=ACTIONS, meaning="what becomes of it"),
    ),
    key=("person", "sample", "scope", "output", "action"),
)
