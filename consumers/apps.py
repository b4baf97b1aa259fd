"""The app of the socket side."""

from django.apps import AppConfig


class ConsumersConfig(AppConfig):
    name = "consumers"

    def ready(self) -> None:
        from consumers import checks  # noqa: F401 - registers the system checks
