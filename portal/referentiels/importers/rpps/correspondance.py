"""RPPS columns turned into ours, as SQL expressions over one staging row `s`."""

from __future__ import annotations

from collections.abc import Set

from .colonnes import LONGUEURS

# What says that somebody practises somewhere.
LIEU = ("id_structure", "siret", "finess", "raison", "cp", "commune", "lib_voie", "cedex", "pays", "mode")
# Same person and place of practice: structure when it has an identifier, else the address itself.
_CLE = ("profession", "mode", "secteur", "id_structure")
_ADRESSE = ("siret", "finess", "lib_voie", "num_voie", "cp", "commune", "pays")


class Correspondance:
    """Expressions over the staging row `s` for the columns present in this file; an absent column reads as empty."""

    def __init__(self, present: Set[str]) -> None:
        self.present = present

    def text(self, name: str) -> str:
        # The empty text has the type of the column, so that writing it checks no length again.
        empty = f"''::varchar({LONGUEURS[name]})" if name in LONGUEURS else "''::text"
        return f"coalesce({self.raw(name)}, {empty})" if name in self.present else empty

    def raw(self, name: str) -> str:
        return f"s.{name}" if name in self.present else "null::text"

    def fingerprint(self, names: tuple[str, ...], seed: int) -> str:
        """64-bit hash of these columns. COPY reads an empty field as NULL, so both hash alike."""
        return f"hash_record_extended(row({', '.join(self.raw(name) for name in names)}), {seed})"

    @property
    def place_key(self) -> str:
        place = self.fingerprint(_CLE, 1)
        address = self.fingerprint((*_CLE, *_ADRESSE), 2)
        return f"case when {self.raw('id_structure')} is null then {address} else {place} end"

    @property
    def has_place(self) -> str:
        """Qualified but not practising: no structure, no address, no mode: a person, not a place."""
        return f"coalesce({', '.join(self.raw(name) for name in LIEU)}) is not null"

    @property
    def savoir_faire(self) -> str:
        """« S:SM54 »; only a type and no code is « CEX: »."""
        if "type_sf" not in self.present:
            return "null::text"
        return f"{self.raw('type_sf')} || ':' || {self.text('code_sf')}"

    @staticmethod
    def one_code(code: str) -> str:
        """List of this know-how, or of none; already of the column's type, whose check costs as much as the list."""
        return f"case when {code} is null then '{{}}'::varchar(20)[] else array[({code})::varchar(20)] end"

    @property
    def voie(self) -> str:
        """« 12 bis Rue des Exemples »; the street type is dropped when the name already starts with it."""
        index, kind, name = (self.text(column) for column in ("indice_voie", "lib_type_voie", "lib_voie"))
        number = f"{self.text('num_voie')} || case when {index} = '' then '' else ' ' || {index} end"
        # First letters that differ, whatever their case (the last five bits of the code), spare most patterns.
        alike = f"ascii({name}) & 31 = ascii({kind}) & 31"
        repeated = f"({alike} and upper({name}) like upper({kind}) || ' %%')"
        street = f"case when {repeated} then null else nullif({kind}, '') end"
        anything = f"concat_ws(' ', nullif(btrim({number}), ''), {street}, nullif({name}, ''))"
        # A number, a type, a name, as nearly everywhere: joined without the general case, which costs twice as much.
        raw_number = self.raw("num_voie")
        usual = f"{raw_number} || ' ' || {self.raw('lib_type_voie')} || ' ' || {self.raw('lib_voie')}"
        plain = f"{self.raw('indice_voie')} is null and strpos({raw_number}, ' ') = 0 and not {repeated}"
        return f"case when {plain} then coalesce({usual}, {anything}) else {anything} end"

    @property
    def code_postal(self) -> str:
        """The column, else the five digits that start the CEDEX line."""
        return f"coalesce({self.raw('cp')}, substring({self.raw('cedex')} from '^([0-9]{{5}}) '), '')"

    @property
    def departement(self) -> str:
        """The commune decides, then the postal code (20xxx is Corsica: unknown half), then the column."""
        code = self.text("commune")
        postal = self.code_postal
        return (
            "case"
            f" when not {self.in_france} then ''"
            f" when length({code}) = 5 and {code} < '97' then left({code}, 2)"
            f" when length({code}) = 5 and {code} < '99' then left({code}, 3)"
            f" when {self.text('dep')} <> '' then left({self.text('dep')}, 3)"
            f" when {postal} ~ '^9[78][0-9]{{3}}$' then left({postal}, 3)"
            f" when {postal} ~ '^[0-9]{{5}}$' and {postal} not like '20%%' then left({postal}, 2)"
            " else '' end"
        )

    @property
    def in_france(self) -> str:
        """A foreign delivery line may look like a French one: its town is left as published."""
        return f"coalesce({self.raw('pays')} in ('99000', '99100'), true)"

    def phone(self, name: str) -> str:
        """Ten national digits when they can be told, else the text as published; zeros only is nothing."""
        text = self.raw(name)
        compact = rf"regexp_replace({text}, '[^0-9+]', '', 'g')"
        national = rf"regexp_replace({compact}, '^(\+33|0033)(0)?', '0')"
        return (
            # The usual shapes first: the costly expressions serve one number in a hundred. « + » and a length rather
            # than « {8} »: the automaton is made again for each value, and has three states instead of ten.
            f"case when {text} is null then ''"
            f" when octet_length({text}) = 10 and {text} ~ '^0[1-9][0-9]+$' then {text}"
            f" when {compact} ~ '^[+0]*$' then ''"
            f" when {national} ~ '^[1-9][0-9]{{8}}$' then '0' || {national}"
            f" when {national} ~ '^0[1-9][0-9]{{8}}$' then {national}"
            f" else left({text}, 30) end"
        )

    def activity_columns(self) -> dict[str, str]:
        """Column of ActiviteRpps → expression."""
        both = (self.raw("compl_dest"), self.raw("compl_geo"))
        complement = f"coalesce({both[0]} || ', ' || {both[1]}, {both[0]}, {both[1]}, '')"
        return {
            "code_profession": self.text("profession"),
            "code_mode": self.text("mode"),
            "code_secteur": self.text("secteur"),
            "code_section": self.text("section"),
            "code_role": self.text("role"),
            "code_genre": self.text("genre"),
            "identifiant_structure": self.text("id_structure"),
            "ancien_identifiant_structure": self.text("ancien_id"),
            "raison_sociale": self.text("raison"),
            "enseigne": self.text("enseigne"),
            "numero_siret": self.text("siret"),
            "numero_finess": self.text("finess"),
            "numero_finess_juridique": self.text("finess_ej"),
            "complement": complement,
            "voie": self.voie,
            "mention_distribution": self.text("mention"),
            "acheminement": self.text("cedex"),
            "code_postal": self.code_postal,
            "code_commune": self.text("commune"),
            "code_departement": self.departement,
            "code_pays": self.text("pays"),
            "telephone": self.phone("tel"),
            "telephone_2": self.phone("tel2"),
            "telecopie": self.phone("fax"),
            "email": self.text("email"),
        }
