"""What the server fills or asks about one place of work of a form: the establishment named, then its town.

With JavaScript the page has filled the fields already (static/js/combobox.js) and there is nothing left to do here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from portal.common.text import fold
from portal.referentiels.selectors import communes_of_code_postal, find_structure, suggest_structures
from portal.referentiels.selectors.communes import CommuneTrouvee

COLUMNS = ("structure", "structure_finess", "adresse", "code_postal", "ville", "departement")
"""What an establishment fills: columns of the account, and names of the fields."""
_PROPOSED = 8
_NONE = "aucun"
_LABELS = {
    "structure": "l’établissement",
    "structure_finess": "le numéro FINESS",
    "adresse": "l’adresse",
    "code_postal": "le code postal",
    "ville": "la ville",
    "departement": "le département",
}


class PlaceCompletion:
    """One place of the form: the fields whose names end with `suffix` ("" for the first one)."""

    def __init__(self, form: Any, suffix: str) -> None:
        self.form, self.suffix = form, suffix

    def run(self) -> None:
        self._complete_from_establishment()
        self._complete_from_postal_code()

    # --- establishment ------------------------------------------------------------------------------------
    def _complete_from_establishment(self) -> None:
        typed, number = self.typed("structure"), self.typed("structure_finess")
        if self.typed("structure_hors_liste"):
            self.write("structure_finess", "")
            return
        if not (typed or number) or self._is_wrong("structure_finess"):
            return
        choice = self._posted("lieu_choisi")
        if choice == _NONE:
            self.write("lieu_vu", typed)
            return
        chosen = choice or number or self._named(typed)
        if chosen and chosen != self._posted("lieu_vu"):
            self._fill(chosen)
        elif not chosen and typed and fold(typed) != fold(self._posted("lieu_vu")):
            self._propose(typed)

    def _named(self, typed: str) -> str:
        """The establishment whose number or whole name was typed, "" when there is none or several."""
        by_number = find_structure(typed)
        if by_number is not None:
            return by_number.numero_finess
        wanted = fold(typed)
        rows = suggest_structures(typed, code_postal=self.typed("code_postal"), limit=_PROPOSED)
        same = [row.numero_finess for row in rows if wanted in (fold(row.nom), fold(row.libelle))]
        return same[0] if len(same) == 1 else ""

    def _fill(self, numero: str) -> None:
        site = find_structure(numero)
        if site is None:
            return
        values = columns_of(site)
        filled = [name for name in COLUMNS if self._is_to_fill(name, values[name])]
        for name in filled:
            self.write(name, values[name])
        self.write("lieu_vu", values["structure_finess"])
        self.write("code_postal_vu", self.typed("code_postal"))
        if filled:
            self.form.ask_to_confirm(
                f"Nous avons rempli {_enumerated(_LABELS[name] for name in filled)} d’après le fichier national des "
                "établissements (FINESS). Vérifiez, corrigez si besoin, puis envoyez de nouveau."
            )

    def _is_to_fill(self, name: str, value: str) -> bool:
        """The name and the number follow the establishment; anything else is filled only where nothing was typed."""
        if not value or self.name(name) not in self.form.fields or self.typed(name) == value:
            return False
        if name == "structure":
            return True
        return not self._is_wrong(name) and (name == "structure_finess" or not self.typed(name))

    def _propose(self, typed: str) -> None:
        rows = suggest_structures(typed, code_postal=self.typed("code_postal"), limit=_PROPOSED)
        self.write("lieu_vu", typed)
        if not rows:
            return
        self._ask(
            "lieu_choisi",
            "Est-ce l’un de ces établissements ?",
            [(row.numero_finess, f"{row.libelle} · FINESS {row.numero_finess}") for row in rows],
            f"Aucun de ceux-ci : garder « {typed} »",
            after="structure",
        )
        self.form.ask_to_confirm("Choisissez votre établissement dans la liste, ou gardez le nom saisi.")

    # --- postal code --------------------------------------------------------------------------------------
    def _complete_from_postal_code(self) -> None:
        code = self.typed("code_postal")
        if not code or self.typed("ville") or self._is_wrong("code_postal"):
            return
        choice = self._posted("ville_choisie")
        communes = communes_of_code_postal(code)
        chosen = next((row for row in communes if row.code_insee == choice), None)
        if chosen is None and len(communes) == 1 and code != self._posted("code_postal_vu"):
            chosen = communes[0]
        if chosen is not None:
            self.write("ville", chosen.nom)
            self.write("departement", chosen.code_departement)
            if not choice:
                self.form.ask_to_confirm(
                    f"Le code postal {code} est celui de {chosen.nom} : vérifiez, puis envoyez de nouveau."
                )
        elif communes and choice != _NONE and code != self._posted("code_postal_vu"):
            self._ask_town(code, communes)
        self.write("code_postal_vu", code)

    def _ask_town(self, code: str, communes: Sequence[CommuneTrouvee]) -> None:
        self._ask(
            "ville_choisie",
            f"Quelle ville du {code} ?",
            [(row.code_insee, row.nom) for row in communes],
            "Une autre ville",
            after="code_postal",
        )
        self.form.ask_to_confirm(f"Plusieurs villes ont le code postal {code} : choisissez la vôtre.")

    # --- the form -----------------------------------------------------------------------------------------
    def name(self, name: str) -> str:
        """Name of that field in the form."""
        return f"{name}{self.suffix}"

    def typed(self, name: str) -> Any:
        return self.form.cleaned_data.get(self.name(name)) or ""

    def write(self, name: str, value: str) -> None:
        """Put a value in the result and in the page; a field that was empty is not missing any more."""
        self.form.cleaned_data[self.name(name)] = value
        if value:
            self.form.errors.pop(self.name(name), None)
        self._set_data(name, value)

    def _ask(self, name: str, label: str, options: list[tuple[str, str]], none: str, *, after: str) -> None:
        field = forms.ChoiceField(
            label=label, choices=[*options, (_NONE, none)], widget=forms.RadioSelect, required=False
        )
        order = list(self.form.fields)
        order.insert(order.index(self.name(after)) + 1, self.name(name))
        self.form.fields[self.name(name)] = field
        self.form.order_fields(order)
        self.form.show_after(self.name(name), self.name(after))
        self._set_data(name, _NONE)

    def _posted(self, name: str) -> str:
        """A field that exists only when the form came back: read as sent, compared with what we know."""
        return str(self.form.data.get(self.form.add_prefix(self.name(name)), ""))[:210]

    def _is_wrong(self, name: str) -> bool:
        return self.name(name) in self.form.errors

    def _set_data(self, name: str, value: str) -> None:
        self.form.data = self.form.data.copy()
        self.form.data[self.form.add_prefix(self.name(name))] = value


def columns_of(site: Any) -> dict[str, str]:
    """The columns that an establishment of FINESS fills."""
    commune = site.commune
    departement = commune.departement_id if commune is not None else site.code_departement
    return {
        "structure": str(site)[:200],
        "structure_finess": site.numero_finess,
        "adresse": " ".join(part for part in (site.voie, site.lieu_dit) if part)[:200],
        "code_postal": site.code_postal,
        "ville": (commune.nom if commune is not None else site.nom_commune)[:120],
        "departement": departement,
    }


def _enumerated(names: Iterable[str]) -> str:
    """« la ville », « l’adresse et la ville », « l’adresse, la ville et le département »."""
    *first, last = names
    return f"{', '.join(first)} et {last}" if first else last
