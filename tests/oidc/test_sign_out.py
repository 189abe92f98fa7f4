"""Leaving: the portal's session ends, partners hear of it; a partner's person leaves (OP-5, OP-15, OP-16)."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from unittest.mock import Mock
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core import signing
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts import sessions as portal_sessions
from accounts.models import UserSession
from accounts.psc import session as psc_session
from portal.hub.oidc import jose, keys, logout, outgoing, purges, queue, sessions, tasks
from portal.hub.oidc.models import OpenIdGrant, OpenIdLogout, OpenIdPending, OpenIdToken
from tests.oidc.partner import Partner, claims_of

pytestmark = pytest.mark.django_db
END = "/openid/deconnexion/"


class Listener:
    """A partner's server: keeps what it is told, answers as asked."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.status = 200
        self.hangs = threading.Event()
        self.hangs.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.hangs.wait(10)
                outer.received.append(parse_qs(body)["logout_token"][0])
                self.send_response(outer.status)
                self.send_header("Location", "http://localhost/ailleurs")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server.server_port}/deconnexion"


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.hangs.set()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers entrusted to the workers; nothing runs."""
    found: list[int] = []
    monkeypatch.setattr(queue, "publish", lambda pk: found.append(pk) or True)
    return found


# --- the portal's session ends -------------------------------------------------------------------------------
@pytest.mark.security("OP-5", "OP-16", "SES-4")
def test_signing_out_of_the_portal_ends_every_token_and_tells_the_partner(
    visitor: Any,
    partner: Partner,
    listener: Listener,
    published: list[int],
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    partner.row.backchannel_logout_uri = listener.url
    partner.row.save()
    tokens = partner.tokens(visitor)
    partner.tokens(visitor)
    with django_capture_on_commit_callbacks(execute=True):
        assert visitor.post("/deconnexion/").status_code == 302
    assert partner.userinfo(tokens["access_token"]).status_code == 401
    assert partner.refresh(tokens["refresh_token"]).status_code == 400
    row = OpenIdLogout.objects.get()
    assert published == [row.pk]
    assert tasks.tell_logout(row.pk) is True
    check_logout_token(listener.received[0], partner, claims_of(tokens["id_token"]))
    assert tasks.tell_logout(row.pk) is False  # told once
    assert len(listener.received) == 1


def check_logout_token(token: str, partner: Partner, entry: dict[str, Any]) -> None:
    claims = jose.verify(token, keys.ring().verifiers)
    assert (claims["iss"], claims["aud"]) == ("http://testserver", partner.id)
    assert (claims["sub"], claims["sid"]) == (entry["sub"], entry["sid"])
    assert 0 < claims["exp"] - claims["iat"] <= 120
    assert claims["jti"]
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert "nonce" not in claims
    header = token.split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["typ"] == "logout+jwt"


@pytest.mark.security("OP-5", "OP-16")
@pytest.mark.parametrize("reason", ["account_closed", "account_suspended", "support"])
def test_the_end_of_the_account_ends_everything(
    visitor: Any, person: Any, partner: Partner, reason: str
) -> None:
    tokens = partner.tokens(visitor)
    portal_sessions.end_all(person, reason)
    assert partner.refresh(tokens["refresh_token"]).status_code == 400
    assert OpenIdLogout.objects.get().reason == reason


@pytest.mark.security("OP-5", "SES-6")
@pytest.mark.parametrize("reason", ["password_changed", portal_sessions.FACTOR_CHANGED])
def test_a_change_of_what_proves_ends_the_tokens_of_the_session_that_stays(
    visitor: Any, person: Any, partner: Partner, reason: str
) -> None:
    tokens = partner.tokens(visitor)
    request = type("Request", (), {"portal_session": visitor.row})()
    portal_sessions.end_others(person, request, reason)
    assert UserSession.objects.get(pk=visitor.row.pk).ended_at is None
    assert partner.userinfo(tokens["access_token"]).status_code == 401
    assert "code" in partner.ask(visitor).url  # and the person may enter again


@pytest.mark.security("OP-5")
def test_ending_another_session_leaves_this_one_in_its_applications(
    visitor: Any, person: Any, partner: Partner
) -> None:
    tokens = partner.tokens(visitor)
    request = type("Request", (), {"portal_session": visitor.row})()
    portal_sessions.end_others(person, request, "owner")
    assert partner.userinfo(tokens["access_token"]).status_code == 200
    assert not OpenIdLogout.objects.exists()


@pytest.mark.security("OP-5")
def test_a_suspended_person_reads_nothing_even_before_their_session_ends(
    visitor: Any, person: Any, partner: Partner
) -> None:
    tokens = partner.tokens(visitor)
    type(person).objects.filter(pk=person.pk).update(status="suspended")
    assert partner.userinfo(tokens["access_token"]).status_code == 401
    assert partner.refresh(tokens["refresh_token"]).status_code == 400


def test_sessions_and_people_may_be_left_by_name(visitor: Any, person: Any, partner: Partner) -> None:
    partner.tokens(visitor)
    assert sessions.end_for_session("inconnue") == 0
    assert sessions.end_for_session(visitor.row.session_key_hash) == 1
    partner.tokens(visitor)
    assert sessions.end_for_user(person) == 1


@pytest.mark.security("OP-16")
@pytest.mark.parametrize("field", ["seen_at", "ends_at"])
def test_the_clock_ends_the_sessions_that_nobody_ended(visitor: Any, partner: Partner, field: str) -> None:
    partner.tokens(visitor)
    assert tasks.end_over_sessions() == 0
    past = timezone.now() - timedelta(days=40)
    UserSession.objects.filter(pk=visitor.row.pk).update(**{field: past})
    assert tasks.end_over_sessions() == 1
    assert OpenIdLogout.objects.count() == 1
    assert tasks.end_over_sessions() == 0


# --- the outbox of sign-outs ---------------------------------------------------------------------------------
@pytest.fixture
def waiting(visitor: Any, person: Any, partner: Partner, listener: Listener) -> OpenIdLogout:
    partner.row.backchannel_logout_uri = listener.url
    partner.row.save()
    partner.tokens(visitor)
    portal_sessions.end_all(person, "owner")
    return OpenIdLogout.objects.get()


@pytest.mark.security("OP-16")
@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_partner_that_answers_badly_is_told_again_later(
    waiting: OpenIdLogout, listener: Listener, status: int
) -> None:
    listener.status = status
    assert logout.tell(waiting.pk) is False
    waiting.refresh_from_db()
    assert waiting.last_error == f"http_{status}"
    assert waiting.next_at > timezone.now()
    assert logout.due() == []
    listener.status = 204
    assert logout.due(timezone.now() + timedelta(seconds=6)) == [waiting.pk]
    OpenIdLogout.objects.update(next_at=timezone.now())
    assert logout.tell(waiting.pk) is True


@pytest.mark.security("OP-16")
def test_a_partner_that_hangs_costs_three_seconds_and_is_told_again(
    waiting: OpenIdLogout, listener: Listener
) -> None:
    listener.hangs.clear()
    start = timezone.now()
    assert logout.tell(waiting.pk) is False
    assert timezone.now() - start < timedelta(seconds=6)
    waiting.refresh_from_db()
    assert waiting.last_error == "ReadTimeout"


@pytest.mark.security("OP-16")
def test_after_the_last_try_it_is_given_up_and_the_support_may_ask_again(
    waiting: OpenIdLogout, listener: Listener
) -> None:
    listener.status = 500
    for _ in range(len(logout.RETRY_AFTER) + 1):
        OpenIdLogout.objects.update(next_at=timezone.now())
        logout.tell(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.given_up_at is not None
    listener.status = 200
    assert logout.try_again(waiting.pk) is True
    assert logout.tell(waiting.pk) is True


@pytest.mark.security("OP-16")
@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://10.0.0.8/x",
        "https://192.168.1.1/x",
        "https://169.254.169.254/latest",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://[::127.0.0.1]/x",
        "https://[64:ff9b::a9fe:a9fe]/latest",
        "https://[2002:a00:1::]/x",
        "https://[fec0::1]/x",
        "http://203.0.113.9/x",
    ],
)
def test_addresses_of_our_own_network_are_never_called(
    settings: Any, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """Whatever the name says, it is the address it resolves to that is judged."""
    settings.OPENID_PRIVATE_PARTNERS = False
    address = "127.0.0.1" if "localhost" in url else urlsplit(url).hostname
    monkeypatch.setattr(outgoing.socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (address, 443))])
    with pytest.raises(outgoing.NotCalled) as refusal:
        outgoing.post_form(url, {})
    assert str(refusal.value) in {"private_address", "http"}


@pytest.mark.security("OP-16")
@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_addresses_of_the_internet_are_called(address: str) -> None:
    assert outgoing.is_public(address)


@pytest.mark.security("OP-16")
@pytest.mark.parametrize(
    "url", ["https://partenaire.example:99999/", "https://[::1/", "https://nom-impossible.example/"]
)
def test_an_address_that_is_none_is_a_failed_try_like_another(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """The name of the last one is refused by the encoding of names, before any question is asked."""
    refused = UnicodeError("label empty or too long")
    monkeypatch.setattr(outgoing.socket, "getaddrinfo", Mock(side_effect=refused))
    with pytest.raises(outgoing.NotCalled):
        outgoing.post_form(url, {})


# --- RP-initiated ------------------------------------------------------------------------------------------------
def is_signed_in(visitor: Any) -> bool:
    return bool(visitor.get("/preferences/applications/").status_code == 200)


@pytest.mark.security("OP-15")
def test_the_id_token_of_this_session_signs_out_and_goes_back(visitor: Any, partner: Partner) -> None:
    hint = partner.tokens(visitor)["id_token"]
    uri = partner.row.post_logout_redirect_uris[0]
    query = {"id_token_hint": hint, "post_logout_redirect_uri": uri, "state": "é&1"}
    answer = visitor.get(f"{END}?{urlencode(query)}")
    assert answer.url == f"{uri}?{urlencode({'state': 'é&1'})}"
    assert not is_signed_in(visitor)


@pytest.mark.security("OP-15")
def test_a_bare_address_signs_nobody_out(visitor: Any, partner: Partner) -> None:
    page = visitor.get(END)
    assert page.status_code == 200
    assert "Me déconnecter" in page.content.decode()
    assert visitor.get(f"{END}?client_id={partner.id}").status_code == 200
    assert visitor.post(END).status_code == 200
    assert is_signed_in(visitor)


@pytest.mark.security("OP-15")
def test_the_id_token_of_another_session_asks_the_person(visitor: Any, person: Any, partner: Partner) -> None:
    from tests.support.sign_in import sign_in  # noqa: PLC0415

    other = Client()
    sign_in(other, person)
    hint = partner.tokens(other)["id_token"]
    page = visitor.get(f"{END}?id_token_hint={hint}")
    assert page.status_code == 200
    assert is_signed_in(visitor)
    answer = visitor.post(f"{END}confirmer/", {"demande": page.context["ticket"], "choix": "quitter"})
    assert answer.status_code == 302
    assert not is_signed_in(visitor)


@pytest.mark.security("OP-15")
def test_who_prefers_to_stay_stays(visitor: Any, partner: Partner) -> None:
    ticket = visitor.get(f"{END}?client_id={partner.id}").context["ticket"]
    visitor.post(f"{END}confirmer/", {"demande": ticket, "choix": "rester"})
    assert is_signed_in(visitor)
    assert visitor.post(f"{END}confirmer/", {"demande": "faux"}).status_code == 400
    assert is_signed_in(visitor)


@pytest.mark.security("OP-15")
@pytest.mark.parametrize("suffix", ["?x=1", "/", "#a", ";x", ".mechant.example"])
def test_an_address_of_return_that_is_not_registered_is_never_followed(
    visitor: Any, partner: Partner, suffix: str
) -> None:
    hint = partner.tokens(visitor)["id_token"]
    uri = partner.row.post_logout_redirect_uris[0] + suffix
    answer = visitor.get(f"{END}?{urlencode({'id_token_hint': hint, 'post_logout_redirect_uri': uri})}")
    assert answer.status_code == 400
    assert "Location" not in answer
    assert is_signed_in(visitor)


@pytest.mark.security("OP-15")
def test_an_address_of_return_without_a_known_client_is_never_followed(
    visitor: Any, partner: Partner
) -> None:
    uri = partner.row.post_logout_redirect_uris[0]
    assert visitor.get(f"{END}?{urlencode({'post_logout_redirect_uri': uri})}").status_code == 400
    forged = visitor.get(f"{END}?id_token_hint=a.b.c&{urlencode({'post_logout_redirect_uri': uri})}")
    assert forged.status_code == 400


PSC_LEFT = "/connexion/ecps/deconnexion/"


@pytest.fixture
def by_ecps(visitor: Any, settings: Any) -> str:
    """The visitor's browser holds a session at Pro Santé Connect; the address that ends it."""
    issuer = "https://psc.example/realms/esante"
    settings.PSC = replace(settings.PSC, environment="simulator", issuer=issuer, discovery_url=issuer)
    response = HttpResponse()
    psc_session.remember(response, "jeton")
    visitor.cookies.update(response.cookies)
    return f"{issuer}/protocol/openid-connect/logout?id_token_hint=jeton"


