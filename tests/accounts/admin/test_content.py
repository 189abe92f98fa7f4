"""What staff change without deployment: notices, applications, pages, documents. Each with a reason."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import SecurityEvent
from portal.hub import pages, seeds
from portal.hub.models import LegalPage, Notice, ResourceLink, Tile
from tests.hub.people import make_person, sign_in

pytestmark = pytest.mark.django_db

REASON = "Demande du responsable du portail"


def changed(model: str) -> SecurityEvent:
    return SecurityEvent.objects.get(action="admin_changed", data__model=model)


def notice_form(**changes) -> dict[str, str]:
    now = timezone.localtime()
    return {
        "kind": "user_notice",
        "tone": "warning",
        "title": "Note",
        "text": "Changez de mot de passe.",
        "audience": "everybody",
        "starts_at": now.strftime("%Y-%m-%dT00:00"),
        "ends_at": "",
        "is_active": "on",
        "rank": "0",
        "motif": REASON,
        **changes,
    }


@pytest.mark.feature("ROR-022")
def test_a_notice_written_by_staff_is_on_the_portal_at_once(desk, agent):
    assert desk.post("/administration/hub/notice/add/", notice_form()).status_code == 302
    assert "Changez de mot de passe." in Client().get("/").content.decode()
    line = changed("hub.notice")
    assert (line.actor, line.reason, line.data["what"]) == (agent, REASON, "added")
    pk = Notice.objects.get().pk
    desk.post(f"/administration/hub/notice/{pk}/change/", notice_form(text="Autre texte."))
    assert "Autre texte." in Client().get("/").content.decode()
    desk.post(f"/administration/hub/notice/{pk}/delete/", {"post": "yes"})
    assert not Notice.objects.exists()


@pytest.mark.security("ACL-5")
def test_no_change_without_a_reason(desk):
    answer = desk.post("/administration/hub/notice/add/", notice_form(motif=" "))
    assert answer.status_code == 200 and not Notice.objects.exists()
    assert "Motif" in answer.content.decode()


@pytest.mark.security("WEB-6")
@pytest.mark.parametrize("field", ["title", "text"])
def test_invisible_characters_are_refused(desk, field):
    desk.post("/administration/hub/notice/add/", notice_form(**{field: "Payer\u202eici"}))
    assert not Notice.objects.exists()


def test_a_notice_that_ends_before_it_starts_is_told_in_french(desk):
    answer = desk.post("/administration/hub/notice/add/", notice_form(ends_at="2020-01-01T00:00"))
    assert "La fin de l&#x27;affichage doit venir après son début." in answer.content.decode()


def tile_form(tile: Tile, **changes) -> dict[str, object]:
    links = list(tile.links.order_by("rank"))
    data: dict[str, object] = {
        "name": tile.name,
        "slug": tile.slug,
        "subtitle": tile.subtitle,
        "description": tile.description,
        "icon": tile.icon,
        "environment": tile.environment,
        "rank": tile.rank,
        "is_active": "on",
        "needed_level": tile.needed_level,
        "how_to_open": tile.how_to_open,
        "links-TOTAL_FORMS": len(links),
        "links-INITIAL_FORMS": len(links),
        "motif": REASON,
    }
    for place, link in enumerate(links):
        data |= {f"links-{place}-{key}": getattr(link, key) for key in ("id", "slug", "label", "url", "rank")}
        data[f"links-{place}-tile"] = tile.pk
    return data | changes


@pytest.mark.feature("ROR-087")
def test_staff_close_an_application_to_a_level_a_profession_and_a_role(desk):
    seeds.load()
    person = make_person()
    tile = Tile.objects.get(slug="adhoc")
    form = tile_form(
        tile, needed_level="3", needs_validation="on", professions=["medecin"], roles=["referent-ror"]
    )
    answer = desk.post(f"/administration/hub/tile/{tile.pk}/change/", form)
    assert answer.status_code == 302, answer.context["errors"]
    tile.refresh_from_db()
    assert (tile.needed_level, tile.professions, tile.roles) == (3, ["medecin"], ["referent-ror"])
    assert "ADHOC" not in sign_in(person).get("/").content.decode()
    assert changed("hub.tile").reason == REASON


@pytest.mark.security("WEB-6")
def test_a_dangerous_link_is_refused_in_the_form(desk):
    seeds.load()
    tile = Tile.objects.get(slug="adhoc")
    form = tile_form(tile) | {"links-0-url": "https://rdv.mk@demo.example/"}
    assert desk.post(f"/administration/hub/tile/{tile.pk}/change/", form).status_code == 200
    assert tile.links.get().url == "https://adhoc.sante.example/"


def test_an_application_is_withdrawn_rather_than_deleted(desk):
    seeds.load()
    tile = Tile.objects.get(slug="adhoc")
    assert desk.post(f"/administration/hub/tile/{tile.pk}/delete/", {"post": "yes"}).status_code == 403


def versions_form() -> dict[str, str]:
    return {"versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0"}


def test_a_legal_page_is_published_as_a_new_version(desk, agent):
    form = {
        "title": "Conditions d’utilisation",
        "slug": "cgu",
        "body": "## Objet\n\nTexte **un**.",
        "motif": REASON,
    }
    assert desk.post("/administration/hub/legalpage/add/", form | versions_form()).status_code == 302
    assert "Texte <strong>un</strong>." in Client().get("/pages/cgu/").content.decode()
    page = LegalPage.objects.get()
    assert page.versions.get().author == agent
    shown = desk.get(f"/administration/hub/legalpage/{page.pk}/change/").content.decode()
    assert "Texte **un**." in shown
    desk.post(
        f"/administration/hub/legalpage/{page.pk}/change/", form | versions_form() | {"body": "Texte deux."}
    )
    assert "Texte deux." in Client().get("/pages/cgu/").content.decode()
    assert pages.find("cgu").version == "2"


@pytest.mark.security("WEB-6")
def test_html_in_a_legal_page_stays_text(desk):
    form = {
        "title": "CGU",
        "slug": "cgu",
        "body": "<script>alert(1)</script> [x](javascript:alert(1))",
        "motif": REASON,
    }
    desk.post("/administration/hub/legalpage/add/", form | versions_form())
    page = Client().get("/pages/cgu/").content.decode()
    assert "<script>alert" not in page and "javascript:" not in page


@pytest.mark.feature("ROR-013")
def test_a_useful_link_is_shared_from_the_admin(desk):
    form = {"title": "Guide du ROR", "description": "PDF", "url": "https://guide.example/ror.pdf", "rank": "0",
            "is_active": "on", "motif": REASON}  # fmt: skip
    assert desk.post("/administration/hub/resourcelink/add/", form).status_code == 302
    assert 'href="https://guide.example/ror.pdf"' in Client().get("/assistance/").content.decode()
    desk.post("/administration/hub/resourcelink/add/", form | {"url": "javascript:alert(1)"})
    assert ResourceLink.objects.count() == 1


def test_the_lists_and_forms_of_content_open(desk):
    seeds.load()
    for model in ("notice", "tile", "legalpage", "resourcelink", "expertmailbox", "supportticket"):
        assert desk.get(f"/administration/hub/{model}/").status_code == 200, model
    for model in ("notice", "tile", "legalpage", "resourcelink", "expertmailbox"):
        assert desk.get(f"/administration/hub/{model}/add/").status_code == 200, model
