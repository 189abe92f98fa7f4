"""What must be true before the first page: tables, static files, demo people."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from portal.launcher import children
from portal.launcher.errors import LaunchError
from portal.launcher.place import ROOT, Place

MEGABYTE = 1_000_000
ROOM_FIRST_START = 400
ROOM_NEXT_START = 50
_SENTENCES = {
    "migrate": "La mise à jour de la base de données a échoué.",
    "collectstatic": "La préparation des fichiers statiques a échoué.",
    "charger_demo": "Le chargement des données de démonstration a échoué.",
}


def require_room(place: Place) -> None:
    """Raise LaunchError when the disk is nearly full: a cluster cut short by it is slow to understand."""
    needed = ROOM_NEXT_START if (place.folder / "postgresql" / "PG_VERSION").exists() else ROOM_FIRST_START
    place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    free = shutil.disk_usage(place.folder).free // MEGABYTE
    if free < needed:
        raise LaunchError(
            f"Le disque est presque plein : il reste {free} Mo pour {place.folder}, il en faut {needed}. "
            f"Libérez de la place, ou choisissez un autre dossier par VAR_DIR."
        )


def tables_and_files(place: Place, environment: Mapping[str, str]) -> None:
    """Migrate and collect the static files, side by side."""
    migrate = _Command(place, environment, "migrate", "--noinput")
    collect = _Command(place, environment, "collectstatic", "--noinput", "--verbosity", "0")
    migrate.wait()
    collect.wait()


def demo_people(place: Place, environment: Mapping[str, str]) -> None:
    """Load the demo data once per database and per version of the code that makes them."""
    stamp = place.folder / "demonstration"
    wanted = _fingerprint(place, environment)
    if place.people_file.exists() and _read(stamp) == wanted:
        return
    draft = place.people_file.with_suffix(".en-cours")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_WRONLY, 0o600))
    _Command(place, environment, "charger_demo", "--json", str(draft)).wait()
    _check_people(draft)
    draft.chmod(0o600)
    draft.replace(place.people_file)
    stamp.write_text(wanted)


class _Command:
    """A management command under way, its output in the logs."""

    def __init__(self, place: Place, environment: Mapping[str, str], *words: str) -> None:
        self.name = words[0]
        self.log = place.logs / f"{self.name}.log"
        self.log.unlink(missing_ok=True)
        command = [sys.executable, "manage.py", *words]
        self.child = children.spawn(command, log=self.log, env=environment, cwd=ROOT)

    def wait(self) -> None:
        try:
            code = self.child.wait()
        except BaseException:
            children.stop(self.child, seconds=5)
            raise
        if code:
            sentence = _SENTENCES[self.name]
            raise LaunchError(f"{sentence} Journal complet : {self.log}\n{children.tail(self.log, 12)}")


def _fingerprint(place: Place, environment: Mapping[str, str]) -> str:
    """Changes with the database (an embedded one by the birth of its cluster) and with the code."""
    cluster = place.folder / "postgresql" / "PG_VERSION"
    given = place.given.get("DATABASE_URL")
    database = given or (str(cluster.stat().st_mtime_ns) if cluster.exists() else environment["DATABASE_URL"])
    digest = hashlib.sha256(database.encode())
    for folder in ("portal", "accounts", "ror", "maillage"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in {".py", ".toml", ".md", ".json", ".csv"}:
                state = file.stat()
                digest.update(f"{file.relative_to(ROOT)} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _check_people(path: Path) -> None:
    try:
        content = json.loads(path.read_text())
    except ValueError:
        content = None
    if not isinstance(content, list | dict):
        raise LaunchError(f"charger_demo n'a pas écrit la liste des personnes de démonstration dans {path}.")


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def run_once(
    environment: Mapping[str, str], *words: str, seconds: float = 180
) -> subprocess.CompletedProcess[str]:
    """Run a Python module of the product and give its output back; code 1 and a sentence after `seconds`."""
    command = [sys.executable, *words]
    try:
        return subprocess.run(
            command,
            cwd=ROOT,
            env=dict(environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        told = f"rien au bout de {seconds:.0f} secondes : la machine est très chargée"
        return subprocess.CompletedProcess(command, 1, "", told)
