"""The kernel, shown on the change of address: the smallest real table with a log."""

import inspect
import threading
from typing import Any

import pgtrigger
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import EmailChange, EmailChangeTransition, User
from portal.common import workflow
from portal.common.transition_log import AppendOnlyError
from portal.common.workflow import Machine, NotAllowed, Outcome, Transition, WrongState, clock_only


def owner(actor: Any, change: EmailChange) -> bool:
    return actor is not None and actor.pk == change.user_id


MACHINE = Machine(
    EmailChange,
    "status",
    (
        Transition("confirm", ("requested",), "confirmed", "Valider", owner),
        Transition("cancel", ("requested",), "cancelled", "Annuler", owner),
        Transition("withdraw", ("requested",), "cancelled", "Retirer", owner),
        Transition("expire", ("requested",), "expired", "Délai dépassé", clock_only),
    ),
    EmailChangeTransition,
)


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("camille", None, email="camille@exemple.fr")


@pytest.fixture
def change(person: User) -> EmailChange:
    return EmailChange.objects.create(user=person, new_email="neuve@exemple.fr")


def test_a_move_writes_state_time_data_and_one_line_of_log(person: User, change: EmailChange) -> None:
    before = timezone.now()
    outcome = MACHINE.perform(change, "confirm", actor=person, reason="clic", new_email="autre@exemple.fr")
    assert outcome == Outcome(change, changed=True)
    change.refresh_from_db()
    assert (change.status, change.new_email) == ("confirmed", "autre@exemple.fr")
    assert change.status_at >= before
    line = EmailChangeTransition.objects.get()
    assert (line.name, line.source, line.target) == ("confirm", "requested", "confirmed")
    assert (line.subject, line.actor, line.reason) == (change, person, "clic")


def test_a_primary_key_is_enough(person: User, change: EmailChange) -> None:
    assert MACHINE.perform(change.pk, "confirm", actor=person).obj.status == "confirmed"


def test_the_same_decision_twice_is_harmless_and_says_so(person: User, change: EmailChange) -> None:
    told: list[EmailChange] = []
    MACHINE.perform(change, "confirm", actor=person, consequences=told.append)
    again = MACHINE.perform(change, "confirm", actor=person, consequences=told.append)
    assert not again.changed
    assert len(told) == 1
    assert EmailChangeTransition.objects.count() == 1


@pytest.mark.parametrize("name", ["confirm", "withdraw"])
def test_a_contrary_or_different_decision_is_refused(person: User, change: EmailChange, name: str) -> None:
    MACHINE.perform(change, "cancel", actor=person)
    with pytest.raises(WrongState) as caught:
        MACHINE.perform(change, name, actor=person)
    assert (caught.value.current, caught.value.name) == ("cancelled", name)
    label = EmailChange._meta.get_field("status").flatchoices
    assert dict(label)["cancelled"] in caught.value.message
    assert EmailChangeTransition.objects.count() == 1


def test_the_right_is_asked_before_anything_is_said_of_the_state(person: User, change: EmailChange) -> None:
    stranger = User.objects.create_user("autre", None, email="autre@exemple.fr")
    MACHINE.perform(change, "cancel", actor=person)
    for name in MACHINE.transitions:
        with pytest.raises(NotAllowed, match="refused"):
            MACHINE.perform(change, name, actor=stranger)


def test_only_the_clock_makes_a_move_of_the_clock(person: User, change: EmailChange) -> None:
    with pytest.raises(NotAllowed):
        MACHINE.perform(change, "expire", actor=person)
    assert MACHINE.perform(change, "expire", actor=None).changed


def test_a_consequence_that_fails_undoes_the_move(person: User, change: EmailChange) -> None:
    def fail(_: EmailChange) -> None:
        raise RuntimeError("no mail")

    with pytest.raises(RuntimeError, match="no mail"):
        MACHINE.perform(change, "confirm", actor=person, consequences=fail)
    change.refresh_from_db()
    assert change.status == "requested"
    assert not EmailChangeTransition.objects.exists()


def test_data_that_names_no_field_is_refused(person: User, change: EmailChange) -> None:
    with pytest.raises(TypeError, match="colour"):
        MACHINE.perform(change, "confirm", actor=person, colour="red")
    change.refresh_from_db()
    assert change.status == "requested"


def test_unknown_moves_and_rows_are_programming_errors(person: User, change: EmailChange) -> None:
    with pytest.raises(KeyError):
        MACHINE.perform(change, "explode", actor=person)
    with pytest.raises(EmailChange.DoesNotExist):
        MACHINE.perform(0, "confirm", actor=person)


def test_two_moves_of_one_name_are_refused() -> None:
    move = Transition("confirm", ("requested",), "confirmed", "Valider", owner)
    with pytest.raises(ValueError, match="same name"):
        Machine(EmailChange, "status", (move, move), EmailChangeTransition)


def test_buttons_are_the_moves_this_person_may_make_now(person: User, change: EmailChange) -> None:
    assert [move.name for move in MACHINE.available(change, person)] == ["confirm", "cancel", "withdraw"]
    assert [move.name for move in MACHINE.available(change, None)] == ["expire"]
    done = MACHINE.perform(change, "confirm", actor=person).obj
    assert MACHINE.available(done, person) == []


def test_a_line_of_the_log_is_never_changed_nor_removed(person: User, change: EmailChange) -> None:
    MACHINE.perform(change, "confirm", actor=person)
    line = EmailChangeTransition.objects.get()
    with pytest.raises(AppendOnlyError):
        line.save()
    for act in (lambda: EmailChangeTransition.objects.update(reason="x"), line.delete):
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            act()
    with pgtrigger.ignore():
        EmailChangeTransition.objects.all().delete()
    assert not EmailChangeTransition.objects.exists()


@pytest.mark.security("REL-5")
@pytest.mark.django_db(transaction=True)
def test_twelve_contrary_decisions_at_once_leave_one(person: User, change: EmailChange) -> None:
    barrier = threading.Barrier(12)
    results: list[str] = []

    def decide(name: str) -> None:
        try:
            barrier.wait(10)
            results.append("yes" if MACHINE.perform(change.pk, name, actor=person).changed else "again")
        except WrongState:
            results.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=(("confirm", "cancel")[rank % 2],)) for rank in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["again"] * 5 + ["refused"] * 6 + ["yes"]
    assert EmailChangeTransition.objects.count() == 1


def test_the_kernel_stays_readable_in_one_sitting() -> None:
    lines = [line for line in inspect.getsource(workflow).splitlines() if line.strip()]
    assert len(lines) < 100
