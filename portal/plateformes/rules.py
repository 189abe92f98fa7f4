"""What no profile may hold: weak rules, and keys that contradict each other.

`contradictions` yields (key, French sentence); the loader turns the first into a `ProfileError`.
A security bar may be bent only where the reference allows it, with a `[[derogations]]` entry that says why.
"""

import math
import string
from collections.abc import Iterator

from portal.plateformes.schema import Code, Plateforme

Finding = tuple[str, str]

# CNIL 2022-100: bits of a password whose guessing is slowed or blocked, which ours always is (PWD-1).
MIN_ENTROPY_BITS = 50
MIN_CLASSES = 3
CODE_LIFE_SECONDS = 600
SIGN_IN_DIGITS = 6
SHORT_CODE_TRIES = 3
WHITE_TEXT_CONTRAST = 4.5
_ALPHABETS = {"lower": 26, "upper": 26, "digit": 10}

# Placeholders each sentence may hold (all of them must be filled by the caller); None = must be present.
PLACEHOLDERS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "code_mail_text": (frozenset({"code"}), frozenset({"code", "seconds", "minutes"})),
    "code_sms_text": (frozenset({"code"}), frozenset({"code", "seconds", "minutes"})),
    "phone_proof_sms_text": (frozenset({"code"}), frozenset({"code", "seconds", "minutes"})),
    "validation_mail_text": (frozenset(), frozenset({"identifier", "masked_phone"})),
    "credentials_mail_text": (frozenset(), frozenset({"hours"})),
}


def contradictions(profile: Plateforme) -> Iterator[Finding]:
    """Every reason not to start with this profile, most serious first."""
    yield from _password(profile)
    yield from _codes(profile)
    yield from _sign_up(profile)
    yield from _gates(profile)
    yield from _credentials(profile)
    yield from _sign_in(profile)
    yield from _sessions(profile)
    yield from _limits(profile)
    yield from _documents(profile)
    yield from _texts(profile)
    yield from _look(profile)
    yield from _derogations(profile)


def password_entropy(min_length: int, special_characters: str) -> float:
    """Bits of the shortest accepted password, over the four alphabets every platform accepts."""
    alphabet = sum(_ALPHABETS.values()) + len(set(special_characters))
    return min_length * math.log2(alphabet)


def _password(profile: Plateforme) -> Iterator[Finding]:
    rule = profile.password
    bits = password_entropy(rule.min_length, rule.special_characters)
    if bits < MIN_ENTROPY_BITS:
        yield "password.min_length", f"mot de passe trop faible : {bits:.1f} bits, {MIN_ENTROPY_BITS} exigés"
    if rule.min_classes > len(rule.classes):
        yield "password.min_classes", "plus de sortes de caractères exigées que de sortes citées"
    elif rule.min_classes < MIN_CLASSES:
        yield "password.min_classes", f"au moins {MIN_CLASSES} sortes de caractères sont exigées"
    if any(char.isalnum() or char.isspace() for char in rule.special_characters):
        yield (
            "password.special_characters",
            "une lettre, un chiffre ou une espace n'est pas un caractère spécial",
        )
    if len(set(rule.special_characters)) != len(rule.special_characters):
        yield "password.special_characters", "un caractère spécial est répété"


def _codes(profile: Plateforme) -> Iterator[Finding]:
    for name in ("sign_in", "ephemeral"):
        code: Code = getattr(profile.codes, name)
        if code.digits < SIGN_IN_DIGITS:
            yield f"codes.{name}.digits", f"un code de connexion compte au moins {SIGN_IN_DIGITS} chiffres"
    for name in ("sign_in", "phone_proof", "ephemeral"):
        if not getattr(profile.codes, name).channels:
            yield f"codes.{name}.channels", "au moins un moyen d'envoi est exigé"
    proof = profile.codes.phone_proof
    if proof.channels != ("sms",):
        yield "codes.phone_proof.channels", "un téléphone se prouve par SMS seulement"
    if proof.digits < SIGN_IN_DIGITS:
        if proof.tries > SHORT_CODE_TRIES:
            yield "codes.phone_proof.tries", f"un code court n'admet que {SHORT_CODE_TRIES} essais"
        if "phone_code" in profile.sign_up.gates and "mail_link" not in profile.sign_up.gates:
            yield "sign_up.gates", "un code court ne prouve rien seul : ajoutez « mail_link »"
    sends = profile.codes.sends
    if sends.min_delay_seconds >= sends.window_seconds:
        yield "codes.sends.min_delay_seconds", "le délai entre deux envois dépasse la fenêtre de comptage"


