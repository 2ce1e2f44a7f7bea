"""Every setting, its meaning, default and bounds; unknown settings are refused.

``config/config.yaml`` shows them all with comments, and
``workflow/schemas/config.schema.json`` is made from this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from soyang.core.assembly import Assembly
from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text

Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reference(_Strict):
    """The reference sequence and its transcripts."""

    assembly: Assembly = Field(Assembly.GRCH38, description="assembly of all coordinates")
    fasta: Path = Field(description="reference FASTA, uncompressed or bgzip")
    transcripts: Path = Field(description="MANE transcripts, GFF3 in Ensembl style")
    transcripts_release: str = Field(description="release of the transcripts, shown in reports")


class Source(_Strict):
    """A knowledge source, with what a reader must know of it."""

    path: Path = Field(description="file, in the assembly's coordinates, with its index")
    name: str = Field(description="name shown in reports")
    release: str = Field(description="release or date of the source")
    licence: str = Field(description="licence or terms")
    note: str = Field("", description="what a reader must know, shown beside the source")


class Knowledge(_Strict):
    """Knowledge sources; an absent one is reported as not assessed."""

    clinvar: Source | None = Field(None, description="ClinVar VCF")
    dbsnp: Source | None = Field(None, description="dbSNP VCF, for rs numbers")
    frequencies: Source | None = Field(
        None, description="population frequencies: sites VCF with INFO AC, AN, nhomalt"
    )


class Platform(_Strict):
    """The clinical data platform."""

    omop: Path | None = Field(None, description="OMOP CDM 5.4 in a DuckDB file")


class Reads(_Strict):
    """Alignment and its quality."""

    aligner: Literal["bwa"] = Field("bwa", description="aligner of the bwa-mem family")
    coverage_min_mapping_quality: int = Field(
        20, ge=0, le=60, description="reads below this mapping quality don't count as coverage"
    )


class Calling(_Strict):
    """Small-variant calling."""

    min_mapping_quality: int = Field(20, ge=0, le=60, description="reads below are not used")
    min_base_quality: int = Field(13, ge=0, le=60, description="bases below are not used")
    max_depth: int = Field(250, ge=10, description="reads used at one position, at most")
    gvcf_bands: tuple[int, ...] = Field(
        (5, 10, 20, 40), description="depths at which a gVCF reference block ends"
    )
    shard_bases: int = Field(
        5_000_000, ge=1_000, description="size of a calling shard; results don't depend on it"
    )
    callable_min_depth: int = Field(
        10, ge=1, description="reads at a position from which on absence of a variant is said"
    )


class Identity(_Strict):
    """The identity gate. Kinship thresholds: Manichaikul et al. 2010 (KING), Table 1."""

    min_sites: int = Field(50, ge=1, description="fewest shared sites for a statement on a pair")
    max_parent_child_ibs0: Share = Field(
        0.02,
        description="share of opposite homozygotes above which a parent is refuted",
    )
    min_duplicate_kinship: float = Field(
        0.354, ge=0, le=0.5, description="kinship coefficient from which on two samples are one"
    )
    min_duplicate_concordance: Share = Field(
        0.98, description="share of identical genotypes from which on two samples are one"
    )
    max_male_x_depth_ratio: float = Field(
        0.75, description="X depth over autosomes, at most, in one X"
    )
    min_male_y_depth_ratio: float = Field(
        0.25, description="Y depth over autosomes, at least, in one Y"
    )


class Interpretation(_Strict):
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


class Reports(_Strict):
    """Reports."""

    languages: tuple[Literal["en", "ko", "ja"], ...] = Field(
        ("en", "ko", "ja"), min_length=1, description="languages; the first is report.html"
    )
    date: str = Field(
        description="date of the reports (YYYY-MM-DD); an input, so that reruns are identical",
        pattern=r"^\d{4}-\d{2}-\d{2}$",
    )
    title_note: str = Field(
        "", description="line above each report, e.g. that people are synthetic"
    )


class Expected(_Strict):
    """One person whose end is known beforehand not to be a report."""

    person: str
    status: Literal["failed", "quarantined", "withheld"]
    reason: str = Field(description="word that the ledger's reason must contain")


class Settings(_Strict):
    """All settings. Paths are relative to the working folder."""

    sheet: Path = Field(Path("samples.tsv"), description="the sample sheet")
    pedigree: Path | None = Field(None, description="PED file, instead of the sheet's columns")
    reference: Reference
    knowledge: Knowledge = Field(default_factory=lambda: Knowledge.model_validate({}))
    platform: Platform = Field(default_factory=lambda: Platform.model_validate({}))
    reads: Reads = Field(default_factory=lambda: Reads.model_validate({}))
    calling: Calling = Field(default_factory=lambda: Calling.model_validate({}))
    identity: Identity = Field(default_factory=lambda: Identity.model_validate({}))
    interpretation: Interpretation = Field(
        default_factory=lambda: Interpretation.model_validate({})
    )
    reports: Reports
    expected: tuple[Expected, ...] = Field((), description="exceptions that are expected")


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """``base`` with ``over`` laid on top, mapping by mapping."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = (
            merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return merged


def load(files: Sequence[Path]) -> Settings:
    """Read settings files, later ones laid over earlier ones, and check them all at once.

    Raises:
        FaultError: with every fault, each naming file, line and key.
    """
    merged: dict[str, Any] = {}
    for file in files:
        merged = merge(merged, _mapping(file))
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise FaultError([_fault(detail, files) for detail in error.errors()]) from None


def _mapping(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(read_text(file))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise FaultError(
            Fault(
                code="settings-yaml",
                file=str(file),
                row=str(mark.line + 1) if mark else "",
                found=str(getattr(error, "problem", error)),
                allowed="YAML",
                next_step="correct the line (indent with spaces, quote text with a colon)",
            )
        ) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise FaultError(
            Fault(
                code="settings-yaml",
                file=str(file),
                found=f"a {type(content).__name__}",
                allowed="settings, one 'key: value' a line",
                next_step="start from config/config.yaml",
            )
        )
    return content


def _fault(detail: Any, files: Sequence[Path]) -> Fault:
    key = ".".join(map(str, detail["loc"]))
    unknown = detail["type"] == "extra_forbidden"
    missing = detail["type"] == "missing"
    file, line = _locate(detail["loc"], files)
    return Fault(
        code="settings-unknown" if unknown else "settings-value",
        file=str(file),
        row=line,
        column=key,
        found="an unknown setting" if unknown else "nothing" if missing else repr(detail["input"]),
        allowed=f"one of {_siblings(detail['loc'])}" if unknown else detail["msg"],
        next_step="correct the name" if unknown else "set it as config/config.yaml describes",
    )


def _siblings(loc: tuple[Any, ...]) -> str:
    model: Any = Settings
    for part in loc[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            model = _model(model.model_fields[part].annotation)
    return ", ".join(model.model_fields)


def _model(annotation: Any) -> Any:
    options = getattr(annotation, "__args__", ()) or (annotation,)
    return next(o for o in options if isinstance(o, type) and issubclass(o, BaseModel))


def _locate(loc: tuple[Any, ...], files: Sequence[Path]) -> tuple[Path, str]:
    """The last file that holds the key, and its line; else the last file."""
    for file in reversed(files):
        node = yaml.compose(read_text(file))
        line = ""
        for part in loc:
            if not isinstance(node, yaml.MappingNode):
                break
            child = next((pair for pair in node.value if pair[0].value == part), None)
            if child is None:
                line = ""
                break
            line, node = str(child[0].start_mark.line + 1), child[1]
        if line:
            return file, line
    return files[-1], ""
