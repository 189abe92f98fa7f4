"""Small files in the shape of the national ones, with invented content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from portal.referentiels.importers.rpps.colonnes import ACTIVITE, DIPLOME, QUALIFICATION

COMMUNES = """code_insee,nom,type,code_departement,population,codes_postaux,lat,lon,commune_parente
78361,Mantes-la-Jolie,COM,78,43600,78200,48.995,1.705,
78362,Mantes-la-Ville,COM,78,20900,78711,48.975,1.712,
78354,Magnanville,COM,78,6200,78200,48.967,1.684,
78070,Boinvilliers,COM,78,300,78200,48.914,1.661,
78401,Meulan-en-Yvelines,COM,78,9300,78250,49.006,1.906,
78440,Les Mureaux,COM,78,33000,78130,48.986,1.915,
78126,La Celle-Saint-Cloud,COM,78,20900,78170,48.848,2.135,
78551,Saint-Germain-en-Laye,COM,78,45000,78100|78112,48.937,2.071,
78575,Saint-Rémy-lès-Chevreuse,COM,78,7800,78470,48.705,2.077,
75056,Paris,COM,75,2100000,75001|75006|75015,48.857,2.342,
75106,Paris 6e Arrondissement,ARM,75,40000,75006,48.849,2.333,75056
28085,Chartres,COM,28,38500,28000,48.446,1.489,
28140,Épernon,COM,28,5500,28230,48.611,1.673,
94038,L'Haÿ-les-Roses,COM,94,31000,94240,48.777,2.337,
94028,Créteil,COM,94,92000,94000,48.784,2.454,
"""


def write_communes(path: Path, text: str = COMMUNES) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# --- RPPS ------------------------------------------------------------------------------------------
MK = {
    "type_id": "8", "identifiant": "99700000013", "idn": "899700000013", "civ": "M", "nom": "EXEMPLE",
    "prenom": "Paul", "profession": "70", "lib_profession": "Masseur-Kinésithérapeute", "categorie": "C",
    "mode": "L", "lib_mode": "Libéral, indépendant, artisan, commerçant", "id_structure": "C99700000013001",
    "num_voie": "12", "lib_type_voie": "Rue", "lib_voie": "DES EXEMPLES", "cedex": "78200 MANTES LA JOLIE",
    "cp": "78200", "commune": "78361", "tel": "0639980011", "dep": "78", "secteur": "SA07",
}  # fmt: skip
SAGE_FEMME = {
    **MK, "identifiant": "99700000021", "idn": "899700000021", "civ": "MME", "nom": "D'ESSAI-TEST",
    "prenom": "Jeanne", "profession": "50", "id_structure": "C99700000021001", "cedex": "75006 PARIS",
    "cp": "75006", "commune": "75106", "dep": "75", "num_voie": "86", "lib_voie": "RUE DU TEST",
    "tel": "+33639980037", "email": "jeanne.essai@exemple.mssante.fr",
}  # fmt: skip
MEDECIN = {
    **MK, "identifiant": "99700000039", "idn": "899700000039", "nom": "MODELE", "prenom": "Rémi",
    "profession": "10", "type_sf": "S", "code_sf": "SM54", "id_structure": "R10100000999903",
    "raison": "MSP DU GABARIT", "num_voie": "BAT C", "tel": "0000000000", "secteur": "SA52", "commune": "78354",
    "cedex": "78200 MAGNANVILLE",
}  # fmt: skip
SANS_LIEU = {
    key: value for key, value in MK.items() if key in ("type_id", "civ", "prenom", "profession", "categorie")
} | {"identifiant": "99700000047", "idn": "899700000047", "nom": "TESTIER"}


def write_rpps(
    path: Path,
    rows: Iterable[Mapping[str, str]],
    *,
    columns: Mapping[str, str] = ACTIVITE,
    order: Sequence[str] | None = None,
    encoding: str = "utf-8",
    end: str = "\n",
) -> Path:
    """Rows by our column names; `order` picks and orders the columns written."""
    names = list(order or columns)
    lines = ["|".join(columns.get(name, name) for name in names) + "|"]
    lines += ["|".join(row.get(name, "") for name in names) + "|" for row in rows]
    path.write_bytes((end.join(lines) + end).encode(encoding))
    return path


def write_know_how(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    return write_rpps(path, rows, columns=QUALIFICATION)


def write_diplomas(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    return write_rpps(path, rows, columns=DIPLOME)


# --- FINESS ----------------------------------------------------------------------------------------
def finess_line(numero: str, nom: str, **values: str) -> str:
    """A `structureet` line; values by their rank name (see the keys below)."""
    fields = {
        "section": "structureet", "numero": numero, "ej": "780000014", "rs": nom, "rslongue": "", "compl": "",
        "distrib": "", "numvoie": "2", "typvoie": "BD", "voie": "DES TANNEURS", "compvoie": "", "lieudit": "",
        "commune": "361", "departement": "78", "libdep": "YVELINES", "ligne": "78200 MANTES LA JOLIE",
        "tel": "0639980100", "fax": "", "categ": "355", "libcateg": "Centre Hospitalier (C.H.)", "agr": "",
        "libagr": "", "siret": "99900078000015", "ape": "", "mft": "", "libmft": "", "sph": "", "libsph": "",
        "ouv": "1980-01-02", "autor": "", "maj": "", "uai": "",
    }  # fmt: skip
    return ";".join({**fields, **values}.values())


def write_finess(path: Path, lines: Sequence[str], *, encoding: str = "utf-8") -> Path:
    path.write_bytes(("\n".join(["finess;etalab;111;2026-11-01", *lines]) + "\n").encode(encoding))
    return path


def legal_entity_line(numero: str, nom: str, **values: str) -> str:
    """A `structureej` line; values by their published name."""
    fields = {
        "section": "structureej", "nofiness": numero, "rs": nom, "rslongue": "", "complrs": "", "numvoie": "2",
        "typvoie": "BD", "voie": "DES TANNEURS", "compvoie": "", "compldistrib": "", "lieuditbp": "", "commune": "361",
        "ligneacheminement": "78201 MANTES LA JOLIE CEDEX", "departement": "78", "libdepartement": "YVELINES",
        "telephone": "0639980100", "statutjuridique": "13", "libstatutjuridique": "Etablissement Public Communal",
        "categetab": "", "libcategetab": "", "siren": "999000781", "codeape": "8610Z", "datecrea": "1980-01-02",
    }  # fmt: skip
    return ";".join({**fields, **values}.values())
