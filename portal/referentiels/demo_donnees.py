"""The demonstration region: invented sites and people of the Yvelines, Val-de-Marne and Eure-et-Loir.

Numbers: RPPS 99710…, FINESS département + 999…, phones 06 39 98 xx xx. `PERSONNAGES` are the people the demo
accounts are made of; the others only fill the directory.
"""

# ruff: noqa: E501  one row per line

from __future__ import annotations

from typing import NamedTuple


class SiteDemo(NamedTuple):
    """`rank` makes the FINESS number (see `finess_of`); the legal entity is 900 ranks above, shared by `ej`."""

    rank: int
    ej: int
    nom: str
    categorie: str
    insee: str
    voie: str
    latitude: float
    longitude: float


CATEGORIES = {
    "355": "Centre Hospitalier (C.H.)",
    "101": "Centre Hospitalier Régional (C.H.R.)",
    "500": "Etablissement d'hébergement pour personnes âgées dépendantes",
    "202": "Résidence Autonomie",
    "354": "Service de Soins Infirmiers A Domicile (S.S.I.A.D)",
    "124": "Centre de Santé",
    "603": "Maison de santé",
    "604": "Communautés professionnelles territoriales de santé (CPTS)",
    "620": "Pharmacie d'Officine",
    "223": "Protection Maternelle et Infantile (P.M.I.)",
}

SITES: tuple[SiteDemo, ...] = (
    SiteDemo(1, 1, "CENTRE HOSPITALIER DE MANTES-LA-JOLIE", "355", "78361", "2;BD;DES TANNEURS", 48.9978, 1.6942),
    SiteDemo(2, 2, "CENTRE HOSPITALIER INTERCOMMUNAL DE MEULAN-LES MUREAUX", "355", "78401", "1;R;DU FORT", 49.0061, 1.9085),
    SiteDemo(3, 3, "CENTRE HOSPITALIER DES TROIS VALLEES", "355", "78646", "12;R;DES CEDRES", 48.8120, 2.1302),
    SiteDemo(4, 1, "EHPAD LES TILLEULS", "500", "78361", "14;R;DES TILLEULS", 48.9930, 1.7120),
    SiteDemo(5, 4, "EHPAD LE CLOS DES VIGNES", "500", "78217", "3;AV;DES VIGNES", 48.9551, 1.8523),
    SiteDemo(6, 4, "EHPAD LA ROSERAIE", "500", "78440", "8;R;DES ROSES", 48.9902, 1.9051),
    SiteDemo(7, 5, "RESIDENCE AUTONOMIE LES GLYCINES", "202", "78335", "5;PL;DU MARCHE", 48.9733, 1.7365),
    SiteDemo(8, 6, "SSIAD DU MANTOIS", "354", "78362", "20;R;DES ECOLES", 48.9741, 1.7082),
    SiteDemo(9, 7, "MAISON DE SANTE DU VAL FOURRE", "603", "78361", "4;PL;CENTRALE", 48.9999, 1.6871),
    SiteDemo(10, 8, "MAISON DE SANTE DES BORDS DE SEINE", "603", "78440", "11;QU;DE SEINE", 48.9961, 1.9123),
    SiteDemo(11, 9, "CENTRE DE SANTE POLYVALENT DE POISSY", "124", "78498", "6;BD;DU PARC", 48.9290, 2.0455),
    SiteDemo(12, 10, "PHARMACIE DU PONT", "620", "78401", "1;R;DU PONT", 49.0045, 1.9061),
    SiteDemo(13, 11, "PHARMACIE DES CORDELIERS", "620", "78361", "9;R;DES CORDELIERS", 48.9901, 1.7173),
    SiteDemo(14, 12, "PMI DE LIMAY", "223", "78335", "2;R;DES FONTAINES", 48.9952, 1.7380),
    SiteDemo(21, 21, "CENTRE HOSPITALIER INTERCOMMUNAL DE LA BOUCLE DE MARNE", "355", "94028", "40;AV;DE VERDUN", 48.7901, 2.4562),
    SiteDemo(22, 22, "CENTRE HOSPITALIER DES COTEAUX", "355", "94046", "7;R;DES COTEAUX", 48.8031, 2.4301),
    SiteDemo(23, 23, "EHPAD LES MARRONNIERS", "500", "94081", "15;AV;DES MARRONNIERS", 48.7885, 2.3921),
    SiteDemo(24, 23, "EHPAD LE PARC DES LILAS", "500", "94076", "22;R;DES LILAS", 48.7921, 2.3655),
    SiteDemo(25, 24, "RESIDENCE AUTONOMIE DU MOULIN", "202", "94041", "3;R;DU MOULIN", 48.8125, 2.3877),
    SiteDemo(26, 25, "SSIAD DE L’EST PARISIEN", "354", "94017", "19;R;DE LA GARE", 48.8160, 2.5121),
    SiteDemo(27, 26, "CENTRE DE SANTE DES ARTISANS", "124", "94080", "10;R;DE L’EGALITE", 48.8472, 2.4335),
    SiteDemo(28, 27, "MAISON DE SANTE DU KREMLIN", "603", "94043", "5;AV;DE LA GARE", 48.8103, 2.3581),
    SiteDemo(29, 28, "PHARMACIE DE L’HORLOGE", "620", "94028", "1;PL;DE L’HORLOGE", 48.7882, 2.4489),
    SiteDemo(41, 41, "CENTRE HOSPITALIER DU PAYS CHARTRAIN", "355", "28085", "34;R;DES BEAUCERONS", 48.4381, 1.4760),
    SiteDemo(42, 42, "CENTRE HOSPITALIER DE LA BLAISE", "355", "28134", "44;AV;DES PEUPLIERS", 48.7341, 1.3601),
    SiteDemo(43, 43, "EHPAD LES BLES D’OR", "500", "28218", "6;R;DES BLES", 48.4391, 1.4601),
    SiteDemo(44, 44, "EHPAD LE VAL D’EURE", "500", "28140", "2;R;DE L’EURE", 48.6105, 1.6733),
    SiteDemo(45, 45, "MAISON DE SANTE DU PERCHE", "603", "28280", "8;R;DU CHATEAU", 48.3205, 0.8201),
    SiteDemo(46, 46, "CENTRE DE SANTE DE CHATEAUDUN", "124", "28088", "17;R;DES ARTS", 48.0711, 1.3302),
    SiteDemo(47, 47, "PHARMACIE DE LA CATHEDRALE", "620", "28085", "3;R;DES CHANGES", 48.4463, 1.4881),
)  # fmt: skip


