"""A verb's keyword arguments as command-line options, its docstring as their help.

The standard library's parser: a run starts thousands of verbs, and a library for it would take
longer to load than many a verb's work.

One argument of a program holds 128 KiB at most on Linux (MAX_ARG_STRLEN, execve(2)), which the
files of some thousand samples exceed. So an option that may be repeated also takes ``@FILE``: each
line of the file is a word, as it stands. A word that itself begins with ``@`` is written ``@@``.
"""

from __future__ import annotations

import argparse
import inspect
import re
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from soyang.core.errors import FaultError
from soyang.core.files import read_text

Verb = Callable[..., None]


def summary(verb: Verb) -> str:
    """The docstring up to its ``Args:``."""
    return (inspect.getdoc(verb) or "").split("\nArgs:")[0].strip()


def add_options(parser: argparse.ArgumentParser, verb: Verb) -> None:
    """Add an option for each keyword argument of a verb, and a word for a positional-only one.

    A list is an option that may be repeated or take ``@FILE``, a bool a flag, an argument
    without default is required.

    Raises:
        TypeError: an argument is of a type that no option can give.
    """
    helps = _helps(inspect.getdoc(verb) or "")
    hints = get_type_hints(verb)
    for name, parameter in inspect.signature(verb).parameters.items():
        required = parameter.default is inspect.Parameter.empty
        words: dict[str, Any] = {"dest": name, "help": helps.get(name, "").replace("%", "%%")}
        kind, many = _kind(hints[name])
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            parser.add_argument(name, metavar=name.upper(), type=kind, help=words["help"])
            continue
        if kind is bool:
            words["action"] = argparse.BooleanOptionalAction
        else:
            words |= {"required": required, "metavar": kind.__name__.upper()}
            words |= {"action": "extend", "type": _many(kind)} if many else {"type": kind}
            words |= {"choices": list(kind)} if issubclass(kind, StrEnum) and not many else {}
        if not required:
            words["default"] = None if many else parameter.default
        parser.add_argument(f"--{name.replace('_', '-')}", **words)


def call(verb: Verb, options: argparse.Namespace) -> None:
    """Call the verb with its arguments out of parsed options."""
    words: list[Any] = []
    named: dict[str, Any] = {}
    for name, parameter in inspect.signature(verb).parameters.items():
        value = getattr(options, name)
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            words.append(value)
        else:
            named[name] = value
    verb(*words, **named)


def _many(kind: type) -> Callable[[str], list[Any]]:
    """What makes values of one word of an option that may be repeated: one, or a file's lines."""

    def values(word: str) -> list[Any]:
        made = []
        for item in _words(word):
            try:
                made.append(kind(item))
            except ValueError:
                allowed = f", allowed: {', '.join(kind)}" if issubclass(kind, StrEnum) else ""
                raise ArgumentTypeError(f"invalid {kind.__name__}: {item!r}{allowed}") from None
        return made

    return values


def _words(word: str) -> Iterator[str]:
    """The word itself, or the words of the file that it names."""
    if not word.startswith("@"):
        yield word
    elif word.startswith("@@"):
        yield word[1:]
    else:
        try:
            lines = read_text(Path(word[1:])).split("\n")
        except FaultError as error:
            raise ArgumentTypeError(str(error)) from None
        for line in lines:
            if line:
                yield line.removeprefix("@") if line.startswith("@@") else line


def _kind(hint: Any) -> tuple[type, bool]:
    """Type of one value, and whether the option may be repeated."""
    if isinstance(hint, UnionType):
        (hint,) = (option for option in get_args(hint) if option is not NoneType)
    if get_origin(hint) is list:
        return _kind(get_args(hint)[0])[0], True
    known = hint in (Path, str, int, float, bool)
    if not known and not (isinstance(hint, type) and issubclass(hint, StrEnum)):
        raise TypeError(f"no option can give {hint}")
    return hint, False


def _helps(doc: str) -> dict[str, str]:
    """Argument to its text, from a docstring's ``Args:``."""
    section = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", doc, re.MULTILINE | re.DOTALL)
    if not section:
        return {}
    entries = re.findall(r"^    (\w+): (.*?)(?=^    \w+: |\Z)", section[1], re.M | re.S)
    return {name: " ".join(text.split()) for name, text in entries}
