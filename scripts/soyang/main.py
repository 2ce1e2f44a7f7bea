"""The command ``soyang``: its table of contents, and how it reports failure.

``soyang <room> <verb>`` runs the function ``<verb>`` of ``soyang.<room>.<verb>``; its
keyword arguments are the options and its docstring is the help.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from soyang import __version__
from soyang.core.errors import ExitCode, FaultError, ToolError
from soyang.core.files import disk_full, is_disk_full, write_text

ROOMS: dict[str, tuple[str, ...]] = {
    "admission": ("check", "verify", "admit"),
    "reads": ("reference", "align", "adopt", "measure"),
    "calling": ("call", "adopt_gvcf", "adopt_vcf", "variants", "callable"),
    "identity": ("sketch", "relate", "judge"),
    "cohort": ("join", "count"),
    "annotation": ("consequence", "describe", "annotate"),
    "phenotypes": ("ontology", "extract"),
    "interpretation": ("interpret",),
    "reports": ("report",),
    "governance": ("provenance", "ledger", "reconcile"),
}
PEOPLE_COMMANDS = {"check": "Show every fault of settings, sheet and files at once."}
"""Words that people type across rooms, each a module beside ``core/``."""


def app(words: list[str]) -> typer.Typer:
    """The command tree; only the room, and if named the verb, in ``words`` is imported."""
    root = typer.Typer(
        name="soyang",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    root.callback()(_options)
    for word, summary in PEOPLE_COMMANDS.items():
        if word in words:
            _add(root, f"soyang.{word}", word)
        else:
            root.command(name=word, help=summary)(lambda: None)
    for room, verbs in ROOMS.items():
        sub = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
        sub.callback()(lambda: None)
        if room in words:
            named = [verb for verb in verbs if verb.replace("_", "-") in words]
            for verb in named or verbs:
                _add(sub, f"soyang.{room}.{verb}", verb)
        root.add_typer(sub, name=room, help=f"{', '.join(verbs).replace('_', '-')}")
    return root


def _options(
    log: Annotated[Path | None, typer.Option(help="Write all that is said to this file.")] = None,
    subject: Annotated[str, typer.Option(help="Sample or person that the work is for.")] = "",
) -> None:
    """Soyang: from sequencing reads to precision-medicine reports."""


def _add(parent: typer.Typer, module: str, verb: str) -> None:
    function = getattr(import_module(module), verb)
    parent.command(name=verb.replace("_", "-"), help=_summary(function))(as_command(function))


def _summary(function: Callable[..., None]) -> str:
    return (inspect.getdoc(function) or "").split("\nArgs:")[0].strip()


def as_command(function: Callable[..., None]) -> Callable[..., None]:
    """Make each keyword argument an option, its help taken from the docstring."""
    helps = _argument_helps(inspect.getdoc(function) or "")
    hints = get_type_hints(function)
    parameters = [
        parameter.replace(
            annotation=Annotated[hints[name], typer.Option(help=helps.get(name, ""))],
        )
        for name, parameter in inspect.signature(function).parameters.items()
    ]

    def command(**arguments: Any) -> None:
        function(**arguments)

    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command


def _argument_helps(doc: str) -> dict[str, str]:
    section = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", doc, re.MULTILINE | re.DOTALL)
    if not section:
        return {}
    entries = re.findall(r"^    (\w+): (.*?)(?=^    \w+: |\Z)", section[1], re.M | re.S)
    return {name: " ".join(text.split()) for name, text in entries}


def main() -> None:
    """Run ``soyang`` with the process's arguments and exit with an :class:`ExitCode`."""
    words = sys.argv[1:]
    if words == ["--version"]:
        print(f"soyang {__version__}")
        return
    log = Path(words[words.index("--log") + 1]) if "--log" in words[:-1] else None
    subject = words[words.index("--subject") + 1] if "--subject" in words[:-1] else ""
    marker = _start(log, subject)
    try:
        # Outside its standalone mode, Click makes typer.Exit a return value.
        code: int = app(words)(standalone_mode=False) or ExitCode.EXPECTED
        _record(marker, code, "it said why in its log")
    except FaultError as error:
        codes = [fault.code for fault in error.faults]
        code = _fail(marker, ExitCode.FAULT, "\n".join(map(str, error.faults)), codes)
    except ToolError as error:
        code = _fail(marker, ExitCode.BUG, str(error))
    except (typer.Abort, KeyboardInterrupt):
        code = _fail(marker, ExitCode.BUG, "interrupted")
    except Exception as error:  # noqa: BLE001  the last resort: told, recorded, and exit 1
        if is_disk_full(error):
            fault = disk_full(Path.cwd() / "results")
            code = _fail(marker, ExitCode.FAULT, str(fault), [fault.code])
        elif hasattr(error, "show") and hasattr(error, "exit_code"):
            error.show()
            code = _fail(marker, ExitCode.FAULT, str(error))
        else:
            traceback.print_exc()
            code = _fail(marker, ExitCode.BUG, f"{type(error).__name__}: {error}")
    sys.stdout.flush()
    raise SystemExit(code)


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
    """Put a failure into the marker; remove the marker of what ended well."""
    if marker is None:
        return
    if code == ExitCode.EXPECTED:
        marker.unlink(missing_ok=True)
        return
    content = json.loads(marker.read_text(encoding="utf-8"))
    content |= {"exit": int(code), "message": message, "faults": list(faults)}
    write_text(marker, json.dumps(content, ensure_ascii=False))


if __name__ == "__main__":
    main()
