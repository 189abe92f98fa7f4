"""A card door that is half configured, or that would trust a test authority, stops the start with a sentence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from accounts.cps import anchors, card_host, verification
from accounts.cps.anchors import AnchorsError
from accounts.cps.certificate import common_name

_TEST_PREFIX = "TEST "


@register()
def check_card_door(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Authorities can be read and belong to the environment; the card host has its secret."""
    found: list[CheckMessage] = []
    try:
        accepted = anchors.current()
    except AnchorsError as error:
        return [Error(str(error), id="cps.E001")]
    if settings.CPS_ENVIRONMENT not in {verification.PRODUCTION, verification.TEST}:
        found.append(Error("CPS_ENVIRONMENT doit valoir « production » ou « test ».", id="cps.E002"))
    if accepted is not None and settings.CPS_ENVIRONMENT == verification.PRODUCTION:
        names = [common_name(one.subject) for one in accepted.all]
        found += [
            Error(f"« {name} » est une autorité de test, refusée en production.", id="cps.E003")
            for name in names
            if name.upper().startswith(_TEST_PREFIX)
        ]
    if settings.CPS_CARD_HOST and not card_host.is_open():
        found.append(
            Error(
                f"CPS_CARD_HOST demande CPS_PROXY_SECRET, d’au moins {card_host.MIN_SECRET} caractères.",
                id="cps.E004",
            )
        )
    return found


@register(deploy=True)
def check_card_deployment(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Before a release: lists to fetch, authorities out of the product's reach, no simulator."""
    found: list[CheckMessage] = []
    if settings.CPS_ACCEPT_SIMULATED_AUTHORITY:
        found.append(Error("Les autorités simulées sont refusées hors de la démonstration.", id="cps.E005"))
    path = str(settings.CPS_TRUST_ANCHORS or "")
    if not path:
        return found
    if not settings.CPS_CRL_URLS:
        found.append(
            Error(
                "CPS_CRL_URLS est vide : sans liste de révocation, toute carte sera refusée.", id="cps.E006"
            )
        )
    if Path(path).exists() and os.geteuid() != 0 and os.access(path, os.W_OK):
        found.append(
            Warning(f"{path} peut être modifié par le portail : rendez-le en lecture seule.", id="cps.W001")
        )
    return found