def _sign_up(profile: Plateforme) -> Iterator[Finding]:
    journey = profile.sign_up
    seen: set[str] = set()
    for step in journey.steps:
        if not step.fields:
            yield "sign_up.steps", f"l'étape « {step.key} » n'a aucun champ"
        for name in step.fields:
            if name in seen:
                yield "sign_up.steps", f"le champ « {name} » est demandé deux fois"
            seen.add(name)
    for name in ("last_name", "first_name", "email"):
        if name not in seen:
            yield "sign_up.steps", f"le champ « {name} » est indispensable"
        elif name not in journey.required:
            yield "sign_up.required", f"le champ « {name} » est indispensable"
    for key in ("sign_up_required", "sign_up_one_of", "sign_up_labels"):
        for name in getattr(profile.maillage, key):
            if name not in seen:
                yield f"maillage.{key}", f"« {name} » n'est le champ d'aucune étape d'inscription"
    for key in ("required", "one_of", "labels", "hints"):
        for name in getattr(journey, key):
            if name not in seen:
                yield f"sign_up.{key}", f"« {name} » n'est le champ d'aucune étape"
    if len(journey.one_of) == 1:
        yield "sign_up.one_of", "« au moins un parmi » demande deux champs ou plus"
    yield from _sign_up_pairs(profile, seen)


def _sign_up_pairs(profile: Plateforme, seen: set[str]) -> Iterator[Finding]:
    journey = profile.sign_up
    pairs = (
        ("proof_document", journey.proof_document, "sign_up.proof_document"),
        ("federated_sources", bool(journey.federated_sources), "sign_up.federated_sources"),
        ("network", bool(journey.networks), "sign_up.networks"),
        ("care_types", bool(journey.care_types), "sign_up.care_types"),
        ("function_type", bool(journey.function_types), "sign_up.function_types"),
        ("newsletter", profile.newsletter.offered, "newsletter.offered"),
        ("robot", "sign_up" in profile.robot.on, "robot.on"),
        ("accept_documents", bool(profile.documents_required_at("sign_up")), "documents"),
        ("password", profile.credentials.delivery == "chosen", "credentials.delivery"),
        ("identifier", profile.identifier.style == "chosen", "identifier.style"),
    )
    for name, decided, key in pairs:
        if decided and name not in seen:
            yield key, f"aucune étape d'inscription n'a le champ « {name} »"
        if not decided and name in seen:
            yield key, f"l'inscription demande le champ « {name} » que cette clé écarte"
    if profile.newsletter.offered and not profile.newsletter.label:
        yield "newsletter.label", "la case de la lettre d'information n'a pas de libellé"


def _gates(profile: Plateforme) -> Iterator[Finding]:
    journey = profile.sign_up
    if not journey.gates:
        yield "sign_up.gates", "un compte ne s'ouvre pas sans aucune vérification"
    if "phone_code" in journey.gates and "mobile_phone" not in journey.required:
        yield "sign_up.gates", "« phone_code » exige le champ obligatoire « mobile_phone »"
    if "human_decision" not in journey.gates and "mail_link" not in journey.gates:
        yield "sign_up.gates", "l'adresse e-mail n'est prouvée par rien : ajoutez « mail_link »"
    if journey.proof_document and "human_decision" not in journey.gates:
        yield "sign_up.proof_document", "un justificatif demande une décision humaine (« human_decision »)"
    if journey.expiry_days * 24 < profile.links.sign_up_life_hours:
        yield "sign_up.expiry_days", "la demande expire avant le lien qui la valide"


def _credentials(profile: Plateforme) -> Iterator[Finding]:
    rule = profile.credentials
    if rule.delivery != "temporary_secret":
        for key in ("temporary_secret_hours", "temporary_secret_length", "password_digits"):
            if getattr(rule, key) is not None:
                yield (
                    f"credentials.{key}",
                    'sans objet : aucun secret temporaire n\'est envoyé (écrire "none")',
                )
        return
    if rule.temporary_secret_hours is None:
        yield (
            "credentials.temporary_secret_hours",
            "un secret temporaire a besoin d'une durée de vie en heures",
        )
    if (rule.temporary_secret_length is None) == (rule.password_digits is None):
        yield "credentials.password_digits", "choisissez des chiffres ou une longueur de secret, pas les deux"
    if "human_decision" not in profile.sign_up.gates:
        yield "credentials.delivery", "un secret temporaire suit une décision humaine (« human_decision »)"


def _sign_in(profile: Plateforme) -> Iterator[Finding]:
    page = profile.sign_in
    if "password" not in page.tabs:
        yield "sign_in.tabs", "l'onglet « password » est indispensable"
    if page.psc_block == ("ecps" in page.tabs):
        yield "sign_in.psc_block", "Pro Santé Connect se montre soit en onglet « ecps », soit à part"
    for table in ("labels", "buttons"):
        names = getattr(page, table)
        for tab in page.tabs:
            if tab not in names:
                yield f"sign_in.{table}", f"il manque le libellé de l'onglet « {tab} »"
        for name in names:
            if name not in page.tabs:
                yield f"sign_in.{table}", f"« {name} » n'est pas un onglet de cette page"
    if "card" in page.tabs and not page.card_sign_up_label:
        yield "sign_in.card_sign_up_label", "l'inscription par carte n'a pas de libellé"


