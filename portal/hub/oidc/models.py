"""Partner applications and what was granted to them: clients, keys, consents, grants, tokens, sign-outs to tell.

A grant is one entry of a person into one application: it is born with its authorization code and owns every token
that comes from it, so ending the grant ends the whole family at once. Secrets, codes and tokens are kept as digests.
"""

from __future__ import annotations

import re
import secrets
import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.enums import AssuranceLevel
from portal.hub.enums import EnvironmentLabel, Role
from portal.hub.oidc import jose
from portal.hub.oidc.enums import ClientAuth, GrantType, SigningAlgorithm
from portal.hub.oidc.uris import check_partner_uri
from portal.referentiels.models import Profession

SCOPE_SHAPE = re.compile(r"[a-z0-9._:-]{2,40}")


def _salt() -> str:
    return secrets.token_urlsafe(32)


class OpenIdClient(models.Model):
    """A partner application. `professions`, `categories`, `roles`, `departments` and `structures` say who may enter:
    an empty list asks nothing, and the person needs one value of each list that is not empty.
    """

    client_id = models.CharField(
        "identifiant du client",
        max_length=80,
        unique=True,
        validators=[RegexValidator(r"\A[A-Za-z0-9._~-]{3,80}\Z", "Lettres, chiffres et - . _ ~ seulement.")],
    )
    name = models.CharField("nom", max_length=80)
    description = models.CharField("à quoi elle sert", max_length=300, blank=True)
    contact = models.EmailField("contact technique", max_length=254)
    environment = models.CharField(
        "étiquette d'environnement", max_length=10, choices=EnvironmentLabel, blank=True, default=""
    )
    is_active = models.BooleanField("ouverte", default=True)
    is_regional = models.BooleanField("application de la région (sans accord demandé)", default=False)
    tile = models.ForeignKey(
        "hub.Tile",
        verbose_name="application de l'accueil",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="openid_clients",
    )

    redirect_uris = ArrayField(
        models.CharField(max_length=500, validators=[check_partner_uri]), verbose_name="adresses de retour"
    )
    post_logout_redirect_uris = ArrayField(
        models.CharField(max_length=500, validators=[check_partner_uri]),
        verbose_name="adresses après déconnexion",
        default=list,
        blank=True,
    )
    initiate_login_uri = models.CharField(
        "adresse où commence la connexion", max_length=500, blank=True, validators=[check_partner_uri]
    )
    backchannel_logout_uri = models.CharField(
        "adresse prévenue des déconnexions", max_length=500, blank=True, validators=[check_partner_uri]
    )

    auth_method = models.CharField(
        "authentification du client", max_length=20, choices=ClientAuth, default=ClientAuth.SECRET
    )
    secret_hash = models.CharField(max_length=64, blank=True, editable=False)
    former_secret_hash = models.CharField(max_length=64, blank=True, editable=False)
    former_secret_until = models.DateTimeField(null=True, editable=False)
    jwks = models.JSONField("clés publiques du client (JWKS)", null=True, blank=True)
    grants = ArrayField(
        models.CharField(max_length=30, choices=GrantType), verbose_name="usages permis", default=list
    )
    scopes = ArrayField(models.CharField(max_length=40), verbose_name="données permises", default=list)
    id_token_algorithm = models.CharField(
        "signature des jetons", max_length=5, choices=SigningAlgorithm, default=SigningAlgorithm.RS256
    )
    is_pairwise = models.BooleanField("identifiant de personne propre à ce partenaire", default=False)
    pairwise_salt = models.CharField(max_length=64, default=_salt, editable=False)
    consent_version = models.PositiveSmallIntegerField("version de l'accord demandé", default=1)
    refresh_hours = models.PositiveSmallIntegerField(
        "durée des accès sans retour au portail, en heures", default=12
    )

    needed_level = models.PositiveSmallIntegerField(
        "niveau de connexion demandé", choices=AssuranceLevel.choices[1:], default=AssuranceLevel.CODE
    )
    needs_validation = models.BooleanField("réservée aux professionnels validés", default=False)
    professions = ArrayField(
        models.CharField(max_length=60), verbose_name="professions", default=list, blank=True
    )
    categories = ArrayField(
        models.CharField(max_length=8, choices=Profession.Categorie.choices),
        verbose_name="catégories",
        default=list,
        blank=True,
    )
    roles = ArrayField(
        models.CharField(max_length=30, choices=Role.choices), verbose_name="rôles", default=list, blank=True
    )
    departments = ArrayField(
        models.CharField(max_length=3), verbose_name="départements", default=list, blank=True
    )
    structures = ArrayField(
        models.CharField(max_length=20), verbose_name="structures (FINESS)", default=list, blank=True
    )
    how_to_open = models.CharField("comment obtenir l'accès", max_length=400, blank=True)
    created_at = models.DateTimeField("créée le", auto_now_add=True)
    updated_at = models.DateTimeField("modifiée le", auto_now=True)

    class Meta:
        verbose_name = "application partenaire"
        verbose_name_plural = "applications partenaires"
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """What no single field can judge: keys that go with the way of authentication, words among the known ones."""
        wrong: dict[str, str] = {}
        if self.auth_method == ClientAuth.PRIVATE_KEY or self.jwks:
            try:
                jose.check_public_keys(self.jwks)
            except ValueError:
                wrong["jwks"] = 'Donnez les clés publiques du client : {"keys": [clés RSA ou EC publiques]}.'
        if any(not SCOPE_SHAPE.fullmatch(scope) for scope in self.scopes):
            wrong["scopes"] = "Des lettres, chiffres, points et tirets, séparés par une virgule."
        if GrantType.CODE in self.grants and not self.redirect_uris:
            wrong["redirect_uris"] = "Une adresse de retour est nécessaire pour faire entrer des personnes."
        if wrong:
            raise ValidationError(wrong)


