"""Building a release: whole or not at all, the same bytes always, and stopped by what is new."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from pathlib import Path

import polars as pl
import pytest

from soyang.annotation.release import build as module
from soyang.annotation.release import folder as folders
from soyang.annotation.release.manifest import read_manifest
from soyang.annotation.sources import clinvar, dbsnp
from soyang.core.assembly import Assembly
from soyang.core.errors import FaultError
from soyang.core.files import SCRATCH
from soyang.core.variant_key import is_hashed

REFS = [
    *(("20", 1_000, "A"), ("20", 1_010, "C"), ("20", 1_020, "C")),
    *(("20", 1_030, "G" + "ACGT" * 5), ("X", 500, "T")),
]
"""What the reference has where the desk's ClinVar has records."""
NEW_WORD = ("20", 1_040, "16", "A", "T", "Quite_pathogenic", "reviewed_by_everybody")


def refused(desk, **order) -> list:
    """The faults of a build that is refused, after which nothing is left."""
    before = {path for path in desk.folder.rglob("*") if "catalog" not in path.name}
    with pytest.raises(FaultError) as error:
        desk.build(**order)
    after = {path for path in desk.folder.rglob("*") if "catalog" not in path.name}
    assert after == before
    return list(error.value.faults)


def content(release: Path) -> dict[str, bytes]:
    """Every file of a release."""
    return {
        path.relative_to(release).as_posix(): path.read_bytes()
        for path in release.rglob("*")
        if path.is_file()
    }


def test_a_release(desk):
    release = desk.build()
    manifest = read_manifest(release)
    files = content(release)
    assert set(files) == {"manifest.json", *manifest.files}
    assert manifest.files["variants/clinvar/20.parquet"] == (
        hashlib.sha256(files["variants/clinvar/20.parquet"]).hexdigest()
    )
    assert manifest.release == "release" and manifest.assembly == Assembly.GRCH38
    fact = manifest.sources["clinvar"]
    assert (fact.records, sum(fact.rows.values()), fact.left_out) == (5, 5, {})
    assert fact.sha256 == hashlib.sha256((desk.files / "clinvar.vcf").read_bytes()).hexdigest()
    assert fact.vocabularies["CLNSIG"]["Likely_benign"] == 1
    assert "not left-aligned" in fact.note
    rows = pl.read_parquet(release / "variants/clinvar/20.parquet")
    assert rows.columns == ["position", "code", *(column.name for column in clinvar.COLUMNS)]
    assert rows["stars"].to_list() == [3, 1, 1, 1]
    long = pl.read_parquet(release / "variants/clinvar/long.parquet")
    assert long["ref"].to_list() == ["G" + "ACGT" * 5]
    assert rows.filter(is_hashed(pl.col("code")))["position"].to_list() == [1_030]


def test_files_are_read_only(desk):
    release = desk.build()
    assert {path.stat().st_mode & 0o777 for path in release.rglob("*") if path.is_file()} == {0o444}
    assert not list(desk.folder.glob(f"{SCRATCH}*"))


def test_same_bytes_twice_and_with_any_threads(desk):
    first = content(desk.build("a/r"))
    assert first == content(desk.build("b/r")) == content(desk.build("c/r", threads=2))
    text = first["manifest.json"].decode()
    assert str(desk.folder) not in text and os.uname().nodename not in text


def test_an_existing_output_is_refused(desk):
    release = desk.build()
    before = content(release)
    (fault,) = refused(desk)
    assert fault.code == "knowledge-exists" and "another name" in fault.next_step
    assert content(release) == before


def test_an_empty_folder_is_refused_too(desk):
    (desk.folder / "release").mkdir()
    assert refused(desk)[0].code == "knowledge-exists"


def test_new_values_stop_it_all_at_once(desk):
    desk.build("old")
    desk.put([*benign(), NEW_WORD])
    faults = refused(desk, release="new", previous=desk.folder / "old")
    assert [(f.code, f.column) for f in faults] == [
        ("knowledge-new-value", "CLNREVSTAT"),
        ("knowledge-new-value", "CLNSIG"),
    ]
    assert "'Quite_pathogenic' in 1 record(s)" in faults[1].found


def benign() -> list:
    """Forty benign variants."""
    review = "criteria_provided,_single_submitter"
    return [("20", 900 + n, str(n), "A", "G", "Benign", review) for n in range(1, 41)]


def test_a_value_that_somebody_looked_at_passes(desk, root):
    desk.put([*benign(), NEW_WORD])
    words = desk.folder / "words.yaml"
    text = (root / "resources/knowledge/vocabularies.yaml").read_text(encoding="utf-8")
    text = text.replace(
        "  CLNSIG: &classes\n", "  CLNSIG: &classes\n    Quite_pathogenic: rather\n"
    )
    text = text.replace("  CLNREVSTAT:\n", "  CLNREVSTAT:\n    reviewed_by_everybody: five stars\n")
    words.write_text(text, encoding="utf-8")
    release = desk.build(vocabularies=words)
    rows = pl.read_parquet(release / "variants/clinvar/20.parquet")
    # Nobody has told its stars: unknown, which is not none.
    assert rows.filter(position=1_040)["stars"].to_list() == [None]
    assert read_manifest(desk.build("next", previous=release)).previous == "release"


