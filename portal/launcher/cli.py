"""The command that `bin/run` becomes once its Python packages are there."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from portal.launcher import checks, demo_file, ports, restoring
from portal.launcher import place as places
from portal.launcher.errors import LaunchError
from portal.launcher.instance import Instance, StopAsked, uses
from portal.launcher.lock import InstanceRunning
from portal.launcher.place import OFFSETS, Place

STOPPED_BY_SIGNAL = 0
HELP = """\
bin/run           démarre le portail et tout ce qu'il lui faut sur cette machine ; Ctrl-C arrête tout
bin/run --check   démarre tout, vérifie chaque partie, arrête, répond 0 ou 1
bin/run --restaurer FICHIER --cle CLE
                  remet une sauvegarde dans un dossier de données neuf (docs/sauvegarde.md)

Variables : PORT, PLATEFORME, VAR_DIR, DATABASE_URL, REDIS_URL, EMAIL_URL, SMS_URL (voir docs/parametres.md)."""


def say(line: str) -> None:
    """Tell the person who watches. A terminal that is gone, or a pipe that nobody reads, stops nothing."""
    _tell(line, sys.stdout)


def _tell(line: str, stream: TextIO) -> None:
    try:
        print(line, file=stream, flush=True)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def main(arguments: list[str] | None = None) -> int:
    """0 when stopped on request or when every check passed, 1 when something failed, 2 for a word not understood."""
    words = sys.argv[1:] if arguments is None else arguments
    if {"-h", "--help", "--aide"} & set(words):
        say(HELP)
        return 0
    restored = words[1::2] if words[::2] == ["--restaurer", "--cle"] and len(words) == 4 else []
    if unknown := [word for word in words if word != "--check" and not restored]:
        _tell(f"« {unknown[0]} » n'est pas compris.\n\n{HELP}", sys.stderr)
        return 2
    try:
        place = places.read(os.environ)
        if restored:
            return _restore(place, *map(Path, restored))
        return _check(place) if words else _serve(place)
    except LaunchError as error:
        _tell(f"\n{error}", sys.stderr)
        return 1


def _serve(place: Place) -> int:
    instance = Instance(place, say)
    _stop_on_signals(instance)
    try:
        supervisor = instance.start()
        _welcome(place)
        supervisor.watch()
    except StopAsked:
        pass
    finally:
        if instance.supervisor is not None:
            say("Arrêt en cours…")
        instance.stop()
        if instance.supervisor is not None:
            say("Tout est arrêté.")
    return STOPPED_BY_SIGNAL


def _check(place: Place) -> int:
    """Use the usual data; when a portal already runs on them, data of our own in a temporary folder."""
    try:
        return _start_and_check(place)
    except InstanceRunning:
        say("Un portail tourne déjà sur ces données : vérification à part, sur des données temporaires.")
    with tempfile.TemporaryDirectory(prefix="portail-verification-") as folder:
        apart = replace(place, var=Path(folder), port=ports.free_base(list(OFFSETS.values())))
        return _start_and_check(apart)


def _start_and_check(place: Place) -> int:
    instance = Instance(place, say)
    _stop_on_signals(instance)
    try:
        instance.start()
        results = checks.run(place, instance.environment)
        for result in results:
            say(result.line())
        return 0 if results and all(result.ok for result in results) else 1
    except StopAsked:
        return 1
    finally:
        instance.stop()


def _restore(place: Place, file: Path, key: Path) -> int:
    instance = Instance(place, say)
    _stop_on_signals(instance)
    try:
        return restoring.restore(place, file, key, instance, say)
    except StopAsked:
        return 1
    finally:
        instance.stop()


def _stop_on_signals(instance: Instance) -> None:
    def handle(number: int, frame: FrameType | None) -> None:
        instance.ask_stop()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handle)


def _welcome(place: Place) -> None:
    names = {
        "portal": "Portail",
        "trial": "Essayer : qui, comment",
        "sign_in": "Connexion",
        "admin": "Administration",
        "messages": "Courriels et SMS reçus",
        "cards": "Cartes d'essai",
        "partner": "Application partenaire",
    }
    found = demo_file.addresses(place)
    say("")
    for key, label in ((key, label) for key, label in names.items() if key in found):
        say(f"  {label:<24}{found[key]}")
    for line in uses(place):
        say(f"  Serveur extérieur : {line}")
    say("\nPersonnes de démonstration :")
    for person in demo_file.read_people(place):
        say("  " + _describe(person))
    say(f"\nTout est aussi dans {place.demo_file}. Journaux : {place.logs}")
    say("Ctrl-C pour arrêter.")


def _describe(person: dict[str, Any]) -> str:
    columns = (
        f"{person.get('login', ''):<34} {person.get('password', '') or '—':<24} {person.get('role', '')}"
    )
    extra = [f"RPPS {person['rpps']}"] if person.get("rpps") else []
    extra += [f"code de la carte {person['card_pin']}"] if person.get("card_pin") else []
    return columns + (f" ({', '.join(extra)})" if extra else "")
