"""Rows of the three RPPS files for invented people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random

from portal.common.text import fold
from portal.referentiels.importers.rpps.colonnes import ACTIVITE, DIPLOME, QUALIFICATION

from .lieux import Lieu, Repartition
from .noms import Tirage, with_key

SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class Metier:
    """A profession with its share of the people, and of them those who practise on their own."""

    code: str
    libelle: str
    part: int
    liberal: float
    autorite: str
    savoir_faire: tuple[tuple[str, str, str], ...] = ()


_MG = (
    ("S", "SM54", "Médecine générale (SM)"),
    ("S", "SM26", "Qualifié en Médecine générale (SM)"),
    ("S", "SM53", "Spécialiste en Médecine générale (SM)"),
)
_SPECIALITES = (
    ("S", "SM04", "Cardiologie et Maladies vasculaires (SM)"),
    ("S", "SM40", "Pédiatrie (SM)"),
    ("S", "SM42", "Psychiatrie (SM)"),
    ("S", "SM15", "Dermatologie et Vénéréologie (SM)"),
    ("S", "SM38", "Ophtalmologie (SM)"),
    ("S", "SM18", "Gériatrie (SM)"),
    ("S", "SM20", "Gynécologie-obstétrique (SM)"),
)
METIERS = (
    Metier("60", "Infirmier", 520, 0.25, "CNOI"),
    Metier("10", "Médecin", 240, 0.55, "CNOM", _MG * 2 + _SPECIALITES),
    Metier("70", "Masseur-Kinésithérapeute", 105, 0.85, "CNOMK"),
    Metier("21", "Pharmacien", 75, 0.4, "CNOP"),
    Metier("93", "Psychologue", 70, 0.4, "ARS"),
    Metier("40", "Chirurgien-Dentiste", 48, 0.85, "CNOCD"),
    Metier("91", "Orthophoniste", 30, 0.8, "ARS"),
    Metier("50", "Sage-Femme", 26, 0.35, "CNOSF"),
    Metier("98", "Manipulateur ERM", 40, 0.0, "ARS"),
    Metier("94", "Ergothérapeute", 18, 0.3, "ARS"),
    Metier("96", "Psychomotricien", 17, 0.35, "ARS"),
    Metier("95", "Diététicien", 15, 0.5, "ARS"),
    Metier("80", "Pédicure-Podologue", 15, 0.95, "ONPP"),
    Metier("92", "Orthoptiste", 6, 0.6, "ARS"),
)
_COMPETENCES = (
    ("C", "C05", "Médecine appliquée aux sports (C)"),
    ("CAPA", "CAPA06", "Capacité de Gérontologie"),
)
_VOIES = ("Rue", "Avenue", "Boulevard", "Place", "Chemin", "Allée", "Impasse")
_NOMS_VOIES = (
    "DES TILLEULS", "DU MOULIN", "DE LA GARE", "DES ÉCOLES", "DU CHÂTEAU", "DE L’ÉGLISE", "DES LILAS",
    "DU GÉNÉRAL DARVAL", "DE LA FONTAINE", "DES MARRONNIERS", "DU LAVOIR", "DES PRÉS",
)  # fmt: skip


@dataclass(slots=True)
class Personne:
    """One invented person; `places` are the values of each place of practice, by our column names."""

    rpps: str
    civilite: str
    nom: str
    prenom: str
    metier: Metier
    savoir_faire: list[tuple[str, str, str]] = field(default_factory=list)
    places: list[dict[str, str]] = field(default_factory=list)

    def identity(self) -> dict[str, str]:
        return {
            "type_id": "8",
            "identifiant": self.rpps,
            "idn": "8" + self.rpps,
            "nom": self.nom,
            "prenom": self.prenom,
            "profession": self.metier.code,
            "lib_profession": self.metier.libelle,
            "categorie": "C",
            "lib_categorie": "Civil",
        }


class Fabrique:
    """Makes people one after the other; the same seed gives the same people."""

    def __init__(self, random: Random, repartition: Repartition, *, prefix: str = "997") -> None:
        self.random = random
        self.repartition = repartition
        self.prefix = prefix
        self.tirage = Tirage(random)
        self._parts = list(accumulate(metier.part for metier in METIERS))

    def make(self, rank: int, *, metier: Metier | None = None, lieu: Lieu | None = None) -> Personne:
        random = self.random
        chosen = metier or random.choices(METIERS, cum_weights=self._parts)[0]
        feminine = random.random() < 0.68
        person = Personne(
            rpps=with_key(self.prefix, rank, 11),
            civilite="MME" if feminine else "M",
            nom=self.tirage.surname(),
            prenom=self.tirage.first_name(feminine),
            metier=chosen,
        )
        if chosen.savoir_faire:
            person.savoir_faire = [random.choice(chosen.savoir_faire)]
            if random.random() < 0.15:
                person.savoir_faire.append(random.choice(_COMPETENCES))
        draw = random.random()
        places = 0 if draw < 0.08 else 1 if draw < 0.53 else 2 if draw < 0.85 else 3
        places = max(places, 1) if lieu else places
        person.places = [self.place(person, number, lieu) for number in range(places)]
        return person

    def place(self, person: Personne, number: int, lieu: Lieu | None = None) -> dict[str, str]:
        """A liberal's practice, or a job in a structure of the commune."""
        random = self.random
        where = lieu or self.repartition.draw()
        liberal = random.random() < person.metier.liberal
        address = {
            "num_voie": str(random.randint(1, 180)),
            "lib_type_voie": random.choice(_VOIES),
            "lib_voie": random.choice(_NOMS_VOIES),
            "cedex": where.acheminement,
            "cp": where.postal,
            "commune": where.insee,
            "lib_commune": where.nom,
            "dep": where.departement,
            "tel": f"063998{random.randint(0, 9999):04d}" if random.random() < 0.8 else "",
            "autorite": "/".join([person.metier.autorite] * 3),
        }
        if liberal:
            return {**address, **self._practice(person, number)}
        return {**address, **self._job(where)}

    def _practice(self, person: Personne, number: int) -> dict[str, str]:
        group = self.random.random() < 0.4
        return {
            "mode": "L",
            "lib_mode": "Libéral, indépendant, artisan, commerçant",
            "id_structure": f"C{person.rpps}{number + 1:03d}",
            "raison": f"CABINET {person.nom}" if group else "",
            "secteur": "SA08" if group else "SA07",
            "lib_secteur": "Cabinet de groupe" if group else "Cabinet individuel",
            "email": _mssante(person) if self.random.random() < 0.3 else "",
        }

    def _job(self, where: Lieu) -> dict[str, str]:
        rank = self.random.randint(0, 9)
        body = with_key(f"999{int(where.insee.replace('A', '1').replace('B', '2')) % 10**5:05d}", rank, 14)
        return {
            "mode": "S",
            "lib_mode": "Salarié",
            "siret": body,
            "siren": body[:9],
            "id_structure": f"R10{where.insee}{rank:03d}",
            "raison": f"ÉTABLISSEMENT DE {fold(where.nom).upper()} {rank}",
            "secteur": "SA01",
            "lib_secteur": "Etablissement public de santé",
        }


