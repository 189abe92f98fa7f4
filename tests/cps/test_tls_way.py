"""The way by TLS client certificate: a real nginx asks for it, forged headers sign nobody in."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from django.test import Client
from django.utils import timezone

from accounts.cps.models import CardToken
from accounts.cps.reasons import WORDS, Reason
from accounts.models import SecurityEvent
from portal.simulators.cps import authorities, pki
from tests.cps.front import CARD_HOST, NGINX, SECRET, Front, write_pem
from tests.cps.support import CARD_URL, HUGO, card, card_key

PRESENT = "/carte/presentation/"


def headers(certificate: x509.Certificate | None, **changes: str) -> dict[str, str]:
    """As the front sends them."""
    pem = quote(certificate.public_bytes(Encoding.PEM).decode(), safe="") if certificate else ""
    return {
        "X-SSL-Client-Verify": "SUCCESS" if certificate else "NONE",
        "X-SSL-Client-Cert": pem,
        "X-Portail-Carte": SECRET,
    } | changes


def state_of(client: Client, next_url: str = "") -> str:
    answer = client.post(f"{CARD_URL}certificat/", {"next": next_url})
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"https://{CARD_HOST}{PRESENT}?etat=")
    return parse_qs(urlsplit(answer["Location"]).query)["etat"][0]


def present(state: str, sent: dict[str, str], host: str = CARD_HOST) -> Any:
    return Client(headers={"Host": host}).get(PRESENT, {"etat": state}, headers={**sent, "Host": host})


def come_back(client: Client, answer: Any) -> Any:
    assert answer.status_code == 302, answer.content
    parts = urlsplit(answer["Location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "http://testserver/connexion/carte/retour/"
    return client.get(f"{parts.path}?{parts.query}")


def refused(answer: Any, reason: Reason) -> None:
    assert answer.status_code == 403
    assert WORDS[reason].sentence in answer.content.decode()
    event = SecurityEvent.objects.filter(action="strong_refused").latest("pk")
    assert (event.reason, event.data["way"]) == (reason.value, "tls")


@pytest.mark.django_db
@pytest.mark.usefixtures("tls_door")
class TestBehindTheFront:
    def test_a_card_arrives_through_the_ticket(self, client: Client) -> None:
        answer = come_back(client, present(state_of(client), headers(card())))
        assert (answer.status_code, answer["Location"]) == (302, "/connexion/rattachement/")

    @pytest.mark.security("CPS-3")
    @pytest.mark.parametrize(
        "changes",
        [
            {"X-Portail-Carte": ""},
            {"X-Portail-Carte": "devine"},
            {"X-Portail-Carte": SECRET[:-1]},
            {"X-Portail-Carte": SECRET + ","},
        ],
    )
    def test_without_the_secret_of_the_front_the_address_does_not_exist(
        self, client: Client, changes: dict[str, str]
    ) -> None:
        assert present(state_of(client), headers(card(), **changes)).status_code == 404
        assert not CardToken.objects.filter(kind="ticket").exists()

    @pytest.mark.security("CPS-3")
    @pytest.mark.parametrize("host", ["testserver", "localhost"])
    def test_on_the_portals_own_host_the_headers_are_not_believed(self, client: Client, host: str) -> None:
        assert present(state_of(client), headers(card()), host=host).status_code == 404

    @pytest.mark.security("CPS-3")
    def test_a_closed_way_believes_nobody(self, client: Client, settings: Any) -> None:
        state = state_of(client)
        settings.CPS_PROXY_SECRET = ""
        assert present(state, headers(card(), **{"X-Portail-Carte": ""})).status_code == 404
        settings.CPS_PROXY_SECRET, settings.CPS_CARD_HOST = SECRET, ""
        assert present(state, headers(card())).status_code == 404

    @pytest.mark.security("CPS-3")
    def test_the_same_headers_on_any_other_page_change_nothing(self, client: Client) -> None:
        for path in ("/", "/connexion/", CARD_URL, "/preferences/"):
            client.get(path, headers=headers(card()))
        assert "_auth_user_id" not in client.session

    @pytest.mark.security("CPS-2", "CPS-3")
    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"X-SSL-Client-Verify": "NONE"}, Reason.NO_CERTIFICATE),
            ({"X-SSL-Client-Cert": ""}, Reason.NO_CERTIFICATE),
            ({"X-SSL-Client-Verify": "FAILED:unable to verify"}, Reason.PROXY_REFUSED),
            ({"X-SSL-Client-Verify": "success"}, Reason.PROXY_REFUSED),
            ({"X-SSL-Client-Cert": "pas%20un%20certificat"}, Reason.UNREADABLE),
        ],
    )
    def test_what_the_front_did_not_accept_is_refused(
        self, client: Client, changes: dict[str, str], reason: Reason
    ) -> None:
        refused(come_back(client, present(state_of(client), headers(card(), **changes))), reason)

    @pytest.mark.security("CPS-2")
    @pytest.mark.parametrize(
        ("made", "reason"),
        [
            (lambda: card(issuer="ailleurs"), Reason.UNKNOWN_AUTHORITY),
            (lambda: card(use=pki.SIGNATURE), Reason.SIGNATURE_CERTIFICATE),
            (lambda: card(issuer="organisations"), Reason.ORGANISATION),
            (lambda: card(replace(HUGO, category=pki.CARD)), Reason.PRODUCTION_CARD),
            (lambda: card(start=timezone.now() - timedelta(days=2000)), Reason.EXPIRED),
        ],
    )
    def test_every_check_is_made_again_whatever_the_front_says(
        self, client: Client, made: Any, reason: Reason
    ) -> None:
        refused(come_back(client, present(state_of(client), headers(made()))), reason)

    @pytest.mark.security("CPS-2")
    def test_a_stale_list_refuses_here_too(self, client: Client) -> None:
        with time_machine.travel(timezone.now() + timedelta(days=2)):
            refused(
                come_back(client, present(state_of(client), headers(card()))),
                Reason.LIST_STALE,
            )

    def test_a_ticket_lives_one_minute_and_serves_once(self, client: Client) -> None:
        answer = present(state_of(client), headers(card()))
        with time_machine.travel(timezone.now() + timedelta(seconds=61)):
            refused(come_back(client, answer), Reason.CHALLENGE_GONE)
        answer = present(state_of(client), headers(card()))
        assert come_back(client, answer).status_code == 302
        refused(come_back(client, answer), Reason.CHALLENGE_GONE)

    @pytest.mark.security("CPS-3")
    def test_a_ticket_is_worth_nothing_in_another_browser(self, client: Client) -> None:
        answer = present(state_of(client), headers(card()))
        thief = Client()
        state_of(thief)
        refused(come_back(thief, answer), Reason.CHALLENGE_GONE)

    @pytest.mark.security("CPS-3")
    def test_a_stolen_ticket_does_not_fit_another_request(self, client: Client) -> None:
        """Somebody else's card must not open a session in the browser of the victim (login swap)."""
        ticket = parse_qs(urlsplit(present("invente", headers(card()))["Location"]).query)["ticket"][0]
        answer = client.get(f"{CARD_URL}retour/", {"etat": state_of(client), "ticket": ticket})
        refused(answer, Reason.CHALLENGE_GONE)

    def test_no_certificate_travels_in_an_address(self, client: Client) -> None:
        certificate = card()
        location = present(state_of(client), headers(certificate))["Location"]
        assert len(location) < 300
        assert "BEGIN" not in location

    def test_the_page_offers_this_way_and_lets_its_form_leave(self, client: Client, settings: Any) -> None:
        answer = client.get(CARD_URL)
        assert "Choisir mon certificat" in answer.content.decode()
        assert f"form-action 'self' https://{CARD_HOST};" in answer["Content-Security-Policy"]
        settings.CPS_CARD_HOST = ""
        closed = client.get(CARD_URL)
        assert "Choisir mon certificat" not in closed.content.decode()
        assert CARD_HOST not in closed["Content-Security-Policy"]
        assert client.post(f"{CARD_URL}certificat/").status_code == 403

    @pytest.mark.parametrize("query", ["", "?etat=", "?etat=" + "x" * 200])
    def test_a_request_without_a_state_is_not_answered(self, query: str) -> None:
        answer = Client().get(PRESENT + query, headers={**headers(card()), "Host": CARD_HOST})
        assert answer.status_code == 404


