"""« Mes données »: all that the portal holds about a person, for that person (DAT-4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import devices_means, journal, journal_words, notifications, second_proof, sessions, workplaces
from accounts.models import User
from accounts.workplaces import Workplace
from portal.messaging.models import OutgoingMessage
from portal.plateformes import current

FORMAT_VERSION = 2
MAX_EVENTS = 5000
_providers: dict[str, Callable[[User], Any]] = {}


def register(name: str, provider: Callable[[User], Any]) -> None:
    """What lies above gives its part of the export: JSON-ready, under the French key `name`."""
    _providers[name] = provider


def export(user: User, *, request: HttpRequest | None = None) -> dict[str, Any]:
    """Collect the data, note the export in the journal and tell the owner. No secret, hash or token is in it."""
    data = collect(user)
    with transaction.atomic():
        journal.record(journal.Action.DATA_EXPORTED, request=request, actor=user, subject=user)
        notifications.tell_data_exported(user, at=timezone.now())
    return data


def collect(user: User) -> dict[str, Any]:
    """JSON-ready, with French keys: people read this file."""
    return {
        "format": FORMAT_VERSION,
        "portail": current().name,
        "produit_le": _date(timezone.now()),
        "compte": _account(user),
        "documents_acceptes": [
            {"document": row.document, "version": row.version, "accepte_le": _date(row.accepted_at)}
            for row in user.acceptances.order_by("accepted_at")
        ],
        "changements_d_etat": _moves(user),
        "changements_d_adresse": _email_changes(user),
        "identites_prouvees": _identities(user),
        "moyens_de_connexion": _means(user),
        "retraits_de_moyens_perdus": _lost_factors(user),
        "sessions": _sessions(user),
        "journal": _journal(user),
        "messages_envoyes": _sent(user),
        **{name: provider(user) for name, provider in _providers.items()},
    }


def _moves(user: User) -> list[dict[str, Any]]:
    return [
        {"decision": row.name, "de": row.source, "a": row.target, "motif": row.reason, "le": _date(row.at)}
        for row in user.transitions.order_by("at")
    ]


def _email_changes(user: User) -> list[dict[str, Any]]:
    return [
        {
            "adresse": row.new_email,
            "etat": row.get_status_display(),
            "demande_le": _date(row.requested_at),
        }
        for row in user.email_changes.order_by("requested_at")
    ]


def _identities(user: User) -> list[dict[str, Any]]:
    return [
        {
            "identifiant_national": row.national_id,
            "ancien": row.is_former,
            "prouve_le": _date(row.proven_at),
            "termine_le": _date(row.ended_at),
            "cartes_et_e_cps": [
                {
                    "moyen": means.label,
                    "premiere_utilisation": _date(means.first_seen),
                    "derniere_utilisation": _date(means.last_used),
                    "detache_le": _date(means.unlinked_at),
                }
                for means in row.means.order_by("first_seen", "pk")
            ],
        }
        for row in user.national_links.order_by("proven_at", "pk")
    ]


def _lost_factors(user: User) -> list[dict[str, Any]]:
    return [
        {
            "moyen": row.get_scope_display(),
            "etat": row.get_status_display(),
            "par_l_assistance": not row.is_by_owner,
            "demande_le": _date(row.asked_at),
            "etat_du": _date(row.status_at),
        }
        for row in user.factor_removals.order_by("asked_at", "pk")
    ]


def _sent(user: User) -> list[dict[str, Any]]:
    return [
        {
            "canal": row.get_channel_display(),
            "objet": row.subject,
            "etat": row.get_status_display(),
            "le": _date(row.created_at),
        }
        for row in _messages(user)
    ]


def _means(user: User) -> dict[str, Any]:
    """What the person signs in with; no secret, no key."""
    totp = devices_means.totp_of(user)
    return {
        "mot_de_passe": user.has_usable_password(),
        "application_d_authentification_ajoutee_le": _date(totp.created_at) if totp else None,
        "application_d_authentification_derniere_utilisation": _date(totp.last_used_at) if totp else None,
        "codes_de_secours_restants": second_proof.unused_recovery_codes(user),
        "cles_d_acces": [
            {
                "nom": key.name,
                "ajoutee_le": _date(key.added_at),
                "derniere_utilisation": _date(key.last_used_at),
            }
            for key in devices_means.passkeys(user)
        ],
    }


def _sessions(user: User) -> list[dict[str, Any]]:
    rows = list(user.portal_sessions.order_by("started_at", "pk"))
    opened = sessions.applications_of(rows)
    return [
        {
            "appareil": row.device,
            "adresse_ip": row.address,
            "niveau": row.get_level_display(),
            "moyens": journal_words.means(row.methods),
            "ouverte_le": _date(row.started_at),
            "derniere_activite_le": _date(row.seen_at),
            "fermee_le": _date(row.ended_at),
            "applications": [{"nom": one.name, "entree_le": _date(one.at)} for one in opened[row.pk]],
        }
        for row in rows
    ]


def _journal(user: User) -> list[dict[str, Any]]:
    rows = list(user.security_events.select_related("actor").order_by("id")[:MAX_EVENTS])
    names = journal_words.names_of_applications(rows)
    told = [journal_words.told(row, names) for row in rows]
    return [
        {
            "date": _date(row.at),
            "evenement": words["title"],
            "resultat": row.outcome,
            "application": journal_words.application(row, names),
            "moyen": row.method,
            "adresse_ip": row.address,
            "appareil": row.device,
            "par_l_assistance": bool(words["who"]),
        }
        for row, words in zip(rows, told, strict=True)
    ]


def _messages(user: User) -> QuerySet[OutgoingMessage]:
    reference = notifications.subject_ref(user)
    return OutgoingMessage.objects.filter(subject_ref=reference).order_by("created_at")


def _account(user: User) -> dict[str, Any]:
    return {
        "reference": str(user.public_id),
        "identifiant": user.identifiant,
        "etat": user.get_status_display(),
        "civilite": user.get_civilite_display(),
        "nom": user.nom,
        "prenom": user.prenom,
        "adresse_email": user.email,
        "adresse_email_validee_le": _date(user.email_verified_at),
        "adresse_de_communication": user.communication_email,
        "telephone_mobile": user.phone_mobile,
        "telephone_mobile_verifie_le": _date(user.phone_mobile_verified_at),
        "telephone_fixe": user.phone_fixe,
        "reception_des_codes": user.get_preferred_channel_display(),
        "profession": str(user.profession) if user.profession else "",
        "profession_exacte": user.profession_libre,
        "specialite": user.specialite,
        "rpps": user.rpps_asked or user.rpps,
        "rpps_a_verifier": bool(user.rpps_asked),
        "adeli": user.adeli,
        "finess_ou_matricule": user.matricule,
        "structure": user.structure,
        "structure_finess": user.structure_finess,
        "type_de_fonction": user.fonction,
        "service": user.service,
        "adresse": user.adresse,
        "code_postal": user.code_postal,
        "ville": user.ville,
        "departement": user.departement,
        "autres_lieux_d_exercice": [_workplace(place) for place in workplaces.others(user)],
        "commentaire": user.comment,
        "lettre_d_information_acceptee_le": _date(user.newsletter_consent_at),
        "mot_de_passe_choisi_le": _date(user.password_changed_at),
        "cree_le": _date(user.created_at),
        "fermeture_annoncee_le": _date(user.inactive_warned_at),
    }


def _workplace(place: Workplace) -> dict[str, str]:
    return {
        "structure": place.structure,
        "structure_finess": place.structure_finess,
        "type_de_fonction": place.fonction,
        "service": place.service,
        "adresse": place.adresse,
        "code_postal": place.code_postal,
        "ville": place.ville,
        "departement": place.departement,
    }


def _date(moment: datetime | None) -> str | None:
    return timezone.localtime(moment).isoformat(timespec="seconds") if moment else None
