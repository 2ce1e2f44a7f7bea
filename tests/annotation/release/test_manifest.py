"""The manifest: what is written is what is read, and nothing else is taken for one."""

from __future__ import annotations

import json

import pytest

from soyang.annotation.release.manifest import (
    GENE_KINDS,
    INTERVAL_KINDS,
    REGION_KINDS,
    VARIANT_KINDS,
    Kind,
    manifest_text,
    read_manifest,
)
from soyang.core.errors import FaultError


def test_each_kind_is_of_one_shape():
    shapes = [*VARIANT_KINDS, *INTERVAL_KINDS, *REGION_KINDS, *GENE_KINDS]
    assert sorted(shapes) == sorted(Kind)


def test_written_and_read(desk):
    release = desk.build()
    manifest = read_manifest(release)
    text = (release / "manifest.json").read_text(encoding="utf-8")
    assert manifest_text(manifest) == text
    assert text.endswith("}\n") and "T00:" not in text
    assert manifest.sources["clinvar"].rows == {"20": 4, "X": 1}
    assert manifest.sources["clinvar"].files == {"clinvar.vcf": manifest.sources["clinvar"].sha256}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "nothing"),
        ("", "Expecting value"),
        ("[]", "list"),
        ('{"format": 2}', "layout 2"),
        ('{"format": 1}', "Field required"),
    ],
)
def test_not_a_manifest(tmp_path, content, found):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(FaultError, match=found) as error:
        read_manifest(tmp_path)
    assert "soyang knowledge build" in error.value.faults[0].next_step


def test_an_unknown_field_is_refused(desk):
    release = desk.build()
    content = json.loads((release / "manifest.json").read_text())
    content["colour"] = "blue"
    (release / "manifest.json").chmod(0o644)
    (release / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(FaultError, match="colour"):
        read_manifest(release)
