"""The app of the socket side."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsumersConfig(AppConfig):
    name = "consumers"
    verbose_name = _("Sockets")

    def ready(self) -> None:
        from consumers import checks, signals  # noqa: F401 - checks registers the system checks

        signals.connect()
