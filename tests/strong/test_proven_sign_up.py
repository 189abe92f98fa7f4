"""« Je n'ai pas de compte »: the sign-up form filled from the card or the e-CPS, linked once the mail is validated."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from accounts.journal import Action
from accounts.models import NationalLink, SecurityEvent, StrongClaim, User
from accounts.strong import linking
from accounts.strong.identity import Structure
from portal.referentiels.models import Profession
from tests.accounts.signup.people import filled_form
from tests.strong.steps import (
    ADELI,
    CARD,
    ECPS,
    LINK,
    RPPS,
    SOMEBODY_ELSE,
    arrive,
    mark_shown,
    owner_of,
    text_of,
)
from tests.support.sign_in import make_person

pytestmark = pytest.mark.django_db
ADDRESS = "ariane.martel@cabinet.example"


def post_form(client: Client, **changed: str) -> Any:
    values = {"email": ADDRESS, "identifiant": "ariane.martel", **changed}
    return client.post(LINK, filled_form(identite=mark_shown(client), **values))


def validate(client: Client, outbox: Any, address: str = ADDRESS) -> Any:
    client.get(outbox.last(address).path)
    return client.post("/inscription/validation/")


def account() -> User:
    return User.objects.get(email_key=ADDRESS)


@pytest.mark.feature("ROR-031", "ROR-079")
@pytest.mark.parametrize("identity", [CARD, ECPS], ids=["card", "e-CPS"])
def test_the_form_opens_with_the_proven_values_locked(client: Client, identity: Any) -> None:
    arrive(client, identity)
    form = client.get(f"{LINK}?compte=non").context["sign_up_form"]
    doctor = Profession.objects.get(code_nos="10")
    shown = {name: form.get_initial_for_field(form.fields[name], name) for name in ("nom", "prenom")}
    assert shown == {"nom": "Martel", "prenom": "Ariane"}
    assert form.initial["national_number"] == RPPS
    assert form.initial["profession"] == doctor.pk
    assert all(form.fields[name].disabled for name in ("nom", "prenom", "national_number", "profession"))
    assert not form.fields["email"].disabled


@pytest.mark.feature("ROR-031")
def test_what_the_e_cps_says_besides_is_proposed(client: Client) -> None:
    place = Structure(raison_sociale="Clinique des Tilleuls", code_postal="75012")
    arrive(client, replace(ECPS, phone="01 39 98 00 12", structures=(place,)))
    form = client.get(f"{LINK}?compte=non").context["sign_up_form"]
    assert form.initial["civilite"] == "madame"
    assert form.initial["phone_fixe"] == "01 39 98 00 12"
    assert not form.fields["civilite"].disabled


def test_a_profession_that_is_not_unique_is_left_to_the_person(client: Client) -> None:
    arrive(client, replace(CARD, profession_codes=("10", "60")))
    form = client.get(f"{LINK}?compte=non").context["sign_up_form"]
    assert "profession" not in form.initial
    assert not form.fields["profession"].disabled


@pytest.mark.feature("ROR-031", "ROR-047", "ROR-049", "ROR-052", "ROR-059", "ROR-079")
@pytest.mark.security("RP-4")
@pytest.mark.parametrize("identity", [CARD, ECPS], ids=["card", "e-CPS"])
def test_the_account_is_linked_when_its_mail_is_validated(client: Client, outbox: Any, identity: Any) -> None:
    arrive(client, identity)
    answer = post_form(client, nom="Faux", prenom="Nom", national_number="12345678901")
    assert answer.headers["Location"] == "/inscription/envoyee/"
    made = account()
    assert (made.nom, made.prenom, made.rpps, made.status) == ("Martel", "Ariane", RPPS, "pending")
    assert owner_of(identity) is None
    assert arrive(Client(), identity).headers["Location"] == LINK
    validate(client, outbox)
    assert owner_of(identity) == made
    assert not StrongClaim.objects.exists()
    assert arrive(Client(), identity).headers["Location"] == "/"


def test_an_adeli_number_is_kept_as_such(client: Client, outbox: Any) -> None:
    arrive(client, replace(CARD, national_id=f"0{ADELI}", subject=f"0{ADELI}"))
    post_form(client)
    validate(client, outbox)
    assert (account().adeli, account().rpps) == (ADELI, "")


@pytest.mark.security("RP-6")
@pytest.mark.parametrize("national_id", ["3990000019/CPET0002", "ANS20231122132732"])
def test_an_identifier_of_another_shape_is_accepted(client: Client, outbox: Any, national_id: str) -> None:
    identity = replace(CARD, national_id=national_id, subject=national_id, card_kind="CPE")
    arrive(client, identity)
    post_form(client)
    validate(client, outbox)
    assert owner_of(identity) == account()
    assert account().rpps == ""


@pytest.mark.security("RP-6")
def test_a_name_the_form_would_refuse_is_typed_instead(client: Client) -> None:
    arrive(client, replace(ECPS, nom="<b>\u202eMartel</b>", prenom=""))
    form = client.get(f"{LINK}?compte=non").context["sign_up_form"]
    assert not form.fields["prenom"].disabled
    assert not form.fields["nom"].disabled
    assert post_form(client, nom="Martel").headers["Location"] == "/inscription/envoyee/"
    assert (account().nom, account().prenom) == ("Martel", "Camille")


# --- nobody gets what another one proved ------------------------------------------------------------------------
@pytest.mark.security("RP-4", "ABU-1")
def test_an_address_that_has_an_account_gets_nothing_but_a_mail(client: Client, outbox: Any) -> None:
    holder = make_person(email=ADDRESS)
    arrive(client, CARD)
    assert post_form(client).headers["Location"] == "/inscription/envoyee/"
    assert owner_of(CARD) is None
    assert not StrongClaim.objects.filter(user=holder).exists()
    assert "Validation" not in outbox.last(ADDRESS).subject


@pytest.mark.security("RP-4")
def test_who_signs_up_again_with_the_address_does_not_inherit_the_identity(
    client: Client, outbox: Any
) -> None:
    arrive(client, CARD)
    post_form(client)
    other = Client()
    other.post("/inscription/", filled_form(email=ADDRESS, password="Autre-Secret-88-Quai"))
    validate(other, outbox)
    assert account().status == "active"
    assert owner_of(CARD) is None
    assert not StrongClaim.objects.exists()


def test_a_number_proven_meanwhile_leaves_the_new_account_without_the_card(
    client: Client, outbox: Any
) -> None:
    arrive(client, CARD)
    post_form(client)
    quicker = make_person(nom="Martel")
    User.objects.filter(email_key=ADDRESS).update(rpps="")
    linking.link(None, quicker, ECPS)
    validate(client, outbox)
    assert account().status == "active"
    assert owner_of(CARD) == quicker
    event = SecurityEvent.objects.filter(action=Action.STRONG_REFUSED).latest("pk")
    assert event.reason == "held_elsewhere"


def test_a_number_typed_in_an_open_account_is_asked_first(client: Client, outbox: Any) -> None:
    holder = make_person(rpps=RPPS)
    arrive(client, CARD)
    answer = post_form(client)
    assert answer.status_code == 403
    assert "Un compte du portail porte déjà votre numéro" in text_of(answer)
    assert f'href="{LINK}?compte=oui"' in answer.content.decode()
    assert client.get(f"{LINK}?compte=oui").status_code == 200
    assert not User.objects.filter(email_key=ADDRESS).exists()
    holder.refresh_from_db()
    assert holder.rpps == RPPS
    assert str(holder.public_id) in outbox.last("support.portailpro@sante-idf.fr").text


def test_a_number_typed_in_a_sign_up_never_validated_gives_way(client: Client, outbox: Any) -> None:
    squatter = make_person(rpps=RPPS, status="pending", email_verified_at=None)
    arrive(client, CARD)
    post_form(client)
    validate(client, outbox)
    squatter.refresh_from_db()
    assert squatter.rpps == ""
    assert owner_of(CARD) == account()


def test_a_number_linked_between_the_page_and_the_form_is_refused(client: Client, person: User) -> None:
    arrive(client, CARD)
    linking.link(None, person, ECPS)
    assert post_form(client).status_code == 403
    assert NationalLink.objects.get().user == person


@pytest.mark.feature("ROR-035", "ROR-044", "ROR-045")
def test_the_other_fields_are_checked_as_at_any_sign_up(client: Client) -> None:
    arrive(client, CARD)
    form = post_form(client, email_confirmation="autre@cabinet.example", accept_terms=None).context["form"]
    assert {"email_confirmation", "accept_terms"} <= set(form.errors)


def test_the_same_form_sent_twice_makes_one_account(client: Client) -> None:
    mark = secrets.token_hex(8)
    arrive(client, CARD)
    post_form(client, submission=mark)
    arrive(client, CARD)
    post_form(client, submission=mark)
    assert User.objects.filter(email_key=ADDRESS).count() == 1


def test_two_people_sign_up_each_with_their_own_card(client: Client, outbox: Any) -> None:
    arrive(client, CARD)
    post_form(client)
    validate(client, outbox)
    other = Client()
    arrive(other, SOMEBODY_ELSE)
    post_form(other, email="luc.vasseur@cabinet.example", identifiant="luc.vasseur")
    validate(other, outbox, "luc.vasseur@cabinet.example")
    assert owner_of(CARD) != owner_of(SOMEBODY_ELSE)
    assert NationalLink.objects.filter(ended_at=None).count() == 2
