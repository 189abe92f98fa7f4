"""The invented people of the national directory, and what UserInfo says of each: every trap of the real service."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SUBJECT_UUID = "7c0fb2a4-3d5e-4d1a-9b61-0e2f8a64c597"
APP_PASSWORD = "1357"  # noqa: S105  invented people have a published password
CARD_PIN = "1234"

_ACTIVITY_KEYS = """
codeModeExercice codeSecteurDactivite codeSectionPharmacien codeRole codeGenreActivite numeroSiretSite numeroSirenSite
numeroFinessSite numeroFinessetablissementJuridique identifiantTechniqueDeLaStructure raisonSocialeSite
enseigneCommercialeSite complementDestinataire complementPointGeographique numeroVoie indiceRepetitionVoie
codeTypeDeVoie libelleVoie mentionDistribution bureauCedex codePostal codeCommune codePays telephone telephone2
telecopie adresseEMail codeDepartement ancienIdentifiantDeLaStructure autoriteDenregistrement
"""
_EMPTY_ACTIVITY = dict.fromkeys(_ACTIVITY_KEYS.split(), "")


@dataclass(frozen=True)
class Persona:
    """`told` says in a few words why this person is here; `is_active`: the e-CPS works from the start."""

    national_id: str
    prenom: str
    nom: str
    told: str
    civilite: str = ""
    roles: tuple[str, ...] = ()
    practices: tuple[dict[str, Any], ...] = ()
    has_card: bool = True
    is_active: bool = True
    is_minimal: bool = False
    email: str = ""
    phone: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """A word for addresses, without the slash of an establishment's number."""
        return self.national_id.replace("/", "_")

    @property
    def name(self) -> str:
        return f"{self.prenom} {self.nom}"

    @property
    def subject(self) -> str:
        return f"f:{SUBJECT_UUID}:{self.national_id}"


def _activity(name: str, **values: str) -> dict[str, str]:
    return {**_EMPTY_ACTIVITY, "codePays": "99000", "raisonSocialeSite": name, **values}


def _practice(profession: str, *activities: dict[str, str], **values: str) -> dict[str, Any]:
    empty = {
        "codeCategorieProfessionnelle": "C",
        "codeCiviliteDexercice": "",
        "nomDexercice": "",
        "prenomDexercice": "",
        "codeTypeSavoirFaire": "",
        "codeSavoirFaire": "",
    }
    return {"codeProfession": profession, **empty, **values, "activities": list(activities)}


_OFFICE = _activity(
    "CABINET DES LILAS",
    codeModeExercice="L",
    codeSecteurDactivite="SA07",
    codeGenreActivite="GENR01",
    numeroSiretSite="12345678200010",
    numeroSirenSite="123456782",
    identifiantTechniqueDeLaStructure="R997001",
    ancienIdentifiantDeLaStructure="499700000013008",
    numeroVoie="4",
    codeTypeDeVoie="R",
    libelleVoie="DES LILAS",
    codePostal="94000",
    codeCommune="94028",
    codeDepartement="94",
    telephone="0639989401",
    autoriteDenregistrement="CNOM/CNOM/ARS",
)
_HOSPITAL = _activity(
    "HOPITAL FICTIF DU NORD",
    codeModeExercice="S",
    codeSecteurDactivite="SA01",
    codeGenreActivite="GENR01",
    numeroFinessSite="940099906",
    identifiantTechniqueDeLaStructure="F940099906",
    ancienIdentifiantDeLaStructure="1940099906",
    codePostal="94000",
    codeCommune="94028",
    codeDepartement="94",
)
_HEALTH_CENTRE = _activity(
    "CENTRE DE SANTE DE LA GARE",
    codeModeExercice="S",
    codeSecteurDactivite="SA05",
    numeroFinessSite="0B0193488",  # the sandbox's numbers hold a letter and fail their key
    identifiantTechniqueDeLaStructure="F0B0193488",
    codePostal="93200",
    codeCommune="93066",
    codeDepartement="93",
)
_PHARMACY = _activity(
    "PHARMACIE DU MARCHE FICTIF", codeModeExercice="L", codeSecteurDactivite="SA33", codeSectionPharmacien="A",
    numeroFinessSite="750099905", numeroSiretSite="99912345800013", codePostal="75020", codeCommune="75120",
)  # fmt: skip
_CARE_HOME = _activity(
    "EHPAD LES TILLEULS", codeModeExercice="S", codeSecteurDactivite="SA17", codeRole="313",
    codeGenreActivite="GENR09", numeroFinessSite="940099906", codePostal="94800", codeCommune="94076",
)  # fmt: skip
_GROUP_OFFICE = _activity(
    "CABINET DE GROUPE DU CANAL", codeModeExercice="L", codeSecteurDactivite="SA08", codePostal="78200"
)

