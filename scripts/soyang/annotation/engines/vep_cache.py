"""VEP's cache as vepyr reads it, made from transcripts and a reference.

The layout is that of caches which vepyr 0.10 converts from Ensembl's: a folder for each kind of
record, in it one Parquet file for each contig and a list of them. Only transcripts, exons and
translations have content here; known variants, regulation and scores are not asked of VEP.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from soyang.annotation.alleles import complement
from soyang.annotation.genome import Genome
from soyang.annotation.gff import Transcripts
from soyang.annotation.protein import translate
from soyang.core.assembly import bare

RELEASE = "116"
"""Release of Ensembl whose rules vepyr is to follow."""

_ABSENT = -1
"""Ensembl's phase of an exon that begins (or ends) outside the coding part."""

Row = dict[str, Any]


def _schema(*columns: str, **types: pa.DataType) -> pa.Schema:
    """Columns ``name`` (missing allowed) or ``name!`` (not); text unless ``types`` says else."""
    fields = []
    for column in columns:
        name = column.rstrip("!")
        kind = types.get(name, _TYPES.get(name, pa.string()))
        fields.append(pa.field(name, kind, nullable=not column.endswith("!")))
    return pa.schema(fields)


def _structs(**types: pa.DataType) -> pa.DataType:
    return pa.list_(pa.struct([pa.field(n, t, nullable=False) for n, t in types.items()]))


_TYPES: Mapping[str, pa.DataType] = {
    "start": pa.int64(), "end": pa.int64(), "strand": pa.int8(), "version": pa.int32(),
    "db_id": pa.int64(),
}  # fmt: skip
_PLACE = ("chrom!", "start!", "end!", "strand!")
_ORIGIN = ("species!", "assembly!", "cache_version!", "serializer_type", "source_cache_path!",
           "source_file!")  # fmt: skip

