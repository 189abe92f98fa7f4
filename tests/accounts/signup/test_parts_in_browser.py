"""The list of the form's parts stays in sight at a desk, and ticks those that hold what they require."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_a_part_is_ticked_once_all_it_requires_is_filled(live_server: Any, page: Any) -> None:
    page.goto(f"{live_server.url}/inscription/")
    parts = page.get_by_role("navigation", name="Les parties du formulaire")
    mine = parts.get_by_role("listitem").filter(has_text="Vos informations")
    expect(parts.get_by_role("listitem")).to_have_count(5)
    expect(mine).not_to_contain_text("rempli")

    page.get_by_label("Madame").check()
    for label, text in (("Nom", "Barrandon"), ("Prénom", "Noé"), ("Email", "noe@cabinet.example")):
        page.get_by_role("textbox", name=label, exact=True).fill(text)
    expect(mine).not_to_contain_text("rempli")
    page.get_by_role("textbox", name="Confirmer l’email").fill("noe@cabinet.example")
    expect(mine).to_contain_text("(rempli)")
    expect(parts.get_by_role("listitem").filter(has_text="Conditions")).not_to_contain_text("rempli")

    mine.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Vos informations")).to_be_in_viewport()


def test_a_phone_shows_the_form_first(live_server: Any, page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/inscription/")
    expect(page.get_by_role("navigation", name="Les parties du formulaire")).to_be_hidden()
    expect(page.get_by_role("heading", name="Vos informations")).to_be_visible()
