"""The product's addresses and the demo's: the root of `portal.settings.demo` and of no other settings."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import include, path

from portal.simulators.web import views
from portal.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

# Every mail and SMS is shown to whoever asks: only settings that name a store of invented messages may do that.
if not getattr(settings, "DEMO_MESSAGES_STORE", None):
    raise ImproperlyConfigured(
        "portal.demo_urls montre tous les courriels et SMS : ces adresses sont réservées à la démonstration "
        "(portal.settings.demo) et refusées ailleurs."
    )

urlpatterns = [
    path("demo/", views.trial_page, name="demo_trial"),
    path("demo/messages/", views.messages_page, name="demo_messages"),
    path("demo/messages/<int:number>/", views.message_page, name="demo_message"),
    path("demo/messages.json", views.messages_json, name="demo_messages_json"),
    path("", include("portal.urls")),
]
