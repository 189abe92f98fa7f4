"""Kept connections: a live one is not asked at each request, a dead one is replaced before it is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connections

from accounts.models import User
from portal.common import prepared
from portal.common.postgresql import base

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A connection as a web process keeps it, checked once already."""
    made = connections["default"].copy()
    made.settings_dict = {**made.settings_dict, "CONN_HEALTH_CHECKS": True}
    made.inc_thread_sharing()
    made.ensure_connection()
    next_request(made)
    yield made
    made.close()


def next_request(connection: Any) -> int:
    """Key of the server process that answers the first statement of a request."""
    connection.close_if_unusable_or_obsolete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    calls: list[int] = []
    known = base.DatabaseWrapper.is_usable

    def is_usable(self: Any) -> bool:
        calls.append(1)
        return bool(known(self))

    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", is_usable)
    return calls


def end(pid: int) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        assert cursor.fetchone()[0]


def test_a_connection_in_use_is_not_asked_at_each_request(kept: Any, asked: list[int]) -> None:
    assert len({next_request(kept) for _ in range(5)}) == 1
    assert not asked


@pytest.mark.security("REL-4")
def test_a_connection_ended_by_the_server_is_replaced_before_it_is_used(kept: Any, asked: list[int]) -> None:
    before = next_request(kept)
    end(before)
    assert next_request(kept) != before
    assert len(asked) == 1


def test_a_connection_that_rested_is_asked(
    kept: Any, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "RESTED_SECONDS", 0.0)
    next_request(kept)
    assert len(asked) == 1


def test_a_statement_is_prepared_once_and_gives_what_the_manager_gives() -> None:
    user = User.objects.create_user(identifiant="c.martin", email="c.martin@example.org")
    statement = f"SELECT {prepared.columns(User, 'u')} FROM accounts_user AS u WHERE u.id = %s"
    for _ in range(3):
        row = prepared.row(statement, [user.pk])
    assert row is not None
    found, known = prepared.instance(User, row), User.objects.get(pk=user.pk)
    assert {f.attname: getattr(found, f.attname) for f in User._meta.concrete_fields} == {
        f.attname: getattr(known, f.attname) for f in User._meta.concrete_fields
    }
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements"
            " WHERE statement LIKE '%%FROM accounts_user AS u WHERE u.id = $1'"
        )
        assert cursor.fetchall() == [(3,)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.security("REL-8")
def test_a_column_changed_by_a_migration_does_not_stop_its_statements() -> None:
    statement = "SELECT g.name FROM auth_group AS g WHERE g.name = %s"
    Group.objects.create(name="pilotes")
    assert prepared.row(statement, ["pilotes"]) == ("pilotes",)
    with connections["default"].cursor() as cursor:
        cursor.execute("ALTER TABLE auth_group ALTER COLUMN name TYPE varchar(160)")
    try:
        assert prepared.row(statement, ["pilotes"]) == ("pilotes",)
        assert prepared.row(statement, ["pilotes"]) == ("pilotes",)
    finally:
        with connections["default"].cursor() as cursor:
            cursor.execute("ALTER TABLE auth_group ALTER COLUMN name TYPE varchar(150)")
