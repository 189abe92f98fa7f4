"""What may go wrong at the reader: a code for the page, a sentence for the person."""

from __future__ import annotations

MAX_TRIES = 3

MESSAGES: dict[str, str] = {
    "module_absent": "Le logiciel Cryptolib CPS n’est pas installé sur ce poste. Installez-le, puis recommencez.",
    "no_reader": "Aucun lecteur de carte n’est branché. Branchez votre lecteur, puis recommencez.",
    "no_card": "Aucune carte dans le lecteur. Insérez votre carte, puce en avant, puis recommencez.",
    "two_cards": "Plusieurs cartes sont insérées. Ne laissez que celle que vous voulez utiliser, puis recommencez.",
    "not_cpx": "La carte insérée n’est pas une carte CPS (CPS, CPF, CPE ou CPA).",
    "no_authentication": "Cette carte n’a pas de certificat d’authentification : elle ne permet pas de se connecter.",
    "pin_format": "Le code porteur est composé de 4 chiffres. Cet essai n’a pas été compté.",
    "pin_wrong": "Code porteur incorrect.",
    "pin_locked": (
        "0 tentative restante : votre carte est bloquée après 3 codes incorrects. Débloquez-la avec son code de "
        "déblocage à 8 chiffres (logiciel CPS-Gestion). Sans ce code, appelez le support CPS de l’Agence du numérique "
        "en santé : il débloque ou remplace la carte."
    ),
    "removed": "La carte a été retirée. Remettez-la dans le lecteur et recommencez.",
    "cancelled": "Vous avez annulé la saisie du code porteur.",
    "expired": "La demande a expiré. Recommencez la connexion.",
    "replaced": "Une autre demande a remplacé celle-ci.",
    "technical": "La carte n’a pas pu être lue. Retirez-la, remettez-la et recommencez.",
    "busy": "Le lecteur de carte ne répond pas. Débranchez-le, rebranchez-le et recommencez.",
}


class CardError(Exception):
    """`code` is a key of MESSAGES; `tries_left` is known for a wrong or blocked code only."""

    def __init__(self, code: str, tries_left: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.tries_left = tries_left

    @property
    def message(self) -> str:
        return MESSAGES[self.code]


def tries_sentence(tries_left: int, label: str) -> str:
    """As the middleware of the cards says it."""
    return f"Il vous reste {tries_left} tentative(s) pour la carte {label}"


def final_warning(tries_left: int) -> str:
    """Before the try that may block the card; "" otherwise."""
    return "Attention : une erreur de plus bloquera votre carte." if tries_left == 1 else ""
