"""Which certificates are accepted, and the reason given for each that is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.cps import certificate as reading
from accounts.cps import verification
from accounts.cps.certificate import CardCertificate
from accounts.cps.reasons import WORDS, CardRefused, Reason
from portal.simulators.cps import authorities, pki
from portal.simulators.cps.pki import Holder
from tests.cps import support
from tests.cps.support import HUGO, anchors, card, card_key, nothing_revoked, now, simulated


def verify(certificate: x509.Certificate, **changes: Any) -> CardCertificate:
    values: dict[str, Any] = {
        "anchors": anchors(),
        "environment": verification.TEST,
        "now": now(),
        "revocation": nothing_revoked,
    }
    return verification.verify(certificate, **{**values, **changes})


def refused(certificate: x509.Certificate, **changes: Any) -> Reason:
    with pytest.raises(CardRefused) as caught:
        verify(certificate, **changes)
    return caught.value.reason


# --- accepted -----------------------------------------------------------------------------------------
@pytest.mark.feature("VT-026", "VT-037")
def test_a_card_says_who_holds_it() -> None:
    person = verify(card())
    assert (person.national_id, person.nom, person.prenom) == ("899700000013", "VALDENAIRE", "HUGO")
    assert (person.kind, person.card_number, person.profession_code) == ("CPS", "2900000013", "10")
    assert person.issuer == "TEST AC IGC-SIMULEE FORT PERSONNES"


@pytest.mark.feature("VT-030")
def test_the_serial_has_sixteen_hexadecimal_digits() -> None:
    assert all(len(verify(card()).serial) == 16 for _ in range(3))


@pytest.mark.feature("VT-037")
@pytest.mark.parametrize(("code", "kind"), [(0, "CPS"), (1, "CPF"), (2, "CPE"), (3, "CPA")])
def test_every_kind_of_card_is_known_by_its_name(code: int, kind: str) -> None:
    assert verify(card(replace(HUGO, card_type=code))).kind == kind


def test_an_establishment_card_says_where_its_holder_works() -> None:
    holder = Holder(
        "394B000012/CPET0014", "MARCASSOL", "ODILE", card_type=pki.CPE, organisation="EHPAD LES TILLEULS",
        unit="194B000012",
    )  # fmt: skip
    person = verify(card(holder, issuer="standard"))
    assert (person.organisation, person.structure_id) == ("EHPAD LES TILLEULS", "194B000012")
    assert person.national_id == "394B000012/CPET0014"


@pytest.mark.parametrize("upn", ["8.99700000013@carte-cps.example", "899700000013@carte-cps.example", ""])
def test_both_spellings_of_the_smart_card_name_are_known(upn: str) -> None:
    assert verify(card(replace(HUGO, upn=upn))).national_id == "899700000013"


@pytest.mark.parametrize(
    "names", [("D’ALMEIDA-ROÜÉ", "ANNE CÉCILE"), ("O'NEIL", "JEAN.PAUL"), ("SAGECH0007506", "Æ")]
)
def test_names_people_really_bear_are_accepted(names: tuple[str, str]) -> None:
    person = verify(card(replace(HUGO, nom=names[0], prenom=names[1])))
    assert (person.nom, person.prenom) == names


def test_the_same_attributes_in_another_order_are_read_alike() -> None:
    holder = replace(
        HUGO, nom="", prenom="", extra=((NameOID.GIVEN_NAME, "HUGO"), (NameOID.SURNAME, "VALDENAIRE"))
    )
    person = verify(card(holder))
    assert (person.nom, person.prenom) == ("VALDENAIRE", "HUGO")


# --- refused ------------------------------------------------------------------------------------------
@pytest.mark.security("CPS-2")
def test_another_authority_with_the_same_names_is_refused() -> None:
    impostor = authorities.make(bits=2048).issuers["fort"]
    forged = pki.issue(impostor, HUGO, card_key().public_key())
    assert forged.issuer == simulated().issuers["fort"].certificate.subject
    assert refused(forged) == Reason.FORGED_AUTHORITY


@pytest.mark.security("CPS-2")
def test_an_unknown_authority_is_refused() -> None:
    assert refused(card(issuer="ailleurs")) == Reason.UNKNOWN_AUTHORITY


@pytest.mark.security("CPS-2")
def test_a_self_signed_certificate_is_refused() -> None:
    own = pki.Authority(card(), card_key())
    signed = pki.issue(own, HUGO, card_key().public_key())
    assert signed.issuer == signed.subject
    assert refused(signed) == Reason.SELF_SIGNED


@pytest.mark.security("CPS-2")
def test_dates_are_those_of_today() -> None:
    assert refused(card(start=now() - timedelta(days=1100))) == Reason.EXPIRED
    assert refused(card(start=now() + timedelta(hours=1))) == Reason.NOT_YET_VALID
    certificate = card()
    assert verify(certificate, now=certificate.not_valid_after_utc)
    assert refused(certificate, now=certificate.not_valid_after_utc + timedelta(seconds=1)) == Reason.EXPIRED


@pytest.mark.security("CPS-2")
def test_an_expired_authority_breaks_the_chain() -> None:
    later = now() + timedelta(days=365 * 25)
    assert refused(card(start=later, days=10), now=later + timedelta(days=1)) == Reason.BROKEN_CHAIN


@pytest.mark.security("CPS-2")
def test_the_root_must_be_there_too() -> None:
    alone = replace(
        anchors(), roots=tuple(one.certificate for key, one in simulated().roots.items() if key != "fort")
    )
    assert refused(card(), anchors=alone) == Reason.BROKEN_CHAIN


@pytest.mark.security("CPS-2")
def test_a_card_cannot_sign_another_card() -> None:
    holder = pki.Authority(card(), card_key())
    child = pki.issue(holder, replace(HUGO, common_name="899700000021"), card_key().public_key())
    assert refused(child) == Reason.UNKNOWN_AUTHORITY
    trusting = replace(anchors(), intermediates=(*anchors().intermediates, holder.certificate))
    assert refused(child, anchors=trusting) == Reason.BROKEN_CHAIN


@pytest.mark.security("CPS-2")
def test_the_signature_certificate_of_the_card_is_refused() -> None:
    assert refused(card(use=pki.SIGNATURE)) == Reason.SIGNATURE_CERTIFICATE


@pytest.mark.security("CPS-2")
@pytest.mark.parametrize("usage", ["no_eku", "server", "no_digital_signature", "no_key_usage"])
def test_usages_that_are_not_authentication_are_refused(usage: str) -> None:
    assert refused(with_usage(usage)) == Reason.WRONG_USAGE


def with_usage(usage: str) -> x509.Certificate:
    """Hugo's certificate with one usage changed, signed again by its authority."""
    model, issuer = card(), simulated().issuers["fort"]
    builder = (
        x509.CertificateBuilder()
        .subject_name(model.subject)
        .issuer_name(model.issuer)
        .public_key(model.public_key())
        .serial_number(model.serial_number)
        .not_valid_before(model.not_valid_before_utc)
        .not_valid_after(model.not_valid_after_utc)
    )
    for extension in model.extensions:
        value: Any = extension.value
        if isinstance(value, x509.ExtendedKeyUsage):
            if usage == "no_eku":
                continue
            if usage == "server":
                value = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH])
        if isinstance(value, x509.KeyUsage):
            if usage == "no_key_usage":
                continue
            if usage == "no_digital_signature":
                value = pki._usage(key_encipherment=True)
        builder = builder.add_extension(value, critical=extension.critical)
    return builder.sign(issuer.key, hashes.SHA256())


