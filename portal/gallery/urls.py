from django.urls import path

from portal.gallery import theme, views

app_name = "gallery"
urlpatterns = [
    path("theme.css", theme.theme_css, name="theme_css"),
    path("galerie/", views.gallery, name="gallery"),
    path("galerie/communes/", views.communes, name="communes"),
    path("galerie/robot/", views.robot_challenge, name="robot_challenge"),
]