def _sessions(profile: Plateforme) -> Iterator[Finding]:
    rule = profile.sessions
    if rule.warning_minutes >= rule.idle_minutes:
        yield "sessions.warning_minutes", "l'avertissement viendrait avant le début de l'inactivité"
    if rule.warning_minutes >= rule.shared_idle_minutes:
        yield (
            "sessions.shared_idle_minutes",
            "sur un poste partagé, l'avertissement viendrait avant l'inactivité",
        )
    if rule.shared_idle_minutes > rule.idle_minutes:
        yield (
            "sessions.shared_idle_minutes",
            "un poste partagé ne garde pas une session plus longtemps qu'un autre",
        )
    if rule.strong_absolute_hours > rule.absolute_hours:
        yield "sessions.strong_absolute_hours", "une session forte ne dure pas plus qu'une session ordinaire"
    if rule.remember_days * 24 <= rule.absolute_hours:
        yield "sessions.remember_days", "« Se souvenir de moi » doit allonger la session"
    if rule.remember_idle_minutes < rule.idle_minutes:
        yield "sessions.remember_idle_minutes", "« Se souvenir de moi » doit allonger l'inactivité permise"


def _limits(profile: Plateforme) -> Iterator[Finding]:
    lockout = profile.lockout
    if lockout.slow_after >= lockout.close_after:
        yield "lockout.close_after", "la fermeture vient après le ralentissement"
    if lockout.base_seconds > lockout.max_seconds:
        yield "lockout.max_seconds", "le délai le plus long est plus court que le premier"
    kept = profile.retention
    if not kept.inactive_warning_months < kept.inactive_close_months < kept.inactive_erase_months:
        yield "retention.inactive_close_months", "l'ordre est : avertir, fermer, effacer"


def _documents(profile: Plateforme) -> Iterator[Finding]:
    present = {document.key for document in profile.documents}
    for key in ("terms", "privacy", "legal", "accessibility"):
        if key not in present:
            yield "documents", f"le document « {key} » est indispensable"
    slugs = [document.slug for document in profile.documents]
    if len(slugs) != len(set(slugs)):
        yield "documents", "deux documents ont la même adresse (« slug »)"
    for rank, document in enumerate(profile.documents):
        where = f"documents[{rank}].acceptance_label"
        if document.required_at and not document.acceptance_label:
            yield where, "un document à accepter a besoin du libellé de sa case"
        if document.acceptance_label and not document.required_at:
            yield where, "ce libellé de case ne sert à aucun moment"
    if not profile.documents_required_at("sign_up"):
        yield "documents", "aucun document n'est accepté à l'inscription"
    if profile.maillage.enabled and not profile.documents_required_at("maillage"):
        yield "documents", "aucun document n'est accepté à l'inscription à Maillage"


def placeholders(text: str) -> set[str]:
    """Names between braces; an unmatched brace gives « ? »."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return {"?"}


def _texts(profile: Plateforme) -> Iterator[Finding]:
    for name, text in vars(profile.texts).items():
        if not isinstance(text, str):
            continue
        demanded, allowed = PLACEHOLDERS.get(name, (frozenset(), frozenset()))
        found = placeholders(text)
        for missing in sorted(demanded - found):
            yield f"texts.{name}", f"il manque « {{{missing}}} »"
        for unknown in sorted(found - allowed):
            yield f"texts.{name}", f"« {{{unknown}}} » n'est pas connu ici"


def contrast_on_white(colour: str) -> float:
    """WCAG contrast ratio between white and « #rrvvbb »."""
    channels = [int(colour[rank : rank + 2], 16) / 255 for rank in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)


def _look(profile: Plateforme) -> Iterator[Finding]:
    ratio = contrast_on_white(profile.accent)
    if ratio < WHITE_TEXT_CONTRAST:
        yield "accent", f"contraste de {ratio:.1f} avec du texte blanc, {WHITE_TEXT_CONTRAST} exigé"


def bent_bars(profile: Plateforme) -> dict[str, str]:
    """Key → security bar, for every rule of this profile below a bar that a region may bend."""
    bent = {"password.min_classes": "A6.2.5"}
    for name in ("sign_in", "phone_proof", "ephemeral"):
        if getattr(profile.codes, name).life_seconds > CODE_LIFE_SECONDS:
            bent[f"codes.{name}.life_seconds"] = "CODE-2"
    if profile.codes.phone_proof.digits < SIGN_IN_DIGITS:
        bent["codes.phone_proof.digits"] = "CODE-1"
    if profile.credentials.delivery == "temporary_secret":
        bent["credentials.delivery"] = "PWD-7"
    return bent


def _derogations(profile: Plateforme) -> Iterator[Finding]:
    bent = bent_bars(profile)
    declared = {entry.key: entry.bar for entry in profile.derogations}
    for key, bar in bent.items():
        if declared.get(key) != bar:
            yield key, f"cette règle s'écarte de {bar} : ajoutez une entrée « derogations » avec sa raison"
    for key in declared:
        if key not in bent:
            yield "derogations", f"« {key} » ne s'écarte d'aucune règle : retirez cette entrée"
