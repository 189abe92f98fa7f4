"""Invented people: first names and surnames drawn with a French-looking frequency (few common, many rare)."""

from __future__ import annotations

from itertools import accumulate
from random import Random

FEMININS = [
    "Marie",
    "Camille",
    "Léa",
    "Manon",
    "Chloé",
    "Inès",
    "Jade",
    "Sarah",
    "Julie",
    "Laura",
    "Pauline",
    "Mathilde",
    "Lucie",
    "Anaïs",
    "Céline",
    "Émilie",
    "Sophie",
    "Nathalie",
    "Isabelle",
    "Sylvie",
    "Catherine",
    "Françoise",
    "Hélène",
    "Élodie",
    "Aurélie",
    "Claire",
    "Charlotte",
    "Alice",
    "Nadia",
    "Fatima",
    "Awa",
    "Samira",
    "Yasmine",
    "Aïcha",
    "Mariam",
    "Agathe",
    "Zoé",
    "Noémie",
    "Clémence",
    "Éléonore",
    "Maïwenn",
    "Gwenaëlle",
    "Solène",
    "Bénédicte",
    "Joséphine",
]
MASCULINS = [
    "Jean",
    "Pierre",
    "Michel",
    "Philippe",
    "Nicolas",
    "Thomas",
    "Julien",
    "Antoine",
    "Hugo",
    "Lucas",
    "Louis",
    "Paul",
    "Arthur",
    "Gabriel",
    "Théo",
    "Maxime",
    "Alexandre",
    "François",
    "Olivier",
    "Laurent",
    "Stéphane",
    "Sébastien",
    "Guillaume",
    "Benoît",
    "Rémi",
    "Cédric",
    "Jérôme",
    "Étienne",
    "Clément",
    "Mehdi",
    "Karim",
    "Mohamed",
    "Amadou",
    "Ibrahim",
    "Youssef",
    "Noé",
    "Léo",
    "Raphaël",
    "Émile",
    "Loïc",
    "Yann",
    "Gaël",
    "Aurélien",
    "Joël",
    "Jean-Baptiste",
]
COURANTS = [
    "BERTHIER",
    "CARPENTIER",
    "DELMAS",
    "FAVRE",
    "GARANCE",
    "HAMELIN",
    "JOUBERT",
    "LACOMBE",
    "MARCHAL",
    "NOBLET",
    "OLLIVIER",
    "PASQUIER",
    "QUENTIN",
    "RENAUDIN",
    "SAVARY",
    "TERRIER",
    "URBAIN",
    "VASSEUR",
    "WATTEL",
    "ZELLER",
    "ALBRECHT",
    "BOISSIER",
    "CHAUVET",
    "DUMONTEL",
    "ESTEVE",
    "FONTANEL",
    "GRANGIER",
    "HERBELIN",
    "ISAMBERT",
    "JOLIVET",
    "KERMARREC",
    "LAVERGNE",
    "MONTAGNE",
    "NAVARRE",
    "ORSINI",
    "PRADIER",
    "ROUVIERE",
    "SERRANO",
    "TAVERNIER",
    "VALLIER",
    "BELKACEM",
    "DIARRA",
    "TRAORE",
    "NGUYEN",
    "CISSE",
    "BENSAID",
    "HADDAD",
    "MENDES",
    "FERREIRA",
    "KOVACS",
    "ROSSIGNOL",
    "L'HERMITTE",
    "D'AUBIGNY",
    "SAINT-AMAND",
    "SAINTE-CROIX",
    "LE",
    "GOFFIC",
    "DE",
    "LA",
    "TOUCHE",
    "CÔTELETTE",
    "ÉCHELARD",
    "CŒURDEROY",
]
_DEBUTS = [
    "BAR",
    "BEL",
    "BOU",
    "CAS",
    "CHA",
    "COR",
    "DAR",
    "DEL",
    "DUM",
    "FAU",
    "FON",
    "GAR",
    "GER",
    "GUI",
    "HUB",
    "JAC",
    "LAM",
    "LAN",
    "LEV",
    "MAL",
    "MAR",
    "MON",
    "MOR",
    "PEL",
    "PER",
    "RAM",
    "ROB",
    "ROU",
    "SAL",
    "TAR",
    "TOU",
    "VAL",
    "VER",
    "VIL",
]
_MILIEUX = ["A", "AN", "AR", "E", "EL", "EN", "ER", "I", "IL", "IN", "O", "OL", "ON", "OU", "U", "UR"]
_FINS = [
    "BERT",
    "CHET",
    "DIER",
    "DIN",
    "GNON",
    "LARD",
    "LET",
    "LIER",
    "LOT",
    "MAND",
    "MARD",
    "NARD",
    "NEAU",
    "NET",
    "NIER",
    "RAND",
    "REAU",
    "RIER",
    "ROUX",
    "SARD",
    "SIN",
    "TEAU",
    "THIER",
    "TIN",
    "TON",
    "VAL",
    "VIN",
    "ZAC",
]


def rare_surname(number: int) -> str:
    """A surname of three syllables; the number decides which."""
    debut, rest = _DEBUTS[number % len(_DEBUTS)], number // len(_DEBUTS)
    milieu, rest = _MILIEUX[rest % len(_MILIEUX)], rest // len(_MILIEUX)
    fin = _FINS[rest % len(_FINS)]
    return debut + milieu + fin


RARES = len(_DEBUTS) * len(_MILIEUX) * len(_FINS)


class Tirage:
    """Draws names with a seed; `communs` is the share of people with a common surname."""

    def __init__(self, random: Random, *, communs: float = 0.25) -> None:
        self.random = random
        self.communs = communs
        self._zipf = list(accumulate(1 / rank for rank in range(1, len(COURANTS) + 1)))

    def surname(self) -> str:
        name = self._simple()
        if self.random.random() < 0.04:
            return f"{name}-{self._simple()}"
        return name

    def _simple(self) -> str:
        if self.random.random() < self.communs:
            return self.random.choices(COURANTS, cum_weights=self._zipf)[0]
        # Squaring a uniform draw favours the first numbers: a long tail, as real surnames have.
        return rare_surname(int(self.random.random() ** 2 * RARES))

    def first_name(self, feminine: bool) -> str:
        return self.random.choice(FEMININS if feminine else MASCULINS)


def with_key(prefix: str, rank: int, length: int) -> str:
    """`prefix`, then `rank` padded, then the Luhn key: `length` digits in all."""
    body = prefix + str(rank).zfill(length - len(prefix) - 1)
    total = 0
    for position, digit in enumerate(reversed(body)):
        value = int(digit)
        if position % 2 == 0:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return body + str(-total % 10)
