"""Chromium, axe and the keyboard."""

from __future__ import annotations

import os
import shutil
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

WIDTHS = {"wide": 1280, "phone": 390, "narrow": 320}
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
IMPACTS = ("moderate", "serious", "critical")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MAX_TABS = 120
PATIENCE_MS = 20_000
# A page of the portal whose behaviours are bound, or one that has none (its head, where the script would be, is read).
SETTLED = "html[data-portal-bound], html:has(body):not(:has(script[src*='js/portal']))"
WIDER = """() => [...document.querySelectorAll('main *')]
    .filter(e => e.getBoundingClientRect().right > innerWidth && !e.firstElementChild)
    .map(e => `<${e.tagName.toLowerCase()}> ${e.textContent.slice(0, 60)}`)"""
# What is on its way in (a dialog, a message) has colours of the moment: axe looks at what stays.
STILL = """async () => { await Promise.all(document.getAnimations()
    .filter(one => one.effect.getComputedTiming().endTime !== Infinity).map(one => one.finished.catch(() => 0))); }"""
# What passes is not asked for: to describe it is most of axe's work.
AXE = """async ([include, tags]) => {
    const found = await axe.run(include || document, {
        runOnly: {type: 'tag', values: tags}, resultTypes: ['violations'], elementRef: false});
    return found.violations;
}"""


def chromium_path() -> str:
    """The installed Chromium, or the one named by CHROMIUM. RuntimeError when there is none."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name) if name else None
        if found:
            return found
    raise RuntimeError("Chromium is missing: bin/test installs it, or name it in CHROMIUM")


@cache
def axe_source() -> str:
    spec = find_spec("axe_playwright_python")
    assert spec is not None and spec.origin is not None
    return (Path(spec.origin).parent / "axe.min.js").read_text(encoding="utf-8")


def settle(page: Any) -> None:
    """Wait until the scripts of the page are in place: before that, a button does what it does without them."""
    page.locator(SETTLED).first.wait_for(state="attached")


def wait_out_robot_hold(page: Any) -> None:
    """Without script the box counts once the form was open for some seconds: wait for what is left of them."""
    from accounts.robot import HOLD_SECONDS  # noqa: PLC0415  after the settings

    age = page.evaluate("performance.now() - performance.getEntriesByType('navigation')[0].responseStart")
    page.wait_for_timeout(max(0, HOLD_SECONDS * 1000 + 100 - age))


def too_wide(page: Any) -> list[str]:
    """What makes the page scroll sideways, one line each; empty when nothing does."""
    settle(page)
    if page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        return []
    return [f"{page.url}: {line}" for line in page.evaluate(WIDER)] or [f"{page.url} scrolls sideways"]


def find_problems(page: Any, include: str = "") -> list[str]:
    """axe's findings on the page (or on the part that `include` selects), one line each.

    Injected through the debugger, which the page's content policy does not govern: the policy stays on.
    """
    settle(page)
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe_source())
    page.evaluate(STILL)
    violations = page.evaluate(AXE, [include, RULES])
    return [
        f"{page.url}: {found['id']} ({found['impact']}) {found['help']} — {node['html'][:160]}"
        for found in violations
        if found["impact"] in IMPACTS
        for node in found["nodes"]
    ]


class Keyboard:
    """Reach things with Tab, as somebody without a mouse."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def focused(self) -> str:
        """Accessible-ish name of what has the focus: label, aria-label, text or value."""
        script = """() => { const e = document.activeElement; if (!e || e === document.body) return '';
            return (e.labels && e.labels[0] && e.labels[0].innerText) || e.getAttribute('aria-label')
                || e.innerText || e.value || e.name || ''; }"""
        return str(self.page.evaluate(script)).strip()

    def tab_to(self, text: str, *, backwards: bool = False) -> None:
        """Press Tab until the focused thing's name holds `text`; AssertionError after MAX_TABS."""
        settle(self.page)
        seen: list[str] = []
        for _ in range(MAX_TABS):
            name = self.focused()
            if text.lower() in name.lower():
                return
            seen.append(name[:30])
            self.page.keyboard.press("Shift+Tab" if backwards else "Tab")
        raise AssertionError(f"« {text} » is not reachable by keyboard; met: {seen}")

    def fill(self, label: str, value: str) -> None:
        """Tab to the field with this label and type."""
        self.tab_to(label)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(value)

    def press(self, text: str, key: str = "Enter") -> None:
        """Tab to the button or link and activate it."""
        self.tab_to(text)
        self.page.keyboard.press(key)

    def focus_is_visible(self) -> bool:
        """True when the focused element shows an outline or a shadow."""
        script = """() => { const s = getComputedStyle(document.activeElement);
            return (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none'; }"""
        return bool(self.page.evaluate(script))
