"""The database away under a signed-in visitor: a page all the same, and an answer to the probes."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError
from django.test import Client

pytestmark = [pytest.mark.urls("tests.observability.urls"), pytest.mark.django_db]


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_arguments: Any, **_options: Any) -> Any:
        raise OperationalError("connection refused")

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", down)
    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.connect", down)


def _with_session() -> Client:
    """A browser that presents a session id, which the portal must look up."""
    client = Client(raise_request_exception=False)
    client.cookies[django_settings.SESSION_COOKIE_NAME] = "s" * 32
    return client


@pytest.mark.security("REL-4")
@pytest.mark.parametrize("path", ["/sans-base/", "/lien/x/", "/refuse/", "/introuvable/"])
def test_every_error_ends_in_a_page(outage: None, path: str) -> None:
    response = _with_session().get(path)

    assert response.status_code in {403, 404, 500}
    assert response.content.decode().count("<h1") == 1


@pytest.mark.security("REL-11")
def test_probes_are_answered_without_database(outage: None) -> None:
    assert Client().get("/sante/vivant").status_code == 200
    response = Client().get("/sante/pret")

    assert response.status_code == 503
    assert response.json()["controles"]["base"] == "panne"
