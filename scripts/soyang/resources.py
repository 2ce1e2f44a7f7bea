"""What people type to get full-size references, and to carry them: ``soyang resources ...``."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pysam

from soyang.annotation.release.catalog import read_catalog
from soyang.core.errors import Fault, FaultError
from soyang.core.fetching import PATIENCE, Wanted
from soyang.core.fetching import fetch as fetch_file
from soyang.core.references import Reference, ReferenceFile
from soyang.core.resource_folder import (
    Kept,
    Record,
    gunzip,
    kept,
    kept_of,
    read_record,
    troubles,
    untar,
    write_record,
)
from soyang.core.resource_folder import pack as pack_folders
from soyang.core.resource_folder import unpack as unpack_archive

CATALOG = Path(__file__).resolve().parents[2] / "resources" / "catalog.yaml"


def fetch(
    *,
    folder: Path,
    take: list[str],
    catalog: Path = CATALOG,
    mirror: str = "",
) -> None:
    """Fetch references; what was cut goes on where it was cut, what is there stays.

    Sizes and checksums are those that the catalogue pins; what it doesn't pin is recorded at the
    first fetch, and held against that from then on.

    Args:
        folder: where they go, each into a folder of its name.
        take: names of references in the catalogue.
        catalog: which files, from where, of which size and checksum.
        mirror: URL of a folder that has the files by their names, instead of their publishers.

    Raises:
        FaultError: with everything that could not be had; the rest is there.
    """
    known = read_catalog(catalog).references
    chosen = _chosen(known, take, catalog)
    faults: list[Fault] = []
    for name, reference in chosen.items():
        faults += _fetch_reference(reference, folder / name, mirror)
        print(f"{name}: {reference.name}, {reference.version}, in {folder / name}")
    if faults:
        raise FaultError(faults)


def check(*, folder: Path, take: list[str]) -> None:
    """Hold references against their records, every byte of them.

    Args:
        folder: where they are.
        take: names of references.

    Raises:
        FaultError: with each file that is missing or not what was fetched.
    """
    faults: list[Fault] = []
    for name in take:
        record = read_record(folder / name)
        faults += (
            [_absent(folder / name)]
            if record is None
            else troubles(folder / name, record, whole=True)
        )
    if faults:
        raise FaultError(faults)


def pack(*, folder: Path, take: list[str], output: Path) -> None:
    """Pack fetched references into one file, to carry them where there is no internet.

    Args:
        folder: where they are.
        take: names of references.
        output: the pack to write, a tar.

    Raises:
        FaultError: one is not there, or not as it was fetched.
    """
    for name in take:
        record = read_record(folder / name)
        if record and not record.redistributable:
            print(f"{name}: not to be given on ({record.licence})", file=sys.stderr)
    pack_folders([folder / name for name in take], output)


def unpack(archive: Path, /, *, folder: Path) -> None:
    """Unpack references; each is there as a whole, checked to its last byte, or not at all.

    Args:
        archive: the pack.
        folder: where they go.

    Raises:
        FaultError: a damaged or foreign pack, or another version is there.
    """
    for path in unpack_archive(archive, folder):
        print(path)


def _chosen(
    known: Mapping[str, Reference], take: Sequence[str], catalog: Path
) -> dict[str, Reference]:
    unknown = [name for name in take if name not in known]
    if unknown:
        raise FaultError(
            Fault(
                code="resource-unknown", file=str(catalog), column="references",
                found=", ".join(unknown), allowed=", ".join(known) or "names of references",
                next_step="correct the name, or add the reference to the catalogue",
            )
        )  # fmt: skip
    return {name: known[name] for name in take}


def _absent(folder: Path) -> Fault:
    return Fault(
        code="resource", file=str(folder), found="no reference", allowed="a fetched reference",
        next_step="fetch or unpack it",
    )  # fmt: skip


def _fetch_reference(reference: Reference, folder: Path, mirror: str) -> list[Fault]:
    """Fetch what is missing; the record tells after each file what is there."""
    record = read_record(folder) or Record(
        name=reference.name,
        version=reference.version,
        assembly=reference.assembly,
        licence=reference.licence,
        redistributable=reference.redistributable,
        files={},
    )
    faults: list[Fault] = []
    for file in reference.files:
        if _there(file, folder, record):
            continue
        try:
            made = _fetch_file(file, reference, folder, record, mirror)
        except FaultError as error:
            faults += error.faults
            continue
        record = record.model_copy(update={"files": record.files | made})
        write_record(folder, record)
    return faults


def _source(file: ReferenceFile, mirror: str) -> str:
    return f"{mirror.rstrip('/')}/{file.url.rsplit('/', 1)[-1]}" if mirror else file.url


def _there(file: ReferenceFile, folder: Path, record: Record) -> bool:
    """Whether what comes of a file is there, by size."""
    own = {name: one for name, one in record.files.items() if file.file in (name, _origin(one.url))}
    return bool(own) and not any(
        troubles(folder, record.model_copy(update={"files": own}), whole=False)
    )


def _origin(url: str) -> str:
    return url.removeprefix("unpacked from ")


def _fetch_file(
    file: ReferenceFile, reference: Reference, folder: Path, record: Record, mirror: str
) -> dict[str, Kept]:
    path = folder / file.file
    before = record.files.get(file.file)
    wanted = Wanted(
        url=_source(file, mirror),
        size=file.size or (before.size if before else None),
        sha256=file.sha256 or (before.sha256 if before else None),
        md5=file.md5,
    )
    had = fetch_file(wanted, path, patience=PATIENCE)
    if file.then is None:
        made = {file.file: kept(had, file.url)}
    else:
        files = [gunzip(path)] if file.then == "gunzip" else untar(path)
        made = {one.name: kept_of(one, f"unpacked from {file.file}") for one in files}
    if file.holds == "fasta":
        _require_sequences(folder / next(iter(made)), reference)
    return made


def _require_sequences(fasta: Path, reference: Reference) -> None:
    """Hold contigs against the MD5 that tell the assembly; a wrong file goes.

    Raises:
        FaultError: a contig is missing, or its sequence is another one.
    """
    faults = []
    with pysam.FastxFile(str(fasta)) as records:
        found = {
            record.name: hashlib.md5(
                (record.sequence or "").upper().encode(), usedforsecurity=False
            ).hexdigest()
            for record in records
            if record.name in reference.m5
        }
    for contig, m5 in reference.m5.items():
        if found.get(contig) != m5:
            faults.append(
                Fault(
                    code="resource-sequence", file=str(fasta), row=contig,
                    found=f"M5 {found[contig]}" if contig in found else "no such contig",
                    allowed=f"M5 {m5}, of {reference.assembly}",
                    next_step="correct the catalogue's URL, and fetch again",
                )
            )  # fmt: skip
    if faults:
        fasta.unlink()
        raise FaultError(faults)
