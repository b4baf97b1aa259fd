"""The app of the trading domain."""

from typing import Any

from django.apps import AppConfig, apps
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TradingConfig(AppConfig):
    name = "trading"
    verbose_name = _("Trading")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from pushers import capture
        from trading import checks, signals  # noqa: F401 - they register the checks and connect the receivers
        from trading.capture import CAPTURED

        capture.declare(capture.models_of(apps, self.label, CAPTURED))
        post_migrate.connect(_restore_append_only, sender=self, dispatch_uid="trading.restore_append_only")


def _restore_append_only(using: str, **kwargs: Any) -> None:
    from trading import append_only

    append_only.restore(connections[using])
