"""Note what accounts are worth, and forget what nobody looks at any more."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from trading.models import EquityPoint
from trading.models.equity_point import KEPT
from trading.models.fields import LARGEST

BATCH = 2000  # rows of one statement


def equity_points_write(*, interval: EquityPoint.Interval, at: datetime, equities: Mapping[int, Decimal]) -> int:
    """Write a point for each account id, over none that is there; return how many were handed over.

    What no column can hold is left out: one account's absurd figure must not cost all others their curve.
    """
    points = [
        EquityPoint(account_id=account_id, interval=interval, at=at, equity=equity)
        for account_id, equity in equities.items()
        if abs(equity) <= LARGEST
    ]
    EquityPoint.objects.bulk_create(points, batch_size=BATCH, ignore_conflicts=True)
    return len(points)


def equity_points_prune(*, interval: EquityPoint.Interval, now: datetime) -> int:
    """Delete the points of an interval that are older than they are kept, in one query; return how many."""
    if interval not in KEPT:
        return 0
    return EquityPoint.objects.filter(interval=interval, at__lt=now - KEPT[interval]).delete()[0]
