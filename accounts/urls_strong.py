"""Linking a card or an e-CPS, taking it away, and the help to choose one's strong sign-in."""

from django.urls import path

from accounts.views import strong, strong_help, strong_means

urlpatterns = [
    path("connexion/rattachement/", strong.link, name="strong_link"),
    path("connexion/rattachement/annuler/", strong.cancel, name="strong_link_cancel"),
    path("connexion/rattachement/fin/", strong.link_end, name="strong_link_end"),
    path("connexion/rattachement/reussi/", strong.linked, name="strong_linked"),
    path("connexion/preuve/ecps/", strong_means.reprove_ecps, name="reprove_ecps"),
    path("preferences/moyens/cartes/<uuid:reference>/retirer/", strong_means.unlink, name="strong_unlink"),
    path("aide/authentification-forte/", strong_help.guide, name="strong_help"),
    path("aide/authentification-forte/e-cps/", strong_help.activation, name="strong_help_activation"),
    path("aide/authentification-forte/connexion/", strong_help.first_sign_in, name="strong_help_sign_in"),
]
