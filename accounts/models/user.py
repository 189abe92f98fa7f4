"""The person who signs in."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.enums import AccountStatus, Civilite, CodeChannel
from portal.common.text import fold


class UserManager(BaseUserManager["User"]):
    def create_user(self, identifiant: str, password: str | None = None, **fields: object) -> User:
        user = self.model(identifiant=identifiant, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, identifiant: str, password: str | None = None, **fields: object) -> User:
        """The first agent. Who types the command vouches for the address: without it, no code could be sent."""
        now = timezone.now()
        given = {"email_verified_at": now, "password_changed_at": now}
        fields = {"status": AccountStatus.ACTIVE, "is_staff": True, "is_superuser": True, **given, **fields}
        return self.create_user(identifiant, password, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(identifiant_key=fold(username or ""))


class User(AbstractBaseUser, PermissionsMixin):  # type: ignore[django-manager-missing]
    """A professional of health or social care, a pilot or a support agent.

    `identifiant_key` and `email_key` are the folded forms by which an account is found; they are kept by
    `save()`. An e-mail or RPPS number belongs to one open account at most. `rpps` is what the person typed until a
    strong means proves it. A number typed later, in the preferences, is also in `rpps_asked` until it is proven or
    confirmed by the support: it opens nothing meanwhile, whether or not another account holds it (ABU-1).
    """

    USERNAME_FIELD = "identifiant"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email", "nom", "prenom"]

    public_id = models.UUIDField("référence", default=uuid.uuid4, unique=True, editable=False)
    identifiant = models.CharField("identifiant", max_length=150)
    identifiant_key = models.CharField(max_length=150, unique=True, editable=False)
    status = models.CharField("état", max_length=20, choices=AccountStatus, default=AccountStatus.PENDING)
    status_at = models.DateTimeField("depuis", db_default=Now())

    civilite = models.CharField("civilité", max_length=10, choices=Civilite, blank=True)
    nom = models.CharField("nom", max_length=100)
    prenom = models.CharField("prénom", max_length=100)
    search_key = models.CharField(max_length=320, editable=False, db_index=True)

    email = models.EmailField("adresse e-mail", max_length=254)
    email_key = models.CharField(max_length=254, editable=False)
    email_verified_at = models.DateTimeField("adresse validée le", null=True, blank=True)
    communication_email = models.EmailField("mail pour la communication", max_length=254, blank=True)
    phone_mobile = models.CharField("téléphone mobile", max_length=16, blank=True)
    phone_mobile_verified_at = models.DateTimeField("mobile prouvé le", null=True, blank=True)
    phone_fixe = models.CharField("téléphone fixe", max_length=16, blank=True)
    preferred_channel = models.CharField(
        "réception des codes", max_length=4, choices=CodeChannel, default=CodeChannel.MAIL
    )

    profession = models.ForeignKey(
        "referentiels.Profession", verbose_name="profession", null=True, blank=True, on_delete=models.PROTECT
    )
    profession_libre = models.CharField("profession exacte", max_length=150, blank=True)
    specialite = models.CharField("spécialité", max_length=150, blank=True)
    rpps = models.CharField("numéro RPPS", max_length=11, blank=True)
    rpps_asked = models.CharField(
        "numéro RPPS à vérifier", max_length=11, blank=True, db_default="", default=""
    )
    adeli = models.CharField("numéro ADELI", max_length=9, blank=True)
    matricule = models.CharField("FINESS ou matricule", max_length=20, blank=True)
    structure = models.CharField("structure", max_length=200, blank=True)
    structure_finess = models.CharField(
        "FINESS géographique", max_length=9, blank=True, default="", db_default=""
    )
    fonction = models.CharField("type de fonction", max_length=120, blank=True, default="", db_default="")
    service = models.CharField("service d'exercice", max_length=120, blank=True, default="", db_default="")
    adresse = models.CharField("adresse", max_length=200, blank=True, default="", db_default="")
    code_postal = models.CharField("code postal", max_length=5, blank=True)
    ville = models.CharField("ville", max_length=120, blank=True, default="", db_default="")
    departement = models.CharField("département", max_length=3, blank=True, default="", db_default="")
    comment = models.TextField("commentaire", max_length=2000, blank=True)

    is_staff = models.BooleanField("agent du support", default=False)
    must_change_password = models.BooleanField("doit changer de mot de passe", default=False)
    password_changed_at = models.DateTimeField("mot de passe choisi le", null=True, blank=True)
    newsletter_consent_at = models.DateTimeField("lettre d'information acceptée le", null=True, blank=True)
    inactive_warned_at = models.DateTimeField("fermeture annoncée le", null=True, blank=True)
    created_at = models.DateTimeField("créé le", auto_now_add=True)
    updated_at = models.DateTimeField("modifié le", auto_now=True)

    objects = UserManager()

    class Meta:
        verbose_name = "compte"
        verbose_name_plural = "comptes"
        constraints = (
            models.UniqueConstraint(
                fields=["email_key"],
                condition=~Q(status=AccountStatus.CLOSED) & ~Q(email_key=""),
                name="one_open_account_per_email",
                violation_error_message="Un compte existe déjà avec cette adresse e-mail.",
            ),
            models.UniqueConstraint(
                fields=["rpps"],
                condition=~Q(status=AccountStatus.CLOSED) & ~Q(rpps=""),
                name="one_open_account_per_rpps",
                violation_error_message="Un compte existe déjà avec ce numéro RPPS.",
            ),
        )

    def __str__(self) -> str:
        return self.get_full_name() or self.identifiant

    def save(self, *args: object, **kwargs: object) -> None:
        self.identifiant_key = fold(self.identifiant)
        self.email_key = self.email.casefold()
        self.search_key = fold(f"{self.nom} {self.prenom}")[:320]
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Django's and allauth's word for « may sign in »."""
        return self.status == AccountStatus.ACTIVE

    def get_full_name(self) -> str:
        return f"{self.prenom} {self.nom}".strip()

    def get_short_name(self) -> str:
        return self.prenom
