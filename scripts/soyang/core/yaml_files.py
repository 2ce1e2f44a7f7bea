"""Settings files: YAML, laid over each other, with the line of each key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from soyang.core.errors import Fault, FaultError
from soyang.core.files import read_text


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """``base`` with ``over`` laid on top, mapping by mapping."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = (
            merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return merged


def read_mapping(file: Path) -> dict[str, Any]:
    """Read a YAML file that holds one mapping; an empty file is an empty mapping.

    Raises:
        FaultError: not readable, not YAML, not a mapping, or a key that occurs twice.
    """
    text = read_text(file)
    try:
        composed = yaml.compose(text)
        faults = [_twice(file, line, key) for line, key in _keys_twice(composed)]
        faults += [_no_such_value(file, node) for node in _unreadable(composed)]
        if faults:
            raise FaultError(faults)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise FaultError(
            Fault(
                code="settings-yaml",
                file=str(file),
                row=str(mark.line + 1) if mark else "",
                found=str(getattr(error, "problem", error)),
                allowed="YAML",
                next_step="correct the line (indent with spaces, quote text with a colon)",
            )
        ) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise FaultError(
            Fault(
                code="settings-yaml",
                file=str(file),
                found=f"a {type(content).__name__}",
                allowed="settings, one 'key: value' a line",
                next_step="start from config/config.yaml",
            )
        )
    return content


def _keys_twice(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Line and name of each key that a mapping has a second time."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _keys_twice(item)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.start_mark.line + 1, key.value
            seen.add(key.value)
            yield from _keys_twice(value)


def _unreadable(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """Values written as YAML writes a day or a number, of which there is none: 2025-09-31."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _unreadable(item)
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for item in pair:
                yield from _unreadable(item)
    elif isinstance(node, yaml.ScalarNode):
        try:
            yaml.SafeLoader("").construct_object(node)
        except ValueError:
            yield node


def _no_such_value(file: Path, node: yaml.ScalarNode) -> Fault:
    return Fault(
        code="settings-yaml",
        file=str(file),
        row=str(node.start_mark.line + 1),
        found=f"{node.value}, which is no day or number",
        allowed="a day that there is, or text in quotes",
        next_step="correct the value",
    )


def _twice(file: Path, line: int, key: str) -> Fault:
    return Fault(
        code="settings-yaml",
        file=str(file),
        row=str(line),
        column=key,
        found="the setting twice",
        allowed="each setting once",
        next_step="remove one of the two",
    )


def locate(loc: Sequence[Any], files: Sequence[Path]) -> tuple[Path, str]:
    """The last file that holds a setting, and its line; else the last file.

    Args:
        loc: keys and, in lists, indexes that lead to the setting.
        files: the settings files, as given to :func:`load`.
    """
    for file in reversed(files):
        line = _line_of(yaml.compose(read_text(file)), loc)
        if line:
            return file, line
    return files[-1], ""


def _line_of(node: yaml.Node | None, loc: Sequence[Any]) -> str:
    line = ""
    for part in loc:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):
                return ""
            node = node.value[part]
            line = str(node.start_mark.line + 1)
            continue
        if not isinstance(node, yaml.MappingNode):
            return line
        pair = next((p for p in node.value if p[0].value == part), None)
        if pair is None:
            return ""
        line, node = str(pair[0].start_mark.line + 1), pair[1]
    return line
