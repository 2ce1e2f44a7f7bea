"""The catalogue: which sources a knowledge release is made from, and what is known of each.

``resources/catalog.yaml`` is ours; a site copies it, pins checksums and leaves out what it may
not use. ``workflow/schemas/catalog.schema.json`` is made from this module:
``python -m soyang.annotation.release.catalog > workflow/schemas/catalog.schema.json``.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from soyang.annotation.release.manifest import GENE_KINDS, Kind
from soyang.core.assembly import CHROMOSOMES, Assembly
from soyang.core.errors import Fault, FaultError
from soyang.core.references import Reference
from soyang.core.yaml_files import locate, read_mapping

ID = r"[a-z][a-z0-9_]*"
NUCLEAR = CHROMOSOMES[:-1]
"""Chromosomes 1 to 22, X, Y: those that most sources have a file for."""


def _a_day(value: object) -> object:
    """YAML reads an unquoted day as a date."""
    return value.isoformat() if type(value) is datetime.date else value


def _real_day(text: str) -> str:
    datetime.date.fromisoformat(text)
    return text


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _relative(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not name or Path(name).is_absolute() or ".." in Path(name).parts:
            raise ValueError("a path below the folder of files")
    return names


Day = Annotated[
    str, BeforeValidator(_a_day), AfterValidator(_real_day), Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
]
Text = Annotated[str, Field(min_length=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Files = Annotated[
    tuple[str, ...],
    BeforeValidator(_several, json_schema_input_type=str | list[str]),
    AfterValidator(_relative),
    Field(min_length=1),
]


class _Fixed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CatalogSource(_Fixed):
    """One source: what it is, whose, from where, and the file that holds it."""

    id: str = Field("", description="its key in the catalogue")
    kind: Kind = Field(description="decides its reader")
    assembly: tuple[Assembly, ...] | None = Field(
        None, description="assemblies that it is had for; null: facts of genes"
    )
    name: Text = Field(description="as reports show it")
    version: Annotated[str, BeforeValidator(_a_day), Field(min_length=1)] | None = Field(
        description="the source's own name of this version; null: to be set when it is fetched"
    )
    date: Day | None = Field(
        description="day of this version, YYYY-MM-DD; null: to be set when it is fetched"
    )
    licence: Text = Field(description="licence or terms of use")
    redistributable: bool = Field(
        False, description="whether its values may leave the site; false where not known"
    )
    url: str = Field("", description="where it is had from; empty: not public")
    file: Files = Field(
        description="one file or several, below the folder of files; {assembly} and "
        "{chromosome} stand for the assembly and each of `chromosomes`"
    )
    chromosomes: tuple[str, ...] = Field(
        NUCLEAR, description="bare names of the chromosomes that {chromosome} stands for"
    )
    sha256: Sha256 | Mapping[str, Sha256] | None = Field(
        None,
        description="checksum of the file, or of each file by name; null: not pinned, and "
        "recorded in the release",
    )
    groups: tuple[str, ...] = Field(
        (), description="populations whose frequencies are taken, as the source's fields name them"
    )
    fields: Mapping[str, str] = Field(
        default_factory=dict, description="what the file calls a field, where not the usual"
    )
    max_shrink: float = Field(
        0.05, ge=0, le=1, description="share of rows that may be gone since the previous release"
    )
    note: str = Field("", description="what a reader of reports or of the release should know")

    @model_validator(mode="after")
    def _assembly_fits_kind(self) -> CatalogSource:
        if (self.assembly is None) != (self.kind in GENE_KINDS):
            wanted = "null" if self.kind in GENE_KINDS else "a list, e.g. [GRCh38]"
            raise ValueError(f"assembly of kind {self.kind} is {wanted}")
        if isinstance(self.sha256, str) and self._is_pattern:
            raise ValueError("sha256 of several files is a mapping of file name to checksum")
        return self

    @property
    def _is_pattern(self) -> bool:
        return len(self.file) > 1 or any("{" in name for name in self.file)

    def files(self, assembly: Assembly) -> tuple[str, ...]:
        """Its files, relative to the folder of files, in the order in which they are read."""
        return tuple(
            dict.fromkeys(
                name.replace("{assembly}", assembly).replace("{chromosome}", chromosome)
                for name in self.file
                for chromosome in self.chromosomes
            )
        )

    def checksum(self, file: str) -> str | None:
        """The checksum that a file is pinned to, if it is."""
        return self.sha256.get(file) if isinstance(self.sha256, Mapping) else self.sha256


class Catalog(_Fixed):
    """The sources, by id."""

    sources: Mapping[Annotated[str, Field(pattern=f"^{ID}$")], CatalogSource] = Field(min_length=1)
    references: Mapping[Annotated[str, Field(pattern=f"^{ID}$")], Reference] = Field(
        default_factory=dict,
        description="full-size references, by name: `soyang resources fetch`",
    )

    @model_validator(mode="before")
    @classmethod
    def _name_sources(cls, content: Any) -> Any:
        sources = content.get("sources") if isinstance(content, dict) else None
        if not isinstance(sources, dict):
            return content
        named = {
            key: source | {"id": key} if isinstance(source, dict) else source
            for key, source in sources.items()
        }
        return content | {"sources": named}

    def of(self, assembly: Assembly) -> dict[str, CatalogSource]:
        """Sources that there are for an assembly, and facts of genes; by id, in its order."""
        return {
            key: source
            for key, source in sorted(self.sources.items())
            if source.assembly is None or assembly in source.assembly
        }


def read_catalog(path: Path) -> Catalog:
    """Read a catalogue.

    Raises:
        FaultError: with every fault in it, each with its line and field.
    """
    try:
        return Catalog.model_validate(read_mapping(path))
    except ValidationError as error:
        raise FaultError([_fault(path, detail) for detail in error.errors()]) from None


def _fault(path: Path, detail: Any) -> Fault:
    source, inner = detail["loc"][:2], detail["loc"][2:]
    # Where a field may be of several types, pydantic names the type beside the field.
    loc = (*source, *(part for part in inner if not re.search(r"[\[-]", str(part))))
    value = detail["input"]
    missing = detail["type"] == "missing"
    shown = "nothing" if missing or value is None else "an unknown field"
    if not missing and value is not None and detail["type"] != "extra_forbidden":
        shown = "these fields" if isinstance(value, dict) else repr(value)
    message = re.sub("^(Value error, |Input should be )", "", detail["msg"])
    if detail["type"] == "extra_forbidden":
        message = f"one of {', '.join(sorted(set(CatalogSource.model_fields) - {'id'}))}"
    allowed = "a value: it must be set" if missing else message
    return _told(path, _line(loc, path), ".".join(map(str, loc)), shown, allowed)


def _told(path: Path, row: str, column: str, found: str, allowed: str) -> Fault:
    return Fault(
        code="catalog",
        file=str(path),
        row=row,
        column=column,
        found=found,
        allowed=allowed,
        next_step="correct it as resources/catalog.yaml shows",
    )


def _line(loc: tuple[Any, ...], path: Path) -> str:
    """Line of the field, or of what should hold it."""
    lines = (locate(loc[:end], [path])[1] for end in range(len(loc), 0, -1))
    return next(filter(None, lines), "")


def schema() -> str:
    """The catalogue's JSON Schema, as ``workflow/schemas/catalog.schema.json`` holds it."""
    content = Catalog.model_json_schema()
    del content["$defs"]["CatalogSource"]["properties"]["id"]
    content = {"$schema": "https://json-schema.org/draft/2020-12/schema", **content}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema(), end="")
