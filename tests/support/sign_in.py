"""People who can sign in, and a test client that is signed in, without going through the pages.

`make_person(**fields)` gives an active account; `sign_in(client, person, level=1)` opens a session the product accepts:
Django's own `client.force_login` alone does not (a session without two proofs is nobody's).
"""

from __future__ import annotations

import itertools
from typing import Any

from django.test import Client
from django.utils import timezone

PASSWORD = "Etang-Brume-47-Vesle"
_numbers = itertools.count(1)


def make_person(**fields: Any) -> Any:
    """An active account with a validated address and PASSWORD; `mobile=True` adds a proved mobile.

    The documents of the day are accepted unless `accepted=False`.
    """
    from accounts.models import User  # noqa: PLC0415  after the settings

    number = next(_numbers)
    mobile = fields.pop("mobile", False)
    password = fields.pop("password", PASSWORD)
    values: dict[str, Any] = {
        "identifiant": f"personne{number}",
        "email": f"personne{number}@cabinet.example",
        "email_verified_at": timezone.now(),
        "nom": "Martel",
        "prenom": "Ariane",
        "status": "active",
    }
    if mobile:
        values |= {
            "phone_mobile": f"+336399801{number % 100:02d}",
            "phone_mobile_verified_at": timezone.now(),
        }
    accepted = fields.pop("accepted", True)
    person = User.objects.create_user(password=password, **(values | fields))
    if accepted:
        accept_documents(person)
    return person


def accept_documents(person: Any) -> None:
    """The documents of the day, accepted without a word in the journal."""
    from accounts import documents  # noqa: PLC0415
    from accounts.models import DocumentAcceptance  # noqa: PLC0415

    DocumentAcceptance.objects.bulk_create(
        DocumentAcceptance(user=person, document=document.key, version=document.version)
        for document in documents.required()
    )


def sign_in(
    client: Client, person: Any, *, level: int = 1, remembered: bool = False, is_shared: bool = False
) -> Any:
    """Open a session of that level for the person, as after two proofs; returns its UserSession."""
    from django.test import RequestFactory  # noqa: PLC0415

    from accounts import second_proof, sessions  # noqa: PLC0415
    from accounts.enums import ProofMeans  # noqa: PLC0415

    client.force_login(person)
    store = client.session
    means = {1: ProofMeans.MAIL, 2: ProofMeans.TOTP, 3: ProofMeans.MAIL}[level]
    store["otp_device_id"] = second_proof.device_of(person, means).persistent_id
    request = RequestFactory().get("/", REMOTE_ADDR="127.0.0.1", HTTP_USER_AGENT="Firefox/130 Linux")
    request.session = store
    row = sessions.open_session(
        request,
        person,
        level=level,
        methods=["password", means.value],
        remembered=remembered,
        is_shared=is_shared,
    )
    store.save()
    return row
