"""A quote: the market's newest prices of one instrument."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from trading.models.fields import ExactDecimalField
from trading.models.instrument import Instrument
from trading.wire import decimal_text


class Quote(models.Model):
    """The newest prices of an instrument, one row each, overwritten by the market."""

    class Source(models.TextChoices):
        REPLAY = "replay", _("Replay of real daily bars")
        RANDOM_WALK = "random-walk", _("Random walk")

    instrument = models.OneToOneField(
        Instrument, on_delete=models.CASCADE, primary_key=True, related_name="quote", verbose_name=_("instrument")
    )
    bid = ExactDecimalField(_("bid"))
    ask = ExactDecimalField(_("ask"))
    last = ExactDecimalField(_("last"))
    mark = ExactDecimalField(_("mark"), help_text=_("Values open positions."))
    bid_size = ExactDecimalField(_("bid size"))
    ask_size = ExactDecimalField(_("ask size"))
    open = ExactDecimalField(_("open"), help_text=_("Of the market's day, as high and low."))
    high = ExactDecimalField(_("high"))
    low = ExactDecimalField(_("low"))
    previous_close = ExactDecimalField(_("previous close"))
    volume = ExactDecimalField(_("volume"))
    market_time = models.DateTimeField(_("market time"), help_text=_("In the replayed market."))
    updated_at = models.DateTimeField(_("updated at"), help_text=_("Real time; an old one makes the quote stale."))
    source = models.CharField(_("source"), max_length=16, choices=Source)

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        constraints = [
            models.CheckConstraint(condition=Q(bid__lte=F("ask")), name="quote_bid_not_above_ask"),
            models.CheckConstraint(condition=Q(bid__gt=0, last__gt=0, mark__gt=0), name="quote_prices_positive"),
            models.CheckConstraint(
                condition=Q(bid_size__gte=0, ask_size__gte=0, volume__gte=0), name="quote_sizes_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instrument}: {decimal_text(self.bid)} / {decimal_text(self.ask)}"
