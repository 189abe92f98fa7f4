"""Notices: when, for whom, and never as HTML."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, transaction
from django.test import Client
from django.utils import timezone

from portal.hub import selectors
from portal.hub.enums import NoticeKind
from portal.hub.models import Notice
from portal.hub.selectors import current_notices
from tests.hub.people import sign_in

pytestmark = pytest.mark.django_db


def shown(*, signed_in: bool, kind: str = "user_notice") -> list[str]:
    return [notice.title for notice in current_notices(NoticeKind(kind), signed_in=signed_in)]


def test_a_notice_shows_only_between_its_dates():
    now, hour = timezone.now(), timedelta(hours=1)
    Notice.objects.create(title="Hier", text="x", starts_at=now - 2 * hour, ends_at=now - hour)
    Notice.objects.create(title="Maintenant", text="x", starts_at=now - hour, ends_at=now + hour)
    Notice.objects.create(title="Demain", text="x", starts_at=now + hour)
    assert shown(signed_in=False) == ["Maintenant"]


def test_a_notice_shows_only_to_its_audience():
    for rank, audience in enumerate(("everybody", "visitors", "signed_in")):
        Notice.objects.create(title=audience, text="x", audience=audience, rank=rank)
    assert shown(signed_in=False) == ["everybody", "visitors"]
    assert shown(signed_in=True) == ["everybody", "signed_in"]


def test_a_banner_is_on_top_of_home_and_door(person):
    Notice.objects.create(
        kind="banner", tone="danger", title="Incident en cours", text="Messagerie ralentie."
    )
    for client in (Client(), sign_in(person)):
        page = client.get("/").content.decode()
        assert page.index("Incident en cours") < page.index("<h1")


PAGES = [
    "/",
    "/connexion/",
    "/inscription/",
    "/mot-de-passe/oublie/",
    "/assistance/",
    "/pages/contacts/",
    "/introuvable/",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_banner_is_on_every_page_before_its_title(path):
    Notice.objects.create(kind="banner", title="Travaux mardi", text="De 12 h à 13 h.")
    Notice.objects.create(kind="banner", title="Pour les connectés", text="x", audience="signed_in")
    page = Client().get(path, follow=True).content.decode()
    assert page.count(">Travaux mardi</h2>") == 1
    assert page.index("Travaux mardi") < page.index("<h1")
    assert "Pour les connectés" not in page


def test_a_banner_reaches_the_pages_of_its_audience(person):
    Notice.objects.create(kind="banner", title="Pour les connectés", text="x", audience="signed_in")
    Notice.objects.create(kind="banner", title="Pour les visiteurs", text="x", audience="visitors")
    page = sign_in(person).get("/preferences/").content.decode()
    assert "Pour les connectés" in page
    assert "Pour les visiteurs" not in page


def test_banners_add_no_query_to_a_warm_page(settings, django_assert_num_queries):
    settings.PROCESS_MEMORY = True
    client = Client()
    client.get("/connexion/")
    with django_assert_num_queries(0):
        client.get("/connexion/")


def test_a_page_goes_without_banners_when_the_database_is_away(monkeypatch):
    def away(**_audience):
        raise OperationalError("away")

    monkeypatch.setattr(selectors, "all_notices", away)
    assert Client().get("/introuvable/").status_code == 404


def test_an_incident_cannot_be_closed_and_another_banner_opens_again_when_it_changes():
    Notice.objects.create(kind="banner", tone="danger", title="Incident", text="x")
    closable = Notice.objects.create(kind="banner", tone="info", title="Travaux", text="x")
    first = re.findall(r'data-portal-dismiss="(annonce-[^"]+)"', Client().get("/").content.decode())
    assert len(first) == 1
    assert f"annonce-{closable.pk}-" in first[0]
    Notice.objects.filter(pk=closable.pk).update(text="y")
    assert first[0] not in Client().get("/").content.decode()


def test_a_note_to_users_has_no_way_to_be_closed():
    Notice.objects.create(title="Note", text="x")
    assert "annonce-" not in "".join(
        re.findall(r'data-portal-dismiss="([^"]*)"', Client().get("/").content.decode())
    )


@pytest.mark.security("WEB-6")
def test_html_in_a_notice_stays_text():
    Notice.objects.create(
        title="<b>Titre</b>", text="<script>alert(1)</script>\n\n[lien](javascript:alert(1))"
    )
    page = Client().get("/").content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;b&gt;Titre&lt;/b&gt;" in page and 'href="javascript:' not in page


def test_a_notice_cannot_end_before_it_starts():
    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.create(title="À l’envers", text="x", starts_at=now, ends_at=now - timedelta(days=1))
