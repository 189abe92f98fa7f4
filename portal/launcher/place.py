"""Where one instance lives: its folders, its ports, its environment."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.launcher.errors import LaunchError

ROOT = Path(__file__).resolve().parent.parent.parent
DEFAULT_PORT = 8000
LAST_OFFSET = 40
OFFSETS = {
    "web": 0,
    "psc": 10,
    "psc_wallet": 11,
    "cards": 15,
    "card_agent": 16,
    "partner": 20,
    "smtp": 30,
    "sms": 40,
}


@dataclass(frozen=True)
class Place:
    """One platform's instance. `given` holds the outside servers named by the caller, by variable."""

    plateforme: str
    port: int
    var: Path
    given: Mapping[str, str]

    @property
    def folder(self) -> Path:
        return self.var / self.plateforme

    @property
    def logs(self) -> Path:
        return self.folder / "journaux"

    @property
    def demo_file(self) -> Path:
        return self.folder / "demo.json"

    @property
    def people_file(self) -> Path:
        return self.folder / "personnes.json"

    @property
    def store(self) -> Path:
        return self.folder / "messages.sqlite3"

    def port_of(self, part: str) -> int:
        return self.port + OFFSETS[part]

    def address(self, part: str) -> str:
        return f"http://localhost:{self.port_of(part)}"

    @property
    def site_url(self) -> str:
        return self.given.get("SITE_URL") or self.address("web")

    @property
    def plays_psc(self) -> bool:
        """False when the caller names a real environment of Pro Santé Connect."""
        return self.given.get("PSC_ENVIRONMENT", "simulator") == "simulator"

    @property
    def card_folder(self) -> Path:
        return self.folder / "cps"

    @property
    def plays_cards(self) -> bool:
        """False when the caller names the authorities of real cards, or where SoftHSM is missing."""
        return "CPS_TRUST_ANCHORS" not in self.given and shutil.which("softhsm2-util") is not None

    def environment(self, database_url: str, redis_url: str) -> dict[str, str]:
        """What every process of the product receives. Secrets stay in files: none is put here by us."""
        addresses = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.port_of('smtp')}",
            "SMS_URL": f"http://127.0.0.1:{self.port_of('sms')}/sms",
            "SITE_URL": self.address("web"),
            **(self._cards() if self.plays_cards else {}),
        }
        return {
            "DJANGO_SETTINGS_MODULE": "portal.settings.demo",
            **os.environ,
            "PLATEFORME": self.plateforme,
            "PORT": str(self.port),
            "VAR_DIR": str(self.var),
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(ROOT),
            **addresses,
            **self.given,
        }

    def _cards(self) -> dict[str, str]:
        lists = (
            "racine-fort",
            "racine-standard",
            "fort-personnes",
            "standard-personnes",
            "standard-organisations",
        )
        base = f"http://127.0.0.1:{self.port_of('cards')}/listes"
        return {
            "CPS_TRUST_ANCHORS": str(self.card_folder / "autorites" / "autorites.pem"),
            "CPS_CRL_URLS": ",".join(f"{base}/{name}.crl" for name in lists),
            "CPS_AGENT_PORT": str(self.port_of("card_agent")),
        }


def read(environment: Mapping[str, str]) -> Place:
    """The place described by the environment. Raises LaunchError for a value that cannot be used."""
    plateforme = environment.get("PLATEFORME") or "enrs-idf"
    known = sorted(file.stem for file in (ROOT / "portal" / "plateformes").glob("*.toml"))
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", plateforme) or (known and plateforme not in known):
        raise LaunchError(
            f"La plateforme « {plateforme} » n'existe pas. Plateformes connues : {', '.join(known)}."
        )
    names = (
        "DATABASE_URL",
        "REDIS_URL",
        "EMAIL_URL",
        "SMS_URL",
        "SITE_URL",
        "PSC_ENVIRONMENT",
        "CPS_TRUST_ANCHORS",
    )
    return Place(
        plateforme=plateforme,
        port=_port(environment.get("PORT") or str(DEFAULT_PORT)),
        var=Path(environment.get("VAR_DIR") or ROOT / "var").resolve(),
        given={name: environment[name] for name in names if environment.get(name)},
    )


def _port(text: str) -> int:
    highest = 65535 - LAST_OFFSET
    if not text.isdecimal() or not 1 <= int(text) <= highest:
        raise LaunchError(f"PORT vaut « {text} » : indiquez un nombre entre 1 et {highest}.")
    return int(text)