SCHEMAS: Mapping[str, pa.Schema] = {
    "transcript": _schema(
        *_PLACE, "stable_id!", "db_id", "version", "biotype", "source", "is_canonical",
        "gene_stable_id", "gene_symbol", "gene_symbol_source", "gene_hgnc_id",
        "gene_hgnc_id_native", "refseq_id", "display_xref_id", "source_cache", "refseq_match",
        "refseq_edits", "is_gencode_basic!", "is_gencode_primary!", "cds_start", "cds_end",
        "cdna_coding_start", "cdna_coding_end", "translation_stable_id", "translation_start",
        "translation_end", "exon_count", "exons", "cdna_seq", "peptide_seq", "codon_table", "tsl",
        "appris", "mane_select", "mane_plus_clinical", "gene_phenotype", "ccds", "swissprot",
        "trembl", "uniparc", "uniprot_isoform", "cds_start_nf", "cds_end_nf",
        "mature_mirna_regions", "ncrna_structure", "translateable_seq", "three_prime_utr_seq",
        "five_prime_utr_seq", "cdna_mapper_segments", "bam_edit_status", "has_non_polya_rna_edit",
        "spliced_seq", "flags_str", *_ORIGIN, "transcript_uid!",
        is_canonical=pa.bool_(), is_gencode_basic=pa.bool_(), is_gencode_primary=pa.bool_(),
        cds_start=pa.int64(), cds_end=pa.int64(), cdna_coding_start=pa.int64(),
        cdna_coding_end=pa.int64(), translation_start=pa.int64(), translation_end=pa.int64(),
        exon_count=pa.int32(), codon_table=pa.int32(), tsl=pa.int32(), gene_phenotype=pa.bool_(),
        cds_start_nf=pa.bool_(), cds_end_nf=pa.bool_(), has_non_polya_rna_edit=pa.bool_(),
        transcript_uid=pa.uint32(),
        exons=_structs(start=pa.int64(), end=pa.int64(), phase=pa.int8()),
        mature_mirna_regions=_structs(start=pa.int64(), end=pa.int64()),
        refseq_edits=pa.list_(pa.struct([
            pa.field("start", pa.int64(), nullable=False),
            pa.field("end", pa.int64(), nullable=False),
            pa.field("replacement_len", pa.int64()),
            pa.field("skip_refseq_offset", pa.bool_(), nullable=False),
        ])),
        cdna_mapper_segments=_structs(
            genomic_start=pa.int64(), genomic_end=pa.int64(), cdna_start=pa.int64(),
            cdna_end=pa.int64(), ori=pa.int8(),
        ),
    ),
    "exon": _schema(
        *_PLACE, "stable_id", "version", "phase", "end_phase", "is_current", "is_constitutive",
        "transcript_id!", "gene_stable_id", "exon_number!", *_ORIGIN,
        phase=pa.int8(), end_phase=pa.int8(), is_current=pa.bool_(), is_constitutive=pa.bool_(),
        exon_number=pa.int32(),
    ),
    "translation_core": _schema(
        "transcript_id!", "stable_id", "version", "cds_len", "protein_len", "translation_seq",
        "cds_sequence", "translation_seq_canonical", "cds_sequence_canonical", "protein_features",
        cds_len=pa.int64(), protein_len=pa.int64(),
        protein_features=pa.list_(pa.struct([
            pa.field("analysis", pa.string()), pa.field("hseqname", pa.string()),
            pa.field("start", pa.int64()), pa.field("end", pa.int64()),
        ])),
    ),
    "translation_sift": _schema("key!", "sift!", "poly!", key=pa.uint64(), sift=pa.binary(),
                                poly=pa.binary()),
    "variation": _schema(
        "chrom!", "start!", "end!", "allele_string!", "failed!", "variation_name", "clin_sig",
        "clin_sig_allele", "clin_sig_ref_allele", "clinical_impact", "phenotype_or_disease!",
        "pubmed", "somatic!", "minor_allele", "minor_allele_freq", "clinvar_ids", "cosmic_ids",
        "dbsnp_ids", "tier!", "af_global_alleles", "af_global_freqs", "af_gnomade_alleles",
        "af_gnomade_freqs", "af_gnomadg_alleles", "af_gnomadg_freqs",
        start=pa.uint32(), end=pa.uint32(), failed=pa.bool_(), phenotype_or_disease=pa.bool_(),
        somatic=pa.bool_(), minor_allele_freq=pa.float64(), tier=pa.int8(),
        **{f"af_{s}_{what}": pa.list_(kind) for s in ("global", "gnomade", "gnomadg")
           for what, kind in (("alleles", pa.string()), ("freqs", pa.float32()))},
    ),
    "regulatory": _schema(
        *_PLACE, "stable_id", "db_id", "feature_type", "epigenome_count", "regulatory_build_id",
        "cell_types", *_ORIGIN, epigenome_count=pa.int32(), regulatory_build_id=pa.int64(),
    ),
    "motif": _schema(
        *_PLACE, "motif_id", "db_id", "score", "binding_matrix", "binding_matrix_length",
        "binding_matrix_elements", "binding_matrix_unit", "motif_seq", "cell_types",
        "overlapping_regulatory_feature", "transcription_factors", *_ORIGIN,
        score=pa.float64(), binding_matrix_length=pa.int32(),
    ),
}  # fmt: skip
"""Columns of each kind of record; those of vepyr 0.10.0's caches of release 116."""


_PLACEHOLDER: Row = {
    "start": 1, "end": 1, "allele_string": "N/N", "failed": True, "phenotype_or_disease": False,
    "somatic": False, "tier": 0,
}  # fmt: skip
"""A failed variant of no alleles: vepyr can't read a file of known variants without rows."""


@dataclass(frozen=True)
class _Exon:
    """An exon (0-based, half-open) and where it begins in the spliced transcript."""

    start: int
    end: int
    first: int


