from __future__ import annotations

import html5lib
import pytest
from django.core.cache import cache
from django.test import Client

from portal.referentiels import limites
from portal.referentiels.demo import load_demo

pytestmark = pytest.mark.django_db


@pytest.fixture
def region(db: None) -> None:
    load_demo()


@pytest.mark.usefixtures("region")
def test_communes_come_as_the_options_of_a_combobox(client: Client) -> None:
    response = client.get("/referentiels/communes/", {"q": "78200"})
    page = html5lib.parse(response.content.decode(), treebuilder="etree", namespaceHTMLElements=False)
    options = page.findall(".//ul[@role='listbox']/li[@role='option']")
    assert len(options) == 12
    mantes = next(option for option in options if option.get("data-value") == "78361")
    assert mantes.get("data-label") == "Mantes-la-Jolie (78200)"
    assert mantes.get("data-departement") == "78 - Yvelines"


@pytest.mark.feature("CVL-013", "CVL-014", "CVL-017")
@pytest.mark.usefixtures("region")
def test_structures_answer_what_the_form_fills(client: Client) -> None:
    (row,) = client.get("/referentiels/structures/", {"q": "pays chartrain", "format": "json"}).json()[
        "resultats"
    ]
    assert row["valeur"] == row["finess"] == "289990418"
    assert (row["code-postal"], row["commune"], row["departement"]) == (
        "28000",
        "Chartres",
        "28 - Eure-et-Loir",
    )


def test_professions_answer_their_category(client: Client) -> None:
    rows = client.get("/referentiels/professions/", {"q": "secteur", "format": "json"}).json()["resultats"]
    assert [row["detail"] for row in rows] == ["professionnel à rôle", "autres professionnels"]


def test_code_lists_are_for_people_signed_in(client: Client) -> None:
    response = client.get("/referentiels/nomenclatures/activite/", {"q": "kine"})
    assert response.status_code == 302
    assert "/connexion/" in response["Location"]


@pytest.mark.parametrize("path", ["communes", "structures", "professions"])
@pytest.mark.parametrize("typed", ["", "\0", "%00", "'", "<script>", "x" * 20_000, "😀", "\u202e"])
def test_hostile_text_answers_a_list(client: Client, path: str, typed: str) -> None:
    response = client.get(f"/referentiels/{path}/", {"q": typed, "departement": "\0"})
    assert response.status_code == 200
    assert b"<script>" not in response.content


def test_suggestions_are_read_only(client: Client) -> None:
    assert client.post("/referentiels/communes/", {"q": "78"}).status_code == 405


@pytest.mark.security("ABU-7")
def test_an_address_that_copies_the_directory_is_told_to_wait(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limites.time, "time", lambda: 1_000_000_000.0)
    cache.set("referentiels:suggestions:127.0.0.1:16666666", limites.PER_MINUTE - 1)
    assert client.get("/referentiels/professions/", {"q": "med"}).status_code == 200
    refused = client.get("/referentiels/professions/", {"q": "med"})
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 61
    assert client.get("/referentiels/professions/", {"q": "med"}, REMOTE_ADDR="127.0.0.2").status_code == 200


def test_suggestions_stay_open_without_the_cache(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(limites.cache, "add", down)
    assert client.get("/referentiels/professions/", {"q": "med"}).status_code == 200
