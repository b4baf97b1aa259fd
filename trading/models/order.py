"""An order: what a trader asked for and what became of it."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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


class OrderOrigin(models.TextChoices):
    """Who or what placed an order."""

    USER = "user", _("Trader")
    CLOSE = "close", pgettext_lazy("a position", "Close")
    TAKE_PROFIT = "take_profit", _("Take profit")
    STOP_LOSS = "stop_loss", _("Stop loss")
    LIQUIDATION = "liquidation", _("Liquidation")
    RESET = "reset", _("Reset")


OPEN_STATUSES = (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)
# Not "status in": SQLite takes an index of some rows only for a condition that it can recognise.
OPEN = Q(status=OrderStatus.NEW) | Q(status=OrderStatus.PARTIALLY_FILLED)
# The state machine: what an order may become. What is closed stays as it is, so nothing fills after a cancel; rejected
# is a stop order that could not be carried when it was triggered.
MOVES: dict[str, frozenset[str]] = {
    OrderStatus.NEW: frozenset(OrderStatus) - {OrderStatus.NEW},
    OrderStatus.PARTIALLY_FILLED: frozenset(
        {OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED}
    ),
}
# A stop order sleeps until the mark reaches its trigger; every other open order is at work.
WAITING = OPEN & Q(trigger_price__isnull=False, triggered_at__isnull=True)
AT_WORK = OPEN & (Q(trigger_price__isnull=True) | Q(triggered_at__isnull=False))


class Order(models.Model):
    """One order; `reserved` is the margin and fee held for it while it is open."""

    class Type(models.TextChoices):
        MARKET = "market", _("Market")
        LIMIT = "limit", _("Limit")
        STOP_MARKET = "stop_market", _("Stop market")
        STOP_LIMIT = "stop_limit", _("Stop limit")

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
    post_only = models.BooleanField(_("post only"), default=False, help_text=_("Is refused rather than taking."))
    take_profit = ExactDecimalField(
        _("take profit"), null=True, blank=True, help_text=_("Put on the position that it opens.")
    )
    stop_loss = ExactDecimalField(_("stop loss"), null=True, blank=True, help_text=_("Put on the position likewise."))
    closing = ExactDecimalField(
        _("closing"),
        default=Decimal(0),
        help_text=_("The part of the rest that closes the position, and so needs no margin."),
    )
    maker = models.BooleanField(
        _("maker"), default=False, help_text=_("Came to rest away from the quote: fills at its own price, as maker.")
    )
    origin = models.CharField(_("origin"), max_length=16, choices=OrderOrigin, default=OrderOrigin.USER)
    request_digest = models.CharField(
        _("request digest"), max_length=64, blank=True, default="", help_text=_("SHA-256 of what was asked for.")
    )
    queued_at = models.DateTimeField(
        _("queued at"), default=timezone.now, help_text=_("Its place among orders of the same price.")
    )
    triggered_at = models.DateTimeField(_("triggered at"), null=True, blank=True)
    expires_at = models.DateTimeField(
        _("expires at"), null=True, blank=True, help_text=_("In the market's own time: the close of a DAY order's day.")
    )
    reject_reason = models.CharField(_("reject reason"), max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        indexes = [
            models.Index(fields=["account", "-id"], name="order_of_account"),
            models.Index(fields=["account"], name="order_open", condition=OPEN),
            # What a tick of the market looks for: each finds the orders that it concerns without passing the others.
            models.Index(fields=["instrument", "side", "price"], name="order_resting", condition=AT_WORK),
            models.Index(fields=["instrument", "side", "trigger_price"], name="order_waiting", condition=WAITING),
            models.Index(fields=["instrument", "id"], name="order_taking", condition=AT_WORK & Q(price__isnull=True)),
            models.Index(
                fields=["instrument", "expires_at"], name="order_expiring", condition=OPEN & Q(expires_at__isnull=False)
            ),
            models.Index(fields=["account", "instrument"], name="order_closing", condition=OPEN & Q(closing__gt=0)),
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
            models.CheckConstraint(
                condition=Q(type__in=["limit", "stop_limit"], price__isnull=False)
                | Q(type__in=["market", "stop_market"], price__isnull=True),
                name="order_limits_have_a_price",
            ),
            models.CheckConstraint(
                condition=Q(type__in=["stop_market", "stop_limit"], trigger_price__gt=0)
                | Q(type__in=["market", "limit"], trigger_price__isnull=True, triggered_at__isnull=True),
                name="order_stops_have_a_trigger",
            ),
            models.CheckConstraint(
                condition=(Q(take_profit__isnull=True) | Q(take_profit__gt=0))
                & (Q(stop_loss__isnull=True) | Q(stop_loss__gt=0)),
                name="order_protection_positive",
            ),
            models.CheckConstraint(
                condition=Q(closing__gte=0, closing__lte=F("amount") - F("filled")),
                name="order_closing_within_remaining",
            ),
            models.CheckConstraint(condition=OPEN | Q(reserved=0, closing=0), name="order_closed_reserves_nothing"),
            models.CheckConstraint(condition=Q(origin__in=OrderOrigin.values), name="order_origin_known"),
            models.CheckConstraint(
                condition=~Q(status="filled") | Q(filled=F("amount")), name="order_filled_status_is_complete"
            ),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="order_side_known"),
            models.CheckConstraint(condition=Q(status__in=OrderStatus.values), name="order_status_known"),
        ]

    def __str__(self) -> str:
        words = {"id": self.pk, "side": self.side, "amount": decimal_text(self.amount), "symbol": self.instrument}
        return _("Order %(id)s: %(side)s %(amount)s %(symbol)s, %(account)s") % {**words, "account": self.account}

    def move(self, status: OrderStatus) -> None:
        """Take the status; raise ValueError for one that the state machine does not lead to from here."""
        if status not in MOVES.get(self.status, ()):
            raise ValueError(f"Order {self.pk} is {self.status}, which never becomes {status}.")
        self.status = status

    @property
    def is_open(self) -> bool:
        """Whether it can still be filled or canceled."""
        return self.status in OPEN_STATUSES

    @property
    def is_waiting(self) -> bool:
        """Whether it is a stop order whose trigger has not been reached."""
        return self.is_open and self.trigger_price is not None and self.triggered_at is None

    @property
    def remaining(self) -> Decimal:
        """The amount not filled yet."""
        return self.amount - self.filled

    @property
    def average(self) -> Decimal | None:
        """The average price of its fills, unrounded; None before the first."""
        return self.cost / self.filled if self.filled else None
