"""The app of the socket side."""

from django.apps import AppConfig


class ConsumersConfig(AppConfig):
    name = "consumers"

    def ready(self) -> None:
        from consumers import checks, signals  # noqa: F401 - checks registers the system checks

        signals.connect()
