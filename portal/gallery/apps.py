from django.apps import AppConfig


class GalleryConfig(AppConfig):
    name = "portal.gallery"
    verbose_name = "Galerie des composants"
