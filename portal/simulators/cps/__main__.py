"""The card desk of the demo.

Usage: python -m portal.simulators.cps --folder DIR servir --port 8015
       python -m portal.simulators.cps --folder DIR lister | brancher | debrancher
       python -m portal.simulators.cps --folder DIR inserer SLUG | ajouter SLUG | retirer [SLUG] | debloquer SLUG
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from portal.simulators.cps import tokens
from portal.simulators.cps.desk import CardDesk, UnknownCard
from portal.simulators.cps.web import DeskServer, act

ACTIONS = ("inserer", "ajouter", "retirer", "debloquer")


def main(arguments: list[str] | None = None) -> int:
    """0 when done, 1 when it cannot be, with a sentence."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8015)
    parser.add_argument("action", choices=["servir", "lister", "brancher", "debrancher", *ACTIONS])
    parser.add_argument("slug", nargs="?", default="")
    options = parser.parse_args(arguments)
    if os.environ.get("DJANGO_SETTINGS_MODULE", "").endswith(".production"):
        return _refuse("Les cartes d'essai sont refusées avec les réglages de production.")
    desk = CardDesk(options.folder)
    if options.action == "servir":
        return _serve(desk, options.port)
    if options.action == "lister":
        for card in desk.cards():
            place = "dans le lecteur" if card["inserted"] else ""
            sys.stdout.write(
                f"{card['slug']:<16} {card['label']:<18} {card['expected']} {place}".rstrip() + "\n"
            )
        return 0
    return _act(desk, options.action, options.slug)


def _serve(desk: CardDesk, port: int) -> int:
    if not tokens.is_available():
        return _refuse("SoftHSM manque : sudo apt-get install -y softhsm2")
    authorities = desk.prepare(crl_base=f"http://127.0.0.1:{port}/listes")
    DeskServer(port, desk, authorities).serve_forever()
    return 0


def _act(desk: CardDesk, action: str, slug: str) -> int:
    words = ["cartes", slug, action] if action in ACTIONS else ["lecteur", action]
    if action == "retirer" and not slug:
        words = ["lecteur", "vider"]
    try:
        known = act(desk, words)
    except UnknownCard:
        return _refuse(f"Aucune carte ne s'appelle « {slug} ».")
    return 0 if known else _refuse("Action inconnue.")


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
