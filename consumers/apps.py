"""The app of the socket side."""

from django.apps import AppConfig


class ConsumersConfig(AppConfig):
    name = "consumers"