PERSONAS = (
    Persona(
        "899700000013", "HUGO", "VALDENAIRE", "médecin, plusieurs lieux d’activité", "M",
        roles=("10^1.2.250.1.213.1.1.5.5",),
        practices=(
            _practice(
                "10", _OFFICE, _HOSPITAL, _HEALTH_CENTRE, codeCiviliteDexercice="DR", nomDexercice="VALDENAIRE",
                prenomDexercice="HUGO", codeTypeSavoirFaire="S", codeSavoirFaire="SM26",
            ),
        ),
        email="hugo.valdenaire@demo.example", phone="+33639980010",
    ),
    Persona(
        "899700000047", "NOE", "BARRANDON", "infirmier", "M", roles=("60^1.2.250.1.213.1.1.5.5",),
        practices=(_practice("60", _activity("CABINET INFIRMIER DU MARCHE", codeModeExercice="L")),),
        email="noe.barrandon@demo.example", phone="+33639980013",
    ),
    Persona(
        "899700000021", "INES", "CHARMEAU", "masseur-kinésithérapeute", "MME", roles=("70^1.2.250.1.71.1.2.7",),
        practices=(_practice("70", _GROUP_OFFICE, nomDexercice="CHARMEAU-LORGE", prenomDexercice="INES"),),
        email="ines.charmeau@demo.example", phone="+33639980011",
    ),
    Persona(
        "899700000039", "MAUD", "LESTIENNE", "sage-femme, e-CPS à activer", "MME",
        roles=("50^1.2.250.1.213.1.1.5.5",), practices=(_practice("50", _OFFICE),), is_active=False,
        email="maud.lestienne@demo.example", phone="+33639980012",
    ),
    Persona(
        "899700000054", "BASILE", "ORNEVAL", "pharmacien d’officine, sans compte", "M",
        roles=("21^1.2.250.1.213.1.1.5.5",), practices=(_practice("21", _PHARMACY),),
        email="basile.orneval@demo.example", phone="+33639980030",
    ),
    Persona(
        "899700000062", "CELESTE", "DAMREMOY", "aide-soignante, enregistrement RPPS+ sans carte", "MME",
        roles=("313^1.2.250.1.213.1.6.1.107",), practices=(_practice("", _CARE_HOME),), has_card=False,
        email="celeste.damremoy@demo.example", phone="+33639980031",
    ),
    Persona(
        "899700000070", "ELIAS", "TOURNEFLOT", "psychologue et ostéopathe, deux exercices", "M",
        roles=("93^1.2.250.1.213.1.6.1.109", "71^1.2.250.1.213.1.6.1.109"),
        practices=(
            _practice("93", _HOSPITAL),
            _practice("71", _GROUP_OFFICE, codeCategorieProfessionnelle="C", nomDexercice="TOURNEFLOT-BRAY"),
        ),
        email="elias.tourneflot@demo.example", phone="+33639980032",
    ),
    Persona(
        "3940099906/0000000042", "FLORA", "MERCADIEL", "agent d’établissement, carte CPE", "MME",
        practices=(_practice("", _HOSPITAL),),
        email="flora.mercadiel@demo.example", phone="+33639980033",
    ),
    Persona(
        "ANS20260101120000", "GASPARD", "ESSAI", "identité du bac à sable, non numérique", "M",
        roles=("10^1.2.250.1.213.1.1.5.5",), practices=(_practice("10", _HOSPITAL),), has_card=False,
        email="gaspard.essai@demo.example", phone="+33639980034",
        extra={"otherIds": [{"identifiant": "ANS20260101120000", "origine": "EDIT", "qualite": 1}]},
    ),
    Persona(
        "899700000088", "HELOISE", "VANDRIMONT", "réponse minimale, sans annuaire", is_minimal=True,
        email="heloise.vandrimont@demo.example", phone="+33639980035",
    ),
)  # fmt: skip
BY_ID = {person.national_id: person for person in PERSONAS}
BY_KEY = {person.key: person for person in PERSONAS}


def find(typed: str) -> Persona | None:
    """By the national number as typed: spaces dropped, the « 8 » of an RPPS may be forgotten."""
    number = "".join(typed.split()).upper()
    return BY_ID.get(number) or BY_ID.get(f"8{number}")


def userinfo(person: Persona, auth_mode: str) -> dict[str, Any]:
    """What the service says of somebody. `auth_mode` is "MOBILE" or "CARD"."""
    said: dict[str, Any] = {
        "sub": person.subject,
        "SubjectNameID": person.national_id,
        "preferred_username": person.national_id,
        "given_name": person.prenom,
        "family_name": person.nom,
    }
    if person.is_minimal:
        return said
    return {
        **said,
        "authMode": auth_mode,
        "SubjectRole": list(person.roles),
        "SubjectOrganization": _organisation(person, "raisonSocialeSite"),
        "SubjectOrganizationID": _organisation(person, "identifiantTechniqueDeLaStructure"),
        "Secteur_Activite": f"{_organisation(person, 'codeSecteurDactivite')}^1.2.250.1.71.4.2.4",
        "Mode_Acces_Raison": "",
        "Acces_Regulation_Medicale": "FAUX",
        "Palier_Authentification": "APPPRIP3^1.2.250.1.213.1.5.1.1.1",
        "PSI_Locale": "1.2.250.1.213.1.3.1.1",
        "UITVersion": "1.0",
        "otherIds": [{"identifiant": person.national_id, "origine": "RPPS", "qualite": 1}],
        "SubjectRefPro": {"codeCivilite": person.civilite, "exercices": list(person.practices)},
        **person.extra,
    }


def _organisation(person: Persona, name: str) -> str:
    places = [place for practice in person.practices for place in practice["activities"]]
    return str(places[0][name]) if places else ""
