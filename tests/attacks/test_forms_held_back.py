"""A form begun inside a session and sent to its end after the session is over, or locked, does nothing (SES-5)."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from accounts import middleware, sessions
from accounts.models import EmailChange, UserSession
from accounts.workflows import account, credentials
from tests.hub.people import make_agent
from tests.support.sign_in import make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("SES-5", "SES-4", "SES-6")]
FORM = "/preferences/adresse/"
NEW = "voleur@ailleurs.example"


class HeldBack(io.BytesIO):
    """A body that waits: `meanwhile` happens before its first byte is read."""

    def __init__(self, body: bytes, meanwhile: Callable[[], Any]) -> None:
        super().__init__(body)
        self.meanwhile = meanwhile

    def read(self, size: int | None = -1) -> bytes:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return super().read(size)


@pytest.fixture
def thief(monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(middleware, "SLOW_BODY_SECONDS", 0)
    return Client(enforce_csrf_checks=True)


def send(browser: Client, meanwhile: Callable[[], Any]) -> Any:
    browser.get(FORM)
    token = browser.cookies["csrftoken"].value
    fields = {"csrfmiddlewaretoken": token, "email": NEW, "email_confirmation": NEW}
    body = urlencode(fields).encode()
    return browser.post(
        FORM,
        body,
        content_type="application/x-www-form-urlencoded",
        **{"wsgi.input": HeldBack(body, meanwhile), "HTTP_REFERER": f"http://testserver{FORM}"},
    )


def end_all(person: Any) -> None:
    sessions.end_all(person, "not_me")


def lock(person: Any) -> None:
    UserSession.objects.filter(user=person).update(locked_at=timezone.now())


def change_password(person: Any) -> None:
    credentials.change(person, "Roseau-Tiede-83-Loire", request=None)


def suspend(person: Any) -> None:
    account.suspend(person, actor=make_agent(), reason="vol")


@pytest.mark.parametrize(
    ("meanwhile", "leads_to"),
    [
        (end_all, "/connexion/?fin=ended"),
        (change_password, "/connexion/?fin=ended"),
        (suspend, "/connexion/?fin=ended"),
        (lock, "/session/verrouillee/"),
    ],
)
def test_what_was_held_back_does_nothing(thief: Client, meanwhile: Callable[..., Any], leads_to: str) -> None:
    person = make_person()
    sign_in(thief, person)
    answer = send(thief, lambda: meanwhile(person))
    assert answer.status_code == 302 and answer["Location"].startswith(leads_to)
    assert not EmailChange.objects.exists()
    assert thief.get("/preferences/").status_code == 302


def test_a_slow_line_alone_stops_nobody(thief: Client) -> None:
    person = make_person()
    sign_in(thief, person)
    assert send(thief, lambda: None)["Location"] == "/preferences/"
    assert EmailChange.objects.get().user == person
    assert thief.get("/preferences/").status_code == 200
