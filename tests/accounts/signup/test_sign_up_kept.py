"""/inscription/ drawn from the memory of the process: the same bytes for everybody, and nothing of anybody."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.forms import sign_up_fields, workplace
from portal.common import pristine
from portal.common.templatetags import portal_kept
from portal.referentiels.models import Profession
from tests.accounts.signin.steps import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_kept, "_kept", {})
    monkeypatch.setattr(pristine, "_kept", {})
    settings.PROCESS_MEMORY = True
    # The lists themselves are read each time: those of another test are not ours.
    for module, name in (
        (sign_up_fields, "_profession_groups"), (sign_up_fields, "_specialities"), (workplace, "departements")
    ):  # fmt: skip
        monkeypatch.setattr(module, name, getattr(module, name).__wrapped__)


def page(**query: str) -> str:
    """Without what differs at each visit: protection, mark of the form, robot's challenge, nonce."""
    text = text_of(Client().get("/inscription/", query))
    return re.sub(r'(value|nonce|data-challenge|content|data-[a-z-]+)="[^"]{20,}"', "", text)


@pytest.mark.parametrize("query", [{}, {"pour": "maillage"}])
def test_the_memory_changes_nothing_that_is_seen(settings: Any, query: dict[str, str]) -> None:
    settings.PROCESS_MEMORY = False
    drawn = page(**query)
    settings.PROCESS_MEMORY = True
    assert page(**query) == drawn
    assert page(**query) == drawn, "from the memory"
    assert portal_kept._kept


def test_a_list_that_changes_shows_at_once() -> None:
    before = page()
    entry = Profession.objects.filter(is_selectable=True).order_by("pk").first()
    assert entry is not None
    Profession.objects.filter(pk=entry.pk).update(label="Profession toute nouvelle")
    assert "Profession toute nouvelle" in page()
    assert "Profession toute nouvelle" not in before


def test_what_somebody_typed_is_never_kept() -> None:
    sent = Client().post("/inscription/", {"nom": "Nom-Trop-Curieux", "compte": "non"})
    assert "Nom-Trop-Curieux" in text_of(sent)
    assert "Nom-Trop-Curieux" not in page()
    assert not [one for one in portal_kept._kept.values() if "Nom-Trop-Curieux" in one]


def test_the_challenge_of_the_robot_differs_at_each_visit() -> None:
    challenges = [
        re.findall(
            r'data-challenge="([^"]+)"|name="robot_[a-z]+" value="([^"]+)"',
            text_of(Client().get("/inscription/")),
        )
        for _ in range(2)
    ]
    assert challenges[0]
    assert challenges[0] != challenges[1]
