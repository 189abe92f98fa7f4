"""agent-cps: the card of this desk, for the portal. `agent-cps --aide` tells the options."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from accounts.cps.agent import VERSION, protocol, terminal, window
from accounts.cps.agent.desk import Desk
from accounts.cps.agent.prompts import Counter, Prompt
from accounts.cps.agent.reader import Pkcs11Reader, Reader, find_module
from accounts.cps.agent.server import Agent

DEFAULT_PORT = 8765


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="agent-cps", description="Agent de carte CPS du poste de travail.", add_help=False
    )
    add = parser.add_argument
    add("--aide", "-h", action="help", help="affiche cette aide")
    add("--version", action="version", version=f"agent-cps {VERSION}")
    add("--port", type=int, default=DEFAULT_PORT, help=f"port d'écoute sur 127.0.0.1 ({DEFAULT_PORT})")
    add(
        "--origine",
        action="append",
        default=[],
        metavar="URL",
        help="adresse d'un portail autorisé, par exemple https://portail.exemple.fr (plusieurs fois si besoin ; "
        "sinon la variable AGENT_CPS_ORIGINES, séparée par des virgules)",
    )
    add(
        "--module",
        default=os.environ.get("AGENT_CPS_MODULE"),
        metavar="FICHIER",
        help="module PKCS#11 (sinon la variable AGENT_CPS_MODULE, sinon celui de Cryptolib CPS)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--terminal", action="store_true", help="demander le code dans ce terminal, sans l'afficher"
    )
    form.add_argument(
        "--page",
        action="store_true",
        help="demander le code dans une page de l'agent, même si une fenêtre du bureau est possible",
    )
    add("--pss", action="store_true", help="signer en RSA-PSS (cartes CPS4 seulement)")
    add(
        "--pilote",
        metavar="MODULE:FONCTION",
        help="fonction Python qui enveloppe le lecteur (pilotes particuliers, bancs d'essai)",
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """0 when stopped on request, 2 for options that cannot be used."""
    options = _parser().parse_args(arguments)
    origins = [*options.origine, *os.environ.get("AGENT_CPS_ORIGINES", "").split(",")]
    allowed = frozenset(origin.strip().rstrip("/") for origin in origins if origin.strip())
    wrong = [origin for origin in sorted(allowed) if not protocol.ORIGIN.fullmatch(origin)]
    if wrong or not allowed:
        what = (
            f"« {wrong[0]} » n'est pas l'adresse d'un portail." if wrong else "Indiquez au moins un portail."
        )
        sys.stderr.write(f"{what} Exemple : agent-cps --origine https://portail.exemple.fr\n")
        return 2
    module = find_module(options.module)
    reader: Reader = Pkcs11Reader(module, pss=options.pss)
    if options.pilote:
        reader = _driver(options.pilote, reader)
    if options.terminal and not terminal.is_possible():
        sys.stderr.write("--terminal demande un terminal où taper le code : lancez l'agent à la main.\n")
        return 2
    desk = Desk(reader, algorithm="rsa-pss-sha256" if options.pss else "rsa-pkcs1-sha256")
    prompt = _prompt(options)
    counter = Counter(desk, prompt) if prompt is not None else None
    return _serve(Agent(options.port, desk, allowed, counter), module)


def _prompt(options: argparse.Namespace) -> Prompt | None:
    """The terminal when asked, else a window where one can be opened, else None: the agent's page."""
    if options.terminal:
        return terminal.TerminalPrompt()
    toolkit = None if options.page else window.find_toolkit()
    return window.WindowPrompt(toolkit) if toolkit is not None else None


_PLACES = {
    "page": "dans une page de l'agent",
    "fenetre": "dans une fenêtre du bureau",
    "terminal": "dans ce terminal",
}


def _serve(agent: Agent, module: Path | None) -> int:
    def stop(number: int, frame: FrameType | None) -> None:
        # Not KeyboardInterrupt, which only gives up the code being typed.
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    sys.stdout.write(f"agent-cps {VERSION} : {agent.own_origin}, pour {', '.join(sorted(agent.origins))}\n")
    sys.stdout.write(f"Le code de la carte se tape {_PLACES[agent.form]}.\n")
    if module is None:
        sys.stdout.write("Aucun module PKCS#11 trouvé : installez Cryptolib CPS, ou indiquez --module.\n")
    sys.stdout.flush()
    try:
        if agent.counter is None:
            agent.serve_forever()
        else:
            # Windows and terminals belong to the main thread; pages can be answered from any.
            threading.Thread(target=agent.serve_forever, daemon=True, name="pages").start()
            agent.counter.serve_forever()
    except KeyboardInterrupt:
        return 0
    finally:
        agent.server_close()
    return 0


def _driver(name: str, reader: Reader) -> Reader:
    module, _, function = name.partition(":")
    wrapped: Reader = getattr(importlib.import_module(module), function)(reader)
    return wrapped


if __name__ == "__main__":
    sys.exit(main())
