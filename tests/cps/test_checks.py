"""Settings that would open the door to test cards, or open it half, stop the start with a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from accounts.cps import anchors
from accounts.cps.anchors import AnchorsError
from accounts.cps.checks import check_card_deployment, check_card_door
from portal.launcher.place import ROOT
from tests.cps.front import SECRET
from tests.cps.support import card, simulated

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "portal.settings.production",
    "SITE_URL": "https://portail.example.org",
    "ALLOWED_HOSTS": "portail.example.org",
    "EMAIL_URL": "smtp://127.0.0.1:25",
    "SMS_URL": "https://sms.example.org/envoi",
    "DATABASE_URL": "postgresql://portail@127.0.0.1:1/portail",
    "REDIS_URL": "redis://127.0.0.1:1",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST",
    "CODE_PEPPER": "TSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba9876543210",
}


def in_production(*words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=kept | PRODUCTION | changes,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def codes(found: list[Any]) -> list[str]:
    return [message.id for message in found]


@pytest.mark.security("CPS-2", "CPS-4")
def test_production_settings_refuse_the_simulated_authorities(trust_file: Path) -> None:
    for environment in ("production", "test"):
        run = in_production(
            "manage.py", "check", CPS_TRUST_ANCHORS=str(trust_file), CPS_ENVIRONMENT=environment
        )
        assert run.returncode != 0
        assert "cps.E001" in run.stderr
        assert "l’autorité d’essai" in run.stderr


def test_production_settings_refuse_an_unknown_environment_and_a_weak_secret() -> None:
    assert "CPS_ENVIRONMENT doit valoir" in in_production("manage.py", "check", CPS_ENVIRONMENT="demo").stderr
    weak = in_production("manage.py", "check", CPS_CARD_HOST="carte.example.org", CPS_PROXY_SECRET="court")
    assert "CPS_PROXY_SECRET" in weak.stderr
    assert weak.returncode != 0


def test_production_serves_the_card_host_once_it_has_its_secret() -> None:
    code = "from django.conf import settings; print(settings.ALLOWED_HOSTS)"
    strong = SECRET + SECRET.swapcase()
    run = in_production("-c", code, CPS_CARD_HOST="carte.example.org", CPS_PROXY_SECRET=strong)
    assert run.stdout.strip() == "['portail.example.org', 'carte.example.org']"


@pytest.mark.parametrize("words", [("-m", "portal.simulators.cps", "--folder", "/tmp/x", "servir")])
def test_the_card_desk_refuses_to_start_with_production_settings(words: tuple[str, ...]) -> None:
    run = in_production(*words)
    assert run.returncode == 1
    assert "refusées avec les réglages de production" in run.stderr


@pytest.mark.security("CPS-4")
def test_authorities_are_read_strictly(tmp_path: Path, trust_file: Path) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    accepted = anchors.load(trust_file, accept_simulated=True)
    assert (len(accepted.roots), len(accepted.intermediates)) == (2, 3)
    for name, data, words in (
        ("vide.pem", b"", "ne peut pas être lu"),
        ("carte.pem", card().public_bytes(Encoding.PEM), "pas celui d’une autorité"),
        ("emettrice.pem", simulated().issuers["fort"].pem(), "aucune autorité racine"),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(AnchorsError, match=words):
            anchors.load(path, accept_simulated=True)
    with pytest.raises(AnchorsError, match="n’existe pas"):
        anchors.load(tmp_path / "absent")
    with pytest.raises(AnchorsError, match="refusée ici"):
        anchors.load(trust_file)


def test_a_folder_of_authorities_is_read_and_read_again_when_it_changes(
    tmp_path: Path, settings: Any
) -> None:
    settings.CPS_TRUST_ANCHORS = str(tmp_path)
    (tmp_path / "racine.pem").write_bytes(simulated().roots["fort"].pem())
    assert len(anchors.current().all) == 1  # type: ignore[union-attr]
    (tmp_path / "emettrice.cer").write_bytes(simulated().issuers["fort"].pem())
    assert len(anchors.current().all) == 2  # type: ignore[union-attr]
    (tmp_path / "notes.txt").write_text("pas une autorité")
    assert anchors.is_open()


def test_test_authorities_are_refused_where_real_cards_are_expected(open_door: Any) -> None:
    open_door.CPS_ENVIRONMENT = "production"
    assert set(codes(check_card_door())) == {"cps.E003"}
    open_door.CPS_ENVIRONMENT = "test"
    assert check_card_door() == []


def test_half_a_door_is_told(open_door: Any) -> None:
    open_door.CPS_CARD_HOST = "carte.testserver"
    assert codes(check_card_door()) == ["cps.E004"]
    open_door.CPS_PROXY_SECRET = SECRET
    assert check_card_door() == []
    open_door.CPS_ENVIRONMENT = "demo"
    assert codes(check_card_door()) == ["cps.E002"]
    open_door.CPS_TRUST_ANCHORS = "/nulle/part.pem"
    assert codes(check_card_door()) == ["cps.E001"]


def test_a_release_needs_lists_and_no_simulator(open_door: Any) -> None:
    open_door.CPS_CRL_URLS = []
    assert codes(check_card_deployment())[:2] == ["cps.E005", "cps.E006"]
    open_door.CPS_ACCEPT_SIMULATED_AUTHORITY = False
    open_door.CPS_CRL_URLS = ["http://listes.example/a.crl"]
    assert set(codes(check_card_deployment())) <= {"cps.W001"}


def test_a_closed_door_needs_nothing(settings: Any) -> None:
    settings.CPS_TRUST_ANCHORS = ""
    assert check_card_door() == []
    assert not anchors.is_open()
