"""Accounts nobody uses: warned at 11 months, closed at 12, erased at 24 (DAT-4)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import activity, retention, tasks
from accounts.enums import AccountStatus
from accounts.models import AccountTransition, NationalLink, SecurityEvent, User
from accounts.workflows import account, inactivity
from portal.common.workflow import NotAllowed
from portal.plateformes import current
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("DAT-4")]


@contextmanager
def after(months: float, since: datetime | None = None) -> Iterator[None]:
    moment = (since or timezone.now()) + timedelta(days=30.5 * months + 0.1)
    with time_machine.travel(moment, tick=False):
        yield


def used_now(**fields: Any) -> User:
    person = make_person(**fields)
    User.objects.filter(pk=person.pk).update(last_login=timezone.now(), status_at=timezone.now())
    person.refresh_from_db()
    return person


def status_of(person: User) -> str:
    person.refresh_from_db()
    return person.status


def test_warned_then_closed_then_erased_and_each_step_once(outbox: Outbox) -> None:
    person, start = used_now(email="martel@cabinet.example"), timezone.now()
    with after(10.9, start):
        assert set(retention.apply_all().values()) == {0}
    with after(11, start):
        assert [retention.apply_all()["accounts_warned"] for _ in range(2)] == [1, 0]
        mail = outbox.last("martel@cabinet.example")
        assert "Votre compte sera fermé le" in mail.subject
        assert "il suffit de vous connecter une fois" in mail.text and "/connexion/" in mail.text
    with after(11.9, start):
        assert retention.apply_all()["accounts_closed"] == 0
    with after(12, start):
        assert [retention.apply_all()["accounts_closed"] for _ in range(2)] == [1, 0]
        assert status_of(person) == AccountStatus.CLOSED
        assert "faute d’activité" in outbox.last("martel@cabinet.example").subject
        assert "12 mois" in outbox.last("martel@cabinet.example").text
    with after(23.9, start):
        assert retention.apply_all()["accounts_erased"] == 0
    Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
    with after(24.1, start):
        tasks.apply_retention()
        assert retention.apply_all()["accounts_erased"] == 0
        person.refresh_from_db()
        assert (person.email, person.nom, person.inactive_warned_at) == ("", "Compte", None)
        assert not Authenticator.objects.filter(user=person).exists()
    told = set(SecurityEvent.objects.filter(subject=person).values_list("action", flat=True))
    assert told == {"inactivity_warned", "account_closed", "account_erased"}
    assert len(outbox.emails("martel@cabinet.example")) == 2


@pytest.mark.parametrize("level", [1, 3])
def test_a_sign_in_after_the_warning_starts_the_time_again(client: Client, level: int) -> None:
    person, start = used_now(), timezone.now()
    with after(11, start):
        assert inactivity.warn() == 1
        sign_in(client, person, level=level)
    with after(12.5, start):
        assert (inactivity.close(), inactivity.warn()) == (0, 0)
        assert status_of(person) == AccountStatus.ACTIVE
    with after(22.1, start):
        assert inactivity.warn() == 1


def test_somebody_who_stays_signed_in_is_not_asleep(client: Client) -> None:
    person, start = used_now(), timezone.now()
    with after(10.9, start):
        sign_in(client, person, remembered=True)
        User.objects.filter(pk=person.pk).update(last_login=start)
    with after(11, start):
        assert inactivity.warn() == 0


def test_a_late_clock_warns_first_and_waits_a_whole_month(outbox: Outbox) -> None:
    person, start = used_now(), timezone.now()
    with after(15, start):
        done = retention.apply_all()
        assert (done["accounts_warned"], done["accounts_closed"]) == (1, 0)
        end = account.inactive_end(User.objects.get(pk=person.pk))
        assert end - timezone.now() == activity.months(1)
    with after(15.9, start):
        assert inactivity.close() == 0
    with after(16.1, start):
        assert inactivity.close() == 1


@pytest.mark.parametrize("role", ["is_staff", "is_superuser"])
def test_an_agent_is_never_closed_by_the_clock_the_support_is_told(outbox: Outbox, role: str) -> None:
    agent, start = used_now(**{role: True}), timezone.now()
    with after(11, start):
        assert [inactivity.warn(), inactivity.warn()] == [1, 0]
    told = outbox.last(current().support.email)
    assert str(agent.public_id) in told.text and agent.nom not in told.text
    assert not outbox.emails(agent.email)
    with after(14, start):
        assert inactivity.close() == 0
        with pytest.raises(NotAllowed):
            account.close_inactive(agent)
        assert status_of(agent) == AccountStatus.ACTIVE


def test_a_proven_identity_follows_the_same_calendar_and_goes_with_the_account() -> None:
    person, start = used_now(), timezone.now()
    NationalLink.objects.create(user=person, national_id="899700000013", proven_by="card")
    with after(11, start):
        inactivity.warn()
    with after(12.1, start):
        assert inactivity.close() == 1
        assert NationalLink.objects.filter(user=person).exists()  # the support may still reopen
    with after(24.2, start):
        assert inactivity.erase() == 1
        assert not NationalLink.objects.filter(user=person).exists()


def test_the_support_opens_it_again_and_the_time_starts_again() -> None:
    person, agent, start = used_now(), make_person(is_staff=True), timezone.now()
    with after(11, start):
        inactivity.warn()
    with after(12.1, start):
        inactivity.close()
    with after(20, start):
        account.reopen(person, actor=agent, reason="de retour")
    with after(25, start):
        done = retention.apply_all()
        assert (done["accounts_erased"], done["accounts_closed"]) == (0, 0)
        assert status_of(person) == AccountStatus.ACTIVE


@pytest.mark.parametrize("status", [AccountStatus.SUSPENDED, AccountStatus.AWAITING_DECISION])
def test_what_waits_for_a_person_is_left_to_that_person(status: AccountStatus) -> None:
    person, start = used_now(status=status), timezone.now()
    with after(13, start):
        assert (inactivity.warn(), inactivity.close()) == (0, 0)
    assert status_of(person) == status


def test_a_closure_by_its_owner_keeps_its_whole_time() -> None:
    person, start = used_now(), timezone.now()
    account.close(person, actor=person)
    with after(13, start):
        assert inactivity.erase() == 0
    with after(24.1, start):
        assert retention.apply_all()["accounts_erased"] == 1


def test_small_batches_reach_everybody() -> None:
    people, start = [used_now() for _ in range(5)], timezone.now()
    with after(11, start):
        assert [inactivity.warn(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    with after(12.1, start):
        assert [inactivity.close(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    with after(24.2, start):
        assert [inactivity.erase(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert all(status_of(person) == AccountStatus.CLOSED for person in people)


@pytest.mark.security("REL-3")
@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once_warn_and_close_each_account_once(outbox: Outbox) -> None:
    person, start = used_now(), timezone.now()

    def together(step: Any) -> int:
        done: list[int] = []

        def run() -> None:
            try:
                done.append(step())
            finally:
                connection.close()

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(done)

    with after(11, start):
        assert together(inactivity.warn) == 1
    with after(12.1, start):
        assert together(inactivity.close) == 1
    assert len(outbox.emails(person.email)) == 2
    assert AccountTransition.objects.filter(subject=person, name="close_inactive").count() == 1


@pytest.mark.parametrize("how", ["refused", "abandoned"])
def test_a_request_refused_or_abandoned_is_erased_after_three_months(how: str) -> None:
    agent, start = make_person(is_staff=True), timezone.now()
    if how == "refused":
        person = used_now(status=AccountStatus.AWAITING_DECISION)
        account.refuse(person, actor=agent, reason="pièce manquante")
    else:
        person = used_now(status=AccountStatus.PENDING)
        account.expire(person)
    with after(2.9, start):
        assert retention.apply_all()["accounts_erased"] == 0
    with after(3.1, start):
        assert [retention.apply_all()["accounts_erased"] for _ in range(2)] == [1, 0]
        person.refresh_from_db()
        assert person.email == ""


def test_what_closed_it_last_decides_how_long_it_is_kept() -> None:
    """Closed by the clock, opened again, then closed by its owner: the owner's whole time."""
    person, agent, start = used_now(), make_person(is_staff=True), timezone.now()
    with after(11, start):
        inactivity.warn()
    with after(12.1, start):
        inactivity.close()
    with after(13, start):
        account.reopen(person, actor=agent, reason="de retour")
        account.close(person, actor=person)
    with after(26, start):
        assert retention.apply_all()["accounts_erased"] == 0
    with after(37.2, start):
        assert retention.apply_all()["accounts_erased"] == 1
