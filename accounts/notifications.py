"""What people are told about their account: one named function per mail.

All must be called inside the transaction of the act they tell. Notices of a change carry no link to click, only
the support's phone number (PWD-8). Links are built from SITE_URL (CODE-10).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from portal.common.text import mask_email, mask_phone
from portal.messaging.models import OutgoingMessage
from portal.messaging.outbox import queue_email, queue_sms
from portal.plateformes import current

_FOLDER = "accounts/email"


def subject_ref(user: User) -> str:
    """Reference under which the support finds the messages of an account."""
    return f"accounts.user:{user.public_id}"


def absolute(route: str, **query: str) -> str:
    """Address for a mail."""
    address = f"{settings.SITE_URL}{reverse(route)}"
    return f"{address}?{urlencode(query)}" if query else address


def _send(
    user: User,
    template: str,
    *,
    to: str = "",
    expires_at: datetime | None = None,
    sensitive: bool = False,
    **context: object,
) -> OutgoingMessage:
    return queue_email(
        to=to or user.email,
        template=f"{_FOLDER}/{template}",
        context={"user": user, **context},
        sensitive=sensitive,
        expires_at=expires_at,
        subject_ref=subject_ref(user),
    )


# --- links ------------------------------------------------------------------------------------------
def send_validation_link(user: User, *, token: str, expires_at: datetime) -> OutgoingMessage:
    """« [Portail ENRS] Validation de votre inscription » (ROR-047)."""
    return _send(
        user,
        "sign_up_validation",
        sensitive=True,
        expires_at=expires_at,
        text=validation_text(user),
        link=absolute("accounts:sign_up_validate", key=token),
        link_expires_at=expires_at,
    )


def send_email_change_link(
    user: User, *, new_email: str, token: str, expires_at: datetime
) -> OutgoingMessage:
    """The same mail as at sign-up, to the new address (ROR-048)."""
    return _send(
        user,
        "sign_up_validation",
        to=new_email,
        sensitive=True,
        expires_at=expires_at,
        text=validation_text(user),
        link=absolute("accounts:sign_up_validate", key=token),
        link_expires_at=expires_at,
    )


def validation_text(user: User) -> str:
    """The profile's sentence, with the identifier finally given (ROR-047)."""
    phone = mask_phone(user.phone_mobile) if user.phone_mobile else ""
    return current().texts.validation_mail_text.format(identifier=user.identifiant, masked_phone=phone)


def send_reset_link(user: User, *, token: str, expires_at: datetime, mode: str) -> OutgoingMessage:
    """`mode` is « Simple » for a forgotten password, « Activation » for a first one (M94-029)."""
    return _send(
        user,
        "password_reset" if mode == "Simple" else "account_activation",
        sensitive=True,
        expires_at=expires_at,
        link=absolute("accounts:password_choose", key=token, resetMode=mode),
        link_expires_at=expires_at,
    )


def send_temporary_secret(user: User, *, raw: str, expires_at: datetime) -> OutgoingMessage:
    """Identifier and initial secret, where the profile delivers credentials so (PWD-7)."""
    return _send(
        user,
        "temporary_secret",
        sensitive=True,
        expires_at=expires_at,
        text=_credentials_text(),
        secret=raw,
        secret_expires_at=expires_at,
        link=absolute("accounts:sign_in"),
    )


def _credentials_text() -> str:
    profile = current()
    return profile.texts.credentials_mail_text.format(hours=profile.credentials.temporary_secret_hours or 24)


# --- answers to somebody who asked --------------------------------------------------------------------
def tell_account_exists(user: User) -> OutgoingMessage:
    """A sign-up, or a change of address, with an address that an open account already has."""
    return _send(
        user,
        "account_exists",
        sign_in_url=absolute("accounts:sign_in"),
        reset_url=absolute("accounts:password_forgotten"),
    )


