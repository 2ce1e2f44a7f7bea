"""Settings of reads, calling and the identity gate."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from soyang.core.setting_types import Share, Strict


def _rising(values: tuple[int, ...]) -> tuple[int, ...]:
    if not values or list(values) != sorted(set(values)) or values[0] < 1:
        raise ValueError("depths from 1 on, each greater than the one before")
    return values


class Reads(Strict):
    """Alignment and its quality."""

    aligner: Literal["bwa"] = Field("bwa", description="aligner of the bwa-mem family")
    coverage_min_mapping_quality: int = Field(
        20, ge=0, le=60, description="reads below this mapping quality don't count as coverage"
    )


class Calling(Strict):
    """Small-variant calling."""

    min_mapping_quality: int = Field(20, ge=0, le=60, description="reads below are not used")
    min_base_quality: int = Field(13, ge=0, le=60, description="bases below are not used")
    max_depth: int = Field(250, ge=10, description="reads used at one position, at most")
    gvcf_bands: Annotated[tuple[int, ...], AfterValidator(_rising)] = Field(
        (5, 10, 20, 40), description="depths at which a gVCF reference block ends"
    )
    shard_bases: int = Field(
        5_000_000, ge=1_000, description="size of a calling shard; results don't depend on it"
    )
    callable_min_depth: int = Field(
        10, ge=1, description="reads at a position from which on absence of a variant is said"
    )


class Identity(Strict):
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
    transfusion_days: int = Field(
        30, ge=0, description="days after a transfusion in which a sample may show the donor's DNA"
    )
