"""The engine that a name stands for."""

from __future__ import annotations

from pathlib import Path

from soyang.annotation.engines.contract import Engine, Predictor
from soyang.annotation.engines.csq import Csq
from soyang.annotation.engines.snpeff import SnpEff
from soyang.annotation.engines.vep import Vep
from soyang.core.errors import Fault, FaultError


def predictor(
    engine: Engine, *, data: Path | None = None, vep_python: Path | None = None
) -> Predictor:
    """The engine of a name.

    Args:
        engine: its name.
        data: folder for the databases of SnpEff and VEP.
        vep_python: Python that has vepyr.

    Raises:
        FaultError: a setting that the engine needs is missing.
    """
    if engine is Engine.CSQ:
        return Csq()
    if data is None:
        raise FaultError(_missing(engine, "--engine-data", "a folder for its database"))
    if engine is Engine.SNPEFF:
        return SnpEff(data)
    if vep_python is None:
        raise FaultError(_missing(engine, "--vep-python", "a Python that has vepyr"))
    return Vep(data, vep_python)


def _missing(engine: Engine, option: str, allowed: str) -> Fault:
    return Fault(
        code="engine-setting",
        file=option,
        found="nothing",
        allowed=allowed,
        next_step=f"give {option}, which --engine {engine} needs, or use --engine csq",
    )
