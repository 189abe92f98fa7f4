"""Forms of the import pages of the support."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from accounts.staff_admin import ReasonedForm
from portal.common.forms import Form
from portal.common.text import fold
from portal.referentiels.importers.catalogue import SOURCES
from portal.referentiels.libelles import EVERY_PROFESSION, profession_label, profession_labels
from portal.referentiels.models import ConsigneProfession, FiltreProfession, NomenclatureConcept
from portal.referentiels.selectors.nomenclatures import LISTES_DES_CHAMPS, suggest_concepts


class DepositForm(Form):
    source = forms.ChoiceField(
        label="Que contient ce fichier ?",
        choices=[("", "Choisissez"), *((source.key, source.label) for source in SOURCES.values())],
    )
    fichier = forms.FileField(
        label="Fichier",
        help_text="Décompressé, tel qu’il est publié. Il est d’abord vérifié : rien n’est écrit sans votre accord.",
    )


ACCEPT_LABELS = {
    "confirmer": "J’accepte que ce fichier ferme plus de 5 % de ce qui est connu",
    "forcer": "J’accepte ce fichier bien que plus court que le précédent",
}


class AcceptForm(Form):
    """What a sound file asks before it is written; `option` is the importer's word for it."""

    accepter = forms.BooleanField()

    def __init__(self, data: Any = None, *, option: str) -> None:
        super().__init__(data)
        self.fields["accepter"].label = ACCEPT_LABELS[option]


class _ProfessionChoice(ReasonedForm):
    """`code_profession` chosen by name; a code the list no longer has is kept."""

    code_profession = forms.ChoiceField(label="Profession")
    every = ""
    """Answer that stands for every profession, none when one must be chosen."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code_profession"]
        known = dict(profession_labels())
        held = str(self.initial.get("code_profession") or "")
        if held and held not in known:
            known[held] = held
        named = sorted(((code, profession_label(code)) for code in known), key=lambda pair: fold(pair[1]))
        field.required = not self.every
        field.choices = [("", self.every or "Choisissez"), *named]


class FiltreForm(_ProfessionChoice):
    """The code is searched by its label; without JavaScript, the code itself is typed."""

    concept = forms.CharField(
        label="Code proposé",
        max_length=200,
        help_text="Cherchez par libellé ou tapez le code publié (par exemple 0769). Un code fermé n’est plus proposé.",
    )

    class Meta:
        model = FiltreProfession
        fields = ("code_profession", "champ", "concept", "libelle_local", "rang", "actif")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["concept"].widget = forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"})
        if self.instance.pk:
            self.initial["concept"] = f"{self.instance.concept.code} · {self.instance.concept.libelle}"[:200]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        champ, typed = cleaned.get("champ"), cleaned.get("concept", "")
        if champ and typed:
            cleaned["concept"] = self._find(champ, str(typed))
        else:  # a text is no code until the lists of a field are searched
            cleaned.pop("concept", None)
        return cleaned

    def _find(self, champ: str, typed: str) -> NomenclatureConcept | None:
        """The open code of the lists of this field that was typed, by its code or its whole label."""
        code = typed.split(" · ")[0].strip()
        if self.instance.pk and code == self.instance.concept.code and champ == self.instance.champ:
            return self.instance.concept
        lists = LISTES_DES_CHAMPS[champ]
        found = NomenclatureConcept.objects.filter(nomenclature__in=lists, ferme=False)
        wanted = fold(typed)
        rows = found.filter(Q(code=code) | Q(libelle_plie=wanted)).order_by("nomenclature", "rang", "pk")
        by_list = {row.nomenclature_id: row for row in reversed(rows)}
        concept = next((by_list[name] for name in reversed(lists) if name in by_list), None)
        if concept is None:
            near = ", ".join(f"{row.code} · {row.libelle}" for row in suggest_concepts(champ, typed, limit=5))
            hint = f" Voulez-vous dire : {near} ?" if near else ""
            self.add_error(
                "concept", ValidationError(f"Aucun code en usage pour ce champ.{hint}", code="unknown_code")
            )
        return concept


class ConsigneForm(_ProfessionChoice):
    every = EVERY_PROFESSION
    champ = forms.ChoiceField(label="Champ du formulaire")

    class Meta:
        model = ConsigneProfession
        fields = ("code_profession", "champ", "titre", "texte")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {key: str(label).capitalize() for key, label in FiltreProfession.Champ.choices}
        held = str(self.initial.get("champ") or "")
        if held and held not in known:
            known[held] = held
        self.fields["champ"].choices = [("", "Choisissez"), *known.items()]
