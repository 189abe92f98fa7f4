"""Accounts that are ready to sign in: the journeys whose subject is not the sign-up start from one of them."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field

from tests.support.processes import LivePortal

PASSWORD = "Bleuet-du-Vexin-27"
SOME = 12
# No digit: a code is found in a mail as six figures in a row.
_LETTERS = "bcdfghjklmnpqrstvwxz"
_MAKE = """
import json
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from accounts import documents
from accounts.enums import AccountStatus
from accounts.models import User
secret, now = make_password({password!r}), timezone.now()
with transaction.atomic():
    for name in json.loads({names!r}):
        person = User(
            identifiant="camille." + name, email="camille." + name + "@example.org", nom="Exemple", prenom="Camille",
            structure="Cabinet des Bleuets", code_postal="78200", phone_fixe="+33199001234", password=secret,
            status=AccountStatus.ACTIVE, email_verified_at=now, password_changed_at=now)
        person.save()
        documents.accept(person, documents.required())
"""


def new_name() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(8))


@dataclass
class Accounts:
    """`take()` names an account nobody used yet; they are made some at a time."""

    portal: LivePortal
    _left: list[str] = field(default_factory=list)

    def take(self) -> str:
        if not self._left:
            self._left = [new_name() for _ in range(SOME)]
            told = _MAKE.format(password=PASSWORD, names=json.dumps(self._left))
            self.portal.manage("shell", "--no-imports", "-c", told)
        return self._left.pop()
