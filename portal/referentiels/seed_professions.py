"""The 62 profession entries of the sign-up list, by category, as the validation guide names them.

Each row: label, national code (TRE G15 health, R94 social, R96 other; empty when none exists). The order of
the rows is the order on screen.
"""

from __future__ import annotations

from typing import NamedTuple

E_RPPS = "https://esante.gouv.fr/produits-services/repertoire-rpps"
RPPS_PLUS = "https://esante.gouv.fr/offres-services/rpps-plus"


class Order(NamedTuple):
    label: str
    code_nos: str
    name: str
    url: str


ORDERS: tuple[Order, ...] = (
    Order("Médecin", "10", "Ordre national des médecins", "https://www.conseil-national.medecin.fr"),
    Order(
        "Chirurgien-dentiste",
        "40",
        "Ordre national des chirurgiens-dentistes",
        "https://www.ordre-chirurgiens-dentistes.fr",
    ),
    Order("Masseur-kinésithérapeute", "70", "Ordre des masseurs-kinésithérapeutes", "https://www.ordremk.fr"),
    Order("Pédicure-podologue", "80", "Ordre national des pédicures-podologues", "https://www.onpp.fr"),
    Order("Sage-femme", "50", "Ordre des sages-femmes", "https://www.ordre-sages-femmes.fr"),
    Order("Pharmacien", "21", "Ordre national des pharmaciens", "https://www.ordre.pharmacien.fr"),
    Order("Infirmier", "60", "Ordre national des infirmiers", "https://www.ordre-infirmiers.fr"),
)

ARS: tuple[tuple[str, str], ...] = (
    ("Assistant de service social", "200"),
    ("Assistant dentaire", "31"),
    ("Audio-prothésiste", "26"),
    ("Chiropracteur", ""),
    ("Diététicien", "95"),
    ("Épithésiste", "85"),
    ("Ergothérapeute", "94"),
    ("Manipulateur ERM", "98"),
    ("Oculariste", "84"),
    ("Opticien-lunetier", "28"),
    ("Orthoptiste", "92"),
    ("Orthoprothésiste", "81"),
    ("Orthophoniste", "91"),
    ("Ostéopathe", ""),
    ("Podo-orthésiste", "82"),
    ("Psychologue", "93"),
    ("Psychothérapeute", ""),
    ("Psychomotricien", "96"),
    ("Physicien médical", "32"),
    ("Technicien de laboratoire médical", "86"),
)

ROLES: tuple[tuple[str, str], ...] = (
    ("Accompagnant éducatif et social", "213"),
    ("Aide médicopsychologique", "206"),
    ("Aide-soignant", "35"),
    ("Ambulancier", "36"),
    ("Assistant familial", "205"),
    ("Assistant médical", ""),
    ("Auxiliaire de puériculture", "37"),
    ("Auxiliaire de vie scolaire", ""),
    ("Conseiller en économie sociale et familiale", "203"),
    ("Conseiller en génétique", "404"),
    ("Éducateur de jeunes enfants", "208"),
    ("Éducateur spécialisé", "209"),
    ("Éducateur technique spécialisé", "210"),
    ("Gestionnaire alerte et urgences sanitaires", ""),
    ("Mandataire judiciaire à la protection des majeurs", ""),
    ("Préparateur en pharmacie", "39"),
    ("Responsable de secteur", ""),
    ("Technicien de l’intervention sociale et familiale", "202"),
    ("Secrétaire médicale", ""),
)

OTHERS: tuple[tuple[str, str], ...] = (
    ("Directeur d’ESMS", ""),
    ("Directeur adjoint d’ESMS", ""),
    ("Responsable de secteur", ""),
    ("Coordinateur de parcours", ""),
    ("Assistant de vie sociale", ""),
    ("Aide à domicile", ""),
    ("Aide à domicile qualifiée", ""),
    ("Animateur", ""),
    ("Direction des finances", ""),
    ("Direction des systèmes d’information", ""),
    ("Direction et qualité", ""),
    ("Professionnel intervenant dans la logistique", ""),
    ("Professionnel intervenant dans le social, l’éducatif ou la psychologie", ""),
    ("Professionnel intervenant dans l’hôtellerie ou la restauration", ""),
    ("Étudiants", ""),
    ("Gestionnaire des admissions", ""),
)
