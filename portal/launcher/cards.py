"""The test cards: the desk they lie on and the agent that reads them. Left out where SoftHSM is missing."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from typing import Any

from portal.common.text import fold
from portal.launcher import ports
from portal.launcher.place import ROOT, Place
from portal.launcher.supervisor import Part
from portal.simulators.cps import tokens

MISSING = "SoftHSM manque : la connexion par carte d'essai est fermée. Pour l'ouvrir : sudo apt-get install -y softhsm2"
_DRIVER = "portal.simulators.cps.driver:wrap"


def stand_ins(place: Place) -> list[Part]:
    if not place.plays_cards:
        return []
    return [_desk(place), _agent(place)]


def _desk(place: Place) -> Part:
    port = place.port_of("cards")
    command = (sys.executable, "-m", "portal.simulators.cps", "--folder", str(place.card_folder))
    return Part(
        key="cartes",
        label="Le lecteur de cartes d'essai",
        command=(*command, "--port", str(port), "servir"),
        cwd=ROOT,
        ready=lambda: ports.listens(port),
        ready_seconds=240,  # the first start makes authorities and sixteen cards
        stop_seconds=5,
        port=port,
    )


def _agent(place: Place) -> Part:
    port = place.port_of("card_agent")
    settings = (
        f"SOFTHSM2_CONF={place.card_folder / 'softhsm2.conf'}",
        f"PORTAIL_CARTES={place.card_folder}",
    )
    command = (
        *("env", *settings, sys.executable, "-m", "accounts.cps.agent", "--port", str(port)),
        *("--origine", place.site_url, "--module", str(tokens.find_module()), "--pilote", _DRIVER, "--page"),
    )
    return Part(
        key="agent-cps",
        label="L'agent de carte",
        command=command,
        cwd=ROOT,
        ready=lambda: ports.listens(port),
        stop_seconds=5,
        port=port,
    )


def is_left_out(place: Place) -> bool:
    """True when the cards are missing because SoftHSM is, and not because the caller has real ones."""
    return "CPS_TRUST_ANCHORS" not in place.given and shutil.which("softhsm2-util") is None


def addresses(place: Place) -> dict[str, str]:
    if not place.plays_cards:
        return {}
    return {
        "cards": place.address("cards") + "/",
        "card_agent": f"http://127.0.0.1:{place.port_of('card_agent')}",
    }


def described(place: Place) -> list[dict[str, Any]]:
    """The cards as demo.json tells them: slug, label, holder, national_id, pin, what the portal answers."""
    try:
        found = json.loads((place.card_folder / "cartes.json").read_text())["cards"]
    except (OSError, ValueError, KeyError):
        return []
    names = ("slug", "kind", "label", "holder", "national_id", "profession", "serial", "pin", "expected")
    return [{name: card[name] for name in names} for card in found]


def with_pins(people: list[dict[str, Any]], cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each person with `card` and `card_pin`, when one of the cards is theirs."""
    by_name: Mapping[str, dict[str, Any]] = {fold(card["holder"]): card for card in reversed(cards)}
    for person in people:
        card = by_name.get(fold(str(person.get("name", ""))))
        if card is not None:
            person |= {"card": card["slug"], "card_pin": card["pin"]}
    return people


def refresh_lists(place: Place, run: Callable[..., Any], say: Callable[[str], None]) -> None:
    """The first revocation lists, which the clock would fetch an hour later. A failure stops nothing."""
    if place.plays_cards and run("manage.py", "relever_listes_cps").returncode:
        say(
            "Les listes de révocation des cartes d'essai n'ont pas été relevées : les cartes seront refusées."
        )
