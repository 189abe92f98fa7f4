"""The demo's cards: a drawer, a reader, a page to move them, and lists at the addresses the cards name."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from cryptography import x509

from portal.launcher import cards as launcher_cards
from portal.simulators.cps import __main__ as program
from portal.simulators.cps.desk import CardDesk, UnknownCard
from portal.simulators.cps.table import CARDS
from portal.simulators.cps.web import DeskServer


@pytest.fixture
def address(desk: CardDesk) -> Iterator[str]:
    desk.reset()
    server = DeskServer(0, desk, desk.authorities())
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()
    desk.reset()


def call(url: str, *, post: bool = False, **headers: str) -> tuple[int, bytes]:
    asked = urllib.request.Request(url, data=b"" if post else None, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def inserted(desk: CardDesk) -> list[str]:
    return [card["slug"] for card in desk.cards() if card["inserted"]]


def test_cards_go_in_and_out_of_the_reader(desk: CardDesk, address: str) -> None:
    assert call(f"{address}/cartes/hugo/inserer", post=True)[0] == 200
    assert inserted(desk) == ["hugo"]
    call(f"{address}/cartes/odile/inserer", post=True)
    assert inserted(desk) == ["odile"], "one reader, one card"
    call(f"{address}/cartes/hugo/ajouter", post=True)
    assert sorted(inserted(desk)) == ["hugo", "odile"]
    _, body = call(f"{address}/lecteur/vider", post=True)
    assert not any(card["inserted"] for card in json.loads(body)["cards"])
    assert call(f"{address}/cartes/personne/inserer", post=True)[0] == 404
    assert call(f"{address}/cartes/hugo/bruler", post=True)[0] == 404


def test_the_page_shows_each_card_with_its_code(address: str) -> None:
    status, body = call(f"{address}/")
    page = body.decode()
    assert status == 200
    assert "Hugo Valdenaire (CPS)" in page
    assert "CPS3v3-2900000013" in page
    assert "refusée : certificat de signature seulement" in page


def test_another_site_cannot_move_the_cards(desk: CardDesk, address: str) -> None:
    assert call(f"{address}/cartes/hugo/inserer", post=True, Origin="http://evil.test")[0] == 403
    assert inserted(desk) == []


def test_the_lists_are_signed_by_their_authority_and_can_go_stale(desk: CardDesk, address: str) -> None:
    url = f"{address}/listes/fort-personnes.crl"
    issuer = desk.authorities().issuers["fort"].certificate
    good = x509.load_der_x509_crl(call(url)[1])
    assert good.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    call(f"{address}/listes/perimees", post=True)
    stale = x509.load_der_x509_crl(call(url)[1])
    assert stale.next_update_utc is not None
    assert stale.next_update_utc < good.last_update_utc
    assert call(f"{address}/listes/ailleurs-personnes.crl")[0] == 404


def test_the_same_moves_are_made_from_a_terminal(desk: CardDesk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.reset()
    folder = ["--folder", str(desk.folder)]
    assert program.main([*folder, "inserer", "hugo"]) == 0
    assert inserted(desk) == ["hugo"]
    assert program.main([*folder, "lister"]) == 0
    assert "dans le lecteur" in capsys.readouterr().out
    assert program.main([*folder, "retirer"]) == 0
    assert program.main([*folder, "inserer", "personne"]) == 1
    assert "personne" in capsys.readouterr().err
    with pytest.raises(UnknownCard):
        desk.insert("personne")


def test_a_card_once_made_is_kept(desk: CardDesk) -> None:
    before = [card["serial"] for card in desk.cards()]
    made = tuple(card for card in CARDS if card.slug in {one["slug"] for one in desk.cards()})
    desk.prepare(crl_base="http://127.0.0.1:9/listes", cards=made)
    assert [card["serial"] for card in desk.cards()] == before


def test_the_demo_has_every_kind_of_card_and_invented_people_only() -> None:
    assert {card.kind for card in CARDS} >= {"CPS", "CPF", "CPE"}
    assert len({card.slug for card in CARDS}) == len({card.label for card in CARDS}) == len(CARDS)
    for number in (card.holder.common_name for card in CARDS):
        assert number.startswith(("8997", "394B", "194B"))
        if number.startswith("8"):
            assert luhn(number[1:]), number


def luhn(digits: str) -> bool:
    doubled = [int(d) * (2 if rank % 2 else 1) for rank, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def test_people_of_the_demo_know_the_code_of_their_card() -> None:
    people = [{"name": "Odile Marcassol", "rpps": ""}, {"name": "Alix Sarment", "rpps": ""}]
    cards = [{"slug": "odile", "holder": "Odile Marcassol", "pin": "1234"}]
    first, second = launcher_cards.with_pins(people, cards)
    assert (first["card"], first["card_pin"]) == ("odile", "1234")
    assert "card" not in second
