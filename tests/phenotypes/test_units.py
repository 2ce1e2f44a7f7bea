"""Units: UCUM and what laboratories write, and what must not be converted."""

from __future__ import annotations

from pathlib import Path

import pytest

from soyang.core.errors import FaultError
from soyang.phenotypes.units import Molecule, convert, parse, read_molecules

MASSES = Path(__file__).resolve().parents[2] / "resources" / "knowledge" / "molar_masses.tsv"
MOLECULES = read_molecules(MASSES)


def value(number, source, target, loinc=None, enzyme=False):
    line = convert(
        parse(source, enzyme=enzyme), parse(target, enzyme=enzyme), MOLECULES.get(loinc or "")
    )
    return None if line is None else line.offset + line.scale * number


@pytest.mark.parametrize(
    ("number", "source", "target", "loinc", "expected"),
    [
        (13.5, "g/dL", "g/L", None, 135),
        (5.5, "mmol/L", "mg/dL", "2345-7", 99.09),
        (99.09, "MG/DL", "mmol/L", "2345-7", 5.5),
        (1.0, "mg/dL", "umol/L", "2160-0", 88.4),
        (200, "mg/dL", "mmol/L", "2093-3", 5.17),
        (20, "mg/dL", "mmol/L", "3094-0", 7.14),
        (15, "g/dL", "mmol/L", "718-7", 9.31),
        (9.6, "mg/dL", "meq/L", "17861-6", 4.79),
        (140, "mEq/L", "mmol/L", "2951-2", 140),
        (7.2, "K/uL", "10*9/L", None, 7.2),
        (7.2, "10*3/uL", "/uL", None, 7200),
        (7.2, "x10³/µL", "10*9/L", None, 7.2),
        (98.6, "[degF]", "Cel", None, 37),
        (0.45, "1", "%", None, 45),
        (2.5, "m[IU]/L", "u[IU]/mL", None, 2.5),
        (2.5, "mIU/L", "uIU/mL", None, 2.5),
        (60, "bpm", "/s", None, 1),
        (90, "mL/min/{1.73_m2}", "ml/min/1.73m2", None, 90),
        (120, "mmHg", "kPa", None, 16.0),
        (160, "lb", "kg", None, 72.57),
        (3, "titer", "Titer ", None, 3),
    ],
)
def test_values_in_another_unit(number, source, target, loinc, expected):
    assert value(number, source, target, loinc) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize(
    ("source", "target", "loinc"),
    [
        ("mg/dL", "mmol/L", None),
        ("mg/dL", "mmol/L", "no-such-code"),
        ("[IU]/L", "10*9/L", None),
        ("[IU]/L", "U/L", None),
        ("%", "mmol/mol", "4548-4"),
        ("meq/L", "mmol/L", "2160-0"),
        ("meq/L", "mmol/L", None),
        ("mg/dL", "g", "2345-7"),
        ("titer", "ratio of some kind", None),
        ("titer", "mg/dL", "2345-7"),
        ("kelvin?", "Cel", None),
    ],
)
def test_what_can_not_be_converted(source, target, loinc):
    assert value(1.0, source, target, loinc) is None
    assert value(1.0, target, source, loinc) is None


def test_the_international_unit_of_an_enzyme_is_u():
    assert value(40, "IU/L", "U/L", enzyme=True) == pytest.approx(40)
    assert value(40, "[iU]/L", "nkat/L", enzyme=True) == pytest.approx(666.8, rel=1e-3)


def test_charge_counts_in_equivalents():
    calcium = MOLECULES["17861-6"]
    assert calcium == Molecule(molar_mass=40.078, charge=2)
    assert value(2.5, "mmol/L", "meq/L", "17861-6") == pytest.approx(5.0)
    assert value(100, "mmol/L", "meq/L", "2075-0") == pytest.approx(100), "an anion's too"


def test_every_molar_mass_has_a_source_and_a_known_form():
    assert len(MOLECULES) > 30
    text = MASSES.read_text().splitlines()
    assert len(text) == len(MOLECULES) + 1, "a LOINC code twice"
    assert text[1:] == sorted(text[1:])


@pytest.mark.parametrize("row", ["1-1\tx\t0\t\ts", "1-1\tx\t5\ttwo\ts", "1-1\tx\t5\t\t"])
def test_a_bad_molar_mass_is_a_fault(tmp_path, row):
    path = tmp_path / "몰 질량.tsv"
    path.write_text(f"\ufeffloinc\tsubstance\tg_per_mol\tcharge\tsource\r\n{row}\r\n")
    with pytest.raises(FaultError, match="molar mass") as raised:
        read_molecules(path)
    assert raised.value.faults[0].row == "2"
