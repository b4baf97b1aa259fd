"""Read candles."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from trading.models import Candle

MOST_CANDLES = 1_000


class CandleRow(NamedTuple):
    """The prices of one interval, which begins at `start` in the market's own time."""

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


def candles(
    symbol: str,
    interval: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = MOST_CANDLES,
) -> list[CandleRow]:
    """Return at most `limit` candles, the oldest first, in one query.

    With `since` they are the first from there on, otherwise the newest (before `until`, if that is given).
    """
    rows = Candle.objects.filter(instrument__symbol=symbol, interval=interval)
    if until is not None:
        rows = rows.filter(start__lt=until)
    if since is not None:
        rows = rows.filter(start__gte=since)
    ordered = rows.order_by("-start" if since is None else "start")
    found = [CandleRow._make(row) for row in ordered.values_list(*CandleRow._fields)[:limit]]
    return found[::-1] if since is None else found
