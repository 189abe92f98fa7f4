"""Territories of the MAIA and the pilots bound to them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class MaiaTerritory(models.Model):
    """One territory of a department: whom to write to, which postal codes it holds, who pilots it (M94-020).

    A mailbox may be missing: pages then send to the support.
    """

    slug = models.SlugField("repère", unique=True)
    name = models.CharField("nom", max_length=80)
    department = models.CharField("département", max_length=3)
    mailbox = models.EmailField("boîte du pilote", blank=True)
    postal_codes = ArrayField(
        models.CharField(max_length=5), verbose_name="codes postaux", default=list, blank=True
    )
    rank = models.PositiveSmallIntegerField("ordre", default=0)
    pilots = models.ManyToManyField(
        settings.AUTH_USER_MODEL, verbose_name="pilotes", blank=True, related_name="maia_territories"
    )

    class Meta:
        verbose_name = "territoire MAIA"
        verbose_name_plural = "territoires MAIA"
        ordering = ("department", "rank", "name")

    def __str__(self) -> str:
        return self.name
