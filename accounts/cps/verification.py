"""Is this the authentication certificate of a person's card, valid now? Every check of the server, in one place.

Both ways in (TLS through the front, agent on the desk) end here. Nothing is believed before the issuer's signature is
checked, and each refusal has its own reason (CPS-2).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from accounts.cps import certificate as reading
from accounts.cps.anchors import Anchors
from accounts.cps.certificate import CardCertificate
from accounts.cps.reasons import CardRefused, Reason

PRODUCTION, TEST = "production", "test"
MIN_KEY_BITS = 2048
MAX_DEPTH = 2
PKCS1, PSS = "rsa-pkcs1-sha256", "rsa-pss-sha256"
PSS_SALT = 32
PERSONS = "PERSONNES"
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)

# Says why a serial of that issuer is not acceptable now, None when it is.
Revocation = Callable[[x509.Certificate, int, datetime], CardRefused | None]


def check_possession(
    certificate: x509.Certificate, signature: bytes, text: bytes, algorithm: str = PKCS1
) -> None:
    """The card signed this text. Raises CardRefused(WEAK_KEY or BAD_SIGNATURE)."""
    key = check_key(certificate)
    scheme: padding.AsymmetricPadding = padding.PKCS1v15()
    if algorithm == PSS:
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), PSS_SALT)
    elif algorithm != PKCS1:
        raise CardRefused(Reason.BAD_SIGNATURE, "algorithme")
    try:
        key.verify(signature, text, scheme, hashes.SHA256())
    except InvalidSignature:
        raise CardRefused(Reason.BAD_SIGNATURE) from None


def verify(
    certificate: x509.Certificate,
    *,
    anchors: Anchors,
    environment: str,
    now: datetime,
    revocation: Revocation,
) -> CardCertificate:
    """Return the person, or raise CardRefused. environment: whose cards are accepted, "production" or "test"."""
    check_key(certificate)
    _check_hash(certificate)
    issuer = _issuer(certificate, anchors)
    _check_dates(certificate, now)
    chain = _check_chain(certificate, anchors, now)
    _check_issuer_is_for_persons(issuer)
    _check_usage(certificate)
    _check_category(certificate, environment)
    if reading.integer(certificate, reading.CARD_TYPE) not in reading.KINDS:
        raise CardRefused(Reason.NOT_A_CARD, "type de carte")
    person = reading.describe(certificate)
    _check_revocation(chain, now, revocation)
    return person


def check_key(certificate: x509.Certificate) -> rsa.RSAPublicKey:
    try:
        key = certificate.public_key()
    except (ValueError, TypeError) as error:
        raise CardRefused(Reason.UNREADABLE, type(error).__name__) from None
    except UnsupportedAlgorithm as error:
        raise CardRefused(Reason.WEAK_KEY, type(error).__name__) from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < MIN_KEY_BITS or key.key_size > 2 * 4096:
        raise CardRefused(Reason.WEAK_KEY)
    return key


def _check_hash(certificate: x509.Certificate) -> None:
    try:
        used = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm as error:
        raise CardRefused(Reason.WEAK_HASH, type(error).__name__) from None
    if not isinstance(used, _HASHES):
        raise CardRefused(Reason.WEAK_HASH, used.name if used else "")


def _issuer(certificate: x509.Certificate, anchors: Anchors) -> x509.Certificate:
    """The accepted authority that really signed this certificate: names alone prove nothing."""
    if certificate.issuer == certificate.subject:
        raise CardRefused(Reason.SELF_SIGNED)
    candidates = anchors.named(certificate.issuer)
    if not candidates:
        raise CardRefused(Reason.UNKNOWN_AUTHORITY)
    for authority in candidates:
        try:
            certificate.verify_directly_issued_by(authority)
        except (InvalidSignature, ValueError, TypeError):
            continue
        return authority
    raise CardRefused(Reason.FORGED_AUTHORITY)


def _check_dates(certificate: x509.Certificate, now: datetime) -> None:
    if now < certificate.not_valid_before_utc:
        raise CardRefused(Reason.NOT_YET_VALID, f"début {certificate.not_valid_before_utc:%Y-%m-%d}")
    if now > certificate.not_valid_after_utc:
        raise CardRefused(Reason.EXPIRED, f"fin {certificate.not_valid_after_utc:%Y-%m-%d}")


def _check_chain(certificate: x509.Certificate, anchors: Anchors, now: datetime) -> list[x509.Certificate]:
    """Path to an accepted root. Our own policy for the card: it has no host name, which the Web's policy asks for."""
    card = ExtensionPolicy.permit_all().require_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, None)
    verifier = (
        PolicyBuilder()
        .store(Store(list(anchors.roots)))
        .time(now)
        .max_chain_depth(MAX_DEPTH)
        .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=card)
        .build_client_verifier()
    )
    if not _has(certificate, x509.ExtendedKeyUsage):
        raise CardRefused(Reason.WRONG_USAGE, "EKU absent")
    try:
        return list(verifier.verify(certificate, list(anchors.intermediates)).chain)
    except VerificationError as error:
        raise CardRefused(Reason.BROKEN_CHAIN, str(error)[:120]) from None


def _check_issuer_is_for_persons(issuer: x509.Certificate) -> None:
    if reading.common_name(issuer.subject).split()[-1:] != [PERSONS]:
        raise CardRefused(Reason.ORGANISATION)


def _check_usage(certificate: x509.Certificate) -> None:
    """Authentication only: the signature certificate of the same card would turn a sign-in into a consent."""
    uses = set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    usage = None
    if _has(certificate, x509.KeyUsage):
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    if usage is not None and usage.content_commitment:
        raise CardRefused(Reason.SIGNATURE_CERTIFICATE)
    if usage is None or not usage.digital_signature or ExtendedKeyUsageOID.CLIENT_AUTH not in uses:
        raise CardRefused(Reason.WRONG_USAGE)


def _check_category(certificate: x509.Certificate, environment: str) -> None:
    found = reading.category(certificate)
    if found not in {reading.CARD, reading.TEST_CARD}:
        raise CardRefused(Reason.NOT_A_CARD, "catégorie")
    if environment == PRODUCTION and found == reading.TEST_CARD:
        raise CardRefused(Reason.TEST_CARD)
    if environment == TEST and found == reading.CARD:
        raise CardRefused(Reason.PRODUCTION_CARD)


def _check_revocation(chain: list[x509.Certificate], now: datetime, revocation: Revocation) -> None:
    """The card in its issuer's list, and that issuer in the list of the authority above."""
    for depth, (one, issuer) in enumerate(pairwise(chain)):
        refused = revocation(issuer, one.serial_number, now)
        if refused is None:
            continue
        if depth and refused.reason == Reason.REVOKED:
            raise CardRefused(Reason.AUTHORITY_REVOKED, refused.detail)
        raise refused


def _has(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> bool:
    try:
        certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return False
    return True