def write_cache(folder: Path, genome: Genome, known: Transcripts) -> None:
    """Write the cache of the transcripts that csq is given too: those of the nucleus."""
    here = known.lines["contig"].unique().to_list()
    table = known.table.with_row_index("uid", offset=1).filter(pl.col("contig").is_in(here))
    exons = {str(name): part for (name,), part in known.exons.group_by("id")}
    contigs = sorted(table["contig"].unique().to_list())
    for contig in contigs:
        sequence = genome.sequence(contig)
        rows: dict[str, list[Row]] = {name: [] for name in SCHEMAS}
        for transcript in table.filter(pl.col("contig") == contig).iter_rows(named=True):
            parts = [
                _Exon(*part)
                for part in exons[transcript["id"]]
                .sort("exon")
                .select("start", "end", "first")
                .rows()
            ]
            spliced = _spliced(sequence, parts, minus=transcript["strand"] == "-")
            for name, row in _rows(transcript, parts, spliced):
                rows[name].append(row)
        rows["variation"].append(_PLACEHOLDER | {"chrom": bare(contig)})
        for name, schema in SCHEMAS.items():
            _write(folder / name, contig, rows[name], _marked(name, schema, contigs))
    for name in SCHEMAS:
        listed = [json.loads(path.read_text()) for path in sorted((folder / name).glob("*.json"))]
        for path in (folder / name).glob("*.json"):
            path.unlink()
        (folder / name / "chrom_manifest.json").write_text(json.dumps(listed))


def _spliced(sequence: Any, exons: Sequence[_Exon], *, minus: bool) -> str:
    """The spliced transcript, 5' to 3'."""
    pieces = [sequence[exon.start : exon.end].tobytes().decode("ascii") for exon in exons]
    if minus:
        pieces = pl.Series(pieces).to_frame("s").select(complement(pl.col("s")))["s"].to_list()
    return "".join(pieces)


def _rows(transcript: Row, exons: Sequence[_Exon], spliced: str) -> Iterator[tuple[str, Row]]:
    """All records of one transcript, with the kind of each."""
    minus = transcript["strand"] == "-"
    low, high = transcript["cds_start"], transcript["cds_end"]
    place = _place(transcript)
    origin = _origin()
    phases = [_phases(exon, low, high) for exon in exons]
    gene = {"gene_stable_id": transcript["gene"]}
    yield "transcript", {
        **place, **origin, **gene, "start": transcript["start"] + 1, "end": transcript["end"],
        "stable_id": transcript["id"], "db_id": transcript["uid"],
        "transcript_uid": transcript["uid"], "version": 1, "source": "ensembl",
        "biotype": "protein_coding" if transcript["coding"] else "lncRNA",
        "gene_symbol": transcript["gene"], "gene_symbol_source": "HGNC",
        "is_gencode_basic": True, "is_gencode_primary": True, "gene_phenotype": False,
        "has_non_polya_rna_edit": False, "exon_count": len(exons), "spliced_seq": spliced,
        "exons": [{"start": exon.start + 1, "end": exon.end, "phase": phase}
                  for exon, (phase, _) in zip(exons, phases, strict=True)],
        "cdna_mapper_segments": [
            {"genomic_start": exon.start + 1, "genomic_end": exon.end,
             "cdna_start": exon.first + 1, "cdna_end": exon.first + exon.end - exon.start,
             "ori": -1 if minus else 1}
            for exon in exons
        ],
        **(_coding(transcript, exons, spliced) if transcript["coding"] else {}),
    }  # fmt: skip
    for number, (exon, (phase, end_phase)) in enumerate(zip(exons, phases, strict=True), start=1):
        yield "exon", {
            **place, **origin, **gene, "start": exon.start + 1, "end": exon.end,
            "stable_id": f"{transcript['id']}.e{number}", "version": 1, "phase": phase,
            "end_phase": end_phase, "transcript_id": transcript["id"], "exon_number": number,
        }  # fmt: skip
    if transcript["coding"]:
        cds = spliced[low:high]
        protein = _protein(cds)
        yield "translation_core", {
            "transcript_id": transcript["id"], "stable_id": _translation(transcript),
            "version": 1, "cds_len": len(cds), "protein_len": len(protein),
            "translation_seq": protein, "cds_sequence": cds,
            "translation_seq_canonical": protein, "cds_sequence_canonical": cds,
            "protein_features": [],
        }  # fmt: skip


