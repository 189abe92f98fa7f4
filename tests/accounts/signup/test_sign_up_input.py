"""Every field of /inscription/ met with emptiness, excess, hostility and the wrong kind: a message at the field."""

from __future__ import annotations

import html as entities
import re

import pytest
from django.test import Client

from accounts.models import User
from tests.accounts.signup.people import PASSWORD, filled_form, make_user, robot_answer
from tests.support.outbox import Outbox

pytestmark = pytest.mark.django_db
URL = "/inscription/"

BIDI, NUL = "Mar\u202etin", "Mar\x00tin"
LONG = "a" * 5000


def refuse(client: Client, **changed: str) -> tuple[str, dict[str, list[str]]]:
    """Send a form with one thing changed; return the page and the errors by field. Nothing must be created."""
    response = client.post(URL, filled_form(**changed))
    assert response.status_code == 200
    assert not User.objects.filter(email_key="camille.morin@exemple.fr").exists()
    return entities.unescape(response.content.decode()), dict(response.context["form"].errors)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("civilite", "Titre"),
        ("nom", "Nom"),
        ("prenom", "Prénom"),
        ("email", "Email"),
        ("email_confirmation", "Confirmer"),
        ("identifiant", "Identifiant"),
        ("password", "Mot de passe"),
        ("password_confirmation", "Confirmer le mot de passe"),
        ("preferred_channel", "Réception"),
    ],
)
@pytest.mark.feature("ROR-032", "ROR-033", "ROR-034", "ROR-035", "ROR-042", "ROR-043")
def test_a_missing_field_is_named(client: Client, name: str, word: str) -> None:
    page, errors = refuse(client, **{name: ""})
    assert word in errors[name][0]
    assert f'id="id_{name}_error"' in page or "fieldset" in page
    assert re.search(r"<title>\s*Erreur : ", page)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nom", LONG), ("nom", BIDI), ("nom", NUL), ("nom", "12345"), ("nom", "<script>alert(1)</script>"),
        ("nom", "😀"), ("nom", "   "), ("prenom", "Zoé;DROP TABLE"),
        ("email", "pas une adresse"), ("email", "a@b"), ("email", LONG + "@exemple.fr"),
        ("email", "a@exemple.fr\nBcc: b@exemple.fr"), ("email", "moi@exemple.fr, toi@exemple.fr"),
        ("phone_mobile", "0123456789"), ("phone_mobile", "abc"), ("phone_mobile", "+1 202 555 0199"),
        ("phone_mobile", "9" * 400),
        ("phone_fixe", "15"), ("phone_fixe", "' OR 1=1"),
        ("national_number", "123"+"4" * 20), ("national_number", "9970000000"), ("national_number", "§§§"),
        ("profession", "999999"), ("profession", "abc"), ("profession", "1; DROP"), ("profession_libre", "x" * 151),
        ("profession_libre", BIDI), ("specialite", "Inconnue"), ("structure", "x" * 201), ("structure", NUL),
        ("code_postal", "7500"), ("code_postal", "abcde"), ("code_postal", "٧٥٠٠٠"),
        ("comment", "x" * 2001), ("comment", NUL),
        ("identifiant", "ab"), ("identifiant", "a b c"), ("identifiant", "99700000013"), ("identifiant", "<b>moi</b>"),
        ("identifiant", "autre@exemple.fr"), ("identifiant", "x" * 151), ("identifiant", "😀😀😀😀"),
        ("identifiant", "---"),
        ("civilite", "autre"), ("preferred_channel", "pigeon"),
    ],
)  # fmt: skip
def test_a_wrong_value_gets_its_message_and_nothing_else_is_lost(
    client: Client, name: str, value: str
) -> None:
    page, errors = refuse(client, **{name: value})
    assert errors.get(name) or (name == "email" and errors.get("email_confirmation"))
    if name not in {"email", "nom"}:
        assert 'value="Morin"' in page
        assert 'value="camille.morin@exemple.fr"' in page
    assert PASSWORD not in page


@pytest.mark.security("WEB-6")
def test_markup_typed_in_a_field_comes_back_as_text(client: Client) -> None:
    page = client.post(
        URL, filled_form(nom="<script>alert(1)</script>", comment="{{ user }}")
    ).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "{{ user }}" in page


@pytest.mark.parametrize(
    ("nom", "prenom"),
    [("O’Brien-Łukasz", "Zoé"), ("d'Anglejan", "Jean-Noël"), ("Nguyễn", "Thị"), ("Müller", "E\u0301lise")],
)
@pytest.mark.security("REL-10")
def test_names_of_the_world_are_accepted_and_normalised(client: Client, nom: str, prenom: str) -> None:
    assert client.post(URL, filled_form(nom=nom, prenom=prenom)).status_code == 302
    assert User.objects.get().prenom == {"E\u0301lise": "Élise"}.get(prenom, prenom)


@pytest.mark.feature("ROR-035", "M94-071")
def test_the_two_addresses_must_match(client: Client) -> None:
    _, errors = refuse(client, email_confirmation="autre@exemple.fr")
    assert "Les deux adresses sont différentes" in errors["email_confirmation"][0]


