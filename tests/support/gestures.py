"""Every gesture of a browser test first waits until the scripts of the page are in place.

Before that instant a button does what it does without them: a test that presses it then passes or fails by the load
of the machine. The wait is here, once, rather than in each test that would have to remember it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from playwright.sync_api import Browser, Locator

from tests.support.browser import settle

ON_LOCATORS = (
    "check",
    "click",
    "dblclick",
    "drag_to",
    "fill",
    "press",
    "press_sequentially",
    "select_option",
    "set_checked",
    "uncheck",
)
WITHOUT_SCRIPT = "_without_script"


def _settled(gesture: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(gesture)
    def act(self: Locator, *args: Any, **kwargs: Any) -> Any:
        if not hasattr(self.page.context, WITHOUT_SCRIPT):
            settle(self.page)
        return gesture(self, *args, **kwargs)

    return act


def _remembered(opening: Callable[..., Any]) -> Callable[..., Any]:
    """A context, or a page in one of its own, that is opened without JavaScript has nothing to wait for."""

    @wraps(opening)
    def make(self: Browser, *args: Any, **kwargs: Any) -> Any:
        made = opening(self, *args, **kwargs)
        if kwargs.get("java_script_enabled") is False:
            setattr(getattr(made, "context", made), WITHOUT_SCRIPT, True)
        return made

    return make


@contextmanager
def settled_gestures() -> Iterator[None]:
    """Within it, what Playwright does on a page waits for the page."""
    changes: list[tuple[type, str, Callable[[Callable[..., Any]], Callable[..., Any]]]] = [
        *((Locator, name, _settled) for name in ON_LOCATORS),
        *((Browser, name, _remembered) for name in ("new_context", "new_page")),
    ]
    plain = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
    for owner, name, wrap in changes:
        setattr(owner, name, wrap(getattr(owner, name)))
    yield
    for owner, name, method in plain:
        setattr(owner, name, method)
