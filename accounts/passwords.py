"""Passwords: one hash per attempt, the platform's policy, and a generator.

The policy is data of the profile (C1); refusals common to all are the well-known passwords, the words of the portal and
what is known of the person (PWD-2). A value is checked exactly as typed: no trim, no case fold, no cut (PWD-3).
"""

from __future__ import annotations

import os
import re
import secrets
import string
import threading
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError

from accounts.models import User
from portal.common.text import fold
from portal.plateformes import Plateforme, current

MAX_BYTES = 4096
GENERATED_LENGTH = 16
_MIN_PERSONAL_WORD = 4

# At most one hash per core at a time: the excess waits in line and the rest of the site stays responsive.
_slots = threading.BoundedSemaphore(
    max(1, getattr(settings, "PASSWORD_HASH_SLOTS", 0) or os.cpu_count() or 1)
)


# --- checking -------------------------------------------------------------------------------------------
def check(user: User | None, raw: str) -> bool:
    """Compare with exactly one hash of work, also for nobody, an unusable password or one that is too long (ABU-1)."""
    too_long = len(raw.encode("utf-8", "surrogatepass")) > MAX_BYTES
    # No password holds a lone surrogate (they are refused when chosen) and the hash could not encode it.
    typed = "" if too_long else raw.encode("utf-8", "replace").decode()
    with _slots:
        if user is None or too_long:
            make_password(typed)
            return False
        return user.check_password(typed)


# --- the policy -------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Rule:
    """One line of the policy. `pattern` (JavaScript, flag u) and `minimum` drive the live ticks; `test` decides here.

    The rule holds when at least `minimum` characters match `pattern`; the rule "classes" counts the patterns of
    `parts` that match.
    """

    key: str
    label: str
    pattern: str
    minimum: int
    parts: tuple[str, ...] = ()
    test: Callable[[str], bool] = bool


_CLASSES: dict[str, tuple[str, str, Callable[[str], bool]]] = {
    "lower": ("une lettre minuscule", r"\p{Ll}", str.islower),
    "upper": ("une lettre majuscule", r"\p{Lu}", str.isupper),
    "digit": ("un chiffre", r"\p{Nd}", str.isdecimal),
    "special": ("un caractère spécial", r"[^\p{L}\p{N}\p{M}]", lambda char: not _is_word_character(char)),
}


