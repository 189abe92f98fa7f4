"""Legal pages with their versions, and the list of useful documents."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from portal.common.validators import clean_public_url


def check_resource_url(value: str) -> None:
    """Validator: a path of the portal, or a public http(s) address."""
    if not (value.startswith("/") and not value.startswith("//")):
        clean_public_url(value)


class LegalPage(models.Model):
    """A page staff may rewrite. Without version, the text that comes with the platform is shown."""

    slug = models.SlugField("nom dans l'adresse", max_length=40, unique=True)
    title = models.CharField("titre", max_length=120)

    class Meta:
        verbose_name = "page légale"
        verbose_name_plural = "pages légales"
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title


class LegalPageVersion(models.Model):
    """One published text of a page, kept for ever: what somebody read at a date can always be shown again."""

    page = models.ForeignKey(LegalPage, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField("version")
    body = models.TextField("texte", max_length=60_000)
    published_at = models.DateTimeField("publiée le", auto_now_add=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="par", null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = "version d'une page"
        verbose_name_plural = "versions des pages"
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=["page", "number"], name="one_version_per_number"),)

    def __str__(self) -> str:
        return f"version {self.number}"


class ResourceLink(models.Model):
    """A document or useful link shared by the support (ROR-013)."""

    title = models.CharField("titre", max_length=120)
    description = models.CharField("description", max_length=300, blank=True)
    url = models.CharField("adresse", max_length=500, validators=[check_resource_url])
    rank = models.PositiveSmallIntegerField("ordre", default=0)
    is_active = models.BooleanField("proposé", default=True)

    class Meta:
        verbose_name = "document ou lien utile"
        verbose_name_plural = "documents et liens utiles"
        ordering = ("rank", "pk")

    def __str__(self) -> str:
        return self.title
