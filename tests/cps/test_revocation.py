"""Revocation lists: what is kept, what is refused, and what a card gets when the list is bad."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import tasks
from accounts.cps import revocation, tokens
from accounts.cps.models import CardToken, CardTokenKind, CertificateRevocationList
from accounts.cps.reasons import Reason
from accounts.cps.revocation import ListRefused
from portal.simulators.cps import authorities, pki
from tests.cps.support import anchors, card, simulated

pytestmark = pytest.mark.django_db
FORT = "fort"


def made(*, issuer: str = FORT, **options: Any) -> bytes:
    listed = pki.revocation_list(simulated().issuers[issuer], **options)
    return listed.public_bytes(Encoding.DER)


def put(data: bytes, at: datetime | None = None) -> CertificateRevocationList:
    return revocation.store(data, "http://test/liste", anchors(), at or timezone.now())


def reason_for(serial: int, at: datetime | None = None, issuer: str = FORT) -> Reason | None:
    found = revocation.check(simulated().issuers[issuer].certificate, serial, at or timezone.now())
    return found.reason if found else None


@pytest.mark.security("CPS-2")
def test_a_serial_in_the_list_is_revoked_and_another_is_not() -> None:
    simulated().issuers[FORT].revoked[0x1234] = timezone.now()
    try:
        put(made())
    finally:
        simulated().issuers[FORT].revoked.clear()
    assert reason_for(0x1234) == Reason.REVOKED
    assert reason_for(0x1235) is None


@pytest.mark.security("CPS-2")
def test_without_a_list_no_card_of_that_authority_is_accepted() -> None:
    put(made())
    assert reason_for(1, issuer="standard") == Reason.LIST_MISSING


@pytest.mark.security("CPS-2")
def test_a_list_past_its_end_and_its_grace_refuses_every_card(settings: Any) -> None:
    settings.CPS_CRL_GRACE_HOURS = 6
    row = put(made(life=timedelta(hours=24)))
    assert reason_for(1, row.next_update + timedelta(hours=5)) is None
    assert reason_for(1, row.next_update + timedelta(hours=6, seconds=1)) == Reason.LIST_STALE


def test_the_reason_for_support_names_the_authority_and_the_date() -> None:
    row = put(made())
    found = revocation.check(simulated().issuers[FORT].certificate, 1, row.next_update + timedelta(days=3))
    assert found is not None
    assert found.detail.startswith("TEST AC IGC-SIMULEE FORT PERSONNES : liste valable jusqu’au 20")


@pytest.mark.security("CPS-2")
@pytest.mark.parametrize("case", ["signature", "authority", "stale", "future", "older", "no_number", "junk"])
def test_a_bad_list_is_refused_and_the_former_stays(case: str) -> None:
    now = timezone.now()
    before = put(made(number=50, now=now - timedelta(hours=2)))
    impostor, stranger = authorities.make(bits=2048).issuers[FORT], simulated().issuers["ailleurs"]
    bad = {
        "signature": pki.revocation_list(impostor, number=60),
        "authority": pki.revocation_list(stranger, number=60),
        "stale": pki.revocation_list(simulated().issuers[FORT], now=now - timedelta(days=3), number=60),
        "future": pki.revocation_list(simulated().issuers[FORT], now=now + timedelta(hours=1), number=60),
        "older": pki.revocation_list(simulated().issuers[FORT], now=now - timedelta(hours=3), number=60),
        "no_number": pki.revocation_list(simulated().issuers[FORT], number=49),
    }
    data = b"<html>" if case == "junk" else bad[case].public_bytes(Encoding.DER)
    with pytest.raises(ListRefused):
        put(data)
    kept = CertificateRevocationList.objects.get(issuer=before.issuer)
    assert (kept.number, kept.fetched_at) == ("50", before.fetched_at)


def test_the_same_list_again_and_the_next_one_are_accepted() -> None:
    data = made(number=7)
    put(data)
    put(data)
    put(made(number=8))
    assert CertificateRevocationList.objects.get().number == "8"


def test_a_list_in_text_form_is_read() -> None:
    listed = pki.revocation_list(simulated().issuers[FORT])
    assert put(listed.public_bytes(Encoding.PEM)).issuer_name == "TEST AC IGC-SIMULEE FORT PERSONNES"


def test_a_national_size_list_answers_fast() -> None:
    """Two hundred thousand revoked cards: one look-up stays under a tenth of a second."""
    put(made())
    row = CertificateRevocationList.objects.get()
    row.serials = [f"{serial:016x}" for serial in range(200_000)]
    row.save()
    began = timezone.now()
    assert reason_for(199_999) == Reason.REVOKED
    assert reason_for(300_000) is None
    assert (timezone.now() - began).total_seconds() < 0.4


# --- fetching ---------------------------------------------------------------------------------------------
class _Lists(BaseHTTPRequestHandler):
    answers: dict[str, tuple[int, bytes]] = {}

    def do_GET(self) -> None:
        status, body = self.answers.get(self.path, (404, b""))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/bon.crl")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def lists() -> Iterator[Callable[..., str]]:
    """`lists("/a.crl", data, status=200)` serves data and returns its address."""
    server = HTTPServer(("127.0.0.1", 0), _Lists)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def serve(path: str, body: bytes, status: int = 200) -> str:
        _Lists.answers[path] = (status, body)
        return f"http://127.0.0.1:{server.server_address[1]}{path}"

    yield serve
    server.shutdown()
    thread.join()
    server.server_close()
    _Lists.answers.clear()


def test_the_task_fetches_every_list_and_one_failure_stops_no_other(
    lists: Callable[..., str], open_door: Any
) -> None:
    open_door.CPS_CRL_URLS = [
        lists("/absent.crl", b"", 404),
        "http://127.0.0.1:9/fermé.crl",
        "ftp://127.0.0.1/liste.crl",
        lists("/ailleurs.crl", b"", 302),
        lists("/bon.crl", made()),
    ]
    results = revocation.refresh(anchors(), open_door.CPS_CRL_URLS)
    assert [reason != "" for reason in results.values()] == [True, True, True, True, False]
    tasks.refresh_card_lists()
    assert CertificateRevocationList.objects.get().issuer_name == "TEST AC IGC-SIMULEE FORT PERSONNES"


def test_the_command_says_what_became_of_each_list(
    lists: Callable[..., str], open_door: Any, capsys: Any
) -> None:
    open_door.CPS_CRL_URLS = [lists("/bon.crl", made())]
    call_command("relever_listes_cps")
    assert capsys.readouterr().out.startswith("OK     http://127.0.0.1")
    open_door.CPS_CRL_URLS = [lists("/absent.crl", b"", 404)]
    with pytest.raises(CommandError):
        call_command("relever_listes_cps")
    assert "Le serveur a répondu 404." in capsys.readouterr().out


def test_a_list_without_end_is_cut(lists: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocation, "MAX_BYTES", 1000)
    with pytest.raises(ListRefused, match="trop longue"):
        revocation.fetch(lists("/longue.crl", b"x" * 5000))


def test_the_task_does_nothing_where_the_door_is_closed(settings: Any) -> None:
    settings.CPS_TRUST_ANCHORS = ""
    settings.CPS_CRL_URLS = ["http://127.0.0.1:9/liste.crl"]
    tasks.refresh_card_lists()
    assert not CertificateRevocationList.objects.exists()


def test_the_task_drops_the_challenges_nobody_answered() -> None:
    tokens.issue(CardTokenKind.CHALLENGE, holder="x", life=timedelta(minutes=2), data={})
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        tasks.refresh_card_lists()
        assert CardToken.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        tasks.refresh_card_lists()
    assert not CardToken.objects.exists()


@pytest.mark.security("CPS-2")
def test_a_card_waits_for_a_good_list(card_door: Any, fresh_lists: Callable[..., None]) -> None:
    certificate = card()
    issuer = simulated().issuers[FORT].certificate
    assert revocation.check(issuer, certificate.serial_number, timezone.now()) is None
    fresh_lists(revoked=certificate.serial_number)
    refused = revocation.check(issuer, certificate.serial_number, timezone.now())
    assert refused is not None
    assert refused.reason == Reason.REVOKED
