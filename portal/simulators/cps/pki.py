"""Certificates shaped like those of the national cards (identifiers, subject, usages, lists), under names of ours.

Every authority made here has « IGC-SIMULEE » in its name: that word is what the product refuses outside demo and tests.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

CATEGORY = ObjectIdentifier("1.2.250.1.71.1.2.5")
CARD_TYPE = ObjectIdentifier("1.2.250.1.71.1.2.2")
CARD_NUMBER = ObjectIdentifier("1.2.250.1.71.1.2.3")
PROFESSION = ObjectIdentifier("1.2.250.1.71.1.2.7")
UPN = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
SMART_CARD_LOGON = ObjectIdentifier("1.3.6.1.4.1.311.20.2.2")
# Ours, below the arc kept for examples (RFC 5612): the real test policies stay with their owner.
POLICY = ObjectIdentifier("1.3.6.1.4.1.32473.1.1")
NUMBER_PREFIX = "8025000001"

CARD, SOFTWARE, TEST_CARD, TEST_SOFTWARE = 0x00, 0x03, 0x80, 0x83
CPS, CPF, CPE, CPA = 0, 1, 2, 3
AUTHENTICATION, SIGNATURE = "authentication", "signature"


@dataclass(frozen=True)
class Holder:
    """What a person's certificate says.

    common_name is the national identifier with its type prefix. card_type, profession and category are the national
    codes; None leaves the extension out. pseudonym instead of nom and prenom makes a card that names nobody.
    """

    common_name: str
    nom: str = ""
    prenom: str = ""
    title: str = ""
    card_number: str = "2900000000"
    card_type: int | None = CPS
    category: int | None = TEST_CARD
    profession: int | None = None
    organisation: str = ""
    unit: str = ""
    department: str = ""
    pseudonym: str = ""
    upn: str | None = None
    extra: tuple[tuple[ObjectIdentifier, str], ...] = ()
    """More attributes of the naming element, to make odd names."""


@dataclass
class Authority:
    """A certification authority with its key, and what it has revoked (serial → date)."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey
    revoked: dict[int, datetime] = field(default_factory=dict)

    @property
    def common_name(self) -> str:
        return str(self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)

    @property
    def file_name(self) -> str:
        """« fort-personnes » for « TEST AC IGC-SIMULEE FORT PERSONNES »."""
        words = self.common_name.replace("TEST ", "").replace("AC ", "").replace("IGC-SIMULEE ", "")
        return "-".join(words.lower().split())

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def authority_name(words: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "PORTAIL-SIMULE"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "IGC-SIMULEE TEST"),
            x509.NameAttribute(NameOID.COMMON_NAME, words),
        ]
    )


def make_root(words: str, *, bits: int = 3072, now: datetime | None = None) -> Authority:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = authority_name(words)
    builder = _authority_builder(name, name, key.public_key(), key.public_key(), 1, now)
    return Authority(builder.sign(key, hashes.SHA256()), key)


def make_intermediate(
    words: str, root: Authority, *, bits: int = 3072, now: datetime | None = None
) -> Authority:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    builder = _authority_builder(
        authority_name(words), root.certificate.subject, key.public_key(), root.key.public_key(), 0, now
    )
    return Authority(builder.sign(root.key, hashes.SHA256()), key)


def _authority_builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPublicKey,
    issuer_key: rsa.RSAPublicKey,
    path_length: int,
    now: datetime | None,
) -> x509.CertificateBuilder:
    start = (now or datetime.now(UTC)) - timedelta(days=2000)
    usage = _usage(key_cert_sign=True, crl_sign=True)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(_serial())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365 * 20))
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def issue(
    authority: Authority,
    holder: Holder,
    public_key: rsa.RSAPublicKey,
    *,
    use: str = AUTHENTICATION,
    start: datetime | None = None,
    days: int = 3 * 365,
    crl_base: str = "http://localhost/listes",
    digest: hashes.SHA256 | hashes.SHA512 | None = None,
) -> x509.Certificate:
    """A person's certificate for three years, for authentication or for signature."""
    begin = start or datetime.now(UTC) - timedelta(days=30)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject_name(holder))
        .issuer_name(authority.certificate.subject)
        .public_key(public_key)
        .serial_number(_serial())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
        .add_extension(
            x509.CertificatePolicies([x509.PolicyInformation(POLICY, None)]),
            critical=False,
        )
        .add_extension(_distribution_point(f"{crl_base}/{authority.file_name}.crl"), critical=False)
    )
    for extension, critical in (*_use(use, holder), *_national(holder)):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(authority.key, digest or hashes.SHA256())


