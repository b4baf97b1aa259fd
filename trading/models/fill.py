"""A fill: one execution of an order."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trading.models.account import Account
from trading.models.fields import ExactDecimalField
from trading.models.instrument import Instrument
from trading.models.order import Order, Side
from trading.wire import decimal_text


class Fill(models.Model):
    """One execution; `realized_pnl` is gross, `fee` is in the instrument's currency."""

    class Liquidity(models.TextChoices):
        TAKER = "taker", _("Taker")
        MAKER = "maker", _("Maker")

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="fills", verbose_name=_("order"))
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="fills", verbose_name=_("account"), db_index=False
    )
    instrument = models.ForeignKey(
        Instrument, on_delete=models.PROTECT, related_name="fills", verbose_name=_("instrument")
    )
    trade_id = models.CharField(_("trade id"), max_length=64, unique=True)
    side = models.CharField(_("side"), max_length=4, choices=Side)
    price = ExactDecimalField(_("price"))
    amount = ExactDecimalField(_("amount"))
    closed_amount = ExactDecimalField(
        _("closed amount"), default=Decimal(0), help_text=_("How much of the amount closed what was open before.")
    )
    cost = ExactDecimalField(_("cost"))
    fee = ExactDecimalField(_("fee"), default=Decimal(0))
    realized_pnl = ExactDecimalField(_("realized PnL"), default=Decimal(0), help_text=_("Gross, of this fill."))
    taker_or_maker = models.CharField(_("taker or maker"), max_length=5, choices=Liquidity)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    market_time = models.DateTimeField(
        _("market time"), null=True, editable=False, help_text=_("In the replayed market, of the quote that it was at.")
    )

    class Meta:
        verbose_name = _("fill")
        verbose_name_plural = _("fills")
        # The newest fills of an account are the head of this index, however long its history is.
        indexes = [models.Index(fields=["account", "-id"], name="fill_of_account")]
        constraints = [
            models.CheckConstraint(condition=Q(price__gt=0, amount__gt=0), name="fill_price_and_amount_positive"),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="fill_side_known"),
            models.CheckConstraint(
                condition=Q(closed_amount__gte=0, closed_amount__lte=F("amount")), name="fill_closed_within_amount"
            ),
        ]

    def __str__(self) -> str:
        words = {"id": self.pk, "side": self.side, "amount": decimal_text(self.amount), "symbol": self.instrument}
        place = {"price": decimal_text(self.price), "account": self.account}
        return _("Fill %(id)s: %(side)s %(amount)s %(symbol)s at %(price)s, %(account)s") % {**words, **place}
