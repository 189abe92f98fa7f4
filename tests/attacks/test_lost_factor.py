"""A lost app or passkey is removed neither at once by one person, nor without its owner being told (MFA-5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from accounts import assurance, second_proof, support
from accounts.enums import FactorRemovalStatus, FactorScope
from accounts.models import (
    FactorRemoval,
    NationalLink,
    RecoveryCode,
    SecurityEvent,
    StrongMeans,
    User,
    UserSession,
)
from accounts.retention import apply_all
from accounts.workflows import account, lost_factor
from portal.common.workflow import NotAllowed, WorkflowError
from portal.plateformes import current
from tests.accounts.signin.steps import PROOF, post_password, post_proof, text_of
from tests.support.outbox import Outbox
from tests.support.sign_in import PASSWORD, make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("MFA-5")]

PAGE = "/preferences/moyens/perdu/"
NOT_ME = "/connexion/moyen-perdu/pas-moi/"
REASON = "appel de 10 h, identité vérifiée"


def holder(**fields: Any) -> User:
    """Somebody with an app, two passkeys and recovery codes."""
    person = make_person(mobile=True, **fields)
    Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
    for name in ("poste", "clé"):
        Authenticator.objects.create(user=person, type="webauthn", data={"name": name, "credential": {}})
    second_proof.make_recovery_codes(person)
    return person


def later(**much: float) -> Any:
    return time_machine.travel(timezone.now() + timedelta(**much), tick=False)


@pytest.fixture
def agent(db: None) -> User:
    return make_person(is_staff=True)


@pytest.fixture
def other_agent(db: None) -> User:
    return make_person(is_staff=True)


# --- by the support -----------------------------------------------------------------------------------------
def test_asked_by_an_agent_it_is_told_everywhere_and_made_after_a_day(agent: User, outbox: Outbox) -> None:
    person, browser = holder(communication_email="secretariat@cabinet.example"), Client()
    sign_in(browser, person)
    support.ask_factor_removal(person, actor=agent, reason=REASON)
    mail, sms = outbox.last(person.email), outbox.texts(person.phone_mobile)[-1]
    assert "Le support demande, pour vous" in mail.text and "Ce n’était pas moi" in mail.text
    assert NOT_ME in mail.link and NOT_ME in sms.text and len(sms.text) <= 459
    shared = outbox.last("secretariat@cabinet.example")
    assert "est demandé" in shared.subject and NOT_ME not in shared.text
    alert = outbox.last(current().support.email)
    assert str(person.public_id) in alert.text and person.nom not in alert.text
    with later(hours=23, minutes=50):
        assert apply_all()["factors_removed"] == 0
        assert Authenticator.objects.filter(user=person).count() == 3
    with later(hours=24, minutes=1):
        assert [apply_all()["factors_removed"] for _ in range(2)] == [1, 0]
    assert not Authenticator.objects.filter(user=person).exists()
    assert not RecoveryCode.objects.filter(user=person).exists()
    assert browser.get("/preferences/").status_code == 302
    subjects = " ".join(mail.subject for mail in outbox.emails(person.email))
    assert (
        "application d’authentification a été retirée" in subjects and "clé d’accès a été retirée" in subjects
    )
    told = list(
        SecurityEvent.objects.filter(subject=person).order_by("id").values_list("action", "actor", "reason")
    )
    assert told[0] == ("factor_removal_asked", agent.pk, REASON)
    assert {action for action, _, _ in told} >= {"authenticator_removed", "passkey_removed"}


def test_a_second_agent_approves_and_the_first_cannot(agent: User, other_agent: User, outbox: Outbox) -> None:
    person = holder()
    support.ask_factor_removal(person, actor=agent, reason=REASON)
    with pytest.raises(support.Refused, match="un autre agent"):
        support.approve_factor_removal(person, actor=agent, reason=REASON)
    with pytest.raises(NotAllowed):
        lost_factor.approve(FactorRemoval.objects.get(), actor=agent, reason=REASON)
    assert Authenticator.objects.filter(user=person).count() == 3
    support.approve_factor_removal(person, actor=other_agent, reason=REASON)
    assert not Authenticator.objects.filter(user=person).exists()
    row = FactorRemoval.objects.get()
    assert row.status == FactorRemovalStatus.REMOVED
    assert [line.actor_id for line in row.transitions.order_by("at")] == [agent.pk, other_agent.pk]
    assert SecurityEvent.objects.get(subject=person, action="passkey_removed").actor == other_agent


@pytest.mark.security("ACL-4", "ACL-5")
def test_nobody_does_it_for_themself_nor_an_agent_to_an_administrator(agent: User, other_agent: User) -> None:
    mine = holder(is_staff=True)
    with pytest.raises(support.Refused, match="votre propre compte"):
        support.ask_factor_removal(mine, actor=mine, reason=REASON)
    lost_factor.ask(mine, FactorScope.ALL, actor=agent)
    for act in (support.approve_factor_removal, support.cancel_factor_removal):
        with pytest.raises(support.Refused, match="votre propre compte"):
            act(mine, actor=mine, reason=REASON)
    with pytest.raises(NotAllowed):
        lost_factor.approve(FactorRemoval.objects.get(), actor=mine, reason=REASON)
    administrator = holder(is_superuser=True, is_staff=True)
    with pytest.raises(support.Refused, match="administrateur"):
        support.ask_factor_removal(administrator, actor=agent, reason=REASON)
    plain = make_person()
    with pytest.raises(support.Refused, match="réservée"):
        support.ask_factor_removal(holder(), actor=plain, reason=REASON)
    with pytest.raises(support.Refused, match="motif"):
        support.ask_factor_removal(holder(), actor=agent, reason="  ")


@pytest.mark.parametrize("level", [1, 2])
def test_the_desk_asks_for_a_session_of_level_two(agent: User, level: int) -> None:
    person, browser = holder(), Client()
    sign_in(browser, agent, level=level)
    address = f"/administration/accounts/user/{person.pk}/actes/moyen-perdu/"
    assert browser.post(address, {"motif": REASON}).status_code == 302
    assert FactorRemoval.objects.exists() is (level == 2)
    if level == 2:
        page = text_of(browser.get(f"/administration/accounts/user/{person.pk}/change/"))
        assert "Retrait demandé" in page and "Annuler le retrait du moyen perdu" in page
        assert "Retirer une application ou une clé perdue" not in page


# --- « Ce n’était pas moi » ------------------------------------------------------------------------------------
@pytest.mark.security("CODE-9")
@pytest.mark.parametrize("channel", ["mail", "sms"])
def test_the_link_stops_it_and_shuts_the_account(agent: User, outbox: Outbox, channel: str) -> None:
    person, thief = holder(), Client()
    sign_in(thief, person)
    lost_factor.ask(person, FactorScope.ALL, actor=person)
    message = outbox.last(person.email) if channel == "mail" else outbox.texts(person.phone_mobile)[-1]
    browser = Client()
    cleaned = browser.get(message.path)
    assert cleaned["Location"] == NOT_ME and cleaned["Referrer-Policy"] == "no-referrer"
    for _ in range(3):  # a scanner opens it as often as it likes
        assert "Ce n’était pas moi" in text_of(browser.get(NOT_ME))
    assert FactorRemoval.objects.get().status == FactorRemovalStatus.ASKED
    assert "Le retrait est arrêté" in text_of(browser.post(NOT_ME))
    assert thief.get("/preferences/").status_code == 302
    person.refresh_from_db()
    assert not person.has_usable_password()
    assert Authenticator.objects.filter(user=person).count() == 3
    again = Client()
    again.get(message.path)
    assert again.get(NOT_ME).status_code == again.post(NOT_ME).status_code == 410
    with later(days=2):
        assert apply_all()["factors_removed"] == 0
        assert Authenticator.objects.filter(user=person).count() == 3


@pytest.mark.parametrize("how", ["link", "account"])
def test_approved_or_cancelled_first_the_other_finds_nothing_to_do(
    agent: User, other_agent: User, outbox: Outbox, how: str
) -> None:
    person, browser = holder(), Client()
    support.ask_factor_removal(person, actor=agent, reason=REASON)
    path = outbox.last(person.email).path
    if how == "link":
        support.approve_factor_removal(person, actor=other_agent, reason=REASON)
        browser.get(path)
        assert browser.post(NOT_ME).status_code == 410
        return
    sign_in(browser, person)
    assert browser.post(f"{PAGE}annuler/").status_code == 302
    with pytest.raises(WorkflowError):
        lost_factor.approve(FactorRemoval.objects.get(), actor=other_agent, reason=REASON)
    assert Authenticator.objects.filter(user=person).count() == 3


@pytest.mark.security("ACL-1")
def test_a_stranger_cancels_nothing(agent: User) -> None:
    person, stranger = holder(), Client()
    support.ask_factor_removal(person, actor=agent, reason=REASON)
    sign_in(stranger, make_person())
    stranger.post(f"{PAGE}annuler/")
    with pytest.raises(NotAllowed):
        lost_factor.cancel(FactorRemoval.objects.get(), actor=make_person())
    assert FactorRemoval.objects.get().status == FactorRemovalStatus.ASKED


# --- by the person ----------------------------------------------------------------------------------------------
def test_from_the_second_proof_to_the_request(outbox: Outbox) -> None:
    person, browser = holder(), Client()
    post_password(browser, person.identifiant)
    assert "J’ai perdu mon application ou ma clé" in text_of(browser.get(PROOF))
    page = text_of(browser.get("/connexion/moyen-perdu/"))
    assert "24 heures" in page and "codes de secours" in page
    assert browser.post("/connexion/moyen-perdu/")["Location"] == f"{PROOF}?moyen=mail"
    browser.post("/connexion/verification/envoyer/", {"moyen": "mail"})
    assert post_proof(browser, outbox.last(person.email).code)["Location"] == PAGE
    assert "Demander le retrait" in text_of(browser.get(PAGE))
    assert browser.post(PAGE, {}).status_code == 200
    asked = browser.post(PAGE, {"perdu": "application"}, follow=True)
    assert "Un retrait est demandé" in text_of(asked)
    assert "Vous demandez le retrait de votre application" in outbox.last(person.email).text
    with later(hours=25):
        assert apply_all()["factors_removed"] == 1
    assert Authenticator.objects.filter(user=person, type="webauthn").count() == 2
    assert not Authenticator.objects.filter(user=person, type="totp").exists()
    assert RecoveryCode.objects.filter(user=person).exists()  # a passkey is still there


def test_a_session_left_open_is_not_enough(outbox: Outbox) -> None:
    """Password and code again, as when the app was added; and that proof opens nothing else (MFA-4)."""
    person, browser = holder(), Client()
    sign_in(browser, person)
    with later(minutes=16):
        asked = browser.get(PAGE)["Location"]
        assert asked.startswith("/connexion/preuve/?perte=1")
        assert browser.post(PAGE, {"perdu": "all"})["Location"] == asked
        assert not FactorRemoval.objects.exists()
        assert browser.post(asked, {"preuve": "faux", "moyen": "password"}).status_code == 200
        assert browser.post(asked, {"preuve": PASSWORD, "moyen": "password"}).status_code == 302
        assert "application d’authentification et recopiez" not in text_of(browser.get(asked))
        browser.post("/connexion/preuve/envoyer/?" + asked.partition("?")[2], {"moyen": "mail"})
        done = browser.post(asked, {"preuve": outbox.last(person.email).code, "moyen": "mail"})
        assert done["Location"] == PAGE
        assert UserSession.objects.get(user=person).proved_level == 1
        refused = browser.post("/preferences/moyens/application/retirer/")
        assert refused["Location"].startswith("/connexion/preuve/")
        assert Authenticator.objects.filter(user=person).count() == 3
        assert browser.post(PAGE, {"perdu": "all"}).status_code == 302
        assert FactorRemoval.objects.get().asked_by == person


def test_asking_for_the_weaker_proof_elsewhere_opens_nothing(outbox: Outbox) -> None:
    person, browser = holder(), Client()
    sign_in(browser, person)
    target = "/connexion/preuve/?perte=1&next=/preferences/adresse/"
    browser.post(target, {"preuve": PASSWORD, "moyen": "password"})
    browser.post("/connexion/preuve/envoyer/?perte=1", {"moyen": "mail"})
    browser.post(target, {"preuve": outbox.last(person.email).code, "moyen": "mail"})
    assert browser.get("/preferences/adresse/")["Location"].startswith("/connexion/preuve/?next=")


def test_who_holds_a_card_removes_it_with_the_card() -> None:
    person, browser = holder(), Client()
    link = NationalLink.objects.create(user=person, national_id="899700000013", proven_by="card")
    StrongMeans.objects.create(link=link, kind="card", last_used=timezone.now())
    sign_in(browser, person)
    assert assurance.strongest_level(person) == 3
    assert "confirmez votre identité avec elle" in text_of(browser.get(PAGE))
    browser.post(PAGE, {"perdu": "all"})
    assert not FactorRemoval.objects.exists()


def test_thrice_a_day_and_one_at_a_time(outbox: Outbox) -> None:
    person = holder()
    for _ in range(lost_factor.ASKS_PER_DAY):
        removal = lost_factor.ask(person, FactorScope.ALL, actor=person)
        with pytest.raises(lost_factor.AlreadyAsked):
            lost_factor.ask(person, FactorScope.ALL, actor=person)
        lost_factor.cancel(removal, actor=person)
    with pytest.raises(lost_factor.TooMany):
        lost_factor.ask(person, FactorScope.ALL, actor=person)
    with pytest.raises(lost_factor.NothingToRemove):
        lost_factor.ask(make_person(), FactorScope.ALL, actor=person)


@pytest.mark.security("SES-5")
@pytest.mark.parametrize("shut", [account.suspend, account.close])
def test_a_request_falls_with_the_account(agent: User, shut: Callable[..., Any]) -> None:
    person = holder()
    support.ask_factor_removal(person, actor=agent, reason=REASON)
    shut(person, actor=agent, reason=REASON)
    with later(days=2):
        assert apply_all()["factors_removed"] == 0
    assert FactorRemoval.objects.get().status == FactorRemovalStatus.CANCELLED
    assert Authenticator.objects.filter(user=person).count() == 3


def test_the_alarm_of_the_sessions_page_stops_it_too(outbox: Outbox) -> None:
    """A thief asked from a stolen session; the owner sees a strange session, not the mail."""
    person, browser = holder(), Client()
    lost_factor.ask(person, FactorScope.ALL, actor=person)
    sign_in(browser, person)
    assert browser.post("/preferences/sessions/pas-moi/").status_code == 302
    assert FactorRemoval.objects.get().status == FactorRemovalStatus.CANCELLED
    with later(days=2):
        assert apply_all()["factors_removed"] == 0
    assert Authenticator.objects.filter(user=person).count() == 3
