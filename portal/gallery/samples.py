"""What the gallery shows: invented people, places and numbers, in every state a component has."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar

from django import forms
from django.core.paginator import Page, Paginator
from django.utils import timezone

SPECIALITIES = [
    ("cardio", "Cardiologie"),
    ("geria", "Gériatrie"),
    ("pedia", "Pédiatrie"),
    ("ssr", "Soins médicaux et de réadaptation"),
]
JOURNEYS = [("card", "Carte CPS"), ("phone", "e-CPS"), ("neither", "Je n’ai pas de carte")]


class CardChoices(forms.RadioSelect):
    """Radio buttons drawn as cards, with a sentence and an icon each."""

    kind = "cards"
    hints: ClassVar[dict[str, str]] = {
        "card": "Votre carte et son lecteur sont à portée de main.",
        "phone": "Votre téléphone porte déjà l’e-CPS.",
        "neither": "Vous recevrez un code par courriel ou par SMS.",
    }
    icons: ClassVar[dict[str, str]] = {"card": "card", "phone": "device", "neither": "mail"}


class SampleForm(forms.Form):
    """One field of each kind."""

    civilite = forms.ChoiceField(
        label="Civilité", choices=[("mme", "Madame"), ("m", "Monsieur")], widget=forms.RadioSelect
    )
    nom = forms.CharField(
        label="Nom", max_length=80, widget=forms.TextInput(attrs={"autocomplete": "family-name"})
    )
    courriel = forms.EmailField(
        label="Adresse e-mail",
        help_text="Votre adresse professionnelle : elle recevra le lien de confirmation.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    code_postal = forms.CharField(
        label="Code postal",
        max_length=5,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "postal-code"}),
    )
    telephone = forms.CharField(
        label="Téléphone",
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    profession = forms.ChoiceField(label="Profession", choices=[("", "Choisissez"), *SPECIALITIES])
    moyen = forms.ChoiceField(
        label="Comment prouvez-vous votre identité ?", choices=JOURNEYS, widget=CardChoices
    )
    specialites = forms.MultipleChoiceField(
        label="Spécialités", choices=SPECIALITIES, widget=forms.CheckboxSelectMultiple, required=False
    )
    naissance = forms.DateField(
        label="Date de début",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Premier jour d’exercice.",
    )
    commune = forms.CharField(
        label="Commune",
        help_text="Commencez à écrire, par exemple « Cré ».",
        widget=forms.TextInput(attrs={"data-url": "/galerie/communes/"}),
        required=False,
    )
    motif = forms.CharField(
        label="Motif de la demande", max_length=200, widget=forms.Textarea(attrs={"rows": 4}), required=False
    )
    justificatif = forms.FileField(
        label="Justificatif",
        help_text="PDF ou image, 5 Mo au plus.",
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg", "data-max-bytes": "5000000"}),
        required=False,
    )
    accord = forms.BooleanField(label="J’accepte les conditions générales d’utilisation")


class SecretForm(forms.Form):
    """Code and password fields, with the policy beside them."""

    code = forms.CharField(
        label="Code de vérification",
        max_length=6,
        help_text="6 chiffres, reçus par courriel.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )
    mot_de_passe = forms.CharField(
        label="Mot de passe", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    confirmation = forms.CharField(
        label="Confirmez le mot de passe", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )


POLICY = SimpleNamespace(
    min_length=12,
    min_classes=4,
    classes=["lower", "upper", "digit", "special"],
    special_characters="_+=<>@&!$*.,;':",
)

APPLICATIONS: list[dict[str, Any]] = [
    {
        "key": "ror",
        "name": "ROR",
        "description": "Décrire l’offre de soins de votre structure et tenir à jour les lits disponibles.",
        "icon": "bed",
        "links": [{"label": "Accès au ROR-IF", "url": "#ror", "new_window": False}],
    },
    {
        "key": "viatrajectoire",
        "name": "ViaTrajectoire",
        "description": "Orienter un patient vers les soins de suite ou un hébergement.",
        "icon": "map",
        "links": [
            {"label": "Accueil", "url": "#via", "new_window": True},
            {"label": "Grand âge", "url": "#via-age", "new_window": True},
        ],
    },
    {
        "key": "maillage",
        "name": "Maillage 94",
        "description": "L’annuaire des acteurs du Val-de-Marne.",
        "icon": "people",
        "links": [{"label": "Ouvrir l’annuaire", "url": "#maillage", "new_window": False}],
    },
    {
        "key": "drep",
        "name": "Appli Drep",
        "description": "Dépistage de la drépanocytose.",
        "icon": "stethoscope",
        "links": [{"label": "Accès Appli Drep BETA", "url": "#drep", "new_window": False}],
    },
]

TABS = [
    {"key": "card", "label": "Carte CPS", "url": "?onglet=card", "icon": "card"},
    {"key": "password", "label": "Login / Mdp", "url": "?onglet=password", "icon": "key"},
    {"key": "ephemeral", "label": "Code Éphémère", "url": "?onglet=ephemeral", "icon": "message"},
]
STEPS = [
    {"title": "Votre identité", "url": "#identite"},
    {"title": "Votre exercice", "url": "#exercice"},
    "Vos coordonnées",
    "Mot de passe",
    "Vérification",
]
ROWS = [
    dict(zip(("name", "role", "place", "requested", "state", "tone"), row, strict=True))
    for row in (
        ("Camille Exemple", "Infirmière", "Créteil", 12, "En attente", "warning"),
        ("Dominique Témoin", "Médecin généraliste", "Vitry-sur-Seine", 3, "Validée", "positive"),
        ("Alix Modèle", "Assistante sociale", "Champigny-sur-Marne", 41, "Refusée", "danger"),
        ("Sacha Spécimen", "Pharmacienne", "Fontenay-sous-Bois", 7, "À compléter", "info"),
    )
]
COMMUNES = [
    ("94028", "Créteil (94000)"),
    ("94081", "Vitry-sur-Seine (94400)"),
    ("94017", "Champigny-sur-Marne (94500)"),
    ("94033", "Fontenay-sous-Bois (94120)"),
]


def filled_form() -> SampleForm:
    """The sample form after a wrong submission: every kind of field in error."""
    form = SampleForm({"courriel": "camille", "code_postal": "9400", "motif": "Je remplace un confrère."})
    form.fields["nom"].error_messages["required"] = "Écrivez votre nom de famille."
    form.fields["courriel"].error_messages["invalid"] = (
        "Écrivez une adresse complète, par exemple prenom.nom@exemple.fr."
    )
    form.is_valid()
    return form


def events(now: datetime | None = None) -> list[dict[str, Any]]:
    now = now or timezone.now()
    question = "Merci de joindre l’attestation de votre employeur."
    decided, asked, received = now - timedelta(minutes=20), now - timedelta(days=1), now - timedelta(days=6)
    return [
        {"title": "Demande validée", "at": decided, "who": "Pilote du territoire", "tone": "positive"},
        {"title": "Complément demandé", "at": asked, "text": question, "tone": "warning"},
        {"title": "Demande reçue", "at": received},
    ]


def page_of_many() -> Page[int]:
    return Paginator(range(1, 243), 20).page(4)
