"""The support reads the journal in words: no code of ours on the screen."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.journal import Action, record
from accounts.models import User

pytestmark = pytest.mark.django_db
JOURNAL = "/administration/accounts/securityevent/"


def test_the_means_and_the_outcomes_are_words(desk: Client, person: User) -> None:
    record(Action.SIGN_IN, subject=person, method="sms")
    page = desk.get(JOURNAL).content.decode()
    assert "code par SMS" in page and ">sms<" not in page
    assert ">réussite</a>" in page and ">success</a>" not in page


@pytest.mark.parametrize("chosen", [{"outcome": "failure"}, {"action": "sign_in_refused"}])
def test_the_journal_is_narrowed_to_an_outcome_or_an_action(
    desk: Client, person: User, chosen: dict[str, str]
) -> None:
    record(Action.SIGN_IN, subject=person, reason="motif-de-la-reussite")
    record(Action.SIGN_IN_REFUSED, subject=person, outcome="failure", reason="motif-de-l-echec")
    answer = desk.get(JOURNAL, chosen)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "motif-de-l-echec" in page and "motif-de-la-reussite" not in page
