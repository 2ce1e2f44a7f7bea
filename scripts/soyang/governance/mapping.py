"""The one file that says whose pseudonym is whose. Its owner alone may read it.

Tab-separated: ``person`` (the pseudonym), ``platform_person_id``, and what else identifies. It is
an input of runs, never a result; messages name its rows, not what stands in them.
"""

from __future__ import annotations

import csv
import io
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from soyang.core.errors import Fault, FaultError
from soyang.core.files import atomic_path, read_text, restrict
from soyang.core.private import make_private

PERSON, PLATFORM = "person", "platform_person_id"
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class People:
    """A table of people with their identifiers.

    Attributes:
        columns: its columns, in order.
        rows: line in the file, and column to cell.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, str]], ...]


def read_people(path: Path, *needed: str) -> People:
    """Read a table of people; cells are stripped, blank lines and ``#`` lines skipped.

    Raises:
        FaultError: it is not readable, lacks a column of ``needed``, or has a row without one of
            these or with one that another row has too.
    """
    lines = [
        (number, line)
        for number, line in enumerate(read_text(path).split("\n"), start=1)
        if line.strip() and not line.startswith("#")
    ]
    cells = list(csv.reader(io.StringIO("\n".join(line for _, line in lines)), delimiter="\t"))
    header = tuple(name.strip() for name in cells[0]) if cells else ()
    missing = [name for name in needed if name not in header]
    twice = [name for name in header if header.count(name) > 1]
    if missing or twice or len(cells) != len(lines):
        raise FaultError(
            _fault(
                path,
                "people-columns",
                column=", ".join(missing or twice),
                found="no such column"
                if missing
                else "a column twice"
                if twice
                else "a cell of several lines",
                allowed=f"tab-separated text with {' and '.join(needed)}, each column once",
                next_step="correct the file",
            )
        )
    rows = tuple(
        (number, {name: cell.strip() for name, cell in zip(header, row, strict=False)})
        for (number, _), row in zip(lines[1:], cells[1:], strict=True)
    )
    people = People(header, tuple((n, dict.fromkeys(header, "") | row) for n, row in rows))
    faults = [
        _fault(
            path,
            "row-width",
            row=str(number),
            found=f"more cells than the header's {len(header)}",
            allowed="one cell for each column",
            next_step="remove the tab that is too many in this row",
        )
        for (number, _), row in zip(lines[1:], cells[1:], strict=True)
        if any(cell.strip() for cell in row[len(header) :])
    ]
    faults += [fault for name in needed for fault in _key_faults(path, people, name)]
    if faults:
        raise FaultError(faults)
    return people


def _key_faults(path: Path, people: People, column: str) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for number, row in people.rows:
        cell = row[column]
        if not cell:
            yield _fault(
                path,
                "people-missing",
                row=str(number),
                column=column,
                found="nothing",
                allowed="a value in each row",
                next_step="fill in the cell or remove the row",
            )
        elif cell in seen:
            yield _fault(
                path,
                "people-twice",
                row=str(number),
                column=column,
                found=f"the same as in row {seen[cell]}",
                allowed="each person once",
                next_step="remove one of the rows",
            )
        seen.setdefault(cell, number)


def read_mapping(path: Path) -> People:
    """Read the mapping, which nobody but its owner may be able to read.

    Raises:
        FaultError: others may read it, or it is not a mapping.
    """
    if path.exists() and path.stat().st_mode & OTHERS:
        mode = stat.S_IMODE(path.stat().st_mode)
        raise FaultError(
            _fault(
                path,
                "mapping-open",
                found=f"a mapping that others can reach (mode {mode:04o})",
                allowed="a file of its owner only (mode 0600)",
                next_step="chmod 600 it, and find out who may have read it",
            )
        )
    return read_people(path, PERSON, PLATFORM)


def write_mapping(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Write a mapping with mode 0600; a folder that is made for it has mode 0700."""
    text = io.StringIO()
    writer = csv.DictWriter(
        text, columns, restval="", delimiter="\t", lineterminator="\n", quotechar='"'
    )
    writer.writeheader()
    writer.writerows(rows)
    make_private(path.parent)
    with atomic_path(path) as temporary:
        temporary.touch(mode=0o600)
        restrict(temporary)
        temporary.write_text(text.getvalue(), encoding="utf-8", newline="\n")


def refuse_results(path: Path, what: str) -> None:
    """Refuse a path inside results, which the team may read and share.

    Raises:
        FaultError: a folder on the way to ``path`` is named ``results``.
    """
    if "results" in (*path.parts, *path.resolve().parts):
        raise FaultError(
            _fault(
                path,
                "inside-results",
                found=f"{what} inside a folder named results",
                allowed="a place outside results/, which carries pseudonyms only",
                next_step="name another place, such as private/ or a folder of its own",
            )
        )


def _fault(
    path: Path,
    code: str,
    *,
    found: str,
    allowed: str,
    next_step: str,
    row: str = "",
    column: str = "",
) -> Fault:
    return Fault(
        code=code, file=str(path), row=row, column=column, found=found, allowed=allowed,
        next_step=next_step,
    )  # fmt: skip