def subject_name(holder: Holder) -> x509.Name:
    """Country, title and places one by one; surname, given name and identifier together in one element."""
    parts = [[(NameOID.COUNTRY_NAME, "FR")]]
    for oid, value in (
        (NameOID.STATE_OR_PROVINCE_NAME, holder.department),
        (NameOID.ORGANIZATION_NAME, holder.organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, holder.unit),
        (NameOID.TITLE, holder.title),
    ):
        if value:
            parts.append([(oid, value)])
    person = [
        (NameOID.SURNAME, holder.nom),
        (NameOID.COMMON_NAME, holder.common_name),
        (NameOID.GIVEN_NAME, holder.prenom),
        (NameOID.PSEUDONYM, holder.pseudonym),
    ]
    parts.append([(oid, value) for oid, value in person if value] + list(holder.extra))
    return x509.Name(
        x509.RelativeDistinguishedName([x509.NameAttribute(oid, value) for oid, value in part])
        for part in parts
    )


def _use(use: str, holder: Holder) -> list[tuple[x509.ExtensionType, bool]]:
    if use == SIGNATURE:
        return [
            (_usage(content_commitment=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False),
        ]
    upn = f"{holder.common_name}@carte-cps.example" if holder.upn is None else holder.upn
    found: list[tuple[x509.ExtensionType, bool]] = [
        (_usage(digital_signature=True), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, SMART_CARD_LOGON]), False),
    ]
    if upn:
        found.append((x509.SubjectAlternativeName([x509.OtherName(UPN, _utf8(upn))]), False))
    return found


def _national(holder: Holder) -> list[tuple[x509.ExtensionType, bool]]:
    values = [(CARD_NUMBER, _printable(f"{NUMBER_PREFIX}/{holder.card_number}"))]
    if holder.category is not None:
        values.append((CATEGORY, bytes([4, 1, holder.category])))
    if holder.card_type is not None:
        values.append((CARD_TYPE, _integer(holder.card_type)))
    if holder.profession is not None:
        values.append((PROFESSION, _integer(holder.profession)))
    return [(x509.UnrecognizedExtension(oid, value), False) for oid, value in values]


def revocation_list(
    authority: Authority,
    *,
    now: datetime | None = None,
    life: timedelta = timedelta(days=1),
    number: int | None = None,
    digest: hashes.SHA256 | hashes.SHA512 | None = None,
) -> x509.CertificateRevocationList:
    """The authority's list as of `now`, good for `life`; its number grows with time unless given."""
    at = now or datetime.now(UTC)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(at)
        .next_update(at + life)
        .add_extension(x509.CRLNumber(number if number is not None else int(at.timestamp())), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
    )
    for serial, date in authority.revoked.items():
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(date).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(authority.key, digest or hashes.SHA256())


def _distribution_point(url: str) -> x509.CRLDistributionPoints:
    return x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, None)]
    )


def _usage(**on: bool) -> x509.KeyUsage:
    names = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{name: on.get(name, False) for name in names})


def _serial() -> int:
    """Sixteen hexadecimal digits, as the cards show."""
    return secrets.randbits(62) | 1 << 62


def _utf8(text: str) -> bytes:
    return _tagged(0x0C, text.encode())


def _printable(text: str) -> bytes:
    return _tagged(0x13, text.encode("ascii"))


def _integer(value: int) -> bytes:
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _tagged(tag: int, content: bytes) -> bytes:
    if len(content) > 127:
        raise ValueError("short values only")
    return bytes([tag, len(content)]) + content
