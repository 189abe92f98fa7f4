"""What a person's card certificate says, read by object identifier over every naming element.

Pure functions. A certificate is believed only after accounts.cps.verification has accepted it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID, ObjectIdentifier

from accounts.cps.reasons import CardRefused, Reason

CATEGORY = ObjectIdentifier("1.2.250.1.71.1.2.5")
CARD_TYPE = ObjectIdentifier("1.2.250.1.71.1.2.2")
CARD_NUMBER = ObjectIdentifier("1.2.250.1.71.1.2.3")
PROFESSION = ObjectIdentifier("1.2.250.1.71.1.2.7")
UPN = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")

Kind = Literal["CPS", "CPF", "CPE", "CPA", ""]
# Category byte (G01) and card type (G02) of the national dictionary.
CARD, TEST_CARD = 0x00, 0x80
KINDS: dict[int, Kind] = {0: "CPS", 1: "CPF", 2: "CPE", 3: "CPA"}

MAX_BYTES = 8 * 1024
_BROKEN = (
    ValueError,
    TypeError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
    CryptographyDeprecationWarning,  # an exception where warnings are errors
)
MAX_NAME = 64
# Type prefix and number of a person (PS_IdNat): RPPS, ADELI, practice, FINESS, SIREN, SIRET and practice by RPPS.
_NATIONAL_ID = re.compile(
    r"8\d{11}|0[0-9A-Z]{9}|1[0-9A-Z]{11}/[0-9A-Z]{1,20}|3[0-9A-Z]{9}/[0-9A-Z]{1,20}"
    r"|4\d{9}/[0-9A-Z]{1,20}|5\d{14}/[0-9A-Z]{1,20}|6\d{14}/[0-9A-Z]{1,20}"
)
# Letters of any alphabet, digits (test people have some), and the signs that stand in names.
_NAME = re.compile(r"[^\W_](?:[^\W_]|[ '’.-])*")
_FREE_TEXT = re.compile(r"[^\x00-\x1f\x7f-\x9f<>\"\\\u2028\u2029\u202a-\u202e\u2066-\u2069]{1,200}")


@dataclass(frozen=True)
class CardCertificate:
    """national_id keeps its type prefix; serial and key_id are hexadecimal; profession_code is of the G15 table."""

    issuer: str
    serial: str
    key_id: str
    national_id: str
    nom: str
    prenom: str
    kind: Kind
    category: int | None
    card_number: str
    profession_code: str
    title: str
    organisation: str
    structure_id: str


def load(data: bytes) -> x509.Certificate:
    """One certificate, DER or PEM. Raises CardRefused(UNREADABLE)."""
    if not data or len(data) > MAX_BYTES:
        raise CardRefused(Reason.UNREADABLE)
    try:
        if data.lstrip().startswith(b"-----BEGIN"):
            found = x509.load_pem_x509_certificates(data)
            if len(found) != 1:
                raise CardRefused(Reason.UNREADABLE, f"{len(found)} certificats")
            certificate = found[0]
        else:
            certificate = x509.load_der_x509_certificate(data)
        # Both are decoded lazily: a broken one must fail here.
        _ = (certificate.extensions, certificate.subject, certificate.issuer)
    except _BROKEN as error:
        raise CardRefused(Reason.UNREADABLE, type(error).__name__) from None
    if certificate.serial_number <= 0:  # RFC 5280 §4.1.2.2; today the library only warns
        raise CardRefused(Reason.UNREADABLE, "serial")
    return certificate


def describe(certificate: x509.Certificate) -> CardCertificate:
    """Read the person. Raises CardRefused(ODD_NAMES, NOT_NOMINATIVE or NO_NATIONAL_ID)."""
    values = subject_values(certificate)
    if values.get(NameOID.PSEUDONYM) or not (values.get(NameOID.SURNAME) or values.get(NameOID.GIVEN_NAME)):
        raise CardRefused(Reason.NOT_NOMINATIVE)
    national_id = _single(values, NameOID.COMMON_NAME)
    if not _NATIONAL_ID.fullmatch(national_id):
        reason = Reason.NO_NATIONAL_ID if _NAME.fullmatch(national_id) else Reason.ODD_NAMES
        raise CardRefused(reason)
    check_upn(certificate, national_id)
    kind_code = integer(certificate, CARD_TYPE)
    profession = integer(certificate, PROFESSION)
    return CardCertificate(
        issuer=common_name(certificate.issuer),
        serial=serial_of(certificate),
        key_id=key_id_of(certificate),
        national_id=national_id,
        nom=_name(values, NameOID.SURNAME),
        prenom=_name(values, NameOID.GIVEN_NAME),
        kind=KINDS.get(kind_code, "") if kind_code is not None else "",
        category=category(certificate),
        card_number=_card_number(certificate),
        profession_code=str(profession) if profession is not None else "",
        title=_free(values, NameOID.TITLE),
        organisation=_free(values, NameOID.ORGANIZATION_NAME),
        structure_id=_free(values, NameOID.ORGANIZATIONAL_UNIT_NAME),
    )


def subject_values(certificate: x509.Certificate) -> dict[ObjectIdentifier, list[str]]:
    """Every attribute of every naming element, by identifier: their order and grouping vary between cards."""
    found: dict[ObjectIdentifier, list[str]] = {}
    for element in certificate.subject.rdns:
        for attribute in element:
            value = attribute.value
            found.setdefault(attribute.oid, []).append(value if isinstance(value, str) else "\0")
    return found


def common_name(name: x509.Name) -> str:
    values = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(values[0].value) if len(values) == 1 else ""


def serial_of(certificate: x509.Certificate) -> str:
    return f"{certificate.serial_number:016x}"


def key_id_of(certificate: x509.Certificate) -> str:
    """Subject key identifier, computed from the key: what the certificate claims is not needed."""
    return x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest.hex()


def check_upn(certificate: x509.Certificate, national_id: str) -> None:
    """The smart-card name, when there is one, names the same person: « 8.997… » and « 8997… » are both in use."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    for other in names.get_values_for_type(x509.OtherName):
        if other.type_id != UPN:
            continue
        user = _der_text(other.value).partition("@")[0]
        if user not in {national_id, f"{national_id[:1]}.{national_id[1:]}"}:
            raise CardRefused(Reason.ODD_NAMES, "UPN")


