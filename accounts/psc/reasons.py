"""Why an answer of Pro Santé Connect is refused: one word for the journal, one sentence for the person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Written in the security journal; the group after it says which page the person sees."""

    # the attempt
    STATE = "state"
    NO_CODE = "no_code"
    ISSUER_PARAMETER = "iss_parameter"
    LOGIN_REQUIRED = "login_required"
    # the person
    LEFT = "access_denied"
    TIMED_OUT = "timed_out"
    # the service
    CLOSED = "closed"
    UNAVAILABLE = "unavailable"
    UNREADABLE = "unreadable"
    DISCOVERY = "discovery"
    PROVIDER_ERROR = "provider_error"
    CODE_REFUSED = "code_refused"
    CLIENT_REFUSED = "client_refused"
    # our TLS certificate is unreadable or refused; theirs is not one we trust
    CLIENT_CERTIFICATE = "client_certificate"
    SERVER_CERTIFICATE = "server_certificate"
    # what it says is not what it must say
    NO_ID_TOKEN = "no_id_token"  # noqa: S105
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    AUTHORIZED_PARTY = "authorized_party"
    EXPIRED = "expired"
    ISSUED_AT = "issued_at"
    NONCE = "nonce"
    SUBJECT = "subject"
    ACCESS_TOKEN_HASH = "at_hash"  # noqa: S105
    SUBJECT_MISMATCH = "subject_mismatch"
    # who it speaks of
    ACR = "acr"
    AUTH_TIME = "auth_time"
    NATIONAL_ID_MISSING = "national_id_missing"
    NATIONAL_ID = "national_id"


class PscRefused(Exception):
    """The attempt ends here. `http_status` is the answer of the other side, when that is the matter."""

    def __init__(self, reason: Reason, *, status: int | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.http_status = status


@dataclass(frozen=True)
class Told:
    """What the page says: h1, what happened, what to do; `status` is ours (never 5xx: the portal works)."""

    title: str
    sentence: str
    advice: str
    status: int = 403
    can_retry: bool = True


_ATTEMPT = Told(
    "Cette demande de connexion n’est plus valable",
    "Elle a déjà servi, elle date de plus de dix minutes, ou elle a été commencée dans un autre navigateur.",
    "Recommencez depuis cette page, sans utiliser le bouton « Précédent » du navigateur.",
    status=400,
)
_AWAY = Told(
    "Pro Santé Connect ne répond pas correctement",
    "Le service national d’identification est momentanément indisponible. Le portail, lui, fonctionne.",
    "Réessayez dans quelques minutes, ou connectez-vous autrement.",
    status=424,
)
_NOT_RECOGNISED = Told(
    "La connexion par e-CPS est interrompue",
    "Le portail et Pro Santé Connect ne parviennent pas à se reconnaître. Votre e-CPS n’est pas en cause.",
    "Connectez-vous autrement. Réessayer ne suffira pas : l’équipe du portail est avertie.",
    status=424,
    can_retry=False,
)
_LIE = Told(
    "La réponse de Pro Santé Connect n’a pas pu être vérifiée",
    "Par sécurité, vous n’avez pas été connecté : la réponse reçue n’a pas toutes les garanties attendues.",
    "Réessayez. Si cela se reproduit, connectez-vous autrement et prévenez l’assistance.",
)
_IDENTITY = Told(
    "Pro Santé Connect n’a pas transmis votre identifiant national",
    "Sans identifiant national (numéro RPPS, par exemple), le portail ne peut pas savoir quel est votre compte.",
    "Connectez-vous autrement, et vérifiez auprès de l’Annuaire Santé que votre enregistrement est complet.",
)

TOLD: dict[Reason, Told] = {
    Reason.STATE: _ATTEMPT,
    Reason.NO_CODE: _ATTEMPT,
    Reason.ISSUER_PARAMETER: _LIE,
    Reason.LOGIN_REQUIRED: Told(
        "Pro Santé Connect demande de vous identifier à nouveau",
        "Votre connexion à Pro Santé Connect a pris fin.",
        "Recommencez : l’application e-CPS vous demandera de valider la connexion.",
    ),
    Reason.LEFT: Told(
        "Connexion par e-CPS abandonnée",
        "La demande a été refusée sur votre téléphone, ou vous avez quitté l’authentification.",
        "Ne validez jamais une demande que vous n’avez pas faite. Si c’était la vôtre, recommencez quand vous voulez.",
    ),
    Reason.TIMED_OUT: Told(
        "Le temps pour valider la demande est écoulé",
        "La demande affichée dans l’application e-CPS est valable deux minutes.",
        "Ouvrez l’application e-CPS avant de recommencer. Si l’échec se répète, vérifiez l’heure de votre téléphone.",
    ),
    Reason.CLOSED: Told(
        "La connexion par e-CPS n’est pas ouverte",
        "Ce portail n’est pas relié à Pro Santé Connect.",
        "Connectez-vous autrement.",
        status=404,
        can_retry=False,
    ),
    Reason.ACR: Told(
        "Le niveau de votre identification ne suffit pas",
        "Pro Santé Connect vous a identifié avec un moyen plus faible que celui que ce portail demande.",
        "Recommencez avec l’application e-CPS ou votre carte CPS.",
    ),
    Reason.AUTH_TIME: Told(
        "Une nouvelle validation est nécessaire",
        "Pour cette action, votre identité doit être prouvée à l’instant : une connexion antérieure ne suffit pas.",
        "Recommencez et validez la demande dans l’application e-CPS.",
    ),
    Reason.NATIONAL_ID_MISSING: _IDENTITY,
    Reason.NATIONAL_ID: _IDENTITY,
} | dict.fromkeys(
    (
        Reason.UNAVAILABLE,
        Reason.UNREADABLE,
        Reason.DISCOVERY,
        Reason.PROVIDER_ERROR,
        Reason.CODE_REFUSED,
    ),
    _AWAY,
)
# Only an operator can put these right: an alarm in the logs besides the journal.
FOR_OPERATOR = frozenset({Reason.CLIENT_REFUSED, Reason.CLIENT_CERTIFICATE, Reason.SERVER_CERTIFICATE})
TOLD |= dict.fromkeys(FOR_OPERATOR, _NOT_RECOGNISED)


def told(reason: Reason) -> Told:
    return TOLD.get(reason, _LIE)
