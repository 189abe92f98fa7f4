"""The words that exist, among which mistyped ones are corrected."""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

from .index import SuspendedIndexes, suspend_indexes
from .staging import execute, scalar

LEXICON = "referentiels_lexiquemot"
# Words of the names of communes, with how many communes bear each; written again only where the number changed.
COMMUNE_WORDS = f"""
    insert into {LEXICON} as l (domaine, mot, frequence)
    select 'commune', mot, count(distinct commune_id)
    from (select commune_id, regexp_split_to_table(plie, '[^a-z0-9]+') as mot
          from referentiels_communeappellation where rang <= 1) a
    where length(mot) > 2 and mot ~ '^[a-z]'
    group by mot
    on conflict (domaine, mot) do update set frequence = excluded.frequence
    where l.frequence <> excluded.frequence
"""


def write_names(first: bool) -> None:
    """Surnames never met before; those of people who left stay, harmless."""
    # The words of structures and communes stay readable until this last step of a first load.
    none_yet = first and not scalar(f"select exists (select from {LEXICON} where domaine = 'nom')")
    indexes = suspend_indexes(LEXICON, holding="'nom'") if none_yet else SuspendedIndexes()
    changed = "" if first else "join lot_change c on c.idn = i.identification_nationale"
    execute(
        f"insert into {LEXICON} (domaine, mot, frequence) "
        f"select 'nom', nom_plie, count(*) from referentiels_professionnelrpps i {changed} "
        "where nom_plie <> '' and not exists "
        f"(select from {LEXICON} l where l.domaine = 'nom' and l.mot = i.nom_plie) group by nom_plie"
    )
    indexes.build_keys()
    indexes.build_others()


def write_commune_words() -> None:
    """After the names of communes were written."""
    execute(COMMUNE_WORDS)
