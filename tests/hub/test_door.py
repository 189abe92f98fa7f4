"""What a visitor finds at the front door, and the links every public page carries."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils.html import escape

from portal.hub.models import Notice

pytestmark = pytest.mark.django_db


def door() -> str:
    response = Client().get("/")
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.feature("ROR-016")
def test_the_door_has_the_title_and_baseline_of_the_guide():
    page = door()
    assert "Portail de l&#x27;Espace Numérique Régional de Santé</h1>" in page
    assert (
        "La porte d&#x27;entrée des Professionnels de Santé vers les services sanitaires et médico-sociaux de SESAN"
        in page
    )


@pytest.mark.feature("ROR-023")
def test_the_door_separates_the_two_cases():
    page = door()
    no_account, account = page.index("Je n’ai pas de compte"), page.index("J’ai déjà un compte")
    assert (
        no_account < page.index('href="/inscription/"') < account < page.index('href="/connexion/"', account)
    )


@pytest.mark.feature("ROR-022")
def test_the_user_notice_is_what_staff_wrote(content):
    assert "NOTE AUX UTILISATEURS" in door()
    assert "nous vous recommandons fortement de changer votre mot de passe" in door()
    Notice.objects.update(text="Maintenance samedi.")
    assert "Maintenance samedi." in door()
    Notice.objects.update(is_active=False)
    assert "NOTE AUX UTILISATEURS" not in door()


@pytest.mark.feature("M94-009")
@pytest.mark.parametrize(
    "address", ["/", "/assistance/", "/aide/connexion/", "/pages/cgu/", "/pages/contacts/"]
)
def test_sign_in_is_in_the_header_of_every_public_page(content, address):
    header = Client().get(address).content.decode().split("</header>")[0]
    assert "Se connecter" in header and 'href="/connexion/' in header


@pytest.mark.feature("ROR-051", "M94-044")
@pytest.mark.security("ACC-4")
@pytest.mark.parametrize("address", ["/", "/assistance/", "/aide/connexion/", "/inscription/", "/connexion/"])
def test_the_footer_leads_to_the_legal_pages_and_the_accessibility_statement(content, address):
    footer = Client().get(address).content.decode().split("<footer")[1]
    for slug, label in (
        ("mentions-legales", "Mentions légales"),
        ("cgu", "CGU"),
        ("contacts", "Contacts"),
        ("accessibilite", "Accessibilité : "),
    ):
        assert f'href="/pages/{slug}/">{label}' in footer


@pytest.mark.feature("ROR-009")
@pytest.mark.parametrize("address", ["/", "/assistance/", "/aide/connexion/"])
def test_the_support_card_tells_hours_phone_and_form(content, address):
    page = Client().get(address).content.decode()
    assert "Le support SESAN" in page
    assert "du lundi au vendredi de 8 h à 20 h" in page
    assert "01 83 76 30 31" in page
    assert 'href="/assistance/#demande"' in page


@pytest.mark.security("WEB-1")
def test_no_inline_script_nor_style_on_our_pages(content):
    for address in ("/", "/assistance/", "/aide/connexion/", "/pages/cgu/"):
        page = Client().get(address).content.decode()
        assert (
            "<style" not in page and " style=" not in page and not re.search(r"<[a-z][^>]*\son[a-z]+=", page)
        )
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page)), address


def test_each_platform_has_its_own_door(plateforme):
    for name in ("esante-cvl", "entractes"):
        profile = plateforme(name)
        page = Client().get("/")
        assert page.status_code == 200
        assert escape(profile.operator) in page.content.decode()


WAYS = {
    "enrs-idf": (
        "avec votre carte CPS, l’e-CPS, votre mot de passe ou un code éphémère.",
        "avec votre carte CPS, l’e-CPS ou votre adresse e-mail professionnelle.",
    ),
    "entractes": (
        "avec l’e-CPS ou votre mot de passe.",
        "avec l’e-CPS ou votre adresse e-mail professionnelle.",
    ),
}


@pytest.mark.parametrize("name", WAYS)
def test_the_door_promises_only_the_ways_that_its_region_opens(plateforme, name):
    plateforme(name)
    page = door()
    assert all(f"{sentence}</p>" in page for sentence in WAYS[name])


@pytest.mark.parametrize(
    ("name", "answer"),
    [("enrs-idf", "J’ai déjà un compte sur le Portail PS"), ("entractes", "J’ai déjà un compte")],
)
def test_the_sign_up_asks_about_an_account_of_its_own_region(content, plateforme, name, answer):
    plateforme(name)
    assert f"<span>{answer}</span>" in Client().get("/inscription/").content.decode()
