"""A candle: the prices of one interval of the market's time."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from trading.models.fields import ExactDecimalField
from trading.models.instrument import Instrument


class Candle(models.Model):
    """Open, high, low, close and volume of one instrument and interval."""

    class Interval(models.TextChoices):
        MINUTE = "1m", _("1 minute")
        DAY = "1d", _("1 day")

    instrument = models.ForeignKey(
        Instrument, on_delete=models.CASCADE, related_name="candles", verbose_name=_("instrument"), db_index=False
    )
    interval = models.CharField(_("interval"), max_length=4, choices=Interval)
    start = models.DateTimeField(_("start"), help_text=_("In the replayed market."))
    open = ExactDecimalField(_("open"))
    high = ExactDecimalField(_("high"))
    low = ExactDecimalField(_("low"))
    close = ExactDecimalField(_("close"))
    volume = ExactDecimalField(_("volume"))

    class Meta:
        verbose_name = _("candle")
        verbose_name_plural = _("candles")
        constraints = [
            models.UniqueConstraint(fields=["instrument", "interval", "start"], name="candle_unique"),
            models.CheckConstraint(
                condition=Q(low__gt=0, low__lte=F("open"), high__gte=F("open"))
                & Q(low__lte=F("close"), high__gte=F("close")),
                name="candle_open_and_close_within_low_and_high",
            ),
            models.CheckConstraint(condition=Q(volume__gte=0), name="candle_volume_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.instrument} {self.interval} {self.start:%Y-%m-%d %H:%M}"
