"""A form left open too long: nothing was done, what was typed comes back to be sent again, secrets do not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db
ASK = "/assistance/"
OURS = {"sec-fetch-site": "same-origin", "referer": "http://testserver/assistance/"}


def strict() -> Client:
    return Client(enforce_csrf_checks=True)


def send_stale(client: Client, path: str, data: dict[str, str], headers: dict[str, str]) -> Any:
    client.get(path)
    return client.post(path, {"csrfmiddlewaretoken": "x" * 64, **data}, headers=headers)


def test_what_was_typed_is_kept_and_can_be_sent_again() -> None:
    client = strict()
    answer = send_stale(client, ASK, {"objet": "Code <b>perdu</b>", "message": "Deux\nlignes"}, OURS)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Cette page n’était plus à jour" in page
    assert 'name="objet" value="Code &lt;b&gt;perdu&lt;/b&gt;"' in page
    assert 'name="message" value="Deux\nlignes"' in page
    assert "no-store" in answer["Cache-Control"]
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None
    again = client.post(ASK, {"csrfmiddlewaretoken": token[1], "objet": "Code"}, headers=OURS)
    assert again.status_code == 200  # judged by its own view at last: fields are missing


def test_secrets_are_never_written_in_the_page() -> None:
    typed = {
        "identifiant": "camille",
        "mot_de_passe": "Tres-Secret-28",
        "preuve": "778899",
        "password": "Autre-1",
    }
    page = send_stale(strict(), "/connexion/", typed, OURS).content.decode()
    assert 'value="camille"' in page
    assert not any(secret in page for secret in ("Tres-Secret-28", "778899", "Autre-1"))
    assert "ils vous seront redemandés" in page


@pytest.mark.security("WEB-4")
@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_form_of_another_site_is_never_offered_again(site: str) -> None:
    headers = {"sec-fetch-site": site, "referer": "https://mechant.example/piege"}
    page = send_stale(strict(), ASK, {"objet": "Piège"}, headers).content.decode()
    assert "Piège" not in page
    assert "mechant.example" not in page
    assert "Revenir à la page" in page


def test_too_much_is_not_sent_around() -> None:
    page = send_stale(strict(), ASK, {"message": "a" * 100_001}, OURS).content.decode()
    assert "aaaa" not in page


def test_signing_in_twice_from_two_tabs_leads_home() -> None:
    client = strict()
    sign_in(client, make_person())
    answer = client.post(
        "/connexion/", {"csrfmiddlewaretoken": "x" * 64, "next": "/preferences/"}, headers=OURS
    )
    assert answer.status_code == 302
    assert answer["Location"] == "/preferences/"
