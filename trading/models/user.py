"""The site's user: Django's, with a time zone to show times in."""

from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is an IANA time zone."""
    if name not in available_timezones():
        raise ValidationError(
            _("Expected an IANA time zone such as Europe/Vienna; found %(name)s."), "time_zone", {"name": name}
        )


class User(AbstractUser):
    """Who signs in: a trader or an admin."""

    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
