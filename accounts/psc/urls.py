"""Addresses of the door by e-CPS, in the namespace of the accounts."""

from django.urls import path

from accounts.psc import views

urlpatterns = [
    path("connexion/ecps/", views.start, name="psc_start"),
    path("connexion/ecps/retour/", views.come_back, name="psc_return"),
    path("connexion/ecps/deconnexion/", views.signed_out, name="psc_signed_out"),
]
