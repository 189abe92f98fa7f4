"""Three establishments of Eure-et-Loir and Yvelines, with the communes of the demonstration: what forms fill from."""

from __future__ import annotations

from pathlib import Path

from portal.referentiels.demo import COMMUNES
from portal.referentiels.importers.catalogue import SOURCES
from portal.referentiels.importers.runner import run_import
from tests.referentiels.fichiers import finess_line, write_finess

CHARTRAIN = "289990418"
_CHARTRES = {
    "departement": "28", "commune": "085", "ligne": "28000 CHARTRES", "numvoie": "34", "typvoie": "R",
    "voie": "DES BEAUCERONS",
}  # fmt: skip


def load_establishments(folder: Path) -> None:
    lines = [
        finess_line(CHARTRAIN, "CENTRE HOSPITALIER DU PAYS CHARTRAIN", **_CHARTRES),
        finess_line("289990426", "CENTRE HOSPITALIER DE LA BLAISE", **_CHARTRES | {"siret": ""}),
        finess_line("789990017", "CENTRE HOSPITALIER DE MANTES-LA-JOLIE", siret="99900078000031"),
    ]
    run_import(SOURCES["communes"], COMMUNES, write=True)
    run_import(SOURCES["finess"], write_finess(folder / "finess.csv", lines), write=True)
