"""The run as a Workflow Run RO-Crate: what made which results, from what.

Profiles: Process Run Crate, Workflow Run Crate 0.5 and Workflow RO-Crate 1.0
(https://w3id.org/ro/wfrun/workflow/0.5); RO-Crate 1.1. The crate is the folder of results: it
names pseudonymous results only, and no input file of anybody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rocrate.model.computerlanguage import ComputerLanguage
from rocrate.model.contextentity import ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from soyang.core.files import atomic_path, read_text, write_text

WORKFLOW = "governance/Snakefile"
"""The workflow's file in the crate; its rules and code are the release of Soyang that is named."""
PROFILES = (
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
)
LICENCE = "https://spdx.org/licenses/Apache-2.0"
RESULTS = (
    ("governance/ledger.tsv", "How everyone of the sheet ended"),
    ("governance/provenance.json", "Tools, packages, knowledge and settings"),
    ("governance/sources.json", "Knowledge sources that reports cite"),
    ("identity/verdicts.tsv", "Verdicts of the identity gate"),
    ("cohort/sites.parquet", "Sites and counts of the cohort"),
    ("annotation/sites.parquet", "Annotated sites"),
    ("governance/multiqc/multiqc.html", "Quality, identity and end of all samples"),
)
"""Files that are named by themselves, with what they are."""
ROOMS = {
    "reads": "Aligned reads and their quality, a folder for each sample",
    "calling": "Variants of each sample",
    "interpretation": "Findings of each person",
    "reports": "Reports of each person",
}
"""Rooms with files for everyone: named as folders, for ten thousand people make ten thousand."""


