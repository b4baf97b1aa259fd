"""Find the orders and positions that the newest quotes concern, without passing those that they do not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from trading.conf import stale_market_after
from trading.models import Order, Position, Quote, Side
from trading.models.order import AT_WORK, OPEN, WAITING

DAY = timedelta(days=1)
LONG, SHORT = Q(signed_amount__gt=0), Q(signed_amount__lt=0)
ENDING = OPEN & Q(expires_at__isnull=False)
TAKING = AT_WORK & Q(price__isnull=True)  # a market order has no price to compare: each quote concerns it


class Concern(NamedTuple):
    """A kind of row that a quote can concern: one whose `column` reaches what the quote says.

    Where `highest`, the highest value is the nearest, and those at or above the quote's are concerned; otherwise the
    lowest, and those at or below it.
    """

    model: type[Model]
    condition: Q
    column: str
    highest: bool
    quoted: Callable[[Quote], Any]

    def nearest(self) -> Subquery:
        """Return the nearest value in the outer quote's instrument: the head of an index."""
        rows = self.model._default_manager.filter(self.condition, instrument=OuterRef("pk"))
        ordered = rows.order_by(f"-{self.column}" if self.highest else self.column)
        return Subquery(ordered.values(self.column)[:1])

    def is_reached(self, nearest: Any, quote: Quote) -> bool:
        """Say whether there is a row, and the quote concerns it."""
        if nearest is None:
            return False
        return nearest >= self.quoted(quote) if self.highest else nearest <= self.quoted(quote)

    def rows(self, quote: Quote) -> QuerySet:
        """Return the rows that the quote concerns."""
        bound = {f"{self.column}__{'gte' if self.highest else 'lte'}": self.quoted(quote)}
        return self.model._default_manager.filter(self.condition, instrument=quote.pk, **bound)


CONCERNS = (
    Concern(Order, AT_WORK & Q(side=Side.BUY, price__gt=0), "price", True, lambda quote: quote.ask),
    Concern(Order, AT_WORK & Q(side=Side.SELL, price__gt=0), "price", False, lambda quote: quote.bid),
    Concern(Order, WAITING & Q(side=Side.BUY), "trigger_price", False, lambda quote: quote.mark),
    Concern(Order, WAITING & Q(side=Side.SELL), "trigger_price", True, lambda quote: quote.mark),
    Concern(Order, ENDING, "expires_at", False, lambda quote: quote.market_time),
    # Where the market has started over, the orders of its former days end.
    Concern(Order, ENDING, "expires_at", True, lambda quote: quote.market_time + DAY),
    Concern(Position, LONG & Q(take_profit__gt=0), "take_profit", False, lambda quote: quote.mark),
    Concern(Position, LONG & Q(stop_loss__gt=0), "stop_loss", True, lambda quote: quote.mark),
    Concern(Position, SHORT & Q(take_profit__gt=0), "take_profit", True, lambda quote: quote.mark),
    Concern(Position, SHORT & Q(stop_loss__gt=0), "stop_loss", False, lambda quote: quote.mark),
)


def due_rows() -> list[QuerySet]:
    """Return queries of the orders and positions to look at, none where there are none; costs one query."""
    due: list[QuerySet] = []
    for quote in quotes_with_nearest():
        found = vars(quote)  # where annotations are
        due += [concern.rows(quote) for i, concern in enumerate(CONCERNS) if concern.is_reached(found[f"n{i}"], quote)]
        if found["taking"]:
            due.append(Order.objects.filter(TAKING, instrument=quote.pk))
    return due


def quotes_with_nearest() -> QuerySet[Quote]:
    """Return the fresh quotes of instruments that are traded, each with the nearest row of each kind."""
    fresh = Quote.objects.filter(instrument__halted=False, updated_at__gte=timezone.now() - stale_market_after())
    taking = Order.objects.filter(TAKING, instrument=OuterRef("pk")).order_by("id").values("id")[:1]
    nearest = {f"n{i}": concern.nearest() for i, concern in enumerate(CONCERNS)}
    return fresh.annotate(**nearest, taking=Subquery(taking))
