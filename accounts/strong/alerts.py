"""Identities that only people can sort out: a case in the support's worklist, and a mail to its mailbox.

The mail holds references, no name.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import keyed
from accounts.models import User
from accounts.workflows import identity_case
from portal.messaging.outbox import queue_email
from portal.plateformes import current

_ABOUT = {
    "held_elsewhere": "Une personne présente une identité déjà rattachée à un autre compte.",
    "two_accounts": "Une carte ou une e-CPS et un identifiant national mènent à deux comptes différents.",
    "identity_changed": "Une carte ou une e-CPS connue revient avec un autre identifiant national.",
    "other_identity": "Une personne veut rattacher une seconde identité nationale à un compte.",
    "number_conflict": "Le numéro saisi dans un compte n’est pas celui que sa carte ou son e-CPS prouve.",
    "number_typed_elsewhere": "Une personne prouve un numéro qu’un autre compte déclare sans l’avoir prouvé.",
    "number_released": "Un numéro déclaré sans preuve a été retiré d’un compte : une autre personne l’a prouvé.",
    "number_asked": "Une personne saisit dans ses préférences le numéro RPPS d’un autre compte.",
    "names_differ": "Le nom de la carte ou de l’e-CPS n’est pas celui du compte auquel elle vient d’être rattachée.",
}


def tell_support(code: str, means: str, accounts: Sequence[User]) -> None:
    """Note the case, and queue one mail; the same matter about the same accounts is told once a day."""
    references = sorted(str(account.public_id) for account in accounts)
    day = timezone.localdate().isoformat()
    with transaction.atomic():
        case = identity_case.note(code, means, accounts)
        queue_email(
            to=current().support.email,
            template="accounts/strong/email/support_alert",
            context={
                "code": code,
                "about": _ABOUT[code],
                "means": {"ecps": "e-CPS", "card": "carte"}.get(means, "–"),
                "references": references,
                "at": timezone.now(),
                "case": case.reference,
                "url": settings.SITE_URL + reverse("admin:accounts_identitycase_change", args=[case.pk]),
            },
            dedup_key=keyed.digest("strong_alert", "|".join([code, day, *references])),
            purpose="strong_alert",
        )
