"""The site's user: Django's, with a time zone to show times in."""

from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.crypto import salted_hmac
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
