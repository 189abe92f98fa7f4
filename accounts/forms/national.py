"""One field for the numbers a professional may hold: RPPS, ADELI, FINESS or an employer's number (ROR-039)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from portal.common import validators
from portal.common.forms import CleanedField
from portal.referentiels.models import Profession

_MATRICULE = re.compile(r"[A-Z0-9][A-Z0-9/._-]{1,19}")
_SENTENCE = (
    "Saisissez un numéro RPPS (11 chiffres), ADELI ou FINESS (9 caractères), "
    "ou un matricule de 2 à 20 lettres et chiffres."
)


@dataclass(frozen=True)
class NationalNumber:
    """At most one of the three is filled."""

    rpps: str = ""
    adeli: str = ""
    matricule: str = ""

    def __str__(self) -> str:
        return self.rpps or self.adeli or self.matricule


def parse(typed: str, profession: Profession | None = None) -> NationalNumber:
    """Sort the number by its shape. Nine characters may be ADELI or FINESS: the profession, then the key, decide."""
    number = re.sub(r"[\s\u00a0\u202f]", "", typed).upper()
    if not number:
        return NationalNumber()
    if re.fullmatch(r"[0-9]{11}|8[0-9]{11}", number):
        return NationalNumber(rpps=number[-11:])
    if re.fullmatch(r"0?[0-9][0-9AB][0-9]{7}", number):
        nine = number[-9:]
        is_adeli = profession.has_rpps if profession else not validators.finess_key_is_valid(nine)
        return NationalNumber(adeli=nine) if is_adeli else NationalNumber(matricule=nine)
    if number.isdigit() and len(number) >= 10:
        raise ValidationError(
            "Un numéro RPPS compte 11 chiffres : recopiez celui de votre carte.", code="invalid_rpps"
        )
    if not _MATRICULE.fullmatch(number):
        raise ValidationError(_SENTENCE, code="invalid_national_number")
    return NationalNumber(matricule=number)


class NationalNumberField(CleanedField):
    """Checks the shape; the form sorts the number with `parse` once the profession is known."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(max_length=25, **kwargs)
        self.widget.attrs |= {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}

    def clean(self, value: object) -> str:
        text = super().clean(value)
        parse(text)
        return text
