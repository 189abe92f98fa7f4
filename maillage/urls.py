"""Addresses of Maillage."""

from django.urls import path

from maillage import views

app_name = "maillage"

urlpatterns = [
    path("maillage/pilotage/comptes/", views.accounts, name="accounts"),
    path("maillage/pilotage/comptes/chercher/", views.search_accounts, name="accounts_search"),
]
