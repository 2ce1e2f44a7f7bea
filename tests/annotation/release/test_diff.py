"""The diff of two releases names what was planted, and nothing else."""

from __future__ import annotations

import gzip
import random
import re
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soyang.annotation.release import writer
from soyang.annotation.release.changes import (
    BEFORE,
    CHANGED,
    CHANGES,
    NEW,
    REMOVED,
    Side,
    changes,
    common,
    compare,
    differences,
)
from soyang.annotation.release.diff import DIFF, compare_releases, gene_changes
from soyang.annotation.release.manifest import (
    ColumnFact,
    Kind,
    Manifest,
    SourceFact,
    manifest_text,
    read_manifest,
)
from soyang.annotation.release.tell import shown, table, told
from soyang.core.assembly import Assembly
from soyang.core.errors import FaultError
from soyang.core.variant_key import allele_codes, is_hashed

ONE = "criteria_provided,_single_submitter"
LONG = "G" + "ACGT" * 5
BASE = [
    ("20", 1_000, "11", "A", "G", "Pathogenic", "reviewed_by_expert_panel"),
    ("20", 1_010, "12", "C", "T", "Likely_pathogenic", ONE),
    ("20", 1_020, "13", "C", "CTT", "Benign/Likely_benign", ONE),
    ("20", 1_030, "14", LONG, "G", "Uncertain_significance", ONE),
    ("X", 500, "15", "T", "C", "Pathogenic/Likely_pathogenic", ONE),
]
COUNTS = tuple(
    ColumnFact(name=name, annotated=name, dtype="Int32", meaning=name) for name in ("ac", "an")
)


@pytest.fixture
def pair(desk):
    """Two releases of ClinVar: the first as it is, the second from other records."""

    def make(records: list, before: list = BASE) -> tuple[Path, Path]:
        desk.put(before)
        old = desk.build("old")
        desk.put(records, "2025-10-05")
        entry = desk.clinvar(date="2025-10-05", version="2025-10-05", max_shrink=1)
        return old, desk.build("new", catalog=desk.catalog(clinvar=entry), previous=old)

    return make


def long(old: Path, new: Path, columns: list[str] | None = None) -> list[tuple]:
    """Rows of ``changes`` without codes."""
    parts = list(changes(old, new, "clinvar", columns))
    assert all(part.schema == CHANGES for part in parts)
    frame = pl.concat([pl.DataFrame(schema=CHANGES), *parts])
    return frame.drop("code").rows()


def test_the_planted_changes_and_no_others(pair):
    old, new = pair(
        [
            BASE[0],
            ("20", 1_010, "12", "C", "T", "Pathogenic", ONE),  # raised
            ("20", 1_015, "21", "T", "A", "Benign", ONE),  # new
            BASE[2],
            ("20", 1_030, "14", LONG, "G", "Likely_benign", ONE),  # lowered, a hashed key
            # X:500 removed
        ]
    )
    assert long(old, new, ["significance"]) == [
        ("20", 1_010, "C", "T", "significance", "Likely_pathogenic", "Pathogenic", CHANGED),
        ("20", 1_015, "T", "A", "significance", None, "Benign", NEW),
        ("20", 1_030, LONG, "G", "significance", "Uncertain_significance", "Likely_benign",
         CHANGED),
        ("X", 500, "T", "C", "significance", "Pathogenic/Likely_pathogenic", None, REMOVED),
    ]  # fmt: skip
    found = compare_releases(old, new)
    (clinvar,) = found.sources
    assert clinvar.rows == {NEW: 1, REMOVED: 1, CHANGED: 2}
    assert clinvar.classes == {
        ("significance", "Likely_pathogenic", "Pathogenic"): 1,
        ("significance", "Uncertain_significance", "Likely_benign"): 1,
    }
    assert clinvar.values == {
        ("CLNSIG", "Likely_pathogenic", REMOVED): 2,
        ("CLNSIG", "Uncertain_significance", REMOVED): 1,
    }
    assert list(told(found)) == [
        "old -> new (GRCh38)",
        "clinvar: version 2025-09-28 -> 2025-10-05; rows: 1 new, 1 removed, 2 changed",
        "  significance changed in 2",
        "  significance: Likely_pathogenic -> Pathogenic: 1",
        "  significance: Uncertain_significance -> Likely_benign: 1",
        "  CLNSIG: removed value Likely_pathogenic in 2 record(s)",
        "  CLNSIG: removed value Uncertain_significance in 1 record(s)",
    ]
    listed = table(found).filter(pl.col("what") == "variant")
    assert listed.select("change", "chromosome", "position", "alt").rows() == [
        (CHANGED, "20", 1_010, "T"),
        (NEW, "20", 1_015, "A"),
        (CHANGED, "20", 1_030, "G"),
        (REMOVED, "X", 500, "C"),
    ]


