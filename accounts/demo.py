"""Invented people of the demo, made through the same functions as the screens.

Their passwords are public, so they are refused wherever the demo's own settings are not loaded.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from accounts import documents, notifications
from accounts.enums import AccountStatus, Civilite, CodeChannel
from accounts.models import User
from accounts.workflows import account, credentials
from accounts.workflows.sign_up import Application, sign_up
from accounts.workplaces import Workplace
from portal.common.text import fold
from portal.messaging.models import OutgoingMessage
from portal.referentiels.models import Profession

PASSWORD = "Parcours-Facile-2026"  # noqa: S105
"""One password for every person of the demo; it meets the policy of the three platforms."""


@dataclass(frozen=True)
class Person:
    identifiant: str
    prenom: str
    nom: str
    role: str
    civilite: Civilite
    profession: str = ""
    rpps: str = ""
    mobile: str = ""
    is_mobile_proved: bool = False
    structure: str = ""
    code_postal: str = ""
    status: AccountStatus = AccountStatus.ACTIVE
    is_staff: bool = False
    is_superuser: bool = False

    @property
    def email(self) -> str:
        return f"{self.identifiant}@demo.example"


MADAME, MONSIEUR = Civilite.MADAME, Civilite.MONSIEUR
PEOPLE = (
    Person(
        "admin", "Alix", "Sarment", "administration", MADAME,
        mobile="+33639980001", structure="GRADeS de démonstration", is_staff=True, is_superuser=True,
    ),
    Person(
        "soline.rivoire", "Soline", "Rivoire", "support", MADAME,
        mobile="+33639980002", structure="Support du portail", is_staff=True,
    ),
    Person(
        "hugo.valdenaire", "Hugo", "Valdenaire", "médecin généraliste", MONSIEUR, "Médecin", "99700000013",
        mobile="+33639980010", structure="Cabinet des Lilas", code_postal="94000",
    ),
    Person(
        "ines.charmeau", "Inès", "Charmeau", "masseur-kinésithérapeute", MADAME, "Masseur-kinésithérapeute",
        "99700000021", mobile="+33639980011", is_mobile_proved=True, structure="Cabinet de groupe du Canal",
        code_postal="78200",
    ),
    Person(
        "maud.lestienne", "Maud", "Lestienne", "sage-femme", MADAME, "Sage-femme", "99700000039",
        mobile="+33639980012", structure="Cabinet de sages-femmes de la Seine", code_postal="78130",
    ),
    Person(
        "noe.barrandon", "Noé", "Barrandon", "infirmier", MONSIEUR, "Infirmier", "99700000047",
        mobile="+33639980013", structure="Cabinet infirmier du Marché", code_postal="94400",
    ),
    Person(
        "odile.marcassol", "Odile", "Marcassol", "directrice d’EHPAD, sans RPPS", MADAME, "Directeur d’ESMS",
        mobile="+33639980014", structure="EHPAD Les Tilleuls", code_postal="94800",
    ),
    Person(
        "yanis.delorieux", "Yanis", "Delorieux", "pilote MAIA", MONSIEUR, "Coordinateur de parcours",
        mobile="+33639980015", structure="MAIA Val-de-Marne Centre", code_postal="94000",
    ),
    Person(
        "lea.brissonnet", "Léa", "Brissonnet", "inscription en attente du clic", MADAME, "Médecin",
        mobile="+33639980016", structure="Maison de santé du Parc", code_postal="75012", status=AccountStatus.PENDING,
    ),
    Person(
        "paul.touvenet", "Paul", "Touvenet", "compte suspendu", MONSIEUR, "Infirmier",
        mobile="+33639980017", structure="Centre de santé de la Gare", code_postal="93200",
        status=AccountStatus.SUSPENDED,
    ),
)  # fmt: skip


# Settings that may hold made-up people, by their last word.
ALLOWED_SETTINGS = frozenset({"demo", "test"})


def load_people() -> list[dict[str, Any]]:
    """Make the people who are missing; those who exist keep what was done to them. Returns what to print.

    Raises ImproperlyConfigured with any settings but the demo's and the tests'.
    """
    module = settings.SETTINGS_MODULE or os.environ.get("DJANGO_SETTINGS_MODULE", "")
    if module.rpartition(".")[2] not in ALLOWED_SETTINGS:
        raise ImproperlyConfigured("Les personnes de démonstration sont refusées hors de la démonstration.")
    for person in PEOPLE:
        if _find(person) is None:
            with transaction.atomic():
                _make(person)
    return [_told(person) for person in PEOPLE]


def _find(person: Person) -> User | None:
    return User.objects.filter(identifiant_key=fold(person.identifiant)).first()


def _make(person: Person) -> None:
    user = _first_administrator(person) if person.is_superuser else _through_the_journey(person)
    if person.is_staff and not user.is_staff:
        user.is_staff = True
        user.save(update_fields=["is_staff", "updated_at"])
    if person.is_mobile_proved:
        credentials.use_mobile(user, person.mobile, actor=user)
    if person.status == AccountStatus.SUSPENDED:
        account.suspend(user, actor=_administrator(), reason="compte de démonstration suspendu")
    if person.status != AccountStatus.PENDING:
        # The demo's mailbox starts with nothing but the mail of the pending account.
        OutgoingMessage.objects.filter(subject_ref=notifications.subject_ref(user)).delete()


def _first_administrator(person: Person) -> User:
    """As `manage.py createsuperuser` would: nobody is there yet to accept them."""
    now = timezone.now()
    user = User.objects.create_superuser(
        person.identifiant,
        PASSWORD,
        email=person.email,
        email_verified_at=now,
        password_changed_at=now,
        nom=person.nom,
        prenom=person.prenom,
        civilite=person.civilite,
        phone_mobile=person.mobile,
        structure=person.structure,
    )
    documents.accept(user, documents.required())
    return user


def _administrator() -> User:
    return User.objects.get(identifiant_key=fold(PEOPLE[0].identifiant))


def _through_the_journey(person: Person) -> User:
    sign_up(
        Application(
            email=person.email,
            nom=person.nom,
            prenom=person.prenom,
            identifiant=person.identifiant,
            raw_password=PASSWORD,
            civilite=person.civilite,
            phone_mobile=person.mobile,
            preferred_channel=CodeChannel.SMS if person.is_mobile_proved else CodeChannel.MAIL,
            profession=Profession.objects.filter(label=person.profession).order_by("rang", "pk").first(),
            rpps=person.rpps,
            workplace=Workplace(structure=person.structure, code_postal=person.code_postal),
        )
    )
    user = User.objects.get(email_key=person.email)
    return user if person.status == AccountStatus.PENDING else _open(user)


def _open(user: User) -> User:
    """Through the gates of the profile: the click on the mail, the decision of a person, or both."""
    if user.status == AccountStatus.PENDING:
        user = account.validate_email(user).obj
    if user.status == AccountStatus.AWAITING_DECISION:
        user = account.accept(user, actor=_administrator()).obj
    if user.must_change_password:
        user.refresh_from_db()
        credentials.change(user, PASSWORD, request=None)
    return user


def _told(person: Person) -> dict[str, Any]:
    user = _find(person)
    return {
        "login": person.identifiant,
        "password": PASSWORD,
        "email": user.email if user else person.email,
        "phone": person.mobile,
        "name": f"{person.prenom} {person.nom}",
        "role": person.role,
        "rpps": person.rpps,
        "status": user.status if user else "",
    }
