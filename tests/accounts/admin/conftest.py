from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.hub.people import make_agent, make_person, sign_in


@pytest.fixture
def person(db: None) -> User:
    return make_person(nom="Lefèvre-Müller", prenom="Zoé", rpps="99700000013", phone_mobile="+33639980001")


@pytest.fixture
def agent(db: None) -> User:
    return make_agent()


@pytest.fixture
def desk(agent: User) -> Client:
    """An agent's browser, signed in with an authenticator app."""
    return sign_in(agent, level=2)
