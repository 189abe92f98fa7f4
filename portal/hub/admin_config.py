"""Takes the place of « django.contrib.admin » in INSTALLED_APPS: same application, our own site."""

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    default = False
    default_site = "portal.hub.admin_site.PortalAdminSite"