# --- with nginx itself ----------------------------------------------------------------------------------------
def through(
    front: Front, path: str, pem: Path | None = None, sent: dict[str, str] | None = None
) -> tuple[int, str, str]:
    """Status, Location and body of a GET on the card host with that client certificate."""
    context = ssl.create_default_context(cafile=str(front.folder / "certificats" / "portail.pem"))
    if pem is not None:
        context.load_cert_chain(pem)
    line = http.client.HTTPSConnection("localhost", front.port, context=context, timeout=20)
    try:
        line.request("GET", path, headers=sent or {})
        answer = line.getresponse()
        return answer.status, answer.headers.get("Location", ""), answer.read().decode()
    finally:
        line.close()


def start(front: Front, client: Client) -> str:
    answer = client.post(f"{CARD_URL}certificat/")
    assert answer["Location"].startswith(f"{front.url}{PRESENT}")
    return answer["Location"].removeprefix(front.url)


def pem_of(front: Front, certificate: x509.Certificate, key: rsa.RSAPrivateKey | None = None) -> Path:
    return write_pem(front.folder / "carte.pem", certificate, key or card_key())


@pytest.mark.security("CPS-3")
@pytest.mark.feature("ROR-053", "VT-029")
def test_a_card_signs_in_through_nginx(front: Front, client: Client) -> None:
    status, location, _ = through(front, start(front, client), pem_of(front, card()))
    assert status == 302
    parts = urlsplit(location)
    answer = client.get(f"{parts.path}?{parts.query}")
    assert (answer.status_code, answer["Location"]) == (302, "/connexion/rattachement/")


