"""What stands between a person and the portal, in words for them and for the support."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.utils import timezone

from accounts import codes, documents, throttle
from accounts.enums import AccountStatus
from accounts.models import MailedLink, User
from accounts.workflows import credentials
from portal.common.text import mask_email
from portal.messaging.models import OutgoingMessage, Status


@dataclass(frozen=True)
class Block:
    """One reason why an account cannot be used now. `action` says what to do, and by whom."""

    code: str
    sentence: str
    action: str


def what_blocks(user: User) -> list[Block]:
    """Everything that keeps this account out, the most decisive first; empty when nothing does."""
    found = [_state(user), _delay(user), _password(user), _address(user), _mail(user)]
    return [block for block in found if block is not None] + _papers(user)


def _state(user: User) -> Block | None:
    blocks = {
        AccountStatus.PENDING: Block(
            "pending",
            f"L’adresse {mask_email(user.email)} n’est pas validée : le lien reçu par mail n’a pas été ouvert.",
            "Renvoyer le mail de validation, ou corriger l’adresse si elle est fausse.",
        ),
        AccountStatus.AWAITING_DECISION: Block(
            "awaiting_decision",
            "La demande de compte attend une décision.",
            "L’équipe du portail décide de la demande.",
        ),
        AccountStatus.SUSPENDED: Block(
            "suspended", "Le compte est suspendu par le support.", "Le support peut le réactiver."
        ),
        AccountStatus.CLOSED: Block(
            "closed", "Le compte est fermé.", "Le support peut le rouvrir ; sinon, créer un nouveau compte."
        ),
    }
    return blocks.get(AccountStatus(user.status))


def _delay(user: User) -> Block | None:
    waits = [throttle.wait(kind, codes.account_key(user)) for kind in ("password", "code")]
    longest = max((delay for delay in waits if delay), default=None)
    if longest is None:
        return None
    told = codes.say_seconds(int(longest.total_seconds()) + 1)
    return Block(
        "delay",
        f"Trop d’essais : nouvel essai possible dans {told}.",
        "Attendre, ou débloquer depuis le support.",
    )


def _password(user: User) -> Block | None:
    if credentials.temporary_secret_is_over(user):
        return Block(
            "temporary_secret_over",
            "Le mot de passe provisoire n’a pas été utilisé à temps.",
            "Déclencher une réinitialisation du mot de passe.",
        )
    if not user.has_usable_password():
        return Block(
            "no_password",
            "Aucun mot de passe n’est choisi.",
            "Déclencher une réinitialisation du mot de passe.",
        )
    return None


def _address(user: User) -> Block | None:
    if user.status != AccountStatus.ACTIVE or user.email_verified_at or user.phone_mobile_verified_at:
        return None
    return Block(
        "no_way_to_send_codes",
        "Aucune adresse ni aucun mobile prouvé ne peut recevoir le code de connexion.",
        "Corriger l’adresse puis renvoyer le mail de validation.",
    )


def _mail(user: User) -> Block | None:
    """The last message to the account did not leave."""
    last = (
        OutgoingMessage.objects.filter(subject_ref=f"accounts.user:{user.public_id}")
        .order_by("-created_at")
        .first()
    )
    if last is None or last.status != Status.FAILED:
        return None
    return Block(
        "mail_failed",
        "Le dernier message envoyé à ce compte n’est pas parti.",
        "Vérifier l’adresse et renvoyer.",
    )


def _papers(user: User) -> list[Block]:
    if user.status != AccountStatus.ACTIVE:
        return []
    return [
        Block(
            f"document_{document.key}",
            f"« {document.title} » (version {document.version}) n’est pas encore accepté.",
            "La personne l’accepte à sa prochaine connexion.",
        )
        for document in documents.missing(user)
    ]


def state_of_link(token: str) -> str:
    """« used », « replaced », « expired » or « unknown »: what to tell somebody who holds a link that opens nothing."""
    digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
    link = MailedLink.objects.filter(token_hash=digest).first()
    if link is None:
        return "unknown"
    if link.used_at:
        return "used"
    if link.dead_at:
        return "replaced"
    return "expired" if link.expires_at <= timezone.now() else "unknown"
