"""Change of address and proof of the mobile: nothing is used before it is proved, the owner is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.enums import AccountStatus, CodeChannel, EmailChangeStatus
from accounts.models import AttemptCounter, EmailChange, MailedLink, User
from accounts.workflows import account, credentials, email_change
from portal.common.workflow import NotAllowed, WrongState
from tests.accounts.signup.people import make_user
from tests.support.outbox import Outbox

pytestmark = pytest.mark.django_db

OLD, NEW = "camille.morin@exemple.fr", "camille@nouvelle.example"
CLEAN = "/inscription/validation/"
MOBILE = "+33639981234"


def text_of(response: Any) -> str:
    return response.content.decode().replace("&#x27;", "'")


def ask(client: Client, address: str = NEW) -> Any:
    return client.post("/preferences/adresse/", {"email": address, "email_confirmation": address})


def give_mobile(person: User, number: str) -> None:
    """As proved long ago: nothing told, no session ended."""
    User.objects.filter(pk=person.pk).update(phone_mobile=number, phone_mobile_verified_at=timezone.now())


# --- address -----------------------------------------------------------------------------------------------
@pytest.mark.feature("ROR-047", "ROR-048")
@pytest.mark.security("PWD-8")
def test_the_new_address_serves_after_the_click_only(signed_in: Client, person: User, outbox: Outbox) -> None:
    assert ask(signed_in)["Location"] == "/preferences/"
    mail = outbox.last(NEW)
    assert mail.subject == "[Portail ENRS] Validation de votre inscription"
    assert "ou vous avez modifié votre adresse mail" in mail.text
    assert "Un changement d’adresse est demandé" in outbox.last(OLD).subject
    person.refresh_from_db()
    assert person.email == OLD
    assert NEW in text_of(signed_in.get("/preferences/"))
    browser = Client()
    browser.get(mail.path)
    assert NEW in text_of(browser.get(CLEAN))
    done = browser.post(CLEAN, follow=True)
    assert "Votre mail a été validé avec succès" in text_of(done)
    person.refresh_from_db()
    assert (person.email, person.email_key) == (NEW, NEW)
    told = {m.to for m in outbox.messages if "L’adresse de votre compte a été changée" in m.subject}
    assert told == {OLD, NEW}
    assert EmailChange.objects.get().status == EmailChangeStatus.CONFIRMED


@pytest.mark.security("CODE-9")
def test_a_reset_link_sent_to_the_old_address_dies_with_it(
    signed_in: Client, person: User, outbox: Outbox, new_client: Callable[[], Client]
) -> None:
    new_client().post("/mot-de-passe/oublie/", {"identifiant": OLD})
    ask(signed_in)
    browser = new_client()
    browser.get(outbox.last(NEW).path)
    browser.post(CLEAN)
    assert not MailedLink.objects.filter(used_at=None, dead_at=None).exists()


@pytest.mark.security("ABU-1")
def test_an_address_of_somebody_else_gets_the_same_answer_and_no_link(
    signed_in: Client, person: User, outbox: Outbox
) -> None:
    make_user("voisine")
    response = ask(signed_in, "voisine@exemple.fr")
    assert response["Location"] == "/preferences/"
    assert "voisine@exemple.fr" in text_of(signed_in.get("/preferences/"))
    assert "Vous avez déjà un compte" in outbox.last("voisine@exemple.fr").subject
    assert not MailedLink.objects.exists()


def test_an_address_taken_before_the_click_changes_nothing(
    signed_in: Client, person: User, outbox: Outbox
) -> None:
    ask(signed_in)
    make_user("rapide", email=NEW)
    browser = Client()
    browser.get(outbox.last(NEW).path)
    assert browser.post(CLEAN).status_code == 410
    person.refresh_from_db()
    assert person.email == OLD
    assert EmailChange.objects.get().status == EmailChangeStatus.REQUESTED


def test_a_second_request_replaces_the_first(signed_in: Client, person: User, outbox: Outbox) -> None:
    ask(signed_in, "premiere@exemple.fr")
    first = outbox.last("premiere@exemple.fr").path
    ask(signed_in)
    assert list(EmailChange.objects.order_by("pk").values_list("status", flat=True)) == [
        "cancelled",
        "requested",
    ]
    browser = Client()
    browser.get(first)
    assert browser.post(CLEAN).status_code == 410


def test_the_owner_cancels(signed_in: Client, person: User, outbox: Outbox) -> None:
    ask(signed_in)
    signed_in.post("/preferences/adresse/annuler/")
    signed_in.post("/preferences/adresse/annuler/")
    browser = Client()
    browser.get(outbox.last(NEW).path)
    assert browser.post(CLEAN).status_code == 410
    assert NEW not in text_of(signed_in.get("/preferences/")).partition("<main")[2].partition("messages")[0]


@pytest.mark.parametrize("typed", ["", OLD, OLD.upper(), "pas une adresse", "a@b", "x" * 300 + "@exemple.fr"])
def test_a_wrong_address_gets_its_message(signed_in: Client, typed: str) -> None:
    assert ask(signed_in, typed).context["form"].errors["email"]
    assert not EmailChange.objects.exists()


def test_too_many_requests_are_told_to_wait(signed_in: Client) -> None:
    for rank in range(5):
        assert ask(signed_in, f"a{rank}@exemple.fr").status_code == 302
    assert "réessayez dans une heure" in text_of(ask(signed_in))


def test_the_machine_of_changes_refuses_strangers_and_late_moves(person: User) -> None:
    change = email_change.ask(person, NEW, actor=person)
    assert change is not None
    with pytest.raises(NotAllowed):
        email_change.MACHINE.perform(change, "cancel", actor=make_user("autre"))
    with pytest.raises(NotAllowed):
        email_change.MACHINE.perform(change, "expire", actor=person)
    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1), tick=False):
        assert email_change.pending(person) is None
        assert email_change.expire_old() == 1
    with pytest.raises(WrongState):
        email_change.cancel(change, actor=person)


# --- mobile --------------------------------------------------------------------------------------------------
@pytest.mark.security("CODE-3", "PWD-8")
def test_a_mobile_is_used_after_its_code_only(signed_in: Client, person: User, outbox: Outbox) -> None:
    assert (
        signed_in.post("/preferences/mobile/", {"phone_mobile": "06 39 98 12 34"})["Location"]
        == "/preferences/mobile/code/"
    )
    sms = outbox.texts(MOBILE)[-1]
    assert "confirme ce numéro" in sms.text
    page = text_of(signed_in.get("/preferences/mobile/code/"))
    assert "Vérification de votre téléphone" in page
    assert "06 •• •• •• 34" in page
    person.refresh_from_db()
    assert person.phone_mobile == ""
    assert signed_in.post("/preferences/mobile/code/", {"code": sms.code})["Location"] == "/preferences/"
    person.refresh_from_db()
    assert person.phone_mobile == MOBILE
    assert person.phone_mobile_verified_at
    assert "Le mobile de votre compte a été changé" in outbox.last(OLD).subject


def test_a_wrong_code_says_how_many_tries_remain(signed_in: Client, person: User, outbox: Outbox) -> None:
    signed_in.post("/preferences/mobile/", {"phone_mobile": MOBILE})
    right = outbox.texts(MOBILE)[-1].code
    wrong = "000000" if right != "000000" else "111111"
    response = signed_in.post("/preferences/mobile/code/", {"code": wrong})
    assert "Il vous reste 4 essais" in text_of(response)
    assert signed_in.post("/preferences/mobile/code/", {"code": ""}).context["form"].errors["code"]
    person.refresh_from_db()
    assert person.phone_mobile == ""


@pytest.mark.security("CODE-3")
def test_a_code_sent_to_one_number_never_proves_another(
    signed_in: Client, person: User, outbox: Outbox
) -> None:
    signed_in.post("/preferences/mobile/", {"phone_mobile": MOBILE})
    code = outbox.texts(MOBILE)[-1].code
    session = signed_in.session
    session["mobile_a_prouver"] = "+33639989999"
    session.save()
    response = signed_in.post("/preferences/mobile/code/", {"code": code})
    assert "n’est plus valable" in text_of(response)
    person.refresh_from_db()
    assert person.phone_mobile == ""


def test_the_old_mobile_serves_until_the_new_one_is_proved(
    signed_in: Client, person: User, outbox: Outbox
) -> None:
    give_mobile(person, "+33639980000")
    signed_in.post("/preferences/mobile/", {"phone_mobile": MOBILE})
    person.refresh_from_db()
    assert person.phone_mobile == "+33639980000"
    assert person.phone_mobile_verified_at


@pytest.mark.parametrize("typed", ["", "01 23 45 67 89", "abc", "+1 202 555 0100", "0" * 100])
def test_a_number_that_takes_no_sms_gets_its_message(signed_in: Client, typed: str) -> None:
    assert (
        signed_in.post("/preferences/mobile/", {"phone_mobile": typed}).context["form"].errors["phone_mobile"]
    )


@pytest.mark.security("CODE-6")
def test_a_second_code_waits(signed_in: Client, outbox: Outbox) -> None:
    signed_in.post("/preferences/mobile/", {"phone_mobile": MOBILE})
    page = text_of(signed_in.post("/preferences/mobile/renvoyer/", follow=True))
    assert "nouvel envoi possible dans" in page
    assert len(outbox.texts(MOBILE)) == 1
    AttemptCounter.objects.filter(kind="code_gap").delete()
    signed_in.post("/preferences/mobile/renvoyer/")
    assert len(outbox.texts(MOBILE)) == 2


def test_without_a_number_the_code_page_leads_to_the_form(signed_in: Client) -> None:
    assert signed_in.get("/preferences/mobile/code/")["Location"] == "/preferences/mobile/"
    assert signed_in.post("/preferences/mobile/renvoyer/")["Location"] == "/preferences/mobile/"


def test_removing_the_mobile_brings_codes_back_to_the_mailbox(
    signed_in: Client, person: User, outbox: Outbox
) -> None:
    assert signed_in.get("/preferences/mobile/retirer/")["Location"] == "/preferences/"
    give_mobile(person, MOBILE)
    credentials.choose_channel(person, CodeChannel.SMS, actor=person)
    assert "Retirer ce numéro" in text_of(signed_in.get("/preferences/mobile/retirer/"))
    signed_in.post("/preferences/mobile/retirer/")
    person.refresh_from_db()
    assert (person.phone_mobile, person.preferred_channel) == ("", CodeChannel.MAIL)
    assert "retiré" in outbox.last(OLD).subject


def test_a_closed_account_confirms_no_address(signed_in: Client, person: User, outbox: Outbox) -> None:
    ask(signed_in)
    path = outbox.last(NEW).path
    account.close(person, actor=person)
    browser = Client()
    browser.get(path)
    assert browser.post(CLEAN).status_code == 410
    person.refresh_from_db()
    assert (person.email, person.status) == (OLD, AccountStatus.CLOSED)