def test_a_new_review_is_no_new_class(pair):
    raised = ("20", 1_010, "12", "C", "T", "Likely_pathogenic", "reviewed_by_expert_panel")
    old, new = pair([BASE[0], raised, *BASE[2:]])
    (clinvar,) = compare_releases(old, new).sources
    assert clinvar.classes == {("stars", "1", "3"): 1}
    assert clinvar.columns == {"stars": 1}
    assert [row[4:7] for row in long(old, new)] == [
        ("review", "criteria provided, single submitter", "reviewed by expert panel"),
        ("stars", "1", "3"),
    ]


def test_words_in_another_order_are_no_other_class(pair):
    other = ("20", 1_020, "13", "C", "CTT", "Likely_benign/Benign", ONE)
    old, new = pair([*BASE[:2], other, *BASE[3:]])
    (clinvar,) = compare_releases(old, new).sources
    assert clinvar.columns == {"significance": 1} and not clinvar.classes


def test_the_same_release_twice(desk):
    old = desk.build("a/r")
    new = desk.build("b/r")
    assert long(old, new) == []
    found = compare_releases(old, new)
    assert list(told(found)) == [
        "r -> r (GRCh38)",
        "clinvar: version 2025-09-28 in both; rows: 0 new, 0 removed, 0 changed",
    ]
    assert table(found).height == 0


def test_sources_come_and_go(desk):
    one, two = desk.clinvar(), desk.clinvar(version="later", max_shrink=1)
    old = desk.build("old", catalog=desk.catalog(a=one))
    new = desk.build("new", catalog=desk.catalog(c=two))
    a, c = compare_releases(old, new).sources
    assert (a.rows, c.rows) == ({REMOVED: 5}, {NEW: 5})
    rows = table(compare_releases(old, new)).filter(what="source")
    assert rows.select("source", "change", "before", "after").rows() == [
        ("a", REMOVED, "2025-09-28", None),
        ("c", NEW, None, "later"),
    ]
    later = desk.build("later", catalog=desk.catalog(a=two))
    (same,) = compare_releases(old, later).sources
    assert same.rows == {}
    rows = table(compare_releases(old, later)).filter(what="source")
    assert rows.select("source", "change", "before", "after").rows() == [
        ("a", CHANGED, "2025-09-28", "later")
    ]
    lines = list(told(compare_releases(old, new)))
    assert lines[1].startswith("a: removed, was version 2025-09-28; rows: 0 new, 5 removed")
    # A new variant has a row for each column that has a value.
    (part, _) = changes(old, new, "c")
    first = part.filter(position=1_000)
    assert first["column"].to_list() == ["id", "significance", "review", "stars"]
    assert first["before"].null_count() == 4 and set(first["change"]) == {NEW}


def test_releases_of_two_assemblies(desk):
    old, new = desk.build("old"), desk.build("new")
    path = new / "manifest.json"
    path.chmod(0o644)
    path.write_text(path.read_text().replace('"GRCh38"', '"GRCh37"'))
    with pytest.raises(FaultError, match="compare releases of one assembly"):
        compare_releases(old, new)
    with pytest.raises(FaultError, match="knowledge build"):
        compare_releases(old, desk.files)


