"""From UserInfo to StrongIdentity. The source is full of holes: any block may be missing, any value empty or odd."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import structlog
from django.conf import settings

from accounts.enums import Civilite
from accounts.psc.reasons import PscRefused, Reason
from accounts.strong import numbers
from accounts.strong.identity import StrongIdentity, Structure

log = structlog.get_logger(__name__)

MAX_NAME = 100
MAX_TEXT = 200
MAX_CODE = 20
# A person has a handful; a document with more is not a person's.
MAX_ITEMS = 50

# Type digit then number (table TRE_G08): RPPS, ADELI, or an establishment's number and its own id.
_NATIONAL_ID = re.compile(r"8[0-9]{11}|0[0-9A-Z]{9}|[13456][0-9A-Z]{8,14}/[0-9A-Za-z._-]{1,40}")
# The sandbox also knows people by numbers such as ANS20231122132732.
_TEST_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/-]{2,63}")
_CODE = re.compile(r"[0-9A-Za-z._-]{1,20}")
_CIVILITES = {"M": Civilite.MONSIEUR, "MME": Civilite.MADAME, "MLLE": Civilite.MADAME}
_LENGTH_OF_PROFESSION = 2
_SPECIALITY = "S"


def read(userinfo: dict[str, Any], claims: dict[str, Any]) -> StrongIdentity:
    """The identity proven by a verified ID token and the UserInfo of the same subject.

    Raises PscRefused: SUBJECT_MISMATCH, NATIONAL_ID_MISSING, NATIONAL_ID.
    """
    if not claims.get("sub") or userinfo.get("sub") != claims["sub"]:
        raise PscRefused(Reason.SUBJECT_MISMATCH)
    directory = _block(userinfo.get("SubjectRefPro"))
    practices = [_block(item) for item in _items(directory.get("exercices"))]
    activities = [_block(item) for practice in practices for item in _items(practice.get("activities"))]
    activities = activities[:MAX_ITEMS]
    said = [code(item) for item in _items(userinfo.get("SubjectRole"))]
    return StrongIdentity(
        means="ecps",
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        national_id=_national_id(userinfo.get("SubjectNameID")),
        nom=text(userinfo.get("family_name"), MAX_NAME) or _first(practices, "nomDexercice"),
        prenom=text(userinfo.get("given_name"), MAX_NAME) or _first(practices, "prenomDexercice"),
        civilite=_civilite(userinfo, directory),
        profession_codes=_professions(practices, said),
        role_codes=_unique(
            [
                *(code(activity.get("codeRole")) for activity in activities),
                *(role for role in said if len(role) > _LENGTH_OF_PROFESSION),
            ]
        ),
        specialite_codes=_specialities(practices),
        structures=_structures(activities),
        phone=_phone(activities),
        auth_time=_auth_time(claims.get("auth_time")),
        acr=text(claims.get("acr"), MAX_CODE),
        raw_hint=_hint(userinfo),
    )


def text(value: Any, limit: int = MAX_TEXT) -> str:
    """Plain text or ""; NFC, one line, without control and direction marks, at most `limit` characters."""
    if not isinstance(value, str):
        return ""
    normal = unicodedata.normalize("NFC", value[: limit * 4])
    # Cc control, Cf direction and zero-width marks, Cs lone surrogates, Co and Cn nobody's letters.
    kept = "".join(" " if unicodedata.category(c) == "Cc" else c for c in normal)
    kept = "".join(c for c in kept if unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"})
    return " ".join(kept.split())[:limit].strip()


def code(value: Any) -> str:
    """Code of a nomenclature, without the « ^OID » that may follow; "" for what is none."""
    found = text(value, MAX_TEXT).split("^", 1)[0].strip()
    return found if _CODE.fullmatch(found) else ""


def _block(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return value[:MAX_ITEMS] if isinstance(value, list) else []


def _unique(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found for found in codes if found))


def _first(practices: list[dict[str, Any]], name: str) -> str:
    return next((found for item in practices if (found := text(item.get(name), MAX_NAME))), "")


def _national_id(value: Any) -> str:
    """The prefixed national number. Its key is not judged: PSC has proven the person, not typed a number."""
    found = text(value)
    if not found:
        raise PscRefused(Reason.NATIONAL_ID_MISSING)
    is_known = bool(_NATIONAL_ID.fullmatch(found))
    if not is_known and (settings.PSC.environment == "production" or not _TEST_ID.fullmatch(found)):
        raise PscRefused(Reason.NATIONAL_ID)
    if settings.PSC.environment == "production" and numbers.is_of_test_range(found):
        log.warning("test_number_in_production", means="ecps")
    return found


def _civilite(userinfo: dict[str, Any], directory: dict[str, Any]) -> str:
    """PSC writes it at the top or in the directory's block."""
    for place in (userinfo, directory):
        found = _CIVILITES.get(text(place.get("codeCivilite"), MAX_CODE).upper())
        if found:
            return found.value
    return ""