def _mssante(person: Personne) -> str:
    local = ".".join(fold(part).replace(" ", "") for part in (person.prenom, person.nom))
    return f"{local}@exemple.mssante.fr"


def activity_lines(person: Personne) -> Iterator[str]:
    """Lines of Personne_activite: one per place and know-how, or one without place."""
    base = {**person.identity(), "civ": person.civilite, "lib_civ": _CIVILITES[person.civilite]}
    if person.metier.code in ("10", "40"):
        base |= {"civ_ex": "DR", "lib_civ_ex": "Docteur"}
    for place in person.places or [{}]:
        for know_how in person.savoir_faire or [("", "", "")]:
            kind, code, label = know_how
            yield _line(
                ACTIVITE,
                {
                    **base,
                    **place,
                    "type_sf": kind,
                    "lib_type_sf": _TYPES.get(kind, ""),
                    "code_sf": code,
                    "lib_sf": label,
                },
            )


def know_how_lines(person: Personne) -> Iterator[str]:
    for kind, code, label in person.savoir_faire:
        values = {"type_sf": kind, "lib_type_sf": _TYPES[kind], "code_sf": code, "lib_sf": label}
        yield _line(QUALIFICATION, {**person.identity(), **values})


def diploma_lines(person: Personne) -> Iterator[str]:
    yield _line(
        DIPLOME,
        {
            **person.identity(),
            "type_dipl": "DE",
            "lib_type_dipl": "Diplôme d'Etat français",
            "code_dipl": f"DE{person.metier.code}",
            "lib_dipl": f"DE {person.metier.libelle}",
        },
    )


_CIVILITES = {"M": "Monsieur", "MME": "Madame"}
_TYPES = {"S": "Spécialité ordinale", "C": "Compétence", "CAPA": "Capacité"}


def header(columns: dict[str, str]) -> str:
    return SEPARATOR.join(columns.values()) + SEPARATOR + "\n"


def _line(columns: dict[str, str], values: dict[str, str]) -> str:
    get = values.get
    return SEPARATOR.join([get(name, "") for name in columns]) + SEPARATOR + "\n"
