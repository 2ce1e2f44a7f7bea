"""What stops a build: new values, shrunken sources, what nobody set."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from soyang.annotation.release.catalog import CatalogSource
from soyang.annotation.release.checks import (
    gone,
    new_values,
    read_vocabularies,
    several,
    shrunk,
    unset,
)
from soyang.annotation.release.manifest import Manifest, SourceFact
from soyang.annotation.sources.clinvar import STARS
from soyang.core.assembly import Assembly
from soyang.core.errors import FaultError

WORDS = Path("vocabularies.yaml")


def entry(**other) -> CatalogSource:
    given = {"kind": "clinvar", "assembly": ["GRCh38"], "name": "ClinVar", "version": "2"}
    given |= {"date": "2025-09-28", "licence": "x", "file": "c.vcf", "id": "clinvar"}
    return CatalogSource.model_validate(given | other)


def fact(**other) -> SourceFact:
    given = {"kind": "clinvar", "name": "ClinVar", "version": "1", "date": "2025-09-21"}
    given |= {"licence": "x", "url": "", "file": "c.vcf", "size": 1, "sha256": "", "records": 1}
    return SourceFact.model_validate(given | {"rows": {"1": 100}} | other)


def release(**sources: SourceFact) -> Manifest:
    return Manifest(
        release="old",
        assembly=Assembly.GRCH38,
        reference_md5={},
        soyang="0",
        previous="",
        sources=sources,
        files={},
    )


def test_new_values_are_all_named():
    now = fact(vocabularies={"CLNSIG": {"Benign": 3, "Awful": 2, "Bad": 1}, "CLNVC": {"SNV": 9}})
    known = {"clinvar": {"CLNSIG": {"Benign": "good"}}}
    faults = list(new_values({"clinvar": now}, known, None, WORDS))
    assert [(f.column, f.found.split(" ")[0]) for f in faults] == [
        ("CLNSIG", "'Awful'"),
        ("CLNSIG", "'Bad'"),
        ("CLNVC", "'SNV'"),
    ]
    assert "in 2 record(s)" in faults[0].found
    assert "vocabularies.yaml under clinvar: CLNSIG" in faults[0].next_step


def test_the_release_before_knows_values():
    now = fact(vocabularies={"CLNSIG": {"Awful": 2}})
    before = release(clinvar=fact(vocabularies={"CLNSIG": {"Awful": 1}}))
    assert not list(new_values({"clinvar": now}, {}, before, WORDS))
    elsewhere = release(clinvar=fact(vocabularies={"CLNVC": {"Awful": 1}}))
    assert len(list(new_values({"clinvar": now}, {}, elsewhere, WORDS))) == 1
    other_kind = release(clinvar=fact(kind="hgnc", vocabularies={"CLNSIG": {"Awful": 1}}))
    assert len(list(new_values({"clinvar": now}, {}, other_kind, WORDS))) == 1


@pytest.mark.parametrize(
    ("rows", "share", "stops"),
    [(95, 0.05, False), (94, 0.05, True), (100, 0, False), (99, 0, True), (0, 1, False)],
)
def test_shrinkage(rows, share, stops):
    now = {"clinvar": fact(rows={"1": rows})}
    before = release(clinvar=fact())
    faults = list(shrunk(now, {"clinvar": entry(max_shrink=share)}, before))
    assert bool(faults) == stops
    if rows == 94:
        assert faults[0].found == "94 rows, 6.0% fewer than the 100 of version 1 in old"
        assert "max_shrink" in faults[0].next_step


def test_nothing_to_compare_with():
    now = {"clinvar": fact(rows={"1": 1})}
    assert not list(shrunk(now, {"clinvar": entry()}, None))
    assert not list(shrunk(now, {"clinvar": entry()}, release(other=fact())))
    assert gone(release(other=fact(), clinvar=fact()), now) == ["other"]
    assert gone(None, now) == []


def test_version_and_date_are_to_be_set():
    sources = {"a": entry(version=None, date=None, url="https://x"), "b": entry()}
    assert [f.column for f in unset(sources, Path("c.yaml"))] == [
        "sources.a.version",
        "sources.a.date",
    ]


def test_one_source_of_a_kind_that_fills_fixed_columns():
    panel = entry(kind="panel")
    sources = {"new": entry(), "old": entry(), "ours": panel, "theirs": panel}
    (fault,) = several(sources, Path("c.yaml"))
    assert fault.found == "2 sources of kind clinvar: new, old"
    hgnc = entry(kind="hgnc", assembly=None)
    assert [f.found for f in several({"a": hgnc, "b": hgnc, "c": entry()}, Path("c.yaml"))] == [
        "2 sources of kind hgnc: a, b"
    ]
    assert not list(several({"a": entry(), "b": panel}, Path("c.yaml")))


def test_our_vocabularies(root):
    known = read_vocabularies(root / "resources/knowledge/vocabularies.yaml")
    reviews = {
        value.replace("_", " "): told for value, told in known["clinvar"]["CLNREVSTAT"].items()
    }
    number = {"no": 0, "one": 1, "two": 2, "three": 3, "four": 4}
    assert {value: number[told.split()[0]] for value, told in reviews.items()} == STARS
    assert known["clinvar"]["CLNSIGCONF"] == known["clinvar"]["CLNSIG"]
    assert "Pathogenic,_low_penetrance" in known["clinvar"]["CLNSIG"]


@pytest.mark.parametrize(
    ("content", "column"),
    [
        ({"clinvar": ["CLNSIG"]}, "clinvar"),
        ({"clinvar": {"CLNSIG": ["Benign"]}}, "clinvar.CLNSIG"),
        ({"clinvar": {"CLNSIG": {"Benign": ""}}}, "clinvar.CLNSIG"),
        ({"clinvar": {"CLNSIG": {3: "three"}}}, "clinvar.CLNSIG"),
    ],
)
def test_vocabularies_have_a_shape(tmp_path, content, column):
    path = tmp_path / "v.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(FaultError) as error:
        read_vocabularies(path)
    assert [fault.column for fault in error.value.faults] == [column]
