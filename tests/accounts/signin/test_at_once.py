"""What twenty requests at the same instant do: one success, and no more guesses than the rule allows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import links, second_proof, throttle
from accounts.enums import LinkPurpose
from accounts.models import OneTimeCode, RecoveryCode, SecurityEvent, UserSession
from tests.accounts.signin.steps import DOOR, PROOF, post_password
from tests.support.outbox import Outbox
from tests.support.sign_in import PASSWORD, make_person, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 20
APPLICATION = "/preferences/moyens/application/"


def at_once(act: Callable[[int], Any], count: int = AT_ONCE) -> list[Any]:
    """Run `act(0)…act(count-1)` in threads that all start together, each on its own database connection."""
    barrier = threading.Barrier(count)

    def run(number: int) -> Any:
        try:
            barrier.wait(timeout=30)
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=count) as pool:
        return list(pool.map(run, range(count)))


def twin(client: Client) -> Client:
    """Another tab of the same browser."""
    other = Client(raise_request_exception=False)
    for name, morsel in client.cookies.items():
        other.cookies[name] = morsel.value
    return other


@pytest.mark.security("CODE-4")
def test_twenty_identical_right_codes_open_one_session():
    client, person = Client(), make_person()
    post_password(client, person.identifiant)
    code = Outbox().last(person.email).code
    tabs = [twin(client) for _ in range(AT_ONCE)]
    at_once(lambda n: tabs[n].post(PROOF, {"preuve": code, "moyen": "mail"}).status_code)
    assert UserSession.objects.filter(user=person).count() == 1
    assert OneTimeCode.objects.filter(used_at__isnull=False).count() == 1


@pytest.mark.security("CODE-5")
def test_twenty_wrong_codes_at_once_kill_the_code_after_five_looks():
    client, person = Client(), make_person()
    post_password(client, person.identifiant)
    code = Outbox().last(person.email).code
    wrong = [f"{(int(code) + 1 + n) % 10**6:06d}" for n in range(AT_ONCE)]
    tabs = [twin(client) for _ in range(AT_ONCE)]
    pages = at_once(lambda n: tabs[n].post(PROOF, {"preuve": wrong[n], "moyen": "mail"}).content.decode())
    row = OneTimeCode.objects.get()
    assert row.dead_at is not None and row.tries_left == 0 and row.code_hash == ""
    looked_at = [page for page in pages if "n’a pas été vérifié" not in page]
    assert 5 <= len(looked_at) <= AT_ONCE
    assert client.post(PROOF, {"preuve": code, "moyen": "mail"}).status_code == 200
    assert not UserSession.objects.exists()


@pytest.mark.security("ABU-2", "ABU-4")
def test_twenty_passwords_at_once_are_five_looks():
    person = make_person()

    def guess(number: int) -> int:
        return (
            Client()
            .post(DOOR, {"identifiant": person.identifiant, "mot_de_passe": f"faux{number}"})
            .status_code
        )

    # The clock stands still: after the fifth look the door opens again in a second, and a busy machine takes longer.
    with time_machine.travel(timezone.now(), tick=False):
        statuses = at_once(guess)
    assert statuses.count(200) == 5 and statuses.count(429) == AT_ONCE - 5


@pytest.mark.security("MFA-6")
def test_one_authenticator_code_opens_one_session_whatever_the_number_of_posts(monkeypatch):
    person = make_person()
    from accounts import devices_means, keyed  # noqa: PLC0415

    secret = devices_means.new_totp_secret()
    Authenticator.objects.create(
        user=person, type="totp", data={"secret": keyed.encrypt(secret), "last_t": 0}
    )
    figures = second_proof.format_hotp_value(second_proof.hotp_value(secret, int(time.time()) // 30))
    results = at_once(lambda n: second_proof.verify_totp(person, figures))
    assert results.count(True) == 1


@pytest.mark.security("MFA-5")
def test_one_recovery_code_works_once():
    person = make_person()
    fresh = second_proof.make_recovery_codes(person)
    results = at_once(lambda n: second_proof.use_recovery_code(person, fresh[0]))
    assert results.count(True) == 1
    assert RecoveryCode.objects.filter(user=person, used_at=None).count() == 9


@pytest.mark.security("MFA-5")
def test_recovery_codes_asked_at_once_are_ten_in_the_end():
    person = make_person()
    made = at_once(lambda n: second_proof.make_recovery_codes(person))
    assert RecoveryCode.objects.filter(user=person).count() == 10
    works = [second_proof.use_recovery_code(person, codes[0]) for codes in made]
    assert works.count(True) == 1


@pytest.mark.security("MFA-5", "MFA-4")
def test_an_app_added_at_once_is_one_app_with_its_ten_codes():
    client, person = Client(), make_person()
    sign_in(client, person)
    secret = client.get(APPLICATION).context["secret"].replace(" ", "")
    figures = second_proof.format_hotp_value(second_proof.hotp_value(secret, int(time.time()) // 30))
    tabs = [twin(client) for _ in range(6)]
    at_once(lambda n: tabs[n].post(APPLICATION, {"code": figures}).status_code, 6)
    assert Authenticator.objects.filter(user=person).count() == 1
    assert RecoveryCode.objects.filter(user=person).count() == 10
    assert SecurityEvent.objects.filter(subject=person, action="recovery_codes_made").count() == 1


@pytest.mark.security("CODE-9")
def test_one_mailed_link_is_used_once():
    person = make_person()
    token = links.issue(person, LinkPurpose.RESET, life=timedelta(hours=1), email=person.email)
    found = [links.find(token, LinkPurpose.RESET) for _ in range(AT_ONCE)]
    results = at_once(lambda n: links.consume(found[n]))
    assert results.count(True) == 1


@pytest.mark.security("CODE-6")
def test_a_budget_is_never_overspent():
    results = at_once(lambda n: throttle.spend("essai", "cle", 3, timedelta(minutes=10)))
    assert results.count(True) == 3


def test_a_double_click_on_the_password_leads_twice_to_the_second_proof():
    person = make_person()
    answers = at_once(
        lambda n: (
            Client().post(DOOR, {"identifiant": person.identifiant, "mot_de_passe": PASSWORD}).status_code
        ),
        2,
    )
    assert answers == [302, 302]