def test_a_source_that_shrank_stops_it(desk):
    desk.put(benign())
    old = desk.build("old")
    desk.put(benign()[:37])
    strict = desk.catalog(clinvar=desk.clinvar())
    (fault,) = refused(desk, release="new", previous=old, catalog=strict)
    assert fault.code == "knowledge-shrank" and "37 rows, 7.5% fewer than the 40" in fault.found
    assert read_manifest(desk.build("new", previous=old)).sources["clinvar"].rows == {"20": 37}


def test_files_are_checked_before_any_is_read(desk, monkeypatch):
    monkeypatch.setattr(clinvar, "read", lambda *_, **__: pytest.fail("read a file"))
    (desk.files / "empty.vcf").touch()
    catalog = desk.catalog(
        a=desk.clinvar(),
        b=desk.clinvar(file="none.vcf", kind="panel"),
        c=desk.clinvar(file="empty.vcf", kind="panel"),
    )
    assert [(Path(f.file).name, f.found) for f in refused(desk, catalog=catalog)] == [
        ("none.vcf", "no such file"),
        ("empty.vcf", "an empty file"),
    ]


def test_a_pinned_file(desk):
    digest = hashlib.sha256((desk.files / "clinvar.vcf").read_bytes()).hexdigest()
    desk.build("good", catalog=desk.catalog(clinvar=desk.clinvar(sha256=digest)))
    (fault,) = refused(desk, catalog=desk.catalog(clinvar=desk.clinvar(sha256="0" * 64)))
    assert (fault.found, fault.allowed) == (f"SHA-256 {digest}", f"SHA-256 {'0' * 64}")


def test_several_files_and_a_pattern(desk):
    text = (desk.files / "clinvar.vcf").read_text().splitlines(keepends=True)
    for name in ("20", "X"):
        kept = [line for line in text if line.startswith(("#", f"{name}\t"))]
        (desk.files / f"GRCh38.{name}.vcf").write_text("".join(kept))
    entry = desk.clinvar(
        file="{assembly}.{chromosome}.vcf", chromosomes=["20", "X"], url="https://x/{assembly}"
    )
    release = desk.build("many", catalog=desk.catalog(clinvar=entry))
    one = content(desk.build("one"))
    assert {name: data for name, data in content(release).items() if name != "manifest.json"} == {
        name: data for name, data in one.items() if name != "manifest.json"
    }
    fact = read_manifest(release).sources["clinvar"]
    assert list(fact.files) == ["GRCh38.20.vcf", "GRCh38.X.vcf"]
    assert fact.url == "https://x/GRCh38"
    listed = "".join(f"{sha256}  {name}\n" for name, sha256 in fact.files.items())
    assert fact.sha256 == hashlib.sha256(listed.encode()).hexdigest()


def test_sources_are_chosen(desk):
    catalog = desk.catalog(
        a=desk.clinvar(), b=desk.clinvar(), old=desk.clinvar(assembly=["GRCh37"])
    )
    chosen = desk.build(catalog=catalog, sources=["b"])
    assert list(read_manifest(chosen).sources) == ["b"]
    (fault,) = refused(desk, release="x", catalog=catalog, sources=["b", "old", "c"])
    assert "old, c" in fault.found and fault.allowed == "a, b"
    (fault,) = refused(
        desk, release="x", catalog=desk.catalog(a=desk.clinvar()), assembly=Assembly.GRCH37
    )
    assert fault.allowed == "sources for GRCh37"


def test_version_and_date_must_be_set(desk):
    catalog = desk.catalog(clinvar=desk.clinvar(version=None, date=None))
    assert [f.column for f in refused(desk, catalog=catalog)] == [
        "sources.clinvar.version",
        "sources.clinvar.date",
    ]


def test_the_release_before_is_of_this_assembly(desk):
    old = desk.build("old")
    path = old / "manifest.json"
    path.chmod(0o644)
    path.write_text(path.read_text().replace('"GRCh38"', '"GRCh37"'))
    (fault,) = refused(desk, release="new", previous=old)
    assert (fault.found, fault.allowed) == ("GRCh37", "GRCh38")


