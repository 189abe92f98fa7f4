"""Who a proven identity belongs to, and tying it to an account: the only writer of NationalLink and StrongMeans.

One national identifier, one account; one account, one identifier in use. Two people who link at the same instant are
served one after the other: a lock on the identifier, then on the account, then the constraints of the tables.
All raise StrongRefusal; nothing is half-written then.
"""

from __future__ import annotations

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import journal, notifications, security_changes, sessions
from accounts.enums import AccountStatus
from accounts.models import NationalLink, StrongMeans, User
from accounts.strong import alerts, numbers, refusals
from accounts.strong.identity import StrongIdentity
from portal.common.text import fold


# --- reading ----------------------------------------------------------------------------------------------------
def live_links(*national_ids: str) -> QuerySet[NationalLink]:
    rows = NationalLink.objects.filter(national_id__in=national_ids, ended_at=None)
    return rows.select_related("user").order_by("pk")


def same_means(identity: StrongIdentity) -> QuerySet[StrongMeans]:
    """Rows of this card or e-CPS, linked or not any more; a card is the same by its number when it shows one."""
    rows = StrongMeans.objects.filter(
        kind=identity.means, issuer=identity.issuer[:300], subject=identity.subject[:300]
    )
    if identity.means == "card" and identity.card_number:
        rows = rows.filter(card_number=identity.card_number[:40])
    return rows.select_related("link__user").order_by("pk")


def _owners(identity: StrongIdentity) -> tuple[list[StrongMeans], list[NationalLink]]:
    means = [row for row in same_means(identity) if row.unlinked_at is None and row.link.ended_at is None]
    links = list(live_links(identity.national_id, *numbers.former_ids(identity)))
    return means, links


# --- arriving ----------------------------------------------------------------------------------------------------
def recognise(request: HttpRequest, identity: StrongIdentity) -> User | None:
    """The account this identity opens, None when nobody's yet.

    A new card, or the e-CPS beside a card, of an identifier already proven joins the same account, unless its owner
    had detached that very one: it then has to be linked again with the account's own proofs.
    """
    with transaction.atomic():
        _one_at_a_time(identity)
        _end_links_of_closed(identity)
        means, links = _owners(identity)
        owners = {row.link.user for row in means} | {link.user for link in links}
        if not owners:
            return None
        if len(owners) > 1:
            raise refusals.two_accounts(*sorted(owners, key=lambda user: user.pk))
        user = owners.pop()
        if not means and same_means(identity).filter(unlinked_at__isnull=False, link__user=user).exists():
            return None
        link = _link_of_known(request, user, identity, means, links)
        _note_use(request, link, identity, is_new=not means)
        return user


def _link_of_known(
    request: HttpRequest,
    user: User,
    identity: StrongIdentity,
    means: list[StrongMeans],
    links: list[NationalLink],
) -> NationalLink:
    exact = next((link for link in links if link.national_id == identity.national_id), None)
    if exact is not None:
        return exact
    known = links[0] if links else means[0].link
    if not (numbers.adeli_of(known.national_id) and numbers.rpps_of(identity.national_id)):
        raise refusals.identity_changed(user)
    locked = _lock(user)
    link = _replace_adeli(request, locked, identity)
    _set_number(request, locked, identity)
    return link


# --- linking -----------------------------------------------------------------------------------------------------
def link(request: HttpRequest | None, user: User, identity: StrongIdentity) -> StrongMeans:
    """Tie the identity to the account, whose own proofs the caller has just seen. The owner is told by mail.

    Doing it twice changes nothing. The number typed in the account becomes the proven one when it was empty.
    """
    try:
        with transaction.atomic():
            locked, national = _claim(request, user, identity)
            row = _note_use(request, national, identity, is_new=True)
            _compare_names(locked, identity)
            return row
    except IntegrityError as error:
        raise refusals.held_elsewhere(user) from error


