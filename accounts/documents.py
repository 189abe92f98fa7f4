"""Documents people accept, by version (C7). Which ones exist and where they are asked comes from the profile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts import journal
from accounts.models import DocumentAcceptance, User
from portal.plateformes import current
from portal.plateformes.schema import Document

SIGN_UP = "sign_up"


def required(moment: str = SIGN_UP) -> list[Document]:
    """Documents that must be accepted at this moment, in the profile's order."""
    return list(current().documents_required_at(moment))


@dataclass(frozen=True)
class Accepted:
    """`shown` is the document as published now, None when the platform has it no more."""

    document: str
    version: str
    accepted_at: datetime
    shown: Document | None


def accepted(user: User) -> list[Accepted]:
    """What this person accepted, the latest first."""
    published: dict[str, Document] = {document.key: document for document in current().documents}
    return [
        Accepted(row.document, row.version, row.accepted_at, published.get(row.document))
        for row in user.acceptances.order_by("-accepted_at", "-pk")
    ]


def missing(user: User, moment: str = SIGN_UP) -> list[Document]:
    """What this person has not accepted in its current version. One query."""
    documents = required(moment)
    if not documents:
        return []
    accepted = set(user.acceptances.values_list("document", "version"))
    return [document for document in documents if (document.key, document.version) not in accepted]


def accept(user: User, documents: Iterable[Document]) -> None:
    """Record the acceptance of these versions; accepting twice keeps the first date. Call inside a transaction."""
    rows = [DocumentAcceptance(user=user, document=d.key, version=d.version) for d in documents]
    DocumentAcceptance.objects.bulk_create(rows, ignore_conflicts=True)
    for row in rows:
        journal.record(
            journal.Action.DOCUMENT_ACCEPTED,
            actor=user,
            subject=user,
            document=row.document,
            version=row.version,
        )
