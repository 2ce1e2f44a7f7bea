"""Pages that repeat, drop, or run in a circle; persons found once, twice, or not at all."""

from __future__ import annotations

import json

import pytest

from soyang.core.clinical import Fhir
from soyang.core.errors import FaultError
from soyang.phenotypes.fhir_client import Client, Patience
from soyang.phenotypes.fhir_search import patients, referenced, search, search_if_able
from tests.phenotypes.fhir_stub import JSON, Stub, outcome, stub_server

CONDITIONS = [
    {"resourceType": "Condition", "id": f"c{n}", "subject": {"reference": "Patient/p"}}
    for n in range(5)
]
IDS = [one["id"] for one in CONDITIONS]


def client_of(stub: Stub, system: str = "") -> Client:
    fhir = Fhir(base_url=stub.base, vocabulary="v", identifier_system=system)
    patience = Patience(attempts=3, timeout=(2, 2))
    return Client(fhir, patience, sleep=lambda seconds: None)


def found(stub: Stub) -> list[str]:
    return [one["id"] for one in search(client_of(stub), "Condition", patient="Patient/p")]


def spoil(stub: Stub, change, times: int = 1):
    """Change the first Bundles that the stub gives."""
    left = [times]
    answer = stub._search

    def spoiled(asked, kind):
        status, headers, body = answer(asked, kind)
        if left[0]:
            left[0] -= 1
            body = json.dumps(change(json.loads(body))).encode()
        return status, headers, body

    stub._search = spoiled


def test_pages_are_followed_to_the_end():
    with stub_server(resources=CONDITIONS) as stub:
        assert found(stub) == IDS
        assert len(stub.asked) == 3
        assert stub.asked[0].headers["Prefer"] == "handling=strict"


def test_no_match_is_an_empty_list():
    with stub_server() as stub:
        assert found(stub) == []


def test_a_page_that_repeats_counts_once():
    with stub_server(resources=CONDITIONS) as stub:
        spoil(stub, lambda bundle: {**bundle, "entry": bundle["entry"] * 2})
        assert found(stub) == IDS


@pytest.mark.parametrize(
    "change",
    [
        lambda bundle: {**bundle, "entry": bundle["entry"][1:]},
        lambda bundle: {**bundle, "link": []},
        lambda bundle: {**bundle, "total": 99, "link": []},
    ],
)
def test_a_page_that_drops_is_asked_for_again(change):
    with stub_server(resources=CONDITIONS) as stub:
        spoil(stub, change)
        assert found(stub) == IDS


def test_a_circle_is_left_and_then_given_up():
    with stub_server(resources=CONDITIONS) as stub:
        circle = [{"relation": "next", "url": f"{stub.base}/Condition?patient=Patient/p"}]
        spoil(stub, lambda bundle: {**bundle, "link": circle}, times=2)
        assert found(stub) == IDS
        spoil(stub, lambda bundle: {**bundle, "link": circle}, times=99)
        with pytest.raises(FaultError, match="pages that run in a circle, 3 times"):
            found(stub)


def test_pages_that_stay_short_are_a_fault():
    with stub_server(resources=CONDITIONS) as stub:
        spoil(stub, lambda bundle: {**bundle, "total": 7}, times=99)
        with pytest.raises(FaultError) as raised:
            found(stub)
        assert "5 different matches of 7, 3 times" in str(raised.value)
        assert "Patient/p" not in str(raised.value)


def test_what_was_not_asked_for_is_not_taken():
    other = {"resource": {"resourceType": "Encounter", "id": "e"}, "search": {"mode": "include"}}
    with stub_server(resources=CONDITIONS) as stub:
        spoil(stub, lambda bundle: {**bundle, "entry": [*bundle["entry"], other]}, times=9)
        assert found(stub) == IDS


def test_an_error_among_matches_is_a_fault():
    issue = {"severity": "error", "code": "incomplete", "diagnostics": "MRN-77"}
    bad = {"resource": {"resourceType": "OperationOutcome", "issue": [issue]}}
    with stub_server(resources=CONDITIONS) as stub:
        spoil(stub, lambda bundle: {**bundle, "entry": [bad]})
        with pytest.raises(FaultError, match=r"\(error incomplete\)") as raised:
            found(stub)
        assert "MRN-77" not in str(raised.value)


def test_a_resource_instead_of_a_bundle_is_a_fault():
    with stub_server() as stub:
        stub.script = lambda asked: (200, JSON, b'{"resourceType": "Patient", "id": "p"}')
        with pytest.raises(FaultError, match="not a Bundle"):
            found(stub)


def test_an_unsupported_type_is_not_an_empty_one():
    with stub_server() as stub:
        stub.script = lambda asked: outcome(404, "not-supported")
        assert search_if_able(client_of(stub), "MedicationDispense", patient="Patient/p") is None


def person(identifier: str, **more) -> dict:
    own = [{"system": "urn:mrn", "value": "77"}]
    return {"resourceType": "Patient", "id": identifier, "identifier": own, **more}


def test_a_person_is_found_by_id_or_identifier():
    with stub_server(resources=[person("a"), {"resourceType": "Patient", "id": "77"}]) as stub:
        assert [one["id"] for one in patients(client_of(stub), "77")] == ["77"]
        assert [one["id"] for one in patients(client_of(stub, "urn:mrn"), "77")] == ["a"]
        assert patients(client_of(stub), "78") == []
        assert patients(client_of(stub, "urn:mrn"), "78") == []


def test_two_patients_are_two_unless_one_was_replaced():
    old = person("old", link=[{"type": "replaced-by", "other": {"reference": "Patient/a"}}])
    with stub_server(resources=[person("a"), person("b"), old]) as stub:
        names = [one["id"] for one in patients(client_of(stub, "urn:mrn"), "77")]
        assert names == ["a", "b"]
        stub.resources = [old]
        assert [one["id"] for one in patients(client_of(stub, "urn:mrn"), "77")] == ["old"]


def test_a_server_that_ignores_the_identifier_gives_nobody():
    stranger = {**person("x"), "identifier": [{"system": "urn:mrn", "value": "5"}]}
    with stub_server(resources=[stranger]) as stub:
        body = {"resourceType": "Bundle", "entry": [{"resource": stranger}]}
        stub.script = lambda asked: (200, JSON, json.dumps(body).encode())
        assert patients(client_of(stub, "urn:mrn"), "77") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient/1", "1"),
        ("Patient/1/_history/3", "1"),
        ("https://h/fhir/Patient/1", "1"),
        ("https://other/fhir/Patient/1", ""),
        ("Group/1", ""),
        ("urn:uuid:1", ""),
        ("#1", ""),
        (None, ""),
    ],
)
def test_a_reference_is_to_this_server(text, expected):
    assert referenced({"reference": text}, "Patient", "https://h/fhir") == expected


def test_a_reference_may_be_missing():
    assert referenced(None, "Patient", "b") == ""
