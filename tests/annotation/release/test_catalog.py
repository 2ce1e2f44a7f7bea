"""The catalogue: ours is whole and honest, and faults in another name line and field."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from soyang.annotation.release.catalog import Catalog, read_catalog, schema
from soyang.annotation.release.manifest import GENE_KINDS, Kind
from soyang.core.assembly import CHROMOSOMES, Assembly
from soyang.core.errors import FaultError

SCHEMA = "workflow/schemas/catalog.schema.json"
ENTRY = """\
    kind: clinvar
    assembly: [GRCh38]
    name: ClinVar
    version: 2025-09-28
    date: 2025-09-28
    licence: public domain
    file: clinvar.vcf.gz
"""


@pytest.fixture
def write(tmp_path: Path):
    def make(text: str) -> Path:
        path = tmp_path / "목록.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return make


def faults(path: Path) -> dict[str, tuple[str, str]]:
    """Column to row and what was found, of a catalogue that is refused."""
    with pytest.raises(FaultError) as error:
        read_catalog(path)
    return {fault.column: (fault.row, fault.found) for fault in error.value.faults}


@pytest.fixture(scope="module")
def ours(root: Path) -> Catalog:
    return read_catalog(root / "resources" / "catalog.yaml")


def test_schema_is_current(root):
    assert (root / SCHEMA).read_text(encoding="utf-8") == schema()


def test_ours_fits_the_schema(root):
    content = yaml.load((root / "resources/catalog.yaml").read_text(), yaml.BaseLoader)
    for entry in content["sources"].values():
        entry["redistributable"] = entry["redistributable"] == "true"
        entry |= {k: None for k, v in entry.items() if v == "null"}
    for entry in content["references"].values():
        entry["redistributable"] = entry["redistributable"] == "true"
    jsonschema.validate(content, json.loads((root / SCHEMA).read_text()))
    del content["sources"]["clinvar"]["licence"]
    with pytest.raises(jsonschema.ValidationError, match="licence"):
        jsonschema.validate(content, json.loads((root / SCHEMA).read_text()))


def test_ours_has_each_kind_once_for_an_assembly(ours):
    twice_allowed = {Kind.FREQUENCIES, Kind.CONSERVATION, Kind.REPEATS}
    for assembly in Assembly:
        kinds = [source.kind for source in ours.of(assembly).values()]
        assert set(kinds) == set(Kind) - {Kind.PANEL}, assembly
        assert all(kinds.count(kind) == 1 for kind in set(kinds) - twice_allowed)


def test_ours_invents_no_checksum_and_shares_nothing_restricted(ours):
    assert {source.checksum(source.file[0]) for source in ours.sources.values()} == {None}
    kept = {s.kind for s in ours.sources.values() if not s.redistributable}
    assert kept == {Kind.SPLICEAI, Kind.REVEL}
    assert "not-for-profit" in ours.sources["spliceai"].licence
    for source in ours.sources.values():
        assert source.url.startswith("https://") or source.kind is Kind.ACMG_SF


def test_files_of_patterns(ours):
    (one,) = ours.sources["clinvar"].files(Assembly.GRCH37)
    assert one == "GRCh37/clinvar.vcf.gz"
    exomes = ours.sources["gnomad_exomes"].files(Assembly.GRCH38)
    assert len(exomes) == 24
    assert exomes[0].endswith(".chr1.vcf.bgz") and exomes[-1].endswith(".chrY.vcf.bgz")
    assert len(ours.sources["spliceai"].files(Assembly.GRCH38)) == 2


def test_an_entry(write):
    entry = read_catalog(write(f"sources:\n  clinvar:\n{ENTRY}")).sources["clinvar"]
    assert entry.id == "clinvar" and entry.kind is Kind.CLINVAR
    assert entry.version == entry.date == "2025-09-28"
    assert entry.assembly == (Assembly.GRCH38,)
    assert entry.redistributable is False
    assert entry.chromosomes == CHROMOSOMES[:-1]
    assert entry.checksum("clinvar.vcf.gz") is None


def test_checksums_of_several_files(write):
    text = f"sources:\n  clinvar:\n{ENTRY}    sha256: {{a.vcf: {'a' * 64}}}\n"
    entry = read_catalog(write(text)).sources["clinvar"]
    assert entry.checksum("a.vcf") == "a" * 64
    assert entry.checksum("b.vcf") is None


@pytest.mark.parametrize(
    ("before", "after", "column", "row", "found"),
    [
        ("kind: clinvar", "kind: clinvars", "kind", "3", "'clinvars'"),
        ("date: 2025-09-28", "date: '2025-09-31'", "date", "7", "'2025-09-31'"),
        ("date: 2025-09-28", "date: 28.9.2025", "date", "7", "'28.9.2025'"),
        ("version: 2025-09-28", "version: 4.1", "version", "6", "4.1"),
        ("licence: public domain", "licence: ''", "licence", "8", "''"),
        ("file: clinvar.vcf.gz", "file: ../x.vcf", "file", "9", "'../x.vcf'"),
        ("file: clinvar.vcf.gz", "file: /x.vcf", "file", "9", "'/x.vcf'"),
        ("file: clinvar.vcf.gz", "file: []", "file", "9", "[]"),
        ("assembly: [GRCh38]", "assembly: [hg38]", "assembly.0", "4", "'hg38'"),
        ("    licence: public domain\n", "", "licence", "2", "nothing"),
        ("name: ClinVar", "nmae: ClinVar", "nmae", "5", "an unknown field"),
        ("licence: public domain", "licence: x\n    max_shrink: 2", "max_shrink", "9", "2"),
        ("licence: public domain", "licence: x\n    sha256: 12", "sha256", "9", "12"),
        ("assembly: [GRCh38]", "assembly: null", "", "2", "these fields"),
    ],
)  # fmt: skip
def test_faults_name_line_and_field(write, before, after, column, row, found):
    assert before in ENTRY
    told = faults(write(f"sources:\n  clinvar:\n{ENTRY.replace(before, after)}"))
    name = f"sources.clinvar.{column}".rstrip(".")
    assert told[name] == (row, found)


def test_all_faults_at_once(write):
    two = ENTRY.replace("kind: clinvar", "kind: x")
    text = f"sources:\n  Clin Var:\n{ENTRY}  two:\n{two}  three: 3\n"
    told = faults(write(text))
    assert {"sources.Clin Var", "sources.two.kind", "sources.three"} <= set(told)


def test_a_day_that_is_none(write):
    told = faults(write(f"sources:\n  clinvar:\n{ENTRY.replace('09-28', '09-31')}"))
    assert told[""] == ("7", "2025-09-31, which is no day or number")


@pytest.mark.parametrize("text", ["", "sources: {}\n", "sources: [a]\n", "other: 1\n"])
def test_no_sources(write, text):
    assert faults(write(text))


def test_facts_of_genes_have_no_assembly(write):
    gene = ENTRY.replace("kind: clinvar", "kind: hgnc")
    told = faults(write(f"sources:\n  hgnc:\n{gene}"))
    assert told["sources.hgnc"][1] == "these fields"
    fixed = gene.replace("[GRCh38]", "null")
    assert read_catalog(write(f"sources:\n  hgnc:\n{fixed}")).sources["hgnc"].kind in GENE_KINDS


def test_bom_and_windows_line_ends(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + f"sources:\n  a:\n{ENTRY}".replace("\n", "\r\n").encode())
    assert read_catalog(path).sources["a"].name == "ClinVar"
