"""Make the demo's working folder: settings, sheet, reference, knowledge, reads and platform.

What comes in: ``resources/demo`` and ART. What goes out: a folder that ``make demo`` runs on.
Every step remembers what it was made from, so a second call does nothing and an interrupted
one goes on where it stopped. The bytes are the same on every call, but for the identifier that
DuckDB writes into its file.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from demo import sheet
from demo.genes import RESOURCES
from demo.people import PEOPLE
from demo.steps import Steps, fingerprint
from soyang.core.errors import ExitCode, FaultError, ToolError


def main() -> int:
    """Make the working folder and tell what was made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("demo"), help="the working folder")
    parser.add_argument("--jobs", type=int, default=2, help="people made at a time")
    options = parser.parse_args()
    try:
        made = make(options.output, jobs=options.jobs)
    except (FaultError, ToolError) as error:
        print(f"make_cohort: {error}", file=sys.stderr)
        return ExitCode.FAULT if isinstance(error, FaultError) else ExitCode.BUG
    print(
        f"{options.output}: {len(PEOPLE)} synthetic people, "
        + (f"{len(made)} steps made" if made else "nothing to do")
    )
    return 0


def make(output: Path, *, jobs: int = 2) -> list[str]:
    """Make what is missing or outdated in a working folder.

    Args:
        output: the working folder, made if absent; files of others in it are left alone.
        jobs: people made at a time; the bytes don't depend on it.

    Returns:
        Names of the steps that were made.
    """
    here = Path(__file__).parent
    sources = [*here.iterdir(), *(p for p in RESOURCES.iterdir() if p.suffix != ".md")]
    steps = Steps(output, fingerprint(sources))
    sheet.plan(steps)
    return steps.run(jobs=jobs)


if __name__ == "__main__":
    sys.exit(main())
