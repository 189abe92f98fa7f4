"""What the tests of the card stand on: accepted authorities in a file, lists in store, cards in SoftHSM tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from accounts.cps import revocation
from portal.simulators.cps import pki, table
from portal.simulators.cps.desk import CardDesk
from tests.cps.agent import AgentProcess
from tests.cps.front import CARD_HOST, SECRET, Front
from tests.cps.support import anchors, simulated

USED = ("hugo", "apolline", "signature", "bloquee", "odile")


@pytest.fixture(scope="session")
def trust_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("autorites") / "autorites.pem"
    path.write_bytes(simulated().trust_file())
    return path


@pytest.fixture
def open_door(settings: Any, trust_file: Path) -> Any:
    """Card sign-in open, with the simulated authorities; no list in store yet."""
    settings.CPS_TRUST_ANCHORS = str(trust_file)
    return settings


@pytest.fixture
def fresh_lists(db: None) -> Callable[..., None]:
    """Puts lists in store for every known authority; call it again with `life` or `revoked` to change them."""
    step = iter(range(1, 100))

    def put(*, life: timedelta = timedelta(days=1), age: timedelta = timedelta(0), revoked: int = 0) -> None:
        now, number = timezone.now(), next(step)
        for authority in simulated().known:
            authority.revoked.clear()
            if revoked:
                authority.revoked[revoked] = now
            listed = pki.revocation_list(authority, now=now - age, life=life + age, number=number)
            authority.revoked.clear()
            revocation.store(listed.public_bytes(Encoding.DER), "http://test/liste", anchors(), now)

    put()
    return put


@pytest.fixture
def card_door(open_door: Any, fresh_lists: Callable[..., None]) -> Any:
    """Everything a card needs on the portal's side."""
    return open_door


@pytest.fixture
def tls_door(card_door: Any) -> Any:
    card_door.CPS_CARD_HOST = CARD_HOST
    card_door.CPS_PROXY_SECRET = SECRET
    card_door.ALLOWED_HOSTS = ["testserver", "localhost", CARD_HOST]
    return card_door


@pytest.fixture
def front(
    transactional_db: None, live_server: Any, tls_door: Any, fresh_lists: Any, tmp_path: Path
) -> Iterator[Front]:
    running = Front(tmp_path, f"127.0.0.1:{urlsplit(live_server.url).port}", simulated().trust_file())
    tls_door.SITE_URL = live_server.url
    tls_door.CPS_CARD_HOST = running.host
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> CardDesk:
    """Five cards in SoftHSM tokens, made once per run."""
    made = CardDesk(tmp_path_factory.mktemp("cartes") / "cps")
    cards = tuple(card for card in table.CARDS if card.slug in USED)
    made.prepare(crl_base="http://127.0.0.1:9/listes", cards=cards)
    return made


@pytest.fixture(scope="session")
def _agent_process(desk: CardDesk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentProcess]:
    running = AgentProcess(desk, tmp_path_factory.mktemp("agent") / "agent.log")
    yield running
    running.stop()


@pytest.fixture
def agent(_agent_process: AgentProcess, desk: CardDesk) -> Iterator[AgentProcess]:
    """The real agent as a process, its reader empty and every card with its first tries."""
    desk.reset()
    if not _agent_process.is_alive():
        _agent_process.start()
    yield _agent_process
    desk.reset()
