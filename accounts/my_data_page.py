"""« Mes données » as a page to read or print: the same content as the JSON file, its keys in plain French."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format

# Keys of the JSON file have no accent; words that need one, or a capital, when they are read.
_WORDS = {
    "a": "à", "acceptes": "acceptés", "adeli": "ADELI", "cps": "CPS", "cree": "créé", "d": "d’",
    "decision": "décision", "demande": "demandé", "departement": "département",
    "derniere": "dernière", "detache": "détaché", "donne": "donné", "donnees": "données", "email": "e-mail",
    "entree": "entrée", "entrees": "entrées", "etat": "état", "evenement": "événement", "ferme": "fermé",
    "fermee": "fermée", "finess": "FINESS", "identites": "identités", "ip": "IP", "l": "l’",
    "numero": "numéro", "prenom": "prénom", "premiere": "première", "prouve": "prouvé",
    "prouvees": "prouvées", "reception": "réception", "reference": "référence", "resultat": "résultat",
    "retire": "retiré", "rpps": "RPPS", "specialite": "spécialité", "telephone": "téléphone", "termine": "terminé",
    "terminee": "terminée", "validee": "validée", "verifie": "vérifié", "verifier": "vérifier", "acceptee": "acceptée",
    "ajoutee": "ajoutée", "activite": "activité", "utilise": "utilisé", "cles": "clés", "acces": "accès",
    "envoyes": "envoyés", "annoncee": "annoncée", "decidee": "décidée",
}  # fmt: skip


def words(key: str) -> str:
    """« adresse_email_validee_le » → « Adresse e-mail validée le »."""
    text = " ".join(_WORDS.get(word, word) for word in key.split("_"))
    text = text.replace("’ ", "’").replace(" e CPS", " e-CPS")
    return text[:1].upper() + text[1:]


def sections(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Sections of the page, in the order of the file: a title, and either facts or a list of cards of facts."""
    plain = {key: value for key, value in data.items() if not isinstance(value, dict | list)}
    found = [{"title": "Ce fichier", "cards": [_facts(plain)]}]
    for key, value in data.items():
        if isinstance(value, list | dict):
            found += _section(key, value)
    return found


def _section(key: str, value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [{"title": words(key), "cards": [_facts(_as_facts(row)) for row in value]}]
    lists = {name: rows for name, rows in value.items() if isinstance(rows, list)}
    rest = {name: text for name, text in value.items() if name not in lists}
    own = [{"title": words(key), "cards": [_facts(rest)]}] if rest else []
    return own + [section for name, rows in lists.items() for section in _section(name, rows)]


def _as_facts(row: Any) -> dict[str, Any]:
    return row if isinstance(row, dict) else {"nom": row}


def _facts(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(words(key), _text(value)) for key, value in row.items()]


def _text(value: Any) -> str:
    """Lists and rows inside a row on one line; dates as people write them."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, dict):
        return " ; ".join(f"{words(key)} : {_text(one)}" for key, one in value.items())
    if isinstance(value, list):
        return " / ".join(_text(one) for one in value)
    moment = _moment(value)
    return date_format(moment, "j F Y à H:i") if moment else str(value)


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str) or len(value) < 19 or value[10] != "T":
        return None
    try:
        found = parse_datetime(value)
    except ValueError:
        return None
    return timezone.localtime(found) if found and timezone.is_aware(found) else None
