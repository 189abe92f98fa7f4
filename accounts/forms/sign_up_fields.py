"""The fields a profile may ask at sign-up: name in the profile → fields of the form.

Each maker gives the form fields in screen order, by the name of the account's column they fill.
A name of the profile without a maker belongs to a journey whose data has a table of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.enums import Civilite, CodeChannel
from accounts.forms import workplace
from accounts.forms.national import NationalNumberField
from portal.common import forms as portal_forms
from portal.common import validators
from portal.common.memory import remembered
from portal.plateformes import Plateforme
from portal.plateformes.schema import Document
from portal.referentiels.models import Profession
from portal.referentiels.selectors.nomenclatures import concepts_of
from portal.referentiels.selectors.professions import professions_by_categorie

Fields = dict[str, forms.Field]
LISTS_SECONDS = 10
"""What the desk changes in the lists shows in the forms that much later."""
NO_PROFESSION = "Profession non renseignée"
NO_SPECIALITY = "Spécialité non renseignée"


def inline(choices: Any, **kwargs: Any) -> forms.ChoiceField:
    """A short choice shown on one line."""
    field = forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **kwargs)
    field.widget.kind = "inline"
    return field


class ProfessionField(forms.ModelChoiceField):
    """The published list, by category; the first line says that nothing is chosen."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            queryset=Profession.objects.filter(is_selectable=True), empty_label=NO_PROFESSION, **kwargs
        )

    def load_groups(self) -> None:
        """Put the list of the moment in this form."""
        self.choices = [("", NO_PROFESSION), *_profession_groups()]


@remembered(LISTS_SECONDS)
def _profession_groups() -> tuple[tuple[str, tuple[tuple[int, str], ...]], ...]:
    """What is shown; an answer is checked against the table itself."""
    return tuple(
        (label.capitalize(), tuple((entry.pk, entry.label) for entry in entries))
        for label, entries in professions_by_categorie().items()
    )


class SpecialityField(forms.ChoiceField):
    """The national list of specialities; a value that left the list is kept as it was."""

    def load_choices(self, *, current: str = "") -> None:
        labels = list(_specialities())
        if current and current not in labels:
            labels.append(current)
        self.choices = [("", NO_SPECIALITY), *((label, label) for label in labels)]


@remembered(LISTS_SECONDS)
def _specialities() -> tuple[str, ...]:
    return tuple(dict.fromkeys(concept.libelle[:150] for concept in concepts_of("specialite")))


def lists_stamp() -> int:
    """Changes when one of the lists does."""
    return hash((_profession_groups(), _specialities(), workplace.departements()))


def load_lists(form: forms.BaseForm, *, held: Mapping[str, Any] | None = None) -> None:
    """Read the lists of this form; `held` are the values the account holds, by name of field."""
    for name, field in form.fields.items():
        value = str((held or {}).get(name) or "")
        if isinstance(field, ProfessionField):
            field.load_groups()
        elif isinstance(field, SpecialityField | workplace.DepartementField):
            field.load_choices(current=value)


def civility(label: str = "Titre", **kwargs: Any) -> forms.ChoiceField:
    field = inline(Civilite.choices, label=label, **kwargs)
    field.widget.attrs["autocomplete"] = "honorific-prefix"
    return field


def last_name(label: str = "Nom", **kwargs: Any) -> forms.Field:
    return portal_forms.NameField(
        label=label, max_length=100, widget=forms.TextInput(attrs={"autocomplete": "family-name"}), **kwargs
    )


def first_name(label: str = "Prénom", **kwargs: Any) -> forms.Field:
    return portal_forms.NameField(
        label=label, max_length=100, widget=forms.TextInput(attrs={"autocomplete": "given-name"}), **kwargs
    )


class AccountEmailField(portal_forms.EmailField):
    """An address that will receive codes: personal, and not a secure mailbox, where the profile says so."""

    def __init__(self, plateforme: Plateforme, **kwargs: Any) -> None:
        self.rules = plateforme.sign_up.email
        super().__init__(max_length=254, **kwargs)

    def clean(self, value: Any) -> str:
        address = super().clean(value)
        if self.rules.refuse_mssante and validators.is_mssante(address, self.rules.mssante_domains):
            raise ValidationError(
                "Les adresses MSSanté sont interdites ici : saisissez une adresse personnelle.",
                code="mssante",
            )
        if self.rules.refuse_generic and validators.is_generic_mailbox(address, self.rules.generic_names):
            raise ValidationError(
                "Cette boîte est partagée : saisissez une adresse individuelle, à votre nom.", code="generic"
            )
        return address


