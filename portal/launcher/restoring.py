"""`bin/run --restaurer FICHIER --cle CLE`: a backup into data that do not exist yet, for the next `bin/run`."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from portal.launcher import prepare
from portal.launcher.errors import LaunchError
from portal.launcher.instance import Instance
from portal.launcher.place import ROOT, Place

LONGEST_SECONDS = 3600
_SECRETS = {"SECRET_KEY": "secret_key", "CODE_PEPPER": "code_pepper"}


def restore(place: Place, file: Path, key: Path, instance: Instance, say: Callable[[str], None]) -> int:
    """0 when the data are those of the backup. Raises LaunchError, and leaves the folder as empty as it was."""
    if "DATABASE_URL" in place.given:
        raise LaunchError(
            "Avec DATABASE_URL, restaurez par la commande manage.py restaurer (docs/sauvegarde.md)."
        )
    made = [place.folder / name for name in ("postgresql", "secrets.json")]
    if any(path.exists() for path in made):
        raise LaunchError(
            f"Le dossier {place.folder} contient déjà des données : rien n'est changé. Choisissez-en un autre par "
            "VAR_DIR, ou déplacez celui-ci."
        )
    words = (str(file.resolve()), "--cle", str(key.resolve()))
    try:
        instance.start_servers()
        _take_secrets(place, instance.environment, words)
        output = _manage(instance.environment, "restaurer", *words)
    except BaseException:
        ours = instance.supervisor is not None  # else another start owns the folder
        instance.stop()
        for path in made if ours else []:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        raise
    say(output)
    say("Démarrez par bin/run : les personnes de démonstration seront celles de la sauvegarde.")
    return 0


def _take_secrets(place: Place, environment: Mapping[str, str], words: tuple[str, ...]) -> None:
    """The demo keeps its secrets in one file: written before the settings make others."""
    with tempfile.TemporaryDirectory(prefix="portail-secrets-") as folder:
        _manage({**environment, "VAR_DIR": folder}, "restaurer", *words, "--secrets", f"{folder}/sortis")
        found = {name: Path(folder, "sortis", file).read_text() for name, file in _SECRETS.items()}
    path = place.folder / "secrets.json"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as kept:
        json.dump(found, kept)


def _manage(environment: Mapping[str, str], *words: str) -> str:
    run = prepare.run_once(environment, str(ROOT / "manage.py"), *words, seconds=LONGEST_SECONDS)
    if run.returncode:
        print(run.stdout, end="", file=sys.stderr)
        raise LaunchError(run.stderr.strip().removeprefix("CommandError: "))
    return run.stdout.strip()
