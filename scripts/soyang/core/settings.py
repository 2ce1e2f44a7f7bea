"""Every setting, its meaning, default and bounds; unknown settings are refused.

``config/config.yaml`` shows them all with comments, and
``workflow/schemas/config.schema.json`` is made from this module:
``python -m soyang.core.settings > workflow/schemas/config.schema.json``.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from soyang.core.assembly import Assembly
from soyang.core.clinical import Consents, Phenotypes, Platform
from soyang.core.errors import Fault, FaultError
from soyang.core.genomic import Calling, Identity, Reads
from soyang.core.setting_types import File, Named, Share, Strict
from soyang.core.yaml_files import locate, merge, read_mapping


def _a_day(text: str) -> str:
    if text == "":
        raise ValueError("must be set")
    datetime.date.fromisoformat(text)
    return text


def _once(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        raise ValueError("each language once")
    return values


class Reference(Strict):
    """The reference sequence and its transcripts."""

    assembly: Assembly = Field(Assembly.GRCH38, description="assembly of all coordinates")
    fasta: File = Field(description="reference FASTA, uncompressed or bgzip")
    fetch: str | None = Field(
        None,
        description="reference of the catalogue that is fetched where fasta is not there; fasta "
        "is <folder>/<this name>/<file>",
    )
    catalog: File | None = Field(
        None, description="catalogue that fetch looks in; none: resources/catalog.yaml"
    )
    transcripts: File = Field(description="MANE transcripts, GFF3 in Ensembl style")
    transcripts_release: Named = Field(description="release of the transcripts, shown in reports")


class Source(Strict):
    """A knowledge source, with what a reader must know of it."""

    path: File = Field(description="file, in the assembly's coordinates, with its index")
    name: Named = Field(description="name shown in reports")
    release: Named = Field(description="release or date of the source")
    licence: Named = Field(description="licence or terms")
    note: str = Field("", description="what a reader must know, shown beside the source")


class Phecodes(Source):
    """Map from ICD-10 (WHO) codes to phecodes; a map of ICD-10-CM is refused."""

    labels: File = Field(description="phecodes with name, category and sex")


class Knowledge(Strict):
    """What is known beforehand; what is absent is reported as not assessed."""

    release: File | None = Field(
        None,
        description="knowledge release: a folder that `soyang knowledge build` wrote",
    )
    phecodes: Phecodes | None = Field(
        None, description="map from ICD-10 (WHO) codes to phecodes, with its labels"
    )
    loinc2hpo: Source | None = Field(
        None, description="HPO terms of laboratory results (loinc2hpo's annotation table)"
    )


class Annotation(Strict):
    """Consequences of variants."""

    engine: Literal["csq", "snpeff", "vep"] = Field(
        "csq", description="bcftools csq, or SnpEff or VEP (vepyr), installed beside it"
    )
    engine_data: File = Field(
        Path("annotation-engine"),
        description="folder in which SnpEff or VEP keeps what it makes of the transcripts",
    )
    vep_python: File | None = Field(
        None, description="Python of the environment that has vepyr, which `make vep` makes"
    )


class Interpretation(Strict):
    """What makes a variant a candidate."""

    max_frequency_dominant: Share = Field(
        0.0001, description="population frequency, at most, for a dominant candidate"
    )
    max_frequency_recessive: Share = Field(
        0.01, description="population frequency, at most, for a recessive candidate"
    )
    min_genotype_depth: int = Field(8, ge=1, description="fewest reads for a genotype to count")
    min_allele_balance: Share = Field(
        0.2, description="share of reads with the variant, at least, in a heterozygote"
    )


class Reports(Strict):
    """Reports."""

    languages: Annotated[tuple[Literal["en", "ko", "ja"], ...], AfterValidator(_once)] = Field(
        ("en", "ko", "ja"), min_length=1, description="languages; the first is report.html"
    )
    date: Annotated[str, AfterValidator(_a_day)] = Field(
        description="date of the reports (YYYY-MM-DD); an input, so that reruns are identical",
        pattern=r"^(\d{4}-\d{2}-\d{2})?$",
    )
    title_note: dict[Literal["en", "ko", "ja"], str] = Field(
        default_factory=dict,
        description="line above each report by language, e.g. that people are synthetic",
    )


class Expected(Strict):
    """One person whose end is known beforehand not to be a report."""

    person: str
    status: Literal["failed", "quarantined", "withheld"]
    reason: str = Field(description="word that the ledger's reason must contain")


class Settings(Strict):
    """All settings. Paths are relative to the working folder."""

    sheet: File = Field(Path("samples.tsv"), description="the sample sheet")
    pedigree: File | None = Field(None, description="PED file, instead of the sheet's columns")
    reference: Reference
    knowledge: Knowledge = Field(default_factory=lambda: Knowledge.model_validate({}))
    platform: Platform = Field(default_factory=lambda: Platform.model_validate({}))
    reads: Reads = Field(default_factory=lambda: Reads.model_validate({}))
    calling: Calling = Field(default_factory=lambda: Calling.model_validate({}))
    identity: Identity = Field(default_factory=lambda: Identity.model_validate({}))
    consent: Consents = Field(default_factory=lambda: Consents.model_validate({}))
    phenotypes: Phenotypes = Field(default_factory=lambda: Phenotypes.model_validate({}))
    annotation: Annotation = Field(default_factory=lambda: Annotation.model_validate({}))
    interpretation: Interpretation = Field(
        default_factory=lambda: Interpretation.model_validate({})
    )
    reports: Reports
    expected: tuple[Expected, ...] = Field((), description="exceptions that are expected")


@dataclass(frozen=True)
class Examined:
    """Settings files as far as they can be used, with all their faults.

    Attributes:
        settings: the settings; where a value is faulty, its default or a stand-in; None if a
            file can't be read, so that nothing is known.
        faults: every fault, each naming file, line and key.
    """

    settings: Settings | None
    faults: tuple[Fault, ...]


def load(files: Sequence[Path]) -> Settings:
    """Read settings files, later ones laid over earlier ones, and check them all at once.

    Raises:
        FaultError: with every fault, each naming file, line and key.
    """
    examined = examine(files)
    if examined.faults or examined.settings is None:
        raise FaultError(examined.faults)
    return examined.settings


def examine(files: Sequence[Path]) -> Examined:
    """Read settings files like :func:`load`, but go on where they are faulty."""
    merged: dict[str, Any] = {}
    faults: list[Fault] = []
    for file in files:
        try:
            merged = merge(merged, read_mapping(file))
        except FaultError as error:
            faults += error.faults
    if faults:
        return Examined(None, tuple(faults))
    settings = None
    for attempt in range(_ATTEMPTS):
        try:
            settings = Settings.model_validate(merged)
            break
        except ValidationError as error:
            details = error.errors()
        if attempt == 0:
            faults += [_fault(detail, files) for detail in details]
        for detail in details:
            _mend(merged, detail["loc"])
    return Examined(settings or Settings.model_validate(_STAND_INS), tuple(faults))


_ATTEMPTS = 4
"""Mending a value can show another fault, at most one on each level."""

_STAND_INS: dict[str, Any] = {
    "reference": {"fasta": "unset", "transcripts": "unset", "transcripts_release": "unset"},
    "reports": {"date": "2000-01-01"},
}
"""For settings without a default, so that a check can go on; no run ever sees them."""


def _mend(merged: dict[str, Any], loc: tuple[Any, ...]) -> None:
    """Put a stand-in for a faulty value, else remove it, or what can't do without it."""
    stand_in: Any = _STAND_INS
    nodes: list[Any] = [merged]
    for part in loc:
        stand_in = stand_in.get(part) if isinstance(stand_in, dict) else None
        node = nodes[-1]
        if isinstance(node, dict) and part in node:
            nodes.append(node[part])
    holder = nodes[min(len(loc), len(nodes)) - 1]
    if stand_in is not None and len(nodes) >= len(loc):
        holder[loc[-1]] = stand_in
    elif len(nodes) > 1:
        depth = len(nodes) - 2
        nodes[depth].pop(loc[depth], None)


