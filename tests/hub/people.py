"""People and open sessions for the tests of the hub and of the support's admin."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from accounts import sessions
from accounts.enums import AccountStatus
from accounts.models import User
from portal.referentiels.models import Profession
from tests.support.sign_in import accept_documents


def make_person(identifiant: str = "claire.moreau", **fields: Any) -> User:
    """An active account whose address is verified; any column may be given."""
    values: dict[str, Any] = {
        "nom": "Moreau",
        "prenom": "Claire",
        "email": f"{identifiant}@cabinet.example",
        "status": AccountStatus.ACTIVE,
        "email_verified_at": timezone.now(),
    }
    person = User.objects.create_user(identifiant, "Mot-de-passe-solide-1", **{**values, **fields})
    accept_documents(person)
    return person


def make_agent(identifiant: str = "sam.support", **fields: Any) -> User:
    return make_person(identifiant, **{"nom": "Support", "prenom": "Sam", "is_staff": True, **fields})


def give_role(user: User, role: str) -> None:
    user.groups.add(Group.objects.get_or_create(name=role)[0])


def profession(code: str = "infirmier", categorie: str = "order") -> Profession:
    row, _ = Profession.objects.get_or_create(
        code=code, categorie=categorie, defaults={"label": code.capitalize(), "label_plie": code}
    )
    return row


def sign_in(user: User, level: int = 1) -> Client:
    """A browser whose session was opened by two proofs at `level`, as the sign-in leaves it."""
    client = Client()
    client.force_login(user)
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": "Firefox/140.0 (X11; Linux)"}
    request.session = client.session
    row = sessions.open_session(request, user, level=level, methods=["password", "mail"])
    request.session.save()
    assert row.level == level
    return client
