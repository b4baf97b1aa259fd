"""Read what an account was worth over time."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from trading.models import EquityPoint

MOST_POINTS = 1_000


class EquityPointRow(NamedTuple):
    """An account's equity at one moment."""

    at: datetime
    equity: Decimal


def equity_curve(
    account_id: int,
    interval: str = EquityPoint.Interval.QUARTER,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = MOST_POINTS,
) -> list[EquityPointRow]:
    """Return at most `limit` points of one interval's series, the oldest first, in one query.

    They are the newest, before `until` if that is given. Where a point is missing, the equity was as before.
    """
    points = EquityPoint.objects.filter(account_id=account_id, interval=interval)
    if since is not None:
        points = points.filter(at__gte=since)
    if until is not None:
        points = points.filter(at__lt=until)
    newest = points.order_by("-at").values_list(*EquityPointRow._fields)[:limit]
    return [EquityPointRow._make(point) for point in newest][::-1]
