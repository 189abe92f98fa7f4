"""Writing the security journal: one row for each thing that happens to an account or a right.

Rows hold ids, never a name, an address of mail, a code or a token. Sealing is in accounts.journal_seal.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.db import models
from django.http import HttpRequest

from accounts import client, figures
from accounts.models import SecurityEvent, User
from portal.common import prepared


class Action(models.TextChoices):
    """What can be recorded; the label is what the owner of the account reads (« Journal de sécurité »)."""

    SIGN_IN = "sign_in", "Connexion"
    SIGN_IN_REFUSED = "sign_in_refused", "Connexion refusée"
    PILOT_LOOKED_UP = "pilot_looked_up", "Recherche d’un compte par un pilote"
    FIRST_PROOF = "first_proof", "Première preuve acceptée, deuxième preuve demandée"
    CODE_SENT = "code_sent", "Code envoyé"
    CODE_REFUSED = "code_refused", "Code refusé"
    PROOF_REFUSED = "proof_refused", "Preuve refusée"
    LOCKED = "locked", "Connexion ralentie après plusieurs échecs"
    UNLOCKED = "unlocked", "Connexion débloquée"
    SIGN_OUT = "sign_out", "Déconnexion"
    SESSION_ENDED = "session_ended", "Session fermée"
    SESSION_LOCKED = "session_locked", "Session verrouillée"
    SESSION_UNLOCKED = "session_unlocked", "Session déverrouillée"
    REPROVED = "reproved", "Identité prouvée à nouveau"
    NOT_ME = "not_me", "« Ce n’était pas moi » : compte mis en sécurité"
    NEW_PLACE = "new_place", "Connexion depuis un lieu inhabituel"
    NEW_DEVICE = "new_device", "Connexion depuis un nouvel appareil"
    AUTHENTICATOR_ADDED = "authenticator_added", "Application d’authentification ajoutée"
    AUTHENTICATOR_REMOVED = "authenticator_removed", "Application d’authentification retirée"
    PASSKEY_ADDED = "passkey_added", "Clé d’accès ajoutée"
    PASSKEY_REMOVED = "passkey_removed", "Clé d’accès retirée"
    FACTOR_REMOVAL_ASKED = "factor_removal_asked", "Retrait d’un moyen perdu demandé"
    FACTOR_REMOVAL_CANCELLED = "factor_removal_cancelled", "Retrait d’un moyen perdu annulé"
    RECOVERY_CODES_MADE = "recovery_codes_made", "Codes de secours renouvelés"
    RECOVERY_CODE_USED = "recovery_code_used", "Code de secours utilisé"
    SIGN_UP = "sign_up", "Inscription"
    EMAIL_VALIDATED = "email_validated", "Adresse e-mail validée"
    EMAIL_CHANGE_ASKED = "email_change_asked", "Changement d’adresse e-mail demandé"
    EMAIL_CHANGED = "email_changed", "Adresse e-mail changée"
    PHONE_CHANGED = "phone_changed", "Numéro de mobile changé"
    PHONE_PROVED = "phone_proved", "Numéro de mobile prouvé"
    PASSWORD_RESET_ASKED = "password_reset_asked", "Nouveau mot de passe demandé"
    PASSWORD_CHANGED = "password_changed", "Mot de passe changé"
    PASSWORD_FORBIDDEN = "password_forbidden", "Mot de passe divulgué : rendu inutilisable"
    IDENTIFIER_REMINDED = "identifier_reminded", "Identifiant rappelé par e-mail"
    PREFERENCES_CHANGED = "preferences_changed", "Préférences changées"
    DATA_EXPORTED = "data_exported", "Données téléchargées"
    DOCUMENT_ACCEPTED = "document_accepted", "Conditions acceptées"
    ACCOUNT_CORRECTED = "account_corrected", "Compte corrigé par le support"
    ACCOUNT_SUSPENDED = "account_suspended", "Compte suspendu"
    ACCOUNT_REACTIVATED = "account_reactivated", "Compte réactivé"
    ACCOUNT_CLOSED = "account_closed", "Compte fermé"
    ACCOUNT_REOPENED = "account_reopened", "Compte rouvert"
    ACCOUNT_ACCEPTED = "account_accepted", "Demande de compte acceptée"
    ACCOUNT_REFUSED = "account_refused", "Demande de compte refusée"
    INACTIVITY_WARNED = "inactivity_warned", "Fermeture annoncée, faute d’activité"
    ACCOUNT_ERASED = "account_erased", "Données du compte effacées"
    SIGN_UP_EXPIRED = "sign_up_expired", "Inscription abandonnée"
    SIGN_UP_KNOWN_ADDRESS = "sign_up_known_address", "Inscription tentée avec l’adresse d’un compte existant"
    SIGN_UP_KNOWN_NUMBER = "sign_up_known_number", "Inscription tentée avec un numéro déjà connu"
    EMAIL_CHANGE_CANCELLED = "email_change_cancelled", "Changement d’adresse e-mail annulé"
    PASSWORD_RESET = "password_reset", "Mot de passe réinitialisé par lien"
    TEMPORARY_SECRET_SENT = "temporary_secret_sent", "Mot de passe provisoire envoyé"
    PHONE_REMOVED = "phone_removed", "Numéro de mobile retiré"
    VALIDATION_RESENT = "validation_resent", "Mail de validation renvoyé par le support"
    ROLE_CHANGED = "role_changed", "Rôles changés par le support"
    STRONG_LINKED = "strong_linked", "Carte CPS ou e-CPS rattachée au compte"
    STRONG_UNLINKED = "strong_unlinked", "Carte CPS ou e-CPS détachée du compte"
    STRONG_REFUSED = "strong_refused", "Carte CPS ou e-CPS refusée"
    NATIONAL_ID_REPLACED = "national_id_replaced", "Identifiant national remplacé par le numéro RPPS"
    NUMBER_RELEASED = "number_released", "Numéro non prouvé retiré : une autre personne l’a prouvé"
    NUMBER_CLAIMED = "number_claimed", "Numéro RPPS du compte saisi dans un autre compte"
    PARTNER_ENTERED = "partner_entered", "Entrée dans une application partenaire"
    PARTNER_REFUSED = "partner_refused", "Entrée refusée dans une application partenaire"
    PARTNER_CONSENT_GIVEN = "partner_consent_given", "Accord donné à une application partenaire"
    PARTNER_CONSENT_REVOKED = "partner_consent_revoked", "Accord retiré à une application partenaire"
    PARTNER_ACCESS_REPLAYED = (
        "partner_access_replayed",
        "Accès d’une application partenaire coupé : présenté deux fois",
    )
    OPENID_CLIENT_REFUSED = "openid_client_refused", "Application partenaire non reconnue"
    OPENID_CLIENT_CHANGED = "openid_client_changed", "Application partenaire changée"
    OPENID_KEY_CHANGED = "openid_key_changed", "Clé de signature renouvelée"
    ADMIN_VIEWED = "admin_viewed", "Fiche consultée par le support"
    ADMIN_CHANGED = "admin_changed", "Contenu du portail changé par le support"
    ADMIN_REFUSED = "admin_refused", "Accès à l’administration refusé"
    DATABASE_SAVED = "database_saved", "Sauvegarde du portail commencée"


def record(
    action: str,
    *,
    request: HttpRequest | None = None,
    actor: User | None = None,
    subject: User | None = None,
    outcome: str = "success",
    reason: str = "",
    method: str = "",
    level: int | None = None,
    **data: Any,
) -> SecurityEvent:
    """Write one row, in the caller's transaction when there is one.

    actor: who acted, None for the clock or an unknown visitor; subject: whose account it is about.
    outcome: "success", "failure" or "refused". `data` must be JSON and hold no personal text.
    """
    figures.count(action, method)
    return prepared.insert(
        SecurityEvent(
            action=Action(action),
            outcome=outcome,
            actor=actor,
            subject=subject,
            reason=reason[:500],
            method=method,
            level=level,
            address=client.address(request) if request else None,
            device=client.device(request)[:60] if request else "",
            correlation_id=_correlation_id(),
            data=data,
        )
    )


def _correlation_id() -> str:
    context = structlog.contextvars.get_contextvars()
    return str(context.get("correlation_id") or context.get("request_id") or context.get("task_id") or "")[
        :40
    ]
