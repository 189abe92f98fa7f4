"""People and how they prove who they are."""

from django.apps import AppConfig

from accounts.cps import checks as cps_checks
from accounts.psc import checks as psc_checks

__all__ = ["AccountsConfig", "cps_checks", "psc_checks"]  # importing the checks registers them


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "comptes et identités"
