"""An instrument: what can be traded, and by which rules."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from trading.models.fields import ExactDecimalField
from trading.wire import decimal_text


class Instrument(models.Model):
    """A linear contract: one price tick per unit moves one unit of the quote currency."""

    symbol = models.CharField(_("symbol"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=120)
    currency = models.CharField(_("currency"), max_length=12, default="USD")
    tick_size = ExactDecimalField(_("tick size"), help_text=_("Prices are multiples of it."))
    step_size = ExactDecimalField(_("step size"), help_text=_("Amounts are multiples of it."))
    minimum_notional = ExactDecimalField(_("minimum notional"), help_text=_("Smallest price times amount of an order."))
    maker_fee_rate = ExactDecimalField(_("maker fee rate"), help_text=_("A fraction: 0.0005 is 0.05 %."))
    taker_fee_rate = ExactDecimalField(_("taker fee rate"), help_text=_("A fraction: 0.0005 is 0.05 %."))
    slippage_rate = ExactDecimalField(
        _("slippage rate"),
        default=Decimal(0),
        help_text=_(
            "A fraction: by how much a taker's price is worse than the quote, rounded to the tick against him."
        ),
    )
    maintenance_margin_rate = ExactDecimalField(
        _("maintenance margin rate"),
        default=Decimal("0.05"),
        help_text=_("A fraction of a position's value at the mark; an account whose equity is below it is liquidated."),
    )
    maximum_leverage = models.PositiveSmallIntegerField(_("maximum leverage"), default=1)
    halted = models.BooleanField(_("halted"), default=False, help_text=_("Takes no orders and fills none."))

    class Meta:
        verbose_name = _("instrument")
        verbose_name_plural = _("instruments")
        ordering = ["symbol"]
        constraints = [
            models.CheckConstraint(condition=Q(tick_size__gt=0), name="instrument_tick_size_positive"),
            models.CheckConstraint(condition=Q(step_size__gt=0), name="instrument_step_size_positive"),
            models.CheckConstraint(
                condition=Q(minimum_notional__gte=0), name="instrument_minimum_notional_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(maker_fee_rate__gte=0, maker_fee_rate__lt=1, taker_fee_rate__gte=0, taker_fee_rate__lt=1),
                name="instrument_fee_rates_are_fractions",
            ),
            models.CheckConstraint(
                condition=Q(slippage_rate__gte=0, slippage_rate__lt=1), name="instrument_slippage_rate_is_a_fraction"
            ),
            models.CheckConstraint(
                condition=Q(maintenance_margin_rate__gte=0, maintenance_margin_rate__lt=1),
                name="instrument_maintenance_margin_rate_is_a_fraction",
            ),
            models.CheckConstraint(condition=Q(maximum_leverage__gte=1), name="instrument_maximum_leverage_at_least_1"),
        ]

    def __str__(self) -> str:
        return self.symbol

    def clean(self) -> None:
        """Refuse a maintenance margin that a position at the highest leverage would not have when it opens."""
        rate, leverage = self.maintenance_margin_rate, self.maximum_leverage
        if rate is not None and leverage is not None and rate * leverage >= 1:
            message = _("Expected less than 1 / maximum leverage (%(leverage)s); found %(rate)s.")
            words = {"leverage": leverage, "rate": decimal_text(rate)}
            raise ValidationError({"maintenance_margin_rate": ValidationError(message, "too_large", words)})
