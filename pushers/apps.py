"""The app of the push engine: it finds the feeds of all installed apps when Django starts."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class PushersConfig(AppConfig):
    name = "pushers"
    verbose_name = _("Push service")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from pushers import checks  # noqa: F401 - registers the system checks

        autodiscover_modules("feeds")
