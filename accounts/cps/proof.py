"""From a certificate whose holder has proven they have the card, to a proven identity or a journalled refusal."""

from __future__ import annotations

from typing import Any

import structlog
from cryptography import x509
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts import journal
from accounts.cps import anchors, revocation, verification
from accounts.cps import certificate as reading
from accounts.cps.anchors import AnchorsError
from accounts.cps.certificate import CardCertificate
from accounts.cps.reasons import FOR_SUPPORT, CardRefused, Reason
from accounts.models import User
from accounts.strong import numbers
from accounts.strong.identity import StrongIdentity, Structure

METHOD = "card"
_log = structlog.get_logger(__name__)


def verify(certificate: x509.Certificate) -> CardCertificate:
    """Every check of the server with the settings' authorities and the lists in store. Raises CardRefused."""
    try:
        accepted = anchors.current()
    except AnchorsError as error:
        raise CardRefused(Reason.NOT_CONFIGURED, str(error)[:200]) from None
    if accepted is None:
        raise CardRefused(Reason.NOT_CONFIGURED)
    return verification.verify(
        certificate,
        anchors=accepted,
        environment=settings.CPS_ENVIRONMENT,
        now=timezone.now(),
        revocation=revocation.check,
    )


def identity(person: CardCertificate) -> StrongIdentity:
    """The means is (issuer, national identifier), so that a renewed card reaches the same account (CPS-4)."""
    if settings.CPS_ENVIRONMENT == verification.PRODUCTION and numbers.is_of_test_range(person.national_id):
        _log.warning("test_number_in_production", means=METHOD)
    structures: tuple[Structure, ...] = ()
    if person.organisation or person.structure_id:
        finess = person.structure_id[1:] if person.structure_id.startswith("1") else ""
        structures = (
            Structure(raison_sociale=person.organisation, finess=finess, national_id=person.structure_id),
        )
    return StrongIdentity(
        means="card",
        issuer=person.issuer,
        subject=person.national_id,
        national_id=person.national_id,
        nom=person.nom,
        prenom=person.prenom,
        profession_codes=(person.profession_code,) if person.profession_code else (),
        structures=structures,
        card_kind=person.kind,
        card_number=person.card_number,
        serial=person.serial,
        key_id=person.key_id,
        auth_time=timezone.now(),
        raw_hint={"category": person.category},
    )


def record_refusal(
    request: HttpRequest, refused: CardRefused, certificate: x509.Certificate | None = None, *, way: str
) -> None:
    """One row of the journal; what concerns the machine and not the card is also an error in the logs, for support.

    way: "agent" or "tls". Numbers of the certificate are kept, the person's names and identifier are not.
    """
    details: dict[str, Any] = {"way": way, "detail": refused.detail}
    if certificate is not None:
        details |= {
            "serial": reading.serial_of(certificate),
            "issuer": reading.common_name(certificate.issuer)[:120],
        }
    journal.record(
        journal.Action.STRONG_REFUSED,
        request=request,
        subject=request.user if isinstance(request.user, User) else None,
        outcome="refused",
        reason=refused.reason.value,
        method=METHOD,
        **details,
    )
    if refused.reason in FOR_SUPPORT:
        _log.error("card_refused_by_our_side", reason=refused.reason.value, detail=refused.detail)
