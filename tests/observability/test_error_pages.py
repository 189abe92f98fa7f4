"""Pages of errors: French, with a heading, without any detail, and a 500 that needs nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.template.engine import Engine
from django.test import Client, RequestFactory

from portal.observability import errors

pytestmark = [pytest.mark.urls("tests.observability.urls"), pytest.mark.django_db]


@pytest.fixture
def client(settings: Any) -> Client:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "portal.observability.middleware.ErrorPagesMiddleware"]
    return Client(raise_request_exception=False)


@pytest.mark.security("WEB-7")
@pytest.mark.parametrize(
    ("path", "status"),
    [("/introuvable/", 404), ("/refuse/", 403), ("/suspect/", 400), ("/lien/x/", 500), ("/limite/", 429)],
)
def test_each_error_has_a_page_that_says_nothing_of_our_inside(
    client: Client, path: str, status: int
) -> None:
    response = client.get(path)
    page = response.content.decode()

    assert response.status_code == status
    assert '<html lang="fr"' in page
    assert page.count("<h1") == 1
    for detail in ("Claire", "004271", "Traceback", "ValueError", "Django", "portal.observability", ".py"):
        assert detail not in page


@pytest.mark.security("REL-4")
def test_the_500_page_comes_without_database_nor_session(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_arguments: Any, **_options: Any) -> Any:
        raise OperationalError("connection refused")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", down)
    response = client.get("/sans-base/", headers={"cookie": "sessionid=abcdefghijklmnopqrstuvwxyz012345"})

    assert response.status_code == 500
    assert "<h1" in response.content.decode()


def test_a_broken_500_page_still_gives_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: Any) -> Any:
        raise RuntimeError("template")

    monkeypatch.setattr(Engine, "get_template", broken)
    response = errors.server_error(RequestFactory().get("/"))

    assert response.status_code == 500
    assert "Service momentanément indisponible" in response.content.decode()


def test_too_many_requests_says_how_long_to_wait(client: Client) -> None:
    response = client.get("/limite/")

    assert response.headers["Retry-After"] == "90"
    assert "90" in response.content.decode() or "1 min" in response.content.decode()


def test_a_429_that_has_a_body_keeps_it(client: Client) -> None:
    response = client.get("/limite.json")

    assert response.json() == {"error": "slow_down"}


@pytest.mark.parametrize("odd", [None, "demain", "²", "-4", "9 0"])
def test_an_odd_delay_is_not_shown(odd: str | None) -> None:
    request = RequestFactory().get("/")
    request.user = errors.AnonymousUser()

    assert "Retry-After" not in errors.too_many_requests(request, odd).headers


@pytest.mark.security("WEB-3")
def test_a_stale_form_is_refused_with_an_explanation() -> None:
    response = Client(enforce_csrf_checks=True).post("/bien/", {"a": "1"})

    assert response.status_code == 403
    assert "rien n’a été enregistré" in response.content.decode()