def tell_request_received(user: User) -> OutgoingMessage:
    """« Nous étudions votre demande »: where a person decides before anything opens (CVL-023)."""
    return _send(user, "request_received")


def tell_number_is_held(address: str) -> OutgoingMessage:
    """A sign-up whose RPPS number belongs to another account; says nothing about that account."""
    return queue_email(to=address, template=f"{_FOLDER}/number_is_held", context={})


def tell_identifier(user: User) -> OutgoingMessage:
    return _send(user, "identifier_reminder", sign_in_url=absolute("accounts:sign_in"))


def tell_reset_is_refused(user: User) -> OutgoingMessage:
    """A forgotten password asked for an account that is suspended or waits for a decision."""
    return _send(user, "reset_refused")


# --- notices (no link to click, a phone number to call: PWD-8) --------------------------------------------
def notify_security_change(
    user: User, what: str, *, to: str = "", at: datetime | None = None, detail: str = ""
) -> OutgoingMessage:
    """Tell the owner that something happened to their account; `what` is a key of SECURITY_CHANGES."""
    subject, sentence = SECURITY_CHANGES[what]
    return _send(
        user,
        "security_notice",
        to=to,
        about=subject,
        sentence=sentence.format(detail=detail) if detail else sentence,
        at=at or timezone.now(),
    )


