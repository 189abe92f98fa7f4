"""Legal pages: shipped texts, versions published by staff, and the help pages."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.hub import pages
from portal.plateformes import current

pytestmark = pytest.mark.django_db

SLUGS = ["mentions-legales", "cgu", "contacts", "accessibilite", "donnees-personnelles"]


@pytest.mark.feature("ROR-051", "M94-044")
@pytest.mark.parametrize("slug", SLUGS)
def test_each_legal_page_shows_the_text_that_comes_with_the_platform(slug):
    response = Client().get(f"/pages/{slug}/")
    page = response.content.decode()
    assert response.status_code == 200
    assert page.count("<h1") == 1 and len(pages.find(slug).source) > 200
    assert "{%" not in page and "**" not in page.split("<main")[1]


def test_every_document_of_every_platform_has_its_page(plateforme):
    for name in ("enrs-idf", "esante-cvl", "entractes"):
        for document in plateforme(name).documents:
            assert Client().get(f"/pages/{document.slug}/").status_code == 200, (name, document.slug)


def test_the_version_in_force_and_its_date_are_told():
    terms = current().document("terms")
    assert f"Version {terms.version}" in Client().get("/pages/cgu/").content.decode()


def test_a_new_text_replaces_the_shipped_one_and_older_versions_stay_readable(agent):
    pages.publish("cgu", "Conditions d’utilisation", "Premier texte.", author=agent)
    pages.publish("cgu", "Conditions d’utilisation", "Second texte.", author=agent)
    page = Client().get("/pages/cgu/").content.decode()
    assert "Second texte." in page and "Premier texte." not in page and '<a href="?version=1">' in page
    old = Client().get("/pages/cgu/?version=1").content.decode()
    assert "Premier texte." in old and "Ancienne version" in old


def test_the_same_text_again_is_not_a_new_version(agent):
    for _ in range(2):
        version = pages.publish("cgu", "CGU", "Texte.", author=agent)
    assert version.number == 1


@pytest.mark.parametrize(
    "address", ["/pages/inconnue/", "/pages/cgu/?version=9", "/pages/cgu/?version=x", "/pages/cgu/?version=²"]
)
def test_an_unknown_page_or_version_is_not_found(address):
    assert Client().get(address).status_code == 404


@pytest.mark.feature("M94-008")
def test_the_help_page_has_four_starting_points_and_splits_the_last_in_three(content):
    page = Client().get("/aide/connexion/").content.decode()
    for anchor, label in (
        ("compte", "J’ai un compte"),
        ("ne-sais-pas", "Je ne sais pas si j’ai un compte"),
        ("oublie", "J’ai oublié mon mot de passe"),
        ("pas-de-compte", "Je n’ai pas de compte"),
    ):
        assert f'href="#{anchor}"' in page and f'id="{anchor}"' in page and label in page
    for procedure in ("/connexion/", "/identifiant/oublie/", "/mot-de-passe/oublie/", "/inscription/"):
        assert f'href="{procedure}"' in page
    last = page.split('id="pas-de-compte"')[1].split("</section>")[0]
    assert last.count("<dt>") == 3


@pytest.mark.feature("M94-058", "M94-047", "ROR-015")
def test_the_help_page_gives_the_address_the_phones_the_mailbox_and_the_order_of_access(content, settings):
    page = Client().get("/aide/connexion/").content.decode()
    for told in (settings.SITE_URL, "0805 690 711", "01 83 76 30 31", "support.portailpro@sante-idf.fr"):
        assert told in page
    assert "connectez-vous d’abord au portail, puis entrez dans le ROR-IF" in page
    assert "TERR-eSANTÉ, ROR-IF, ViaTrajectoire, ORTIF" in page


@pytest.mark.feature("ROR-013")
def test_documents_and_links_shared_by_the_support_are_listed(content):
    page = Client().get("/assistance/").content.decode()
    assert "Documents et liens utiles" in page
    for resource in current().support.resources:
        if resource.url:
            assert f'href="{resource.url}"' in page


@pytest.mark.feature("ROR-011", "ROR-012")
def test_the_support_page_says_what_it_can_do(content):
    page = Client().get("/assistance/").content.decode()
    assert "Créer votre compte" in page and "carte CPS ou l’e-CPS" in page
    assert "Renouveler votre mot de passe" in page
