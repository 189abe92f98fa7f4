"""Finding a person from what a caller says: name, mail, identifier, RPPS or ADELI number, reference."""

from __future__ import annotations

import contextlib
import re
import uuid

from django.db.models import Q, QuerySet

from accounts.models import User
from portal.common.text import fold


def find_people(people: QuerySet[User], typed: str) -> QuerySet[User]:
    """Accounts that match every word of a name (accents, case and hyphens do not count), or any identifying value."""
    term = typed.strip()[:254]
    if not term or "\x00" in term:
        return people.none() if "\x00" in term else people
    words = fold(term).split()
    by_name = Q()
    for word in words:
        by_name &= Q(search_key__contains=word)
    found = by_name if words else Q(pk=None)
    found |= Q(email_key__startswith=term.casefold()) | Q(identifiant_key=fold(term))
    return people.filter(found | _by_number(term))


def _by_number(term: str) -> Q:
    number = re.sub(r"[\s.\-]", "", term).upper()
    found = Q(pk=None)
    if re.fullmatch(r"8[0-9]{11}", number):
        number = number[1:]
    if re.fullmatch(r"[0-9]{4,11}", number):
        found |= Q(rpps__startswith=number)
    if re.fullmatch(r"[0-9][0-9A-Z][0-9]{2,7}", number):
        found |= Q(adeli__startswith=number)
    with contextlib.suppress(ValueError):
        found |= Q(public_id=uuid.UUID(term))
    return found
