"""What a run rests on."""

from __future__ import annotations

import hashlib
import json

import pytest

from soyang.core.settings import load
from soyang.governance.provenance import TOOLS, provenance, tools


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("genome.fa", "genes.gff3"):
        (tmp_path / name).write_text(name)
    (tmp_path / "release").mkdir()
    clinvar = {"kind": "clinvar", "name": "ClinVar", "version": "2020-11",
               "licence": "public domain", "note": "일부"}  # fmt: skip
    (tmp_path / "release/manifest.json").write_text(
        json.dumps({"release": "2026-1", "sources": {"clinvar": clinvar}})
    )
    (tmp_path / "config.yaml").write_text(
        "reference: {fasta: genome.fa, transcripts: genes.gff3, transcripts_release: MANE 1.5}\n"
        "knowledge: {release: release}\n"
        "reports: {date: '2026-01-15'}\n"
    )
    return tmp_path / "config.yaml"


def test_every_tool_file_and_source_is_there(settings, tmp_path):
    provenance(settings=[settings], output=tmp_path / "p.json", sources=tmp_path / "s.json")
    told = json.loads((tmp_path / "p.json").read_text())
    named = {source["name"]: source for source in told["sources"]}
    assert set(TOOLS) <= set(named)
    assert all(named[tool]["release"] != "unknown" for tool in TOOLS)
    assert named["ClinVar"]["kind"] == "clinvar" and named["samtools"]["kind"] == ""
    assert named["ClinVar"]["release"] == "2020-11" and named["ClinVar"]["note"] == "일부"
    assert named["MANE transcripts"]["release"] == "MANE 1.5"
    assert named["Human Phenotype Ontology"]["release"].startswith("20")
    assert told["files"]["genome.fa"] == hashlib.sha256(b"genome.fa").hexdigest()
    manifest = (tmp_path / "release/manifest.json").read_bytes()
    assert told["files"]["release/manifest.json"] == hashlib.sha256(manifest).hexdigest()
    assert named["Knowledge release"]["release"] == "2026-1"
    assert told["packages"]["snakemake"]


def test_callers_are_told_as_they_are_chosen(settings):
    told = load([settings])
    chosen = {"structural": ("delly",), "callers": ("bcftools", "freebayes")}
    calling = told.calling.model_copy(update=chosen)
    reads = told.reads.model_copy(update={"aligner": "bwa"})
    some = told.model_copy(update={"calling": calling, "reads": reads})
    versions = {tool["name"]: tool["release"] for tool in tools(some)}
    assert {"delly", "freebayes", "bcftools"} <= set(versions)
    assert not {"tiddit", "dysgu", "gatk", "bwa-mem3"} & set(versions)
    assert "unknown" not in versions.values()
    assert "bwa-mem3" in {tool["name"] for tool in tools(told)}


def test_what_reports_cite_has_no_time(settings, tmp_path):
    texts = []
    for _ in range(2):
        provenance(settings=[settings], output=tmp_path / "p.json", sources=tmp_path / "s.json")
        texts.append((tmp_path / "s.json").read_bytes())
    assert texts[0] == texts[1]
    assert json.loads(texts[0]) == json.loads((tmp_path / "p.json").read_text())["sources"]
