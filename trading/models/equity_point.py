"""An equity point: what an account was worth at one moment, for its curve."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from trading.models.account import Account
from trading.models.fields import ExactDecimalField


class EquityPoint(models.Model):
    """One account's equity at the first reading in one interval of real time (UTC).

    Each interval is a series of its own, kept as long as it is looked at; an account whose equity has not changed
    since its last point of the series gets none, so a missing point means "as before".
    """

    class Interval(models.TextChoices):
        MINUTE = "1m", _("1 minute")
        QUARTER = "15m", _("15 minutes")
        DAY = "1d", _("1 day")

    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="equity_points", verbose_name=_("account"), db_index=False
    )
    interval = models.CharField(_("interval"), max_length=4, choices=Interval)
    at = models.DateTimeField(_("at"))
    equity = ExactDecimalField(_("equity"))

    class Meta:
        verbose_name = _("equity point")
        verbose_name_plural = _("equity points")
        constraints = [models.UniqueConstraint(fields=["account", "interval", "at"], name="equity_point_unique")]
        indexes = [models.Index(fields=["interval", "at"], name="equity_point_age")]  # by which old ones are found

    def __str__(self) -> str:
        return f"{self.account} {self.interval} {self.at:%Y-%m-%d %H:%M}"


LENGTHS = {
    EquityPoint.Interval.MINUTE: timedelta(minutes=1),
    EquityPoint.Interval.QUARTER: timedelta(minutes=15),
    EquityPoint.Interval.DAY: timedelta(days=1),
}
# Six hours by the minute, two weeks by the quarter, the days for ever: about 1,700 rows and one a day for each account
# that always moves.
KEPT = {
    EquityPoint.Interval.MINUTE: timedelta(hours=6),
    EquityPoint.Interval.QUARTER: timedelta(days=14),
}
