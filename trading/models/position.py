"""A position: what an account holds of an instrument."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from trading.models.account import Account
from trading.models.fields import ExactDecimalField
from trading.models.instrument import Instrument
from trading.wire import decimal_text


class Position(models.Model):
    """One signed position per account and instrument; a flat one stays, for its realized PnL and fees."""

    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="positions", verbose_name=_("account"), db_index=False
    )
    instrument = models.ForeignKey(
        Instrument, on_delete=models.PROTECT, related_name="positions", verbose_name=_("instrument")
    )
    signed_amount = ExactDecimalField(_("signed amount"), default=Decimal(0), help_text=_("Negative when short."))
    open_cost = ExactDecimalField(
        _("open cost"), default=Decimal(0), help_text=_("What the open quantity cost, without fees; never negative.")
    )
    leverage = models.PositiveSmallIntegerField(
        _("leverage"), default=1, help_text=_("Of the position; of a flat one, what the next will be opened with.")
    )
    margin = ExactDecimalField(_("margin"), default=Decimal(0), help_text=_("Open cost / leverage, part of used."))
    realized_pnl = ExactDecimalField(_("realized PnL"), default=Decimal(0), help_text=_("Gross, accumulated."))
    fees = ExactDecimalField(_("fees"), default=Decimal(0), help_text=_("Accumulated."))
    take_profit = ExactDecimalField(_("take profit"), null=True, blank=True)
    stop_loss = ExactDecimalField(_("stop loss"), null=True, blank=True)
    # The quote's size is there once for each account: these say how much of the newest quote it has had.
    quote_stamp = models.DateTimeField(
        _("quote stamp"), null=True, blank=True, help_text=_("The quote last traded on.")
    )
    bought_of_quote = ExactDecimalField(_("bought of quote"), default=Decimal(0))
    sold_of_quote = ExactDecimalField(_("sold of quote"), default=Decimal(0))
    opened_at = models.DateTimeField(_("opened at"), null=True, blank=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")
        # Side by side, or the take profits of all shorts would be passed on the way to those of longs.
        indexes = [
            models.Index(
                fields=["instrument", column],
                name=f"position_{side}_{column}",
                condition=holds & Q(**{f"{column}__gt": 0}),
            )
            for side, holds in (("long", Q(signed_amount__gt=0)), ("short", Q(signed_amount__lt=0)))
            for column in ("take_profit", "stop_loss")
        ]
        constraints = [
            models.UniqueConstraint(fields=["account", "instrument"], name="position_unique"),
            models.CheckConstraint(condition=Q(open_cost__gte=0, margin__gte=0), name="position_sums_not_negative"),
            models.CheckConstraint(
                condition=~Q(signed_amount=0) | Q(open_cost=0, margin=0), name="position_flat_costs_nothing"
            ),
            models.CheckConstraint(
                condition=~Q(signed_amount=0) | Q(take_profit__isnull=True, stop_loss__isnull=True),
                name="position_flat_has_no_protection",
            ),
            models.CheckConstraint(
                condition=(Q(take_profit__isnull=True) | Q(take_profit__gt=0))
                & (Q(stop_loss__isnull=True) | Q(stop_loss__gt=0)),
                name="position_protection_positive",
            ),
            models.CheckConstraint(
                condition=Q(bought_of_quote__gte=0, sold_of_quote__gte=0), name="position_of_quote_not_negative"
            ),
            models.CheckConstraint(condition=Q(leverage__gte=1), name="position_leverage_at_least_1"),
        ]

    def __str__(self) -> str:
        words = {"amount": decimal_text(self.signed_amount), "symbol": self.instrument, "account": self.account}
        return _("Position: %(amount)s %(symbol)s, %(account)s") % words
