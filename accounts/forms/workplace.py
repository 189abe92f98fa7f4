"""Place of work: an establishment of FINESS chosen while typing fills its number, address, postal code and town.

With JavaScript the page fills the fields as soon as an establishment is chosen (static/js/combobox.js). Without it, or
when the suggestions did not answer, the server does the same when the form is sent: what is empty is filled from the
one establishment that was named, several are proposed, and the form comes back once to be confirmed (CVL-013…017).
Nothing typed is replaced but the name of the establishment, and nobody is obliged to choose one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.urls import reverse_lazy

from accounts.forms.place_completion import PlaceCompletion, columns_of
from accounts.workplaces import Workplace
from portal.common import forms as portal_forms
from portal.common.memory import remembered
from portal.plateformes import current
from portal.referentiels.models import Departement
from portal.referentiels.selectors import find_structure

SECOND = "_2"
"""End of the names of the second place's fields."""
WITHDRAW = "retirer_deuxieme"
NOT_LISTED_LABEL = "Mon établissement n'est pas référencé dans la liste"
_LISTS_SECONDS = 60
_FILL_TOWN = "code-postal=code_postal code-postal=code_postal_vu commune=ville code-departement=departement"
_FILL = f"finess=structure_finess finess=lieu_vu adresse=adresse {_FILL_TOWN}"


def structure_field(**kwargs: Any) -> forms.Field:
    """The name of the establishment, with suggestions."""
    field = portal_forms.CleanedField(max_length=200, widget=forms.TextInput(), **kwargs)
    field.widget.kind = "combobox"
    field.widget.attrs |= {
        "autocomplete": "organization",
        "data-url": reverse_lazy("referentiels:structures"),
        "data-write": "nom",
        "data-fill": _FILL,
        "data-forget": "structure_finess",
        "data-unless": "structure_hors_liste",
        "data-context": "code_postal",
        "data-empty": "Aucun établissement trouvé : essayez la commune ou le numéro FINESS, ou gardez le nom saisi.",
    }
    return field


def hidden_finess() -> forms.Field:
    """The number of the chosen establishment where the form does not show it."""
    return portal_forms.FinessField(required=False, max_length=9, widget=forms.HiddenInput)


def number_and_place() -> dict[str, forms.Field]:
    """The fields under the name of the establishment."""
    return {
        "structure_hors_liste": forms.BooleanField(label=NOT_LISTED_LABEL, required=False),
        "structure_finess": portal_forms.FinessField(
            label="FINESS géographique",
            required=False,
            max_length=11,
            help_text="9 chiffres. Rempli quand vous choisissez l’établissement.",
        ),
        "adresse": _text("Adresse", 200, "street-address"),
        "code_postal": _postal_code(),
        "ville": _town(),
        "departement": DepartementField(label="Département", required=False),
        "lieu_vu": forms.CharField(required=False, max_length=210, widget=forms.HiddenInput),
        "code_postal_vu": forms.CharField(required=False, max_length=5, widget=forms.HiddenInput),
    }


def function_type(label: str = "Type de fonction", **kwargs: Any) -> forms.ChoiceField:
    """The list of the profile (CVL-015)."""
    answers = current().sign_up.function_types
    return forms.ChoiceField(
        label=label, choices=[("", "Choisissez"), *((name, name) for name in answers)], **kwargs
    )


def service(label: str = "Service d'exercice", **kwargs: Any) -> forms.Field:
    """The ward or office (CVL-016)."""
    return _text(label, 120, "off", **kwargs)


def _text(
    label: str, max_length: int, autocomplete: str, *, required: bool = False, **kwargs: Any
) -> forms.Field:
    widget = forms.TextInput(attrs={"autocomplete": autocomplete})
    return portal_forms.CleanedField(
        label=label, required=required, max_length=max_length, widget=widget, **kwargs
    )


