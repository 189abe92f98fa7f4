"""Append-only log of the decisions taken on one kind of object."""

from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone


class AppendOnlyError(RuntimeError):
    """A line of a transition log was about to be changed."""


class TransitionLog(models.Model):
    """Who moved what, when and why. Subclasses add `subject`, a foreign key to the machine's model.

    Rows are never changed nor removed: a trigger in the database refuses it at every door, and the account that runs
    the portal has no right to (portal.common.database_rights). The actor cannot be deleted while a line names them.
    """

    # For portal.common.database_rights: the running application adds rows and changes none.
    changeable_columns: tuple[str, ...] = ()

    name = models.CharField("décision", max_length=60)
    source = models.CharField("état de départ", max_length=60, blank=True)
    target = models.CharField("état d'arrivée", max_length=60)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="auteur",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    reason = models.TextField("motif", blank=True)
    at = models.DateTimeField("le", default=timezone.now, db_index=True)

    class Meta:
        abstract = True
        ordering = ("at", "pk")
        triggers = (pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError("une ligne du journal des décisions ne se modifie pas")
        super().save(*args, **kwargs)
