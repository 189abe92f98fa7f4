"""/preferences/ : what a person sees and changes about their own account, and what protects it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.enums import AccountStatus, CodeChannel
from accounts.models import SecurityEvent, User, UserSession
from portal.referentiels.models import Profession
from tests.accounts.signup.people import OTHER_PASSWORD, PASSWORD, sign_in
from tests.support.outbox import Outbox

pytestmark = pytest.mark.django_db

PAGES = (
    "/preferences/",
    "/preferences/identite/",
    "/preferences/activite/",
    "/preferences/adresse/",
    "/preferences/mobile/",
    "/preferences/codes/",
    "/preferences/mot-de-passe/",
    "/preferences/mes-donnees/",
    "/preferences/fermer/",
)
GUARDED = tuple(page for page in PAGES if page not in PAGES[:3])


def text_of(response: Any) -> str:
    return response.content.decode().replace("&#x27;", "'")


def version_of(client: Client, page: str) -> str:
    found = re.search(r'name="version" value="([^"]+)"', text_of(client.get(page)))
    assert found
    return found[1]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_one_title_and_is_private(signed_in: Client, path: str) -> None:
    response = signed_in.get(path)
    assert response.status_code == 200
    assert len(re.findall(r"<h1\b", text_of(response))) == 1
    assert "no-store" in response["Cache-Control"]
    assert Client().get(path)["Location"].startswith("/connexion/?")


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.security("MFA-4", "PWD-5")
def test_what_protects_the_account_asks_a_recent_proof_and_comes_back(signed_in: Client, path: str) -> None:
    UserSession.objects.update(proved_at=timezone.now() - timedelta(minutes=16))
    response = signed_in.get(path)
    assert response["Location"] == f"/connexion/preuve/?next={path.replace('/', '%2F')}"
    assert signed_in.post(path, {})["Location"].startswith("/connexion/preuve/")


def test_identity_is_corrected_and_journalled(signed_in: Client, person: User) -> None:
    form = {
        "version": version_of(signed_in, "/preferences/identite/"),
        "civilite": "madame",
        "nom": "Morin-Lévêque",
        "prenom": "Camille",
        "communication_email": "Secretariat@Exemple.fr",
        "phone_fixe": "01 23 45 67 89",
    }
    assert signed_in.post("/preferences/identite/", form)["Location"] == "/preferences/"
    person.refresh_from_db()
    assert (person.nom, person.phone_fixe) == ("Morin-Lévêque", "+33123456789")
    assert person.communication_email == "Secretariat@exemple.fr"
    event = SecurityEvent.objects.get(action="preferences_changed")
    assert event.data["fields"] == ["civilite", "communication_email", "nom", "phone_fixe"]
    assert "Morin-Lévêque" in text_of(signed_in.get("/preferences/"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("nom", ""), ("nom", "12"), ("prenom", "x" * 101), ("phone_fixe", "15"), ("communication_email", "non")],
)
def test_a_wrong_correction_gets_its_message_and_nothing_is_lost(
    signed_in: Client, person: User, name: str, value: str
) -> None:
    form = {
        "version": version_of(signed_in, "/preferences/identite/"),
        "nom": "Autre",
        "prenom": "Nom",
        name: value,
    }
    response = signed_in.post("/preferences/identite/", form)
    assert response.context["form"].errors[name]
    assert "Erreur : Identité" in text_of(response)
    person.refresh_from_db()
    assert person.nom == "Morin"


@pytest.mark.security("REL-6")
def test_two_tabs_never_overwrite_each_other_silently(signed_in: Client, person: User) -> None:
    stale = version_of(signed_in, "/preferences/identite/")
    User.objects.get(pk=person.pk).save()
    User.objects.filter(pk=person.pk).update(nom="Corrigée")
    form = {"version": stale, "nom": "Tapée", "prenom": "Camille"}
    response = signed_in.post("/preferences/identite/", form)
    html = text_of(response)
    assert "Votre compte a été modifié entre-temps" in html
    assert "Nom : <strong>Corrigée</strong>" in html
    assert 'value="Tapée"' in html
    newer = re.search(r'name="version" value="([^"]+)"', html)
    assert newer and signed_in.post("/preferences/identite/", form | {"version": newer[1]}).status_code == 302
    person.refresh_from_db()
    assert person.nom == "Tapée"


@pytest.mark.parametrize("version", ["", "hier", "2026-99-99T00:00", "x" * 40])
def test_a_forged_version_is_a_conflict_not_an_error(signed_in: Client, version: str) -> None:
    response = signed_in.post("/preferences/identite/", {"version": version, "nom": "A", "prenom": "B"})
    assert response.status_code == 200
    assert "modifié entre-temps" in text_of(response)


def test_professional_data_are_corrected(signed_in: Client, person: User) -> None:
    profession = Profession.objects.filter(label="Médecin").first()
    form = {
        "version": version_of(signed_in, "/preferences/activite/"),
        "profession": str(profession.pk),
        "national_number": "99700000013",
        "structure": "Cabinet du Parc",
        "code_postal": "94000",
    }
    assert signed_in.post("/preferences/activite/", form).status_code == 302
    person.refresh_from_db()
    assert (person.profession, person.rpps, person.code_postal) == (profession, "99700000013", "94000")
    html = text_of(signed_in.get("/preferences/"))
    assert "99700000013" in html and "à vérifier" in html


@pytest.mark.security("ACL-2")
def test_added_parameters_change_nothing_proven(signed_in: Client, person: User) -> None:
    form = {"version": version_of(signed_in, "/preferences/identite/"), "nom": "Morin", "prenom": "Camille"}
    extra = {
        "email": "pirate@exemple.fr",
        "is_staff": "1",
        "status": "closed",
        "identifiant": "admin",
        "rpps": "99700000013",
    }
    signed_in.post("/preferences/identite/", form | extra)
    person.refresh_from_db()
    assert (person.email, person.is_staff, person.status) == (
        "camille.morin@exemple.fr",
        False,
        AccountStatus.ACTIVE,
    )
    assert (person.identifiant, person.rpps) == ("camille.morin", "")


# --- password ---------------------------------------------------------------------------------------------
def change(**changed: str) -> dict[str, str]:
    values = {
        "current_password": PASSWORD,
        "password": OTHER_PASSWORD,
        "password_confirmation": OTHER_PASSWORD,
    }
    return values | changed


@pytest.mark.security("PWD-5", "SES-1", "SES-6", "PWD-8")
def test_a_change_ends_the_other_sessions_keeps_this_one_and_is_told(
    signed_in: Client, person: User, outbox: Outbox
) -> None:
    elsewhere = Client()
    sign_in(elsewhere, person)
    before = signed_in.cookies["sessionid"].value
    assert signed_in.post("/preferences/mot-de-passe/", change())["Location"] == "/preferences/"
    assert signed_in.cookies["sessionid"].value != before
    assert signed_in.get("/preferences/").status_code == 200
    assert elsewhere.get("/preferences/").status_code == 302
    person.refresh_from_db()
    assert person.check_password(OTHER_PASSWORD)
    assert "Votre mot de passe a été changé" in outbox.last(person.email).subject


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"current_password": "faux"}, "current_password"),
        ({"current_password": ""}, "current_password"),
        ({"password": "court"}, "password"),
        ({"password_confirmation": "autre"}, "password_confirmation"),
        ({"password": "Camille-Morin-77"}, "password"),
    ],
)
def test_a_wrong_change_is_refused_at_its_field(
    signed_in: Client, person: User, changed: dict[str, str], field: str
) -> None:
    response = signed_in.post("/preferences/mot-de-passe/", change(**changed))
    assert response.context["form"].errors[field]
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


@pytest.mark.security("ABU-2")
def test_guessing_the_current_password_is_slowed(signed_in: Client, person: User) -> None:
    for _ in range(7):
        response = signed_in.post("/preferences/mot-de-passe/", change(current_password="faux"))
    assert "Trop d’essais manqués" in text_of(response)
    right = signed_in.post("/preferences/mot-de-passe/", change())
    assert "réessayez dans" in text_of(right)
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


# --- choices ------------------------------------------------------------------------------------------------
def test_sms_is_chosen_only_once_the_mobile_is_proved(signed_in: Client, person: User) -> None:
    refused = signed_in.post("/preferences/codes/", {"preferred_channel": "sms"})
    assert "Vérifiez d’abord votre numéro de mobile" in text_of(refused)
    User.objects.filter(pk=person.pk).update(
        phone_mobile="+33639981234", phone_mobile_verified_at=timezone.now()
    )
    assert signed_in.post("/preferences/codes/", {"preferred_channel": "sms"}).status_code == 302
    person.refresh_from_db()
    assert person.preferred_channel == CodeChannel.SMS


def test_the_newsletter_consent_is_dated_and_withdrawn(signed_in: Client, person: User) -> None:
    signed_in.post("/preferences/lettre/", {"newsletter": "oui"})
    person.refresh_from_db()
    assert person.newsletter_consent_at
    signed_in.post("/preferences/lettre/", {"newsletter": "non"})
    signed_in.post("/preferences/lettre/", {"newsletter": "non"})
    person.refresh_from_db()
    assert person.newsletter_consent_at is None
    assert SecurityEvent.objects.filter(action="preferences_changed").count() == 2
    assert signed_in.get("/preferences/lettre/").status_code == 405


@pytest.mark.security("DAT-4")
def test_my_data_come_as_a_readable_file_without_secrets(
    signed_in: Client, person: User, outbox: Outbox
) -> None:
    response = signed_in.post("/preferences/mes-donnees/")
    assert re.match(
        r'attachment; filename="mes-donnees-\d{4}-\d\d-\d\d\.json"', response["Content-Disposition"]
    )
    data = json.loads(response.content)
    assert data["compte"]["adresse_email"] == person.email
    assert data["documents_acceptes"][0]["document"] == "terms"
    assert data["sessions"][0]["niveau"]
    assert person.password not in response.content.decode()
    assert SecurityEvent.objects.filter(action="data_exported", actor=person).count() == 1
    assert "téléchargées" in outbox.last(person.email).subject


@pytest.mark.security("SES-5")
def test_closing_asks_a_confirmation_then_signs_out(signed_in: Client, person: User, outbox: Outbox) -> None:
    assert "ne pourrez plus vous connecter" in text_of(signed_in.get("/preferences/fermer/"))
    refused = signed_in.post("/preferences/fermer/", {"reason": "je pars"})
    assert refused.context["form"].errors["confirm"]
    closed = signed_in.post("/preferences/fermer/", {"reason": "je pars", "confirm": "on"})
    assert closed["Location"] == "/compte-ferme/"
    person.refresh_from_db()
    assert person.status == AccountStatus.CLOSED
    assert signed_in.get("/preferences/").status_code == 302
    assert "Votre compte est fermé" in text_of(signed_in.get("/compte-ferme/"))
    assert "fermé" in outbox.last("camille.morin@exemple.fr").subject
    assert (
        Client().post("/connexion/", {"identifiant": "camille.morin", "mot_de_passe": PASSWORD}).status_code
        == 200
    )


def test_queries_of_the_home_of_preferences_are_counted(
    signed_in: Client, django_assert_max_num_queries: Any
) -> None:
    signed_in.get("/preferences/")
    with django_assert_max_num_queries(5):
        signed_in.get("/preferences/")
