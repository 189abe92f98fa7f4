from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts import documents
from portal.hub.oidc import keys
from tests.oidc.partner import Partner, make_client
from tests.support.sign_in import make_person, sign_in


@pytest.fixture(autouse=True)
def _keys() -> None:
    """Signing keys are rows: each test makes its own, not those of a test that was rolled back."""
    keys.forget_ring()


@pytest.fixture
def person(db: None) -> Any:
    """An active account that has accepted the texts of the platform."""
    made = make_person()
    documents.accept(made, documents.required())
    return made


@pytest.fixture
def visitor(person: Any) -> Any:
    """a signed-in browser at level 1; `.row` is its session."""
    client = Client()
    client.row = sign_in(client, person)  # type: ignore[attr-defined]
    return client


@pytest.fixture
def partner(db: None) -> Partner:
    """An application of the region with every scope and a secret."""
    return make_client()


@pytest.fixture
def stranger(db: None) -> Partner:
    """Another application, not of the region: agreement is asked."""
    return make_client("autre-appli", is_regional=False)
