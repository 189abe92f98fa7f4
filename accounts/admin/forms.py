"""Forms of the support's acts on an account. None has a password, a state or a proven number."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib.auth.models import Group

from accounts.models import OtherWorkplace, User
from accounts.staff_admin import ReasonField
from accounts.workplaces import Workplace
from portal.common.forms import (
    EmailField,
    FinessField,
    Form,
    ModelForm,
    NameField,
    PhoneField,
    PostalCodeField,
)


class ActForm(Form):
    """One act: its reason."""

    motif = ReasonField()


class EmailForm(ActForm):
    email = EmailField(label="Nouvelle adresse e-mail", max_length=254)
    field_order = ("email", "motif")


class RolesForm(ActForm):
    """`is_staff` exists only for a super-user."""

    roles = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"), label="Rôles", required=False, widget=forms.CheckboxSelectMultiple
    )
    is_staff = forms.BooleanField(label="Agent du support", required=False)
    field_order = ("roles", "is_staff", "motif")

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not actor.is_superuser:
            del self.fields["is_staff"]


class CorrectionForm(ModelForm):
    """What the support corrects without proof; `vu` is the version of the account the page was shown with."""

    nom = NameField(label="Nom", max_length=100)
    prenom = NameField(label="Prénom", max_length=100)
    communication_email = EmailField(label="Mail pour la communication", required=False, max_length=254)
    phone_fixe = PhoneField(label="Téléphone fixe", required=False)
    structure_finess = FinessField(label="FINESS géographique", required=False)
    code_postal = PostalCodeField(label="Code postal", required=False)
    motif = ReasonField()
    vu = forms.CharField(widget=forms.HiddenInput)

    class Meta:
        model = User
        fields = (
            "civilite",
            "nom",
            "prenom",
            "communication_email",
            "phone_fixe",
            "profession",
            "profession_libre",
            "specialite",
            "structure",
            "structure_finess",
            "fonction",
            "service",
            "adresse",
            "code_postal",
            "ville",
            "departement",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["vu"].initial = self.instance.updated_at.isoformat()

    def values(self) -> dict[str, Any]:
        """Columns as typed, for `accounts.support.correct`."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class OtherPlaceForm(ModelForm):
    """The second place of work; left empty, the person has none. `vu` as in `CorrectionForm`."""

    structure_finess = FinessField(label="FINESS géographique", required=False)
    code_postal = PostalCodeField(label="Code postal", required=False)
    motif = ReasonField()
    vu = forms.CharField(widget=forms.HiddenInput)

    class Meta:
        model = OtherWorkplace
        fields = Workplace.names()

    def __init__(self, *args: Any, person: User, place: Workplace, **kwargs: Any) -> None:
        super().__init__(*args, initial=asdict(place), **kwargs)
        self.first = Workplace(**{name: getattr(person, name) for name in Workplace.names()})
        self.fields["structure"].required = False
        self.fields["vu"].initial = person.updated_at.isoformat()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        place = self.place()
        if place.is_begun and not place.structure and "structure" not in self.errors:
            self.add_error(
                "structure", "Saisissez l’établissement, ou videz tous les champs pour le retirer."
            )
        elif place.is_begun and place.is_same(self.first):
            self.add_error("structure", "C’est le même établissement et le même service que le premier.")
        return cleaned

    def place(self) -> Workplace:
        """What was typed, for `accounts.support.correct`."""
        return Workplace(**{name: self.cleaned_data.get(name) or "" for name in Workplace.names()})
