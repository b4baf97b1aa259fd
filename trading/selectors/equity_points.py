"""Read what accounts are worth, now and before."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from trading.accounting import ZERO, unrealized_pnl
from trading.models import Account, EquityPoint, Position
from trading.models.equity_point import KEPT


class EquityPointRow(NamedTuple):
    """What an account was worth at one moment."""

    at: datetime
    equity: Decimal


def current_equities() -> dict[int, Decimal]:
    """Return every account's total + unrealized PnL at the newest marks, in two queries.

    A position without a quote counts at cost.
    """
    held = Position.objects.exclude(signed_amount=0).exclude(instrument__quote=None)
    unrealized: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for account_id, *valued in held.values_list("account_id", "signed_amount", "open_cost", "instrument__quote__mark"):
        unrealized[account_id] += unrealized_pnl(*valued)
    totals = Account.objects.order_by().values_list("pk", "total")
    return {account_id: total + unrealized[account_id] for account_id, total in totals}


def curve_interval(since: datetime | None, now: datetime) -> EquityPoint.Interval:
    """Return the finest interval whose points reach back to `since`; None asks for all time."""
    for interval, kept in KEPT.items():
        if since is not None and since >= now - kept:
            return interval
    return EquityPoint.Interval.DAY


def equity_curve(
    account_id: int, *, interval: EquityPoint.Interval, since: datetime | None = None
) -> list[EquityPointRow]:
    """Return an account's points of one interval from `since` on, in the order of time, in one query.

    Where one is missing the equity was as before. The newest point may be as old as the interval is long.
    """
    points = EquityPoint.objects.filter(account_id=account_id, interval=interval)
    if since is not None:
        points = points.filter(at__gte=since)
    return [EquityPointRow._make(row) for row in points.order_by("at").values_list("at", "equity")]
