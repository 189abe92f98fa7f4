"""The anchor of the sign-in page: two fields and a button by Django as it comes, without database nor style.

Served by the same gunicorn settings as the portal: `gunicorn portal.launcher.bench.bare_form:application`.
"""

from __future__ import annotations

import secrets

from django import forms
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.template import Engine, RequestContext
from django.urls import path

PAGE = """<!doctype html><html lang="fr"><head><title>Connexion</title></head><body><h1>Connexion</h1>
<form method="post">{% csrf_token %}{{ form.as_div }}<button>Se connecter</button></form></body></html>"""

if not settings.configured:
    settings.configure(
        SECRET_KEY=secrets.token_hex(),
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF=__name__,
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    )


class SignInForm(forms.Form):
    username = forms.CharField(label="Identifiant", max_length=150)
    password = forms.CharField(label="Mot de passe", widget=forms.PasswordInput)
    remember = forms.BooleanField(label="Se souvenir de moi", required=False)


TEMPLATE = Engine().from_string(PAGE)


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(TEMPLATE.render(RequestContext(request, {"form": SignInForm()})))


urlpatterns = [path("", page)]
application = get_wsgi_application()