def _fault(detail: Any, files: Sequence[Path]) -> Fault:
    key = ".".join(map(str, detail["loc"]))
    unknown = detail["type"] == "extra_forbidden"
    value = None if detail["type"] == "missing" else detail["input"]
    file, line = _place(detail["loc"], files)
    names = _siblings(detail["loc"])
    close = get_close_matches(str(detail["loc"][-1]), names, n=1) if unknown else []
    return Fault(
        code="settings-unknown" if unknown else "settings-value",
        file=str(file),
        row=line,
        column=key,
        found="an unknown setting" if unknown else _shown(value),
        allowed=f"one of {', '.join(names)}" if unknown else _plain(detail["msg"], value),
        next_step=f"did you mean '{close[0]}'? Correct the name"
        if close
        else "correct the name"
        if unknown
        else "set it as config/config.yaml describes",
    )


def _place(loc: tuple[Any, ...], files: Sequence[Path]) -> tuple[Path, str]:
    """File and line of a setting, or of what should hold it."""
    for end in range(len(loc), 0, -1):
        file, line = locate(loc[:end], files)
        if line:
            return file, line
    return files[-1], ""


_SECRET = re.compile(r"://[^/@\s']*@")
"""User and password in a URL: refused, and not to be repeated in the message."""


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, (datetime.date, datetime.datetime)):
        return str(value)
    return _SECRET.sub("://…@", repr(value))


def _plain(message: str, value: Any) -> str:
    """Pydantic's message in words that fit a settings file."""
    words = message.removeprefix("Value error, ").replace("Input should be ", "")
    if value is None or value == "":
        return "a value: it must be set"
    if "not a valid path" in words:
        return "a path"
    if isinstance(value, (datetime.date, float)) and "string" in words:
        return f"text: put it in quotes, '{value}'"
    return words


def _siblings(loc: tuple[Any, ...]) -> list[str]:
    model: Any = Settings
    for part in loc[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            model = _model(model.model_fields[part].annotation)
    return list(model.model_fields)


def _model(annotation: Any) -> Any:
    options = getattr(annotation, "__args__", ()) or (annotation,)
    found = (o for o in options if isinstance(o, type) and issubclass(o, BaseModel))
    return next(found, Strict)


def schema() -> str:
    """The settings' JSON Schema, as ``workflow/schemas/config.schema.json`` holds it.

    It tells no defaults: ``config/config.yaml`` does, and Snakemake, which would fill them in,
    can't where a section may be null.
    """
    content = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_without_defaults(Settings.model_json_schema()),
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _without_defaults(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_defaults(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _without_defaults(value) for key, value in node.items() if key != "default"}


if __name__ == "__main__":
    print(schema(), end="")
