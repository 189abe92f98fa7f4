"""Closed lists of the hub, with the labels people read."""

from django.db import models


class EnvironmentLabel(models.TextChoices):
    """Told on the tile when the application is not the real one."""

    NONE = "", "production (aucune étiquette)"
    BETA = "beta", "BETA"
    PREPROD = "preprod", "préprod"
    DEMO = "demo", "démonstration"


class Role(models.TextChoices):
    """Roles given by staff, stored as groups of the same name; `VALIDATED` says that a human checked the identity."""

    VALIDATED = "professionnel-valide", "professionnel validé"
    ROR = "referent-ror", "référent ROR"
    BEDS = "referent-lits", "référent disponibilité des lits"
    MAIA_PILOT = "pilote-maia", "pilote MAIA"


class NoticeKind(models.TextChoices):
    USER_NOTICE = "user_notice", "note aux utilisateurs (page de connexion et accueil)"
    BANNER = "banner", "bandeau en haut des pages"


class NoticeTone(models.TextChoices):
    INFO = "info", "information"
    WARNING = "warning", "attention"
    DANGER = "danger", "incident"


class NoticeAudience(models.TextChoices):
    EVERYBODY = "everybody", "tout le monde"
    VISITORS = "visitors", "visiteurs non connectés"
    SIGNED_IN = "signed_in", "personnes connectées"


class TicketStatus(models.TextChoices):
    """Life of a question; portal.hub.workflows.tickets is the only writer."""

    OPEN = "open", "à traiter"
    FORWARDED = "forwarded", "transmise aux experts métier"
    ANSWERED = "answered", "répondue"
    CLOSED = "closed", "close"


class TicketTopic(models.TextChoices):
    ACCOUNT = "account", "Créer mon compte (carte CPS, e-CPS ou formulaire)"
    PASSWORD = "password", "Mot de passe ou identifiant"
    SIGN_IN = "sign_in", "Connexion, code ou carte"
    APPLICATION = "application", "Une application du portail"
    DOCUMENTATION = "documentation", "Documentation et liens utiles"
    BUSINESS = "business", "Question métier : décrire mon offre, parcours de référencement"
    OTHER = "other", "Autre demande"


class MessageAuthor(models.TextChoices):
    REQUESTER = "requester", "demandeur"
    SUPPORT = "support", "support"
    EXPERT = "expert", "expert métier"
