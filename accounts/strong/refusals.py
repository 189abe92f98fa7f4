"""What a proven identity may run into, each with one plain sentence and one next step (RP-4)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import journal
from accounts.models import User
from accounts.strong import alerts
from accounts.strong.identity import StrongIdentity
from portal.plateformes import current


class StrongRefusal(Exception):
    """A refusal a person reads. `code` is for the journal; `next_step` is a key of the page's buttons:
    "support", "sign_in", "home" or "link". `accounts` are those concerned; `tells_support` when only people can sort
    it out."""

    def __init__(
        self,
        code: str,
        sentence: str,
        next_step: str = "support",
        *,
        accounts: tuple[User, ...] = (),
        tells_support: bool = False,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence
        self.next_step = next_step
        self.accounts = accounts
        self.tells_support = tells_support


def held_elsewhere(*accounts: User) -> StrongRefusal:
    return StrongRefusal(
        "held_elsewhere",
        "Cette identité est déjà rattachée à un autre compte du portail. Connectez-vous directement avec votre carte "
        "ou votre e-CPS ; si ce compte n’est pas le vôtre, l’assistance va vous aider.",
        accounts=accounts,
        tells_support=True,
    )


def two_accounts(*accounts: User) -> StrongRefusal:
    return StrongRefusal(
        "two_accounts",
        "Votre carte ou votre e-CPS et votre identifiant national mènent à deux comptes différents. Par prudence, "
        "aucun des deux ne s’ouvre : l’assistance est prévenue.",
        accounts=accounts,
        tells_support=True,
    )


def identity_changed(account: User) -> StrongRefusal:
    return StrongRefusal(
        "identity_changed",
        "L’identifiant national présenté n’est pas celui qui a été rattaché à ce compte avec cette carte ou cette "
        "e-CPS. Par prudence, le compte reste fermé : l’assistance est prévenue.",
        accounts=(account,),
        tells_support=True,
    )


def other_identity(account: User) -> StrongRefusal:
    return StrongRefusal(
        "other_identity",
        "Ce compte est déjà rattaché à un autre identifiant national. Un compte appartient à une seule personne : "
        "vérifiez que vous utilisez votre propre compte.",
        accounts=(account,),
        tells_support=True,
    )


def number_conflict(account: User) -> StrongRefusal:
    return StrongRefusal(
        "number_conflict",
        "Le numéro national enregistré dans ce compte n’est pas celui de votre carte ou de votre e-CPS. Corrigez-le "
        "dans vos préférences s’il a été mal saisi, ou contactez l’assistance.",
        accounts=(account,),
        tells_support=True,
    )


def number_typed_elsewhere(account: User) -> StrongRefusal:
    return StrongRefusal(
        "number_typed_elsewhere",
        "Un compte du portail porte déjà votre numéro. S’il est à vous, choisissez "
        f"« {current().sign_up.has_account_label} ». Sinon, contactez l’assistance, qui est prévenue.",
        "link",
        accounts=(account,),
        tells_support=True,
    )


def other_session(account: User) -> StrongRefusal:
    return StrongRefusal(
        "other_session",
        "Cette carte ou cette e-CPS appartient à une autre personne que celle qui est connectée. Votre session n’a "
        "pas changé. Déconnectez-vous d’abord pour utiliser un autre compte.",
        "home",
        accounts=(account,),
    )


def too_late() -> StrongRefusal:
    return StrongRefusal(
        "too_late",
        "Le rattachement n’a pas été terminé à temps. Présentez de nouveau votre carte ou votre e-CPS.",
        "sign_in",
    )


_CLOSED_DOORS = {
    "pending": "Votre adresse e-mail n’est pas encore validée : ouvrez le lien du message « Validation de votre "
    "inscription » que nous vous avons envoyé.",
    "awaiting_decision": "Votre demande de compte est en cours d’examen. Vous recevrez un message dès que votre "
    "compte sera ouvert.",
}


def account_not_open(account: User) -> StrongRefusal:
    sentence = _CLOSED_DOORS.get(
        account.status,
        "Votre compte est suspendu : vous ne pouvez pas vous connecter pour le moment. L’assistance peut vous dire "
        "pourquoi.",
    )
    return StrongRefusal(f"account_{account.status}", sentence, accounts=(account,))


def record(request: HttpRequest | None, refusal: StrongRefusal, means: str) -> None:
    """Journal of each account concerned, and the support when only people can sort it out."""
    concerned: tuple[User | None, ...] = refusal.accounts or (None,)
    for account in concerned:
        journal.record(
            journal.Action.STRONG_REFUSED,
            request=request,
            subject=account,
            outcome="refused",
            reason=refusal.code,
            method=means,
        )
    if refusal.tells_support:
        alerts.tell_support(refusal.code, means, refusal.accounts)


def show(
    request: HttpRequest,
    refusal: StrongRefusal,
    identity: StrongIdentity | None = None,
    *,
    next_url: str = "",
) -> HttpResponse:
    """The page of a refusal, journalled. Nothing is kept of what was refused."""
    record(request, refusal, identity.means if identity else "")
    context = {
        "refusal": refusal,
        "is_ecps": bool(identity and identity.means == "ecps"),
        "next_url": next_url,
        "is_signed_in": request.user.is_authenticated,
    }
    response = render(request, "accounts/strong/refusal.html", context, status=403)
    response["Cache-Control"] = "no-store"
    return response
