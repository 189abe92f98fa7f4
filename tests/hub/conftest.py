from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from portal.hub import seeds
from tests.hub.people import make_agent, make_person, sign_in


@pytest.fixture
def content(db: None) -> None:
    """The first content of the portal: applications, roles, experts, notice, links."""
    seeds.load()


@pytest.fixture
def person(db: None) -> User:
    return make_person()


@pytest.fixture
def colleague(db: None) -> User:
    return make_person("karim.benali", nom="Benali", prenom="Karim")


@pytest.fixture
def agent(db: None) -> User:
    return make_agent()


@pytest.fixture
def browser_of() -> Callable[..., Client]:
    """`browser_of(user, level=1)`: a signed-in client."""
    return sign_in


@pytest.fixture
def visitor() -> Any:
    return Client()
