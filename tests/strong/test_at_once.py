"""The same number linked by several people, or several times, at the same instant."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory

from accounts.models import NationalLink, StrongMeans, User
from accounts.strong import linking
from accounts.strong.refusals import StrongRefusal
from tests.strong.steps import CARD, ECPS, RPPS, SOMEBODY_ELSE
from tests.support.sign_in import make_person

pytestmark = pytest.mark.django_db(transaction=True)


def together(*acts: Callable[[], Any]) -> list[str]:
    """What each act came to: "ok" or the code of its refusal; all start at the same instant."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> str:
        try:
            gate.wait(10)
            act()
        except StrongRefusal as refusal:
            return refusal.code
        finally:
            connection.close()
        return "ok"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


@pytest.mark.security("RP-4")
@pytest.mark.parametrize("round_", range(3))
def test_two_accounts_that_claim_one_number_at_once_give_one_owner(round_: int) -> None:
    people = [make_person(nom="Martel") for _ in range(4)]
    ends = together(*(lambda who=who: linking.link(None, who, CARD) for who in people))
    assert ends == ["held_elsewhere"] * 3 + ["ok"]
    assert NationalLink.objects.filter(ended_at=None).count() == 1
    assert User.objects.filter(rpps=RPPS).count() == 1


def test_the_same_link_made_four_times_at_once_is_made_once() -> None:
    person = make_person(nom="Martel")
    ends = together(*(lambda: linking.link(None, person, CARD) for _ in range(4)))
    assert ends == ["ok"] * 4
    assert StrongMeans.objects.count() == 1


def test_two_identities_linked_to_one_account_at_once_leave_one() -> None:
    person = make_person(nom="Autre")
    ends = together(
        lambda: linking.link(None, person, CARD), lambda: linking.link(None, person, SOMEBODY_ELSE)
    )
    assert "ok" in ends
    assert len(set(ends)) == 2
    assert NationalLink.objects.filter(user=person, ended_at=None).count() == 1


def test_card_and_e_cps_that_arrive_at_once_join_the_same_account() -> None:
    person = make_person(nom="Martel")
    linking.link(None, person, CARD)
    request = RequestFactory().get("/")
    second = replace(CARD, card_number="2900000002", serial="BB")
    ends = together(
        *(lambda: linking.recognise(request, ECPS) for _ in range(3)),
        *(lambda: linking.recognise(request, second) for _ in range(3)),
    )
    assert ends == ["ok"] * 6
    assert StrongMeans.objects.filter(unlinked_at=None).count() == 3