def check(user: User, identity: StrongIdentity) -> None:
    """Raise what `link` would raise, and write nothing: nobody is asked one more proof for a refusal."""
    try:
        with transaction.atomic():
            _claim(None, user, identity)
            transaction.set_rollback(True)
    except IntegrityError as error:
        raise refusals.held_elsewhere(user) from error


def _claim(request: HttpRequest | None, user: User, identity: StrongIdentity) -> tuple[User, NationalLink]:
    _one_at_a_time(identity)
    _end_links_of_closed(identity)
    locked = _lock(user)
    _refuse_if_held(locked, identity)
    national = _national_link(request, locked, identity)
    _set_number(request, locked, identity)
    return locked, national


def _one_at_a_time(identity: StrongIdentity) -> None:
    """Serialise what concerns one national identifier, and one key of means, until the end of the transaction."""
    names = {f"strong:{identity.national_id}", f"strong:{identity.issuer}\0{identity.subject}"}
    with connection.cursor() as cursor:
        for name in sorted(names):
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [name.replace("\0", "|")])


def _end_links_of_closed(identity: StrongIdentity) -> None:
    """A closed account keeps nobody from opening a new one with the same card."""
    closed = NationalLink.objects.filter(ended_at=None, user__status=AccountStatus.CLOSED)
    by_means = same_means(identity).filter(unlinked_at=None).values("link_id")
    mine = closed.filter(national_id__in=[identity.national_id, *numbers.former_ids(identity)])
    ids = [*mine.values_list("pk", flat=True), *closed.filter(pk__in=by_means).values_list("pk", flat=True)]
    if ids:
        now = timezone.now()
        StrongMeans.objects.filter(link__in=ids, unlinked_at=None).update(
            unlinked_at=now, unlinked_reason="account_closed"
        )
        NationalLink.objects.filter(pk__in=ids).update(ended_at=now, ended_reason="account_closed")


def _lock(user: User) -> User:
    return User.objects.select_for_update(of=("self",)).get(pk=user.pk)


def _refuse_if_held(user: User, identity: StrongIdentity) -> None:
    means, links = _owners(identity)
    others = {row.link.user for row in means} | {link.user for link in links}
    others.discard(user)
    if others:
        raise refusals.held_elsewhere(*sorted(others, key=lambda other: other.pk))


def _national_link(request: HttpRequest | None, user: User, identity: StrongIdentity) -> NationalLink:
    """The account's row for this identifier, made when it is new."""
    held = list(NationalLink.objects.filter(user=user, ended_at=None).order_by("pk"))
    exact = next((row for row in held if row.national_id == identity.national_id), None)
    if exact is not None:
        return exact
    used = next((row for row in held if not row.is_former), None)
    if used is None:
        return _create(user, identity)
    if not _may_be_same_person(user, identity):
        raise refusals.other_identity(user)
    if numbers.adeli_of(used.national_id) and numbers.rpps_of(identity.national_id):
        return _replace_adeli(request, user, identity)
    if numbers.rpps_of(used.national_id) and numbers.adeli_of(identity.national_id):
        return _create(user, identity, is_former=True)
    raise refusals.other_identity(user)


def _create(user: User, identity: StrongIdentity, *, is_former: bool = False) -> NationalLink:
    return NationalLink.objects.create(
        user=user, national_id=identity.national_id, proven_by=identity.means, is_former=is_former
    )


def _replace_adeli(request: HttpRequest | None, user: User, identity: StrongIdentity) -> NationalLink:
    """The RPPS number takes the place of the ADELI number, which stays a former identifier of the account."""
    NationalLink.objects.filter(user=user, ended_at=None, is_former=False).update(is_former=True)
    made = _create(user, identity)
    journal.record(
        journal.Action.NATIONAL_ID_REPLACED, request=request, actor=user, subject=user, method=identity.means
    )
    return made


def _may_be_same_person(user: User, identity: StrongIdentity) -> bool:
    """Only to accept a second number of an account: its ADELI number was typed there, or the family name agrees."""
    adeli = numbers.adeli_of(identity.national_id)
    return bool(adeli and user.adeli == adeli) or fold(user.nom) == fold(identity.nom)


