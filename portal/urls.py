"""The roof: includes only."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("portal.observability.urls")),
    path("", include("accounts.urls")),
    path("", include("maillage.urls")),
    path("", include("portal.hub.urls")),
    path("", include("portal.hub.urls_oidc")),
    path("referentiels/", include("portal.referentiels.urls")),
    path("", include("portal.gallery.urls")),
    path("administration/", admin.site.urls),
]

handler400 = "portal.observability.views.bad_request"
handler403 = "portal.observability.views.forbidden"
handler404 = "portal.observability.views.not_found"
handler500 = "portal.observability.views.server_error"
