"""URLs of what machines ask: `path("", include("consumers.urls"))` in the project's own."""

from django.urls import path

from consumers.health_pages import healthz, metrics, readyz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
