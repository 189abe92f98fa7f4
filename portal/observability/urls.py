from django.urls import path

from portal.observability import views

app_name = "observability"
urlpatterns = [
    path("sante/vivant", views.alive, name="alive"),
    path("sante/pret", views.ready, name="ready"),
    path("metriques", views.figures, name="metrics"),
    path("csp-rapport/", views.csp_report, name="csp_report"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path(".well-known/change-password", views.change_password, name="change_password"),
]
