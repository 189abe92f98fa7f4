"""Signing up: one answer for everybody, one account per address, nothing half-made (ABU-1, REL-5).

The page says the same whatever exists. What differs leaves by mail, to the address that was typed:
a new address gets the validation link; a pending one gets a new link and what was typed replaces what was there;
an open account is told that it exists; a number that another account holds creates nothing and points to the support.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts import documents, identifiers, journal, links, notifications, throttle, workplaces
from accounts.enums import AccountStatus, CodeChannel, LinkPurpose
from accounts.models import AccountTransition, User
from accounts.workplaces import Workplace
from portal.common.text import fold
from portal.plateformes import current
from portal.referentiels.models import Profession

RESENDS_PER_WINDOW = 3
"""Mails one sign-up may cause in one window (CODE-6)."""
RESEND_WINDOW = timedelta(minutes=10)
MAILS_PER_DAY = 10
DAY = timedelta(hours=24)
SUBMISSION_LIFE = timedelta(hours=24)
TRIES = 5
"""How often an identifier taken meanwhile is replaced before giving up."""
_NO_WORKPLACE = Workplace()


@dataclass(frozen=True)
class Application:
    """What a person typed, already clean. `raw_password` is None where the profile makes the credentials later."""

    email: str
    nom: str
    prenom: str
    identifiant: str = ""
    raw_password: str | None = None
    civilite: str = ""
    communication_email: str = ""
    phone_mobile: str = ""
    phone_fixe: str = ""
    preferred_channel: str = CodeChannel.MAIL
    profession: Profession | None = None
    profession_libre: str = ""
    specialite: str = ""
    rpps: str = ""
    adeli: str = ""
    matricule: str = ""
    workplace: Workplace = _NO_WORKPLACE
    other_workplaces: tuple[Workplace, ...] = ()
    comment: str = ""
    accepts_documents: bool = True
    newsletter: bool = False


_COPIED = tuple(
    field.name
    for field in fields(Application)
    if field.name
    not in {"identifiant", "raw_password", "accepts_documents", "newsletter", "workplace", "other_workplaces"}
)


def sign_up(
    application: Application, *, submission: str = "", then: Callable[[User], object] | None = None
) -> None:
    """Act on one sent form. `submission` is the form's own mark: the same form sent twice acts once.
    `then` is called with the account, in its transaction, only when one was written.

    Never tells the caller what was found. One password hash is computed in every case.
    """
    encoded = make_password(application.raw_password)
    for attempt in range(TRIES):
        try:
            with transaction.atomic():
                _act(application, encoded, submission, then)
            return
        except IntegrityError:
            # Somebody took the identifier or the number between our look and our write.
            if attempt == TRIES - 1:
                raise


def was_sent(submission: str) -> bool:
    """This very form was already acted on."""
    return throttle.spent("sign_up_form", submission, SUBMISSION_LIFE) > 0


def _act(
    application: Application, encoded: str, submission: str, then: Callable[[User], object] | None
) -> None:
    email_key = application.email.casefold()
    _one_at_a_time(*_shared_names(application, email_key))
    if submission and not throttle.spend("sign_up_form", submission, 1, SUBMISSION_LIFE):
        return
    if not _may_send(email_key):
        return
    holder = _open_account(email_key)
    if holder is not None and holder.status != AccountStatus.PENDING:
        journal.record(journal.Action.SIGN_UP_KNOWN_ADDRESS, subject=holder)
        notifications.tell_account_exists(holder)
    elif _number_is_held(application, holder):
        journal.record(journal.Action.SIGN_UP_KNOWN_NUMBER)
        notifications.tell_number_is_held(application.email)
    else:
        user = _write(application, encoded, holder)
        if then is not None:
            then(user)
        if user.status == AccountStatus.PENDING:
            send_validation(user)
        else:
            notifications.tell_request_received(user)


def _shared_names(application: Application, email_key: str) -> list[str]:
    """What two people must not be given at once: the address, the identifier, the number."""
    wanted = application.identifiant or f"{application.prenom[:1]} {application.nom}"
    return [
        f"email:{email_key}",
        f"identifier:{fold(wanted)}",
        f"rpps:{application.rpps}" if application.rpps else "",
    ]


def _one_at_a_time(*names: str) -> None:
    """Serialise the sign-ups that share a name until the end of the transaction; always in the same order."""
    with connection.cursor() as cursor:
        for name in sorted(filter(None, names)):
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sign_up:{name}"])


def _open_account(email_key: str) -> User | None:
    accounts = User.objects.select_for_update(of=("self",)).exclude(status=AccountStatus.CLOSED)
    return accounts.filter(email_key=email_key).first()


def _number_is_held(application: Application, holder: User | None) -> bool:
    """An RPPS number typed here proves nothing, so it never takes anything from the account that holds it."""
    if not application.rpps:
        return False
    others = User.objects.filter(rpps=application.rpps).exclude(status=AccountStatus.CLOSED)
    return (others.exclude(pk=holder.pk) if holder else others).exists()


def _may_send(email_key: str) -> bool:
    """Spent for known and unknown addresses alike; past it nothing is written, so that the mail already sent and the
    account it opens always agree."""
    return throttle.spend("sign_up_mail", email_key, RESENDS_PER_WINDOW, RESEND_WINDOW) and throttle.spend(
        "sign_up_mail_day", email_key, MAILS_PER_DAY, DAY
    )


def _write(application: Application, encoded: str, holder: User | None) -> User:
    user = holder or User()
    for name in _COPIED:
        setattr(user, name, getattr(application, name))
    workplaces.put_first(user, application.workplace)
    user.identifiant = _identifier(application, holder)
    user.password = encoded
    now = timezone.now()
    user.password_changed_at = now if application.raw_password else None
    user.newsletter_consent_at = now if application.newsletter else None
    user.status, user.status_at = first_status(), now
    user.save()
    workplaces.keep_others(user, application.other_workplaces)
    AccountTransition.objects.create(
        subject=user, name="sign_up", source="", target=user.status, actor=None, reason=""
    )
    journal.record(journal.Action.SIGN_UP, subject=user)
    if application.accepts_documents:
        documents.accept(user, documents.required())
    return user


def first_status() -> AccountStatus:
    """Where the profile has no mail link, the decision of a person comes first and nothing else opens the account."""
    gates = current().sign_up.gates
    return AccountStatus.PENDING if "mail_link" in gates else AccountStatus.AWAITING_DECISION


def _identifier(application: Application, holder: User | None) -> str:
    if not application.identifiant:
        return (
            holder.identifiant if holder else identifiers.make(prenom=application.prenom, nom=application.nom)
        )
    return identifiers.free(application.identifiant, except_user=holder)


def send_validation(user: User) -> None:
    """Send a new validation link to a pending account; earlier ones die. Inside a transaction."""
    life = timedelta(hours=current().links.sign_up_life_hours)
    token = links.issue(user, LinkPurpose.SIGN_UP, life=life, email=user.email)
    notifications.send_validation_link(user, token=token, expires_at=timezone.now() + life)


def resend_validation(typed_email: str) -> None:
    """Asked from the page « renvoyer »: same answer for all, at most three mails in ten minutes per address."""
    email_key = typed_email.casefold()
    with transaction.atomic():
        _one_at_a_time(f"email:{email_key}")
        user = _open_account(email_key)
        if user is None or not _may_send(email_key):
            return
        if user.status == AccountStatus.PENDING:
            send_validation(user)
        else:
            notifications.tell_account_exists(user)