class Personnage(NamedTuple):
    """`metier` is a TRE G15 code; `site` the FINESS rank of a job, or None for a liberal practice in `insee`."""

    rank: int
    civilite: str
    nom: str
    prenom: str
    metier: str
    insee: str
    site: int | None = None
    specialite: tuple[str, str, str] | None = None
    adeli: str = ""


_MG = ("S", "SM54", "Médecine générale (SM)")
_GERIATRIE = ("S", "SM18", "Gériatrie (SM)")

PERSONNAGES: tuple[Personnage, ...] = (
    Personnage(1, "MME", "SAVARY", "Camille", "70", "78361"),
    Personnage(2, "M", "FONTANEL", "Rémi", "70", "78401"),
    Personnage(3, "MME", "D'AUBIGNY", "Nadia", "50", "78361"),
    Personnage(4, "MME", "TRAORE", "Awa", "50", "78440"),
    Personnage(5, "M", "LACOMBE", "Étienne", "10", "78361", None, _MG),
    Personnage(6, "MME", "NGUYEN", "Hélène", "10", "94028", None, _MG),
    Personnage(7, "M", "BELKACEM", "Karim", "60", "78335"),
    Personnage(8, "MME", "VASSEUR", "Sophie", "60", "94081"),
    Personnage(9, "MME", "PRADIER", "Claire", "10", "78361", 1, _GERIATRIE),
    Personnage(10, "M", "JOLIVET", "Thomas", "60", "78361", 1),
    Personnage(11, "MME", "MARCHAL", "Isabelle", "60", "94028", 21),
    Personnage(12, "M", "KERMARREC", "Gaël", "10", "28085", 41, _GERIATRIE),
    Personnage(13, "MME", "ROUVIERE", "Lucie", "50", "28085", 41),
    Personnage(14, "MME", "ÉCHELARD", "Solène", "91", "78490", None, None, "789971234"),
    Personnage(15, "M", "HADDAD", "Youssef", "21", "78401", 12),
    Personnage(16, "MME", "SAINTE-CROIX", "Bénédicte", "70", "28280"),
    Personnage(17, "M", "COEURDEROY", "Loïc", "40", "94080"),
    Personnage(18, "MME", "OLLIVIER", "Pauline", "70", "78361", 9),
    Personnage(19, "M", "ISAMBERT", "Paul", "80", "78217"),
    Personnage(20, "MME", "DIARRA", "Mariam", "94", "78440", 6),
)