def category(certificate: x509.Certificate) -> int | None:
    """The byte of G01; None when the certificate has none or it cannot be read."""
    value = _extension(certificate, CATEGORY)
    if value is None:
        return None
    if len(value) == 3 and value[:2] == b"\x04\x01":
        return value[2]
    return value[0] if len(value) == 1 else None


def integer(certificate: x509.Certificate, oid: ObjectIdentifier) -> int | None:
    value = _extension(certificate, oid)
    if value is None or len(value) < 3 or value[0] != 2 or value[1] != len(value) - 2 or value[2] & 0x80:
        return None
    return int.from_bytes(value[2:], "big")


def _extension(certificate: x509.Certificate, oid: ObjectIdentifier) -> bytes | None:
    try:
        value = certificate.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return None
    return value.value if isinstance(value, x509.UnrecognizedExtension) else None


def _card_number(certificate: x509.Certificate) -> str:
    """Number printed on the card, without the issuer's prefix."""
    text = _der_text(_extension(certificate, CARD_NUMBER) or b"")
    number = text.rpartition("/")[2]
    return number if re.fullmatch(r"[0-9A-Za-z]{1,20}", number) else ""


def _der_text(value: bytes) -> str:
    """Content of a short DER string; "" for anything else."""
    if len(value) < 2 or value[0] not in {0x0C, 0x13, 0x16} or value[1] != len(value) - 2:
        return ""
    return value[2:].decode("utf-8", "replace")


def _single(values: dict[ObjectIdentifier, list[str]], oid: ObjectIdentifier) -> str:
    found = values.get(oid, [])
    if len(found) != 1:
        raise CardRefused(Reason.ODD_NAMES, f"{len(found)} valeurs pour {oid.dotted_string}")
    return found[0]


def _name(values: dict[ObjectIdentifier, list[str]], oid: ObjectIdentifier) -> str:
    value = _single(values, oid)
    if len(value) > MAX_NAME or value != value.strip() or not _NAME.fullmatch(value):
        raise CardRefused(Reason.ODD_NAMES, oid.dotted_string)
    return value


def _free(values: dict[ObjectIdentifier, list[str]], oid: ObjectIdentifier) -> str:
    """Optional text, shown and never computed with; several or odd ones are refused like a forged name."""
    found = values.get(oid, [])
    if not found:
        return ""
    if len(found) > 1 or not _FREE_TEXT.fullmatch(found[0]):
        raise CardRefused(Reason.ODD_NAMES, oid.dotted_string)
    return found[0]
