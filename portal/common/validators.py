"""Shapes of what people type: numbers of the health world, phones, addresses, names.

Each `clean_*` returns the stored form or raises `ValidationError` with a French sentence and a `code`.
A key that fails on an RPPS number is a warning only (`rpps_key_is_valid`): the number may still be right.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email

MAX_LINE = 200
MAX_TEXT = 5000
MAX_URL = 500
MAX_EMAIL = 254
MAX_PASSWORD_BYTES = 4096

# Left-to-right marks and overrides make a text read otherwise than it is; zero-width ones hide words.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_BREAKS = frozenset("\n\r\t")
_SPACES_AND_DOTS = re.compile(r"[\s.\u00a0\u202f\-]+")


# --- text ---------------------------------------------------------------------------------------
def clean_text(value: str, *, max_length: int = MAX_LINE, multiline: bool = False) -> str:
    """NFC text without control or direction characters, at most `max_length` characters."""
    if any(0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise ValidationError(
            "Ce texte contient un caractère invalide : retapez-le.", code="invalid_character"
        )
    value = unicodedata.normalize("NFC", value)
    check_characters(value, multiline=multiline)
    if len(value) > max_length:
        raise ValidationError(too_long_message(max_length, len(value)), code="max_length")
    return value


def check_characters(value: str, *, multiline: bool = False) -> None:
    """Refuse NUL, control, direction and surrogate characters; line breaks pass only when `multiline`."""
    allowed = _LINE_BREAKS if multiline else frozenset("\t")
    for char in value:
        if char in _BIDI or (unicodedata.category(char) in {"Cc", "Cs"} and char not in allowed):
            raise ValidationError(
                "Ce texte contient un caractère invisible refusé : retapez-le sans copier-coller.",
                code="invalid_character",
            )


def too_long_message(limit: int, length: int) -> str:
    return f"Raccourcissez ce texte : {limit} caractères au plus, vous en avez saisi {length}."


def clean_name(value: str, *, max_length: int = 100) -> str:
    """Name of a person: letters of any script, spaces, hyphens, apostrophes and dots; case is kept."""
    value = " ".join(clean_text(value, max_length=max_length).split())
    if not any(char.isalpha() for char in value):
        raise ValidationError("Saisissez un nom, avec des lettres.", code="invalid_name")
    wrong = sorted({c for c in value if not (c.isalpha() or unicodedata.combining(c) or c in " -'’.‐·")})
    if wrong:
        raise ValidationError(
            f"Un nom s'écrit avec des lettres, des tirets et des apostrophes ; retirez {' '.join(wrong)}.",
            code="invalid_name",
        )
    return value


# --- keys -----------------------------------------------------------------------------------------
def luhn_is_valid(digits: str) -> bool:
    """Luhn sum over ASCII digits, key included."""
    return _luhn_sum(digits) % 10 == 0


def _luhn_sum(digits: str) -> int:
    total = 0
    for rank, char in enumerate(reversed(digits)):
        doubled = int(char) * (2 if rank % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total


def _compact(value: str) -> str:
    return _SPACES_AND_DOTS.sub("", value).upper()


def _refuse(sentence: str, code: str) -> ValidationError:
    return ValidationError(sentence, code=code)


# --- people ----------------------------------------------------------------------------------------
def clean_rpps(value: str) -> str:
    """11 digits, as on the card. The key is not a reason to refuse: see `rpps_key_is_valid`."""
    number = _compact(value)
    if not re.fullmatch(r"[0-9]{11}", number):
        raise _refuse("Un numéro RPPS compte 11 chiffres : recopiez celui de votre carte.", "invalid_rpps")
    return number


def rpps_key_is_valid(number: str) -> bool:
    """The last of the 11 digits is a Luhn key. False is a warning to show, never a refusal."""
    return bool(re.fullmatch(r"[0-9]{11}", number)) and luhn_is_valid(number)


def clean_adeli(value: str) -> str:
    """9 characters: digits, with the letter of Corsica (2A, 2B) or of a test number in second place."""
    number = _compact(value)
    if not re.fullmatch(r"[0-9][0-9A-Z][0-9]{7}", number):
        raise _refuse("Un numéro ADELI compte 9 caractères : recopiez celui de votre carte.", "invalid_adeli")
    return number


def clean_national_identifier(value: str) -> str:
    """National identifier of an RPPS holder: « 8 » then the 11 digits of the RPPS number (12 in all)."""
    number = _compact(value)
    if not re.fullmatch(r"8[0-9]{11}", number):
        raise _refuse(
            "Un identifiant national compte 12 chiffres : « 8 » suivi de votre numéro RPPS.",
            "invalid_national_identifier",
        )
    return number


@dataclass(frozen=True)
class ProfessionalNumber:
    """`kind` is « rpps » or « adeli »; `national` carries the prefix of the published nomenclature."""

    kind: str
    number: str

    @property
    def national(self) -> str:
        return ("8" if self.kind == "rpps" else "0") + self.number


def parse_professional_number(value: str) -> ProfessionalNumber:
    """RPPS (11), ADELI (9), or either with its national prefix (12 with « 8 », 10 with « 0 »)."""
    number = _compact(value)
    if not 9 <= len(number) <= 12:
        raise _refuse("Ce numéro compte de 9 à 12 caractères, comme sur la carte.", "invalid_length")
    if len(number) == 12:
        return ProfessionalNumber("rpps", clean_national_identifier(number)[1:])
    if len(number) == 11:
        return ProfessionalNumber("rpps", clean_rpps(number))
    if len(number) == 10 and number[0] != "0":
        raise _refuse(
            "Ce numéro n'est ni un RPPS (11 chiffres) ni un ADELI (9).", "invalid_professional_number"
        )
    return ProfessionalNumber("adeli", clean_adeli(number[-9:]))


# --- structures --------------------------------------------------------------------------------------
def finess_key_is_valid(number: str) -> bool:
    """Luhn key of a FINESS number; the letter of Corsica counts as its rank (2A → 21, 2B → 22)."""
    if not re.fullmatch(r"(?:[0-9]{2}|2[AB])[0-9]{7}", number):
        return False
    return luhn_is_valid(number.replace("A", "1").replace("B", "2"))


def clean_finess(value: str) -> str:
    """9 characters (department, rank, key); « 2A » and « 2B » for Corsica."""
    number = _compact(value)
    if not re.fullmatch(r"(?:[0-9]{2}|2[AB])[0-9]{7}", number):
        raise _refuse(
            "Un numéro FINESS compte 9 chiffres (2A ou 2B en tête pour la Corse).", "invalid_finess"
        )
    if not finess_key_is_valid(number):
        raise _refuse("Ce numéro FINESS contient une faute de frappe : sa clé est fausse.", "invalid_key")
    return number


def clean_siren(value: str) -> str:
    number = _compact(value)
    if not re.fullmatch(r"[0-9]{9}", number):
        raise _refuse("Un numéro SIREN compte 9 chiffres.", "invalid_siren")
    if not luhn_is_valid(number):
        raise _refuse("Ce numéro SIREN contient une faute de frappe : sa clé est fausse.", "invalid_key")
    return number


LA_POSTE = "356000000"


def siret_key_is_valid(number: str) -> bool:
    """Luhn over the 14 digits; branches of La Poste have a digit sum that is a multiple of 5 instead."""
    if not re.fullmatch(r"[0-9]{14}", number):
        return False
    if luhn_is_valid(number):
        return True
    return number.startswith(LA_POSTE) and sum(map(int, number)) % 5 == 0


def clean_siret(value: str) -> str:
    number = _compact(value)
    if not re.fullmatch(r"[0-9]{14}", number):
        raise _refuse("Un numéro SIRET compte 14 chiffres.", "invalid_siret")
    if not siret_key_is_valid(number):
        raise _refuse("Ce numéro SIRET contient une faute de frappe : sa clé est fausse.", "invalid_key")
    return number


def clean_finess_or_siret(value: str) -> str:
    """9 characters: FINESS; 14 digits: SIRET."""
    number = _compact(value)
    if len(number) == 14:
        return clean_siret(number)
    if len(number) == 9:
        return clean_finess(number)
    raise _refuse("Saisissez un numéro FINESS (9 caractères) ou SIRET (14 chiffres).", "invalid_length")


def clean_postal_code(value: str) -> str:
    """5 digits; French postal codes begin with 01 to 98."""
    code = _compact(value)
    if not re.fullmatch(r"(?:0[1-9]|[1-8][0-9]|9[0-8])[0-9]{3}", code):
        raise _refuse("Un code postal compte 5 chiffres, par exemple 94000.", "invalid_postal_code")
    return code


# --- phones ---------------------------------------------------------------------------------------------
# Metropolitan France first: « 06 39 98 xx xx » (numbers kept for fiction) would else read as Mayotte's 0639.
_FRENCH_REGIONS = ("FR", "GP", "GF", "MQ", "RE", "YT", "PM", "BL", "MF")
_FRENCH_CODES = frozenset({33, 262, 508, 590, 594, 596, 681, 687, 689})
_FICTIONAL_MOBILE = re.compile(r"\+3363998[0-9]{4}")
_PHONE_CHARACTERS = re.compile(r"[+0-9()\s./\u00a0\u202f\-‐–]+")
_PHONE_SENTENCE = "Saisissez un numéro de téléphone français, par exemple 01 23 45 67 89."


def clean_phone(value: str) -> str:
    """E.164 form of a French number, metropolitan or overseas (+33, 0033, 0…); short numbers are refused."""
    typed = clean_text(value, max_length=40).strip()
    if not _PHONE_CHARACTERS.fullmatch(typed):
        raise _refuse(_PHONE_SENTENCE, "invalid_phone")
    typed = re.sub(r"^00", "+", re.sub(r"^\(?\s*(?=\+|00)", "", typed))
    for region in _FRENCH_REGIONS:
        number = _valid_number(typed, region)
        if number:
            return number
    raise _refuse(_PHONE_SENTENCE, "invalid_phone")


def _valid_number(typed: str, region: str) -> str | None:
    try:
        parsed = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        return None
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if parsed.extension or parsed.country_code not in _FRENCH_CODES:
        return None
    if _FICTIONAL_MOBILE.fullmatch(e164) or phonenumbers.is_valid_number(parsed):
        return e164
    return None


def is_mobile_phone(number: str) -> bool:
    """An E.164 number that can receive an SMS."""
    if _FICTIONAL_MOBILE.fullmatch(number):
        return True
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    kinds = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    return phonenumbers.number_type(parsed) in kinds


def clean_mobile_phone(value: str) -> str:
    """As `clean_phone`, and able to receive an SMS."""
    number = clean_phone(value)
    if not is_mobile_phone(number):
        raise _refuse("Saisissez un numéro de mobile : un code y sera envoyé par SMS.", "not_mobile")
    return number


def format_phone(number: str) -> str:
    """« 06 39 98 12 34 » for metropolitan France, « +262 692 12 34 56 » elsewhere; other text as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    style = phonenumbers.PhoneNumberFormat
    national = parsed.country_code == 33
    return phonenumbers.format_number(parsed, style.NATIONAL if national else style.INTERNATIONAL)


