"""The run as an RO-Crate."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate

from soyang.governance.crate import ROOMS, crate

TOLD = {
    "soyang": "0.1.0",
    "packages": {"snakemake": "9.27.0"},
    "sources": [
        {"kind": "clinvar", "name": "ClinVar 임상", "release": "2025-09-28", "licence": "public"},
        {"kind": "release", "name": "Knowledge release", "release": "2026-1", "licence": ""},
        {"kind": "", "name": "samtools", "release": "1.16.1", "licence": ""},
    ],
    "settings": {
        "sheet": "private/samples.tsv",
        "platform": {"postgres": {"uri_file": "private/uri"}},
        "reference": {"assembly": "GRCh38", "fasta": "genome.fa"},
        "calling": {"callers": ["bcftools"], "max_depth": 250},
    },
}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    root = tmp_path / "작업 1" / "results"
    for name in ("governance/ledger.tsv", "cohort/sites.parquet", "reports/P1/report.json"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "governance" / "provenance.json").write_text(json.dumps(TOLD))
    logs = root.parent / "logs" / "reads"
    logs.mkdir(parents=True)
    (logs / "reference.log").write_text("")
    os.utime(logs / "reference.log", (1_700_000_000, 1_700_000_000))
    os.utime(root / "governance" / "ledger.tsv", (1_700_003_600, 1_700_003_600))
    (root.parent / "Snakefile").write_text("rule all:\n")
    return root


def described(results: Path) -> Path:
    metadata = results / "ro-crate-metadata.json"
    crate(
        provenance=results / "governance" / "provenance.json",
        ledger=results / "governance" / "ledger.tsv",
        workflow=results.parent / "Snakefile",
        date="2026-01-15",
        logs=results.parent / "logs",
        metadata=metadata,
    )
    return metadata


def entities(metadata: Path) -> dict[str, dict]:
    return {e["@id"]: e for e in json.loads(metadata.read_text(encoding="utf-8"))["@graph"]}


def test_a_library_reads_it(results):
    described(results)
    read = ROCrate(results)
    assert read.mainEntity.id == "governance/Snakefile"
    assert (results / "governance" / "Snakefile").read_text() == "rule all:\n"
    assert {p.id.split("/")[4] for p in read.root_dataset["conformsTo"]} >= {"wfrun"}


def test_action_ties_workflow_inputs_and_results(results):
    found = entities(described(results))
    (action,) = (e for e in found.values() if e["@type"] == "CreateAction")
    assert action["instrument"] == {"@id": "governance/Snakefile"}
    assert (action["startTime"], action["endTime"]) == (
        "2023-11-14T22:13:20+00:00",
        "2023-11-14T23:13:20+00:00",
    )
    named = {e["@id"] for e in action["result"]}
    assert {"governance/ledger.tsv", "cohort/sites.parquet", "reports/"} <= named
    assert "identity/verdicts.tsv" not in named  # not there in this run
    values = {found[e["@id"]].get("name"): found[e["@id"]] for e in action["object"]}
    assert values["reference.assembly"]["value"] == "GRCh38"
    assert values["calling.callers"]["value"] == '["bcftools"]'
    assert values["ClinVar 임상"]["version"] == "2025-09-28"
    assert found["#tool-samtools"]["softwareVersion"] == "1.16.1"


def test_every_reference_leads_somewhere(results):
    found = entities(described(results))
    told = json.dumps(list(found.values()))
    here = {
        item["@id"]
        for entity in found.values()
        for value in entity.values()
        for item in (value if isinstance(value, list) else [value])
        if isinstance(item, dict) and not item["@id"].startswith("http")
    }
    assert here <= set(found) and "./" in here
    assert "private" not in told  # neither the sheet nor where a secret lies


def test_nobody_is_named_and_folders_stand_for_everyone(results):
    text = described(results).read_text(encoding="utf-8")
    assert "P1" not in text and "reports/" in text
    assert set(ROOMS) >= {"reads", "reports"}


def test_the_same_bytes_again(results):
    first = described(results).read_bytes()
    assert described(results).read_bytes() == first
