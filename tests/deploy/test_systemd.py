"""The services of a Debian without containers: the same processes as the image, under an account without rights."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from portal.launcher.place import ROOT

UNITS = ROOT / "deploy" / "systemd"
INSTALLATION = (ROOT / "docs" / "installation.md").read_text()
SERVICES = ("portail-web", "portail-worker", "portail-beat", "portail-sauvegarde")


def unit(name: str) -> dict[str, list[str]]:
    """Values by key, sections apart forgotten; a line ended by a backslash goes on."""
    found: dict[str, list[str]] = {}
    text = re.sub(r"\\\n\s*", "", (UNITS / name).read_text())
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def words(name: str) -> list[str]:
    return unit(f"{name}.service")["ExecStart"][0].split()


def test_the_web_is_served_as_in_the_image_but_for_the_port_that_the_socket_holds() -> None:
    image = re.search(
        r'^CMD \["gunicorn", (.*)\]', re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text()), re.M
    )
    assert image is not None
    expected = re.findall(r'"([^"]+)"', image.group(1))
    at = expected.index("--bind")
    del expected[at : at + 2]
    assert words("portail-web")[3:] == expected
    assert unit("portail-web.service")["Requires"] == ["portail-web.socket"]
    assert unit("portail-web.socket")["ListenStream"] == ["127.0.0.1:8000"]


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_the_worker_and_the_clock_are_those_of_the_containers(name: str) -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    expected = [word for word in services[name]["command"][1:] if word]
    ours = [word.removesuffix("=") for word in words(f"portail-{name}")[3:]]
    assert [word for word in ours if "calendrier" not in word] == [
        word for word in expected if "calendrier" not in word
    ]


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_no_right_of_its_own(name: str) -> None:
    found = unit(f"{name}.service")
    assert found["User"] == ["portail"]
    assert found["CapabilityBoundingSet"] == [""]
    assert found["ProtectSystem"] == ["strict"]
    assert found["NoNewPrivileges"] == ["yes"]
    assert found["EnvironmentFile"] == ["/etc/portail/portail.env"]
    assert "DJANGO_SETTINGS_MODULE=portal.settings.production" in found["Environment"]


def test_the_task_under_way_is_given_the_time_it_may_take() -> None:
    settings = (ROOT / "portal" / "settings" / "base.py").read_text()
    longest = int(re.search(r"CELERY_TASK_TIME_LIMIT = (\d+)", settings).group(1))  # type: ignore[union-attr]
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert int(unit("portail-worker.service")["TimeoutStopSec"][0]) > longest
    assert int(services["worker"]["stop_grace_period"].removesuffix("s")) > longest


def test_the_document_installs_every_unit_and_gives_every_value_that_production_demands() -> None:
    for path in sorted(UNITS.iterdir()):
        named = path.name in INSTALLATION or f"portail*{path.suffix}" in INSTALLATION
        assert named, path.name
    given = set(re.findall(r"^ +([A-Z_]+)=", INSTALLATION.partition("portail.env")[2], re.MULTILINE))
    production = (ROOT / "portal" / "settings" / "production.py").read_text()
    demanded = set(re.findall(r'env\.(?:text|words)\("([A-Z_]+)"\)', production))
    assert demanded | {"SECRET_KEY_FILE", "CODE_PEPPER_FILE", "BACKUP_KEY_FILE", "VAR_DIR"} <= given
    assert "initialiser_contenu --ecrire" in INSTALLATION


def test_the_command_of_the_operator_can_be_run() -> None:
    command: Path = UNITS / "portail-manage"
    assert command.stat().st_mode & 0o111
    assert "portal.settings.production" in command.read_text()