class GroupementDemo(NamedTuple):
    """`communes` are INSEE codes, `sites` FINESS ranks."""

    slug: str
    type: str
    nom: str
    territoire: str | None
    communes: tuple[str, ...] = ()
    sites: tuple[int, ...] = ()


GROUPEMENTS: tuple[GroupementDemo, ...] = (
    GroupementDemo(
        "cpts-seine-et-forets", "cpts", "CPTS Seine et Forêts", "118",
        ("78361", "78362", "78354", "78072", "78082", "78118", "78231", "78234", "78245", "78324", "78335", "78501", "78531", "78089", "78255", "78591", "78310"),
    ),
    GroupementDemo(
        "cpts-du-confluent", "cpts", "CPTS du Confluent", "118",
        ("78401", "78440", "78029", "78402", "78217", "78267", "78314", "78299", "78403", "78238", "78206", "78624", "78642", "78643"),
    ),
    GroupementDemo("cpts-boucle-de-seine", "cpts", "CPTS Boucle de Seine", "118", ("78586", "78311", "78418", "78190", "78146", "78650", "78481", "78358")),
    GroupementDemo("cpts-grand-versailles", "cpts", "CPTS Grand Versailles", "118", ("78646", "78158", "78686", "78117", "78322", "78640", "78545")),
    GroupementDemo("cpts-nord-est-78", "cpts", "CPTS Nord Est 78", "118", ("78498", "78172", "78005", "78015", "78123")),
    GroupementDemo("cpts-aubervilliers", "cpts", "CPTS Aubervilliers", "115", ("93001",)),
    GroupementDemo("cpts-aulnay", "cpts", "CPTS Aulnay", "115", ("93005",)),
    GroupementDemo("cpts-gagny", "cpts", "CPTS Gagny", "115", ("93032",)),
    GroupementDemo("cpts-bobigny-bondy", "cpts", "CPTS Bobigny-Bondy", "115", ("93008",)),
    GroupementDemo("cpts-suresnes", "cpts", "CPTS Suresnes", "112", ("92073",)),
    GroupementDemo("cpts-bievre", "cpts", "CPTS Bièvre", "111"),
    GroupementDemo("cpts-centre-essonne", "cpts", "CPTS Centre Essonne", "111", ("91228",)),
    GroupementDemo("cpts-val-d-yerres", "cpts", "CPTS Val d’Yerres", "111"),
    GroupementDemo("cpts-val-d-oise", "cpts", "CPTS Val d’Oise", "117", ("95500", "95127")),
    GroupementDemo("ght-yvelines-nord", "ght", "GHT Yvelines Nord", "118", (), (1, 2)),
    GroupementDemo("ght-marne-et-coteaux", "ght", "GHT Marne et Coteaux", "116", (), (21, 22)),
    GroupementDemo("ght-eure-et-loir", "ght", "GHT Eure-et-Loir", "242", (), (41, 42)),
)  # fmt: skip
