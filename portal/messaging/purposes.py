"""What each message is for, in the words the support reads."""

from __future__ import annotations

WORDS = {
    "account_accepted": "compte accepté",
    "account_activation": "activation du compte",
    "account_exists": "inscription avec une adresse déjà connue",
    "account_refused": "compte refusé",
    "account_state": "compte suspendu, rouvert ou fermé",
    "code_ephemeral": "code éphémère",
    "code_phone_proof": "preuve du téléphone",
    "code_reprove": "code demandé à nouveau",
    "code_sign_in": "code de connexion",
    "dormant_agent": "compte d’agent qui ne sert plus",
    "factor_removal": "retrait d’un moyen perdu",
    "factor_removal_support": "retrait à vérifier (support)",
    "identifier_reminder": "rappel de l’identifiant",
    "inactivity_warning": "fermeture annoncée, faute d’activité",
    "not_me_support": "« Ce n’était pas moi » (support)",
    "number_is_held": "inscription avec un numéro déjà connu",
    "password_reset": "nouveau mot de passe",
    "request_received": "demande de compte reçue",
    "reset_refused": "mot de passe demandé, compte non ouvert",
    "security_notice": "avis de sécurité",
    "sign_up_validation": "validation de l’adresse",
    "strong_alert": "identité à vérifier (support)",
    "temporary_secret": "mot de passe provisoire",
    "ticket_answered": "demande d’assistance : réponse",
    "ticket_closed": "demande d’assistance : close",
    "ticket_for_experts": "demande d’assistance : avis des experts",
    "ticket_forwarded": "demande d’assistance : transmise",
    "ticket_received": "demande d’assistance : reçue",
    "verification": "vérification de l’installation",
}


def words(purpose: str) -> str:
    return WORDS.get(purpose, purpose)
