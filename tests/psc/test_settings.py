"""Which Pro Santé Connect the portal trusts, and what is refused outside the demo."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.psc.checks import check_psc
from portal.settings import psc
from portal.settings.psc import PscSettings
from tests.support.processes import ROOT

SECRETS = {
    "SECRET_KEY": "Zr7-" + "abcdefghijklmnopqrstuvwxyz0123456789" * 2,
    "CODE_PEPPER": "Yq8-" + "abcdefghijklmnopqrstuvwxyz0123456789" * 2,
    "ALLOWED_HOSTS": "portail.example",
    "SITE_URL": "https://portail.example",
    "DATABASE_URL": "postgresql://u:p@db/p",
    "REDIS_URL": "redis://cache:6379",
    "EMAIL_URL": "smtps://relais.example",
    "SMS_URL": "https://sms.example/",
}


def start_production(**variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", "import portal.settings.production as s; print(s.PSC.issuer or 'fermé')"],
        cwd=ROOT,
        env={**kept, **SECRETS, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_production_refuses_the_simulator() -> None:
    run = start_production(PSC_ENVIRONMENT="simulator")

    assert run.returncode != 0
    assert "simulateur de Pro Santé Connect est refusé en production" in run.stderr


def test_production_starts_with_the_door_closed_or_on_the_national_service(tmp_path: Path) -> None:
    assert start_production().stdout.strip() == "fermé"
    secret = tmp_path / "secret"
    secret.write_text("donné par l'ANS\n")
    run = start_production(
        PSC_ENVIRONMENT="production", PSC_CLIENT_ID="portail", PSC_CLIENT_SECRET_FILE=str(secret)
    )
    assert run.stdout.strip() == "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet", run.stderr


def test_production_refuses_a_client_without_secret() -> None:
    run = start_production(PSC_ENVIRONMENT="production", PSC_CLIENT_ID="portail")
    assert "PSC_CLIENT_SECRET" in run.stderr


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ({"environment": "simulator"}, ["accounts.E101"]),
        ({"issuer": "http://auth.esw.esante.gouv.fr/auth"}, ["accounts.E102"]),
        ({"issuer": "https://localhost/auth"}, ["accounts.E102"]),
        ({"discovery_url": "https://127.0.0.1/x"}, ["accounts.E102"]),
        ({"authorization_url": "https://10.0.0.1/auth"}, ["accounts.E102"]),
        ({"authorization_url": "https://[::1]/auth"}, ["accounts.E102"]),
        ({"authorization_url": "https://wallet/auth"}, ["accounts.E102"]),
        ({}, []),
    ],
)
def test_outside_the_demo_only_the_national_service_passes(
    settings: Any, values: dict[str, str], ids: list[str]
) -> None:
    settings.PSC_SIMULATOR_ALLOWED = False
    real = {
        "environment": "production",
        "issuer": psc.ISSUERS["production"],
        "discovery_url": psc.ISSUERS["production"] + psc.WELL_KNOWN,
        "authorization_url": psc.AUTHORIZATION_URLS["production"],
    }
    settings.PSC = PscSettings(**{**real, **values})

    assert [found.id for found in check_psc()] == ids


def test_the_demo_may_use_the_simulator(settings: Any) -> None:
    settings.PSC = PscSettings(environment="simulator", issuer="http://localhost:8010")
    assert check_psc() == []


def test_the_two_hosts_are_allowed_to_end_a_form() -> None:
    found = PscSettings(
        environment="production",
        issuer=psc.ISSUERS["production"],
        authorization_url=psc.AUTHORIZATION_URLS["production"],
    )
    assert found.form_targets == ["https://auth.esw.esante.gouv.fr", "https://wallet.esw.esante.gouv.fr"]
    assert PscSettings().form_targets == []


@pytest.mark.security("RP-2")
@pytest.mark.parametrize("name", ["none", "HS256", "RS256,HS512", "rs256", "EdDSA"])
def test_weak_signatures_cannot_be_configured(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("PSC_ENVIRONMENT", "simulator")
    monkeypatch.setenv("PSC_SIGNING_ALGORITHMS", name)
    with pytest.raises(ImproperlyConfigured, match="PSC_SIGNING_ALGORITHMS"):
        psc.read()


@pytest.mark.parametrize(
    ("name", "value"),
    [("PSC_ENVIRONMENT", "prod"), ("PSC_TOKEN_AUTH", "none"), ("PSC_TOKEN_AUTH", "private_key_jwt")],
)
def test_a_wrong_value_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("PSC_ENVIRONMENT", "simulator")
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=name):
        psc.read()


def test_a_client_certificate_takes_the_place_of_the_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PSC_ENVIRONMENT", "bas")
    monkeypatch.setenv("PSC_CLIENT_ID", "portail")
    monkeypatch.setenv("PSC_TOKEN_AUTH", "tls_client_auth")
    monkeypatch.setenv("PSC_CLIENT_CERTIFICATE", str(tmp_path / "absent.pem"))
    with pytest.raises(ImproperlyConfigured, match="PSC_CLIENT_CERTIFICATE"):
        psc.read()
    for name in ("PSC_CLIENT_CERTIFICATE", "PSC_CLIENT_KEY"):
        file = tmp_path / f"{name}.pem"
        file.touch()
        monkeypatch.setenv(name, str(file))
    found = psc.read()
    assert (found.client_secret, found.certificate) == ("", str(tmp_path / "PSC_CLIENT_CERTIFICATE.pem"))