def _postal_code() -> forms.Field:
    field = portal_forms.PostalCodeField(label="Code postal", required=False, max_length=5)
    field.widget.kind = "combobox"
    field.widget.attrs |= {
        "data-url": reverse_lazy("referentiels:communes"),
        "data-minimum": "3",
        "data-write": "code-postal",
        "data-fill": _FILL_TOWN,
        "data-empty": "Aucune commune n’a ce code postal : vérifiez-le, ou saisissez la ville.",
    }
    return field


def _town() -> forms.Field:
    field = _text("Ville", 120, "address-level2")
    field.widget.kind = "combobox"
    field.widget.attrs |= {
        "data-url": reverse_lazy("referentiels:communes"),
        "data-write": "commune",
        "data-fill": _FILL_TOWN,
        "data-empty": "Aucune commune trouvée : vérifiez l’orthographe, ou gardez le nom saisi.",
    }
    return field


class DepartementField(forms.ChoiceField):
    """« 28 - Eure-et-Loir »; the value is the code. A code that left the list is kept as it was."""

    def load_choices(self, *, current: str = "") -> None:
        found = list(departements())
        if current and current not in {code for code, _ in found}:
            found.append((current, current))
        self.choices = [("", "Département non renseigné"), *found]


@remembered(_LISTS_SECONDS)
def departements() -> tuple[tuple[str, str], ...]:
    """Code and « 28 - Eure-et-Loir », in order."""
    rows = Departement.objects.order_by("code").values_list("code", "nom")
    return tuple((code, f"{code} - {nom}") for code, nom in rows)


def only_of_site(numero: str) -> dict[str, str]:
    """Columns that a form which shows only the name completes from the number chosen in the list; {} if unknown."""
    site = find_structure(numero) if numero else None
    return columns_of(site) if site is not None else {}


# --- second establishment (CVL-018) ---------------------------------------------------------------------------
def second_place() -> dict[str, forms.Field]:
    """The fields of a second place of work, closed until it is asked for. None is compulsory by itself: what a place
    that was begun must hold is checked by `WorkplaceMixin.complete_place`."""
    asked = current().sign_up.fields
    fields: dict[str, forms.Field] = {
        "structure": structure_field(
            label="Deuxième établissement",
            required=False,
            help_text="Cherchez par nom, commune ou numéro FINESS. Absent de la liste, il se saisit tel quel.",
        )
    }
    fields |= number_and_place()
    if "function_type" in asked:
        fields["fonction"] = function_type(required=False)
    if "service" in asked:
        fields["service"] = service(required=False)
    for field in fields.values():
        _tie_to_second(field.widget.attrs)
    return {f"{name}{SECOND}": field for name, field in fields.items()}


def _tie_to_second(attributes: dict[str, Any]) -> None:
    """The suggestions of this place fill this place; the browser's own memory fills neither."""
    attributes["autocomplete"] = "off"
    if "data-fill" in attributes:
        attributes["data-fill"] = " ".join(f"{pair}{SECOND}" for pair in attributes["data-fill"].split())
    for name in ("data-forget", "data-unless"):
        if name in attributes:
            attributes[name] = f"{attributes[name]}{SECOND}"
    if "data-context" in attributes:
        attributes["data-context"] = f"{attributes['data-context']}={attributes['data-context']}{SECOND}"


