"""Pages of the hub. Everything that changes something is a POST on a final verb."""

from django.urls import path

from portal.hub.views import help as help_views
from portal.hub.views import home, pages, support, tiles

app_name = "hub"

urlpatterns = [
    path("", home.home, name="home"),
    path("favoris/ordre/", tiles.order, name="order"),
    path("applications/<slug:slug>/", tiles.details, name="tile"),
    path("applications/<slug:slug>/ouvrir/", tiles.launch, name="launch"),
    path("applications/<slug:slug>/favori/", tiles.star, name="star"),
    path("applications/<slug:slug>/deplacer/", tiles.move, name="move"),
    path("assistance/", support.support, name="support"),
    path("assistance/envoyee/", support.sent, name="support_sent"),
    path("assistance/demandes/", support.tickets, name="tickets"),
    path("assistance/demandes/<uuid:public_id>/", support.ticket, name="ticket"),
    path("assistance/demandes/<uuid:public_id>/completer/", support.reply, name="ticket_reply"),
    path("assistance/demandes/<uuid:public_id>/clore/", support.close, name="ticket_close"),
    path("aide/connexion/", help_views.sign_in_help, name="sign_in_help"),
    path("pages/<slug:slug>/", pages.page, name="page"),
]