@pytest.mark.security("OP-15", "SES-4")
def test_leaving_by_a_partner_leaves_pro_sante_connect_on_the_way(
    visitor: Any, partner: Partner, by_ecps: str
) -> None:
    """Else the next person at the desk enters as this one, by « S’identifier avec PSC »."""
    uri = partner.row.post_logout_redirect_uris[0]
    asked = {"id_token_hint": partner.tokens(visitor)["id_token"], "post_logout_redirect_uri": uri}
    page = visitor.get(END, asked | {"state": "e"})
    assert page.context["url"].startswith(by_ecps)
    assert page["Clear-Site-Data"] == '"cache"'
    assert not is_signed_in(visitor)
    assert visitor.get(PSC_LEFT).url == f"{uri}?state=e"
    assert visitor.get(PSC_LEFT).url == "/"  # once


@pytest.mark.security("OP-15", "SES-4")
def test_leaving_by_the_question_leaves_pro_sante_connect_too(
    visitor: Any, partner: Partner, by_ecps: str
) -> None:
    uri = partner.row.post_logout_redirect_uris[0]
    ticket = visitor.get(END, {"client_id": partner.id, "post_logout_redirect_uri": uri}).context["ticket"]
    page = visitor.post(f"{END}confirmer/", {"demande": ticket, "choix": "quitter"})
    assert page.context["url"].startswith(by_ecps)
    assert visitor.get(PSC_LEFT).url == uri


