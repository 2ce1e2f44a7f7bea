"""Units of measurements: UCUM read by ucumvert and pint, and from one unit to another.

What a dimension alone would let pass is refused: arbitrary units ([IU]) are comparable with
nothing but themselves (UCUM, section 24), equivalents need the ion's charge, mmol/mol and % are
two scales of HbA1c (NGSP, IFCC) and not 10 to 1, and mass becomes amount only by a molar mass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_rows

WRITTEN = {
    "k/ul": "10*3/uL", "x10^3/ul": "10*3/uL", "10^3/ul": "10*3/uL", "10*3/ul": "10*3/uL",
    "x10e3/ul": "10*3/uL", "10e3/ul": "10*3/uL", "thous/ul": "10*3/uL", "x1000/ul": "10*3/uL",
    "m/ul": "10*6/uL", "x10^6/ul": "10*6/uL", "10^6/ul": "10*6/uL", "mil/ul": "10*6/uL",
    "x10^9/l": "10*9/L", "10^9/l": "10*9/L", "x10^12/l": "10*12/L", "10^12/l": "10*12/L",
    "/ul": "/uL", "cells/ul": "/uL", "cell/ul": "/uL", "/mm3": "/mm3", "/hpf": "/[HPF]",
    "mg/dl": "mg/dL", "g/dl": "g/dL", "ug/dl": "ug/dL", "mcg/dl": "ug/dL", "g/l": "g/L",
    "mg/l": "mg/L", "ug/l": "ug/L", "mcg/l": "ug/L", "ng/ml": "ng/mL", "pg/ml": "pg/mL",
    "ug/ml": "ug/mL", "mcg/ml": "ug/mL", "ng/dl": "ng/dL", "ng/l": "ng/L", "mg/ml": "mg/mL",
    "mmol/l": "mmol/L", "umol/l": "umol/L", "nmol/l": "nmol/L", "pmol/l": "pmol/L",
    "meq/l": "meq/L", "u/l": "U/L", "iu/l": "[IU]/L", "[iu]/l": "[IU]/L", "iu/ml": "[IU]/mL",
    "miu/l": "m[IU]/L", "miu/ml": "m[IU]/mL", "uiu/ml": "u[IU]/mL", "mu/l": "mU/L",
    "mmhg": "mm[Hg]", "bpm": "/min", "beats/min": "/min", "/min": "/min", "kg/m^2": "kg/m2",
    "sec": "s", "mm/hr": "mm/h", "ml/min/1.73m2": "mL/min/{1.73_m2}",
    "ml/min/1.73m^2": "mL/min/{1.73_m2}", "ml/min/1.73": "mL/min/{1.73_m2}", "degc": "Cel",
    "fl": "fL", "percent": "%", "lb": "[lb_av]", "lbs": "[lb_av]", "inch": "[in_i]",
}  # fmt: skip
"""UCUM codes of what laboratories write instead (case, micro sign and blanks set aside), after the
UCUM organisation's table of common units. K/uL, read as UCUM, would be kelvins."""

_MICRO = str.maketrans({"µ": "u", "μ": "u", "³": "^3", "²": "^2", "⁹": "^9", "×": "x"})
_ARBITRARY = re.compile(r"\[[^\]]*U\]|(?<![A-Za-z])[a-z]?eq(?![A-Za-z])", re.IGNORECASE)
ENZYME = "[Enzymatic activity"
"""In a LOINC name: the quantity is catalytic activity, whose international unit is UCUM's U
(IUB 1964: 1 umol/min)."""


