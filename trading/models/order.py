"""An order: what a trader asked for and what became of it."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trading.models.account import Account
from trading.models.fields import ExactDecimalField
from trading.models.instrument import Instrument
from trading.wire import decimal_text


class Side(models.TextChoices):
    """Which way an order or a fill goes."""

    BUY = "buy", _("Buy")
    SELL = "sell", _("Sell")


class OrderStatus(models.TextChoices):
    """Where an order is in its life; new and partially_filled are open."""

    NEW = "new", _("New")
    PARTIALLY_FILLED = "partially_filled", _("Partially filled")
    FILLED = "filled", _("Filled")
    CANCELED = "canceled", _("Canceled")
    REJECTED = "rejected", _("Rejected")
    EXPIRED = "expired", _("Expired")


OPEN_STATUSES = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)


class Order(models.Model):
    """One order; `reserved` is the margin and fee held for it while it is open."""

    class Type(models.TextChoices):
        MARKET = "market", _("Market")
        LIMIT = "limit", _("Limit")

    class TimeInForce(models.TextChoices):
        GTC = "GTC", _("Good till canceled")
        IOC = "IOC", _("Immediate or cancel")
        FOK = "FOK", _("Fill or kill")
        DAY = "DAY", _("Day")

    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="orders", verbose_name=_("account"), db_index=False
    )
    instrument = models.ForeignKey(
        Instrument, on_delete=models.PROTECT, related_name="orders", verbose_name=_("instrument"), db_index=False
    )
    client_order_id = models.CharField(_("client order id"), max_length=64, null=True, blank=True)  # noqa: DJ001
    side = models.CharField(_("side"), max_length=4, choices=Side)
    type = models.CharField(_("type"), max_length=16, choices=Type)
    time_in_force = models.CharField(_("time in force"), max_length=3, choices=TimeInForce, default=TimeInForce.GTC)
    price = ExactDecimalField(_("price"), null=True, blank=True)
    trigger_price = ExactDecimalField(_("trigger price"), null=True, blank=True)
    amount = ExactDecimalField(_("amount"))
    filled = ExactDecimalField(_("filled"), default=Decimal(0))
    cost = ExactDecimalField(_("cost"), default=Decimal(0), help_text=_("Sum of price times amount of its fills."))
    reserved = ExactDecimalField(_("reserved"), default=Decimal(0), help_text=_("Margin and fee held while open."))
    status = models.CharField(_("status"), max_length=16, choices=OrderStatus, default=OrderStatus.NEW)
    reduce_only = models.BooleanField(_("reduce only"), default=False)
    reject_reason = models.CharField(_("reject reason"), max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        indexes = [
            models.Index(fields=["account", "-id"], name="order_of_account"),
            models.Index(fields=["account"], name="order_open", condition=Q(status__in=OPEN_STATUSES)),
            models.Index(
                fields=["instrument", "side", "price"], name="order_resting", condition=Q(status__in=OPEN_STATUSES)
            ),
        ]
        constraints = [
            # NULLs differ from each other in a unique index on both databases: only ids that are given must be unique.
            models.UniqueConstraint(fields=["account", "client_order_id"], name="order_client_order_id_unique"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="order_amount_positive"),
            models.CheckConstraint(
                condition=Q(filled__gte=0, filled__lte=F("amount")), name="order_filled_within_amount"
            ),
            models.CheckConstraint(condition=Q(cost__gte=0, reserved__gte=0), name="order_sums_not_negative"),
            models.CheckConstraint(condition=Q(price__isnull=True) | Q(price__gt=0), name="order_price_positive"),
            models.CheckConstraint(condition=~Q(type="limit") | Q(price__isnull=False), name="order_limit_has_a_price"),
            models.CheckConstraint(
                condition=Q(status__in=OPEN_STATUSES) | Q(reserved=0), name="order_closed_reserves_nothing"
            ),
            models.CheckConstraint(
                condition=~Q(status="filled") | Q(filled=F("amount")), name="order_filled_status_is_complete"
            ),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="order_side_known"),
            models.CheckConstraint(condition=Q(status__in=OrderStatus.values), name="order_status_known"),
        ]

    def __str__(self) -> str:
        words = {"id": self.pk, "side": self.side, "amount": decimal_text(self.amount), "symbol": self.instrument}
        return _("Order %(id)s: %(side)s %(amount)s %(symbol)s, %(account)s") % {**words, "account": self.account}

    @property
    def is_open(self) -> bool:
        """Whether it can still be filled or canceled."""
        return self.status in OPEN_STATUSES

    @property
    def remaining(self) -> Decimal:
        """The amount not filled yet."""
        return self.amount - self.filled

    @property
    def average(self) -> Decimal | None:
        """The average price of its fills, unrounded; None before the first."""
        return self.cost / self.filled if self.filled else None