# --- mail ------------------------------------------------------------------------------------------------
# A whole name of this kind is a shared mailbox.
GENERIC_MAILBOXES = frozenset(
    {
        *("admin", "administratif", "administration", "agenda", "bonjour", "bureau", "cabinet", "centre"),
        *("communication", "compta", "comptabilite", "courrier", "direction", "drh", "dsi", "equipe"),
        *("facturation", "gestion", "hello", "infirmerie", "information", "informations", "info", "infos"),
        *("mail", "mairie", "noreply", "nepasrepondre", "office", "pharmacie", "planning", "postmaster"),
        *("presidence", "qualite", "rdv", "recrutement", "rendezvous", "rh", "secretaire"),
        *("secretariatmedical", "service", "services", "support", "urgences", "webmaster"),
    }
)
# These make it shared even when more words follow: secretariat-cardio@, accueil.urgences@.
_GENERIC_STARTS = frozenset({"accueil", "contact", "contacts", "secretariat", "standard"})
MSSANTE_ROOT = "mssante.fr"
_EMAIL_SENTENCE = "Saisissez une adresse e-mail complète, par exemple prenom.nom@exemple.fr."


def clean_email(value: str) -> str:
    """Address with its domain in lower case; the local part is kept as typed."""
    address = clean_text(value.strip(), max_length=MAX_EMAIL)
    try:
        validate_email(address)
    except ValidationError as error:
        raise _refuse(_EMAIL_SENTENCE, "invalid_email") from error
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def is_mssante(email: str, declared_domains: Iterable[str] = ()) -> bool:
    """Secure health mailbox: `mssante.fr`, a sub-domain of it, or a domain declared as such."""
    domain = email.rpartition("@")[2].strip().rstrip(".").lower()
    roots = (MSSANTE_ROOT, *(declared.lower() for declared in declared_domains))
    return any(domain == root or domain.endswith("." + root) for root in roots)


