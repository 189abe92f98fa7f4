"""The address of a button opened as a page: a page that says so, not an empty one."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["/deconnexion/", "/connexion/verification/envoyer/", "/preferences/sessions/fermer-tout/"]
)
def test_a_button_opened_as_a_page_is_explained(client: Client, path: str) -> None:
    sign_in(client, make_person())
    answer = client.get(path)
    page = answer.content.decode()
    assert answer.status_code == 405
    assert "POST" in answer["Allow"]
    assert "Cette adresse ne s’ouvre pas directement" in page
    assert "Retourner à l’accueil" in page
