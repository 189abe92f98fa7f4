"""Favourites and questions of the made-up people, roles and authenticators of its agents. Repeatable."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group

from accounts import devices_means, keyed, second_proof
from accounts.enums import AccountStatus
from accounts.models import User
from maillage import selectors as territories
from maillage.models import MaiaTerritory
from portal.common.text import fold
from portal.hub import favourites
from portal.hub.enums import Role, TicketTopic
from portal.hub.models import ExpertMailbox, SupportTicket, Tile
from portal.hub.notifications import subject_ref
from portal.hub.workflows import tickets
from portal.hub.workflows.tickets import Question
from portal.messaging.models import OutgoingMessage

_NAMESPACE = uuid.UUID("6f1c7f2e-0d7a-4a53-9a55-3a5a1f0c9f00")


def _professionals() -> list[User]:
    """The first two, by identifier: one keeps the empty page of the guide, the other shows a used one."""
    return list(
        User.objects.filter(status=AccountStatus.ACTIVE, is_staff=False).order_by("identifiant_key")[:2]
    )


def load_favourites() -> None:
    """Two favourites for the second person; the first one keeps the empty state of the guide."""
    for user in _professionals()[1:]:
        if not user.favourites.exists():
            for tile in Tile.objects.filter(slug__in=["ror-if", "viatrajectoire"]).order_by("slug"):
                favourites.star(user, tile)


def load_tickets() -> None:
    """One question to answer and one sent to the experts."""
    people = _professionals()
    agent = (
        User.objects.filter(status=AccountStatus.ACTIVE, is_staff=True).order_by("identifiant_key").first()
    )
    if not people:
        return
    code = _ask(people[-1], "code", TicketTopic.SIGN_IN, "Je ne reçois pas le code par SMS", _CODE)
    business = _ask(
        people[-1], "metier", TicketTopic.BUSINESS, "Que recouvre « bassin thérapeutique » ?", _BUSINESS
    )
    expert = ExpertMailbox.objects.filter(is_active=True).order_by("pk").first()
    if business is not None and agent is not None and expert is not None:
        tickets.forward(business, expert, actor=agent, reason="Question sur un équipement spécifique")
    _empty_mailboxes([ticket for ticket in (code, business) if ticket is not None])


_CODE = "Depuis ce matin, le code demandé par SMS n’arrive pas. Par mail, cela fonctionne."
_BUSINESS = "Dans le parcours de description, que désigne exactement cet équipement spécifique ?"


def _ask(user: User, key: str, topic: TicketTopic, title: str, body: str) -> SupportTicket | None:
    """The ticket when it is new, None when this demo question was asked before."""
    number = uuid.uuid5(_NAMESPACE, f"{user.public_id}:{key}")
    if SupportTicket.objects.filter(public_id=number).exists():
        return None
    question = Question(number, user.get_full_name(), user.email, "", topic, title, body)
    return tickets.ask(question, user=user)


def _empty_mailboxes(asked: list[SupportTicket]) -> None:
    """As for the people: the mailboxes of the demo start without the mails of its making."""
    OutgoingMessage.objects.filter(subject_ref__in=[subject_ref(ticket) for ticket in asked]).delete()


def give_authenticators(people: list[dict[str, Any]]) -> None:
    """The demo's agents and pilots hold an authenticator app, whose secret is told with their password: their pages ask
    for it. The secret is drawn from the demo's own key, so it is the same at each load and another in each checkout.
    """
    for told in people:
        user = User.objects.filter(identifiant_key=fold(str(told["login"]))).first()
        if user is None or not (user.is_staff or territories.is_pilot(user)):
            continue
        row = devices_means.totp_of(user)
        if row is None:
            drawn = bytes.fromhex(keyed.digest("demo-totp", str(told["login"])))
            data = {"secret": keyed.encrypt(base64.b32encode(drawn)[:32].decode()), "last_t": 0}
            row = Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)
        told["totp_secret"] = second_proof.get_secret(row)


def give_roles() -> None:
    """The pilot and the liberal professionals of the demo hold the roles their label says."""
    roles = {"yanis.delorieux": [Role.MAIA_PILOT], "ines.charmeau": [Role.VALIDATED, Role.ROR]}
    for identifiant, names in roles.items():
        user = User.objects.filter(identifiant_key=fold(identifiant)).first()
        if user is not None:
            user.groups.add(*Group.objects.filter(name__in=names))


def bind_pilot() -> None:
    """The demo's pilot holds one territory of the Val-de-Marne, where the demo's people work too."""
    territory = MaiaTerritory.objects.filter(slug="val-de-marne-centre").first()
    pilot = User.objects.filter(identifiant_key=fold("yanis.delorieux")).first()
    if territory is None or pilot is None or territory.pilots.exists():
        return
    territory.postal_codes = ["94000", "94100", "94210", "94340", "94400"]
    territory.save(update_fields=["postal_codes"])
    territory.pilots.add(pilot)
