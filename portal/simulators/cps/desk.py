"""The desk of the demo: a drawer of cards, one reader. A card in the reader is a SoftHSM token in the folder it reads.

<folder>/autorites/         test authorities and their keys; autorites.pem is what the portal trusts
<folder>/tiroir/<slug>/     a card that is not in the reader
<folder>/lecteur/<number>/  a card in the reader (what softhsm2.conf names)
<folder>/essais.json        codes left by token number; written by the reader's driver
<folder>/debranche          present when the reader is unplugged
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from portal.simulators.cps import authorities, pki, table, tokens
from portal.simulators.cps.authorities import Authorities
from portal.simulators.cps.table import CARDS, DemoCard

MAX_TRIES = 3


class UnknownCard(KeyError):
    """No card bears that name."""


@dataclass
class CardDesk:
    folder: Path

    # --- making ----------------------------------------------------------------------------------------
    def prepare(self, *, crl_base: str, cards: tuple[DemoCard, ...] = CARDS, bits: int = 2048) -> Authorities:
        """The authorities and cards of this folder, made when they are missing or of another version."""
        wanted = hashlib.sha256(f"{cards!r}{crl_base}".encode()).hexdigest()
        if self._index().get("version") != wanted:
            shutil.rmtree(self.folder, ignore_errors=True)
            self._make(cards, crl_base, wanted, bits)
        self._configure()
        return self.authorities()

    def _make(self, cards: tuple[DemoCard, ...], crl_base: str, version: str, bits: int) -> None:
        made = authorities.make(bits=bits)
        authorities.save(made, self.folder / "autorites")
        found, tries = [], {}
        for card in cards:
            written = tokens.make_card(
                self.folder / "atelier" / card.slug, card, made.issuers[card.authority], crl_base=crl_base
            )
            number = written.folder.name
            (self.folder / "tiroir").mkdir(exist_ok=True, mode=0o700)
            written.folder.rename(self.folder / "tiroir" / card.slug)
            serials = {use: f"{one.serial_number:016x}" for use, one in written.certificates.items()}
            found.append(_described(card, number, serials))
            tries[_token_serial(number)] = card.tries
        shutil.rmtree(self.folder / "atelier")
        self._write("essais.json", tries)
        self._write("cartes.json", {"version": version, "cards": found})

    def _configure(self) -> None:
        tokens.write_configuration(self.folder / "softhsm2.conf", self.folder / "lecteur")

    def authorities(self) -> Authorities:
        """With the revoked cards of the index in their lists."""
        found = authorities.read(self.folder / "autorites")
        for card in self._index().get("cards", []):
            if card["revoked"]:
                issuer = found.issuers[card["authority"]]
                for serial in card["serials"].values():
                    issuer.revoked[int(serial, 16)] = datetime.now(UTC)
        return found

    # --- reading ---------------------------------------------------------------------------------------
    @property
    def trust_file(self) -> Path:
        return self.folder / "autorites" / "autorites.pem"

    @property
    def configuration(self) -> Path:
        return self.folder / "softhsm2.conf"

    def cards(self) -> list[dict[str, Any]]:
        """Every card: slug, kind, label, holder, national_id, pin, expected, inserted, tries."""
        tries = self._read("essais.json")
        return [
            {
                **{
                    key: value for key, value in card.items() if key not in {"number", "serials", "authority"}
                },
                "inserted": self._in_reader(card).is_dir(),
                "tries": tries.get(_token_serial(card["number"]), MAX_TRIES),
            }
            for card in self._index().get("cards", [])
        ]

    def is_plugged(self) -> bool:
        return not (self.folder / "debranche").exists()

    def lists_are_stale(self) -> bool:
        return (self.folder / "listes-perimees").exists()

    # --- acting ----------------------------------------------------------------------------------------
    def insert(self, slug: str, *, alone: bool = True) -> None:
        """Put that card in the reader; `alone` first takes the others out. Raises UnknownCard."""
        card = self._card(slug)
        if alone:
            for other in self._index()["cards"]:
                if other["slug"] != slug:
                    self._take_out(other)
        if not self._in_reader(card).is_dir():
            (self.folder / "tiroir" / slug).rename(self._in_reader(card))

    def remove(self, slug: str = "") -> None:
        """Take that card out of the reader, or all of them. Raises UnknownCard."""
        for card in [self._card(slug)] if slug else self._index()["cards"]:
            self._take_out(card)

    def plug(self, plugged: bool = True) -> None:
        mark = self.folder / "debranche"
        mark.unlink(missing_ok=True) if plugged else mark.touch()

    def make_lists_stale(self, stale: bool = True) -> None:
        mark = self.folder / "listes-perimees"
        mark.touch() if stale else mark.unlink(missing_ok=True)

    def unblock(self, slug: str) -> None:
        """Three tries again, as the holder would do with the unblocking code. Raises UnknownCard."""
        number = _token_serial(self._card(slug)["number"])
        self._write("essais.json", self._read("essais.json") | {number: MAX_TRIES})

    def reset(self) -> None:
        """As on the first day: nothing in the reader, tries as in the table, reader plugged, lists good."""
        self.remove()
        self.plug()
        self.make_lists_stale(False)
        tries = {card.slug: card.tries for card in CARDS}
        self._write(
            "essais.json",
            {
                _token_serial(card["number"]): tries.get(card["slug"], MAX_TRIES)
                for card in self._index()["cards"]
            },
        )

    # --- files -----------------------------------------------------------------------------------------
    def _card(self, slug: str) -> dict[str, Any]:
        for card in self._index().get("cards", []):
            if card["slug"] == slug:
                return dict(card)
        raise UnknownCard(slug)

    def _in_reader(self, card: dict[str, Any]) -> Path:
        return self.folder / "lecteur" / str(card["number"])

    def _take_out(self, card: dict[str, Any]) -> None:
        if self._in_reader(card).is_dir():
            self._in_reader(card).rename(self.folder / "tiroir" / card["slug"])

    def _index(self) -> dict[str, Any]:
        return self._read("cartes.json")

    def _read(self, name: str) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads((self.folder / name).read_text())
        except (OSError, ValueError):
            return {}
        return content

    def _write(self, name: str, content: dict[str, Any]) -> None:
        write_json(self.folder / name, content)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """In one step, readable by nobody else."""
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
    draft.replace(path)


def _token_serial(number: str) -> str:
    """SoftHSM's serial number is the end of the token's folder name."""
    return number.replace("-", "")[-16:]


def _described(card: DemoCard, number: str, serials: dict[str, str]) -> dict[str, Any]:
    holder = card.holder
    name = f"{holder.prenom.title()} {holder.nom.title()}".strip() or holder.pseudonym
    return {
        "slug": card.slug,
        "kind": card.kind,
        "label": card.label,
        "holder": name,
        "national_id": holder.common_name,
        "profession": holder.title,
        "serial": serials.get(pki.AUTHENTICATION, ""),
        "pin": table.PIN,
        "expected": card.expected,
        "revoked": card.revoked,
        "authority": card.authority,
        "number": number,
        "serials": serials,
    }