def _compare_names(user: User, identity: StrongIdentity) -> None:
    """People change names and use several: a difference stops nobody, the support looks at it."""
    if fold(user.nom) != fold(identity.nom) and fold(user.prenom) != fold(identity.prenom):
        alerts.tell_support("names_differ", identity.means, [user])


# --- the number of the account -------------------------------------------------------------------------------------
def _set_number(request: HttpRequest | None, user: User, identity: StrongIdentity) -> None:
    rpps, adeli = numbers.rpps_of(identity.national_id), numbers.adeli_of(identity.national_id)
    if rpps and user.rpps not in ("", rpps):
        raise refusals.number_conflict(user)
    if adeli and user.adeli not in ("", adeli):
        raise refusals.number_conflict(user)
    if rpps and (not user.rpps or user.rpps_asked):
        release_typed(request, rpps, keep=user)
        user.rpps, user.rpps_asked = rpps, ""
        user.save(update_fields=["rpps", "rpps_asked", "updated_at"])
    elif adeli and not user.adeli:
        user.adeli = adeli
        user.save(update_fields=["adeli", "updated_at"])


def typed_elsewhere(identity: StrongIdentity) -> User | None:
    """Another open account that declares this RPPS number without having proven it."""
    rpps = numbers.rpps_of(identity.national_id)
    if not rpps:
        return None
    holders = User.objects.filter(rpps=rpps).exclude(status=AccountStatus.CLOSED)
    return holders.exclude(national_links__ended_at=None, national_links__national_id=f"8{rpps}").first()


def release_typed(request: HttpRequest | None, rpps: str, *, keep: User | None = None) -> None:
    """A number typed without proof gives way to its proven owner: taken out of the other account, which is told."""
    holders = User.objects.select_for_update(of=("self",)).filter(rpps=rpps)
    if keep is not None:
        holders = holders.exclude(pk=keep.pk)
    for holder in holders.exclude(status=AccountStatus.CLOSED).order_by("pk"):
        holder.rpps = ""
        holder.save(update_fields=["rpps", "updated_at"])
        journal.record(journal.Action.NUMBER_RELEASED, request=request, subject=holder)
        if holder.status != AccountStatus.PENDING:
            notifications.notify_security_change(holder, "number_released")
            alerts.tell_support("number_released", "", [holder])


# --- the card or e-CPS -------------------------------------------------------------------------------------------
def _note_use(
    request: HttpRequest | None, national: NationalLink, identity: StrongIdentity, *, is_new: bool
) -> StrongMeans:
    """The row of this card or e-CPS, made or brought up to date. A new one is journalled and told."""
    row = same_means(identity).filter(unlinked_at=None, link__user=national.user).first()
    was_known = row is not None
    row = row or StrongMeans(
        kind=identity.means, issuer=identity.issuer[:300], subject=identity.subject[:300]
    )
    row.link = national
    row.card_kind = identity.card_kind or row.card_kind
    row.card_number = identity.card_number[:40]
    row.serials = _appended(row.serials, identity.serial)
    row.key_ids = _appended(row.key_ids, identity.key_id)
    row.structures = [place.told() for place in identity.structures]
    row.last_used = timezone.now()
    row.save()
    if is_new and not was_known:
        _tell_linked(request, row)
    return row


def _appended(seen: list[str], value: str) -> list[str]:
    if not value or (seen and seen[-1] == value):
        return seen
    return [*(item for item in seen if item != value), value][-StrongMeans.LONGEST_HISTORY :]


def _tell_linked(request: HttpRequest | None, row: StrongMeans) -> None:
    user = row.link.user
    security_changes.note(
        journal.Action.STRONG_LINKED,
        user,
        actor=user,
        request=request,
        method=row.kind,
        detail=row.label,
        means=str(row.public_id),
    )
    sessions.end_after_change(user, request)
