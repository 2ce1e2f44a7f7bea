"""Every code has a sentence in every language, and all languages take the same values."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from soyang.reports import event_model, model
from soyang.reports.details import REASON_VALUES, classification
from soyang.reports.model import json_schema_text
from soyang.reports.page import TEMPLATES, TERMS
from soyang.reports.sentences import LANGUAGE_NAMES, Sentences, catalog, placeholders

LANGUAGES = sorted(LANGUAGE_NAMES)


def codes(language: str) -> dict[str, list[str]]:
    """Code to its sentences: one, or singular and plural."""
    found = {}
    for message in catalog(language):
        code = message.id[0] if isinstance(message.id, list | tuple) else str(message.id)
        strings = message.string if isinstance(message.string, list | tuple) else [message.string]
        if code:
            found[code] = [str(string) for string in strings]
    return found


def taken(sentences: list[str]) -> set[str]:
    """Values that the forms of a sentence take; a singular may leave the number out."""
    return {name for sentence in sentences for name in placeholders(sentence)}


def literal(owner: Any, field: str) -> list[str]:
    def walk(kind: Any) -> list[str]:
        inner = get_args(kind)
        return [x for part in inner for x in ([part] if isinstance(part, str) else walk(part))]

    return walk(owner.model_fields[field].annotation)


def needed() -> set[str]:
    """Every code that a report can hold or a page can ask for."""
    families = {
        "result": literal(model.Result, "code"),
        "result_label": literal(model.Result, "code"),
        "meaning": literal(model.Meaning, "code"),
        "action": literal(model.Action, "code"),
        "gap": literal(model.Gap, "code"),
        "reason": literal(model.Reason, "code"),
        "tier": literal(model.Explanation, "tier"),
        "model": literal(model.Explanation, "model"),
        "phase": [x for x in literal(model.Explanation, "phase") if x != "not_applicable"],
        "zygosity": literal(event_model.Event, "zygosity"),
        "parent_state": literal(model.Variant, "father"),
        "clinvar": literal(model.ClinVar, "classification"),
        "clinvar_state": [x for x in literal(model.ClinVar, "state") if x != "listed"],
        "sex": literal(model.Subject, "sex"),
        "affected": literal(model.Subject, "affected"),
        "status": literal(model.Phenotype, "status"),
        "stars": ["0", "1", "2", "3", "4", "unknown"],
        "parent": ["father", "mother"],
        "ui": literal(model.Action, "timing"),
        "term": [f"{term}.{part}" for term in TERMS for part in ("name", "text")],
        "method.entry": ["fastq", "calls"],
        "event": literal(event_model.EventReason, "code"),
        "event_note": literal(event_model.EventNote, "code"),
        "event_kind": literal(event_model.Event, "kind"),
        "event_told_by": literal(event_model.Event, "told_by"),
        "event_parent": literal(event_model.Event, "father"),
        "event_extent": literal(event_model.EventGene, "extent"),
        "event_part": [x for x in literal(event_model.EventGene, "part") if x != "coding"],
        "event_not_interpreted": literal(event_model.Event, "not_interpreted"),
        "event_not_scored": literal(event_model.Events, "not_scored"),
        "event_score": ["0", "1", "2", "3", "30", "40"],
        "event_why": list(get_args(event_model.Why)),
        "looked_for": literal(event_model.LookedFor, "code"),
    }
    wanted = {f"{family}.{code}" for family, names in families.items() for code in names}
    sources = [*TEMPLATES.glob("*.j2"), *TEMPLATES.parent.glob("*.py")]
    for path in sources:
        text = path.read_text(encoding="utf-8")
        wanted |= set(re.findall(r'say\(\s*"([\w.]+\w)"', text))
        wanted |= {f"ui.{name}" for name in re.findall(r'row\("(\w+)"', text)}
        wanted |= {f"ui.{name}" for name in re.findall(r'reason_list\("(\w+)"', text)}
    return wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_sentence(language: str) -> None:
    assert sorted(needed() - set(codes(language))) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_empty_or_unfinished(language: str) -> None:
    for code, sentences in codes(language).items():
        assert all(s.strip() == s and s for s in sentences), code
    assert not any(message.fuzzy for message in catalog(language) if message.id)


def test_languages_hold_the_same_codes_and_values() -> None:
    english = codes("en")
    for language in LANGUAGES:
        other = codes(language)
        assert sorted(other) == sorted(english)
        for code, sentences in other.items():
            shown = {frozenset(taken(forms)) for forms in (sentences, english[code])}
            assert len(shown) == 1, f"{code} in {language}: {shown}"
            assert taken(sentences[-1:]) == taken(sentences), f"{code}: the plural lacks a value"


def test_korean_and_japanese_are_translated() -> None:
    english = codes("en")
    letters = {"ko": r"[가-힣]", "ja": r"[぀-ヿ一-鿿]"}
    same = {"ui.clinvar", "ui.rsid", "clinvar_line.id", "term.hgvs.name", "term.de_novo.name"}
    same |= {"frequency.found_plain", "ui.date_range", "ui.of", "ui.depth"}
    for language, letter in letters.items():
        for code, sentences in codes(language).items():
            if code not in same:
                assert re.search(letter, sentences[0]), f"{code} in {language}"
                assert sentences != english[code]


def test_reasons_take_the_values_that_findings_must_give() -> None:
    for code, sentences in codes("en").items():
        if code.startswith("reason."):
            wanted = set(REASON_VALUES.get(code.removeprefix("reason."), ()))
            assert placeholders(sentences[0]) == wanted, code


def test_reasons_are_those_of_findings(findings_schema: Path) -> None:
    schema = json.loads(findings_schema.read_text(encoding="utf-8"))
    assert set(schema["$defs"]["Reason"]["properties"]["code"]["enum"]) == set(
        literal(model.Reason, "code")
    )


def test_gaps_cover_those_of_findings(findings_schema: Path) -> None:
    schema = json.loads(findings_schema.read_text(encoding="utf-8"))
    gaps = schema["properties"]["not_assessed"]["items"]["enum"]
    assert set(gaps) <= set(literal(model.Gap, "code"))


def test_schema_is_in_step_with_the_model(report_schema: Path) -> None:
    assert report_schema.read_text(encoding="utf-8") == json_schema_text()


@pytest.mark.parametrize(
    ("significance", "expected"),
    [
        ("Pathogenic", "pathogenic"),
        ("Pathogenic/Likely_pathogenic", "likely_pathogenic"),
        ("Likely_pathogenic|drug_response", "likely_pathogenic"),
        ("Conflicting_classifications_of_pathogenicity", "conflicting"),
        ("Conflicting_interpretations_of_pathogenicity|other", "conflicting"),
        ("Uncertain_significance", "uncertain"),
        ("Benign/Likely_benign", "likely_benign"),
        ("Benign", "benign"),
        ("drug_response", "other"),
        ("not_provided", "other"),
        ("Pathogenic/Likely_risk_allele", "pathogenic"),
    ],
)
def test_classification(significance: str, expected: str) -> None:
    assert classification(significance) == expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.5, "50%"),
        (0.123, "12%"),
        (0.0123, "1.2%"),
        (0.000012, "0.0012%"),
        (0.999999, "99.99%"),
        (1e-12, "<0.000001%"),
    ],
)
def test_share(share: float, expected: str) -> None:
    assert Sentences("en").share(share) == expected


def test_unknown_code_and_missing_value_are_errors() -> None:
    with pytest.raises(KeyError, match="no sentence"):
        Sentences("en")("reason.invented")
    with pytest.raises(KeyError, match="frequency"):
        Sentences("ko")("reason.rare")
