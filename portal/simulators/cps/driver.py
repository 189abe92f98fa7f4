"""What SoftHSM lacks of a real card: three codes, then blocked; and a reader that can be unplugged.

Given to the agent by `--pilote portal.simulators.cps.driver:wrap`, with the desk's folder in PORTAIL_CARTES.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from portal.simulators.cps.desk import MAX_TRIES, write_json


class CountingReader:
    """Same questions as the reader it wraps; counts wrong codes in the desk's file."""

    def __init__(self, reader: Any, folder: Path) -> None:
        self._reader = reader
        self._folder = folder

    def state(self) -> Any:
        found = self._reader.state()
        if (self._folder / "debranche").exists():
            return replace(found, readers=0, cards=())
        cards = tuple(replace(card, tries_left=self._left(card.serial)) for card in found.cards)
        return replace(found, cards=cards)

    def certificates(self, card: Any) -> Any:
        return self._reader.certificates(card)

    def sign(self, card: Any, ident: str, pin: str | None, data: bytes) -> bytes:
        left = self._left(card.serial)
        if left == 0:
            raise self._reader.refusal("pin_locked", 0)
        try:
            signature: bytes = self._reader.sign(card, ident, pin, data)
        except self._reader.refusal as error:
            if error.code != "pin_wrong":
                raise
            self._set(card.serial, left - 1)
            raise self._reader.refusal("pin_wrong" if left > 1 else "pin_locked", left - 1) from None
        self._set(card.serial, MAX_TRIES)
        return signature

    def _counts(self) -> dict[str, int]:
        try:
            content: dict[str, int] = json.loads((self._folder / "essais.json").read_text())
        except (OSError, ValueError):
            return {}
        return content

    def _left(self, serial: str) -> int:
        return self._counts().get(serial, MAX_TRIES)

    def _set(self, serial: str, left: int) -> None:
        write_json(self._folder / "essais.json", self._counts() | {serial: left})


def wrap(reader: Any) -> CountingReader:
    return CountingReader(reader, Path(os.environ["PORTAIL_CARTES"]))
