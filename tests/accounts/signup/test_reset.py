"""Forgotten password and forgotten identifier, as the guide draws them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.enums import AccountStatus, LinkPurpose
from accounts.models import MailedLink, SecurityEvent, User
from accounts.workflows import account
from tests.accounts.signup.people import OTHER_PASSWORD, PASSWORD, make_user, robot_answer, sign_in
from tests.accounts.signup.test_sign_up_races import together
from tests.support.outbox import Outbox

ASK, CHOOSE = "/mot-de-passe/oublie/", "/mot-de-passe/choisir/"
ADDRESS = "camille.morin@exemple.fr"


def text_of(response: Any) -> str:
    return response.content.decode().replace("&#x27;", "'")


def answer(**changed: str | None) -> dict[str, str]:
    values = {
        "identifiant": "camille.morin",
        "password": OTHER_PASSWORD,
        "password_confirmation": OTHER_PASSWORD,
        **robot_answer(),
    }
    return {name: value for name, value in (values | changed).items() if value is not None}


@pytest.fixture
def opened(client: Client, person: User, outbox: Outbox) -> Client:
    """A browser on the choose-password page, its link just opened."""
    client.post(ASK, {"identifiant": ADDRESS})
    client.get(outbox.last(ADDRESS).path)
    return client


@pytest.mark.django_db
@pytest.mark.feature("M94-023", "M94-024", "M94-025", "M94-026", "M94-044")
def test_the_request_page_has_the_words_of_the_guide(client: Client) -> None:
    html = text_of(client.get(ASK))
    for words in (
        "DEMANDE DE RÉCUPÉRATION DE MOT DE PASSE",
        "Demande de récupération de mot de passe</h1>",
        "Pour réinitialiser votre mot de passe, vous pouvez utiliser le formulaire ci-dessous. Un e-mail contenant "
        "un lien vous permettant de redéfinir votre mot de passe vous sera envoyé.",
        "Nom d'utilisateur",
        "Réinitialiser le mot de passe",
        "Mentions légales",
        "Contacts",
    ):
        assert words in html, words


@pytest.mark.django_db
@pytest.mark.feature("M94-022")
def test_what_was_typed_at_sign_in_is_carried_and_nothing_is_sent(
    client: Client, person: User, outbox: Outbox
) -> None:
    page = text_of(client.post(ASK, {"reprise": "1", "identifiant": ADDRESS, "mot_de_passe": "secret-tape"}))
    assert f'value="{ADDRESS}"' in page
    assert "secret-tape" not in page
    assert len(outbox) == 0


@pytest.mark.django_db
@pytest.mark.feature("M94-027")
@pytest.mark.security("ABU-1")
def test_the_confirmation_is_the_same_for_everybody(client: Client, person: User, outbox: Outbox) -> None:
    make_user("suspendu", status=AccountStatus.SUSPENDED)
    make_user("enattente", status=AccountStatus.PENDING)
    pages = set()
    for typed in (
        ADDRESS,
        "camille.morin",
        "inconnu@exemple.fr",
        "suspendu",
        "enattente",
        "'; DROP",
        "x" * 254,
    ):
        response = Client().post(ASK, {"identifiant": typed})
        assert response["Location"] == "/mot-de-passe/oublie/envoye/"
        html = text_of(Client().get(response["Location"]))
        pages.add(re.sub(r'value="[^"]{20,}"|nonce="[^"]*"', "", html))
    assert len(pages) == 1
    page = pages.pop()
    assert "Vous allez recevoir un mail de l'Espace Numérique Régional de Santé (ENRS)" in page
    assert "N'oubliez pas de vérifier vos courriers indésirables" in page


@pytest.mark.django_db
@pytest.mark.feature("M94-025", "M94-028", "M94-029")
@pytest.mark.parametrize("typed", [ADDRESS, "CAMILLE.MORIN", "99700000013", "Camille.Morin@Exemple.fr"])
def test_identifier_address_and_rpps_bring_the_same_mail(client: Client, outbox: Outbox, typed: str) -> None:
    make_user(rpps="99700000013")
    client.post(ASK, {"identifiant": typed})
    mail = outbox.last(ADDRESS)
    assert mail.row.sender.startswith("Portail ENRS")
    assert re.match(r"http://testserver/mot-de-passe/choisir/\?key=[\w-]{43}&resetMode=Simple$", mail.link)
    assert mail.row.is_sensitive
    assert "&amp;resetMode=Simple" in mail.html


@pytest.mark.django_db
@pytest.mark.feature(
    "M94-030",
    "M94-032",
    "M94-033",
    "M94-034",
    "M94-035",
    "M94-036",
    "M94-037",
    "M94-038",
    "M94-040",
    "M94-044",
)
def test_the_choose_page_has_the_words_of_the_guide(opened: Client) -> None:
    html = text_of(opened.get(CHOOSE + "?resetMode=Simple"))
    for words in (
        "<title>Activation du compte et choix du mot de passe",
        "Merci de renseigner tous les champs pour saisir votre nouveau mot de passe.",
        "Identifiant ou n° RPPS pour les professionnels libéraux",
        "Je ne connais pas mon identifiant",
        "au moins 8 caractères dont une majuscule, une minuscule et un chiffre",
        "_+=&lt;&gt;@&amp;!$*.,;':",
        "Confirmez le mot de passe",
        "Vérification",
        "Je ne suis pas un robot",
        "Confidentialité",
        "Conditions",
        "Valider",
        "Mentions légales",
        "Contacts",
    ):
        assert words in html, words


@pytest.mark.django_db
@pytest.mark.feature("M94-031", "M94-039")
def test_every_empty_field_has_its_error(opened: Client, person: User) -> None:
    response = opened.post(CHOOSE, {"x": "y"})
    errors = response.context["form"].errors
    assert {"identifiant", "password", "password_confirmation", "robot"} <= set(errors)
    assert "Veuillez procéder à la vérification" in text_of(response)
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


@pytest.mark.django_db
@pytest.mark.feature("M94-039")
def test_without_the_robot_check_the_password_is_unchanged(opened: Client, person: User) -> None:
    response = opened.post(CHOOSE, answer(robot_ticked=None))
    assert "Veuillez procéder à la vérification" in text_of(response)
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


@pytest.mark.django_db
@pytest.mark.feature("M94-041", "M94-042", "M94-043")
@pytest.mark.security("PWD-5")
def test_the_new_password_works_the_old_one_does_not_and_nobody_is_signed_in(
    opened: Client, person: User, outbox: Outbox
) -> None:
    done = opened.post(CHOOSE, answer(), follow=True)
    html = text_of(done)
    assert "Votre mot de passe a été changé, vous pouvez maintenant vous identifier." in html
    assert "Retour à la page de connexion" in html
    assert "_auth_user_id" not in opened.session
    assert opened.get("/preferences/").status_code == 302
    browser = Client()
    assert browser.post("/connexion/", {"identifiant": ADDRESS, "mot_de_passe": PASSWORD}).status_code == 200
    accepted = browser.post("/connexion/", {"identifiant": ADDRESS, "mot_de_passe": OTHER_PASSWORD})
    assert accepted["Location"] == "/connexion/verification/"
    assert (
        "Votre mot de passe a été changé"
        in [m for m in outbox.emails(ADDRESS) if m.purpose == "security_notice"][-1].subject
    )


@pytest.mark.django_db
@pytest.mark.security("SES-6", "PWD-8")
def test_a_reset_ends_every_session_and_the_notice_has_no_link(
    opened: Client, person: User, outbox: Outbox
) -> None:
    elsewhere = Client()
    sign_in(elsewhere, person)
    assert elsewhere.get("/preferences/").status_code == 200
    opened.post(CHOOSE, answer())
    assert elsewhere.get("/preferences/").status_code == 302
    notice = outbox.last(ADDRESS)
    assert notice.purpose == "security_notice"
    assert notice.links == []
    assert "0805 690 711" in notice.text
    assert 'href="http' not in notice.html
    assert SecurityEvent.objects.filter(action="password_reset", subject=person).count() == 1


@pytest.mark.django_db
@pytest.mark.feature("M94-029", "M94-032")
def test_the_identifier_must_be_that_of_the_key(opened: Client, person: User) -> None:
    make_user("voisine")
    for typed in ("voisine", "inconnue", "voisine@exemple.fr"):
        response = opened.post(CHOOSE, answer(identifiant=typed))
        assert "Cet identifiant ne correspond pas au lien" in text_of(response)
    assert opened.post(CHOOSE, answer(identifiant=ADDRESS.upper())).status_code == 302
    assert User.objects.get(identifiant="voisine").check_password(PASSWORD)


@pytest.mark.django_db
@pytest.mark.feature("M94-032")
def test_an_rpps_number_names_the_account_too(client: Client, outbox: Outbox) -> None:
    make_user(rpps="99700000013")
    client.post(ASK, {"identifiant": ADDRESS})
    client.get(outbox.last(ADDRESS).path)
    assert client.post(CHOOSE, answer(identifiant="99700000013")).status_code == 302


@pytest.mark.django_db
@pytest.mark.feature("M94-037")
def test_two_different_values_are_refused(opened: Client, person: User) -> None:
    response = opened.post(CHOOSE, answer(password_confirmation="Autre-Chose-77"))
    assert "Les deux mots de passe sont différents" in text_of(response)


@pytest.mark.django_db
@pytest.mark.feature("M94-034", "M94-035")
@pytest.mark.parametrize("weak", ["Abc1def", "abcdefgh1", "ABCDEFGH1", "Abcdefghi", "Camille.morin1"])
def test_the_policy_holds_here_too(opened: Client, person: User, weak: str) -> None:
    response = opened.post(CHOOSE, answer(password=weak, password_confirmation=weak))
    assert response.context["form"].errors["password"]


@pytest.mark.django_db
@pytest.mark.feature("M94-029")
@pytest.mark.security("CODE-9")
def test_the_link_serves_once_and_dies_with_time_and_with_a_newer_one(
    client: Client, person: User, outbox: Outbox
) -> None:
    client.post(ASK, {"identifiant": ADDRESS})
    first = outbox.last(ADDRESS).path
    client.post(ASK, {"identifiant": ADDRESS})
    second = outbox.last(ADDRESS).path
    client.get(first)
    assert client.get(CHOOSE).status_code == 410
    with time_machine.travel(timezone.now() + timedelta(minutes=60, seconds=1), tick=False):
        client.get(second)
        assert client.get(CHOOSE).status_code == 410
    client.get(second)
    assert client.post(CHOOSE, answer()).status_code == 302
    client.get(second)
    gone = client.post(CHOOSE, answer(password="Encore-Un-99", password_confirmation="Encore-Un-99"))
    assert gone.status_code == 410
    assert "Demander un nouveau lien" in text_of(gone)
    person.refresh_from_db()
    assert person.check_password(OTHER_PASSWORD)


@pytest.mark.django_db
@pytest.mark.security("WEB-3", "CODE-9")
def test_opening_the_link_changes_nothing(
    client: Client, person: User, outbox: Outbox, django_assert_num_queries: Callable
) -> None:
    client.post(ASK, {"identifiant": ADDRESS})
    path = outbox.last(ADDRESS).path
    with django_assert_num_queries(0):
        response = client.get(path)
    assert response["Location"] == f"{CHOOSE}?resetMode=Simple"
    assert response["Referrer-Policy"] == "no-referrer"
    assert MailedLink.objects.get().used_at is None


@pytest.mark.django_db
@pytest.mark.security("SES-5")
def test_a_suspended_account_cannot_use_its_link(opened: Client, person: User) -> None:
    account.suspend(person, actor=make_user("agent", is_staff=True), reason="essai")
    assert opened.post(CHOOSE, answer()).status_code == 410


@pytest.mark.django_db
def test_a_pending_account_is_sent_its_validation_mail_instead(client: Client, outbox: Outbox) -> None:
    make_user("enattente", status=AccountStatus.PENDING, email_verified_at=None)
    client.post(ASK, {"identifiant": "enattente"})
    assert "Validation de votre inscription" in outbox.last("enattente@exemple.fr").subject
    assert MailedLink.objects.get().purpose == LinkPurpose.SIGN_UP


@pytest.mark.django_db
@pytest.mark.security("CODE-6")
def test_at_most_three_reset_mails_in_ten_minutes(client: Client, person: User, outbox: Outbox) -> None:
    for typed in [ADDRESS, "camille.morin"] * 4:
        assert client.post(ASK, {"identifiant": typed}).status_code == 302
    assert len(outbox.emails(ADDRESS)) == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.security("CODE-4")
def test_eight_answers_at_once_use_the_link_once() -> None:
    make_user()
    first = Client()
    first.post(ASK, {"identifiant": ADDRESS})
    path = Outbox().last(ADDRESS).path

    def act(rank: int) -> int:
        browser, raw = Client(), f"Tram-Violet-8{rank}"
        browser.get(path)
        return browser.post(CHOOSE, answer(password=raw, password_confirmation=raw)).status_code

    assert sorted(together(8, act)) == [302] + [410] * 7
    assert SecurityEvent.objects.filter(action="password_reset").count() == 1


@pytest.mark.django_db
@pytest.mark.feature("M94-033")
@pytest.mark.security("ABU-1")
def test_the_identifier_leaves_by_mail_and_is_never_on_screen(
    client: Client, person: User, outbox: Outbox
) -> None:
    pages = []
    for address in (ADDRESS, "inconnu@exemple.fr"):
        response = client.post("/identifiant/oublie/", {"email": address, **robot_answer()})
        pages.append(
            (response["Location"], re.sub(r'"[^"]{20,}"', "", text_of(client.get(response["Location"]))))
        )
    assert pages[0] == pages[1]
    assert "camille.morin" not in pages[0][1]
    assert [mail.to for mail in outbox.messages] == [ADDRESS]
    assert "Votre identifiant utilisateur est : camille.morin" in outbox.last(ADDRESS).text
