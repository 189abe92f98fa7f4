from django.urls import path

from . import views

app_name = "referentiels"

urlpatterns = [
    path("communes/", views.communes, name="communes"),
    path("structures/", views.structures, name="structures"),
    path("professions/", views.professions, name="professions"),
    path("nomenclatures/<slug:champ>/", views.concepts, name="concepts"),
]
