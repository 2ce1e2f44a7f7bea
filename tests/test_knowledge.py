"""``soyang knowledge``: what people type to make, compare and look at releases."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest

from soyang.annotation.release.diff import DIFF
from soyang.core.tables import read_table
from soyang.knowledge import RESOURCES
from soyang.main import main, parser

HEADER = """\
##fileformat=VCFv4.1
##INFO=<ID=CLNSIG,Number=.,Type=String,Description="Class">
##INFO=<ID=CLNREVSTAT,Number=.,Type=String,Description="Review">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
"""
CATALOG = """\
sources:
  clinvar:
    kind: clinvar
    assembly: [GRCh38]
    name: ClinVar
    version: one
    date: 2025-09-28
    licence: public domain
    file: clinvar.vcf
"""


@pytest.fixture
def soyang(monkeypatch, capfd):
    """Run ``soyang`` in this process: status, what it printed, and what it complained of."""

    def run(*words: str | Path) -> tuple[int, str, str]:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["soyang", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capfd.readouterr()
        return int(stop.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a catalogue and ClinVar's file."""
    folder = tmp_path / "지식 자료"
    folder.mkdir()
    (folder / "catalog.yaml").write_text(CATALOG)
    put(folder, "Pathogenic")
    return folder


def put(folder: Path, significance: str) -> None:
    review = "CLNREVSTAT=practice_guideline"
    row = f"1\t7\t41\tA\tG\t.\t.\t{review};CLNSIG={significance}\n"
    (folder / "clinvar.vcf").write_text(HEADER + row)


def build(soyang, folder: Path, name: str, *more: str | Path) -> tuple[int, str, str]:
    words = ["--catalog", folder / "catalog.yaml", "--files", folder, "--output", folder / name]
    return soyang("knowledge", "build", *words, *more)


def test_build_show_diff(soyang, place):
    code, out, _ = build(soyang, place, "old", "--threads", "1")
    assert code == 0
    assert out.splitlines()[0] == "old: GRCh38, Soyang 0.1.0"
    assert soyang("knowledge", "show", place / "old") == (0, out, "")

    put(place, "Benign")
    code, out, _ = build(soyang, place, "new", "--previous", place / "old", "--source", "clinvar")
    assert code == 0 and "compared with old" in out

    table = place / "changes.tsv"
    code, out, _ = soyang("knowledge", "diff", place / "old", place / "new", "--output", table)
    assert code == 0
    assert "  significance: Pathogenic -> Benign: 1" in out.splitlines()
    rows = read_table(table, DIFF).filter(pl.col("what") == "variant")
    assert rows.select("position", "ref", "alt", "before", "after").rows() == [
        (7, "A", "G", "Pathogenic", "Benign")
    ]


def test_a_new_value_ends_with_status_2(soyang, place):
    put(place, "Odd")
    code, out, err = build(soyang, place, "new")
    assert (code, out) == (2, "")
    assert "column CLNSIG: found 'Odd' in 1 record(s), never seen before" in err
    assert str(RESOURCES / "knowledge" / "vocabularies.yaml") in err
    assert sorted(path.name for path in place.iterdir()) == ["catalog.yaml", "clinvar.vcf"]


def test_no_release(soyang, tmp_path):
    code, _, err = soyang("knowledge", "show", tmp_path)
    assert code == 2 and "manifest.json: found nothing" in err and "soyang knowledge build" in err


def test_a_verb_is_needed(soyang):
    code, _, err = soyang("knowledge")
    assert code == 2 and "VERB" in err
    assert soyang("knowledge", "burn")[0] == 2


def test_help_names_options(soyang):
    code, out, _ = soyang("knowledge", "build", "--help")
    assert code == 0
    for option in ("--catalog", "--files", "--reference", "--previous", "--source", "--output"):
        assert option in out
    _, out, _ = soyang("knowledge", "--help")
    assert {"build", "diff", "show"} <= set(out.split())


def test_only_the_verb_that_is_named_is_imported():
    options = parser(["knowledge", "show", "x"]).parse_args(["knowledge", "show", "x"])
    assert options.function.__name__ == "show" and options.release == Path("x")
