"""The command ``soyang``: its table of contents, and how it reports failure.

``soyang <room> <verb>`` runs the function ``<verb>`` of ``soyang.<room>.<verb>``; its
keyword arguments are the options and its docstring is the help.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from soyang import __version__
from soyang.core.errors import ExitCode, FaultError, ToolError
from soyang.core.files import disk_full, is_disk_full, write_text
from soyang.core.options import add_options, call, summary

ROOMS: dict[str, tuple[str, ...]] = {
    "admission": ("check", "verify", "admit"),
    "reads": ("reference", "align", "adopt", "measure"),
    "calling": (
        "call", "adopt_gvcf", "adopt_vcf", "variants", "callable", "balance", "structural",
        "copy_number", "mitochondrial", "depth_panel",
    ),
    "identity": ("sketch", "contamination", "ancestry", "relate", "judge"),
    "cohort": ("join", "count"),
    "annotation": (
        "consequence", "describe", "annotate", "reannotate", "haplotypes", "identify",
        "annotate_vcf", "update", "events",
    ),
    "phenotypes": (
        "ontology", "enquire", "fetch", "extract", "map", "facts", "phecodes", "lifelog",
        "timeline", "select", "matrix", "profile",
    ),
    "interpretation": ("interpret",),
    "reports": ("report",),
    "governance": (
        "provenance", "crate", "consents", "ledger", "sections", "reconcile", "pseudonymise",
        "deliver",
    ),
}  # fmt: skip
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "1")
"""NumPy's library would start a thread for each processor of the machine, whatever a job was given,
and let them wait actively. A verb that multiplies large matrices says how many it takes."""
PRIVATE_ROOMS = {"admission", "phenotypes", "governance"}
"""Rooms that read the platform's identifiers."""
PEOPLE_COMMANDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "check": ("Show every fault of settings, sheet and files at once.", ()),
    "status": ("Show how far a run is, who failed, and when it may end.", ()),
    "knowledge": ("Make and compare knowledge releases.", ("build", "diff", "show")),
    "resources": (
        "Fetch full-size references and carry them to where there is no internet.",
        ("fetch", "check", "pack", "unpack"),
    ),
}
"""Words that people type across rooms, each a module beside ``core/``: what it is for, and its
verbs, each a function of the module; without verbs the word itself is one."""


def parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The command tree; only the verb that ``words`` name is imported."""
    root = argparse.ArgumentParser(
        prog="soyang", description="From sequencing reads to precision-medicine reports."
    )
    root.add_argument("--version", action="version", version=f"soyang {__version__}")
    root.add_argument("--log", type=Path, help="write all that is said to this file")
    root.add_argument("--subject", default="", help="sample or person that the work is for")
    rooms = root.add_subparsers(metavar="ROOM", required=True)
    for word, (told, verbs) in PEOPLE_COMMANDS.items():
        own = rooms.add_parser(word, help=told)
        if word in words and verbs:
            _add_verbs(own, dict.fromkeys(verbs, f"soyang.{word}"), words)
        elif word in words:
            _bind(own, f"soyang.{word}", word)
    for room, verbs in ROOMS.items():
        own = rooms.add_parser(room, help=", ".join(verbs).replace("_", "-"))
        if room in words:
            _add_verbs(own, {verb: f"soyang.{room}.{verb}" for verb in verbs}, words)
    return root


def _add_verbs(
    own: argparse.ArgumentParser, modules: Mapping[str, str], words: Sequence[str]
) -> None:
    """Add each verb to its room or word; only the one that is named is imported."""
    listed = own.add_subparsers(metavar="VERB", required=True)
    for verb, module in modules.items():
        name = verb.replace("_", "-")
        below = listed.add_parser(name, help="")  # with a help it is listed
        if name in words:
            _bind(below, module, verb)


def _bind(below: argparse.ArgumentParser, module: str, verb: str) -> None:
    function = getattr(import_module(module), verb)
    below.description = summary(function)
    add_options(below, function)
    below.set_defaults(function=function)


def main() -> None:
    """Run ``soyang`` with the process's arguments and exit with an :class:`ExitCode`."""
    words = sys.argv[1:]
    os.environ.setdefault(*_ONE_THREAD)
    options = parser(words).parse_args(words)
    marker = _start(options.log, options.subject)
    try:
        call(options.function, options)
        code: int = ExitCode.EXPECTED
    except FaultError as error:
        codes = [fault.code for fault in error.faults]
        code = _fail(marker, ExitCode.FAULT, "\n".join(map(str, error.faults)), codes)
    except ToolError as error:
        code = _fail(marker, ExitCode.BUG, str(error))
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else ExitCode.BUG
        _record(marker, code, "its log says why")
    except KeyboardInterrupt:
        code = _fail(marker, ExitCode.BUG, "interrupted")
    except Exception as error:  # noqa: BLE001  the last resort: told, recorded, and exit 1
        if is_disk_full(error):
            fault = disk_full(Path.cwd() / "results")
            code = _fail(marker, ExitCode.FAULT, str(fault), [fault.code])
        else:
            code = _fail(marker, ExitCode.BUG, _told(error, words))
    if code == ExitCode.EXPECTED and marker:
        marker.unlink(missing_ok=True)
    sys.stdout.flush()
    raise SystemExit(code)


def _told(error: Exception, words: Sequence[str]) -> str:
    """A bug's kind and message, after its traceback on stderr.

    Where identifiers are read, a library's message may repeat a row: only the kind of error and
    the lines of code are told.
    """
    if not PRIVATE_ROOMS & set(words):
        traceback.print_exc()
        return f"{type(error).__name__}: {error}"
    traceback.print_tb(error.__traceback__)
    return f"{type(error).__name__}; its message may hold identifiers and is not shown"


def _start(log: Path | None, subject: str) -> Path | None:
    """Send all output to the log, and leave a marker that only success removes.

    A killed process can't say that it failed; the marker that it leaves can.
    """
    if log is None:
        return None
    log.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    marker = log.with_name(f"{log.name}.unfinished")
    write_text(marker, json.dumps({"subject": subject, "exit": None, "message": "was killed"}))
    return marker


def _fail(marker: Path | None, code: ExitCode, message: str, faults: Sequence[str] = ()) -> int:
    print(f"soyang: {message}", file=sys.stderr)
    _record(marker, code, message, faults)
    return code


def _record(marker: Path | None, code: int, message: str, faults: Sequence[str] = ()) -> None:
    """Put a failure into the marker."""
    if marker is None or code == ExitCode.EXPECTED:
        return
    content = json.loads(marker.read_text(encoding="utf-8"))
    content |= {"exit": int(code), "message": message, "faults": list(faults)}
    write_text(marker, json.dumps(content, ensure_ascii=False))


if __name__ == "__main__":
    main()
