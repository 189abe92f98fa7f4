"""Forms of the page that follows an unknown card or e-CPS: the account one has, or a new one already half filled."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.enums import Civilite
from accounts.forms.national import NationalNumber
from accounts.forms.sign_up import SignUpForm
from accounts.robot import RobotMixin
from accounts.strong import numbers, professions
from accounts.strong.identity import StrongIdentity
from portal.common.forms import Form, PasswordField
from portal.plateformes import current
from portal.referentiels.selectors.nomenclatures import concepts_of

MAX_IDENTIFIER = 254
_SOURCES = {"card": "Lu sur votre carte", "ecps": "Transmis par Pro Santé Connect"}


class LinkForm(RobotMixin, Form):
    """« Connexion »: the account one already has (ROR-055)."""

    robot_moment = "link_account"

    identifiant = forms.CharField(label="Identifiant", max_length=MAX_IDENTIFIER)
    mot_de_passe = PasswordField(label="Mot de passe")

    field_order: ClassVar[list[str]] = ["identifiant", "mot_de_passe", "robot"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["identifiant"].error_messages["required"] = (
            "Saisissez votre identifiant, votre adresse e-mail ou votre numéro RPPS."
        )
        self.fields["identifiant"].widget.attrs.update(
            {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        )
        self.fields["mot_de_passe"].error_messages["required"] = "Saisissez votre mot de passe."


class ProvenSignUpForm(SignUpForm):
    """The sign-up form on one page, filled from what was proven.

    Proven fields are locked: what a browser sends for them is ignored. One that could not be accepted as it is (an
    odd name, a profession that is not unique) is only proposed, or left to be typed.
    """

    def __init__(
        self, data: Any = None, *, request: HttpRequest, identity: StrongIdentity, **kwargs: Any
    ) -> None:
        self.identity = identity
        steps = tuple(step.key for step in current().sign_up.steps)
        super().__init__(data, request=request, shown=steps, **kwargs)
        self._lock_identity()
        self._propose()

    def _lock_identity(self) -> None:
        for name, value in (("nom", self.identity.nom), ("prenom", self.identity.prenom)):
            if name in self.fields and self._is_acceptable(name, value):
                self._lock(name, value)
        if "national_number" in self.fields:
            label = self.fields["national_number"].label
            self.fields["national_number"] = forms.CharField(label=label, required=False)
            self._lock("national_number", numbers.shown(self.identity.national_id))
        profession = professions.only_entry(self.identity)
        if profession is not None and "profession" in self.fields:
            self._lock("profession", profession.pk)

    def _lock(self, name: str, value: Any) -> None:
        field = self.fields[name]
        field.disabled = True
        field.help_text = f"{_SOURCES[self.identity.means]} : ne se change pas ici."
        self.initial[name] = value

    def _is_acceptable(self, name: str, value: str) -> bool:
        try:
            return bool(self.fields[name].clean(value))
        except ValidationError:
            return False

    def _propose(self) -> None:
        """First values a person may change."""
        structures = self.identity.structures
        proposed = {
            "civilite": self.identity.civilite if self.identity.civilite in Civilite.values else "",
            "specialite": _speciality(self.identity),
            "profession_libre": professions.exact_label(self.identity),
            "phone_fixe": self.identity.phone,
            "structure": structures[0].raison_sociale if len(structures) == 1 else "",
            "code_postal": structures[0].code_postal if len(structures) == 1 else "",
        }
        for name, value in proposed.items():
            if value and name in self.fields and self._is_acceptable(name, value):
                self.initial.setdefault(name, value)

    def _check_number(self) -> None:
        """The number is the proven one, whatever its key or shape."""
        proven = self.identity.national_id
        rpps, adeli = numbers.rpps_of(proven), numbers.adeli_of(proven)
        other = "" if rpps or adeli else proven
        self.national = NationalNumber(rpps, adeli, other if len(other) <= _MATRICULE_LENGTH else "")


_MATRICULE_LENGTH = 20


def _speciality(identity: StrongIdentity) -> str:
    labels = {
        concept.libelle[:150]
        for concept in concepts_of("specialite")
        if concept.code in identity.specialite_codes
    }
    return labels.pop() if len(labels) == 1 else ""
