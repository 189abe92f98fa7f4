"""/demo/messages/ in Chromium, on the product as it really runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.launcher.prepare import run_once
from tests.support.browser import Keyboard
from tests.support.processes import LivePortal


@pytest.fixture(scope="module")
def with_messages(live_portal: LivePortal) -> LivePortal:
    """A mail and an SMS that really went through the outbox, a worker and the stand-ins."""
    for channel, to in (("email", "claire.martin@example.org"), ("sms", "+33639980001")):
        queued = run_once(
            live_portal.environment(), "-m", "portal.launcher.check_message", channel, to, "marque-12"
        )
        assert queued.returncode == 0, queued.stderr
        live_portal.wait_message(to, channel=channel, seconds=30)
    return live_portal


def test_what_arrived_is_shown_and_accessible(
    page: Any, with_messages: LivePortal, check_accessibility: Callable[[Any], None]
) -> None:
    page.goto(f"{with_messages.url}/demo/messages/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Courriels et SMS reçus")
    expect(page.get_by_text("marque-12").nth(1)).to_be_visible()
    check_accessibility(page)


def test_a_link_of_a_mail_is_reached_and_followed_by_keyboard(
    page: Any, with_messages: LivePortal, run_keyboard: Callable[[Any], Keyboard]
) -> None:
    page.goto(f"{with_messages.url}/demo/messages/?to=claire.martin@example.org")
    keyboard = run_keyboard(page)
    keyboard.tab_to("http://localhost:")
    assert keyboard.focus_is_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{with_messages.url}/")


def test_a_phone_shows_everything_without_sideways_scrolling(
    phone_page: Any, with_messages: LivePortal, check_accessibility: Callable[[Any], None]
) -> None:
    phone_page.goto(f"{with_messages.url}/demo/messages/")
    assert phone_page.evaluate("document.documentElement.scrollWidth") <= 390
    check_accessibility(phone_page)