def reason_shown(client: Client, location: str) -> str:
    parts = urlsplit(location)
    client.get(f"{parts.path}?{parts.query}")
    return SecurityEvent.objects.filter(action="strong_refused").latest("pk").reason


@pytest.mark.security("CPS-2", "CPS-3")
@pytest.mark.parametrize("case", ["none", "foreign", "forged", "expired", "signature", "organisation"])
def test_nginx_lets_the_portal_say_why(front: Front, client: Client, case: str) -> None:
    impostor = authorities.make(bits=2048).issuers["fort"] if case == "forged" else None
    made = {
        "none": lambda: None,
        "foreign": lambda: card(issuer="ailleurs"),
        "forged": lambda: pki.issue(impostor, HUGO, card_key().public_key()),  # type: ignore[arg-type]
        "expired": lambda: card(start=timezone.now() - timedelta(days=2000)),
        "signature": lambda: card(use=pki.SIGNATURE),
        "organisation": lambda: card(issuer="organisations"),
    }[case]()
    expected = {
        "none": Reason.NO_CERTIFICATE,
        "foreign": Reason.UNKNOWN_AUTHORITY,
        "forged": Reason.FORGED_AUTHORITY,
        "expired": Reason.EXPIRED,
        "signature": Reason.SIGNATURE_CERTIFICATE,
        "organisation": Reason.ORGANISATION,
    }[case]
    pem = pem_of(front, made) if made is not None else None
    status, location, body = through(front, start(front, client), pem)
    assert status == 302, body
    assert reason_shown(client, location) == expected


@pytest.mark.security("CPS-3")
def test_headers_sent_by_the_visitor_are_replaced_by_nginx(front: Front, client: Client) -> None:
    forged = headers(card()) | {
        "Client-Cert": "x",
        "X-Forwarded-Tls-Client-Cert": "x",
        "X_SSL_CLIENT_CERT": headers(card())["X-SSL-Client-Cert"],
        "X_SSL_CLIENT_VERIFY": "SUCCESS",
    }
    status, location, _ = through(front, start(front, client), sent=forged)
    assert status == 302
    assert reason_shown(client, location) == Reason.NO_CERTIFICATE


@pytest.mark.security("CPS-3")
def test_the_application_reached_directly_signs_nobody_in(
    front: Front, client: Client, live_server: Any
) -> None:
    target = start(front, client)
    forged = headers(card(), **{"X-Portail-Carte": "devine"}) | {"Host": front.host}
    line = http.client.HTTPConnection(urlsplit(live_server.url).netloc, timeout=20)
    line.request("GET", target, headers=forged)
    assert line.getresponse().status == 404
    line.close()
    assert not CardToken.objects.filter(kind="ticket").exists()


def test_the_card_host_serves_nothing_else(front: Front) -> None:
    for path in ("/", "/connexion/", "/administration/", "/static/css/portal.css"):
        assert through(front, path)[0] == 404


# --- what is delivered ------------------------------------------------------------------------------------------
@pytest.mark.security("CPS-3")
def test_the_front_of_the_portal_empties_the_headers_of_the_card() -> None:
    proxy = (NGINX / "proxy.conf").read_text()
    for name in ("X-SSL-Client-Verify", "X-SSL-Client-Cert", "X-Portail-Carte"):
        assert f'proxy_set_header {name} "";' in proxy


def test_the_debian_configuration_says_the_same_as_the_image() -> None:
    debian, image = ((NGINX / name).read_text() for name in ("debian-carte.conf", "carte.conf.template"))
    for words in (
        "location = /carte/presentation/ {",
        "include /etc/nginx/portail/carte-tls.conf;",
        "include /etc/nginx/portail/carte-proxy.conf;",
        "error_page 495 496 = @refus;",
        "rewrite ^ /carte/presentation/ break;",
    ):
        assert words in debian
        assert words in image
    shared = (NGINX / "carte-tls.conf").read_text()
    assert "ssl_session_cache off;" in shared
    assert "ssl_session_tickets off;" in shared
