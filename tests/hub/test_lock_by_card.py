"""The card at the lock: its own person comes back, another one takes the desk, an old proof opens nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.cps import proof
from accounts.models import UserSession
from accounts.strong import arrival, linking
from accounts.strong.identity import StrongIdentity
from portal.hub.oidc.models import OpenIdLogout
from tests.accounts.signin.steps import text_of
from tests.cps.conftest import card_door, fresh_lists, open_door, trust_file  # noqa: F401  fixtures
from tests.cps.support import HUGO, ask, card, send, signer
from tests.hub.test_shared_desk import DESK, LOCK, LOCKED
from tests.oidc.partner import make_client
from tests.support.sign_in import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("card_door")]


def identity(**changes: Any) -> StrongIdentity:
    from accounts.cps import certificate as reading  # noqa: PLC0415

    made = proof.identity(reading.describe(card(HUGO)))
    return StrongIdentity(**{**made.__dict__, **changes})


@pytest.fixture
def owner() -> Any:
    person = make_person(nom="Valdenaire", prenom="Hugo", rpps="99700000013")
    linking.link(None, person, identity())
    return person


@pytest.fixture
def desk(owner: Any) -> Client:
    """Hugo signed in by his card on a shared desk."""
    client = Client()
    client.post(DESK, {"poste_partage": "on"})
    send(client, signer().fields(ask(client)))
    return client


def row_of(person: Any) -> UserSession:
    return UserSession.objects.filter(user=person).latest("pk")


def test_a_session_of_a_card_is_watched_on_a_shared_desk_only(desk: Client, owner: Any) -> None:
    assert row_of(owner).watched_card == "2900000013"
    answer = desk.get("/preferences/")
    assert 'data-card="2900000013"' in text_of(answer)
    assert "connect-src 'self' http://127.0.0.1:8765" in answer["Content-Security-Policy"]
    plain = Client()
    send(plain, signer().fields(ask(plain)))
    assert row_of(owner).watched_card == ""
    answer = plain.get("/preferences/")
    assert "data-card=" not in text_of(answer) and "8765" not in answer["Content-Security-Policy"]


def test_the_same_card_unlocks_and_comes_back(desk: Client, owner: Any) -> None:
    desk.post(LOCK, {"raison": "carte", "next": "/preferences/journal/"})
    assert "Déverrouiller avec ma carte CPS" in text_of(desk.get(LOCKED))
    answer = send(desk, signer().fields(ask(desk)))
    assert answer["Location"] == "/preferences/journal/"
    row = row_of(owner)
    assert row.locked_at is None and row.watched_card == "2900000013"
    assert UserSession.objects.filter(user=owner).count() == 1, "the same session goes on"


@pytest.mark.security("OP-16")
def test_the_card_of_another_person_takes_the_desk_and_leaves_the_first_one_whole(
    desk: Client, owner: Any
) -> None:
    from portal.simulators.cps.pki import Holder  # noqa: PLC0415

    make_client().tokens(desk)
    other_holder = Holder("899700000021", "DELORME", "BASILE", "Médecin", "2900000021", profession=10)
    other = make_person(nom="Delorme", prenom="Basile")
    linking.link(
        None, other, identity(subject="899700000021", national_id="899700000021", card_number="2900000021")
    )
    desk.post(LOCK, {"raison": "carte"})
    answer = send(desk, signer(other_holder).fields(ask(desk)))
    assert answer.status_code == 302 and row_of(owner).ended_reason == "replaced"
    assert OpenIdLogout.objects.count() == 1
    assert "Basile" in text_of(desk.get("/"))


def test_an_unknown_card_opens_nothing_and_ends_nothing(desk: Client, owner: Any) -> None:
    from portal.simulators.cps.pki import Holder  # noqa: PLC0415

    desk.post(LOCK)
    stranger = Holder("899700000039", "INCONNU", "ANNE", "Médecin", "2900000039", profession=10)
    answer = send(desk, signer(stranger).fields(ask(desk)))
    assert answer["Location"].startswith(LOCKED)
    assert "n’est pas rattachée au compte qui a verrouillé" in text_of(desk.get(LOCKED))
    assert row_of(owner).ended_at is None and row_of(owner).locked_at is not None


def test_a_proof_older_than_the_lock_opens_nothing(desk: Client, owner: Any, rf: Any) -> None:
    """Pro Santé Connect remembers people for hours: that memory must not open a locked desk."""
    desk.post(LOCK)
    row = row_of(owner)
    request = rf.get("/")
    request.session, request.locked_session, request.portal_session = desk.session, row, None
    request._messages = type("Kept", (), {"add": lambda *args, **more: None})()
    request.user = type("Nobody", (), {"is_authenticated": False})()
    old = identity(means="ecps", auth_time=timezone.now() - timedelta(minutes=10))
    linking.link(None, owner, old)
    assert arrival.arrive(request, old)["Location"] == LOCKED
    row.refresh_from_db()
    assert row.locked_at is not None
