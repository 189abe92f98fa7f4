"""/demo/: what somebody who tries the demo needs, read from the file that `bin/run` writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from portal.simulators.web import trial

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""Of RFC 6238, appendix B: at 59 s and at 1 111 111 109 s its codes end with 287082 and 081804."""


@pytest.fixture
def description(settings: Any, tmp_path: Path) -> Path:
    settings.DEMO_MESSAGES_STORE = tmp_path / "messages.sqlite3"
    settings.DEMO_DESCRIPTION = tmp_path / "demo.json"
    settings.ROOT_URLCONF = "portal.demo_urls"
    return settings.DEMO_DESCRIPTION


def write(path: Path) -> None:
    staff = {
        "login": "soline",
        "password": "p",
        "email": "s@demo.example",
        "name": "Soline <b>",
        "totp_secret": SECRET,
    }
    carer = {
        "login": "ines",
        "password": "p",
        "email": "i+1@demo.example",
        "name": "Inès",
        "card_pin": "1234",
    }
    path.write_text(
        json.dumps(
            {"people": [staff, carer], "addresses": {"cards": "http://localhost:9/", "smtp": "smtp://x"}}
        )
    )


@pytest.mark.parametrize(("moment", "code", "left"), [(59.0, "287082", 1), (1_111_111_109.0, "081804", 1)])
def test_the_codes_are_those_of_the_standard(description: Path, moment: float, code: str, left: int) -> None:
    write(description)
    staff, carer = trial.read(description, now=moment).people
    assert (staff.code, staff.code_seconds) == (code, left)
    assert carer.code == "" and carer.card_pin == "1234"


def test_the_page_tells_people_and_where_to_look(client: Client, db: None, description: Path) -> None:
    write(description)
    page = client.get("/demo/").content.decode()
    assert "Soline &lt;b&gt;" in page and "Inès" in page
    assert 'href="/demo/messages/?to=i%2B1%40demo.example"' in page
    assert 'href="http://localhost:9/"' in page and "smtp://x" not in page


def test_before_the_end_of_the_start_the_page_says_so(client: Client, db: None, description: Path) -> None:
    assert "Le démarrage n’est pas terminé" in client.get("/demo/").content.decode()
    description.write_text("{")
    assert client.get("/demo/").status_code == 200


def test_the_product_has_no_such_page(client: Client, db: None) -> None:
    assert client.get("/demo/").status_code == 404
