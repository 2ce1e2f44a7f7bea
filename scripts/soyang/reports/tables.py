"""Files that reports hands on: ``report.json``, whose schema is ``REPORT_SCHEMA``.

The schema lies in ``workflow/schemas/report.schema.json``; the pages are made from the
JSON alone.
"""

REPORT_SCHEMA = "report.schema.json"
REPORT_VERSION = 1
