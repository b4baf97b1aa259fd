"""The site's user: Django's, with how he wants to see the site."""

from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class Language(models.TextChoices):
    """The languages of the site, each in its own words; the same as the setting LANGUAGES."""

    ENGLISH = "en", "English"
    CHINESE = "zh-hans", "简体中文"


class Theme(models.TextChoices):
    """Light or dark, or what the system prefers."""

    SYSTEM = "system", _("As the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class RiseColor(models.TextChoices):
    """The colour of what rises, gains and is bought; what falls has the other one."""

    GREEN = "green", _("Green rises, red falls")
    RED = "red", _("Red rises, green falls")


class NumberFormat(models.TextChoices):
    """What separates thousands and decimals, shown by an example."""

    COMMA_POINT = "comma_point", "1,234.56"
    POINT_COMMA = "point_comma", "1.234,56"
    SPACE_COMMA = "space_comma", "1\N{NARROW NO-BREAK SPACE}234,56"


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is an IANA time zone."""
    if name not in available_timezones():
        raise ValidationError(
            _("Expected an IANA time zone such as Europe/Vienna; found %(name)s."), "time_zone", {"name": name}
        )


class User(AbstractUser):
    """Who signs in: a trader or an admin."""

    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
    language = models.CharField(_("language"), max_length=16, choices=Language, blank=True)  # empty: the browser's
    theme = models.CharField(_("theme"), max_length=8, choices=Theme, default=Theme.SYSTEM)
    rise_color = models.CharField(_("colours"), max_length=8, choices=RiseColor, default=RiseColor.GREEN)
    number_format = models.CharField(
        _("numbers"), max_length=16, choices=NumberFormat, default=NumberFormat.COMMA_POINT
    )
    session_round = models.PositiveIntegerField(
        _("session round"), default=0, editable=False, help_text=_("Raised to end all sessions of the user at once.")
    )

    class Meta(AbstractUser.Meta):
        permissions = [
            ("deactivate_user", _("Can deactivate and activate users")),
            ("sign_out_user", _("Can end users' sessions")),
            ("disconnect_user", _("Can disconnect users' sockets")),
            ("watch_user", _("Can watch what a user sees, live")),
        ]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return Django's hash of the password, and of the round: a session of an earlier round signs nobody in."""
        own: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        # Round 0 is Django's own hash, so that sessions from before rounds existed go on.
        return own if not self.session_round else salted_hmac(own, str(self.session_round), secret).hexdigest()
