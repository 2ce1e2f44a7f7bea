"""What a FHIR server's answer says of itself, as far as it names no one."""

from __future__ import annotations

import re
from typing import Any

import requests

_WORD = re.compile(r"[a-z-]{1,32}")


def outcome(content: Any) -> str:
    """Severity and code of an OperationOutcome's issues; its texts may name someone."""
    if not isinstance(content, dict) or content.get("resourceType") != "OperationOutcome":
        return ""
    issues = content.get("issue")
    told = sorted({" ".join(issue_words(issue)) for issue in issues or []})
    return f" ({', '.join(told)})" if told else ""


def issue_words(issue: Any) -> tuple[str, str]:
    """Severity and code of one issue, '?' for what is no code."""
    words = [
        str(issue.get(k, "?")) if isinstance(issue, dict) else "?" for k in ("severity", "code")
    ]
    severity, code = (word if _WORD.fullmatch(word) else "?" for word in words)
    return severity, code


def media_type(answer: requests.Response) -> str:
    """The content type without parameters, ``""`` where there is none that is well formed."""
    found = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
    return found if re.fullmatch(r"[\w.+-]+/[\w.+-]+", found) else ""


def read_json(answer: requests.Response) -> Any:
    """The JSON in an answer, ``None`` where there is none."""
    try:
        return answer.json()
    except (ValueError, requests.exceptions.RequestException):
        return None