@pytest.mark.security("CPS-2")
def test_an_organisation_certificate_is_refused_even_when_its_authority_is_known() -> None:
    assert refused(card(issuer="organisations")) == Reason.ORGANISATION


@pytest.mark.security("CPS-2")
def test_a_test_card_is_refused_in_production_and_the_reverse() -> None:
    assert refused(card(), environment=verification.PRODUCTION) == Reason.TEST_CARD
    real = card(replace(HUGO, category=pki.CARD))
    assert refused(real) == Reason.PRODUCTION_CARD
    assert verify(real, environment=verification.PRODUCTION).national_id == "899700000013"


@pytest.mark.security("CPS-2")
@pytest.mark.parametrize("category", [pki.SOFTWARE, pki.TEST_SOFTWARE, 0x02, 0x7F, None])
@pytest.mark.parametrize("environment", [verification.TEST, verification.PRODUCTION])
def test_what_is_not_a_card_is_refused(category: int | None, environment: str) -> None:
    assert refused(card(replace(HUGO, category=category)), environment=environment) == Reason.NOT_A_CARD


@pytest.mark.security("CPS-2")
@pytest.mark.parametrize("card_type", [None, 4, 200])
def test_an_unknown_type_of_card_is_refused(card_type: int | None) -> None:
    assert refused(card(replace(HUGO, card_type=card_type))) == Reason.NOT_A_CARD


