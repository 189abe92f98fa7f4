"""What the mails about an account say, region by region."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from accounts.models import User
from portal.messaging.content import Content, render_email

AT = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
REACH = [
    ("enrs-idf", "Support : 0805 690 711 ou 01 83 76 30 31, support.portailpro@sante-idf.fr"),
    ("esante-cvl", "Support : ror-centre@esante-centre.fr"),
]


def _mail(template: str, **context: object) -> Content:
    person = User(nom="Fontaine", prenom="Claire", identifiant="claire.fontaine")
    return render_email(f"accounts/email/{template}", {"user": person, **context})


@pytest.mark.parametrize(("profile", "line"), REACH)
@pytest.mark.parametrize("template", ["number_is_held", "reset_refused"])
def test_how_to_reach_the_support_is_said_with_what_the_region_has(
    plateforme: Callable[[str], object], template: str, profile: str, line: str
) -> None:
    plateforme(profile)
    content = _mail(template)

    assert line in content.text.splitlines()
    assert line in content.html.replace("&nbsp;", " ")


def test_nobody_is_told_to_call_where_there_is_no_number(plateforme: Callable[[str], object]) -> None:
    plateforme("esante-cvl")
    content = _mail("account_state", state="suspended", about="Votre compte est suspendu")

    assert "Écrivez-lui pour en connaître la raison" in content.text
    assert "Appelez" not in content.text + content.html


@pytest.mark.parametrize("template", ["dormant_agent", "factor_removal_support", "not_me_support"])
def test_the_support_is_not_told_to_call_itself(template: str) -> None:
    facts = {"since": AT, "removable_at": AT, "at": AT, "by_support": False, "label": "application"}
    content = _mail(template, **facts, device="Firefox", place="Paris", sessions=1)

    assert "Une question" not in content.text + content.html


def test_the_title_of_the_credentials_is_said_once(plateforme: Callable[[str], object]) -> None:
    plateforme("esante-cvl")
    content = _mail("account_accepted", sign_in_url="https://portail.example/")

    for part in (content.text, content.html):
        assert part.count("Vos identifiants de connexion") == 1
