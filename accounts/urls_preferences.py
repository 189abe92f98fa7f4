"""/preferences/ : a person's own account."""

from django.urls import path

from accounts.views import closure, email_change, my_data, phone, preferences

urlpatterns = [
    path("preferences/", preferences.home, name="preferences"),
    path("preferences/identite/", preferences.identity, name="preferences_identity"),
    path("preferences/activite/", preferences.work, name="preferences_work"),
    path("preferences/adresse/", email_change.change, name="email_change"),
    path("preferences/adresse/annuler/", email_change.cancel, name="email_change_cancel"),
    path("preferences/mobile/", phone.change, name="phone_change"),
    path("preferences/mobile/code/", phone.prove, name="phone_prove"),
    path("preferences/mobile/renvoyer/", phone.resend, name="phone_resend"),
    path("preferences/mobile/retirer/", phone.remove, name="phone_remove"),
    path("preferences/codes/", preferences.channel, name="channel"),
    path("preferences/mot-de-passe/", preferences.password, name="password_change"),
    path("preferences/lettre/", preferences.newsletter, name="newsletter"),
    path("preferences/documents/", preferences.accept_documents, name="documents_accept"),
    path("preferences/mes-donnees/", my_data.show, name="my_data"),
    path("preferences/fermer/", closure.close, name="closure"),
]
