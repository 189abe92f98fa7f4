"""What partners are told: the ID token about the sign-in, UserInfo about the person, by scope (OP-7)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from portal.common import prepared
from portal.hub.oidc import jose, keys, structures, subjects
from portal.hub.oidc.enums import ACR_OF_LEVEL, AMR_OF_MEANS
from portal.hub.oidc.grants import Granted, digest
from portal.hub.oidc.models import OpenIdClient

ID_TOKEN_SECONDS = 300
_TWO_STEPS = 2
CLAIMS = {
    "openid": ("sub",),
    "profile": ("name", "given_name", "family_name", "preferred_username", "updated_at"),
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
    "rpps": ("rpps", "rpps_verified"),
    "structures": ("structures",),
    "roles": ("roles", "profession"),
}


def subject_for(client: OpenIdClient, public_id: UUID | str) -> str:
    return subjects.subject(public_id, is_pairwise=client.is_pairwise, salt=client.pairwise_salt)


def acr_of(level: int) -> str:
    return ACR_OF_LEVEL.get(level, "0")


def amr_of(methods: list[str]) -> list[str]:
    """RFC 8176 names of the means used, `mfa` when there were two or the means holds both proofs."""
    named = list(dict.fromkeys(AMR_OF_MEANS.get(one, "otp") for one in methods))
    is_multiple = len(methods) >= _TWO_STEPS or bool({"sc", "swk"} & set(named))
    return [*named, "mfa"] if is_multiple else named


def id_token(client: OpenIdClient, granted: Granted, access_token: str, *, nonce: str) -> str:
    now = int(timezone.now().timestamp())
    claims: dict[str, Any] = {
        "iss": settings.SITE_URL,
        "sub": subject_for(client, granted.public_id or ""),
        "aud": client.client_id,
        "exp": now + ID_TOKEN_SECONDS,
        "iat": now,
        "auth_time": int(granted.proved_at.timestamp()) if granted.proved_at else now,
        "acr": acr_of(granted.level),
        "amr": amr_of(granted.methods),
        "sid": subjects.sid(granted.session_id or 0, client.pk),
        "at_hash": jose.half_hash(access_token),
    }
    if nonce:
        claims["nonce"] = nonce
    return keys.signer(client.id_token_algorithm).sign(claims)


# --- UserInfo -------------------------------------------------------------------------------------------------
_USERINFO = """
SELECT t.scopes, c.scopes, c.is_pairwise, c.pairwise_salt, u.public_id, u.prenom, u.nom, u.identifiant, u.updated_at,
    u.email, u.email_verified_at, u.phone_mobile, u.phone_mobile_verified_at,
    CASE WHEN u.rpps_asked = '' THEN u.rpps ELSE '' END, u.structure, u.matricule,
    u.code_postal, p.code, p.label, n.national_id,
    ARRAY(SELECT r.name FROM auth_group AS r JOIN accounts_user_groups AS m ON m.group_id = r.id
          WHERE m.user_id = u.id ORDER BY r.name),
    CASE WHEN 'structures' = ANY(t.scopes) AND n.id IS NOT NULL THEN (
        SELECT json_agg(json_build_object('name', COALESCE(NULLIF(a.raison_sociale, ''), a.enseigne),
            'finess', a.numero_finess, 'legal_finess', a.numero_finess_juridique, 'siret', a.numero_siret,
            'postal_code', a.code_postal) ORDER BY a.id)
        FROM referentiels_activiterpps AS a
        WHERE a.professionnel_id = n.national_id AND a.ferme_le IS NULL) END,
    CASE WHEN 'structures' = ANY(t.scopes) AND n.id IS NOT NULL THEN (
        SELECT json_agg(json_build_object('kind', k.kind, 'places', k.structures) ORDER BY k.last_used DESC)
        FROM accounts_strongmeans AS k WHERE k.link_id = n.id AND k.unlinked_at IS NULL) END,
    CASE WHEN 'structures' = ANY(t.scopes) THEN (
        SELECT json_agg(json_build_object('name', w.structure, 'number', w.structure_finess,
            'postal_code', w.code_postal) ORDER BY w.rank)
        FROM accounts_otherworkplace AS w WHERE w.user_id = u.id) END
FROM hub_openidtoken AS t
JOIN hub_openidgrant AS g ON g.id = t.grant_id
JOIN hub_openidclient AS c ON c.id = g.client_id
JOIN accounts_user AS u ON u.id = g.user_id
JOIN accounts_usersession AS s ON s.id = g.session_id
LEFT JOIN referentiels_profession AS p ON p.id = u.profession_id
LEFT JOIN accounts_nationallink AS n ON n.user_id = u.id AND n.ended_at IS NULL AND NOT n.is_former
WHERE t.token_hash = %(hash)s AND NOT t.is_refresh AND t.expires_at > %(now)s AND g.ended_at IS NULL
    AND c.is_active AND u.status = 'active' AND s.ended_at IS NULL AND s.ends_at > %(now)s
"""


def userinfo(access_token: str) -> dict[str, Any] | None:
    """Claims of the scopes of this access token, None when it opens nothing. One query."""
    with prepared.cursor() as cursor:
        cursor.execute(_USERINFO, {"hash": digest(access_token), "now": timezone.now()})
        row = cursor.fetchone()
    return _claims(row) if row else None


def _claims(row: tuple[Any, ...]) -> dict[str, Any]:
    (granted, allowed, is_pairwise, salt, public_id, prenom, nom, identifiant, updated_at) = row[:9]
    (email, email_at, phone, phone_at, rpps, structure, matricule, postcode) = row[9:17]
    (profession, profession_label, national_id, roles, practised, attested, others) = row[17:]
    scopes = set(granted) & set(allowed)
    told: dict[str, Any] = {"sub": subjects.subject(public_id, is_pairwise=is_pairwise, salt=salt)}
    if "profile" in scopes:
        told |= {
            "name": f"{prenom} {nom}".strip(),
            "given_name": prenom,
            "family_name": nom,
            "preferred_username": identifiant,
            "updated_at": int(updated_at.timestamp()),
        }
    if "email" in scopes:
        told |= {"email": email, "email_verified": email_at is not None}
    if "phone" in scopes and phone:
        told |= {"phone_number": phone, "phone_number_verified": phone_at is not None}
    if "rpps" in scopes:
        told |= _rpps(rpps, national_id)
    if "structures" in scopes:
        first = {"name": structure, "number": matricule, "postal_code": postcode}
        told["structures"] = structures.told([first, *(others or [])], practised or [], attested or [])
    if "roles" in scopes:
        told["roles"] = list(roles)
        if profession:
            told["profession"] = {"code": profession, "label": profession_label}
    return told


def _rpps(typed: str, national_id: str | None) -> dict[str, Any]:
    """The number proven by a card or the e-CPS, else the one typed; `rpps_verified` tells which."""
    if national_id and national_id.startswith("8"):
        return {"rpps": national_id[1:], "rpps_verified": True}
    return {"rpps": typed, "rpps_verified": False} if typed else {}
