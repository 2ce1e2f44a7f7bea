"""Settings of the clinical side: the platform and how it is asked, consent, phenotypes.

Verbs that ask the platform take its section as one JSON text. Secrets are never in it: it names
the file or the environment variable that holds them.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from soyang.core.setting_types import File, Named, Strict

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _secure(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError("a URL without user and password; name the file that holds the secret")
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return url.rstrip("/")
    raise ValueError("an https URL (http only on this machine)")


def _a_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("a time zone, such as Asia/Seoul") from None
    return name


Url = Annotated[str, AfterValidator(_secure)]
"""An https URL; http is for servers on the same machine."""


class Postgres(Strict):
    """OMOP CDM 5.4 in PostgreSQL, asked with a role that can only read."""

    uri_file: File | None = Field(
        None, description="file with the connection URI, readable by its owner only"
    )
    uri_variable: str = Field("", description="or the environment variable that holds the URI")
    cdm_schema: Named = Field("cdm", description="schema of the clinical tables")
    vocabulary_schema: str = Field("", description="schema of the vocabulary; empty: the same")

    @model_validator(mode="after")
    def _one_secret(self) -> Postgres:
        if bool(self.uri_file) == bool(self.uri_variable):
            raise ValueError("one of uri_file and uri_variable")
        return self


class Spark(Strict):
    """OMOP CDM 5.4 on Spark SQL; needs the package's extra ``spark``."""

    master: str = Field("local[*]", description="Spark master, where the driver runs here")
    remote: str = Field("", description="or a Spark Connect server, sc://host:port")
    folder: File | None = Field(None, description="folder with one Parquet table each, or")
    cdm_schema: str = Field("", description="schema of the clinical tables in the catalogue")
    vocabulary_schema: str = Field("", description="schema of the vocabulary; empty: the same")

    @model_validator(mode="after")
    def _one_place(self) -> Spark:
        if bool(self.folder) == bool(self.cdm_schema):
            raise ValueError("one of folder and cdm_schema")
        return self


class Fhir(Strict):
    """A FHIR R4 server, asked by Bulk Data export or by search."""

    base_url: Url = Field(description="the server's base URL")
    method: Literal["export", "search"] = Field(
        "export", description="Bulk Data export, or search person by person"
    )
    group: str = Field("", description="Group to export; empty: the persons by Patient/$export")
    identifier_system: str = Field(
        "", description="system of the Patient.identifier in the sheet; empty: Patient.id"
    )
    token_url: Url | None = Field(None, description="SMART Backend Services: token endpoint")
    client_id: str = Field("", description="SMART Backend Services: client id")
    key_file: File | None = Field(None, description="private key (PEM) that signs for the client")
    key_id: str = Field("", description="its key id (kid), where the server needs it")
    scope: str = Field("system/*.read", description="scopes asked for")
    token_file: File | None = Field(None, description="or a file with a bearer token")
    ca_file: File | None = Field(None, description="certificates of the site's own authority")
    vocabulary: File = Field(
        description="the site's OMOP vocabulary: a DuckDB file or a folder of Parquet tables"
    )

    @model_validator(mode="after")
    def _whole_client(self) -> Fhir:
        client = (self.token_url, self.client_id, self.key_file)
        if any(client) and not all(client):
            raise ValueError("token_url, client_id and key_file together")
        if all(client) and self.token_file:
            raise ValueError("one of key_file and token_file")
        return self


class Platform(Strict):
    """The clinical data platform: at most one source of records, and what comes beside it."""

    omop: File | None = Field(
        None, description="OMOP CDM 5.4: a DuckDB file, or a folder with one Parquet table each"
    )
    postgres: Postgres | None = Field(None, description="or OMOP CDM 5.4 in PostgreSQL")
    spark: Spark | None = Field(None, description="or OMOP CDM 5.4 on Spark SQL")
    fhir: Fhir | None = Field(None, description="or a FHIR R4 server")
    consents: File | None = Field(
        None, description="table of consents (tab-separated), beside the platform's own"
    )
    phenopackets: File | None = Field(
        None, description="folder of phenopackets (v2), for people without a record"
    )
    hpo_sheet: File | None = Field(
        None, description="sheet of HPO terms by person, for people without a record"
    )
    lifelog: File | None = Field(
        None, description="folder of Open mHealth data points (JSON or NDJSON)"
    )
    date_shifts: File | None = Field(
        None, description="days by which each person's dates are shifted (private, an input)"
    )

    @property
    def kind(self) -> Literal["", "omop", "postgres", "spark", "fhir"]:
        """The source of records, ``""`` where there is none."""
        for name in ("omop", "postgres", "spark", "fhir"):
            if getattr(self, name) is not None:
                return name
        return ""

    @model_validator(mode="after")
    def _one_source(self) -> Platform:
        named = [n for n in ("omop", "postgres", "spark", "fhir") if getattr(self, n) is not None]
        if len(named) > 1:
            raise ValueError(f"one source of records, not {' and '.join(named)}")
        return self


class Consents(Strict):
    """When consent counts."""

    age_of_majority: int = Field(
        19,
        ge=15,
        le=21,
        description="age at which a guardian's consent ends; 19: Korean Civil Act, Article 4 "
        "(18 in Japan: Civil Code, Article 4)",
    )
    age_of_assent: int = Field(
        7,
        ge=0,
        le=21,
        description="age from which a minor's own assent is needed beside the guardian's consent "
        "(American Academy of Pediatrics 1995: from 7 years)",
    )


class Phenotypes(Strict):
    """Phenotypes from the clinical record."""

    time_zone: Annotated[str, AfterValidator(_a_zone)] = Field(
        "Asia/Seoul", description="time zone of days, where a lifelog point has none"
    )
    min_case_days: int = Field(
        2, ge=1, description="distinct days with a phecode's codes that make a case"
    )
    min_observed_days: int = Field(
        365, ge=0, description="days under observation without any code that make a control"
    )
    min_wear_hours: float = Field(
        10, ge=0, le=24, description="hours worn that make a lifelog day valid"
    )
