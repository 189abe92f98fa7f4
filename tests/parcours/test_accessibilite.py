"""axe finds nothing, and nothing scrolls sideways, on any page of the product, at a desk and at 320 px."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.parcours.walker import Walker
from tests.support.browser import find_problems, too_wide

pytestmark = [pytest.mark.browser, pytest.mark.security("ACC-1")]

PUBLIC = (
    "/",
    "/connexion/",
    "/connexion/?onglet=code-ephemere",
    "/connexion/?onglet=carte",
    "/connexion/verification/",
    "/inscription/",
    "/inscription/renvoyer/",
    "/inscription/validation/",
    "/mot-de-passe/oublie/",
    "/mot-de-passe/choisir/",
    "/identifiant/oublie/",
    "/assistance/",
    "/aide/connexion/",
    "/connexion/carte/",
    "/aide/authentification-forte/",
    "/aide/authentification-forte/e-cps/",
    "/aide/authentification-forte/connexion/",
    "/pages/mentions-legales/",
    "/pages/cgu/",
    "/pages/contacts/",
    "/pages/accessibilite/",
    "/pages/donnees-personnelles/",
    "/page-qui-n-existe-pas/",
    "/demo/",
    "/demo/messages/",
)
PRIVATE = (
    "/",
    "/applications/ror-if/",
    "/preferences/",
    "/preferences/identite/",
    "/preferences/activite/",
    "/preferences/adresse/",
    "/preferences/mobile/",
    "/preferences/codes/",
    "/preferences/mot-de-passe/",
    "/preferences/documents/",
    "/preferences/mes-donnees/",
    "/preferences/fermer/",
    "/preferences/moyens/",
    "/preferences/moyens/application/",
    "/preferences/moyens/cles/ajouter/",
    "/preferences/moyens/codes-de-secours/",
    "/preferences/sessions/",
    "/preferences/journal/",
    "/preferences/applications/",
    "/connexion/niveau/?niveau=3",
    "/assistance/",
)


def problems_on(walker: Walker, path: str) -> list[str]:
    """What axe finds at 1280 and 320 px, and what scrolls sideways."""
    walker.page.set_viewport_size({"width": 1280, "height": 900})
    walker.open(path)
    found = find_problems(walker.page) + too_wide(walker.page)
    walker.page.set_viewport_size({"width": 320, "height": 900})
    return found + find_problems(walker.page) + too_wide(walker.page)


def test_public_pages_are_accessible(desk: Walker) -> None:
    assert [problem for path in PUBLIC for problem in problems_on(desk, path)] == []


def test_private_pages_are_accessible(desk: Walker) -> None:
    desk.has_account()
    desk.sign_in()
    assert [problem for path in PRIVATE for problem in problems_on(desk, path)] == []


def test_pages_in_error_are_accessible(desk: Walker, new_walker: Callable[[str], Walker]) -> None:
    found = []
    for path in (
        "/connexion/",
        "/inscription/",
        "/mot-de-passe/oublie/",
        "/assistance/",
        "/identifiant/oublie/",
    ):
        desk.open(path)
        form = (
            desk.page.get_by_role("main")
            .locator("form[method=post]:has(input[type=text], input[type=email], textarea)")
            .last
        )
        form.locator("button:not([type=button])").last.click()
        expect(desk.page).to_have_title(re.compile("^Erreur"))
        found += find_problems(desk.page)
    assert found == []
