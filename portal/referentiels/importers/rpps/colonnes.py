"""Names of the columns of the RPPS files: the only place that knows them (ours → theirs)."""

from __future__ import annotations

PERSONNE: dict[str, str] = {
    "type_id": "Type d'identifiant PP",
    "identifiant": "Identifiant PP",
    "idn": "Identification nationale PP",
    "nom": "Nom d'exercice",
    "prenom": "Prénom d'exercice",
}
PROFESSION: dict[str, str] = {
    "profession": "Code profession",
    "lib_profession": "Libellé profession",
    "categorie": "Code catégorie professionnelle",
    "lib_categorie": "Libellé catégorie professionnelle",
}
SAVOIR_FAIRE: dict[str, str] = {
    "type_sf": "Code type savoir-faire",
    "lib_type_sf": "Libellé type savoir-faire",
    "code_sf": "Code savoir-faire",
    "lib_sf": "Libellé savoir-faire",
}
ACTIVITE: dict[str, str] = {
    **PERSONNE,
    "civ_ex": "Code civilité d'exercice",
    "lib_civ_ex": "Libellé civilité d'exercice",
    "civ": "Code civilité",
    "lib_civ": "Libellé civilité",
    **PROFESSION,
    **SAVOIR_FAIRE,
    "mode": "Code mode exercice",
    "lib_mode": "Libellé mode exercice",
    "siret": "Numéro SIRET site",
    "siren": "Numéro SIREN site",
    "finess": "Numéro FINESS site",
    "finess_ej": "Numéro FINESS établissement juridique",
    "id_structure": "Identifiant technique de la structure",
    "raison": "Raison sociale site",
    "enseigne": "Enseigne commerciale site",
    "compl_dest": "Complément destinataire (coord. structure)",
    "compl_geo": "Complément point géographique (coord. structure)",
    "num_voie": "Numéro Voie (coord. structure)",
    "indice_voie": "Indice répétition voie (coord. structure)",
    "type_voie": "Code type de voie (coord. structure)",
    "lib_type_voie": "Libellé type de voie (coord. structure)",
    "lib_voie": "Libellé Voie (coord. structure)",
    "mention": "Mention distribution (coord. structure)",
    "cedex": "Bureau cedex (coord. structure)",
    "cp": "Code postal (coord. structure)",
    "commune": "Code commune (coord. structure)",
    "lib_commune": "Libellé commune (coord. structure)",
    "pays": "Code pays (coord. structure)",
    "lib_pays": "Libellé pays (coord. structure)",
    "tel": "Téléphone (coord. structure)",
    "tel2": "Téléphone 2 (coord. structure)",
    "fax": "Télécopie (coord. structure)",
    "email": "Adresse e-mail (coord. structure)",
    "dep": "Code Département (structure)",
    "lib_dep": "Libellé Département (structure)",
    "ancien_id": "Ancien identifiant de la structure",
    "autorite": "Autorité d'enregistrement",
    "secteur": "Code secteur d'activité",
    "lib_secteur": "Libellé secteur d'activité",
    "section": "Code section tableau pharmaciens",
    "lib_section": "Libellé section tableau pharmaciens",
    "role": "Code rôle",
    "lib_role": "Libellé rôle",
    "genre": "Code genre activité",
    "lib_genre": "Libellé genre activité",
}
QUALIFICATION: dict[str, str] = {**PERSONNE, **PROFESSION, **SAVOIR_FAIRE}
DIPLOME: dict[str, str] = {
    **PERSONNE,
    "type_dipl": "Code type diplôme obtenu",
    "lib_type_dipl": "Libellé type diplôme obtenu",
    "code_dipl": "Code diplôme obtenu",
    "lib_dipl": "Libellé diplôme obtenu",
    "type_aut": "Code type autorisation",
    "lib_type_aut": "Libellé type autorisation",
    "disc_aut": "Code discipline autorisation",
    "lib_disc_aut": "Libellé discipline autorisation",
}
# Without these nothing can be said of anybody.
CLES = ("type_id", "identifiant", "idn", "nom", "profession")
CLES_PERSONNE = ("type_id", "identifiant", "idn")

# What decides whether a person changed: every code and text we keep. Labels of codes are not kept, so a drift of
# labels (« Libéral » became « Libéral, indépendant… ») changes nothing.
EMPREINTE = (
    "nom", "prenom", "civ", "civ_ex", "profession", "categorie", "type_sf", "code_sf", "mode", "siret", "finess",
    "finess_ej", "id_structure", "raison", "enseigne", "compl_dest", "compl_geo", "num_voie", "indice_voie",
    "lib_type_voie", "lib_voie", "mention", "cedex", "cp", "commune", "pays", "tel", "tel2", "fax", "email", "dep",
    "ancien_id", "secteur", "section", "role", "genre",
)  # fmt: skip
# Raise it when the mapping changes what is kept: everybody is then mapped again at the next import.
VERSION_MAPPING = 2

# Longest value we keep, in characters; a longer one is not what the column is for, and its row is refused.
LONGUEURS: dict[str, int] = {
    "nom": 120, "prenom": 120, "raison": 200, "enseigne": 200, "compl_dest": 95, "compl_geo": 95, "num_voie": 20,
    "indice_voie": 20, "lib_type_voie": 40, "lib_voie": 115, "mention": 120, "cedex": 120, "email": 254,
    "id_structure": 40, "ancien_id": 40, "siret": 14, "finess": 9, "finess_ej": 9, "cp": 10, "commune": 10, "pays": 10,
    "civ": 5, "civ_ex": 5, "profession": 10, "categorie": 5, "mode": 5, "secteur": 10, "section": 5, "role": 10,
    "genre": 10, "type_sf": 8, "code_sf": 11, "lib_sf": 200, "type_dipl": 10, "code_dipl": 20, "lib_dipl": 255,
    "type_aut": 10, "disc_aut": 20, "lib_disc_aut": 255,
}  # fmt: skip
