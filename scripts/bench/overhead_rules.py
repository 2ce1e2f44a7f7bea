"""Print the workflow's rules as JSON: name, place of the log, wildcard, outputs.

Snakemake is asked for what it read, so that no other place lists the rules.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from snakemake.api import SnakemakeApi
from snakemake.io import is_flagged
from snakemake.settings.types import ConfigSettings, OutputSettings, ResourceSettings


def described(snakefile: Path) -> Iterator[dict[str, object]]:
    """Rules that make something, with the default settings."""
    with SnakemakeApi(OutputSettings()) as api:
        workflow = api.workflow(
            ResourceSettings(cores=1), config_settings=ConfigSettings(), snakefile=snakefile
        )._workflow
        for rule in workflow.rules:
            if rule.log:
                parts = Path(str(rule.log[0])).with_suffix("").parts
                outputs = [
                    _plain(output) + "/" * is_flagged(output, "directory") for output in rule.output
                ]
                wildcards = sorted(rule.wildcard_names)
                yield {
                    "name": rule.name,
                    "place": "/".join(parts[1:3]),
                    "wildcard": wildcards[0] if wildcards else "",
                    "outputs": outputs,
                }


def _plain(output: object) -> str:
    """A pattern without its wildcards' constraints: ``{sample,[a-z]+}`` is ``{sample}``."""
    return re.sub(r"\{(\w+),[^{}]*\}", r"{\1}", str(output))


if __name__ == "__main__":
    json.dump(list(described(Path(sys.argv[1]))), sys.stdout)
