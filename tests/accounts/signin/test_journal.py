"""The security journal cannot be changed, and its chain tells when it was."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pgtrigger
import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import journal, journal_seal, purges
from accounts.journal import Action
from accounts.models import SecurityEvent
from tests.support.sign_in import make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("DAT-1")]


def write_events(count: int) -> None:
    person = make_person()
    with time_machine.travel(timezone.now() - timedelta(minutes=5), tick=False):
        for number in range(count):
            journal.record(Action.SIGN_IN, subject=person, number=number)


def test_rows_can_be_neither_deleted_nor_rewritten():
    write_events(1)
    for change in (
        lambda: SecurityEvent.objects.all().delete(),
        lambda: SecurityEvent.objects.update(action="sign_out"),
        lambda: SecurityEvent.objects.update(data={"number": 7}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE accounts_securityevent",
        "TRUNCATE accounts_user CASCADE",
        "TRUNCATE accounts_securityevent, auth_group CASCADE",
    ],
)
def test_the_journal_is_not_emptied_at_one_stroke(statement):
    """By the owner of the table and a super-user: also when the session puts every trigger it can aside."""
    write_events(2)
    every_trigger = (
        "select array_agg(tgname)::text from pg_trigger where tgrelid = 'accounts_securityevent'::regclass"
    )
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"select set_config('pgtrigger.ignore', ({every_trigger}), true)")
        cursor.execute("set constraints all immediate")
        cursor.execute(statement)
    assert SecurityEvent.objects.count() >= 2


@pytest.mark.django_db(transaction=True)
def test_the_trigger_is_back_after_a_flush_of_the_tests():
    write_events(1)
    call_command("flush", interactive=False, verbosity=0)
    assert not SecurityEvent.objects.exists()
    journal.record(Action.SIGN_IN)
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_securityevent CASCADE")


def test_a_seal_is_set_once():
    write_events(1)
    assert journal_seal.seal_pending() == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        SecurityEvent.objects.update(seal="0" * 64)


def test_the_chain_holds_and_names_the_first_row_changed():
    write_events(5)
    assert journal_seal.seal_pending() == 5
    assert journal_seal.seal_pending() == 0
    out = StringIO()
    call_command("verifier_journal", stdout=out)
    assert "5 lignes scellées, 0 en attente" in out.getvalue()
    third = SecurityEvent.objects.order_by("id")[2]
    with pgtrigger.ignore(
        "accounts.SecurityEvent:journal_freezes_content", "accounts.SecurityEvent:journal_freezes_sealed_rows"
    ):
        SecurityEvent.objects.filter(pk=third.pk).update(address="198.51.100.7")
    assert journal_seal.verify().broken_id == third.pk
    with pytest.raises(CommandError, match=str(third.pk)):
        call_command("verifier_journal")


def test_a_row_taken_away_breaks_the_chain():
    write_events(4)
    journal_seal.seal_pending()
    rows = list(SecurityEvent.objects.order_by("id"))
    with pgtrigger.ignore("accounts.SecurityEvent:journal_keeps_rows"):
        SecurityEvent.objects.filter(pk=rows[1].pk).delete()
    assert journal_seal.verify().broken_id == rows[2].pk


def test_fresh_rows_wait_before_they_are_sealed():
    journal.record(Action.SIGN_IN, subject=make_person())
    assert journal_seal.seal_pending() == 0
    assert journal_seal.verify().unsealed == 1


def test_the_purge_by_age_leaves_a_chain_that_still_holds():
    with time_machine.travel(timezone.now() - purges.journal_life() - timedelta(days=2), tick=False):
        write_events(6)
    journal_seal.seal_pending()
    assert purges.purge_journal() == 5
    assert journal_seal.verify().broken_id is None


def test_the_owner_reads_it_in_plain_words(client):
    person, other = make_person(), make_person()
    sign_in(client, person)
    journal.record(Action.SIGN_IN_REFUSED, subject=person, outcome="failure", method="password")
    journal.record(Action.PASSKEY_ADDED, subject=other)
    page = client.get("/preferences/journal/").content.decode()
    assert "Connexion refusée" in page
    assert "Clé d’accès ajoutée" not in page