@pytest.mark.feature("M94-072", "ROR-042", "M94-037")
def test_the_two_passwords_must_match(client: Client) -> None:
    _, errors = refuse(client, password_confirmation=PASSWORD + "x")
    assert "Les deux mots de passe sont différents" in errors["password_confirmation"][0]


@pytest.mark.parametrize(
    "weak",
    [
        "Court1a",
        "toutenminuscules1",
        "TOUTENMAJUSCULES1",
        "SansChiffres",
        "Motdepasse1",
        "Azerty123",
        "Morin-Camille-9",
    ],
)
@pytest.mark.feature("M94-034", "M94-035", "M94-072")
@pytest.mark.security("PWD-2")
def test_weak_common_and_personal_passwords_are_refused(client: Client, weak: str) -> None:
    _, errors = refuse(client, password=weak)
    assert errors["password"]


@pytest.mark.parametrize("char", [*"_+=<>@&!$*.,;':", "é", "€", " ", "😀"])
@pytest.mark.feature("M94-036")
def test_every_printed_special_character_and_any_other_is_accepted(client: Client, char: str) -> None:
    raw = f"Tram{char}Violet{char}82"
    assert client.post(URL, filled_form(password=raw)).status_code == 302
    assert User.objects.get().check_password(raw)


@pytest.mark.security("PWD-3", "PWD-1")
def test_a_password_counts_exactly_as_typed_and_too_long_is_refused_before_hashing(client: Client) -> None:
    assert client.post(URL, filled_form(password="  Tram-Violet-82  ")).status_code == 302
    assert not User.objects.get().check_password("Tram-Violet-82")
    response = client.post(URL, filled_form(email="b@exemple.fr", password="Aa1-" + "x" * 4100))
    assert "trop long" in response.context["form"].errors["password"][0]


@pytest.mark.feature("ROR-043")
def test_sms_asks_for_a_mobile(client: Client) -> None:
    _, errors = refuse(client, preferred_channel="sms")
    assert errors["phone_mobile"] == ["La réception par SMS demande un téléphone mobile."]


@pytest.mark.feature("ROR-045", "M94-038")
def test_without_the_robot_check_nothing_is_made(client: Client) -> None:
    _, errors = refuse(client, robot_ticked=None)
    assert errors["robot"] == ["Veuillez procéder à la vérification"]


@pytest.mark.feature("ROR-039")
@pytest.mark.parametrize(
    ("typed", "column", "kept"),
    [
        ("99700000013", "rpps", "99700000013"),
        ("8 99700000013", "rpps", "99700000013"),
        ("997 00 000 013", "rpps", "99700000013"),
        ("759912340", "adeli", "759912340"),
        ("750712184", "matricule", "750712184"),
        ("AB-1234", "matricule", "AB-1234"),
    ],
)
def test_the_national_number_is_sorted_by_its_shape(
    client: Client, typed: str, column: str, kept: str
) -> None:
    assert client.post(URL, filled_form(national_number=typed)).status_code == 302
    user = User.objects.get()
    found = {name: getattr(user, name) for name in ("rpps", "adeli", "matricule") if getattr(user, name)}
    assert found == {column: kept}


@pytest.mark.security("ACL-2")
def test_added_parameters_give_no_right(client: Client) -> None:
    extra = {
        "is_staff": "on",
        "is_superuser": "on",
        "status": "active",
        "email_verified_at": "2026-01-01",
        "public_id": "x",
    }
    client.post(URL, filled_form(**extra))
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser, user.status, user.email_verified_at) == (
        False,
        False,
        "pending",
        None,
    )


def test_the_form_without_anything_answers_with_its_errors(client: Client) -> None:
    response = client.post(URL, {})
    assert response.status_code == 200
    assert {"nom", "email", "password", "robot", "accept_terms"} <= set(response.context["form"].errors)


def test_repeated_parameters_and_files_are_harmless(client: Client) -> None:
    assert client.post(URL, {"nom": ["a", "b"], "email": ["x", "y"]}).status_code == 200
    assert client.generic("POST", URL, b"\xff\xfe\x00garbage", "application/octet-stream").status_code == 200


def test_an_expired_form_can_be_sent_again(client: Client, outbox: Outbox) -> None:
    """The robot's ticket is too old: the page comes back with what was typed, and a fresh one passes."""
    stale = filled_form(robot_ticket="trop-vieux", robot_ticked="oui")
    page = client.post(URL, stale).content.decode()
    assert 'value="Morin"' in page
    assert client.post(URL, stale | robot_answer()).status_code == 302


def test_a_rpps_held_by_another_account_creates_nothing_and_says_so_by_mail_only(
    client: Client, outbox: Outbox
) -> None:
    make_user("titulaire", rpps="99700000013")
    response = client.post(URL, filled_form(national_number="99700000013"))
    assert response["Location"] == "/inscription/envoyee/"
    assert User.objects.count() == 1
    mail = outbox.last()
    assert mail.to == "camille.morin@exemple.fr"
    assert "rapprochez-vous du support" in mail.text
    assert "titulaire" not in mail.text


def test_queries_of_the_page_are_counted(client: Client, django_assert_max_num_queries: object) -> None:
    client.get(URL)
    with django_assert_max_num_queries(4):
        client.get(URL)