@dataclass(frozen=True, kw_only=True)
class Molecule:
    """What a LOINC code measures.

    Attributes:
        molar_mass: g/mol.
        charge: of the ion, 0 where none is meant.
    """

    molar_mass: float
    charge: int = 0


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit as a line into the base units of its kind: base = offset + scale x value.

    Attributes:
        code: UCUM code, or the source's text.
        kind: units of one kind convert into each other.
        scale: base units of one unit.
        offset: base units at 0, as for temperatures.
    """

    code: str
    kind: str
    scale: float
    offset: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """value in the wanted unit = offset + scale x value."""

    scale: float
    offset: float = 0.0


MASS, AMOUNT, CHARGE = "kilogram/meter**3", "mole/meter**3", "equivalent/meter**3"


def read_molecules(path: Path) -> dict[str, Molecule]:
    """Molar mass and charge by LOINC code, each with its source.

    Raises:
        FaultError: a number is unreadable or not positive, or has no source.
    """
    molecules = {}
    for number, row in enumerate(
        read_rows(path, "loinc", "substance", "g_per_mol", "charge", "source"), start=2
    ):
        try:
            mass, charge = float(row["g_per_mol"]), int(row["charge"] or 0)
        except ValueError:
            mass, charge = 0.0, 0
        if mass <= 0 or not row["source"]:
            raise FaultError(
                Fault(
                    code="molar-mass",
                    file=str(path),
                    row=str(number),
                    found="a molar mass that can't be used",
                    allowed="g_per_mol above 0, a whole charge or none, and a source",
                    next_step="correct the row",
                )
            )
        molecules[row["loinc"]] = Molecule(molar_mass=mass, charge=charge)
    return molecules


@cache
def parse(text: str, *, enzyme: bool = False) -> Unit:
    """A unit from a UCUM code or a laboratory's own way to write it.

    What UCUM does not know is a kind of its own: comparable only with the same text.

    Args:
        text: the unit as recorded, not empty.
        enzyme: whether the quantity is catalytic activity (then [IU] is U).
    """
    plain = "".join(text.split()).translate(_MICRO)
    code = WRITTEN.get(plain.casefold(), plain)
    if enzyme:
        code = re.sub(r"\[i?iu\]", "U", code, flags=re.IGNORECASE)
    return _from_ucum(code) or Unit(code=text.strip(), kind=f"text {plain.casefold()}", scale=1.0)


def _from_ucum(code: str) -> Unit | None:
    registry = _registry()
    bare = re.sub(r"(?<=[A-Za-z0-9%\]])\{[^}]*\}", "", code)
    try:
        unit = registry.from_ucum(re.sub(r"\{[^}]*\}", "1", bare) or "1")
        zero = registry.Quantity(0.0 * unit.magnitude, unit.units).to_base_units()
        one = registry.Quantity(1.0 * unit.magnitude, unit.units).to_base_units()
    except Exception:  # noqa: BLE001  two libraries' errors for one answer: not a UCUM code
        return None
    scale, offset = one.magnitude - zero.magnitude, zero.magnitude
    return Unit(code=code, kind=_kind(code, one), scale=float(scale), offset=float(offset))


def _kind(code: str, quantity: Any) -> str:
    kind = f"{quantity.units:~D}".replace(" ", "") or "1"
    arbitrary = sorted({match.upper() for match in _ARBITRARY.findall(code)})
    if kind == "mol/m**3" and all(atom.endswith("EQ") for atom in arbitrary):
        return CHARGE if arbitrary else AMOUNT
    if kind == "kg/m**3":
        kind = MASS
    if arbitrary:
        return f"{kind} {' '.join(re.sub('^[A-Z](?=EQ)', '', atom) for atom in arbitrary)}"
    return f"{kind} of amount" if kind in {"1", ""} and "mol" in code else kind


@cache
def _registry() -> Any:
    from ucumvert import PintUcumRegistry  # noqa: PLC0415  a second to load

    return PintUcumRegistry()


def convert(source: Unit, target: Unit, molecule: Molecule | None) -> Line | None:
    """How values in ``source`` become values in ``target``; None: they can't.

    Args:
        source: unit of the value.
        target: unit wanted.
        molecule: what is measured, where it is known, for mass, amount and charge.
    """
    bridge = _bridge(source.kind, target.kind, molecule)
    if bridge is None:
        return None
    if bridge != 1.0 and (source.offset or target.offset):
        return None
    scale = source.scale * bridge / target.scale
    return Line(scale=scale, offset=(source.offset - target.offset) / target.scale)


def _bridge(source: str, target: str, molecule: Molecule | None) -> float | None:
    """Base units of the target's kind in one base unit of the source's."""
    if source == target:
        return 1.0
    if molecule is None:
        return None
    per_mole = {MASS: molecule.molar_mass / 1000, AMOUNT: 1.0}
    if molecule.charge:
        per_mole[CHARGE] = float(abs(molecule.charge))
    if source not in per_mole or target not in per_mole:
        return None
    return per_mole[target] / per_mole[source]
