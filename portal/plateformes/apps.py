from django.apps import AppConfig

from portal.plateformes import checks

__all__ = ["PlateformesConfig", "checks"]  # importing the checks registers them


class PlateformesConfig(AppConfig):
    name = "portal.plateformes"
    label = "plateformes"
    verbose_name = "profils de plateforme"
