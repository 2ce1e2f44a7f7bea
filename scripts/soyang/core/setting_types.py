"""What sections of settings are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def _named(value: Any) -> Any:
    if value == "":
        raise ValueError("must be set")
    return value


Share = Annotated[float, Field(ge=0, le=1)]
Named = Annotated[str, AfterValidator(_named)]
"""Text that must be set: ``config/config.yaml`` has it empty."""
File = Annotated[Path, BeforeValidator(_named)]
"""A path that is not empty."""


class Strict(BaseModel):
    """A section: unknown settings are refused, values don't change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
