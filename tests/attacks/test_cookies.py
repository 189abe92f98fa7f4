"""What the browser keeps: a few cookies, opaque, of ours only; nothing that names a person (SES-2, DAT-5)."""

from __future__ import annotations

import base64
import re

import pytest
from django.test import Client

from tests.accounts.signin.steps import pass_both, post_password
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("SES-2", "DAT-5")]
KNOWN = {"sessionid", "csrftoken", "appareil", "psc-session", "porte"}


def readable(value: str) -> str:
    """The value and all that decodes from its parts."""
    texts = [value]
    for part in re.split(r"[:.]", value):
        padded = part + "=" * (-len(part) % 4)
        texts.append(base64.urlsafe_b64decode(padded.encode()).decode("utf-8", "replace"))
    return " ".join(texts).lower()


def check(client: Client, *personal: str) -> None:
    for name, morsel in client.cookies.items():
        assert name in KNOWN
        assert not [text for text in personal if text.lower() in readable(morsel.value)], name
        assert morsel["samesite"] == "Lax" and not morsel["domain"] and morsel["path"] == "/", name
        assert morsel["httponly"] or morsel["max-age"] == 0, name


def test_no_cookie_names_the_person_who_asks_the_support(client: Client) -> None:
    person = make_person()
    sign_in(client, person)
    client.cookies["sessionid"].update({"httponly": True, "samesite": "Lax"})  # put there by the helper
    question = {"sujet": "other", "objet": "Mot", "demande": "Une demande."}
    answer = client.post("/assistance/", question, follow=True)
    assert person.email in answer.content.decode()
    check(client, person.email, person.email.partition("@")[0])


def test_no_cookie_names_the_person_who_signs_in(client: Client, outbox: Outbox) -> None:
    person = make_person()
    post_password(client, person.email, "faux")
    check(client, person.email, person.identifiant)
    pass_both(client, person, outbox)
    check(client, person.email, person.identifiant, str(person.public_id))
    client.post("/deconnexion/")
    check(client, person.email, person.identifiant)
    assert "déconnecté" in client.get("/").content.decode()


def test_every_cookie_is_bound_to_our_host_over_https(settings, client: Client, outbox: Outbox) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    person = make_person()
    client.get("/connexion/")
    pass_both(client, person, outbox)
    client.get("/mot-de-passe/choisir/?key=" + "A" * 43)
    client.get("/inscription/validation/?key=" + "A" * 43)
    client.post("/deconnexion/")
    assert len(client.cookies) >= 4
    for name, morsel in client.cookies.items():
        assert name.startswith("__Host-") and morsel["path"] == "/" and not morsel["domain"]
        assert morsel["secure"] or morsel["max-age"] == 0, name
