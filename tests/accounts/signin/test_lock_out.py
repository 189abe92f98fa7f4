"""Guessing is slowed for the attacker, not for the owner; known and unknown accounts look alike."""

from __future__ import annotations

import re
from datetime import timedelta
from unittest import mock

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import codes, doors, passwords, robot, support, throttle
from accounts.models import AttemptCounter, SecurityEvent
from tests.accounts.signin.steps import DOOR, PROOF, pass_both, post_password, text_of
from tests.support.outbox import Outbox
from tests.support.sign_in import PASSWORD, make_person

pytestmark = pytest.mark.django_db
WRONG = "Identifiant ou mot de passe incorrect"


def fail(client: Client, typed: str, times: int, start=None, step: float = 0.0):
    """Wrong passwords; each one is made once the delay before it is over."""
    now = start or timezone.now()
    answer = None
    for number in range(times):
        now += timedelta(seconds=step or throttle.delay_for(number).total_seconds() + 0.01)
        with time_machine.travel(now, tick=False):
            answer = post_password(client, typed, "faux")
    return answer, now


@pytest.mark.security("ABU-2")
def test_the_delays_are_those_of_the_rule():
    delays = [throttle.delay_for(count).total_seconds() for count in range(12)]
    assert delays == [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 900, 900]


@pytest.mark.security("ABU-2", "CODE-8")
def test_from_the_fifth_wrong_password_one_waits_and_a_right_one_is_told_so(client):
    person = make_person()
    answer, now = fail(client, person.identifiant, 5)
    assert answer.status_code == 200 and WRONG in text_of(answer)
    with time_machine.travel(now, tick=False):
        early = post_password(client, person.identifiant)
    assert early.status_code == 429 and early["Retry-After"] == "1"
    assert "Réessayez dans 1 seconde" in text_of(early)
    with time_machine.travel(now + timedelta(seconds=1.01), tick=False):
        assert post_password(client, person.identifiant)["Location"] == PROOF


@pytest.mark.security("ABU-2")
def test_at_the_tenth_the_door_closes_for_a_quarter_of_an_hour_then_opens(client):
    person = make_person()
    _, now = fail(client, person.identifiant, 10)
    with time_machine.travel(now + timedelta(seconds=890), tick=False):
        assert "Réessayez dans" in text_of(post_password(client, person.identifiant))
    with time_machine.travel(now + timedelta(seconds=901), tick=False):
        assert post_password(client, person.identifiant)["Location"] == PROOF
    assert SecurityEvent.objects.filter(action="locked", subject=person).count() == 1


@pytest.mark.security("ABU-2")
def test_failures_are_forgotten_after_twelve_hours(client):
    person = make_person()
    _, now = fail(client, person.identifiant, 9)
    with time_machine.travel(now + timedelta(hours=12, seconds=1), tick=False):
        assert post_password(client, person.identifiant, "faux").status_code == 200
        assert post_password(client, person.identifiant)["Location"] == PROOF


@pytest.mark.security("ABU-2", "ABU-4")
def test_every_name_of_an_account_shares_one_counter(client):
    make_person(identifiant="alice", rpps="99700111111", email="alice@cabinet.example")
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        for typed in ("alice", "ALICE", "Alice@Cabinet.example", " 997 00 111 111 ", "alice"):
            assert post_password(client, typed, "faux").status_code == 200
        assert post_password(client, "alice@cabinet.example").status_code == 429


@pytest.mark.security("ABU-4")
def test_success_elsewhere_clears_nothing(client, outbox: Outbox):
    victim, other = make_person(), make_person()
    with time_machine.travel(timezone.now(), tick=False):
        fail_now(client, victim.identifiant, 5)
        pass_both(Client(), other, outbox)
        assert post_password(client, victim.identifiant).status_code == 429


def fail_now(client: Client, typed: str, times: int) -> None:
    for _ in range(times):
        post_password(client, typed, "faux")


@pytest.mark.security("ABU-5")
def test_a_browser_that_signed_in_before_keeps_its_own_budget(outbox: Outbox):
    person = make_person()
    own, attacker = Client(), Client()
    pass_both(own, person, outbox)
    own.post("/deconnexion/")
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        fail_now(attacker, person.identifiant, 6)
        assert post_password(attacker, person.identifiant).status_code == 429
        assert post_password(own, person.identifiant)["Location"] == PROOF


@pytest.mark.security("ABU-5")
def test_a_forged_browser_cookie_gives_no_budget(client):
    person = make_person()
    with time_machine.travel(timezone.now(), tick=False):
        fail_now(client, person.identifiant, 5)
        for forged in ("x", "eyJhIjoxfQ:1abc:def", "a" * 3000):
            client.cookies["appareil"] = forged
            assert post_password(client, person.identifiant).status_code == 429


@pytest.mark.security("ABU-5")
def test_a_locked_password_leaves_the_ephemeral_door_open(client, outbox: Outbox):
    person = make_person()
    with time_machine.travel(timezone.now(), tick=False):
        fail_now(client, person.identifiant, 6)
        client.post("/connexion/code-ephemere/", {"identifiant": person.email, "canal": "mail"})
    assert len(outbox.emails(person.email)) == 1