SECURITY_CHANGES = {
    "password_changed": (
        "Votre mot de passe a été changé",
        "Le mot de passe de votre compte vient d’être changé. Vos autres sessions ont été fermées.",
    ),
    "password_forbidden": (
        "Votre mot de passe ne peut plus servir",
        "Votre mot de passe est connu d’autres personnes : il ne sert plus et vos sessions ont été fermées. Un autre "
        "message permet d’en choisir un nouveau. Changez-le aussi partout où vous l’employez.",
    ),
    "password_reset": (
        "Votre mot de passe a été changé",
        "Un nouveau mot de passe vient d’être choisi avec le lien envoyé à votre adresse. Vos sessions ont été "
        "fermées ; votre deuxième preuve de connexion n’a pas changé.",
    ),
    "email_change_asked": (
        "Un changement d’adresse est demandé",
        "Quelqu’un, sans doute vous, demande que {detail} remplace l’adresse de ce compte. "
        "Votre adresse reste celle-ci tant que la nouvelle n’est pas validée.",
    ),
    "email_changed": (
        "L’adresse de votre compte a été changée",
        "La nouvelle adresse de votre compte est {detail}. L’ancienne ne reçoit plus ni code ni lien. Vos autres "
        "sessions ont été fermées.",
    ),
    "phone_changed": (
        "Le mobile de votre compte a été changé",
        "Les codes par SMS peuvent maintenant être envoyés au {detail}. Vos autres sessions ont été fermées.",
    ),
    "phone_removed": (
        "Le mobile de votre compte a été retiré",
        "Plus aucun code ne sera envoyé par SMS : ils arrivent par e-mail. Vos autres sessions ont été fermées.",
    ),
    "data_exported": (
        "Les données de votre compte ont été téléchargées",
        "Un fichier de toutes les données de votre compte vient d’être téléchargé depuis le portail.",
    ),
    "new_device": (
        "Connexion depuis un nouvel appareil",
        "Une connexion à votre compte vient d’être faite depuis un navigateur que nous ne connaissions pas : {detail}. "
        "Si ce n’est pas vous, ouvrez le portail comme d’habitude et choisissez « Ce n’était pas moi » dans « Mes "
        "sessions ».",
    ),
    "new_place": (
        "Connexion depuis un lieu inhabituel",
        "Une connexion à votre compte vient d’être faite depuis un réseau d’où vous ne veniez pas : {detail}. "
        "Si ce n’est pas vous, ouvrez le portail comme d’habitude et choisissez « Ce n’était pas moi » dans « Mes "
        "sessions ».",
    ),
    "not_me": (
        "Votre compte est mis en sécurité",
        "Vous avez signalé une activité qui n’est pas de vous. Toutes les sessions sont fermées, les applications "
        "ouvertes avec ce compte aussi, et l’ancien mot de passe ne sert plus. Un autre message permet d’en choisir "
        "un nouveau. Le support est prévenu.",
    ),
    "sign_in_after_failures": (
        "Connexion après plusieurs essais manqués",
        "Plusieurs mots de passe faux ont été essayés sur votre compte, puis une connexion a réussi.",
    ),
    "recovery_code_used": (
        "Un code de secours a été utilisé",
        "Une connexion à votre compte vient d’être confirmée avec un de vos codes de secours.",
    ),
    "recovery_codes_made": (
        "Vos codes de secours ont été renouvelés",
        "De nouveaux codes de secours viennent d’être créés ; les anciens ne fonctionnent plus. Vos autres "
        "sessions ont été fermées.",
    ),
    "authenticator_added": (
        "Une application d’authentification a été ajoutée",
        "Une application d’authentification peut maintenant confirmer vos connexions. Vos autres sessions ont été "
        "fermées.",
    ),
    "authenticator_removed": (
        "Votre application d’authentification a été retirée",
        "L’application d’authentification de votre compte ne peut plus confirmer vos connexions. Vos autres "
        "sessions ont été fermées.",
    ),
    "passkey_added": (
        "Une clé d’accès a été ajoutée",
        "Une clé d’accès peut maintenant confirmer vos connexions. Vos autres sessions ont été fermées.",
    ),
    "strong_linked": (
        "Une carte ou une e-CPS est rattachée à votre compte",
        "{detail} ouvre maintenant votre compte. Si ce n’est pas vous, appelez l’assistance sans attendre.",
    ),
    "strong_unlinked": (
        "Une carte ou une e-CPS est détachée de votre compte",
        "{detail} n’ouvre plus votre compte.",
    ),
    "number_released": (
        "Votre numéro RPPS est retiré de votre compte",
        "Une autre personne a prouvé, avec sa carte ou son e-CPS, que le numéro RPPS saisi dans votre compte est le "
        "sien. Votre compte reste ouvert. Si ce numéro est le vôtre, appelez l’assistance.",
    ),
    "factor_removal_asked": (
        "Le retrait d’un moyen de connexion est demandé",
        "Le retrait de {detail} de votre compte est demandé : moyen perdu. Il sera fait après un délai, annoncé par un "
        "message à votre adresse de connexion, qui permet de l’arrêter.",
    ),
    "factor_removal_cancelled": (
        "Le retrait d’un moyen de connexion est annulé",
        "Le retrait demandé n’aura pas lieu : vos moyens de connexion restent ceux d’avant.",
    ),
    "number_claimed": (
        "Votre numéro RPPS a été saisi dans un autre compte",
        "Quelqu’un a saisi, dans un autre compte du portail, le numéro RPPS du vôtre. Rien ne change pour vous : ce "
        "numéro n’y sert à rien tant qu’il n’est pas prouvé, et le support est prévenu.",
    ),
    "passkey_removed": (
        "Une clé d’accès a été retirée",
        "Une clé d’accès de votre compte ne peut plus confirmer vos connexions. Vos autres sessions ont été fermées.",
    ),
}


def alert_support(user: User, *, at: datetime, device: str, place: str, sessions: int) -> OutgoingMessage:
    """« Ce n’était pas moi »: the support hears at once. The account is named by its reference, not by its content."""
    return queue_email(
        to=current().support.email,
        template=f"{_FOLDER}/not_me_support",
        context={"user": user, "at": at, "device": device, "place": place, "sessions": sessions},
        subject_ref=subject_ref(user),
    )


