"""Client certificate instead of the secret (tls_client_auth): the real TLS of a service that asks for one."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog.testing
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.test import Client

from accounts.models import SecurityEvent
from accounts.psc import provider, refusals
from accounts.psc.checks import check_client_certificate
from portal.settings import psc as psc_settings
from tests.psc.conftest import PORTAL, Browser
from tests.psc.mtls import CLIENT_NAME, MutualTls, pem_of

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED], ids=["address refuses", "handshake refuses"])
def service(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Iterator[MutualTls]:
    """PSC over TLS, and the portal configured with the certificate it knows."""
    running = MutualTls(tmp_path, PORTAL, request.param)
    running.realm.auto = "approved"
    certificate, key = running.authority.issue(CLIENT_NAME)
    settings.PSC = replace(
        psc_settings.PscSettings(),
        environment="simulator",
        issuer=running.issuer,
        discovery_url=running.issuer + psc_settings.WELL_KNOWN,
        authorization_url=f"{running.wallet}/auth",
        client_id=psc_settings.SIMULATOR_CLIENT,
        token_auth="tls_client_auth",
        certificate=str(certificate),
        key=str(key),
        ca_file=str(running.authority.file),
    )
    provider.forget()
    yield running
    provider.forget()
    running.stop()


def sign_in(service: MutualTls, client: Client) -> Any:
    """Press the button, approve, come back; what the portal answers in the end."""
    started = client.post("/connexion/ecps/")
    if started.status_code != 302:
        return started
    switch: Any = SimpleNamespace(wallet=service.wallet, set=lambda: {"auto": service.realm.auto})
    browser = Browser(switch)
    back = browser.approve(started.headers["Location"])
    browser.http.close()
    return client.get(back.removeprefix(PORTAL))


def counted(reason: str) -> float:
    return refusals.REFUSALS.labels(reason)._value.get()


def last_reason() -> str:
    return SecurityEvent.objects.filter(action="sign_in_refused").latest("pk").reason


def test_the_certificate_is_shown_where_it_is_asked_and_no_secret_is_sent(
    service: MutualTls, client: Client
) -> None:
    answer = sign_in(service, client)
    assert answer.headers["Location"] == "/connexion/rattachement/"
    assert service.tls.seen == [("token", CLIENT_NAME), ("userinfo", CLIENT_NAME)]


def _none(service: MutualTls) -> dict[str, str]:
    return {"certificate": "", "key": ""}


def _other_client(service: MutualTls) -> dict[str, str]:
    certificate, key = service.authority.issue("autre-client.example")
    return {"certificate": str(certificate), "key": str(key)}


def _other_authority(service: MutualTls) -> dict[str, str]:
    certificate, key = service.elsewhere.issue(CLIENT_NAME)
    return {"certificate": str(certificate), "key": str(key)}


def _expired(service: MutualTls) -> dict[str, str]:
    certificate, key = service.authority.issue(CLIENT_NAME, age=400, days=365)
    return {"certificate": str(certificate), "key": str(key)}


def _not_its_key(service: MutualTls) -> dict[str, str]:
    return {"key": str(service.authority.issue(CLIENT_NAME)[1])}


def _gone(service: MutualTls) -> dict[str, str]:
    return {"key": str(service.folder / "absente.key")}


def _passphrase(service: MutualTls) -> dict[str, str]:
    locked = service.folder / "verrouillee.key"
    locked.write_bytes(pem_of(rsa.generate_private_key(65537, 2048), b"phrase"))
    return {"key": str(locked)}


@pytest.mark.security("RP-6")
@pytest.mark.parametrize(
    "wrong", [_none, _other_client, _other_authority, _expired, _not_its_key, _gone, _passphrase]
)
def test_a_certificate_that_will_not_do_ends_on_a_clear_page(
    service: MutualTls, client: Client, settings: Any, wrong: Callable[[MutualTls], dict[str, str]]
) -> None:
    settings.PSC = replace(settings.PSC, **wrong(service))
    before = {reason: counted(reason) for reason in ("client_refused", "client_certificate")}
    with structlog.testing.capture_logs() as lines:
        answer = sign_in(service, client)
    assert answer.status_code == 424
    page = answer.content.decode()
    assert "La connexion par e-CPS est interrompue" in page
    assert "Votre e-CPS n’est pas en cause" in page
    assert "Se connecter autrement" in page
    assert 'action="/connexion/ecps/"' not in page, "trying again cannot help"
    reason = last_reason()
    assert reason in {"client_refused", "client_certificate"}
    assert counted(reason) == before[reason] + 1
    assert [
        (line["event"], line["log_level"]) for line in lines if line["event"] == "psc_not_recognised"
    ] == [("psc_not_recognised", "error")]


@pytest.mark.security("RP-6")
def test_a_service_that_shows_the_certificate_of_another_authority_is_not_talked_to(
    service: MutualTls, client: Client, settings: Any
) -> None:
    settings.PSC = replace(settings.PSC, ca_file=str(service.elsewhere.file))
    answer = sign_in(service, client)
    assert answer.status_code == 424
    assert last_reason() == "server_certificate"
    assert service.tls.seen == []


def test_a_renewed_certificate_serves_without_a_restart(
    service: MutualTls, client: Client, settings: Any
) -> None:
    expired, key = service.authority.issue(CLIENT_NAME, age=400, days=365)
    settings.PSC = replace(settings.PSC, certificate=str(expired), key=str(key))
    assert sign_in(service, client).status_code == 424
    for old, new in zip((expired, key), service.authority.issue(CLIENT_NAME), strict=True):
        old.write_bytes(new.read_bytes())
        os.utime(old, ns=(1, 1))
    assert sign_in(service, Client()).headers["Location"] == "/connexion/rattachement/"


# --- said at the start ------------------------------------------------------------------------------------------
def told(settings: Any, **changes: Any) -> list[str]:
    settings.PSC = replace(settings.PSC, **{name: str(value) for name, value in changes.items()})
    return [found.id or "" for found in check_client_certificate()]


@pytest.mark.parametrize("service", [ssl.CERT_OPTIONAL], indirect=True, ids=["any"])
class TestChecks:
    def test_a_right_certificate_with_a_private_key_says_nothing(
        self, service: MutualTls, settings: Any
    ) -> None:
        assert told(settings) == []
        Path(settings.PSC.key).chmod(0o640)
        assert told(settings) == []

    @pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o777])
    def test_a_key_that_others_may_read_or_change_stops_the_start(
        self, service: MutualTls, settings: Any, mode: int
    ) -> None:
        Path(settings.PSC.key).chmod(mode)
        assert told(settings) == ["accounts.E109"]

    def test_files_that_cannot_serve_stop_the_start(self, service: MutualTls, settings: Any) -> None:
        right = settings.PSC
        nonsense = service.folder / "nonsense.pem"
        nonsense.write_text("rien")
        nonsense.chmod(0o600)
        assert told(settings, certificate=nonsense) == ["accounts.E103"]
        assert told(settings, certificate=right.certificate, key=nonsense) == ["accounts.E104"]
        locked = _passphrase(service)["key"]
        Path(locked).chmod(0o600)
        assert told(settings, key=locked) == ["accounts.E104"]
        assert told(settings, **_not_its_key(service)) == ["accounts.E105"]

    def test_dates_and_use(self, service: MutualTls, settings: Any) -> None:
        for age, days, expected in ((400, 365, "accounts.E106"), (1, 20, "accounts.W107")):
            certificate, key = service.authority.issue(CLIENT_NAME, age=age, days=days)
            assert told(settings, certificate=certificate, key=key) == [expected]
        certificate, key = service.authority.issue(CLIENT_NAME, use=ExtendedKeyUsageOID.SERVER_AUTH)
        assert told(settings, certificate=certificate, key=key) == ["accounts.E108"]

    def test_a_portal_that_uses_the_secret_has_nothing_to_check(
        self, service: MutualTls, settings: Any
    ) -> None:
        assert told(settings, token_auth="client_secret_basic", certificate="", key="") == []
