"""The page that follows a failed attempt, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import RequestFactory
from playwright.sync_api import expect

from accounts.psc import reasons
from accounts.psc.reasons import PscRefused, Reason


def test_every_reason_has_its_words() -> None:
    for reason in Reason:
        told = reasons.told(reason)
        assert told.title and told.sentence.endswith(".") and told.advice.endswith(".")
        assert 400 <= told.status < 500
        assert str(PscRefused(reason)) == reason.value


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_accessible_and_offers_every_other_door(
    page: Any, live_server: Any, psc: Any, check_accessibility: Callable[[Any], None], width: int
) -> None:
    psc.set(failure="error_502", endpoint="discovery")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live_server.url}/connexion/")
    page.evaluate(
        "() => { const f = document.createElement('form'); f.method = 'post'; f.action = '/connexion/ecps/';"
        " f.append(document.querySelector('[name=csrfmiddlewaretoken]').cloneNode());"
        " document.body.append(f); f.submit(); }"
    )
    page.get_by_role("heading", level=1, name="Pro Santé Connect ne répond pas correctement").wait_for()

    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.get_by_role("button", name="PRO SANTÉ CONNECT")).to_be_visible()
    page.get_by_role("link", name="Carte").first.click()
    expect(page).to_have_url(re.compile("onglet=carte"))


@pytest.mark.feature("ROR-018")
@pytest.mark.django_db
def test_the_button_is_a_form_that_posts(rf: RequestFactory) -> None:
    from django.template.loader import render_to_string  # noqa: PLC0415

    html = render_to_string("accounts/psc/button.html", {"next_url": "/ror/?a=1&b=2"}, rf.get("/"))

    assert 'method="post" action="/connexion/ecps/"' in html
    assert 'name="csrfmiddlewaretoken"' in html
    assert 'name="next" value="/ror/?a=1&amp;b=2"' in html
    assert "S’identifier avec <strong>PRO SANTÉ CONNECT</strong>" in html
    assert "e-CPS" in html
    assert "<img" not in html, "no logo that is not ours"