def _professions(practices: list[dict[str, Any]], said: list[str]) -> tuple[str, ...]:
    """Those of the directory; else the two-figure codes of SubjectRole, where roles have three."""
    listed = _unique(code(practice.get("codeProfession")) for practice in practices)
    return listed or _unique(role for role in said if len(role) == _LENGTH_OF_PROFESSION)


def _specialities(practices: list[dict[str, Any]]) -> tuple[str, ...]:
    return _unique(
        code(practice.get("codeSavoirFaire"))
        for practice in practices
        if code(practice.get("codeTypeSavoirFaire")) == _SPECIALITY
    )


def _structures(activities: list[dict[str, Any]]) -> tuple[Structure, ...]:
    found = (_structure(activity) for activity in activities)
    return tuple(dict.fromkeys(place for place in found if place != Structure()))


def _structure(activity: dict[str, Any]) -> Structure:
    street = " ".join(_street(activity))
    return Structure(
        raison_sociale=text(activity.get("raisonSocialeSite"))
        or text(activity.get("enseigneCommercialeSite")),
        finess=code(activity.get("numeroFinessSite")),
        siret=code(activity.get("numeroSiretSite")),
        technical_id=code(activity.get("identifiantTechniqueDeLaStructure")),
        national_id=code(activity.get("ancienIdentifiantDeLaStructure")),
        secteur_code=code(activity.get("codeSecteurDactivite")),
        adresse=street[:MAX_TEXT],
        code_postal=code(activity.get("codePostal")),
        commune_code=code(activity.get("codeCommune")),
        telephone=_digits(activity.get("telephone")),
    )


def _street(activity: dict[str, Any]) -> Iterator[str]:
    for name in ("numeroVoie", "indiceRepetitionVoie", "codeTypeDeVoie", "libelleVoie"):
        if found := text(activity.get(name), MAX_TEXT):
            yield found


def _phone(activities: list[dict[str, Any]]) -> str:
    return next((found for item in activities if (found := _digits(item.get("telephone")))), "")


def _digits(value: Any) -> str:
    found = text(value, 30)
    return found if re.fullmatch(r"\+?[0-9][0-9 .]{7,20}", found) else ""


def _auth_time(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _hint(userinfo: dict[str, Any]) -> dict[str, Any]:
    """For support: how the person signed in and the other numbers the directory knows (an ADELI before the RPPS)."""
    others = _items(userinfo.get("otherIds")) or _items(userinfo.get("otherIDs"))
    numbers = [
        {"identifiant": number, "origine": code(_block(item).get("origine"))}
        for item in others
        if (number := text(_block(item).get("identifiant"), 64)) and _TEST_ID.fullmatch(number)
    ]
    return {
        "environment": settings.PSC.environment,
        "auth_mode": code(userinfo.get("authMode")),
        "palier": code(userinfo.get("Palier_Authentification")),
        "other_ids": numbers,
    }