class OpenIdKey(models.Model):
    """A signing key: published from `created_at` to `published_until`, signing from `signs_from` to `signs_until`.

    The private part is encrypted with the portal's own key (accounts.keyed).
    """

    kid = models.CharField("nom", max_length=64, unique=True)
    algorithm = models.CharField("algorithme", max_length=5, choices=SigningAlgorithm)
    private_sealed = models.TextField(editable=False)
    public_jwk = models.JSONField("partie publique")
    created_at = models.DateTimeField("publiée le", auto_now_add=True)
    signs_from = models.DateTimeField("signe à partir du")
    signs_until = models.DateTimeField("signe jusqu'au", null=True)
    published_until = models.DateTimeField("publiée jusqu'au", null=True)

    class Meta:
        verbose_name = "clé de signature"
        verbose_name_plural = "clés de signature"
        ordering = ("-signs_from", "-pk")

    def __str__(self) -> str:
        return self.kid


class OpenIdConsent(models.Model):
    """A person's agreement to release `scopes` to one application, for one version of what it asks."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="compte",
        on_delete=models.CASCADE,
        related_name="openid_consents",
    )
    client = models.ForeignKey(
        OpenIdClient, verbose_name="application", on_delete=models.CASCADE, related_name="consents"
    )
    version = models.PositiveSmallIntegerField("version")
    scopes = ArrayField(models.CharField(max_length=40), verbose_name="données")
    given_at = models.DateTimeField("donné le", db_default=Now())
    revoked_at = models.DateTimeField("retiré le", null=True, blank=True)

    class Meta:
        verbose_name = "accord donné à une application"
        verbose_name_plural = "accords donnés aux applications"
        ordering = ("-given_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=["user", "client"],
                condition=Q(revoked_at=None),
                name="one_live_consent_per_application",
            ),
        )


class OpenIdPending(models.Model):
    """An authorization request that waits for a sign-in, a stronger proof or an agreement: kept here, not in the URL,
    so that nothing of it can be changed on the way. `parameters` is what was validated."""

    reference = models.CharField(max_length=43, unique=True)
    client = models.ForeignKey(OpenIdClient, on_delete=models.CASCADE, related_name="+")
    parameters = models.JSONField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    LIFE_SECONDS: ClassVar[int] = 3600


class OpenIdGrant(models.Model):
    """One entry of a person (or of the machine itself: no user) into one application, with the code that opened it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(
        OpenIdClient, verbose_name="application", on_delete=models.CASCADE, related_name="entries"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="compte",
        null=True,
        on_delete=models.CASCADE,
        related_name="openid_grants",
    )
    session = models.ForeignKey(
        "accounts.UserSession",
        verbose_name="session",
        null=True,
        on_delete=models.CASCADE,
        related_name="openid_grants",
    )
    scopes = ArrayField(models.CharField(max_length=40), verbose_name="données")
    nonce = models.CharField(max_length=512, blank=True)
    redirect_uri = models.CharField(max_length=500, blank=True)
    challenge = models.CharField(max_length=43, blank=True)
    level = models.PositiveSmallIntegerField("niveau", default=0)
    methods = models.JSONField("moyens", default=list)
    proved_at = models.DateTimeField("identité prouvée le", null=True)
    code_hash = models.BinaryField(max_length=32, null=True, unique=True)
    code_expires_at = models.DateTimeField(null=True)
    code_used_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField("entrée le", db_default=Now())
    ends_at = models.DateTimeField("fin au plus tard")
    ended_at = models.DateTimeField("terminée le", null=True)
    ended_reason = models.CharField("raison", max_length=40, blank=True)

    class Meta:
        verbose_name = "entrée dans une application"
        verbose_name_plural = "entrées dans les applications"
        ordering = ("-created_at",)
        indexes = (
            models.Index(
                fields=["session", "client"], condition=Q(ended_at=None), name="live_grants_of_session"
            ),
            models.Index(fields=["user", "client"], condition=Q(ended_at=None), name="live_grants_of_user"),
            models.Index(fields=["ends_at"], name="grants_by_end"),
        )


class OpenIdToken(models.Model):
    """An access or refresh token of a grant, under its SHA-256. A refresh token serves once."""

    grant = models.ForeignKey(OpenIdGrant, on_delete=models.CASCADE, related_name="tokens")
    is_refresh = models.BooleanField(default=False)
    token_hash = models.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)


class OpenIdLogout(models.Model):
    """A sign-out to tell to a partner: the outbox of back-channel logout. A row with no `told_at` is to be sent at
    `next_at`, unless `given_up_at` says that every try failed."""

    client = models.ForeignKey(
        OpenIdClient, verbose_name="application", on_delete=models.CASCADE, related_name="logouts"
    )
    subject = models.CharField("personne (identifiant transmis)", max_length=64)
    sid = models.CharField("session (identifiant transmis)", max_length=64)
    reason = models.CharField("raison", max_length=40)
    created_at = models.DateTimeField("demandée le", db_default=Now())
    next_at = models.DateTimeField("prochain essai", db_default=Now())
    tries = models.PositiveSmallIntegerField("essais", default=0)
    told_at = models.DateTimeField("transmise le", null=True)
    given_up_at = models.DateTimeField("abandonnée le", null=True)
    last_error = models.CharField("dernière erreur", max_length=120, blank=True)

    class Meta:
        verbose_name = "déconnexion à transmettre"
        verbose_name_plural = "déconnexions transmises aux partenaires"
        ordering = ("-created_at", "-pk")
        indexes = (
            models.Index(
                fields=["next_at"], condition=Q(told_at=None, given_up_at=None), name="logouts_to_send"
            ),
        )
