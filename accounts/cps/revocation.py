"""Revocation lists: fetched in the background, kept when good, and asked at each card.

A list is fetched only from the addresses of the settings, never from an address that a certificate gives. When the list
of an authority is missing or too old, its cards are refused: a lost card must not open an account (CPS-2).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.cps.anchors import Anchors
from accounts.cps.certificate import common_name
from accounts.cps.models import CertificateRevocationList
from accounts.cps.reasons import CardRefused, Reason

MAX_BYTES = 32 * 1024 * 1024
TIMEOUT_SECONDS = 20.0
CLOCK_MARGIN = timedelta(minutes=5)
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_log = structlog.get_logger(__name__)


class ListRefused(Exception):
    """A fetched list that cannot be used; the message is a French sentence for support."""


def refresh(anchors: Anchors, urls: list[str]) -> dict[str, str]:
    """Fetch every list; by address, "" when it is now in place, else why it is not. One failure stops no other."""
    results: dict[str, str] = {}
    for url in urls:
        try:
            store(fetch(url), url, anchors, timezone.now())
            results[url] = ""
        except ListRefused as refused:
            results[url] = str(refused)
            _log.error("card_list_not_refreshed", url=url, reason=str(refused))
    return results


def fetch(url: str) -> bytes:
    """Body of the answer, 32 MB at most. Raises ListRefused."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ListRefused("L’adresse n’est pas une adresse web.")
    content = bytearray()
    try:
        with httpx.stream("GET", url, timeout=TIMEOUT_SECONDS, trust_env=False) as answer:
            if answer.status_code != httpx.codes.OK:
                raise ListRefused(f"Le serveur a répondu {answer.status_code}.")
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > MAX_BYTES:
                    raise ListRefused("La liste est trop longue.")
    except httpx.HTTPError as error:
        raise ListRefused(f"Le serveur ne répond pas ({type(error).__name__}).") from None
    return bytes(content)


def store(data: bytes, url: str, anchors: Anchors, now: datetime) -> CertificateRevocationList:
    """Check a list (issuer, signature, dates, number) and put it in place of the former. Raises ListRefused."""
    listed = _read(data)
    issuer = _issuer(listed, anchors)
    number = _number(listed)
    this_update, next_update = listed.last_update_utc, listed.next_update_utc
    if next_update is None:
        raise ListRefused("La liste ne dit pas jusqu’à quand elle vaut.")
    if this_update > now + CLOCK_MARGIN:
        raise ListRefused("La liste est datée du futur.")
    if next_update <= now:
        raise ListRefused("La liste est déjà périmée.")
    with transaction.atomic():
        key = fingerprint(issuer)
        with connection.cursor() as cursor:
            # Two workers that fetch the same list go one after the other, even for the first one.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"crl:{key}"])
        former = CertificateRevocationList.objects.filter(issuer=key).first()
        if former is not None and _is_older(number, this_update, former):
            raise ListRefused("La liste est plus ancienne que celle déjà relevée.")
        row, _ = CertificateRevocationList.objects.update_or_create(
            issuer=key,
            defaults={
                "issuer_name": common_name(issuer.subject),
                "url": url,
                "number": "" if number is None else str(number),
                "this_update": this_update,
                "next_update": next_update,
                "serials": [f"{entry.serial_number:016x}" for entry in listed],
                "fetched_at": now,
            },
        )
    return row


def check(issuer: x509.Certificate, serial: int, now: datetime) -> CardRefused | None:
    """Why that serial of that authority is refused now, None when it is good."""
    found = CertificateRevocationList.objects.filter(issuer=fingerprint(issuer))
    name = common_name(issuer.subject)
    row = found.defer("serials").first()
    if row is None:
        return CardRefused(Reason.LIST_MISSING, f"{name} : aucune liste relevée")
    grace = timedelta(hours=settings.CPS_CRL_GRACE_HOURS)
    if row.is_stale(now - grace):
        return CardRefused(
            Reason.LIST_STALE, f"{name} : liste valable jusqu’au {row.next_update:%Y-%m-%d %H:%M} UTC"
        )
    if found.filter(serials__contains=[f"{serial:016x}"]).exists():
        return CardRefused(Reason.REVOKED, name)
    return None


def fingerprint(issuer: x509.Certificate) -> str:
    return issuer.fingerprint(hashes.SHA256()).hex()


def _read(data: bytes) -> x509.CertificateRevocationList:
    try:
        if data.lstrip().startswith(b"-----BEGIN"):
            return x509.load_pem_x509_crl(data)
        return x509.load_der_x509_crl(data)
    except (ValueError, x509.InvalidVersion):
        raise ListRefused("Le fichier reçu n’est pas une liste de révocation.") from None


def _issuer(listed: x509.CertificateRevocationList, anchors: Anchors) -> x509.Certificate:
    candidates = anchors.named(listed.issuer)
    if not candidates:
        raise ListRefused("La liste vient d’une autorité que le portail ne reconnaît pas.")
    if not isinstance(listed.signature_hash_algorithm, _HASHES):
        raise ListRefused("La liste est signée avec un procédé ancien.")
    for authority in candidates:
        if listed.is_signature_valid(authority.public_key()):  # type: ignore[arg-type]
            return authority
    raise ListRefused("La signature de la liste n’est pas celle de l’autorité.")


def _number(listed: x509.CertificateRevocationList) -> int | None:
    try:
        return int(listed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number)
    except x509.ExtensionNotFound:
        return None


def _is_older(number: int | None, this_update: datetime, former: CertificateRevocationList) -> bool:
    """An old list put back by somebody on the way would make a revoked card good again."""
    if this_update < former.this_update:
        return True
    return bool(former.number) and (number is None or number < int(former.number))
