"""Search on a FHIR server, person by person, until every match is there once.

FHIR R4 "Search" and "Paging" (https://hl7.org/fhir/R4/search.html, .../http.html#paging): a server
hands out pages and says how many matches there are. Pages that repeat are read once; a search whose
pages run in a circle, or end before its total, is made again and then given up with a fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from soyang.core.errors import Fault, FaultError
from soyang.phenotypes.fhir_answers import issue_words
from soyang.phenotypes.fhir_client import Client

PAGE = 200
"""Matches asked for per page; a server may give fewer."""
Resource = dict[str, Any]


class _LostPageError(Exception):
    """Pages of a search run in a circle, or lack matches."""


def search(client: Client, kind: str, **query: str) -> list[Resource]:
    """All resources of one type that match, each once, in order of their ids.

    Args:
        client: the server.
        kind: resource type.
        query: search parameters.

    Raises:
        FaultError: pages stay incomplete, or the server refuses.
    """
    found = search_if_able(client, kind, unable=(), **query)
    assert found is not None
    return found


def search_if_able(
    client: Client, kind: str, *, unable: tuple[int, ...] = (404, 501), **query: str
) -> list[Resource] | None:
    """As :func:`search`; ``None`` where the server does not know the resource type."""
    lost = ""
    for attempt in range(client.patience.attempts):
        try:
            return _pages(client, kind, unable, query)
        except _LostPageError as error:
            lost = str(error)
            client.pause(attempt)
    raise FaultError(_lost(client, kind, lost))


def read(client: Client, kind: str, identifier: str) -> Resource | None:
    """One resource by its id; ``None`` where there is none, or it was deleted."""
    return client.resource(f"{kind}/{identifier}", allowed=(404, 410))


def patients(client: Client, person_id: str) -> list[Resource]:
    """The Patient resources of one person asked for: none, one, or more.

    By the business identifier where the settings name its system, else by the resource's id. Those
    that the server calls replaced by another give way to that one.
    """
    system = client.fhir.identifier_system
    if not system:
        one = read(client, "Patient", person_id)
        return [one] if one else []
    found = search(client, "Patient", identifier=f"{_escaped(system)}|{_escaped(person_id)}")
    found = [patient for patient in found if has_identifier(patient, system, person_id)]
    return [patient for patient in found if not is_replaced(patient)] or found


def has_identifier(patient: Resource, system: str, value: str) -> bool:
    """Whether a Patient bears an identifier; a server that ignores a parameter gives anyone."""
    return any(
        one.get("system") == system and str(one.get("value", "")).strip() == value
        for one in patient.get("identifier") or []
        if isinstance(one, dict)
    )


def is_replaced(patient: Resource) -> bool:
    """Whether the server says that another Patient replaces this one (Patient.link)."""
    links = patient.get("link") or []
    return any(isinstance(link, dict) and link.get("type") == "replaced-by" for link in links)


def referenced(reference: Any, kind: str, base: str) -> str:
    """Id in a literal reference to a resource of this server, ``""`` for any other."""
    text = reference.get("reference") if isinstance(reference, dict) else None
    if not isinstance(text, str):
        return ""
    named, _, identifier = text.removeprefix(f"{base}/").split("/_history/")[0].partition("/")
    return identifier if named == kind and "/" not in identifier else ""


def is_of(resource: Resource, patient_id: str, base: str) -> bool:
    """Whether a resource is about this Patient."""
    return any(
        referenced(resource.get(name), "Patient", base) == patient_id
        for name in ("subject", "patient")
    )


def _pages(
    client: Client, kind: str, unable: tuple[int, ...], query: dict[str, str]
) -> list[Resource] | None:
    bundle = client.resource(kind, params={**query, "_count": str(PAGE)}, allowed=unable)
    if bundle is None:
        return None
    found: dict[str, Resource] = {}
    seen: set[str] = set()
    total = None
    while True:
        _demand_bundle(client, kind, bundle)
        found.update((str(match["id"]), match) for match in _matches(client, kind, bundle))
        told = bundle.get("total")
        total = told if isinstance(told, int) and not isinstance(told, bool) else total
        following = _next(bundle)
        if not following:
            break
        if following in seen:
            raise _LostPageError("pages that run in a circle")
        seen.add(following)
        bundle = client.resource(following, allowed=(404, 410))
        if bundle is None:
            raise _LostPageError("a page that the server no longer has")
    if total is not None and len(found) < total:
        raise _LostPageError(f"{len(found)} different matches of {total}")
    return [found[identifier] for identifier in sorted(found)]


def _matches(client: Client, kind: str, bundle: Resource) -> Iterator[Resource]:
    for entry in bundle.get("entry") or []:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            continue
        if resource.get("resourceType") == "OperationOutcome":
            _demand_no_error(client, kind, resource)
        elif resource.get("resourceType") == kind and resource.get("id"):
            yield resource


def _next(bundle: Resource) -> str:
    for link in bundle.get("link") or []:
        if isinstance(link, dict) and link.get("relation") == "next":
            return str(link.get("url", ""))
    return ""


def _escaped(value: str) -> str:
    """A value as a search parameter wants it (FHIR R4, 3.1.1.5.7)."""
    for mark in ("\\", "$", ",", "|"):
        value = value.replace(mark, f"\\{mark}")
    return value


def _demand_bundle(client: Client, kind: str, bundle: Resource) -> None:
    if bundle.get("resourceType") != "Bundle":
        raise FaultError(
            client.fault(
                "GET",
                f"{client.base}/{kind}",
                code="fhir-content",
                found="a resource that is not a Bundle",
                allowed="a Bundle of matches",
                next_step="see the server's log; base_url must be a FHIR R4 server's",
            )
        )


def _demand_no_error(client: Client, kind: str, outcome: Resource) -> None:
    told = [issue_words(issue) for issue in outcome.get("issue") or []]
    grave = sorted({f"{s} {c}" for s, c in told if s in ("fatal", "error")})
    if grave:
        raise FaultError(
            client.fault(
                "GET",
                f"{client.base}/{kind}",
                code="fhir-outcome",
                found=f"an OperationOutcome among the matches ({', '.join(grave)})",
                allowed="matches only",
                next_step="see the server's log; then start the run again",
            )
        )


def _lost(client: Client, kind: str, lost: str) -> Fault:
    return client.fault(
        "GET",
        f"{client.base}/{kind}",
        code="fhir-pages",
        found=f"{lost}, {client.patience.attempts} times",
        allowed="every match on one of the pages",
        next_step="have the server's paging repaired, or use method: export; nothing was kept of "
        "this search",
    )