def crate(
    *, provenance: Path, ledger: Path, workflow: Path, date: str, logs: Path, metadata: Path
) -> None:
    """Describe the folder of results as a Workflow Run RO-Crate.

    Args:
        provenance: what the run rests on, as ``provenance`` wrote it (JSON).
        ledger: how everyone ended; with it the run's results are there.
        workflow: the Snakefile; a copy of it goes into the crate.
        date: of the reports (YYYY-MM-DD), the crate's own.
        logs: folder of logs, whose times are the run's.
        metadata: ``ro-crate-metadata.json`` to write, in the folder of results.
    """
    told = json.loads(read_text(provenance))
    root = metadata.parent
    write_text(root / WORKFLOW, read_text(workflow))
    made = describe(told, root, date, *_times(logs, ledger))
    with atomic_path(metadata) as temporary:
        temporary.write_text(
            json.dumps(made.metadata.generate(), indent=1, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )


def describe(told: dict[str, Any], root: Path, date: str, start: str, end: str) -> ROCrate:
    """The crate of a folder of results.

    Args:
        told: provenance.
        root: the folder of results.
        date: the crate's own, YYYY-MM-DD.
        start: of the run (ISO 8601).
        end: of the run (ISO 8601).
    """
    made = ROCrate(version="1.1")
    profiles = [_profile(made, *profile) for profile in PROFILES]
    made.root_dataset["conformsTo"] = profiles
    made.name = "Results of a Soyang run"
    made.description = (
        "Cohort genomics from sequencing reads to precision-medicine reports. Everyone in it "
        "stands under a pseudonym."
    )
    made.datePublished = datetime.fromisoformat(date)
    made.license = _licence(made)
    tools = _tools(made, told)
    workflow = _workflow(made, told, root, tools)
    parameters = list(_parameters(made, told["settings"], workflow))
    action = made.add_action(
        workflow,
        identifier="#run",
        object=[*parameters, *_knowledge(made, told)],
        result=list(_results(made, root)),
        properties={
            "name": "Run of Soyang",
            "startTime": start,
            "endTime": end,
            "actionStatus": "http://schema.org/CompletedActionStatus",
        },
    )
    made.root_dataset["mentions"] = [action]
    return made


def _profile(made: ROCrate, identifier: str, name: str, version: str) -> Entity:
    properties = {"@type": "CreativeWork", "name": name, "version": version}
    return made.add(ContextEntity(made, identifier, properties=properties))


def _licence(made: ROCrate) -> Entity:
    """Results of people's data are under no open licence: who may have them, consent decides."""
    properties = {
        "@type": "CreativeWork",
        "name": "Restricted: governed by the participants' consent and the platform's rules",
    }
    return made.add(ContextEntity(made, "#access", properties=properties))


def _workflow(made: ROCrate, told: dict[str, Any], root: Path, tools: list[Entity]) -> Entity:
    properties = {
        "name": "Soyang",
        "version": told["soyang"],
        "license": LICENCE,
        "softwareRequirements": tools,
        "conformsTo": {"@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"},
    }
    language = made.add(
        ComputerLanguage(
            made,
            identifier="#snakemake",
            properties={
                "name": "Snakemake",
                "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
                "url": {"@id": "https://snakemake.readthedocs.io"},
                "version": told["packages"].get("snakemake", "unknown"),
            },
        )
    )
    workflow: Entity = made.add_workflow(
        root / WORKFLOW, WORKFLOW, main=True, lang=language, properties=properties
    )
    return workflow


def _tools(made: ROCrate, told: dict[str, Any]) -> list[Entity]:
    """Tools and Soyang itself, which the sources tell without a kind."""
    return [
        made.add(
            ContextEntity(
                made,
                f"#tool-{source['name'].lower().replace(' ', '-')}",
                properties={
                    "@type": "SoftwareApplication",
                    "name": source["name"],
                    "softwareVersion": source["release"],
                },
            )
        )
        for source in told["sources"]
        if not source["kind"]
    ]


def _knowledge(made: ROCrate, told: dict[str, Any]) -> Iterator[Entity]:
    for number, source in enumerate(s for s in told["sources"] if s["kind"]):
        properties = {
            "@type": "CreativeWork",
            "name": source["name"],
            "version": source["release"],
            "additionalType": source["kind"],
        }
        if source["licence"]:
            properties["usageInfo"] = source["licence"]
        yield made.add(
            ContextEntity(made, f"#knowledge-{number}-{source['kind']}", properties=properties)
        )


_SHOWN = ("reference", "reads", "calling", "identity", "annotation", "interpretation")
"""Sections of the settings that are told: those without paths to somebody's records."""


def _parameters(made: ROCrate, settings: dict[str, Any], workflow: Entity) -> Iterator[Entity]:
    """Settings as values, each of a formal parameter of the workflow."""
    formal = []
    for section in _SHOWN:
        for name, value in sorted((settings.get(section) or {}).items()):
            key = f"{section}.{name}"
            parameter = made.add(
                ContextEntity(
                    made,
                    f"#parameter-{key}",
                    properties={
                        "@type": "FormalParameter",
                        "additionalType": "Text",
                        "name": key,
                        "conformsTo": {
                            "@id": "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"
                        },
                    },
                )
            )
            formal.append(parameter)
            yield made.add(
                ContextEntity(
                    made,
                    f"#value-{key}",
                    properties={
                        "@type": "PropertyValue",
                        "name": key,
                        "value": value if isinstance(value, str) else json.dumps(value),
                        "exampleOfWork": parameter,
                    },
                )
            )
    workflow["input"] = formal


def _results(made: ROCrate, root: Path) -> Iterator[Entity]:
    """Results that are there: files by name, and the folders of everyone's."""
    for name, meaning in RESULTS:
        if (root / name).is_file():
            yield made.add_file(root / name, name, properties={"name": meaning})
    for name, meaning in ROOMS.items():
        if (root / name).is_dir():
            yield made.add_dataset(root / name, f"{name}/", properties={"name": meaning})


def _times(logs: Path, ledger: Path) -> tuple[str, str]:
    """When the first step that counts began to write its log, and when the ledger was written."""
    times = [path.stat().st_mtime for path in logs.rglob("*.log")]
    end = ledger.stat().st_mtime
    return _iso(min([*times, end])), _iso(end)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