@pytest.mark.security("OP-15", "WEB-4")
def test_nobody_else_says_where_to_go_after_pro_sante_connect(
    visitor: Any, partner: Partner, by_ecps: str
) -> None:
    assert visitor.get(END, {"id_token_hint": partner.tokens(visitor)["id_token"]}).url.startswith(by_ecps)
    visitor.cookies[psc_session.AFTER] = signing.dumps("https://ailleurs.example/", salt="autre")
    assert visitor.get(PSC_LEFT, {"next": "https://ailleurs.example/"}).url == "/"


@pytest.mark.security("OP-15", "OP-16")
def test_a_logout_token_is_not_an_id_token_hint(visitor: Any, partner: Partner) -> None:
    partner.tokens(visitor)
    sessions.end_for_session(visitor.row.session_key_hash)
    token = logout.token_for(OpenIdLogout.objects.select_related("client").get())
    assert visitor.get(f"{END}?id_token_hint={token}").status_code == 400


# --- purge -------------------------------------------------------------------------------------------------------
def test_what_opens_nothing_any_more_is_erased(visitor: Any, partner: Partner) -> None:
    partner.tokens(visitor)
    partner.ask(Client())
    old = timezone.now() + timedelta(days=60)
    assert OpenIdPending.objects.count() == 1
    assert purges.purge() == 0
    assert purges.purge(old) == 4
    assert not OpenIdToken.objects.exists()
    assert not OpenIdGrant.objects.exists()


@pytest.mark.security("OP-16")
def test_a_partner_that_answers_a_byte_at_a_time_is_cut(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Every read comes in time, the answer never does."""
    settings.OPENID_PRIVATE_PARTNERS = True
    monkeypatch.setattr(outgoing, "TOTAL_SECONDS", 1.0)
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip() -> None:
        line, _ = server.accept()
        line.sendall(b"HTTP/1.1 200 OK\r\nX-Lent: ")
        with suppress(OSError):
            while not over.wait(0.1):
                line.sendall(b"a")
        line.close()

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    began = time.monotonic()
    with pytest.raises(outgoing.NotCalled):
        outgoing.post_form(f"http://127.0.0.1:{server.getsockname()[1]}/", {"logout_token": "x"})
    assert 0.9 < time.monotonic() - began < 2.5
    over.set()
    thread.join(2)
    server.close()
