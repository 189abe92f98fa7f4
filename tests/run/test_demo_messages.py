"""/demo/messages/: what arrived, newest first, in the demo only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from portal.launcher.place import ROOT
from portal.simulators.store import MessageStore

TO = "claire.martin@example.org"


@pytest.fixture
def store(settings: Any, tmp_path: Path) -> MessageStore:
    settings.DEMO_MESSAGES_STORE = tmp_path / "messages.sqlite3"
    settings.ROOT_URLCONF = "portal.demo_urls"
    return MessageStore(settings.DEMO_MESSAGES_STORE)


def test_json_lists_newest_first_without_signing_in(client: Client, db: None, store: MessageStore) -> None:
    store.add("email", TO, "Un lien : https://example.org/a?b=1&c=2", subject="Première")
    store.add("sms", "+33639980001", "Votre code : 012345")
    listed = client.get("/demo/messages.json").json()
    assert [(m["channel"], m["to"]) for m in listed] == [("sms", "+33639980001"), ("email", TO)]
    assert set(listed[0]) == {"id", "channel", "to", "subject", "text", "at"}


def test_json_narrows_by_person_and_channel(client: Client, db: None, store: MessageStore) -> None:
    store.add("email", TO, "a")
    store.add("sms", "+33639980001", "b")
    assert [m["text"] for m in client.get("/demo/messages.json", {"to": TO}).json()] == ["a"]
    assert [m["text"] for m in client.get("/demo/messages.json", {"channel": "sms"}).json()] == ["b"]


def test_page_shows_links_one_can_follow_and_no_live_html(
    client: Client, db: None, store: MessageStore
) -> None:
    store.add("email", TO, "<script>x</script> https://example.org/a?b=1&c=2", subject="<b>Gras</b>")
    page = client.get("/demo/messages/").content.decode()
    assert 'href="https://example.org/a?b=1&amp;c=2"' in page
    assert "<script>x" not in page
    assert "&lt;b&gt;Gras" in page


def test_a_mail_is_shown_as_a_reader_draws_it_and_runs_nothing(
    client: Client, db: None, store: MessageStore
) -> None:
    body = '<h1 style="color:#1b2733">Bonjour</h1><script>x</script>'
    mail, sms = store.add("email", TO, "Bonjour", html=body), store.add("sms", "+33639980001", "Bonjour")
    listed = client.get("/demo/messages/").content.decode()
    assert f"/demo/messages/{mail}/" in listed and f"/demo/messages/{sms}/" not in listed
    shown = client.get(f"/demo/messages/{mail}/")
    assert shown.content.decode() == body
    policy = dict(part.strip().split(" ", 1) for part in shown["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'" and "script-src" not in policy
    assert policy["style-src"] == "'unsafe-inline'"
    assert [client.get(f"/demo/messages/{number}/").status_code for number in (sms, 999)] == [404, 404]


def test_page_is_paginated_and_empty_pages_say_what_to_do(
    client: Client, db: None, store: MessageStore
) -> None:
    assert "Aucun message" in client.get("/demo/messages/").content.decode()
    for number in range(30):
        store.add("email", TO, f"message numéro {number} fin")
    assert "numéro 29 fin" in client.get("/demo/messages/").content.decode()
    assert "numéro 0 fin" in client.get("/demo/messages/?page=2").content.decode()
    assert (
        "Aucun message pour cette adresse" in client.get("/demo/messages/?to=x@example.org").content.decode()
    )


def test_the_product_has_no_such_page(client: Client, db: None) -> None:
    assert client.get("/demo/messages.json").status_code == 404


PRODUCTION = {
    "SITE_URL": "https://portail.example.org",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST",
    "CODE_PEPPER": "TSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba9876543210",
    "ALLOWED_HOSTS": "portail.example.org",
    "EMAIL_URL": "smtp://127.0.0.1:25",
    "SMS_URL": "https://sms.example.org",
}
REFUSAL = """
import django
from django.conf import settings
django.setup()
settings.ROOT_URLCONF = "portal.demo_urls"
from django.core.management import call_command
call_command("check")
"""


@pytest.mark.security("DAT-6")
def test_production_refuses_the_demo_addresses() -> None:
    environment = {**os.environ, **PRODUCTION, "DJANGO_SETTINGS_MODULE": "portal.settings.production"}
    run = subprocess.run(
        [sys.executable, "-c", REFUSAL],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "réservées à la démonstration" in run.stderr


@pytest.mark.security("DAT-6")
def test_production_settings_name_no_stand_in() -> None:
    script = (
        "import django; django.setup(); from django.conf import settings as s;"
        "print([a for a in s.INSTALLED_APPS if 'simulators' in a], s.ROOT_URLCONF, hasattr(s, 'DEMO_MESSAGES_STORE'))"
    )
    environment = {**os.environ, **PRODUCTION, "DJANGO_SETTINGS_MODULE": "portal.settings.production"}
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[] portal.urls False"
