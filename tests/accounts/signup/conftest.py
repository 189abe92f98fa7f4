"""No padding of answers in these tests; it has a test of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.accounts.signup.people import make_user, sign_in


@pytest.fixture(autouse=True)
def _answers_at_once(settings: Any) -> None:
    settings.EVEN_TIME_SECONDS = 0


@pytest.fixture
def person(db: None) -> User:
    return make_user()


@pytest.fixture
def signed_in(client: Client, person: User) -> Client:
    """A browser where `person` is signed in with two proofs, just now."""
    sign_in(client, person)
    return client


@pytest.fixture
def new_client() -> Callable[[], Client]:
    """Another browser."""
    return Client
