"""Closed lists of the accounts, with the labels people read."""

from django.db import models


class AccountStatus(models.TextChoices):
    """Life of an account; accounts.workflows.account is the only writer."""

    PENDING = "pending", "en attente de validation du mail"
    AWAITING_DECISION = "awaiting_decision", "en attente de décision"
    ACTIVE = "active", "actif"
    SUSPENDED = "suspended", "suspendu"
    CLOSED = "closed", "fermé"


class Civilite(models.TextChoices):
    MADAME = "madame", "Madame"
    MONSIEUR = "monsieur", "Monsieur"


class CodeChannel(models.TextChoices):
    MAIL = "mail", "par e-mail"
    SMS = "sms", "par SMS"


class CodePurpose(models.TextChoices):
    """A code opens only what it was sent for (CODE-3)."""

    SIGN_IN = "sign_in", "deuxième preuve à la connexion"
    EPHEMERAL = "ephemeral", "connexion par code éphémère"
    PHONE_PROOF = "phone_proof", "preuve du téléphone"
    REPROVE = "reprove", "preuve demandée à nouveau"


class ProofMeans(models.TextChoices):
    """Second proofs, with the words people read. The level each gives is in accounts.second_proof."""

    MAIL = "mail", "code par e-mail"
    SMS = "sms", "code par SMS"
    TOTP = "totp", "application d’authentification"
    PASSKEY = "passkey", "clé d’accès"
    RECOVERY = "recovery", "code de secours"
    PASSWORD = "password", "mot de passe"


class LinkPurpose(models.TextChoices):
    SIGN_UP = "sign_up", "validation de l'inscription"
    RESET = "reset", "choix d'un nouveau mot de passe"
    EMAIL_CHANGE = "email_change", "validation d'une nouvelle adresse"
    FACTOR_REMOVAL = "factor_removal", "arrêt d'un retrait de moyen perdu"


class AssuranceLevel(models.IntegerChoices):
    """How strongly a session was opened (design: « two proofs always »)."""

    NONE = 0, "aucune"
    CODE = 1, "mot de passe et code par mail ou SMS"
    AUTHENTICATOR = 2, "application d'authentification ou clé d'accès"
    STRONG = 3, "carte CPS ou e-CPS"


class EmailChangeStatus(models.TextChoices):
    REQUESTED = "requested", "en attente de validation"
    CONFIRMED = "confirmed", "validée"
    CANCELLED = "cancelled", "annulée"
    EXPIRED = "expired", "expirée"


class FactorScope(models.TextChoices):
    """What was lost."""

    APPLICATION = "application", "application d’authentification"
    PASSKEYS = "passkeys", "clés d’accès"
    ALL = "all", "application d’authentification et clés d’accès"


class FactorRemovalStatus(models.TextChoices):
    ASKED = "asked", "demandé"
    REMOVED = "removed", "fait"
    CANCELLED = "cancelled", "annulé"
