from accounts.cps.models import CardToken, CertificateRevocationList
from accounts.models.codes import AttemptCounter, MailedLink, OneTimeCode
from accounts.models.devices import ProofDevice, RecoveryCode
from accounts.models.documents import DocumentAcceptance
from accounts.models.identity_case import IdentityCase, IdentityCaseTransition
from accounts.models.journal import SecurityEvent
from accounts.models.requests import (
    AccountTransition,
    EmailChange,
    EmailChangeTransition,
    FactorRemoval,
    FactorRemovalTransition,
    SignUpDestination,
)
from accounts.models.sessions import StoredSession, UserSession
from accounts.models.strong import HelpLink, NationalLink, StrongClaim, StrongKind, StrongMeans
from accounts.models.user import User
from accounts.models.workplace import OtherWorkplace

__all__ = [
    "AccountTransition",
    "AttemptCounter",
    "CardToken",
    "CertificateRevocationList",
    "DocumentAcceptance",
    "EmailChange",
    "EmailChangeTransition",
    "FactorRemoval",
    "FactorRemovalTransition",
    "HelpLink",
    "IdentityCase",
    "IdentityCaseTransition",
    "MailedLink",
    "NationalLink",
    "OneTimeCode",
    "OtherWorkplace",
    "ProofDevice",
    "RecoveryCode",
    "SecurityEvent",
    "SignUpDestination",
    "StoredSession",
    "StrongClaim",
    "StrongKind",
    "StrongMeans",
    "User",
    "UserSession",
]
