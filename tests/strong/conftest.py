"""No padding of answers, and an address where a verified identity arrives."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from tests.support.sign_in import make_person


@pytest.fixture(autouse=True)
def _arrivals(settings: Any) -> None:
    settings.EVEN_TIME_SECONDS = 0
    settings.ROOT_URLCONF = "tests.strong.urls"


@pytest.fixture(autouse=True)
def _open_doors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both strong doors are configured; what they do is proven elsewhere."""
    monkeypatch.setattr("accounts.cps.anchors.is_open", lambda: True)
    monkeypatch.setattr("accounts.psc.door.is_open", lambda: True)


@pytest.fixture
def person(db: None) -> User:
    found: User = make_person(nom="Martel", prenom="Ariane")
    return found
