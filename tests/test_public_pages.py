"""What a visitor may open, line by line: opening a page is a decision that somebody reads."""

from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from portal.common.access import is_public, list_public_urls
from tests.house.source import ROOT

PINNED = ROOT / "tests" / "house" / "adresses_publiques.txt"


def pinned() -> list[str]:
    lines = PINNED.read_text(encoding="utf-8").splitlines()
    return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]


def private_routes() -> list[str]:
    """Routes without parameters that ask for a signed-in person."""
    found: list[str] = []

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> None:
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                walk(entry.url_patterns, route)
            elif not is_public(entry.callback) and not set(route) & set("<(^$"):
                found.append("/" + route)

    walk(get_resolver().url_patterns, "")
    return sorted(found)


@pytest.mark.security("ACL-1")
def test_the_public_addresses_are_those_written_down() -> None:
    shown = sorted({found.route for found in list_public_urls()})
    assert shown == sorted(pinned()), f"open or close the page on purpose: edit {PINNED.name}"


@pytest.mark.security("ACL-1")
@pytest.mark.django_db
def test_a_visitor_is_sent_to_sign_in_from_every_other_page(client: Client) -> None:
    routes = private_routes()
    assert len(routes) > 3
    for route in routes:
        answer = client.get(route)
        place = answer.headers.get("Location", "")
        assert answer.status_code == 302, f"{route} answered {answer.status_code} to a visitor"
        assert place.startswith(("/connexion/", "/administration/login/")), f"{route} sends to {place}"


@pytest.mark.security("WEB-3")
@pytest.mark.django_db
def test_a_visitor_reading_a_public_page_changes_nothing(client: Client, settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "portal.common.web.ReadOnlyGetMiddleware"]
    settings.READ_ONLY_GET_EXEMPT_TABLES = []
    routes = [route for route in pinned() if "<" not in route]
    for route in routes:
        assert client.get(route).status_code < 500, route
