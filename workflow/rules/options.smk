"""Settings and inputs as options of a command."""

import hashlib
import json
import shlex

from soyang.core.files import write_text

LISTS = Path(".snakemake/soyang/lists")
LONG = 8192  # characters of options from which on they go to a file


def optional(name):
    """An option with the input of that name, or nothing where there is none."""

    def flag(wildcards, input):
        path = input.get(name)
        return f"--{name.replace('_', '-')} {shlex.quote(str(path))}" if path else ""

    return flag


def options(section, *names):
    """Settings of a section as options; a sequence becomes a repeated option."""
    words = []
    for name in names:
        value = config[section][name]
        for item in value if isinstance(value, (list, tuple)) else [value]:
            words.append(f"--{name.replace('_', '-')} {shlex.quote(str(item))}")
    return " ".join(words)


def named_inputs(wildcards, input):
    """Every named input that there is, as an option of its name."""
    found = ((name.replace("_", "-"), _listed(value)) for name, value in input.items())
    return " ".join(filter(None, (_repeat(name, paths) for name, paths in found)))


def json_of(section):
    """A section of the settings as one JSON text."""
    return json.dumps(config.get(section) or {}, sort_keys=True)


def repeated(option, name):
    """An option repeated for each input of that name, or with a list file if they are many."""
    return lambda wildcards, input: _repeat(option, _listed(input.get(name)))


def _repeat(option, paths):
    words = " ".join(f"--{option} {shlex.quote(str(path))}" for path in paths)
    return words if len(words) < LONG else f"--{option} @{list_file(paths)}"


def list_file(words):
    """A file with a word a line, written by whoever needs it: on a cluster by the job itself.

    Its name is its content's digest, so it never changes and may be written by several at once.
    """
    text = "".join(f"{'@' * str(w).startswith('@')}{w}\n" for w in words)
    path = LISTS / f"{hashlib.sha256(text.encode()).hexdigest()}.txt"
    if not workflow.dryrun and not path.exists():
        write_text(path, text)
    return path


def _listed(value):
    return [] if value is None else [value] if isinstance(value, str) else list(value)
