"""A tool that only makes the outputs of the rule that its log names; see overhead_cohort."""

import json
import os
import sys


def main(program: str, words: "list[str]") -> int:
    """Make the outputs; the exit status."""
    with open("given/rules.json", encoding="utf-8") as handle:  # noqa: PTH123  starts sooner
        rules = json.load(handle)
    if "--log" in words:
        log = words[words.index("--log") + 1]
    else:  # a tool that is told no log is a rule's only one, and bears its name
        log = next(f"logs/{key}.log" for key in rules if key.endswith(f"/{program}"))
    parts = log.removeprefix("logs/").removesuffix(".log").split("/")
    wildcard, outputs = rules["/".join(parts[:2])]
    os.makedirs(os.path.dirname(log), exist_ok=True)  # noqa: PTH103, PTH120
    with open(log, "w", encoding="utf-8"), open("calls", "a", encoding="utf-8") as calls:  # noqa: PTH123
        calls.write(f"{'/'.join(parts)}\n")
    for output in outputs:
        place(output.replace(f"{{{wildcard}}}", "/".join(parts[2:])))
    return 0


def place(path: str) -> None:
    """Make one file or folder."""
    if path.endswith("/"):
        os.makedirs(path, exist_ok=True)  # noqa: PTH103
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
    given = f"given/{os.path.basename(path)}"  # noqa: PTH119
    content = b""
    if os.path.exists(given):  # noqa: PTH110
        with open(given, "rb") as handle:  # noqa: PTH123
            content = handle.read()
    with open(path, "wb") as handle:  # noqa: PTH123
        handle.write(content)


if __name__ == "__main__":
    sys.exit(main(os.path.basename(sys.argv[0]), sys.argv[1:]))  # noqa: PTH119