@pytest.mark.security("CPS-2")
def test_a_card_that_names_nobody_is_refused() -> None:
    service = Holder(
        "394B000012/000000018", card_type=pki.CPE, pseudonym="EMPLOYE000000018", unit="194B000012"
    )
    assert refused(card(service, issuer="standard")) == Reason.NOT_NOMINATIVE
    assert refused(card(replace(HUGO, nom="", prenom=""))) == Reason.NOT_NOMINATIVE
    assert refused(card(replace(HUGO, pseudonym="X"))) == Reason.NOT_NOMINATIVE


@pytest.mark.security("CPS-2")
@pytest.mark.parametrize(
    "changes",
    [
        {"nom": "<script>alert(1)</script>"},
        {"nom": 'VAL"DENAIRE'},
        {"prenom": "HUGO\nADMIN"},
        {"prenom": "HUGO\x00"},
        {"nom": " VALDENAIRE"},
        {"nom": "A" * 64 + "B" * 10},
        {"nom": "\u202eERIAN"},
        {"title": "Médecin<b>"},
        {"organisation": "X\rY"},
        {"prenom": ""},
        {"nom": ""},
        {"extra": ((NameOID.COMMON_NAME, "899700000021"),)},
        {"extra": ((NameOID.SURNAME, "AUTRE"),)},
        {"upn": "8.99700000021@carte-cps.example"},
    ],
)  # fmt: skip
def test_odd_or_forged_names_are_refused(changes: dict[str, Any]) -> None:
    try:
        certificate = card(replace(HUGO, **changes))
    except ValueError:  # the library itself refuses names longer than the standard allows
        assert len(changes["nom"]) > 64
        return
    assert refused(certificate) == Reason.ODD_NAMES


@pytest.mark.security("CPS-2")
@pytest.mark.parametrize(
    "common_name", ["HUGO VALDENAIRE", "99700000013", "8997000000130", "8997", "2123456789"]
)
def test_a_card_without_a_national_identifier_is_refused(common_name: str) -> None:
    assert refused(card(replace(HUGO, common_name=common_name))) == Reason.NO_NATIONAL_ID


@pytest.mark.parametrize("common_name", ["8'--", "899700000013\n", "*", "8997/../../x"])
def test_an_identifier_that_is_no_text_of_ours_is_refused(common_name: str) -> None:
    assert refused(card(replace(HUGO, common_name=common_name, upn=""))) in {
        Reason.ODD_NAMES,
        Reason.NO_NATIONAL_ID,
    }


@pytest.mark.security("CPS-2")
def test_short_keys_and_other_keys_are_refused() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    assert refused(card(key=short)) == Reason.WEAK_KEY
    assert refused(card(key=ec.generate_private_key(ec.SECP256R1()))) == Reason.WEAK_KEY


@pytest.mark.security("CPS-2")
def test_sha1_is_refused() -> None:
    """The library no longer signs with it: the name of the algorithm is written into a real certificate."""
    sha256, sha1 = bytes.fromhex("06092a864886f70d01010b"), bytes.fromhex("06092a864886f70d010105")
    altered = reading.load(card().public_bytes(Encoding.DER).replace(sha256, sha1))
    assert refused(altered) == Reason.WEAK_HASH


