"""Addresses of the card; `card_present` is served on the card host."""

from django.urls import path

from accounts.cps import views

urlpatterns = [
    path("connexion/carte/", views.page, name="card"),
    path("connexion/carte/defi/", views.ask, name="card_challenge"),
    path("connexion/carte/reponse/", views.answer, name="card_answer"),
    path("connexion/carte/certificat/", views.tls_start, name="card_certificate"),
    path("connexion/carte/retour/", views.tls_return, name="card_return"),
    path("carte/presentation/", views.tls_present, name="card_present"),
]
