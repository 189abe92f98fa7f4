"""Every national file we know how to read, by the key its command and its admin form use."""

from __future__ import annotations

from . import ameli, nos
from .communes import cog, laposte
from .finess import juridiques, legacy, plus
from .rpps import activites, annexes
from .runner import Source

SOURCES: dict[str, Source] = {
    source.key: source
    for source in (
        Source(
            "nos",
            "Nomenclatures (NOS)",
            nos.apply,
            "Un fichier FHIR CodeSystem ou ValueSet, ou un dossier de ces fichiers.",
        ),
        Source(
            "communes",
            "Communes (code officiel géographique)",
            cog.apply,
            "CSV avec coordonnées, ou communes.json du découpage administratif.",
        ),
        Source("laposte", "Codes postaux (La Poste, hexasmal)", laposte.apply, "Après les communes."),
        Source(
            "finess_juridique",
            "Entités juridiques FINESS (extraction CSV)",
            juridiques.apply,
            "Fichier etalab-cs1100501 ; rattache les établissements, avant ou après eux.",
        ),
        Source(
            "finess",
            "Établissements FINESS (extraction CSV)",
            legacy.apply,
            "Fichiers etalab-cs1100502 ou etalab-cs1100507.",
        ),
        Source(
            "finess_plus", "Structures FINESS+ (JSON)", plus.apply, "Flux « structures », .json ou .json.gz."
        ),
        Source(
            "rpps",
            "Professionnels et activités (RPPS)",
            activites.apply,
            "Fichier PS_LibreAcces_Personne_activite.",
        ),
        Source(
            "rpps_savoir_faire",
            "Savoir-faire (RPPS)",
            annexes.apply_know_how,
            "Fichier PS_LibreAcces_SavoirFaire, après les activités.",
        ),
        Source(
            "rpps_diplomes",
            "Diplômes et autorisations (RPPS)",
            annexes.apply_diplomas,
            "Fichier PS_LibreAcces_Dipl_AutExerc, après les activités.",
        ),
        Source(
            "ameli",
            "Conventionnement (annuaire santé ameli)",
            ameli.apply,
            "Rapproché par nom, code postal et spécialité ; à confirmer par le professionnel.",
        ),
    )
}
