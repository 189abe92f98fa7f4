"""Nobody fills a stranger's mailbox from our forms, nor walks through a list of addresses from one machine (ABU-7)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import doors
from accounts.workflows import credentials, sign_up
from tests.hub.robot import ticked
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.security("ABU-7", "CODE-6")]

FORMS = {
    "/mot-de-passe/oublie/": {"identifiant": "inconnu{}@exemple.fr"},
    "/identifiant/oublie/": {"email": "inconnu{}@exemple.fr"},
    "/inscription/renvoyer/": {"email": "inconnu{}@exemple.fr"},
    "/inscription/": {"email": "inconnu{}@exemple.fr"},
}


@pytest.mark.parametrize("path", FORMS)
def test_one_machine_does_not_walk_through_a_list_of_addresses(
    path: str, monkeypatch, client: Client
) -> None:
    monkeypatch.setattr(doors, "ATTEMPTS_PER_ADDRESS", 3)
    asked = [{name: value.format(number) for name, value in FORMS[path].items()} for number in range(4)]
    answers = [client.post(path, fields | ticked()) for fields in asked]
    assert [answer.status_code == 429 for answer in answers] == [False, False, False, True]
    assert int(answers[-1]["Retry-After"]) > 0 and b"</html>" in answers[-1].content
    assert client.get(path).status_code == 200


def test_a_mailbox_gets_a_bounded_number_of_mails_a_day(outbox: Outbox) -> None:
    person = make_person()
    acts = (
        lambda: credentials.ask_reset(person.identifiant),
        lambda: credentials.ask_identifier(person.email),
        lambda: sign_up.resend_validation(person.email),
    )
    start = timezone.now()
    for number in range(30):
        with time_machine.travel(start + timedelta(minutes=11 * number), tick=False):
            for act in acts:
                act()
    assert len(outbox.emails(person.email)) == 3 * sign_up.MAILS_PER_DAY
    with time_machine.travel(start + timedelta(hours=25), tick=False):
        credentials.ask_reset(person.identifiant)
    assert len(outbox.emails(person.email)) == 3 * sign_up.MAILS_PER_DAY + 1
