"""What staff want everybody to read, changed without deployment (ROR-022)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from portal.hub.enums import NoticeAudience, NoticeKind, NoticeTone


class Notice(models.Model):
    """A notice shown between two dates. The text is plain: a blank line makes a paragraph, nothing is HTML."""

    kind = models.CharField("sorte", max_length=12, choices=NoticeKind, default=NoticeKind.USER_NOTICE)
    tone = models.CharField("ton", max_length=10, choices=NoticeTone, default=NoticeTone.WARNING)
    title = models.CharField("titre", max_length=120)
    text = models.TextField("texte", max_length=2000)
    audience = models.CharField(
        "pour qui", max_length=10, choices=NoticeAudience, default=NoticeAudience.EVERYBODY
    )
    starts_at = models.DateTimeField("affiché à partir du", default=timezone.now)
    ends_at = models.DateTimeField("jusqu'au", null=True, blank=True)
    is_active = models.BooleanField("publié", default=True)
    rank = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "annonce"
        verbose_name_plural = "annonces"
        ordering = ("rank", "-starts_at", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="notice_ends_after_start",
                violation_error_message="La fin de l'affichage doit venir après son début.",
            ),
        )

    def __str__(self) -> str:
        return self.title
