"""Two questions that tell which strong sign-in is possible; answered by GET, no account needed."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import User
from accounts.strong import guidance
from portal.common.forms import Form
from portal.referentiels.models import Profession
from portal.referentiels.selectors.professions import professions_by_categorie


class GuideForm(Form):
    profession = forms.ChoiceField(label="Votre profession")
    employeur = forms.ChoiceField(label="Où travaillez-vous ?")

    def __init__(self, data: Any = None, *, person: User | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        groups = [
            (label.capitalize(), [(entry.code, entry.label) for entry in entries])
            for label, entries in professions_by_categorie().items()
        ]
        self.fields["profession"].choices = [("", "Choisissez votre profession"), *groups]
        self.fields["profession"].error_messages["required"] = "Choisissez votre profession dans la liste."
        self.fields["profession"].error_messages["invalid_choice"] = (
            "Choisissez votre profession dans la liste."
        )
        self.fields["employeur"].choices = [
            ("", "Choisissez"),
            *((item["key"], item["label"]) for item in guidance.employers()),
        ]
        self.fields["employeur"].error_messages["required"] = "Indiquez où vous travaillez."
        self.fields["employeur"].error_messages["invalid_choice"] = "Indiquez où vous travaillez."
        if person is not None and person.profession is not None:
            self.initial.setdefault("profession", person.profession.code)

    def entries(self) -> list[Profession]:
        """Entries of the chosen profession. Only for a valid form."""
        return guidance.entries_of(self.cleaned_data["profession"])
