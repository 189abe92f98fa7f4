"""Addresses of the OpenID provider; those of the protocol are announced by the discovery document."""

from django.urls import path

from portal.hub.oidc import applications, authorize, end_session, endpoints

app_name = "openid"

urlpatterns = [
    path(".well-known/openid-configuration", endpoints.configuration, name="configuration"),
    path("openid/cles/", endpoints.jwks, name="jwks"),
    path("openid/autorisation/", authorize.authorize, name="authorize"),
    path("openid/autorisation/reprise/<str:reference>/", authorize.resume, name="resume"),
    path("openid/autorisation/accord/<str:reference>/", authorize.decide, name="decide"),
    path("openid/jetons/", endpoints.token, name="token"),
    path("openid/identite/", endpoints.userinfo, name="userinfo"),
    path("openid/revocation/", endpoints.revoke, name="revoke"),
    path("openid/introspection/", endpoints.introspect, name="introspect"),
    path("openid/deconnexion/", end_session.end_session, name="end_session"),
    path("openid/deconnexion/confirmer/", end_session.confirm, name="end_session_confirm"),
    path("preferences/applications/", applications.overview, name="applications"),
    path("preferences/applications/<str:client_id>/retirer/", applications.revoke, name="application_revoke"),
]
