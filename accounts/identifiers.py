"""Sign-in identifiers: what may be chosen, and how one is made when the profile does not let people choose."""

from __future__ import annotations

import re
import secrets

from django.core.exceptions import ValidationError

from accounts.models import User
from portal.common.text import fold
from portal.plateformes import current

MIN_LENGTH, MAX_LENGTH = 3, 60
_SHAPE = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿŒœ0-9._'’-]+")
_NATIONAL_NUMBER = re.compile(r"[0-9][0-9A-Za-z]?[0-9]{7,10}")


def clean(typed: str, *, email: str = "") -> str:
    """Return the identifier as it will be shown, or raise ValidationError with what to do.

    An address other than the person's own and a number that could be somebody's RPPS or ADELI are refused: the
    sign-in field accepts all three, and one person's identifier must never stand in the way of another's.
    """
    text = typed.strip()
    if "@" in text:
        if email and text.casefold() == email.casefold():
            return text
        raise ValidationError(
            "Un identifiant ne contient pas « @ », sauf s’il est votre propre adresse e-mail.", code="address"
        )
    if len(text) < MIN_LENGTH or len(fold(text)) < MIN_LENGTH:
        raise ValidationError(
            f"Choisissez un identifiant d’au moins {MIN_LENGTH} caractères.", code="min_length"
        )
    if not _SHAPE.fullmatch(text):
        raise ValidationError(
            "Utilisez des lettres, des chiffres, le point, le tiret et le tiret bas, sans espace.",
            code="shape",
        )
    if _NATIONAL_NUMBER.fullmatch(text):
        raise ValidationError(
            "Choisissez un identifiant avec des lettres : un numéro professionnel appartient à son titulaire.",
            code="national_number",
        )
    return text


def free(wanted: str, *, except_user: User | None = None) -> str:
    """Return `wanted`, or `wanted` followed by the first figure that nobody has (2, 3…).

    Two people may still ask at the same moment: the unique constraint decides, and the caller asks again.
    """
    taken = _taken(fold(wanted), except_user)
    if fold(wanted) not in taken:
        return wanted
    stem = wanted if not wanted[-1].isdigit() else f"{wanted}."
    figure = 2
    while fold(f"{stem}{figure}") in taken or fold(f"{stem}{figure}") in _taken(fold(stem), except_user):
        figure += 1
    return f"{stem}{figure}"


def _taken(key: str, except_user: User | None) -> set[str]:
    others = User.objects.filter(identifiant_key__startswith=key)
    if except_user is not None:
        others = others.exclude(pk=except_user.pk)
    return set(others.values_list("identifiant_key", flat=True))


def make(*, prenom: str, nom: str) -> str:
    """Make an identifier in the profile's style; free at this moment."""
    if current().identifier.style == "digits_5":
        return _five_digits()
    initial, surname = _plain(prenom)[:1], _plain(nom)
    taken = _taken(initial, None)
    figure = 2
    while fold(f"{initial}{figure}{surname}") in taken:
        figure += 1
    return f"{initial}{figure}{surname}"


def _plain(name: str) -> str:
    return "".join(char for char in fold(name) if char.isascii() and char.isalnum()) or "x"


def _five_digits() -> str:
    for _ in range(200):
        number = f"{secrets.randbelow(100_000):05d}"
        if not User.objects.filter(identifiant_key=number).exists():
            return number
    raise RuntimeError("no free identifier of five digits is left")
