"""The app of this project."""

from django.apps import AppConfig


class ParcelsConfig(AppConfig):
    name = "tests.foreign.parcels"
