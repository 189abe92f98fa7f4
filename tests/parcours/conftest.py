"""The walkers of the journeys: a desk, a phone, and a browser without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.parcours.accounts import Accounts
from tests.parcours.walker import Walker
from tests.support.browser import WIDTHS
from tests.support.processes import LivePortal

MANNERS = {
    "desk": {"width": WIDTHS["wide"], "javascript": True},
    "phone": {"width": WIDTHS["phone"], "javascript": True},
    "no script": {"width": WIDTHS["wide"], "javascript": False},
}


@pytest.fixture(scope="session")
def accounts(live_portal: LivePortal) -> Accounts:
    return Accounts(live_portal)


@pytest.fixture
def new_walker(
    new_context: Callable[..., Any], live_portal: LivePortal, accounts: Accounts
) -> Callable[[str], Walker]:
    """`new_walker("phone")`: somebody else's browser, with cookies of its own."""

    def make(manner: str = "desk") -> Walker:
        how = MANNERS[manner]
        context = new_context(java_script_enabled=how["javascript"])
        page = context.new_page()
        page.set_viewport_size({"width": how["width"], "height": 900})
        return Walker(page, live_portal, javascript=bool(how["javascript"]), accounts=accounts)

    return make


@pytest.fixture(params=list(MANNERS))
def walker(request: pytest.FixtureRequest, new_walker: Callable[[str], Walker]) -> Iterator[Walker]:
    """The same journey three times: at a desk, on a phone, without JavaScript."""
    yield new_walker(request.param)


@pytest.fixture
def desk(new_walker: Callable[[str], Walker]) -> Walker:
    return new_walker("desk")
