"""A person's identifiers, filled into copies of their report."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date

from babel.dates import format_date
from markupsafe import Markup, escape

LABELS = {
    "en": {
        "name": "Name",
        "birth_date": "Date of birth",
        "medical_record_number": "Medical record number",
        "note": "This copy names the person: keep it where medical records are kept.",
    },
    "ko": {
        "name": "성명",
        "birth_date": "생년월일",
        "medical_record_number": "환자등록번호",
        "note": "개인 식별 정보가 기재된 사본입니다. 의무기록과 같은 기준으로 보관하십시오.",
    },
    "ja": {
        "name": "氏名",
        "birth_date": "生年月日",
        "medical_record_number": "診療録番号",
        "note": "個人を特定できる情報を記載した写しです。診療記録と同じ基準で保管してください。",
    },
}
"""Words of the lines that are filled in, by language of the page."""
IDENTIFIERS = ("name", "birth_date", "medical_record_number")
"""Columns of the mapping that a report needs; no other leaves it."""

_LANGUAGE = re.compile(r'<html lang="([a-z]+)"')
_WHO = re.compile(r'<dl class="who" data-slot="identifiers">\n')
_PSEUDONYMS = re.compile(r'<p data-slot="pseudonyms">.*?</p>', re.DOTALL)


def identifiers(row: Mapping[str, str]) -> dict[str, str]:
    """What a report is told of a person: name, birth date and record number, as far as known."""
    return {name: row[name] for name in IDENTIFIERS if row.get(name)}


def identified_page(page: str, person: str, patient: Mapping[str, str]) -> str:
    """A report's page with the identifiers above all else that is said of the person.

    Args:
        page: the page.
        person: pseudonym of whose it must be.
        patient: their identifiers (:func:`identifiers`).

    Raises:
        ValueError: it is another person's, in a language without words for it, or has no place
            for identifiers.
    """
    said = _LANGUAGE.search(page)
    if said is None or said[1] not in LABELS:
        raise ValueError("no language that has words for identifiers")
    if len(_WHO.findall(page)) != 1 or len(_PSEUDONYMS.findall(page)) != 1:
        raise ValueError("no place for identifiers")
    if f">{escape(person)}</dd>" not in page:
        raise ValueError("another person's report")
    words = LABELS[said[1]]
    lines = "".join(
        Markup('    <div><dt>{}</dt><dd class="strong">{}</dd></div>\n').format(
            words[name], _shown(name, patient[name], said[1])
        )
        for name in IDENTIFIERS
        if name in patient
    )
    page = _WHO.sub(lambda found: f"{found[0]}{lines}", page)
    return _PSEUDONYMS.sub(lambda _: f"<p>{escape(words['note'])}</p>", page)


def _shown(name: str, value: str, language: str) -> str | Markup:
    """A birth date in the language's long form, anything else as it is."""
    if name != "birth_date":
        return value
    try:
        born = date.fromisoformat(value)
    except ValueError:
        return value
    said = format_date(born, format="long", locale=language)
    return Markup('<time datetime="{}">{}</time>').format(born.isoformat(), said)


def identified_json(text: str, person: str, patient: Mapping[str, str]) -> str:
    """A report's JSON with the identifiers as ``patient``, before ``subject``.

    Args:
        text: the JSON.
        person: pseudonym of whose it must be.
        patient: their identifiers (:func:`identifiers`).

    Raises:
        ValueError: it is no report, or another person's.
    """
    try:
        report = json.loads(text)
        subject = report["subject"]["person"]
    except (ValueError, TypeError, KeyError):
        raise ValueError("no report") from None
    if subject != person:
        raise ValueError("another person's report")
    filled = {}
    for key, value in report.items():
        if key == "subject":
            filled["patient"] = dict(patient)
        filled[key] = value
    return json.dumps(filled, ensure_ascii=False, indent=2) + "\n"
