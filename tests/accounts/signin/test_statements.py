"""The few statements of a sign-in that are written by hand: they do what the models would, by the indexes there are."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.sessions.backends.base import CreateError
from django.db import connection

from accounts import identify, journal, throttle
from accounts.models import AttemptCounter, SecurityEvent, StoredSession, User
from accounts.session_store import SessionStore
from portal.common import prepared
from tests.support.sign_in import make_person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("names", [{"identifiant"}, {"identifiant", "email"}, {"identifiant", "rpps"}])
def test_an_account_is_found_by_index_whatever_the_plan(names: set[str]) -> None:
    statement = identify._statement(frozenset(names))
    for number, name in enumerate(sorted(names), 1):
        statement = statement.replace(f"%({name})s", f"${number}")
    with connection.cursor() as cursor:
        # Bitmaps only: the one other way left is a condition of an index. On a small table the primary key, read whole
        # in its order, costs as little, and which of the two was taken hung on the tests that ran before.
        for other_way in ("seqscan", "indexscan", "indexonlyscan"):
            cursor.execute(f"SET LOCAL enable_{other_way} = off")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE find_account AS {statement}")
        cursor.execute(f"EXPLAIN EXECUTE find_account ({', '.join(['$$x$$'] * len(names))})")
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("DEALLOCATE find_account")
    assert len(re.findall(r"Index Cond: ", plan)) == len(names), plan


@pytest.mark.parametrize(
    "typed", ["Paul.Émile", "PAUL@EXEMPLE.FR", "99700000013", "8 99700000013", "999999999"]
)
def test_an_account_is_found_by_each_of_its_names(typed: str) -> None:
    person = make_person(
        identifiant="paul.emile", email="paul@exemple.fr", rpps="99700000013", adeli="999999999"
    )
    found = identify.find_account(typed)
    assert found == person
    assert found is not None and found.email_verified_at == person.email_verified_at


def test_a_row_inserted_by_hand_is_the_one_the_model_would_write() -> None:
    person = make_person()
    values: dict[str, Any] = {
        "action": "sign_in", "actor": person, "subject": person, "data": {"é": [1, None]}, "address": "::1", "level": 2,
    }  # fmt: skip
    usual = SecurityEvent.objects.create(**values)
    by_hand = prepared.insert(SecurityEvent(**values))
    assert not by_hand._state.adding and by_hand.pk > usual.pk
    held = SecurityEvent.objects.filter(pk__in=[usual.pk, by_hand.pk]).order_by("pk")
    first, second = ({k: v for k, v in row.items() if k not in ("id", "at")} for row in held.values())
    assert first == second


def test_a_session_takes_a_new_key_with_its_content_and_leaves_no_row_behind() -> None:
    store = SessionStore()
    store["panier"] = "plein"
    store.create()
    old = store.session_key
    store["panier"] = "vide"
    store.cycle_key()
    assert store.session_key != old
    assert SessionStore(old).load() == {}
    assert SessionStore(store.session_key).load() == {"panier": "vide"}
    assert StoredSession.objects.count() == 1


def test_a_session_that_is_gone_is_made_again_under_its_new_key() -> None:
    store = SessionStore()
    store["panier"] = "plein"
    store.create()
    StoredSession.objects.all().delete()
    store.cycle_key()
    assert SessionStore(store.session_key).load() == {"panier": "plein"}


def test_a_key_in_use_is_never_taken_by_another_session() -> None:
    store = SessionStore()
    store.create()
    other = SessionStore()
    other._session_key = store.session_key
    with pytest.raises(CreateError):
        other.save(must_create=True)


def test_counters_are_forgotten_together_and_no_other(rf: Any) -> None:
    request = rf.get("/")
    for kind in ("a", "b", "c"):
        throttle.failure(kind, "u1")
    throttle.failure("a", "u2")
    throttle.forget_all(own=[("a", "u1")], shared=[("b", "u1"), ("absent", "u1")], request=request)
    assert sorted(AttemptCounter.objects.values_list("kind", flat=True)) == ["a", "c"]
    assert throttle.failures("a", "u2") == 1


def test_the_journal_row_comes_back_with_its_number() -> None:
    event = journal.record(journal.Action.SIGN_IN, subject=make_person())
    assert SecurityEvent.objects.get() == event
    assert isinstance(event.subject, User)