def is_generic_mailbox(email: str, more_names: Iterable[str] = ()) -> bool:
    """The mailbox is shared (accueil@, contact@, secretariat-cardio@…): nobody in particular reads it."""
    local = email.rpartition("@")[0].strip().lower().partition("+")[0]
    plain = "".join(c for c in unicodedata.normalize("NFKD", local) if not unicodedata.combining(c))
    starts = _GENERIC_STARTS.union(name.lower() for name in more_names)
    letters = re.sub(r"[._\-0-9]", "", plain)
    return letters in GENERIC_MAILBOXES | starts or re.split(r"[._\-0-9]", plain)[0] in starts


# --- addresses of the web ----------------------------------------------------------------------------
_URL_SENTENCE = "Saisissez une adresse web complète, par exemple https://exemple.fr."
_check_url = URLValidator(schemes=["http", "https"])


def clean_public_url(value: str) -> str:
    """Web address people will click: http(s), a real host, and no user-info before an « @ » (phishing)."""
    url = clean_text(value.strip(), max_length=MAX_URL)
    if url and "://" not in url and not url.lower().startswith(("javascript:", "data:", "mailto:")):
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        holds_user_info = "@" in parts.netloc
    except ValueError as error:
        raise _refuse(_URL_SENTENCE, "invalid_url") from error
    if holds_user_info:
        raise _refuse(
            "Retirez le « @ » de l'adresse du site : une adresse de cette forme peut tromper vos visiteurs.",
            "user_info",
        )
    try:
        _check_url(url)
    except ValidationError as error:
        raise _refuse(_URL_SENTENCE, "invalid_url") from error
    return url