def test_support_unlocks(client):
    person, agent = make_person(), make_person(is_staff=True)
    with time_machine.travel(timezone.now(), tick=False):
        fail_now(client, person.identifiant, 6)
        assert throttle.wait("password", codes.account_key(person)) is not None
        support.unlock(person, actor=agent, reason="appel au support")
        assert throttle.wait("password", codes.account_key(person)) is None
        assert post_password(client, person.identifiant)["Location"] == PROOF


@pytest.mark.security("PWD-8")
def test_the_owner_hears_of_a_sign_in_after_many_failures(client, outbox: Outbox):
    person = make_person()
    _, now = fail(client, person.identifiant, 7)
    with time_machine.travel(now + timedelta(seconds=10), tick=False):
        post_password(client, person.identifiant)
    assert [m for m in outbox.emails(person.email) if "essais manqués" in m.subject]


# --- one address, many accounts ------------------------------------------------------------------------------
@pytest.mark.security("ABU-6")
def test_spraying_one_password_over_sixty_accounts_meets_the_robot_check(client):
    people = [make_person(password="!") for _ in range(2)]
    answers = [
        post_password(client, people[n].identifiant if n < 2 else f"inconnu{n}", "Printemps2026")
        for n in range(60)
    ]
    asked = [
        n for n, answer in enumerate(answers) if "Veuillez procéder à la vérification" in text_of(answer)
    ]
    assert asked and asked[0] == doors.FAILURES_BEFORE_ROBOT
    assert WRONG not in text_of(answers[-1])


@pytest.mark.security("ABU-5")
def test_the_check_is_no_wall_for_the_next_person_of_that_address(client):
    for number in range(doors.FAILURES_BEFORE_ROBOT):
        post_password(client, f"inconnu{number}", "faux")
    person = make_person()
    with mock.patch.object(robot, "verify"):
        assert post_password(client, person.identifiant)["Location"] == PROOF


@pytest.mark.security("ABU-5")
def test_three_hundred_sign_ins_from_one_address_pass():
    request_limit = doors.ATTEMPTS_PER_ADDRESS
    assert request_limit >= 300


@pytest.mark.security("ABU-6")
def test_far_beyond_all_use_an_address_gets_429(client, monkeypatch):
    monkeypatch.setattr(doors, "ATTEMPTS_PER_ADDRESS", 3)
    for _ in range(3):
        post_password(client, "inconnu", "faux")
    answer = post_password(client, "inconnu", "faux")
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 600


@pytest.mark.security("ABU-3")
@pytest.mark.parametrize(
    "header", ["198.51.100.9", "198.51.100.9, 203.0.113.5", "pas une adresse", "", "::1, x"]
)
def test_a_forged_forwarded_header_resets_nothing(client, header, settings):
    settings.TRUSTED_PROXY_COUNT = 0
    for number in range(doors.FAILURES_BEFORE_ROBOT + 1):
        answer = client.post(
            DOOR,
            {"identifiant": f"inconnu{number}", "mot_de_passe": "faux"},
            headers={"X-Forwarded-For": f"{header}"},
        )
    assert "Veuillez procéder à la vérification" in text_of(answer)


# --- the same answer for nobody ------------------------------------------------------------------------------
def anonymous(html: str) -> str:
    """The page without what changes at each request (tokens, what was typed)."""
    html = re.sub(r'(value|nonce|content)="[^"]*"', "", html)
    return re.sub(r"gAAAA[\w=-]+", "", html)


@pytest.mark.feature("C6")
@pytest.mark.security("ABU-1")
def test_known_and_unknown_get_the_same_status_text_and_cookies():
    person = make_person()
    known, unknown = Client(), Client()
    for number in range(6):
        one = post_password(known, person.identifiant, "faux")
        two = post_password(unknown, "personne-ici", "faux")
        assert one.status_code == two.status_code, number
        assert anonymous(text_of(one)) == anonymous(text_of(two))
        assert set(one.cookies) == set(two.cookies)


@pytest.mark.security("ABU-1", "PWD-1")
@pytest.mark.parametrize("kind", ["known", "unknown", "no_password", "closed", "right"])
def test_exactly_one_hash_is_made_whoever_it_is(client, kind):
    person = make_person(
        password=None if kind == "no_password" else PASSWORD,
        status="closed" if kind == "closed" else "active",
    )
    typed = "personne-ici" if kind == "unknown" else person.identifiant
    from django.contrib.auth.hashers import MD5PasswordHasher  # noqa: PLC0415

    with mock.patch.object(
        MD5PasswordHasher, "encode", autospec=True, side_effect=MD5PasswordHasher.encode
    ) as hashes:
        post_password(client, typed, PASSWORD if kind == "right" else "faux")
    assert hashes.call_count == 1


@pytest.mark.security("ABU-1")
def test_a_password_too_long_still_costs_one_hash():
    with mock.patch("accounts.passwords.make_password") as hashes:
        assert passwords.check(make_person(), "x" * 5000) is False
    assert hashes.call_count == 1


@pytest.mark.security("ABU-7")
def test_counters_hold_no_name_and_survive_the_cache(client):
    from django.core.cache import cache  # noqa: PLC0415

    person = make_person()
    with time_machine.travel(timezone.now(), tick=False):
        fail_now(client, person.identifiant, 5)
        cache.clear()
        assert post_password(client, person.identifiant).status_code == 429
    assert all(re.fullmatch(r"[0-9a-f]{64}", row.key_hash) for row in AttemptCounter.objects.all())
