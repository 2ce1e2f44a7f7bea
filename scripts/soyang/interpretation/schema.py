"""The JSON Schema of findings, made from their model."""

from __future__ import annotations

import json
from typing import Any

from soyang.interpretation.tables import Findings


def findings_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of ``findings.json``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Findings.model_json_schema(mode="serialization"),
    }


def findings_schema_text() -> str:
    """The content of ``workflow/schemas/findings.schema.json``."""
    return json.dumps(findings_schema(), indent=2, ensure_ascii=False) + "\n"