@pytest.mark.security("CPS-2")
def test_a_revoked_card_and_a_revoked_authority_are_told_apart() -> None:
    certificate, issuer = card(), simulated().issuers["fort"].certificate

    def revoke(serial: int) -> Any:
        def check(authority: x509.Certificate, asked: int, at: Any) -> CardRefused | None:
            return CardRefused(Reason.REVOKED) if asked == serial else None

        return check

    assert refused(certificate, revocation=revoke(certificate.serial_number)) == Reason.REVOKED
    assert refused(certificate, revocation=revoke(issuer.serial_number)) == Reason.AUTHORITY_REVOKED


def test_the_lists_of_every_authority_of_the_chain_are_asked() -> None:
    asked = []

    def note(issuer: x509.Certificate, serial: int, at: Any) -> None:
        asked.append(reading.common_name(issuer.subject))

    verify(card(), revocation=note)
    assert asked == ["TEST AC IGC-SIMULEE FORT PERSONNES", "TEST AC RACINE IGC-SIMULEE FORT"]


# --- possession ---------------------------------------------------------------------------------------
@pytest.mark.security("CPS-1")
@pytest.mark.parametrize("pss", [False, True])
def test_both_kinds_of_signature_prove_possession(pss: bool) -> None:
    scheme: Any = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else padding.PKCS1v15()
    signature = card_key().sign(b"texte", scheme, hashes.SHA256())
    name, other = (verification.PSS, verification.PKCS1) if pss else (verification.PKCS1, verification.PSS)
    verification.check_possession(card(), signature, b"texte", name)
    for text, algorithm in ((b"autre", name), (b"texte", other), (b"texte", "rsa-sha1"), (b"texte", "")):
        with pytest.raises(CardRefused) as caught:
            verification.check_possession(card(), signature, text, algorithm)
        assert caught.value.reason == Reason.BAD_SIGNATURE


@pytest.mark.security("CPS-1")
def test_another_key_does_not_prove_possession() -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signature = other.sign(b"texte", padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(CardRefused):
        verification.check_possession(card(), signature, b"texte")


# --- whatever comes -------------------------------------------------------------------------------------
@given(st.binary(max_size=300))
def test_bytes_that_are_no_certificate_are_unreadable(data: bytes) -> None:
    with pytest.raises(CardRefused) as caught:
        reading.load(data)
    assert caught.value.reason == Reason.UNREADABLE


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_one_changed_byte_is_never_accepted(place: int, value: int) -> None:
    der = bytearray(altered_card())
    place %= len(der)
    if der[place] == value:
        value ^= 1
    der[place] = value
    with pytest.raises(CardRefused):
        verify(reading.load(bytes(der)))


@support.cache
def altered_card() -> bytes:
    return card().public_bytes(Encoding.DER)


def test_two_certificates_in_one_file_are_unreadable() -> None:
    pem = card().public_bytes(Encoding.PEM)
    assert reading.load(pem).serial_number
    with pytest.raises(CardRefused):
        reading.load(pem + pem)


def test_every_reason_has_its_own_words() -> None:
    assert set(WORDS) == set(Reason)
    assert all(words.sentence.endswith(".") and words.advice.endswith(".") for words in WORDS.values())
    sentences = [words.sentence for words in WORDS.values()]
    assert len(set(sentences)) == len(sentences)


@pytest.mark.security("CPS-2")
@pytest.mark.parametrize(
    ("found", "written"),
    [
        (bytes.fromhex("a003020102"), bytes.fromhex("a003020101")),
        (bytes.fromhex("a003020102"), bytes.fromhex("a003020107")),
    ],
)
def test_a_certificate_of_another_version_is_unreadable(found: bytes, written: bytes) -> None:
    der = altered_card()
    assert der.count(found) == 1
    with pytest.raises(CardRefused) as caught:
        reading.load(der.replace(found, written))
    assert caught.value.reason == Reason.UNREADABLE
