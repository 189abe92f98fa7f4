"""What `manage.py` needs to speak to the portal that `bin/run` keeps running: addresses of its servers, mode 0600."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from portal.launcher import place as places
from portal.launcher.errors import LaunchError
from portal.launcher.place import Place

FILE = "serveurs.json"
_KEPT = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SMS_URL", "SITE_URL", "PORT", "PLATEFORME", "VAR_DIR")


def write(place: Place, environment: Mapping[str, str]) -> None:
    """Keep the addresses for as long as the portal runs."""
    kept = {
        name: environment[name] for name in environment if name in _KEPT or name.startswith(("CPS_", "PSC_"))
    }
    path = place.folder / FILE
    draft = path.with_suffix(".en-cours")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(kept, file)
    draft.replace(path)


def forget(place: Place) -> None:
    (place.folder / FILE).unlink(missing_ok=True)


def addresses() -> dict[str, str]:
    """Those of the portal that runs on this platform's data; none when none runs or the caller names a database."""
    if os.environ.get("DATABASE_URL"):
        return {}
    try:
        path = places.read(os.environ).folder / FILE
        found: dict[str, str] = json.loads(path.read_text())
    except (OSError, ValueError, LaunchError):
        return {}
    return {name: value for name, value in found.items() if name not in os.environ}
