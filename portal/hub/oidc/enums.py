"""Closed lists of the OpenID provider."""

from django.db import models


class GrantType(models.TextChoices):
    """What a client may ask at the token endpoint; the values are the protocol's."""

    CODE = "authorization_code", "entrée d'une personne"
    REFRESH = "refresh_token", "renouvellement"
    MACHINE = "client_credentials", "accès de machine à machine"


class ClientAuth(models.TextChoices):
    SECRET = "client_secret", "secret (client_secret_basic ou client_secret_post)"
    PRIVATE_KEY = "private_key_jwt", "clé privée (private_key_jwt)"


class SigningAlgorithm(models.TextChoices):
    RS256 = "RS256", "RS256"
    ES256 = "ES256", "ES256"


# Scopes about the person, with what the consent page says of each.
PERSON_SCOPES = {
    "openid": "savoir que c’est vous (un identifiant sans signification)",
    "profile": "votre nom, votre prénom et votre identifiant",
    "email": "votre adresse e-mail",
    "phone": "votre numéro de mobile",
    "rpps": "votre numéro RPPS",
    "structures": "vos structures d’exercice",
    "roles": "votre profession et vos rôles dans le portail",
}

# Levels of proof as `acr`; `eidas1` is the word of Pro Santé Connect for the strongest.
ACR_OF_LEVEL = {1: "niveau1", 2: "niveau2", 3: "niveau3"}
LEVEL_OF_ACR = {acr: level for level, acr in ACR_OF_LEVEL.items()} | {"eidas1": 3}

# Our means as RFC 8176 `amr` values.
AMR_OF_MEANS = {
    "password": "pwd",
    "mail": "otp",
    "code": "otp",
    "sms": "sms",
    "totp": "otp",
    "passkey": "hwk",
    "recovery": "otp",
    "card": "sc",
    "ecps": "swk",
}