def counted(folder: Path, rows: dict[tuple[int, str, str], tuple[int, int]], size: int) -> Path:
    """A release of frequencies on chromosome 1, in small row groups."""
    frame = pl.DataFrame(
        [(*key, *value) for key, value in sorted(rows.items())],
        schema={"position": pl.Int32, "ref": pl.String, "alt": pl.String, "ac": pl.Int32,
                "an": pl.Int32},
        orient="row",
    )  # fmt: skip
    frame = frame.with_columns(allele_codes(frame["ref"], frame["alt"]))
    spelt = pl.when(is_hashed(pl.col("code"))).then(pl.col("ref", "alt"))
    place = folder / "variants" / "freq"
    with writer.VariantWriter(place, COUNTS, row_group=size, margin=0) as out:
        out.add("1", frame.with_columns(spelt))
        kept = out.close()
    fact = SourceFact(
        kind=Kind.FREQUENCIES, name="f", version="1", date="2025-01-01", licence="", url="",
        file="f", size=1, sha256=folder.name, records=len(rows), rows=kept, columns=COUNTS,
    )  # fmt: skip
    manifest = Manifest(
        release=folder.name, assembly=Assembly.GRCH38, reference_md5={}, soyang="0", previous="",
        sources={"freq": fact}, files={f"variants/freq/{n}": folder.name for n in ("1.parquet",)},
    )  # fmt: skip
    (folder / "manifest.json").write_text(manifest_text(manifest))
    return folder


def test_windows_of_a_large_source(tmp_path):
    generator = random.Random(7)
    alts = ["C", "G", "T", "ACCCCCCCCCCCC", "AGGGGGGGGGGGGGGG"]
    before = {
        (generator.randrange(1, 2_000), "A", generator.choice(alts)): (n % 50, 1_000)
        for n in range(3_000)
    }
    after = {key: value for key, value in before.items() if generator.random() > 0.1}
    moved = [key for key in after if generator.random() < 0.1]
    after |= {key: (after[key][0] + 1, 1_000) for key in moved}
    new = {(5_000 + n, "A", "T"): (1, 2) for n in range(100)}
    removed = set(before) - set(after)
    old = counted(tmp_path / "old", before, 97)
    release = counted(tmp_path / "new", after | new, 131)
    (freq,) = compare_releases(old, release).sources
    assert freq.rows == {NEW: 100, REMOVED: len(removed), CHANGED: len(moved)}
    assert freq.columns == {"ac": len(moved), "an": 0} and not freq.listed
    sides = Side.open(old), Side.open(release)
    parts = [part for _, part in differences(*sides, "freq", ["ac", "an"])]
    assert len(parts) > 20
    places = pl.concat(part.select("position", "code") for part in parts)
    assert places["position"].is_sorted() and not places.is_duplicated().any()
    lines = "\n".join(told(compare_releases(old, release)))
    assert "version 1 in both, other content" in lines and "ac changed in" in lines


def test_equal_checksums_are_not_read(tmp_path):
    rows = {(1, "A", "C"): (1, 2)}
    old, new = counted(tmp_path / "old", rows, 9), counted(tmp_path / "new", rows, 9)
    same = {"files": read_manifest(old).files}
    (new / "manifest.json").write_text(manifest_text(read_manifest(new).model_copy(update=same)))
    (new / "variants/freq/1.parquet").unlink()
    assert list(changes(old, new, "freq")) == []


def test_a_column_that_only_one_release_has(tmp_path):
    rows = {(1, "A", "C"): (1, 2), (2, "A", "C"): (3, 4)}
    old, new = counted(tmp_path / "old", rows, 9), counted(tmp_path / "new", rows, 9)
    manifest = read_manifest(old)
    fact = manifest.sources["freq"].model_copy(update={"columns": COUNTS[:1]})
    (old / "manifest.json").write_text(
        manifest_text(manifest.model_copy(update={"sources": {"freq": fact}}))
    )
    place = old / "variants/freq/1.parquet"
    pl.read_parquet(place).drop("an").write_parquet(place)
    assert list(changes(old, new, "freq")) == []  # what both say is the same
    for sides, before, after in [((old, new), None, 2), ((new, old), 2, None)]:
        opened = [Side.open(side) for side in sides]
        ((_, found),) = differences(*opened, "freq", ["ac", "an"])
        assert found.select(BEFORE + "an", "an", "change").row(0) == (before, after, CHANGED)