def email_pair(
    plateforme: Plateforme, *, label: str = "Email", required: bool = True, hint: str = ""
) -> Fields:
    fields: Fields = {"email": AccountEmailField(plateforme, label=label, required=required, help_text=hint)}
    if plateforme.sign_up.email.confirm_twice:
        fields["email_confirmation"] = portal_forms.EmailField(
            label=f"Confirmer l’{label.lower()}" if label[0].lower() in "aeéiouy" else f"Confirmer : {label}",
            required=required,
            max_length=254,
        )
    return fields


def text(label: str, *, max_length: int, autocomplete: str = "off", **kwargs: Any) -> forms.Field:
    widget = forms.TextInput(attrs={"autocomplete": autocomplete})
    return portal_forms.CleanedField(label=label, max_length=max_length, widget=widget, **kwargs)


def postal_code(label: str = "Code postal", **kwargs: Any) -> forms.Field:
    return portal_forms.PostalCodeField(label=label, max_length=5, **kwargs)


def mobile(label: str = "Téléphone Mobile", **kwargs: Any) -> forms.Field:
    return portal_forms.MobilePhoneField(label=label, **kwargs)


def landline(label: str = "Téléphone Fixe", **kwargs: Any) -> forms.Field:
    field = portal_forms.PhoneField(label=label, **kwargs)
    field.widget.attrs["autocomplete"] = "work tel"
    return field


def comment(label: str = "Commentaire", **kwargs: Any) -> forms.Field:
    widget = forms.Textarea(attrs={"rows": 4, "autocomplete": "off"})
    return forms.CharField(label=label, max_length=2000, widget=widget, **kwargs)


def channel(
    label: str = "Réception par", *, offered: tuple[str, ...] = ("email", "sms"), **kwargs: Any
) -> forms.Field:
    names = {
        "sms": (CodeChannel.SMS, "Réception par SMS"),
        "email": (CodeChannel.MAIL, "Réception par e-mail"),
    }
    choices = [names[name] for name in ("sms", "email") if name in offered]
    field = forms.ChoiceField(label=label, choices=choices, widget=forms.RadioSelect, **kwargs)
    field.widget.kind = "cards"
    field.widget.icons = {CodeChannel.SMS: "phone", CodeChannel.MAIL: "mail"}
    return field


def password_pair(plateforme: Plateforme, *, label: str = "Mot de passe", confirm_label: str = "") -> Fields:
    return {
        "password": portal_forms.PasswordField(new=True, label=label),
        "password_confirmation": portal_forms.PasswordField(
            new=True, label=confirm_label or "Confirmer le mot de passe"
        ),
    }


def identifier(label: str = "Identifiant", **kwargs: Any) -> forms.Field:
    widget = forms.TextInput(
        attrs={"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none", "maxlength": 254}
    )
    return portal_forms.CleanedField(label=label, max_length=150, widget=widget, **kwargs)


def show_robot_as_compulsory(form: forms.BaseForm) -> None:
    """The robot check decides by itself, in the form's `clean`; its label must not say « facultatif »."""
    if "robot" in form.fields:
        form.fields["robot"].required = True


def read_link(document: Document) -> SafeString:
    """The way to the text itself, beside its box."""
    return format_html(
        '<a href="{}" target="_blank" rel="noopener">Lire « {} » (version {}, nouvel onglet)</a>',
        reverse("hub:page", args=[document.slug]),
        document.title,
        document.version,
    )


Maker = Callable[..., forms.Field]

# Profile name → (column, maker). Those that give several fields are built by the form itself.
SIMPLE: dict[str, tuple[str, Maker]] = {
    "civility": ("civilite", civility),
    "last_name": ("nom", last_name),
    "first_name": ("prenom", first_name),
    "communication_email": (
        "communication_email",
        lambda **kw: portal_forms.EmailField(max_length=254, **kw),
    ),
    "profession": ("profession", ProfessionField),
    "other_profession": ("profession_libre", lambda **kw: text(max_length=150, **kw)),
    "speciality": ("specialite", SpecialityField),
    "national_identifier": ("national_number", NationalNumberField),
    "rpps_or_adeli": ("national_number", NationalNumberField),
    "finess_or_siret": ("matricule", portal_forms.FinessOrSiretField),
    "mobile_phone": ("phone_mobile", mobile),
    "landline_phone": ("phone_fixe", landline),
    "work_phone": ("phone_fixe", landline),
    "contact_phone": ("phone_fixe", landline),
    "structure": ("structure", workplace.structure_field),
    "establishment": ("structure", workplace.structure_field),
    "function_type": ("fonction", workplace.function_type),
    "service": ("service", workplace.service),
    "postal_code": ("code_postal", postal_code),
    "comment": ("comment", comment),
    "identifier": ("identifiant", identifier),
}
