"""/connexion/rattachement/ with an account one already has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from accounts.journal import Action
from accounts.models import NationalLink, SecurityEvent, User
from accounts.strong import linking
from tests.accounts.signup.people import filled_form
from tests.strong.steps import (
    ADELI,
    CARD,
    ECPS,
    LINK,
    OTHER_RPPS,
    RPPS,
    SOMEBODY_ELSE,
    arrive,
    level_of,
    link_with_account,
    live_means,
    mark_shown,
    owner_of,
    post_link,
    text_of,
)
from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db


def last_refusal() -> str:
    event = SecurityEvent.objects.filter(action=Action.STRONG_REFUSED).order_by("-pk").first()
    return event.reason if event else ""


@pytest.mark.feature("ROR-029", "ROR-030", "ROR-054")
def test_the_page_asks_for_one_of_two_answers(client: Client) -> None:
    arrive(client, CARD)
    page = text_of(client.get(LINK))
    assert "<h1>Inscription</h1>" in page
    assert "Veuillez compléter les informations requises." in page
    assert "J'ai déjà un compte sur le Portail PS" in page
    assert "Je n'ai pas de compte" in page
    assert "Tous les champs de ce formulaire avec * sont obligatoires." in text_of(
        client.get(f"{LINK}?compte=non")
    )


@pytest.mark.feature("ROR-055", "VT-032")
def test_the_existing_account_is_asked_by_identifier_and_password(client: Client) -> None:
    arrive(client, CARD)
    page = text_of(client.get(f"{LINK}?compte=oui"))
    for words in ("<h2>Connexion</h2>", "Identifiant", "Mot de passe", "Annuler", "Enregistrer", "Identité"):
        assert words in page
    assert 'name="robot_ticket"' in page


@pytest.mark.feature("ROR-056", "ROR-057", "ROR-058", "ROR-059", "ROR-079", "VT-006", "VT-033")
@pytest.mark.parametrize("identity", [CARD, ECPS], ids=["card", "e-CPS"])
def test_both_proofs_of_the_account_link_it_and_lead_on(
    client: Client, person: User, outbox: Any, identity: Any
) -> None:
    arrive(client, identity, "/preferences/sessions/")
    assert post_link(client, person.identifiant).headers["Location"] == "/connexion/verification/"
    assert owner_of(identity) is None
    code = outbox.last(person.email).code
    proved = client.post("/connexion/verification/", {"preuve": code, "moyen": "mail"})
    page = client.get(proved.headers["Location"], follow=True)
    text = text_of(page)
    assert (
        "Votre inscription au portail s'est effectuée avec succès. Vous pouvez désormais accéder au portail des "
        "professionnels de santé et ses applications partenaires." in text
    )
    assert "Cliquez sur le bouton ci-dessous pour accéder à l'application" in text
    assert '<a class="button" href="/preferences/sessions/">Accéder à l\'application</a>' in text
    assert owner_of(identity) == person
    assert level_of(client, person) == 3
    person.refresh_from_db()
    assert person.rpps == RPPS
    assert arrive(Client(), identity).headers["Location"] == "/"


@pytest.mark.feature("ROR-056")
@pytest.mark.security("ABU-4")
def test_a_wrong_password_links_nothing_and_counts(client: Client, person: User) -> None:
    arrive(client, CARD)
    for _ in range(5):
        answer = post_link(client, person.identifiant, "Faux-Mot-2026!")
        assert answer.status_code == 200
        assert "Identifiant ou mot de passe incorrect" in text_of(answer)
    closed = post_link(client, person.identifiant)
    assert closed.status_code == 429
    assert int(closed.headers["Retry-After"]) > 0
    assert owner_of(CARD) is None
    refused = Client().post("/connexion/", {"identifiant": person.identifiant, "mot_de_passe": "x"})
    assert refused.status_code == 429


@pytest.mark.feature("ROR-056", "ROR-045")
def test_the_robot_check_is_asked(client: Client, person: User) -> None:
    arrive(client, CARD)
    data = {"compte": "oui", "identifiant": person.identifiant, "mot_de_passe": "Etang-Brume-47-Vesle"}
    answer = client.post(LINK, data | {"identite": mark_shown(client)})
    assert "Veuillez procéder à la vérification" in text_of(answer)


@pytest.mark.security("RP-4", "MFA-1")
def test_the_password_alone_links_nothing(client: Client, person: User) -> None:
    arrive(client, CARD)
    post_link(client, person.identifiant)
    answer = client.get("/connexion/rattachement/fin/")
    assert answer.headers["Location"].startswith("/connexion/?")
    assert owner_of(CARD) is None


@pytest.mark.security("RP-4")
def test_the_proof_is_bound_to_the_identity_it_was_given_for(
    client: Client, person: User, outbox: Any
) -> None:
    """Another card presented between the password and the code is not the one that gets linked."""
    arrive(client, CARD)
    post_link(client, person.identifiant)
    code = outbox.last(person.email).code
    arrive(client, SOMEBODY_ELSE)
    answer = client.post("/connexion/verification/", {"preuve": code, "moyen": "mail"})
    client.get(answer.headers["Location"], follow=True)
    assert owner_of(SOMEBODY_ELSE) is None
    assert owner_of(CARD) is None


@pytest.mark.security("RP-4")
def test_the_account_is_bound_too(client: Client, person: User, outbox: Any) -> None:
    """Signing in to another account by the ordinary door does not spend the identity on it."""
    other = make_person()
    arrive(client, CARD)
    post_link(client, person.identifiant)
    client.post("/connexion/", {"identifiant": other.identifiant, "mot_de_passe": "Etang-Brume-47-Vesle"})
    code = outbox.last(other.email).code
    client.post("/connexion/verification/", {"preuve": code, "moyen": "mail"})
    client.get("/connexion/rattachement/fin/")
    assert owner_of(CARD) is None


def test_the_link_is_made_once(client: Client, person: User, outbox: Any) -> None:
    link_with_account(client, CARD, person, outbox)
    assert client.get("/connexion/rattachement/fin/").headers["Location"] == "/"
    assert len(live_means(person)) == 1


def test_cancelling_forgets_the_identity(client: Client) -> None:
    arrive(client, CARD)
    assert client.post("/connexion/rattachement/annuler/").headers["Location"] == "/connexion/"
    assert client.get(LINK).headers["Location"] == "/connexion/"


@pytest.mark.parametrize("status", ["pending", "suspended"])
def test_an_account_that_is_not_open_is_told_after_its_password(
    client: Client, person: User, status: str
) -> None:
    User.objects.filter(pk=person.pk).update(status=status)
    arrive(client, CARD)
    words = "pas encore validée" if status == "pending" else "est suspendu"
    assert words in text_of(post_link(client, person.identifiant))
    assert owner_of(CARD) is None


# --- refused or sorted out ------------------------------------------------------------------------------------
@pytest.mark.security("RP-4")
def test_a_second_person_cannot_link_a_number_proven_elsewhere(
    client: Client, person: User, outbox: Any
) -> None:
    other = make_person(nom="Martel")
    arrive(client, CARD)
    linking.link(None, other, ECPS)
    post_link(client, person.identifiant)
    code = outbox.last(person.email).code
    answer = client.post("/connexion/verification/", {"preuve": code, "moyen": "mail"}, follow=True)
    assert answer.status_code == 403
    assert last_refusal() == "held_elsewhere"
    assert owner_of(CARD) == other
    assert live_means(person) == []
    assert str(other.public_id) in outbox.last("support.portailpro@sante-idf.fr").text


@pytest.mark.security("RP-4")
def test_an_account_keeps_one_identity(client: Client, person: User, outbox: Any) -> None:
    linking.link(None, person, CARD)
    answer = link_with_account(client, SOMEBODY_ELSE, person, outbox)
    assert answer.status_code == 403
    assert last_refusal() == "other_identity"
    assert owner_of(SOMEBODY_ELSE) is None


def test_a_number_typed_in_the_account_that_is_not_the_proven_one_is_refused(
    client: Client, outbox: Any
) -> None:
    person = make_person(rpps=OTHER_RPPS)
    answer = link_with_account(client, CARD, person, outbox)
    assert answer.status_code == 403
    assert last_refusal() == "number_conflict"
    assert "n'est pas celui de votre carte" in text_of(answer)
    assert NationalLink.objects.count() == 0


@pytest.mark.security("RP-4")
def test_a_number_typed_in_another_account_goes_to_who_proves_it(
    client: Client, person: User, outbox: Any
) -> None:
    typist = make_person(rpps=RPPS)
    assert link_with_account(client, CARD, person, outbox).headers["Location"].endswith("/reussi/")
    typist.refresh_from_db()
    person.refresh_from_db()
    assert (typist.rpps, person.rpps) == ("", RPPS)
    assert "numéro RPPS" in outbox.last(typist.email).subject
    assert SecurityEvent.objects.filter(action=Action.NUMBER_RELEASED, subject=typist).count() == 1
    assert str(typist.public_id) in outbox.last("support.portailpro@sante-idf.fr").text


@pytest.mark.feature("VT-009")
def test_an_old_adeli_card_joins_the_account_that_has_moved_to_rpps(
    client: Client, person: User, outbox: Any
) -> None:
    linking.link(None, person, ECPS)
    old = replace(CARD, national_id=f"0{ADELI}", subject=f"0{ADELI}")
    asked = link_with_account(client, old, person, outbox).headers["Location"]
    assert asked.startswith("/connexion/preuve/")
    arrive(client, ECPS)
    assert client.get("/connexion/rattachement/fin/").headers["Location"].endswith("/reussi/")
    held = dict(NationalLink.objects.filter(user=person).values_list("national_id", "is_former"))
    assert held == {f"8{RPPS}": False, f"0{ADELI}": True}


def test_somebody_else_s_adeli_card_does_not_join_it(client: Client, person: User, outbox: Any) -> None:
    linking.link(None, person, ECPS)
    old = replace(CARD, national_id=f"0{ADELI}", subject=f"0{ADELI}", nom="Vasseur")
    assert link_with_account(client, old, person, outbox).status_code == 403
    assert last_refusal() == "other_identity"


def test_a_name_that_differs_is_looked_at_by_the_support(client: Client, person: User, outbox: Any) -> None:
    link_with_account(client, replace(CARD, nom="Durandal", prenom="Zoé"), person, outbox)
    assert owner_of(CARD) == person
    assert "names_differ" in outbox.last("support.portailpro@sante-idf.fr").text


# --- from an open session --------------------------------------------------------------------------------------
def test_a_card_is_added_to_the_open_account_after_a_recent_proof(client: Client, person: User) -> None:
    sign_in(client, person)
    assert arrive(client, CARD, "/preferences/moyens/").headers["Location"] == LINK
    assert "Rattacher à mon compte" in text_of(client.get(LINK))
    answer = client.post(LINK, {"identite": mark_shown(client)})
    assert answer.headers["Location"].endswith("/reussi/")
    assert owner_of(CARD) == person
    assert level_of(client, person) == 3


@pytest.mark.security("RP-4")
def test_a_page_confirms_the_identity_it_shows_not_the_one_presented_since(
    client: Client, person: User
) -> None:
    """Two tabs: the button of the first one does not attach the card of the second one."""
    sign_in(client, person)
    arrive(client, CARD)
    first_tab = {"identite": mark_shown(client)}
    arrive(client, SOMEBODY_ELSE)
    for form in (first_tab, {}, {"identite": "é"}):
        answer = client.post(LINK, form, follow=True)
        assert answer.redirect_chain == [(LINK, 302)]
        assert "Une autre carte ou une autre e-CPS a été présentée" in text_of(answer)
        assert "Luc Vasseur" in text_of(answer)
    assert not live_means(person)


@pytest.mark.security("RP-4")
def test_a_password_given_for_one_identity_is_not_spent_on_another(client: Client, person: User) -> None:
    arrive(client, CARD)
    first_tab = mark_shown(client)
    arrive(client, SOMEBODY_ELSE)
    assert post_link(client, person.identifiant, identite=first_tab).headers["Location"] == LINK
    assert client.get("/connexion/verification/").status_code == 302
    answer = client.post(LINK, filled_form(identifiant="luc.vasseur", identite=first_tab))
    assert answer.headers["Location"] == LINK
    assert not User.objects.filter(identifiant="luc.vasseur").exists()


@pytest.mark.security("MFA-4")
def test_an_old_session_proves_itself_before_it_adds_a_card(client: Client, person: User) -> None:
    sign_in(client, person)
    arrive(client, CARD)
    shown = {"identite": mark_shown(client)}
    person.portal_sessions.update(proved_at="2026-01-01T00:00Z")
    assert client.get(LINK).headers["Location"].startswith("/connexion/preuve/")
    assert client.post(LINK, shown).headers["Location"].startswith("/connexion/preuve/")
    assert owner_of(CARD) is None


@pytest.mark.security("WEB-6", "RP-6")
def test_an_odd_name_is_shown_as_text(client: Client) -> None:
    arrive(client, replace(ECPS, nom="<script>alert(1)</script>", prenom="🦉 O'Neil"))
    page = client.get(f"{LINK}?compte=non").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
