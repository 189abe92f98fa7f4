from importlib import import_module

from django.apps import AppConfig


class HubConfig(AppConfig):
    name = "portal.hub"
    label = "hub"
    verbose_name = "portail"

    def ready(self) -> None:
        """What lies below the hub calls it through lists that this module fills: it never imports it."""
        import_module("portal.hub.oidc.hooks")
        import_module("accounts.my_data").register(
            "applications_et_assistance", import_module("portal.hub.my_data").collect
        )
