"""/inscription/ : the form of the ENRS, its labels, its success and what it creates."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.enums import AccountStatus, CodeChannel
from accounts.models import DocumentAcceptance, MailedLink, User
from portal.referentiels.models import Profession
from tests.accounts.signup.people import ADDRESS, PASSWORD, filled_form, make_user
from tests.support.outbox import Outbox

pytestmark = pytest.mark.django_db
URL = "/inscription/"


def page(client: Client, url: str = URL) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.feature("ROR-029", "ROR-030", "M94-063")
def test_the_page_says_what_it_is_and_asks_who_has_an_account(client: Client) -> None:
    html = page(client)
    assert len(re.findall(r"<h1\b", html)) == 1
    for words in (
        "Inscription",
        "Veuillez compléter les informations requises.",
        "Tous les champs de ce formulaire avec * sont obligatoires.",
        "Cette inscription est obligatoire pour accéder aux services",
        "J’ai déjà un compte sur le Portail PS",
        "Je n’ai pas de compte",
    ):
        assert words.replace("'", "&#x27;") in html or words in html


@pytest.mark.feature(
    "ROR-032", "ROR-033", "ROR-034", "ROR-035", "ROR-036", "ROR-037", "ROR-038", "ROR-039", "ROR-040", "ROR-041",
    "ROR-042", "ROR-043", "ROR-045", "ROR-046", "M94-064", "M94-065", "M94-066", "M94-071", "M94-072",
)  # fmt: skip
def test_every_field_of_the_guide_is_on_the_page(client: Client) -> None:
    html = page(client)
    for words in (
        "Titre", "Madame", "Monsieur", "Nom", "Prénom", "Email", "Confirmer l’email", "Profession non renseignée",
        "Si vous ne trouvez pas votre profession dans la liste, indiquez votre profession exacte.",
        "Spécialité non renseignée", "Identifiant national", "(RPPS, ADELI, FINESS/Matricule)", "Téléphone Mobile",
        "Téléphone Fixe", "Commentaire", "Choix de l&#x27;identifiant et du mot de passe", "Identifiant",
        "Mot de passe", "Confirmer le mot de passe", "Code à usage unique", "Réception par SMS",
        "Je ne suis pas un robot", "Annuler", "Enregistrer",
    ):  # fmt: skip
        assert words in html, words


@pytest.mark.feature("M94-046", "ROR-030")
def test_who_has_an_account_is_sent_to_sign_in(client: Client) -> None:
    html = page(client, f"{URL}?compte=oui")
    assert 'href="/connexion/"' in html
    assert 'name="nom"' not in html
    assert client.post(URL, {"compte": "oui"})["Location"] == "/connexion/"


@pytest.mark.feature("ROR-029", "ROR-042", "M94-072")
def test_a_right_form_creates_a_pending_account_and_sends_the_mail(client: Client, outbox: Outbox) -> None:
    response = client.post(
        URL,
        filled_form(phone_mobile="06 39 98 12 34", preferred_channel="sms", national_number="99700000001"),
    )
    assert (response.status_code, response["Location"]) == (302, "/inscription/envoyee/")
    user = User.objects.get()
    assert user.status == AccountStatus.PENDING
    assert (user.identifiant, user.email, user.nom, user.prenom) == (
        "camille.morin",
        ADDRESS,
        "Morin",
        "Camille",
    )
    assert (user.phone_mobile, user.phone_mobile_verified_at) == ("+33639981234", None)
    assert (user.preferred_channel, user.rpps) == (CodeChannel.SMS, "99700000001")
    assert user.check_password(PASSWORD)
    assert [message.to for message in outbox.messages] == [ADDRESS]
    assert ADDRESS in page(client, "/inscription/envoyee/")


@pytest.mark.feature("ROR-047")
def test_the_validation_mail_has_the_words_of_the_guide(client: Client, outbox: Outbox) -> None:
    client.post(URL, filled_form())
    mail = outbox.last(ADDRESS)
    assert mail.subject == "[Portail ENRS] Validation de votre inscription"
    for body in (mail.text, mail.html.replace("&nbsp;", " ")):
        assert "Votre identifiant utilisateur est : camille.morin" in body
        assert "Je valide mon adresse mail." in body
        assert "/inscription/validation/?key=" in body
    assert "ou vous avez modifié votre adresse mail" in mail.text
    assert "<img" not in mail.html
    assert mail.row.sender.endswith("<ne-pas-repondre@enrs-idf.example>")
    assert mail.row.is_sensitive


@pytest.mark.feature("ROR-044")
def test_terms_are_compulsory_and_their_version_is_kept(client: Client) -> None:
    response = client.post(URL, filled_form(accept_terms=None))
    assert "Cochez cette case pour continuer." in response.content.decode()
    assert not User.objects.exists()
    assert 'href="/pages/cgu/"' in page(client)
    client.post(URL, filled_form())
    assert DocumentAcceptance.objects.values_list("document", "version").get() == ("terms", "1.0")


@pytest.mark.feature("ROR-042")
def test_an_identifier_already_taken_gets_a_figure_and_the_mail_says_which(
    client: Client, outbox: Outbox
) -> None:
    make_user("camille.morin", email="autre@exemple.fr")
    make_user("camille.morin2", email="encore@exemple.fr")
    assert "un chiffre lui sera ajouté" in page(client)
    client.post(URL, filled_form(identifiant="Camille.Morin"))
    assert User.objects.get(email_key=ADDRESS).identifiant == "Camille.Morin3"
    assert "Votre identifiant utilisateur est : Camille.Morin3" in outbox.last(ADDRESS).text


@pytest.mark.feature("ROR-042")
def test_the_address_itself_may_be_the_identifier(client: Client) -> None:
    client.post(URL, filled_form(identifiant=ADDRESS))
    assert User.objects.get().identifiant == ADDRESS


@pytest.mark.security("CODE-9", "PWD-6")
def test_the_link_is_kept_as_a_hash_only(client: Client, outbox: Outbox) -> None:
    client.post(URL, filled_form())
    token = outbox.last(ADDRESS).link.rpartition("key=")[2]
    link = MailedLink.objects.get()
    assert len(token) >= 43
    assert token not in link.token_hash


def test_signed_in_people_are_sent_home(signed_in: Client) -> None:
    assert signed_in.get(URL)["Location"] == "/"


def test_every_control_of_the_page_has_a_purpose_for_the_browser(client: Client) -> None:
    html = page(client)
    for name, purpose in (
        ("nom", "family-name"),
        ("prenom", "given-name"),
        ("email", "email"),
        ("phone_mobile", "tel"),
        ("identifiant", "username"),
        ("password", "new-password"),
    ):
        tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', html)
        assert tag and f'autocomplete="{purpose}"' in tag[0], name


# --- on the way to the Maillage directory -------------------------------------------------------------------
@pytest.mark.feature("M94-046", "M94-063")
def test_from_the_directory_the_first_question_is_that_of_its_guide(client: Client) -> None:
    html = page(client, f"{URL}?pour=maillage").replace("&#x27;", "'")
    for words in ("Je dispose déjà d'un compte ENRS", "Oui", "Non", "S'inscrire", "Inscription</h1>"):
        assert words in html, words
    assert 'href="/connexion/"' in page(client, f"{URL}?pour=maillage&compte=oui")


@pytest.mark.feature("M94-067", "M94-068", "M94-069", "M94-070")
def test_from_the_directory_the_place_of_work_is_compulsory(client: Client) -> None:
    response = client.post(URL, filled_form(pour="maillage"))
    errors = response.context["form"].errors
    assert set(errors) == {"profession", "structure", "code_postal", "phone_mobile"}
    assert "Téléphone Mobile ou Téléphone Fixe" in errors["phone_mobile"][0]
    assert 'name="pour" value="maillage"' in response.content.decode()
    for wrong in ("9400", "940000", "abcde"):
        again = client.post(URL, filled_form(pour="maillage", code_postal=wrong))
        assert again.context["form"].errors["code_postal"]
    profession = Profession.objects.filter(label="Médecin").first()
    right = {
        "profession": str(profession.pk),
        "structure": "Cabinet des Lilas",
        "phone_fixe": "01 23 45 67 89",
    }
    sent = client.post(URL, filled_form(pour="maillage", code_postal="94000", **right))
    assert sent["Location"] == "/inscription/envoyee/"
    user = User.objects.get()
    assert (user.profession, user.structure, user.code_postal) == (profession, "Cabinet des Lilas", "94000")
    assert user.phone_fixe == "+33123456789"


@pytest.mark.feature("M94-064", "M94-070", "M94-071", "M94-072")
def test_from_the_directory_the_form_has_the_words_of_its_guide(client: Client) -> None:
    html = page(client, f"{URL}?pour=maillage").replace("&#x27;", "'")
    for words in (
        "Civilité", "Adresse e-mail", "Confirmation de l'adresse e-mail", "Confirmation de mot de passe"
    ):  # fmt: skip
        assert f">{words}" in html, words
    usual = page(client).replace("&#x27;", "'")
    assert ">Titre" in usual
    assert ">Confirmation de l'adresse e-mail" not in usual


@pytest.mark.feature("M94-070")
def test_one_phone_of_two_is_asked_before_it_is_refused(client: Client) -> None:
    directory = " ".join(page(client, f"{URL}?pour=maillage").split())
    assert directory.count("Remplissez au moins un champ : Téléphone Mobile ou Téléphone Fixe.") == 2
    phones = directory.split('for="id_phone_mobile"')[1].split('for="id_profession"')[0]
    assert "(facultatif)" not in phones
    assert "Remplissez au moins un champ" not in page(client)


@pytest.mark.feature("M94-067", "ROR-036")
def test_the_list_of_professions_is_that_of_the_reference_by_category(client: Client) -> None:
    html = page(client).replace("&#x27;", "'")
    for label in ("Médecin", "Masseur-kinésithérapeute", "Sage-femme", "Secrétaire médicale", "Étudiant"):
        assert label in html, label
    assert html.count("<optgroup") == 4


def test_a_password_that_was_right_is_asked_again_with_the_reason(client: Client) -> None:
    again = "Par sécurité, le mot de passe n’est pas gardé : retapez-le deux fois."
    assert again in client.post(URL, filled_form(email_confirmation="autre@exemple.fr")).content.decode()
    assert again not in client.post(URL, filled_form(password="court")).content.decode()
    assert again not in page(client)
