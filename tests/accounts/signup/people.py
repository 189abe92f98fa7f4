"""People, filled forms and open sessions for the tests of sign-up, reset and preferences."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts import documents, keyed
from accounts.enums import AccountStatus
from accounts.models import User, UserSession

PASSWORD = "Bleu-Citron7-Vélo"
OTHER_PASSWORD = "Orange9-Marteau!Lune"
ADDRESS = "camille.morin@exemple.fr"


def make_user(identifiant: str = "camille.morin", **fields: Any) -> User:
    """An active person with a verified address, who accepted the documents."""
    values: dict[str, Any] = {
        "email": f"{identifiant}@exemple.fr" if "@" not in identifiant else identifiant,
        "nom": "Morin",
        "prenom": "Camille",
        "status": AccountStatus.ACTIVE,
        "email_verified_at": timezone.now(),
        "password_changed_at": timezone.now(),
    }
    user = User.objects.create_user(identifiant, fields.pop("password", PASSWORD), **(values | fields))
    documents.accept(user, documents.required())
    return user


def sign_in(client: Client, user: User, *, level: int = 1) -> UserSession:
    """Open a session as two proofs would, just now."""
    client.force_login(user, backend="accounts.backends.AccountBackend")
    return UserSession.objects.create(
        user=user,
        session_key_hash=client.session.key_hash,
        level=level,
        proved_level=level,
        methods=["password", "mail"],
        ends_at=timezone.now() + timedelta(hours=12),
    )


def robot_answer() -> dict[str, str]:
    """The box ticked without script, on a form open for ten seconds."""
    shown = timezone.now().timestamp() - 10
    return {"robot_ticked": "oui", "robot_ticket": keyed.encrypt(f"hold:{shown}:{secrets.token_hex(4)}")}


def filled_form(**changed: str) -> dict[str, str]:
    """The sign-up form of the default profile, rightly filled; None as a value leaves the field out."""
    values = {
        "compte": "non",
        "civilite": "madame",
        "nom": "Morin",
        "prenom": "Camille",
        "email": ADDRESS,
        "email_confirmation": changed.get("email", ADDRESS),
        "profession": "",
        "profession_libre": "",
        "specialite": "",
        "national_number": "",
        "phone_mobile": "",
        "phone_fixe": "",
        "comment": "",
        "identifiant": "camille.morin",
        "password": PASSWORD,
        "password_confirmation": changed.get("password", PASSWORD),
        "preferred_channel": "mail",
        "accept_terms": "on",
        "submission": secrets.token_hex(8),
        **robot_answer(),
    }
    return {name: value for name, value in (values | changed).items() if value is not None}