def test_a_reference(desk, make_fasta, capfd):
    sequences = {"chr20": list("ACGT" * 500), "chrX": list("ACGT" * 250)}
    for name, position, ref in REFS:
        sequences[f"chr{name}"][position - 1 : position - 1 + len(ref)] = ref
    fasta = make_fasta({name: "".join(bases) for name, bases in sequences.items()})
    old = desk.build("old", reference=fasta)
    manifest = read_manifest(old)
    assert manifest.reference_md5 == {
        name.removeprefix("chr"): hashlib.md5("".join(bases).encode()).hexdigest()
        for name, bases in sequences.items()
    }
    assert "left-aligned" not in manifest.sources["clinvar"].note
    sequences["chrX"][0] = "N"
    other = make_fasta({n: "".join(b) for n, b in sequences.items()}, name="other.fa")
    desk.build("new", reference=other, previous=old)
    assert "reference sequence differs from that of old on X\n" in capfd.readouterr().err


def test_a_file_that_changes_while_it_is_read(desk, monkeypatch):
    whole = clinvar.read

    def read(entry, path, *more, **other):
        yield from whole(entry, path, *more, **other)
        os.utime(path, ns=(1, 1))

    monkeypatch.setattr(clinvar, "read", read)
    (fault,) = refused(desk)
    assert fault.found == "a file that changed while it was read"


def test_a_full_disk(desk, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "write_text", full)
    assert refused(desk)[0].code == "disk-full"


def test_a_bug_leaves_nothing(desk, monkeypatch):
    monkeypatch.setattr(module, "manifest_text", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        desk.build()
    assert [path.name for path in desk.folder.iterdir() if path.suffix != ".yaml"] == ["files"]


def test_what_a_killed_build_left_is_removed(desk):
    left = desk.folder / f"{SCRATCH}abc.release"
    other = desk.folder / f"{SCRATCH}abc.another"
    for folder in (left, other):
        (folder / "variants").mkdir(parents=True)
    desk.build()
    assert not left.exists() and other.exists()


def test_a_running_build_is_not_disturbed(desk):
    left = desk.folder / f"{SCRATCH}abc.release"
    left.mkdir()
    lock = os.open(left, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        assert refused(desk)[0].code == "knowledge-running"
    finally:
        os.close(lock)
    desk.build()


def test_checksums_name_files_below(tmp_path):
    (tmp_path / "가").mkdir()
    (tmp_path / "가" / "b").write_bytes(b"1")
    (tmp_path / "a").write_bytes(b"")
    assert list(folders.checksums(tmp_path)) == ["a", "가/b"]


def test_facts_of_genes_become_one_table(desk, capfd):
    (desk.files / "hgnc.txt").write_text(
        "hgnc_id\tsymbol\tstatus\talias_symbol\tprev_symbol\tentrez_id\tensembl_gene_id\n"
        "HGNC:1100\tBRCA1\tApproved\tRNF53\t\t672\tENSG00000012048\n"
    )
    (desk.files / "validity.tsv").write_text(
        "gene_name\thgnc_id\tdisease_label\tmondo_disease_id\tclassification\n"
        "BRCA1\tHGNC:1100\tbreast cancer\tMONDO:0011450\tDefinitive\n"
        "NOBODY\tHGNC:99\tsome disease\tMONDO:0000001\tDefinitive\n"
    )
    gene = {"assembly": None, "name": "x", "version": "1", "date": "2025-01-01", "licence": "CC0"}
    catalog = desk.catalog(
        clinvar=desk.clinvar(),
        hgnc={**gene, "kind": "hgnc", "file": "hgnc.txt"},
        validity={**gene, "kind": "clingen_validity", "file": "validity.tsv"},
    )
    release = desk.build(catalog=catalog)
    manifest = read_manifest(release)
    assert manifest.sources["hgnc"].rows == {"genes": 1}
    assert "genes.parquet" in manifest.files
    genes = pl.read_parquet(release / "genes.parquet")
    assert genes["gene"].to_list() == ["BRCA1", "NOBODY"] and "validity" in " ".join(genes.columns)
    assert "1 symbol(s) unknown to HGNC: NOBODY" in capfd.readouterr().err


def test_cheap_sources_stop_it_before_dear_ones_are_read(desk, monkeypatch):
    desk.put([*benign(), NEW_WORD])
    (desk.files / "large.vcf").write_text((desk.files / "clinvar.vcf").read_text() + "\n" * 9)
    monkeypatch.setattr(module, "_LARGE", (desk.files / "clinvar.vcf").stat().st_size)
    whole, read = clinvar.read, []

    def noted(entry, path, *more, **other):
        read.append(path.name)
        return whole(entry, path, *more, **other)

    monkeypatch.setattr(clinvar, "read", noted)
    monkeypatch.setattr(dbsnp, "read", lambda *_, **__: pytest.fail("read the large one"))
    catalog = desk.catalog(a=desk.clinvar(file="large.vcf", kind="dbsnp"), b=desk.clinvar())
    refused(desk, catalog=catalog)
    assert read == ["clinvar.vcf"]


def test_manifest_has_no_time(desk):
    content = json.loads((desk.build() / "manifest.json").read_text())
    assert not {"time", "built", "host", "date"} & set(content)
