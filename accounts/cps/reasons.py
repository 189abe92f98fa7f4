"""Why a card is refused: one code for the journal, one plain sentence for the person, one thing to do next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    UNREADABLE = "unreadable"
    WEAK_KEY = "weak_key"
    WEAK_HASH = "weak_hash"
    SELF_SIGNED = "self_signed"
    UNKNOWN_AUTHORITY = "unknown_authority"
    FORGED_AUTHORITY = "forged_authority"
    ORGANISATION = "organisation"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    BROKEN_CHAIN = "broken_chain"
    SIGNATURE_CERTIFICATE = "signature_certificate"
    WRONG_USAGE = "wrong_usage"
    NOT_A_CARD = "not_a_card"
    TEST_CARD = "test_card"
    PRODUCTION_CARD = "production_card"
    NOT_NOMINATIVE = "not_nominative"
    ODD_NAMES = "odd_names"
    NO_NATIONAL_ID = "no_national_id"
    REVOKED = "revoked"
    AUTHORITY_REVOKED = "authority_revoked"
    LIST_MISSING = "list_missing"
    LIST_STALE = "list_stale"
    BAD_SIGNATURE = "bad_signature"
    CHALLENGE_GONE = "challenge_gone"
    NO_CERTIFICATE = "no_certificate"
    PROXY_REFUSED = "proxy_refused"
    NOT_CONFIGURED = "not_configured"


@dataclass(frozen=True)
class Words:
    title: str
    sentence: str
    advice: str


_NOT_RECOGNISED = "Carte non reconnue"
_ANS = "Contactez l’Agence du numérique en santé, qui délivre les cartes, ou utilisez un autre moyen de connexion."
_RETRY = "Recommencez. Si le problème persiste, contactez l’assistance en indiquant l’heure de votre essai."
_OTHER = (
    "Utilisez un autre moyen de connexion, ou contactez l’assistance en indiquant l’heure de votre essai."
)
_LIST = "Votre carte n’est pas en cause et l’incident est enregistré. Utilisez un autre moyen de connexion."

WORDS: dict[Reason, Words] = {
    Reason.UNREADABLE: Words(_NOT_RECOGNISED, "Le certificat présenté ne peut pas être lu.", _RETRY),
    Reason.WEAK_KEY: Words(
        _NOT_RECOGNISED, "La clé de ce certificat est trop faible pour être acceptée.", _ANS
    ),
    Reason.WEAK_HASH: Words(
        _NOT_RECOGNISED, "Ce certificat est signé avec un procédé ancien qui n’est plus accepté.", _ANS
    ),
    Reason.SELF_SIGNED: Words(_NOT_RECOGNISED, "Ce certificat ne vient d’aucune autorité reconnue.", _OTHER),
    Reason.UNKNOWN_AUTHORITY: Words(
        _NOT_RECOGNISED, "Cette carte a été émise par une autorité que le portail ne reconnaît pas.", _OTHER
    ),
    Reason.FORGED_AUTHORITY: Words(
        _NOT_RECOGNISED,
        "Ce certificat porte le nom d’une autorité reconnue, mais elle ne l’a pas signé.",
        _OTHER,
    ),
    Reason.ORGANISATION: Words(
        "Certificat d’organisation",
        "Ce certificat désigne une structure ou un serveur, pas une personne.",
        "Insérez votre carte personnelle (CPS, CPF ou CPE à votre nom).",
    ),
    Reason.NOT_YET_VALID: Words(
        "Carte pas encore valable", "La période de validité de cette carte n’a pas commencé.", _ANS
    ),
    Reason.EXPIRED: Words(
        "Carte expirée",
        "La date de validité de cette carte est passée.",
        "Utilisez votre nouvelle carte si vous l’avez reçue ; sinon, contactez l’Agence du numérique en santé.",
    ),
    Reason.BROKEN_CHAIN: Words(
        _NOT_RECOGNISED, "La chaîne des autorités de cette carte ne peut pas être vérifiée.", _OTHER
    ),
    Reason.SIGNATURE_CERTIFICATE: Words(
        "Mauvais certificat",
        "Vous avez choisi le certificat de signature de votre carte : il ne sert pas à se connecter.",
        "Recommencez en choisissant le certificat d’authentification.",
    ),
    Reason.WRONG_USAGE: Words(
        "Mauvais certificat",
        "Ce certificat n’est pas prévu pour se connecter.",
        "Choisissez un autre certificat.",
    ),
    Reason.NOT_A_CARD: Words(
        "Ce n’est pas une carte CPS",
        "Ce certificat n’est pas celui d’une carte de professionnel de santé.",
        _OTHER,
    ),
    Reason.TEST_CARD: Words(
        "Carte d’essai", "Cette carte est une carte d’essai : elle ne donne pas accès à ce portail.", _OTHER
    ),
    Reason.PRODUCTION_CARD: Words(
        "Carte réelle sur un portail d’essai",
        "Ce portail d’essai n’accepte que les cartes d’essai.",
        "Connectez-vous au portail de votre région avec cette carte.",
    ),
    Reason.NOT_NOMINATIVE: Words(
        "Carte de service",
        "Cette carte ne désigne personne : elle ne peut pas ouvrir un compte personnel.",
        "Insérez une carte à votre nom, ou utilisez un autre moyen de connexion.",
    ),
    Reason.ODD_NAMES: Words(
        _NOT_RECOGNISED, "Les informations inscrites sur cette carte ne sont pas conformes.", _ANS
    ),
    Reason.NO_NATIONAL_ID: Words(
        _NOT_RECOGNISED, "Cette carte ne porte pas d’identifiant national de professionnel.", _ANS
    ),
    Reason.REVOKED: Words(
        "Carte en opposition",
        "Cette carte a été mise en opposition : elle ne peut plus servir.",
        "Utilisez votre nouvelle carte si vous l’avez reçue ; sinon, contactez l’Agence du numérique en santé.",
    ),
    Reason.AUTHORITY_REVOKED: Words(
        _NOT_RECOGNISED, "L’autorité qui a émis cette carte n’est plus reconnue.", _ANS
    ),
    Reason.LIST_MISSING: Words(
        "Vérification impossible",
        "Le portail ne peut pas vérifier en ce moment si votre carte est en opposition.",
        _LIST,
    ),
    Reason.LIST_STALE: Words(
        "Vérification impossible",
        "La liste des cartes en opposition dont dispose le portail est trop ancienne.",
        _LIST,
    ),
    Reason.BAD_SIGNATURE: Words("Preuve refusée", "La réponse de la carte n’est pas valable.", _RETRY),
    Reason.CHALLENGE_GONE: Words(
        "Demande expirée", "Votre demande de connexion a expiré ou a déjà servi.", "Recommencez la connexion."
    ),
    Reason.NO_CERTIFICATE: Words(
        "Aucun certificat choisi",
        "Vous avez annulé, ou aucune carte n’était dans le lecteur.",
        "Insérez votre carte, puis recommencez ; vous pouvez aussi utiliser un autre moyen de connexion.",
    ),
    Reason.PROXY_REFUSED: Words(
        _NOT_RECOGNISED, "Le serveur n’a pas pu vérifier la carte présentée.", _RETRY
    ),
    Reason.NOT_CONFIGURED: Words(
        "Connexion par carte fermée",
        "La connexion par carte n’est pas ouverte sur ce portail.",
        "Utilisez un autre moyen de connexion.",
    ),
}

# What support must hear of at once: the machine's own state, not the card's.
FOR_SUPPORT = frozenset({Reason.LIST_MISSING, Reason.LIST_STALE, Reason.PROXY_REFUSED, Reason.NOT_CONFIGURED})


class CardRefused(Exception):
    """A card that is not accepted. `detail` goes to the journal and to support: dates and authorities, no name."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value} {detail}".strip())
        self.reason = reason
        self.detail = detail

    @property
    def words(self) -> Words:
        return WORDS[self.reason]
