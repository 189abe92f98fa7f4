"""The account that runs the portal owns no table: what somebody who took it could do to the journals (DAT-1, DAT-6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import journal, journal_seal, purges
from accounts.models import SecurityEvent
from portal.common import database_rights
from portal.launcher import postgres
from tests.support.database_roles import become_application, leave, make_roles
from tests.support.sign_in import make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("DAT-1")]
JOURNALS = [
    "accounts_securityevent",
    "accounts_accounttransition",
    "accounts_emailchangetransition",
]


@pytest.fixture
def roles() -> Iterator[None]:
    """Both roles with their rights, for the length of one test."""
    make_roles()
    yield
    leave()


@pytest.fixture
def as_application(roles: None) -> Callable[..., Any]:
    """Runs statements as the account of the portal; those of the product too, until the end of the test."""

    def become(sql: str = "", parameters: Any = None) -> Any:
        with transaction.atomic():
            become_application()
            if not sql:
                return None
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return cursor.fetchall() if cursor.description else cursor.rowcount

    return become


def sealed_event(age: timedelta = timedelta(minutes=5)) -> SecurityEvent:
    with time_machine.travel(timezone.now() - age, tick=False):
        event = journal.record(journal.Action.SIGN_IN, subject=make_person())
    journal_seal.seal_pending()
    event.refresh_from_db()
    assert event.seal
    return event


@pytest.mark.parametrize("table", JOURNALS)
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM {table}",
        "SET LOCAL pgtrigger.ignore = '{{{table}}}'; DELETE FROM {table}",
        "TRUNCATE {table}",
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
        "DROP TABLE {table}",
        "SET LOCAL session_replication_role = replica; DELETE FROM {table}",
        "CREATE RULE forget AS ON INSERT TO {table} DO INSTEAD NOTHING",
        "CREATE TRIGGER forget BEFORE INSERT ON {table} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ],
)
def test_no_journal_can_be_touched(as_application: Callable[..., Any], table: str, statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"denied|must be owner|no privileges"):
        as_application(statement.format(table=table))


@pytest.mark.parametrize("table", JOURNALS[1:])
def test_a_decision_is_never_rewritten(as_application: Callable[..., Any], table: str) -> None:
    with pytest.raises(DatabaseError, match="denied"):
        as_application(f"UPDATE {table} SET reason = 'autre'")


def test_of_an_event_only_its_seal_is_ever_put(as_application: Callable[..., Any]) -> None:
    event = sealed_event()
    for column in ("action", "subject_id", "at", "data"):
        with pytest.raises(DatabaseError, match="denied"):
            as_application(f"UPDATE accounts_securityevent SET {column} = {column} WHERE id = %s", [event.pk])
    with pytest.raises(DatabaseError, match="Cannot update"):
        as_application("UPDATE accounts_securityevent SET seal = 'faux' WHERE id = %s", [event.pk])
    fresh = journal.record(journal.Action.SIGN_IN, subject=event.subject)
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        as_application()
        assert journal_seal.seal_pending() == 1
    fresh.refresh_from_db()
    assert fresh.seal
    assert journal_seal.verify().broken_id is None


def test_what_it_is_given_to_purge_with_keeps_a_year(as_application: Callable[..., Any]) -> None:
    old, kept = sealed_event(timedelta(days=500)), sealed_event(timedelta(days=300))
    with pytest.raises(DatabaseError, match="kept for a year"):
        as_application("SELECT accounts_purge_journal(now(), 1000)")
    with pytest.raises(DatabaseError, match="kept for a year"):
        as_application("SELECT accounts_purge_journal(NULL, 1000)")
    assert as_application("SELECT accounts_purge_journal(now() - interval '366 days', 1000)") == [(0,)], (
        "the anchor"
    )
    older = SecurityEvent.objects.filter(pk__lte=old.pk)
    assert older.exists()
    assert purges.purge_journal() == older.count() - 1
    assert SecurityEvent.objects.filter(pk=kept.pk).exists()
    with pytest.raises(DatabaseError, match="denied"):
        as_application("DELETE FROM accounts_securityevent")


def test_nobody_else_may_purge(roles: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {postgres.READER}")
        with pytest.raises(DatabaseError, match="denied"), transaction.atomic():
            cursor.execute("SELECT accounts_purge_journal(now() - interval '2 years', 10)")


@pytest.mark.security("DAT-6")
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.trap (id integer)",
        "CREATE FUNCTION public.referentiels_plier(varchar) RETURNS text LANGUAGE sql AS 'select $1::text'",
        "ALTER TABLE accounts_user ADD COLUMN trap text",
        "DROP INDEX accounts_user_pkey",
        "UPDATE django_migrations SET name = name",
        "CREATE ROLE trap SUPERUSER",
        "COPY accounts_user TO '/tmp/trap'",
        "COPY accounts_user FROM PROGRAM 'true'",
    ],
)
def test_it_makes_nothing_and_changes_no_table(as_application: Callable[..., Any], statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"denied|must be owner"):
        as_application(statement)


@pytest.mark.security("DAT-6")
def test_the_reader_sees_the_national_data_and_no_person_s_secret(roles: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {postgres.READER}")
        cursor.execute("SELECT count(*) FROM referentiels_commune")
        cursor.execute("SELECT count(*) FROM accounts_securityevent")
        for table in (
            "accounts_user",
            "accounts_storedsession",
            "accounts_onetimecode",
            "messaging_outgoingmessage",
        ):
            with pytest.raises(DatabaseError, match="denied"), transaction.atomic():
                cursor.execute(f"SELECT count(*) FROM {table}")
        with pytest.raises(DatabaseError, match="denied"), transaction.atomic():
            cursor.execute("INSERT INTO accounts_securityevent (action) VALUES ('x')")


@pytest.mark.security("DAT-6")
def test_a_person_signs_in_under_it(as_application: Callable[..., Any], client: Client) -> None:
    person = make_person()
    as_application()
    sign_in(client, person)
    assert client.get("/preferences/journal/").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (postgres.APPLICATION,)


def test_each_migration_gives_the_rights(roles: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"REVOKE SELECT ON accounts_user FROM {postgres.APPLICATION}")
        call_command("migrate", verbosity=0)
        cursor.execute("SELECT has_table_privilege(%s, 'accounts_user', 'SELECT')", [postgres.APPLICATION])
        assert cursor.fetchone() == (True,)


def test_the_launcher_knows_their_names() -> None:
    assert postgres.USER + database_rights.APPLICATION == postgres.APPLICATION
    assert postgres.USER + database_rights.READER == postgres.READER