def tell_factor_removal(
    user: User, *, what: str, label: str, by_support: bool, token: str, removable_at: datetime
) -> None:
    """To every address and number of the person, with the link that stops it where a link may go; and to the support,
    so that a second agent may look at it (MFA-5)."""
    link = absolute("accounts:factor_not_me", key=token)
    told: dict[str, Any] = {"what": what, "by_support": by_support, "removable_at": removable_at}
    _send(user, "factor_removal", sensitive=True, expires_at=removable_at, link=link, **told)
    if user.phone_mobile and user.phone_mobile_verified_at:
        queue_sms(
            to=user.phone_mobile,
            template="accounts/sms/factor_removal",
            context={"link": link, **told},
            sensitive=True,
            expires_at=removable_at,
            subject_ref=subject_ref(user),
            purpose="factor_removal",
        )
    if user.communication_email and user.communication_email.casefold() != user.email_key:
        # Perhaps a shared mailbox: told, without the link.
        notify_security_change(user, "factor_removal_asked", to=user.communication_email, detail=what)
    queue_email(
        to=current().support.email,
        template=f"{_FOLDER}/factor_removal_support",
        context={"user": user, "label": label, **told},
        subject_ref=subject_ref(user),
    )


def tell_password_changed(user: User, *, at: datetime, by_reset: bool = False) -> OutgoingMessage:
    return notify_security_change(user, "password_reset" if by_reset else "password_changed", at=at)


def tell_email_change_asked(user: User, *, new_email: str) -> OutgoingMessage:
    """To the address in use: somebody asked to replace it."""
    return notify_security_change(user, "email_change_asked", detail=mask_email(new_email))


def tell_email_changed(user: User, *, old_email: str, at: datetime) -> list[OutgoingMessage]:
    """To both addresses (PWD-8)."""
    detail = mask_email(user.email)
    return [
        notify_security_change(user, "email_changed", to=address, at=at, detail=detail)
        for address in (old_email, user.email)
    ]


def tell_phone_changed(user: User, *, at: datetime, number: str) -> OutgoingMessage:
    """`number` is empty when the mobile was removed."""
    if not number:
        return notify_security_change(user, "phone_removed", at=at)
    return notify_security_change(user, "phone_changed", at=at, detail=mask_phone(number))


def tell_data_exported(user: User, *, at: datetime) -> OutgoingMessage:
    return notify_security_change(user, "data_exported", at=at)


# --- decisions on the account ----------------------------------------------------------------------------
def tell_account_accepted(user: User) -> OutgoingMessage:
    return _send(user, "account_accepted", sign_in_url=absolute("accounts:sign_in"))


def tell_account_refused(user: User, reason: str) -> OutgoingMessage:
    return _send(user, "account_refused", reason=reason)


def tell_account_suspended(user: User) -> OutgoingMessage:
    return _send(user, "account_state", about="Votre compte est suspendu", state="suspended")


def tell_account_reactivated(user: User) -> OutgoingMessage:
    return _send(user, "account_state", about="Votre compte est de nouveau actif", state="active")


def tell_will_be_closed(user: User, *, since: datetime, closes_at: datetime) -> OutgoingMessage:
    """A month before the closure of an account nobody uses (DAT-4)."""
    return _send(
        user,
        "inactivity_warning",
        since=since,
        closes_at=closes_at,
        sign_in_url=absolute("accounts:sign_in"),
    )


def tell_closed_for_inactivity(user: User) -> OutgoingMessage:
    about = "Votre compte est fermé, faute d’activité"
    kept = current().retention
    left = kept.inactive_erase_months - kept.inactive_close_months
    return _send(user, "account_state", about=about, state="closed_inactive", months_left=left)


def alert_dormant_agent(user: User, *, since: datetime) -> OutgoingMessage:
    """The account of an agent sleeps: a person decides of it. It is named by its reference."""
    return queue_email(
        to=current().support.email,
        template=f"{_FOLDER}/dormant_agent",
        context={"user": user, "since": since},
        subject_ref=subject_ref(user),
    )


def tell_account_closed(user: User) -> OutgoingMessage:
    return _send(user, "account_state", about="Votre compte est fermé", state="closed")
