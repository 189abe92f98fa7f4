"""Every state and every move of an account; who may make them; what each one does."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import links, retention, selectors, tasks
from accounts.enums import AccountStatus, LinkPurpose
from accounts.models import MailedLink, SecurityEvent, User
from accounts.workflows import account, email_change
from portal.common.workflow import NotAllowed, WrongState
from tests.accounts.signup.people import make_user, sign_in
from tests.support.outbox import Outbox

pytestmark = pytest.mark.django_db
S = AccountStatus

TARGETS = {
    "validate_email": {S.PENDING: S.ACTIVE},
    "validate_email_and_wait": {S.PENDING: S.AWAITING_DECISION},
    "accept": {S.AWAITING_DECISION: S.ACTIVE},
    "refuse": {S.AWAITING_DECISION: S.CLOSED},
    "suspend": {S.ACTIVE: S.SUSPENDED},
    "reactivate": {S.SUSPENDED: S.ACTIVE},
    "close": {S.PENDING: S.CLOSED, S.AWAITING_DECISION: S.CLOSED, S.ACTIVE: S.CLOSED, S.SUSPENDED: S.CLOSED},
    "expire": {S.PENDING: S.CLOSED},
    "reopen": {S.CLOSED: S.ACTIVE},
}
BY_NOBODY = {"expire", "validate_email", "validate_email_and_wait"}


@pytest.fixture
def agent() -> User:
    return make_user("agent", is_staff=True)


@pytest.mark.parametrize("name", sorted(TARGETS))
@pytest.mark.parametrize("state", list(S))
def test_each_move_starts_from_its_states_only(name: str, state: AccountStatus, agent: User) -> None:
    user = make_user(status=state)
    actor = None if name in BY_NOBODY else agent
    target = TARGETS[name].get(state)
    if target is None:
        if state in TARGETS[name].values():
            assert not account.MACHINE.perform(user, name, actor=actor).changed
        else:
            with pytest.raises(WrongState):
                account.MACHINE.perform(user, name, actor=actor)
        return
    assert account.MACHINE.perform(user, name, actor=actor).obj.status == target
    user.refresh_from_db()
    assert user.status == target
    assert user.transitions.get().actor == actor


@pytest.mark.security("ACL-4")
@pytest.mark.parametrize("name", ["accept", "refuse", "suspend", "reactivate", "reopen"])
def test_only_the_support_decides_and_never_about_itself(name: str, agent: User) -> None:
    state = next(iter(TARGETS[name]))
    user, colleague = make_user(status=state), make_user("quelqu.un")
    for actor in (None, colleague, user):
        with pytest.raises(NotAllowed):
            account.MACHINE.perform(user, name, actor=actor)
    own = make_user("autre.agent", is_staff=True, status=state)
    with pytest.raises(NotAllowed):
        account.MACHINE.perform(own, name, actor=own)


def test_the_owner_may_close_and_a_stranger_may_not(person: User) -> None:
    with pytest.raises(NotAllowed):
        account.close(person, actor=make_user("autre"))
    assert account.close(person, actor=person, reason="je pars").changed
    assert not account.close(person, actor=person).changed


@pytest.mark.security("SES-5")
def test_suspending_shuts_sessions_and_links_at_once(
    client: Client, person: User, agent: User, outbox: Outbox
) -> None:
    sign_in(client, person)
    token = links.issue(person, LinkPurpose.RESET, life=timedelta(hours=1), email=person.email)
    account.suspend(person, actor=agent, reason="vérification d’identité")
    assert client.get("/preferences/").status_code == 302
    assert links.find(token, LinkPurpose.RESET) is None
    event = SecurityEvent.objects.get(action="account_suspended")
    assert (event.actor, event.subject, event.reason) == (agent, person, "vérification d’identité")
    assert "suspendu" in outbox.last(person.email).subject
    assert "vérification d’identité" not in outbox.last(person.email).text


def test_twice_the_same_decision_sends_one_mail(person: User, agent: User, outbox: Outbox) -> None:
    account.suspend(person, actor=agent, reason="a")
    account.suspend(person, actor=agent, reason="b")
    assert len(outbox.emails(person.email)) == 1


def test_a_closed_account_may_be_reopened_unless_its_address_was_taken(person: User, agent: User) -> None:
    account.close(person, actor=person)
    account.reopen(person, actor=agent, reason="demande de la personne")
    person.refresh_from_db()
    assert person.status == S.ACTIVE
    account.close(person, actor=person)
    make_user("nouvelle", email=person.email)
    with pytest.raises(account.AddressTaken):
        account.reopen(person, actor=agent, reason="encore")
    person.refresh_from_db()
    assert person.status == S.CLOSED


def test_abandoned_sign_ups_are_closed_after_the_days_of_the_profile(outbox: Outbox) -> None:
    make_user("recent", status=S.PENDING, status_at=timezone.now() - timedelta(days=6))
    old = make_user("vieux", status=S.PENDING, status_at=timezone.now() - timedelta(days=8))
    links.issue(old, LinkPurpose.SIGN_UP, life=timedelta(days=30), email=old.email)
    assert account.expire_abandoned() == 1
    assert account.expire_abandoned() == 0
    old.refresh_from_db()
    assert old.status == S.CLOSED
    assert not MailedLink.objects.filter(dead_at=None).exists()
    assert User.objects.get(identifiant="recent").status == S.PENDING


@pytest.mark.security("DAT-4")
def test_closed_accounts_are_erased_after_their_time_and_keep_their_history(person: User) -> None:
    account.close(person, actor=person)
    assert account.erase_closed(timezone.now() - timedelta(days=1)) == 0
    with time_machine.travel(timezone.now() + timedelta(days=731), tick=False):
        assert account.erase_closed(timezone.now() - timedelta(days=730)) == 1
        assert account.erase_closed(timezone.now() - timedelta(days=730)) == 0
    person.refresh_from_db()
    assert (person.nom, person.email, person.rpps) == ("Compte", "", "")
    assert not person.has_usable_password()
    assert person.transitions.exists()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": S.PENDING, "email_verified_at": None}, "pending"),
        ({"status": S.AWAITING_DECISION}, "awaiting_decision"),
        ({"status": S.SUSPENDED}, "suspended"),
        ({"status": S.CLOSED}, "closed"),
        ({"email_verified_at": None}, "no_way_to_send_codes"),
        ({"password": None}, "no_password"),
        (
            {"must_change_password": True, "password_changed_at": timezone.now() - timedelta(days=9)},
            "temporary_secret_over",
        ),
    ],
)
def test_what_keeps_a_person_out_is_said_with_what_to_do(changes: dict, code: str) -> None:
    blocks = selectors.what_blocks(make_user(**changes))
    assert blocks[0].code == code
    assert blocks[0].sentence.endswith(".")
    assert blocks[0].action.endswith(".")


def test_nothing_keeps_out_a_person_in_order(person: User) -> None:
    assert selectors.what_blocks(person) == []


def test_a_document_not_accepted_is_named(person: User) -> None:
    person.acceptances.all().delete()
    assert [block.code for block in selectors.what_blocks(person)] == ["document_terms"]


@pytest.mark.security("DAT-4", "REL-3")
def test_the_hourly_task_applies_every_rule_and_twice_changes_nothing(person: User) -> None:
    make_user("abandon", status=S.PENDING, status_at=timezone.now() - timedelta(days=8))
    make_user("parti", status=S.CLOSED, status_at=timezone.now() - timedelta(days=800))
    email_change.ask(person, "neuve@exemple.fr", actor=person)
    with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
        done = {"sign_ups_expired": 1, "email_changes_expired": 1, "accounts_erased": 1}
        done |= {"accounts_warned": 0, "accounts_closed": 0, "factors_removed": 0}
        assert retention.apply_all() == done
        tasks.apply_retention()
        assert retention.apply_all() == dict.fromkeys(done, 0)
