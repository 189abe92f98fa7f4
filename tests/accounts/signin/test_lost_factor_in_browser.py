"""« J’ai perdu mon application », from the second proof to the request and to « Ce n’était pas moi », in a browser."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from accounts.enums import FactorRemovalStatus
from accounts.models import FactorRemoval, User
from tests.accounts.signin.test_pages_in_browser import address, give_code, give_password
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person

__all__ = ["address"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.security("MFA-5")]


def holder() -> User:
    person = make_person(mobile=True)
    Authenticator.objects.create(user=person, type="totp", data={"secret": "x"})
    Authenticator.objects.create(user=person, type="webauthn", data={"name": "poste", "credential": {}})
    return person


@pytest.mark.security("ACC-1")
@pytest.mark.parametrize("width", [1280, 390])
def test_the_whole_way_is_walked_and_accessible(
    page: Page, address: str, check_accessibility: Any, width: int
) -> None:
    shots = iter(range(1, 20))

    def look() -> None:
        check_accessibility(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if folder := os.environ.get("PORTAIL_SHOTS"):
            page.screenshot(path=str(Path(folder) / f"perdu-{width}-{next(shots)}.png"), full_page=True)

    page.set_viewport_size({"width": width, "height": 900})
    person = holder()
    give_password(page, address, person)
    page.get_by_role("link", name="Utiliser mon application").or_(page.get_by_label("Code")).first.wait_for()
    look()
    page.get_by_role("link", name="J’ai perdu mon application ou ma clé").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("J’ai perdu mon application ou ma clé")
    look()
    page.get_by_role("button", name="Continuer avec un code et demander le retrait").click()
    page.get_by_role("button", name="Recevoir un code par e-mail").click()
    give_code(page, person)
    page.wait_for_url(f"{address}/preferences/moyens/perdu/")
    look()
    page.get_by_role("button", name="Demander le retrait").click()
    expect(page.get_by_text("Dites ce que vous avez perdu.").first).to_be_visible()
    page.get_by_label("Clés d’accès", exact=True).check()
    page.get_by_role("button", name="Demander le retrait").click()
    expect(page.get_by_text("Un retrait est demandé").first).to_be_visible()
    look()
    page.goto(f"{address}/preferences/moyens/")
    expect(page.get_by_role("link", name="Suivre ou annuler la demande")).to_be_visible()
    look()
    page.goto(f"{address}{Outbox().last(person.email).path}")
    look()
    page.get_by_role("button", name="Ce n’était pas moi").click()
    expect(page.get_by_text("Le retrait est arrêté")).to_be_visible()
    look()
    assert FactorRemoval.objects.get().status == FactorRemovalStatus.CANCELLED