class WorkplaceMixin:
    """Second part of `clean` for a form made with `structure_field`, `number_and_place` and perhaps `second_place`.

    `place_notice` is the sentence to show with a form that came back only to be confirmed.
    """

    to_confirm = False
    """Nothing is wrong, but the person must see what the server filled, or choose: the form is not valid yet."""
    place_notice = ""
    is_withdrawing = False

    def full_clean(self) -> None:
        """« Retirer » only empties the second place: the rest of the page comes back unjudged."""
        self.is_withdrawing = bool(self.has_second_place and WITHDRAW in self.data)
        if self.is_withdrawing:
            self.data = self.data.copy()
            for name in self.second_names():
                self.data.pop(name, None)
        super().full_clean()  # type: ignore[misc]
        if self.is_withdrawing:
            self.errors.clear()  # type: ignore[attr-defined]

    def is_valid(self) -> bool:
        return super().is_valid() and not self.to_confirm  # type: ignore[misc]

    def complete_place(self) -> None:
        """Call from `clean`, before any check that can be made once only."""
        if self.is_withdrawing:
            self.ask_to_confirm(
                "Le deuxième établissement est retiré de ce formulaire : rien n’est encore envoyé."
            )
            return
        if "lieu_vu" in self.fields:  # type: ignore[attr-defined]
            PlaceCompletion(self, "").run()
        if self.has_second_place:
            PlaceCompletion(self, SECOND).run()
            self._check_second_place()

    def ask_to_confirm(self, sentence: str) -> None:
        self.to_confirm = True
        self.place_notice = f"{self.place_notice} {sentence}".strip()

    def show_after(self, name: str, after: str) -> None:
        """A question was added to the form; forms that list their fields themselves put it in its place."""

    # --- second establishment -----------------------------------------------------------------------------
    @property
    def has_second_place(self) -> bool:
        """The form offers one (CVL-018)."""
        return f"structure{SECOND}" in self.fields  # type: ignore[attr-defined]

    @property
    def second_place_label(self) -> str:
        return current().sign_up.labels.get("second_establishment") or "Ajouter un deuxième établissement"

    def second_names(self) -> list[str]:
        return [name for name in self.fields if name.endswith(SECOND)]  # type: ignore[attr-defined]

    def second_fields(self) -> list[BoundField]:
        return [self[name] for name in self.second_names()]  # type: ignore[index]

    def first_fields(self) -> list[BoundField]:
        """All the others, in order."""
        return [item for item in self if not item.name.endswith(SECOND)]  # type: ignore[attr-defined]

    def shows_second_place(self) -> bool:
        """The block is open on the page: something is typed there, or wrong."""
        return any(item.errors or (item.value() and not item.is_hidden) for item in self.second_fields())

    def first_workplace(self) -> Workplace:
        """The first place; what the form does not ask comes with the site that was chosen. Only for a valid form."""
        place = self._workplace("")
        known = only_of_site(place.structure_finess)
        return replace(place, **{name: value for name, value in known.items() if name not in self.fields})  # type: ignore[attr-defined]

    def other_workplaces(self) -> tuple[Workplace, ...]:
        """The second place when one was typed. Only for a valid form."""
        place = self._workplace(SECOND)
        return (place,) if place.is_begun else ()

    def _workplace(self, suffix: str) -> Workplace:
        data = self.cleaned_data  # type: ignore[attr-defined]
        return Workplace(**{name: data.get(f"{name}{suffix}") or "" for name in Workplace.names()})

    def _check_second_place(self) -> None:
        """What was begun must be whole, and another place than the first."""
        place = self._workplace(SECOND)
        is_out_of_list = bool(self.cleaned_data.get(f"structure_hors_liste{SECOND}"))  # type: ignore[attr-defined]
        if not (place.is_begun or is_out_of_list):
            return
        if not place.structure:
            self._refuse_second("structure", "Saisissez ce deuxième établissement, ou retirez-le.")
        elif place.is_same(self._workplace("")):
            self._refuse_second("structure", "C’est le même établissement et le même service que le premier.")
        if not place.service and "service" in current().sign_up.required:
            self._refuse_second("service", "Saisissez le service d’exercice dans ce deuxième établissement.")

    def _refuse_second(self, name: str, sentence: str) -> None:
        field = f"{name}{SECOND}"
        if field in self.fields and field not in self.errors:  # type: ignore[attr-defined]
            self.add_error(field, ValidationError(sentence, code="second_place"))  # type: ignore[attr-defined]
