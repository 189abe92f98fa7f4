"""Sign-up, forgotten password and identifier: pages for people who are not signed in."""

from django.urls import path

from accounts.views import closure, identifier, reset, sign_up, validation

urlpatterns = [
    path("inscription/", sign_up.sign_up, name="sign_up"),
    path("inscription/envoyee/", sign_up.sent, name="sign_up_sent"),
    path("inscription/renvoyer/", sign_up.resend, name="sign_up_resend"),
    path("inscription/validation/", validation.validate, name="sign_up_validate"),
    path("inscription/validee/", validation.validated, name="sign_up_validated"),
    path("mot-de-passe/oublie/", reset.forgotten, name="password_forgotten"),
    path("mot-de-passe/oublie/envoye/", reset.forgotten_sent, name="password_forgotten_sent"),
    path("mot-de-passe/choisir/", reset.choose, name="password_choose"),
    path("mot-de-passe/choisi/", reset.chosen, name="password_chosen"),
    path("mot-de-passe/changer/", reset.forced, name="password_forced"),
    path("identifiant/oublie/", identifier.forgotten, name="identifier_forgotten"),
    path("identifiant/oublie/envoye/", identifier.sent, name="identifier_forgotten_sent"),
    path("compte-ferme/", closure.closed, name="closed"),
]
