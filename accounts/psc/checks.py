"""Said at the start: a simulator outside the demo, a client certificate that cannot serve or that others may read."""

from __future__ import annotations

import ipaddress
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

# Time to order the next one from the IGC-Santé.
RENEWAL = timedelta(days=30)


@register()
def check_psc(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    config = settings.PSC
    if not config.environment or settings.PSC_SIMULATOR_ALLOWED:
        return []
    found: list[CheckMessage] = []
    if config.environment == "simulator":
        found.append(
            Error("Le simulateur de Pro Santé Connect est réservé à la démonstration.", id="accounts.E101")
        )
    for url in (config.issuer, config.discovery_url, config.authorization_url):
        if not _is_public_https(url):
            found.append(
                Error(
                    "Une adresse de Pro Santé Connect n'est pas en https ou désigne cette machine.",
                    hint="Vérifiez PSC_ISSUER, PSC_DISCOVERY_URL et PSC_AUTHORIZATION_URL.",
                    id="accounts.E102",
                )
            )
            break
    return found


@register()
def check_client_certificate(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """With PSC_TOKEN_AUTH=tls_client_auth: both files load, agree, are in date, and the key is ours alone."""
    config = settings.PSC
    if not config.environment or config.token_auth != "tls_client_auth":  # noqa: S105
        return []
    try:
        certificate = x509.load_pem_x509_certificate(Path(config.certificate).read_bytes())
    except (OSError, ValueError):
        return [
            Error("PSC_CLIENT_CERTIFICATE ne contient pas un certificat PEM lisible.", id="accounts.E103")
        ]
    found = [*_problems_of_dates(certificate), *_problems_of_use(certificate), *_problems_of_mode(config.key)]
    try:
        key: PrivateKeyTypes = load_pem_private_key(Path(config.key).read_bytes(), None)
    except (OSError, ValueError, TypeError):
        hint = "La clé est en PEM, sans phrase secrète, lisible par le compte qui lance le portail."
        return [
            *found,
            Error("PSC_CLIENT_KEY ne contient pas une clé lisible.", hint=hint, id="accounts.E104"),
        ]
    if key.public_key() != certificate.public_key():
        found.append(Error("PSC_CLIENT_KEY n'est pas la clé de PSC_CLIENT_CERTIFICATE.", id="accounts.E105"))
    return found


def _problems_of_dates(certificate: x509.Certificate) -> list[CheckMessage]:
    now, end = datetime.now(UTC), certificate.not_valid_after_utc
    if not certificate.not_valid_before_utc <= now <= end:
        return [Error("PSC_CLIENT_CERTIFICATE n'est pas en cours de validité.", id="accounts.E106")]
    if end - now <= RENEWAL:
        sentence = f"PSC_CLIENT_CERTIFICATE expire le {end:%d/%m/%Y} : demandez le suivant."
        return [Warning(sentence, id="accounts.W107")]
    return []


def _problems_of_use(certificate: x509.Certificate) -> list[CheckMessage]:
    """Pro Santé Connect knows its clients by an AUTH_CLI certificate of an organisation."""
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return []
    if ExtendedKeyUsageOID.CLIENT_AUTH in uses:
        return []
    return [Error("PSC_CLIENT_CERTIFICATE ne permet pas de s'authentifier (clientAuth).", id="accounts.E108")]


def _problems_of_mode(key: str) -> list[CheckMessage]:
    try:
        mode = stat.S_IMODE(Path(key).stat().st_mode)
    except OSError:
        return []  # told with the key itself
    if not mode & (stat.S_IRWXO | stat.S_IWGRP):
        return []
    return [
        Error(
            f"PSC_CLIENT_KEY est accessible à d'autres comptes (droits {mode:04o}).",
            hint="chmod 0600, ou 0640 si le portail la lit par son groupe.",
            id="accounts.E109",
        )
    ]


def _is_public_https(url: str) -> bool:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme != "https" or not host or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." in host
    return address.is_global
