"""An agent's first day: password, mailed code, authenticator app, then the support's pages. No shortcut."""

from __future__ import annotations

import re
import time

import pytest
from django.test import Client

from accounts import second_proof
from tests.hub.people import make_agent

pytestmark = pytest.mark.django_db

ADMIN = "/administration/accounts/user/"
PASSWORD = "Mot-de-passe-solide-1"


def figures(secret: str, shift: int) -> str:
    step = int(time.time()) // second_proof.TOTP_PERIOD + shift
    return second_proof.format_hotp_value(second_proof.hotp_value(secret, step))


@pytest.mark.security("ACL-5", "MFA-1", "MFA-3")
def test_a_new_agent_enrols_an_authenticator_and_comes_back_to_the_page_asked_for(outbox):
    agent = make_agent()
    client = Client()
    door = client.get(ADMIN)
    assert door["Location"].startswith("/connexion/")
    answer = client.post(door["Location"], {"identifiant": agent.identifiant, "mot_de_passe": PASSWORD})
    assert answer["Location"] == "/connexion/verification/"
    code = outbox.last(agent.email).code
    answer = client.post("/connexion/verification/", {"preuve": code, "moyen": "mail"}, follow=True)
    assert answer.status_code == 403 and "/preferences/moyens/" in answer.content.decode()

    page = client.get("/preferences/moyens/application/").content.decode()
    secret = re.search(r'<code id="cle">([A-Z2-7 ]+)</code>', page)[1].replace(" ", "")
    client.post("/preferences/moyens/application/", {"code": figures(secret, -1)})

    answer = client.get(ADMIN, follow=True)
    asked = answer.redirect_chain[-1][0] if answer.redirect_chain else ADMIN
    if asked != ADMIN:
        assert asked.startswith("/connexion/niveau/?niveau=2")
        answer = client.post(asked, {"preuve": figures(secret, 1), "moyen": "totp"}, follow=True)
        assert answer.redirect_chain[-1][0] == ADMIN
    assert answer.status_code == 200 and "Comptes" in answer.content.decode()