def _coding(transcript: Row, exons: Sequence[_Exon], spliced: str) -> Row:
    """What a transcript's record says of its coding part; genomic ends are 1-based."""
    low, high = transcript["cds_start"], transcript["cds_end"]
    ends = [_genomic(exons, place, transcript["strand"]) for place in (low, high - 1)]
    first, last = (max(e.first for e in exons if e.first <= place) for place in (low, high - 1))
    cds = spliced[low:high]
    return {
        "cds_start": min(ends) + 1, "cds_end": max(ends) + 1,
        "cdna_coding_start": low + 1, "cdna_coding_end": high,
        "translation_stable_id": _translation(transcript),
        # Within the first and the last exon that is translated, as Ensembl counts.
        "translation_start": low - first + 1, "translation_end": high - last,
        "cdna_seq": cds, "translateable_seq": cds, "peptide_seq": _protein(cds),
        "five_prime_utr_seq": spliced[:low], "three_prime_utr_seq": spliced[high:],
        "cds_start_nf": not transcript["whole"], "cds_end_nf": not transcript["whole"],
        "flags_str": None,
    }  # fmt: skip


def _genomic(exons: Sequence[_Exon], place: int, strand: str) -> int:
    """Genomic base (0-based) of a base of the spliced transcript."""
    exon = max((e for e in exons if e.first <= place), key=lambda e: e.first)
    along = place - exon.first
    return exon.end - 1 - along if strand == "-" else exon.start + along


def _phases(exon: _Exon, low: int | None, high: int | None) -> tuple[int, int]:
    """Ensembl's phase and end phase: the place in a codon of the first base in, and behind."""
    if low is None or high is None:
        return _ABSENT, _ABSENT
    behind = exon.first + exon.end - exon.start
    begins = low <= exon.first < high
    ends = low < behind <= high and behind != high
    return ((exon.first - low) % 3 if begins else _ABSENT,
            (behind - low) % 3 if ends else _ABSENT)  # fmt: skip


def _protein(cds: str) -> str:
    return translate(cds).removesuffix("*")


def _translation(transcript: Row) -> str:
    return str(transcript["protein"] or transcript["id"]).partition(".")[0]


def _place(transcript: Row) -> Row:
    strand = -1 if transcript["strand"] == "-" else 1
    return {"chrom": bare(transcript["contig"]), "strand": strand}


def _origin() -> Row:
    return {
        "species": "homo_sapiens", "assembly": "GRCh38", "cache_version": RELEASE,
        "serializer_type": "storable", "source_cache_path": "", "source_file": "",
    }  # fmt: skip


def _marked(name: str, schema: pa.Schema, contigs: Sequence[str]) -> pa.Schema:
    """The schema with what vepyr wants to know of the cache."""
    facts = {"bio.vep.cache_source_type": "ensembl", "bio.vep.cache_version": RELEASE}
    if name == "translation_sift":
        facts["bio.vep.sift_blob_version"] = "2"
    elif name != "translation_core":
        facts["bio.coordinate_system_zero_based"] = "false"
        facts["bio.vep.chromosomes"] = json.dumps([bare(contig) for contig in contigs])
    return schema.with_metadata(facts)


def _write(folder: Path, contig: str, rows: list[Row], schema: pa.Schema) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    order = ("chrom", "start", "transcript_id", "exon_number")
    rows.sort(key=lambda row: tuple(row[name] for name in order if name in row))
    name = f"chr{bare(contig)}"
    table = pa.Table.from_pylist(rows, schema=schema)
    pq.write_table(table, folder / f"{name}.parquet", write_page_index=True)
    entry = {"chrom": name, "dataset": f"{name}.parquet", "rows": len(rows)}
    (folder / f"{name}.json").write_text(json.dumps(entry))
