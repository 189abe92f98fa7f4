"""The security journal as the owner of the account reads it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from accounts.enums import AssuranceLevel, ProofMeans
from accounts.journal import Action
from accounts.models import SecurityEvent

_MEANS = {
    **{means.value: str(means.label) for means in ProofMeans},
    "card": "carte CPS",
    "ecps": "e-CPS",
}
_BAD = frozenset({"failure", "refused"})


def means(methods: Iterable[str]) -> str:
    """« mot de passe + code par e-mail »."""
    return " + ".join(_MEANS.get(method, method) for method in methods)


applications: list[Callable[[Collection[str]], Mapping[str, str]]] = []
"""Who knows the names of partner applications, by their identifiers; filled by what lies above (portal.hub.apps)."""

REMOVED = "application retirée du portail"


def told_all(events: Iterable[SecurityEvent]) -> list[dict[str, Any]]:
    """Lines of the page, the names of the applications looked up once for all."""
    rows = list(events)
    names = names_of_applications(rows)
    return [told(row, names) for row in rows]


def names_of_applications(events: Iterable[SecurityEvent]) -> dict[str, str]:
    asked = {str(event.data["client"]) for event in events if event.data.get("client")}
    found: dict[str, str] = {}
    for ask in applications if asked else ():
        found |= ask(asked)
    return found


def application(event: SecurityEvent, names: Mapping[str, str]) -> str:
    """Name of the application an event is about, "" for none: today's, else the one of then; never its identifier."""
    client = event.data.get("client")
    if not client:
        return ""
    return names.get(str(client)) or str(event.data.get("name") or REMOVED)


def told(event: SecurityEvent, names: Mapping[str, str]) -> dict[str, Any]:
    """What a line of the page shows: a sentence, a tone, by what means, from where, by whom."""
    parts = [application(event, names), _MEANS.get(event.method, ""), _level(event)]
    parts += [event.device, event.address or ""]
    by_other = event.actor is not None and event.actor_id != event.subject_id
    return {
        "title": Action(event.action).label if event.action in Action.values else event.action,
        "at": event.at,
        "tone": "warning" if event.outcome in _BAD else "neutral",
        "text": ", ".join(part for part in parts if part),
        "who": "Fait par l’assistance" if by_other else "",
    }


def _level(event: SecurityEvent) -> str:
    return f"niveau {event.level}" if event.level in AssuranceLevel.values and event.level else ""
