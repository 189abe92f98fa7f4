"""What the page of an account offers the support: each act with its words, and when it makes sense."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from accounts import support
from accounts.enums import AccountStatus
from accounts.models import User
from accounts.strong import means
from accounts.workflows import account, lost_factor


# --- decisions of the account's machine ------------------------------------------------------------------
def _decide(decision: Callable[..., Any]) -> Callable[..., None]:
    """Same signature as the other acts; the machine checks states and writes the journal."""

    def act(user: User, *, actor: User, reason: str, request: HttpRequest | None = None) -> None:
        support.check(user, actor, reason)
        outcome = decision(user, actor=actor, reason=reason)
        if not outcome.changed:
            raise support.Refused("C’était déjà fait : rien n’a changé.")

    return act


@dataclass(frozen=True)
class Act:
    """One act offered on the page of an account. `states` are those it makes sense in."""

    key: str
    label: str
    explanation: str
    perform: Callable[..., Any]
    states: tuple[str, ...]
    is_destructive: bool = False


_OPEN = account.OPEN_STATES

ACTS: tuple[Act, ...] = (
    Act(
        "renvoyer-validation",
        "Renvoyer le mail de validation",
        "Un nouveau lien part à l’adresse du compte ; les précédents ne servent plus.",
        support.resend_validation,
        (AccountStatus.PENDING,),
    ),
    Act(
        "debloquer",
        "Débloquer la connexion",
        "Les essais manqués sont oubliés : la personne peut réessayer tout de suite.",
        support.unlock,
        _OPEN,
    ),
    Act(
        "reinitialiser",
        "Envoyer un lien pour choisir un mot de passe",
        "La personne reçoit son identifiant et un lien à usage unique. Le mot de passe actuel reste valable jusque-là.",
        support.trigger_reset,
        (AccountStatus.ACTIVE,),
    ),
    Act(
        "mot-de-passe-divulgue",
        "Mot de passe divulgué : en exiger un autre",
        "Le mot de passe ne sert plus dès maintenant, les sessions sont fermées, et la personne reçoit un lien pour en "
        "choisir un nouveau.",
        support.forbid_password,
        (AccountStatus.ACTIVE,),
        is_destructive=True,
    ),
    Act(
        "communiquer-identifiant",
        "Communiquer l’identifiant",
        "Vérifiez d’abord l’identité de la personne (nom, profession, numéro RPPS). L’identifiant lui est aussi "
        "envoyé par mail.",
        support.tell_identifier,
        support.LIVE,
    ),
    Act(
        "fermer-sessions",
        "Fermer toutes les sessions",
        "La personne est déconnectée de tous ses appareils.",
        support.end_sessions,
        support.LIVE,
    ),
    Act(
        "retirer-mobile",
        "Retirer le numéro de mobile",
        "Les codes partent à nouveau par mail. La personne prouvera un autre numéro depuis ses préférences.",
        support.remove_mobile,
        _OPEN,
        is_destructive=True,
    ),
    Act(
        "moyen-perdu",
        "Retirer une application ou une clé perdue",
        "Vérifiez d’abord l’identité de la personne. Elle est avertie à toutes ses adresses et peut arrêter la "
        "demande ; le retrait se fait après le délai, ou dès qu’un autre agent l’approuve. Ses sessions sont alors "
        "fermées.",
        support.ask_factor_removal,
        (AccountStatus.ACTIVE,),
        is_destructive=True,
    ),
    Act(
        "moyen-perdu-approuver",
        "Approuver le retrait du moyen perdu",
        "Rappelez la personne à un numéro connu et vérifiez son identité. L’application ou les clés sont retirées tout "
        "de suite et ses sessions fermées.",
        support.approve_factor_removal,
        (AccountStatus.ACTIVE,),
        is_destructive=True,
    ),
    Act(
        "moyen-perdu-annuler",
        "Annuler le retrait du moyen perdu",
        "Rien n’est retiré ; la personne en est avertie.",
        support.cancel_factor_removal,
        (AccountStatus.ACTIVE,),
    ),
    Act(
        "detacher-cartes",
        "Détacher les cartes et e-CPS",
        "Carte perdue ou téléphone remplacé : vérifiez d’abord l’identité de la personne. Ses sessions sont fermées ; "
        "elle pourra rattacher une carte ou une e-CPS avec son mot de passe et son code.",
        support.detach_strong,
        support.LIVE,
        is_destructive=True,
    ),
    Act(
        "retirer-numero",
        "Retirer le numéro saisi sans preuve",
        "Le numéro RPPS déclaré dans ce compte appartient à une autre personne, ou personne ne l’a prouvé : il est "
        "retiré et la personne en est avertie. Elle pourra le prouver avec sa carte ou son e-CPS.",
        support.release_number,
        support.LIVE,
        is_destructive=True,
    ),
    Act(
        "confirmer-numero",
        "Confirmer le numéro RPPS",
        "Vérifiez d’abord, dans l’annuaire santé, que ce numéro est celui de la personne : il lui servira "
        "d’identifiant.",
        support.confirm_number,
        support.LIVE,
    ),
    Act(
        "accepter",
        "Accepter la demande",
        "Le compte est ouvert et la personne en est avertie.",
        _decide(account.accept),
        (AccountStatus.AWAITING_DECISION,),
    ),
    Act(
        "refuser",
        "Refuser la demande",
        "Le motif est envoyé à la personne.",
        _decide(account.refuse),
        (AccountStatus.AWAITING_DECISION,),
        is_destructive=True,
    ),
    Act(
        "suspendre",
        "Suspendre le compte",
        "Plus aucune connexion n’est possible ; les sessions et les liens sont fermés. Le compte peut être réactivé.",
        _decide(account.suspend),
        (AccountStatus.ACTIVE,),
        is_destructive=True,
    ),
    Act(
        "reactiver",
        "Réactiver le compte",
        "La personne peut de nouveau se connecter ; elle en est avertie par mail.",
        _decide(account.reactivate),
        (AccountStatus.SUSPENDED,),
    ),
    Act(
        "fermer",
        "Fermer le compte",
        "Le compte ne sert plus ; son adresse et son numéro sont libérés. Il peut être rouvert tant que ses données "
        "ne sont pas effacées.",
        _decide(account.close),
        _OPEN,
        is_destructive=True,
    ),
    Act(
        "rouvrir",
        "Rouvrir le compte",
        "Le compte redevient actif si son adresse et son numéro sont toujours libres.",
        _decide(account.reopen),
        (AccountStatus.CLOSED,),
    ),
)


def acts_for(user: User) -> list[Act]:
    """Acts that make sense in the state of this account, in order."""
    removal = lost_factor.pending(user)
    can_ask_removal = removal is None and bool(lost_factor.scopes(user))
    return [
        act
        for act in ACTS
        if user.status in act.states
        and (act.key != "retirer-mobile" or user.phone_mobile)
        and (act.key != "detacher-cartes" or means.kinds(user))
        and (act.key != "confirmer-numero" or user.rpps_asked)
        and (act.key != "retirer-numero" or support.has_unproven_number(user))
        and (act.key != "moyen-perdu" or can_ask_removal)
        and (act.key not in ("moyen-perdu-approuver", "moyen-perdu-annuler") or removal is not None)
    ]


def find_act(key: str) -> Act | None:
    return next((act for act in ACTS if act.key == key), None)
