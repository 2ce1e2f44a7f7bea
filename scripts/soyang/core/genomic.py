"""Settings of reads, calling and the identity gate."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from soyang.core.setting_types import File, Share, Strict


def _rising(values: tuple[int, ...]) -> tuple[int, ...]:
    if not values or list(values) != sorted(set(values)) or values[0] < 1:
        raise ValueError("depths from 1 on, each greater than the one before")
    return values


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        raise ValueError("each once")
    return values


class Reads(Strict):
    """Alignment and its quality."""

    aligner: Literal["auto", "bwa", "bwa-mem3"] = Field(
        "auto",
        description="aligner; auto: bwa-mem3 where its index can be made here (known sequence of "
        "at most 400 million bases) or is named by index, else bwa",
    )
    index: File | None = Field(
        None,
        description="prefix of an index of the reference's FASTA by bwa, bwa-mem2 or bwa-mem3, "
        "to be used as it is",
    )
    coverage_min_mapping_quality: int = Field(
        20, ge=0, le=60, description="reads below this mapping quality don't count as coverage"
    )
    copies_tolerance: float = Field(
        0.3,
        gt=0,
        lt=0.5,
        description="copies by which the depth of X or Y may differ from a whole number of "
        "copies; beyond, they are not assessed",
    )


class Calling(Strict):
    """Calling of variants."""

    callers: Annotated[
        tuple[Literal["bcftools", "freebayes", "gatk", "deepvariant"], ...],
        AfterValidator(_each_once),
    ] = Field(
        ("gatk",),
        min_length=1,
        description="callers of small variants; the genotypes of the first stand",
    )
    deepvariant: tuple[str, ...] = Field(
        ("run_deepvariant",), min_length=1, description="words that start DeepVariant"
    )
    admit_mixed: tuple[str, ...] = Field(
        (),
        description="callers, or whole provenances, of calls that may enter a cohort beside "
        "those of this run",
    )
    shards: File | None = Field(
        None, description="BED of calling shards, balanced by work; none: made of the reference"
    )
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
    structural: tuple[Literal["delly", "dysgu", "tiddit"], ...] = Field(
        ("delly", "dysgu", "tiddit"),
        description="callers of structural variants; none: not assessed",
    )
    structural_max_distance: int = Field(
        500, ge=0, description="bases between breakpoints of what is one event, at most"
    )
    structural_min_similarity: Share = Field(
        0.7, description="shorter over longer of what is one event, at least"
    )
    structural_gap_distance: int = Field(
        250, ge=0, description="bases from unknown bases (N) within which a breakpoint is doubted"
    )
    structural_excluded: File | None = Field(
        None, description="BED of regions in which a breakpoint is doubted, as centromeres"
    )
    depth_panels: tuple[File, ...] = Field(
        (),
        description="panels of normals for copy number, made by `soyang calling depth-panel`; of "
        "each sample the first with its bins is used",
    )
    copy_number_bin_length: int = Field(
        1_000, ge=100, description="bases of a bin of a genome, of which depth is compared"
    )
    copy_number_min_depth: float = Field(
        3.0, gt=0, description="typical depth below which copy number is not assessed"
    )
    copy_number_max_noise: float = Field(
        0.5, gt=0, description="spread of bins' log2 ratio above which it is not assessed"
    )
    copy_number_min_quality: float = Field(
        30.0, ge=0, description="phred below which a loss or gain is doubted"
    )
    mitochondrial_min_heteroplasmy: float = Field(
        0.05, gt=0, lt=1, description="share of reads from which on a variant of it is told"
    )


class Identity(Strict):
    """The identity gate. Kinship thresholds: Manichaikul et al. 2010 (KING), Table 1."""

    sites: File | None = Field(
        None,
        description="VCF of common SNVs with frequency (INFO AF): where samples are compared, and "
        "what contamination needs; null: what the samples carry, and no contamination",
    )
    ancestry_reference: File | None = Field(
        None, description="allele frequencies by group, with name and version; null: no groups"
    )
    earlier: dict[str, File] = Field(
        {}, description="earlier batches to compare with: name to the results folder of its run"
    )
    overrides: File | None = Field(
        None, description="decisions of staff, signed: the signature is the file's name and .sig"
    )
    override_keys: tuple[File, ...] = Field(
        (), description="public keys (PEM, Ed25519) of who may decide"
    )
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
    min_first_degree_kinship: float = Field(
        0.177, ge=0, le=0.5, description="kinship coefficient from which on two are first-degree"
    )
    max_male_x_depth_ratio: float = Field(
        0.75, description="X depth over autosomes, at most, in one X"
    )
    min_male_y_depth_ratio: float = Field(
        0.25, description="Y depth over autosomes, at least, in one Y"
    )
    max_one_x_heterozygosity: float = Field(
        0.2,
        ge=0,
        description="heterozygosity of X over that of autosomes, at most, in one X: PLINK "
        "--check-sex, F above 0.8",
    )
    min_two_x_heterozygosity: float = Field(
        0.5,
        ge=0,
        description="the same, at least, in two X: PLINK's F below 0.5, as X varies less than "
        "autosomes and relatives' children more",
    )
    max_contamination: Share = Field(
        0.03,
        description="share of another person's DNA that goes on: verifyBamID flags 3 % and more",
    )
    min_contamination_sites: int = Field(
        200, ge=1, description="sites with reads from which on contamination is estimated"
    )
    min_ancestry_sites: int = Field(
        500, ge=1, description="sites with a genotype from which on a group is said"
    )
    min_ancestry_share: float = Field(
        0.8, gt=0.5, le=1, description="share of a group from which on a sample is given to it"
    )
    transfusion_days: int = Field(
        30, ge=0, description="days after a transfusion in which a sample may show the donor's DNA"
    )
