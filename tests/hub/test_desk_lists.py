"""The support's lists: each cell knows its column, and none scrolls sideways, at a desk or on a phone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import transaction
from django.utils.safestring import mark_safe
from playwright.sync_api import Page

from accounts.enums import AccountStatus
from portal.hub import seeds
from portal.hub.enums import TicketTopic
from portal.hub.models import Notice, SupportTicket, Tile
from portal.hub.templatetags.desk_lists import labelled
from portal.messaging.outbox import queue_email
from tests.hub.people import make_agent, make_person, sign_in
from tests.hub.test_board_browser import open_home
from tests.support.browser import WIDTHS, find_problems, too_wide

HEADERS = [{"text": mark_safe("<input>")}, {"text": "nom", "sortable": True}, {"text": 'motif "x"'}]
LISTS = (
    "/administration/accounts/user/",
    "/administration/hub/supportticket/",
    "/administration/messaging/outgoingmessage/?etat=tous",
    "/administration/accounts/securityevent/",
    "/administration/referentiels/importrun/",
    "/administration/hub/tile/",
)
SIDEWAYS = """() => [...document.querySelectorAll('#changelist .results')]
    .filter(list => list.scrollWidth > list.clientWidth).map(list => `${list.scrollWidth} > ${list.clientWidth}`)"""


def test_a_cell_says_the_title_of_its_column() -> None:
    cells = [
        mark_safe('<td class="action-checkbox"><input></td>'),
        mark_safe('<th class="field-nom"><a href="/">Zoé</a></th>'),
        mark_safe("<td>–</td>"),
    ]
    box, name, empty = labelled(cells, HEADERS)
    assert box == cells[0]
    assert name == '<th data-label="Nom" class="field-nom"><a href="/">Zoé</a></th>'
    assert empty == '<td data-label="Motif &quot;x&quot;" data-empty>–</td>'


@pytest.mark.django_db
def test_the_list_of_accounts_is_labelled_and_its_values_are_still_text() -> None:
    make_person("x.y", nom="<script>alert(1)</script>")
    page = sign_in(make_agent(), level=2).get("/administration/accounts/user/").content.decode()
    assert re.search(r'<td data-label="Identifiant et adresse"[^>]*>', page)
    assert "<script>alert" not in page


@pytest.mark.django_db
def test_the_list_of_messages_speaks_of_messages() -> None:
    with transaction.atomic():
        sent = queue_email(to="zoe@cabinet.example", template="launcher/check", context={"mark": "abc"})
    desk = sign_in(make_agent(), level=2)
    page = desk.get("/administration/messaging/outgoingmessage/?etat=tous").content.decode()
    detail = desk.get(f"/administration/messaging/outgoingmessage/{sent.pk}/change/").content.decode()
    assert "<h1>Messages</h1>" in page
    assert f"<h1>{sent.subject.split('] ')[-1]}</h1>" in detail


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_no_list_of_the_support_scrolls_sideways(page: Page, live_server: Any) -> None:
    seeds.load()
    make_person("lea.petit", status=AccountStatus.PENDING, email_verified_at=None, rpps="99700000013")
    SupportTicket.objects.create(
        topic=TicketTopic.BUSINESS, title="Que recouvre « bassin thérapeutique » ?", name="Léa Petit",
        email="lea.petit@cabinet.example",
    )  # fmt: skip
    with transaction.atomic():
        queue_email(to="lea.petit@cabinet.example", template="launcher/check", context={"mark": "abc"})
    open_home(page, live_server, make_agent(is_superuser=True), level=2, javascript=False)
    found = []
    for path in LISTS:
        for name in ("wide", "phone"):
            page.set_viewport_size({"width": WIDTHS[name], "height": 900})
            page.goto(live_server.url + path)
            sideways = page.evaluate(SIDEWAYS)
            found += [f"{path} at {WIDTHS[name]}: {line}" for line in sideways + too_wide(page)]
            found += find_problems(page)
    assert found == []


@pytest.mark.django_db
def test_every_page_of_the_support_has_the_same_path_to_it() -> None:
    desk = sign_in(make_agent(is_superuser=True), level=2)
    tile = Tile.objects.create(slug="essai", name="Essai")
    list_address = "/administration/hub/tile/"
    for address, last in (
        (list_address, "Applications"),
        (f"{list_address}{tile.pk}/change/", "Essai"),
        (f"{list_address}{tile.pk}/history/", "Historique"),
    ):
        html = desk.get(address).content.decode()
        (path,) = re.findall(r'<nav class="breadcrumb".*?</nav>', html, re.DOTALL)
        assert '<a href="/administration/">Support</a>' in path, address
        assert last in path and 'class="breadcrumbs"' not in html, address


@pytest.mark.django_db
def test_a_deletion_is_confirmed_on_a_page_of_ours_and_done() -> None:
    desk = sign_in(make_agent(is_superuser=True), level=2)
    notice = Notice.objects.create(title="Travaux", text="Samedi.")
    address = f"/administration/hub/notice/{notice.pk}/delete/"
    html = desk.get(address).content.decode()
    assert "<h1>Supprimer « Travaux » ?</h1>" in html and "Oui, je suis sûr" not in html
    assert f'href="/administration/hub/notice/{notice.pk}/change/">Annuler' in html
    assert desk.post(address, {"post": "yes"}).status_code == 302
    assert not Notice.objects.filter(pk=notice.pk).exists()
