"""The card's certificate chosen in the browser: sign-in page, real nginx of the card host, home page or the reason why
not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.apps import apps
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.cps import certificate as reading
from accounts.cps import proof
from accounts.cps.reasons import WORDS, Reason
from accounts.models import SecurityEvent, User, UserSession
from accounts.strong import linking
from portal.referentiels.models import Profession
from portal.referentiels.seed import seed_professions
from portal.simulators.cps import authorities, pki
from tests.cps.front import Front
from tests.cps.support import HUGO, card, card_key
from tests.support.sign_in import make_person

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _lists(transactional_db: None) -> None:
    """The published lists, which the tests before this one may have emptied."""
    if not Profession.objects.exists():
        seed_professions(apps)


@pytest.fixture
def owner(front: Front) -> User:
    """Hugo has an account, and his card is linked to it."""
    person: User = make_person(nom="Valdenaire", prenom="Hugo")
    linking.link(None, person, proof.identity(reading.describe(card())))
    return person


@pytest.fixture
def at_desk(front: Front, new_context: Any, tmp_path: Path, settings: Any) -> Iterator[Callable[..., Page]]:
    """`at_desk(certificate)`: the browser of a desk whose reader holds that certificate; None, an empty reader."""

    def open_page(certificate: x509.Certificate | None, key: rsa.RSAPrivateKey | None = None) -> Page:
        held = [] if certificate is None else [_held(tmp_path, front.url, certificate, key or card_key())]
        page: Page = new_context(ignore_https_errors=True, client_certificates=held).new_page()
        page.goto(f"{settings.SITE_URL}/connexion/")
        return page

    yield open_page


def _held(folder: Path, origin: str, certificate: x509.Certificate, key: rsa.RSAPrivateKey) -> dict[str, str]:
    chosen, private = folder / "certificat.pem", folder / "cle.pem"
    chosen.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return {"origin": origin, "certPath": str(chosen), "keyPath": str(private)}


def choose_certificate(page: Page, front: Front) -> None:
    """From the sign-in page, as a person does: the tab, the card, the browser's certificate."""
    page.get_by_role("link", name="Carte CPS").first.click()
    page.get_by_role("link", name="S'identifier par carte CPS").first.click()
    expect(page.get_by_text(front.host)).to_be_visible()
    page.get_by_role("button", name="Choisir mon certificat").click()


def session_of(person: User) -> Any:
    return person.portal_sessions.filter(ended_at=None).get()


@pytest.mark.feature("ROR-017", "ROR-026", "ROR-053", "ROR-059", "VT-029", "VT-035")
@pytest.mark.security("CPS-3")
def test_a_known_card_goes_from_the_sign_in_page_to_the_home_page(
    at_desk: Callable[..., Page], front: Front, owner: User, check_accessibility: Any
) -> None:
    page = at_desk(card())
    page.get_by_role("link", name="Carte CPS").first.click()
    page.get_by_role("link", name="S'identifier par carte CPS").first.click()
    expect(page.get_by_role("button", name="Choisir mon certificat")).to_be_visible()
    check_accessibility(page)
    page.get_by_role("button", name="Choisir mon certificat").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bienvenue")
    expect(page).to_have_url(re.compile("^https?://[^/]+/$"))
    row = session_of(owner)
    assert (row.level, row.methods) == (3, ["card"])


@pytest.mark.feature("ROR-030", "ROR-054")
def test_an_unknown_card_is_asked_who_it_is(at_desk: Callable[..., Page], front: Front) -> None:
    page = at_desk(card())
    choose_certificate(page, front)
    expect(page.get_by_role("heading", level=1)).to_have_text("Inscription")
    expect(page.get_by_role("group", name="Identité prouvée")).to_contain_text("HUGO VALDENAIRE")


def test_a_renewed_card_opens_the_same_account(
    at_desk: Callable[..., Page], front: Front, owner: User
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    page = at_desk(card(replace(HUGO, card_number="3100000013"), key=key), key)
    choose_certificate(page, front)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bienvenue")
    assert session_of(owner).level == 3


def _foreign() -> x509.Certificate:
    return card(issuer="ailleurs")


def _forged() -> x509.Certificate:
    """The same names as the true authority, another key."""
    return pki.issue(authorities.make(bits=2048).issuers["fort"], HUGO, card_key().public_key())


REFUSED: dict[str, tuple[Callable[[], x509.Certificate | None], Reason]] = {
    "none chosen": (lambda: None, Reason.NO_CERTIFICATE),
    "expired": (lambda: card(start=timezone.now() - timedelta(days=2000)), Reason.EXPIRED),
    "foreign": (_foreign, Reason.UNKNOWN_AUTHORITY),
    "forged": (_forged, Reason.FORGED_AUTHORITY),
    "signature": (lambda: card(use=pki.SIGNATURE), Reason.SIGNATURE_CERTIFICATE),
    "organisation": (lambda: card(issuer="organisations"), Reason.ORGANISATION),
    "production card": (lambda: card(replace(HUGO, category=pki.CARD)), Reason.PRODUCTION_CARD),
}


def is_refused(page: Page, reason: Reason, check_accessibility: Any) -> None:
    """Its own page, its own line of the journal, the other doors, and nobody signed in."""
    expect(page.get_by_role("heading", level=1)).to_have_text(WORDS[reason].title)
    main = page.get_by_role("main")
    expect(main).to_contain_text(WORDS[reason].sentence)
    expect(main).to_contain_text(WORDS[reason].advice)
    expect(main.get_by_role("link", name="Me connecter autrement")).to_be_visible()
    expect(main.locator("code")).to_have_text(reason.value)
    check_accessibility(page)
    event = SecurityEvent.objects.filter(action="strong_refused").latest("pk")
    assert (event.reason, event.data["way"]) == (reason.value, "tls")
    assert not UserSession.objects.exists()


@pytest.mark.feature("ROR-026")
@pytest.mark.security("CPS-2", "CPS-3")
@pytest.mark.parametrize("case", list(REFUSED))
def test_each_refusal_has_its_page(
    at_desk: Callable[..., Page], front: Front, owner: User, check_accessibility: Any, case: str
) -> None:
    make, reason = REFUSED[case]
    page = at_desk(make())
    choose_certificate(page, front)
    is_refused(page, reason, check_accessibility)


@pytest.mark.security("CPS-2")
def test_a_revoked_card_has_its_page(
    at_desk: Callable[..., Page],
    front: Front,
    owner: User,
    fresh_lists: Callable[..., None],
    check_accessibility: Any,
) -> None:
    lost = card()
    fresh_lists(revoked=lost.serial_number)
    page = at_desk(lost)
    choose_certificate(page, front)
    is_refused(page, Reason.REVOKED, check_accessibility)