def test_intervals_are_counted_where_files_differ(desk):
    entry = desk.clinvar(kind="repeats", file="repeats.bed", max_shrink=1)
    bed = desk.files / "repeats.bed"
    lines = ["chr1\t10\t20\tAluY\tSINE\n", "chr1\t30\t40\tL1\tLINE\n", "chr2\t5\t9\tL1\tLINE\n"]
    bed.write_text("".join(lines))
    old = desk.build("old", catalog=desk.catalog(rmsk=entry))
    bed.write_text("".join([lines[0], lines[2]]))
    new = desk.build("new", catalog=desk.catalog(rmsk=entry))
    (rmsk,) = compare_releases(old, new).sources
    assert rmsk.rows == {REMOVED: 2, NEW: 1}  # chromosome 2 has the same bytes
    assert compare_releases(old, old).sources[0].rows == {}


def test_common_columns(desk):
    side = Side.open(desk.build())
    assert common(side, side, "clinvar")[:2] == ["id", "significance"]
    assert common(side, side, "none") == []


KEYS = st.tuples(st.integers(1, 6), st.sampled_from([2, 4, 3, 5]))
ROWS = st.dictionaries(KEYS, st.one_of(st.none(), st.integers(0, 2)), max_size=12)


@given(ROWS, ROWS)
@settings(max_examples=60, deadline=None)
def test_compare_is_what_dictionaries_say(before, after):
    def frame(rows):
        return pl.DataFrame(
            [(p, c, "A" * 9 if c & 1 else None, "C" * c if c & 1 else None, v)
             for (p, c), v in sorted(rows.items())],
            schema={"position": pl.Int32, "code": pl.UInt32, "ref": pl.String, "alt": pl.String,
                    "v": pl.Int32},
            orient="row",
        )  # fmt: skip

    found = compare(frame(before), frame(after), ["v"])
    expected = {
        key: (before.get(key), after.get(key))
        for key in {*before, *after}
        if (key in before) != (key in after) or before[key] != after[key]
    }
    rows = found.select("position", "code", BEFORE + "v", "v").rows()
    assert {(p, c): (b, a) for p, c, b, a in rows} == expected
    assert [row[:2] for row in rows] == sorted(expected)
    kinds = Counter(
        NEW if key not in before else REMOVED if key not in after else CHANGED for key in expected
    )
    assert Counter(found["change"].to_list()) == kinds


def test_two_long_alleles_of_one_hash():
    rows = {"position": [5], "code": [7], "ref": ["A" * 20], "alt": ["C" * 20], "v": [1]}
    types = {"position": pl.Int32, "code": pl.UInt32}
    one = pl.DataFrame(rows, schema_overrides=types)
    other = pl.DataFrame(rows | {"alt": ["G" * 20]}, schema_overrides=types)
    found = compare(one, other, ["v"])
    assert sorted(found["change"].to_list()) == [NEW, REMOVED]


def test_facts_of_genes():
    old = pl.DataFrame({"gene": ["A", "B"], "pli": [0.1, 0.9], "diseases": [["x", "y"], None]})
    new = pl.DataFrame({"gene": ["B", "C"], "pli": [0.95, None], "diseases": [None, ["z"]]})
    assert gene_changes(old, new).rows() == [
        ("A", "diseases", "x; y", None, REMOVED),
        ("A", "gene", "A", None, REMOVED),
        ("A", "pli", "0.1", None, REMOVED),
        ("B", "pli", "0.9", "0.95", CHANGED),
        ("C", "diseases", None, "z", NEW),
        ("C", "gene", None, "C", NEW),
    ]
    assert gene_changes(old, old).is_empty()
    assert set(gene_changes(pl.DataFrame(), new)["change"]) == {NEW}
    assert gene_changes(pl.DataFrame(), pl.DataFrame()).is_empty()
    structs = pl.DataFrame({"gene": ["A"], "curated": [[{"disease": "x", "class": "Limited"}]]})
    lone = structs.with_columns(pl.lit(None, structs["curated"].dtype).alias("curated"))
    ((_, _, before, after, _),) = gene_changes(structs, lone).rows()
    assert before == '{"disease":"x","class":"Limited"}' and after is None


