"""Forms of the support pages."""

from __future__ import annotations

import uuid

from django import forms

from accounts.robot import RobotMixin
from portal.common.forms import EmailField, Form, NameField, PhoneField
from portal.hub.enums import TicketTopic
from portal.hub.workflows.tickets import Question


class _QuestionFields(Form):
    """What everybody fills in. `envoi` numbers the form, so that a double click makes one question."""

    envoi = forms.UUIDField(widget=forms.HiddenInput, required=False)
    sujet = forms.ChoiceField(
        label="Votre demande concerne", choices=[("", "Choisissez un sujet"), *TicketTopic.choices]
    )
    objet = forms.CharField(label="Objet", max_length=120, help_text="En quelques mots.")
    demande = forms.CharField(
        label="Indiquez votre demande",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text="Ce que vous vouliez faire, ce qui s’est passé, à quel moment. N’écrivez ni mot de passe, ni code, "
        "ni donnée de patient.",
    )

    def clean_objet(self) -> str:
        return " ".join(self.cleaned_data["objet"].split())

    def clean_demande(self) -> str:
        return str(self.cleaned_data["demande"]).replace("\r\n", "\n").strip()

    def _question(self, *, name: str, email: str, phone: str) -> Question:
        data = self.cleaned_data
        return Question(
            submission=data["envoi"] or uuid.uuid4(),
            name=name,
            email=email,
            phone=phone,
            topic=TicketTopic(data["sujet"]),
            title=data["objet"],
            body=data["demande"],
        )


class MemberQuestionForm(_QuestionFields):
    """For a signed-in person: who they are is known, the answer goes to the address of the account."""

    telephone = PhoneField(label="Téléphone où vous joindre", required=False)
    field_order = ("envoi", "sujet", "objet", "demande", "telephone")

    def question(self, user) -> Question:
        return self._question(
            name=user.get_full_name(), email=user.email, phone=self.cleaned_data["telephone"]
        )


class VisitorQuestionForm(RobotMixin, _QuestionFields):
    """For a visitor: name and address to answer to, and the robot check."""

    robot_moment = "support"
    autocomplete = {"nom": "name", "email": "email", "telephone": "tel"}

    nom = NameField(label="Nom et prénom", max_length=100)
    email = EmailField(label="Adresse e-mail", max_length=254, help_text="La réponse y sera envoyée.")
    telephone = PhoneField(label="Téléphone où vous joindre", required=False)
    field_order = ("envoi", "sujet", "objet", "demande", "nom", "email", "telephone", "robot")

    def question(self) -> Question:
        data = self.cleaned_data
        return self._question(name=data["nom"], email=data["email"], phone=data["telephone"])


class ReplyForm(Form):
    """A further message in a question already asked."""

    message = forms.CharField(
        label="Compléter votre demande", max_length=4000, widget=forms.Textarea(attrs={"rows": 5})
    )

    def clean_message(self) -> str:
        return str(self.cleaned_data["message"]).replace("\r\n", "\n").strip()
