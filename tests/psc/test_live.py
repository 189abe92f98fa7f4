"""The whole portal as `bin/run` starts it: button, wallet, telephone, and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from tests.psc.conftest import BASILE
from tests.support.processes import LivePortal


@pytest.mark.feature("ROR-067", "ROR-079", "VT-034")
def test_an_unknown_ecps_arrives_where_accounts_are_linked(
    live_portal: LivePortal, page: Any, check_accessibility: Callable[[Any], None]
) -> None:
    addresses = live_portal.demo["addresses"]
    assert live_portal.demo["ecps"]["app_password"] == "1357"
    page.goto(f"{live_portal.url}/connexion/")
    page.get_by_role("button", name="PRO SANTÉ CONNECT").first.click()
    page.wait_for_url(f"{addresses['psc_wallet']}/connexion/**")
    page.get_by_label("votre identifiant RPPS").fill(BASILE)
    page.get_by_role("button", name="SE CONNECTER AVEC E-CPS").click()
    page.locator(".big-number").wait_for()
    httpx.post(
        f"{addresses['psc_wallet']}/pilotage/telephone", json={"identifiant": BASILE, "action": "approve"}
    )
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_url(f"{live_portal.url}/connexion/rattachement/")

    check_accessibility(page)


def test_a_refusal_on_the_telephone_comes_back_to_the_other_doors(live_portal: LivePortal, page: Any) -> None:
    page.goto(f"{live_portal.url}/connexion/")
    page.get_by_role("button", name="PRO SANTÉ CONNECT").first.click()
    page.get_by_label("votre identifiant RPPS").fill(BASILE)
    page.get_by_role("button", name="SE CONNECTER AVEC E-CPS").click()
    page.get_by_role("button", name="Quitter l’authentification").click()
    page.get_by_role("heading", level=1, name="Connexion par e-CPS abandonnée").wait_for()

    expect(page).to_have_url(re.compile("^" + re.escape(live_portal.url)))
    page.get_by_role("link", name="Login / Mdp").click()
    expect(page).to_have_url(re.compile("onglet=mot-de-passe"))