def _is_word_character(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNM"


def rules(plateforme: Plateforme) -> list[Rule]:
    """The lines shown under the field, in order."""
    policy = plateforme.password
    lines = [
        Rule(
            "length",
            f"au moins {policy.min_length} caractères",
            r"[\s\S]",
            policy.min_length,
            test=lambda raw: len(raw) >= policy.min_length,
        )
    ]
    if policy.min_classes >= len(policy.classes):
        return lines + [_class_rule(name) for name in policy.classes]
    names = [_CLASSES[name][0] for name in policy.classes]
    label = f"au moins {policy.min_classes} de ces catégories : {', '.join(names[:-1])} et {names[-1]}"
    parts = tuple(_CLASSES[name][1] for name in policy.classes)
    return [
        *lines,
        Rule("classes", label, "", policy.min_classes, parts, _enough(policy.classes, policy.min_classes)),
    ]


def _class_rule(name: str) -> Rule:
    label, pattern, holds = _CLASSES[name]
    return Rule(name, f"au moins {label}", pattern, 1, test=lambda raw: any(map(holds, raw)))


def _enough(names: tuple[str, ...], minimum: int) -> Callable[[str], bool]:
    return lambda raw: sum(any(map(_CLASSES[name][2], raw)) for name in names) >= minimum


class PlatformPolicyValidator:
    """Django's hook: raises ValidationError with one sentence for each rule broken."""

    def validate(self, password: str, user: User | None = None) -> None:
        problems = list(_problems(password, user, current()))
        if problems:
            raise ValidationError(problems)

    def get_help_text(self) -> str:
        return "Votre mot de passe contient " + ", ".join(rule.label for rule in rules(current())) + "."


def _problems(password: str, user: User | None, plateforme: Plateforme) -> Iterator[ValidationError]:
    if len(password.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        yield ValidationError("Ce mot de passe est trop long : 4 096 octets au plus.", code="max_length")
        return
    # U+FFFD stands for bytes that were no text: others would open as well.
    if any(unicodedata.category(char) in {"Cc", "Cs"} or char == "\ufffd" for char in password):
        yield ValidationError(
            "Retirez les caractères invisibles de ce mot de passe.", code="invalid_character"
        )
        return
    for rule in rules(plateforme):
        if not rule.test(password):
            yield ValidationError(f"Il manque : {rule.label}.", code=rule.key)
    if is_common(password):
        yield ValidationError(
            "Ce mot de passe est trop courant : il figure parmi les premiers essayés par un pirate.",
            code="common",
        )
    if _holds(password, _personal_words(user)):
        yield ValidationError(
            "Ce mot de passe contient votre nom, votre adresse ou un de vos numéros : choisissez autre chose.",
            code="personal",
        )
    if _holds(password, _portal_words(plateforme)):
        yield ValidationError(
            "Ce mot de passe contient le nom du portail ou de la région : choisissez autre chose.",
            code="context",
        )


# --- what everybody would try -------------------------------------------------------------------------
# Words a French keyboard and habits give; the list of 20 000 that ships with Django covers the rest.
_FRENCH_WORDS = (
    "motdepasse mdp secret azerty azertyuiop azertyui qwerty qwertz bonjour bonsoir coucou salut soleil "
    "lune doudou loulou chouchou chaton minou toutou chocolat camille nicolas julien marine pauline "
    "thomas sebastien anthony marseille paris lyon bordeaux toulouse france francais bretagne football "
    "jetaime amour mamour cheri cherie bienvenue vacances printemps ete automne hiver janvier fevrier "
    "mars avril mai juin juillet aout septembre octobre novembre decembre lundi mardi mercredi jeudi "
    "vendredi samedi dimanche admin administrateur utilisateur invite docteur medecin infirmier "
    "infirmiere pharmacie pharmacien hopital clinique cabinet patient sante urgence urgences medical "
    "soignant sagefemme kine dentiste password welcome changeme chgtmoi demo test "
)
_FRENCH_STEMS = frozenset(_FRENCH_WORDS.split())
_FIGURES = re.compile(r"^[\W\d]+|[\W\d]+$")
# « motdepasse1A », « Bonjour2024Aa »: the capital and the figure that the rules ask, put at the end.
_ENDING = re.compile(r"^[\W\d]+|[\W\d]+[a-zA-Z]{1,2}$")
_LEET = str.maketrans(
    {"@": "a", "4": "a", "3": "e", "1": "i", "!": "i", "0": "o", "$": "s", "5": "s", "7": "t"}
)


@cache
def _common_list() -> frozenset[str]:
    return frozenset(CommonPasswordValidator().passwords)


def is_common(password: str) -> bool:
    """True for a listed password, and for a usual word dressed with figures, signs or « leet » letters."""
    plain = _flat(password)
    if password.lower().strip() in _common_list() or plain in _common_list():
        return True
    bare = _stems(password, _FIGURES)
    if "" in bare or (bare | _stems(password, _ENDING)) & _FRENCH_STEMS:
        return True
    return len(set(plain)) <= 3 or _is_sequence(plain)


def _flat(text: str) -> str:
    return fold(text).replace(" ", "")


def _stems(password: str, dress: re.Pattern[str]) -> set[str]:
    """The words a password is, undressed before and after its « leet » letters are read."""
    plain = _flat(password)
    return {
        dress.sub("", plain),
        _flat(dress.sub("", password).translate(_LEET)),
        dress.sub("", _flat(password.translate(_LEET))),
    }


def _is_sequence(plain: str) -> bool:
    """« 12345678 », « abcdefgh »: one step repeated from end to end."""
    steps = {ord(after) - ord(before) for before, after in pairwise(plain)}
    return len(plain) > 2 and len(steps) == 1


# --- words of the person and of the portal ---------------------------------------------------------------
def _holds(password: str, words: set[str]) -> bool:
    flat = {_flat(password), _flat(password.translate(_LEET))}
    return any(word in form for word in words if len(word) >= _MIN_PERSONAL_WORD for form in flat)


def _personal_words(user: User | None) -> set[str]:
    if user is None:
        return set()
    texts = (
        user.nom,
        user.prenom,
        user.identifiant,
        user.email.partition("@")[0],
        user.code_postal,
        user.ville,
    )
    words = {_flat(part) for text in texts for part in [text, *fold(text).split()] if text}
    numbers = (user.rpps, user.rpps_asked, user.adeli, user.phone_mobile[-9:], user.phone_fixe[-9:])
    return words | {number for number in numbers if number}


def _portal_words(plateforme: Plateforme) -> set[str]:
    return {_flat(plateforme.short_name), _flat(plateforme.name), _flat(plateforme.operator), "portail"}


# --- generator -------------------------------------------------------------------------------------------
# Letters and figures that are read wrongly from a screen are left out.
_ALPHABETS = {
    "lower": "".join(set(string.ascii_lowercase) - set("lo")),
    "upper": "".join(set(string.ascii_uppercase) - set("IO")),
    "digit": "23456789",
}


def generate() -> str:
    """A random password that meets the platform's policy (at least 90 bits)."""
    policy = current().password
    alphabets = _ALPHABETS | {"special": policy.special_characters or "!*+-_"}
    length = max(GENERATED_LENGTH, policy.min_length)
    while True:
        everything = "".join(alphabets[name] for name in ("lower", "upper", "digit", "special"))
        chars = [secrets.choice(alphabets[name]) for name in ("lower", "upper", "digit", "special")]
        chars += [secrets.choice(everything) for _ in range(length - len(chars))]
        secrets.SystemRandom().shuffle(chars)
        password = "".join(chars)
        if not list(_problems(password, None, current())):
            return password
