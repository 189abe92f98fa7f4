"""One answered robot check, posted again and again, must not keep the server's threads waiting (ABU-7)."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from accounts.views import sign_up as view
from tests.accounts.signup.people import filled_form

pytestmark = [pytest.mark.django_db, pytest.mark.security("ABU-7")]


def test_a_replayed_form_waits_a_bounded_number_of_times(monkeypatch, client: Client) -> None:
    looks: list[str] = []
    monkeypatch.setattr(view, "_REPLAY_WAIT_SECONDS", -1)
    monkeypatch.setattr(view.workflow, "was_sent", lambda submission: bool(looks.append(submission)))
    monkeypatch.setattr(view, "_WAITS_PER_ADDRESS", 3)
    form = filled_form()
    assert client.post("/inscription/", form).status_code == 302
    for _ in range(8):
        answer = client.post("/inscription/", form | {"submission": str(uuid.uuid4())})
        assert answer.status_code == 200
    assert len(looks) == 8 + 3  # one look each, and one more for those that wait


def test_a_true_second_click_still_ends_on_the_same_page(monkeypatch, client: Client) -> None:
    monkeypatch.setattr(view, "_WAITS_PER_ADDRESS", 0)
    form = filled_form(submission=str(uuid.uuid4()))
    answers = [client.post("/inscription/", form) for _ in range(2)]
    assert [answer.get("Location") for answer in answers] == ["/inscription/envoyee/"] * 2
