"""Files that reports hands on: ``report.json``, whose schema is ``REPORT_SCHEMA``.

The schema lies in ``workflow/schemas/report.schema.json``; the pages are made from the
JSON alone.
"""

from typing import Literal

REPORT_SCHEMA = "report.schema.json"
REPORT_VERSION: Literal[1] = 1
