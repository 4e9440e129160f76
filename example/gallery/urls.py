from __future__ import annotations

from django.urls import path

from gallery import views

app_name = "gallery"
urlpatterns = [
    path("", views.index, name="index"),
    path("photos/<int:pk>/replace", views.replace, name="replace"),
    path("photos/<int:pk>/delete", views.delete, name="delete"),
    path("cookies/give", views.enter, name="enter"),
    path("cookies/take", views.leave, name="leave"),
    path("edge-answer", views.private_answer, name="private_answer"),
    path("healthz", views.healthz, name="healthz"),
    path("favicon.ico", views.favicon, name="favicon"),
]