def test_shown(desk):
    desk.put([*BASE, ("X", 9, "8", "A", "C", "", ONE), ("GL1", 5, "9", "A", "C", "Benign", ONE)])
    entry = desk.clinvar(note="a\nnote", redistributable=True)
    lines = list(shown(read_manifest(desk.build(catalog=desk.catalog(clinvar=entry)))))
    assert lines[0] == "release: GRCh38, Soyang 0.1.0"
    assert re.split("  +", lines[2]) == [
        "clinvar", "ClinVar", "2025-09-28", "2025-09-28", "5", "public domain", "yes",
    ]  # fmt: skip
    assert lines[3].startswith("clinvar: a note; variants are not left-aligned")
    assert lines[4:] == [
        "clinvar: left out 1: no classification",
        "clinvar: left out 1: on a contig that is no chromosome",
    ]


def planted(text: str) -> tuple[str, dict[tuple[str, str], str]]:
    """ClinVar's text with changes planted in it, and the change of each (position, alt)."""
    lines = text.replace("##fileDate=2025-09-28", "##fileDate=2025-10-05").splitlines()
    first = next(n for n, line in enumerate(lines) if not line.startswith("#"))
    expected: dict[tuple[str, str], str] = {}

    def pick(offset: int, significance: str) -> int:
        return next(
            n for n in range(first + offset, len(lines)) if f";CLNSIG={significance};" in lines[n]
        )

    def note(n: int, change: str) -> None:
        cells = lines[n].split("\t")
        expected[cells[1], cells[4]] = change

    for offset, before, after in [
        (500, "Likely_pathogenic", "Pathogenic"),
        (20_000, "Uncertain_significance", "Likely_pathogenic"),
        (40_000, "Pathogenic", "Uncertain_significance"),
        (50_000, "Pathogenic/Likely_pathogenic", "Pathogenic/Likely_pathogenic|risk_factor"),
    ]:
        n = pick(offset, before)
        note(n, f"{before} -> {after}")
        lines[n] = lines[n].replace(f";CLNSIG={before};", f";CLNSIG={after};")
    gone, kept = pick(30_000, "Pathogenic"), pick(10_000, "Pathogenic")
    note(gone, "Pathogenic -> None")
    cells = lines[kept].split("\t")
    cells[2], cells[4] = "99999999", cells[4] + "TTTTTTTTTTTTT"
    lines.insert(kept + 1, "\t".join(cells))
    note(kept + 1, "None -> Pathogenic")
    del lines[gone + (gone > kept)]
    return "\n".join(lines) + "\n", expected


@pytest.mark.shared
def test_two_releases_of_clinvar(desk, shared_data):
    """The shared ClinVar and a copy with planted changes: the diff names exactly them."""
    source = shared_data / "clinvar" / "clinvar_2025-09-28_acmg_genes_plp.GRCh38.vcf.gz"
    with gzip.open(source, "rt") as handle:
        text = handle.read()
    changed, expected = planted(text)
    assert len(expected) == 6
    for name, content in (("old", text), ("new", changed)):
        (desk.files / f"{name}.vcf").write_text(content)
    entry = desk.clinvar(file="old.vcf")
    old = desk.build("old", catalog=desk.catalog(clinvar=entry))
    assert read_manifest(old).sources["clinvar"].records == 53_678
    later = entry | {"file": "new.vcf", "version": "2025-10-05", "date": "2025-10-05"}
    new = desk.build("new", catalog=desk.catalog(clinvar=later), previous=old)
    found = compare_releases(old, new)
    listed = table(found).filter(pl.col("what") == "variant")
    assert {
        (str(row["position"]), row["alt"]): f"{row['before']} -> {row['after']}"
        for row in listed.iter_rows(named=True)
    } == expected
    assert listed.height == 6
    assert found.sources[0].rows == {NEW: 1, REMOVED: 1, CHANGED: 4}

    word = "Almost_certainly_pathogenic"
    (desk.files / "new.vcf").write_text(
        changed.replace(";CLNSIG=Pathogenic;", f";CLNSIG={word};", 1)
    )
    before = set(desk.folder.rglob("*"))
    with pytest.raises(FaultError) as error:
        desk.build("newer", catalog=desk.catalog(clinvar=later), previous=new)
    (fault,) = error.value.faults
    assert fault.code == "knowledge-new-value" and fault.column == "CLNSIG"
    assert fault.found == f"'{word}' in 1 record(s), never seen before"
    assert set(desk.folder.rglob("*")) == before


def test_the_table_is_declared():
    assert DIFF.name == "annotation.knowledge_diff"
    assert all(column.meaning for column in DIFF.columns)
