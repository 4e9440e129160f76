from __future__ import annotations

from django.urls import path
from django.views.generic import TemplateView

urlpatterns = [
    path(f"{name}/", TemplateView.as_view(template_name=f"{name}.html"))
    for name in ("vite", "wrong", "webpack", "esbuild", "compressor", "pipeline")
]
