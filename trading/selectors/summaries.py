"""Sum up what accounts have traded, by periods of the trader's own calendar.

A trade is a fill that closed quantity. Its result is its realized PnL less its fee; one above 0 is a win, one below 0 a
loss. Net PnL is what the period brought to the account: realized PnL less all fees, those of opening fills included.
What was before an account's last reset is not counted.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, F, Max, Min, Q, QuerySet, Sum, Value, When
from django.db.models.functions import TruncDate

from trading import accounting
from trading.accounting import ZERO
from trading.models import Fill
from trading.selectors.resets import before_reset

PERIODS = ("today", "week", "month", "year", "all")
CLOSING = Q(closed_amount__gt=0)
RESULT = F("realized_pnl") - F("fee")
WON = CLOSING & Q(realized_pnl__gt=F("fee"))
LOST = CLOSING & Q(realized_pnl__lt=F("fee"))
COUNTS = ("fills", "trades", "wins", "losses")
SUMS = ("realized_pnl", "fees", "volume", "won", "lost")
PREFIX = "total_"  # an aggregate named as a column would stand for that column in the aggregates after it
FIGURES = {
    PREFIX + name: figure
    for name, figure in {
        "fills": Count("id"),
        "trades": Count("id", filter=CLOSING),
        "wins": Count("id", filter=WON),
        "losses": Count("id", filter=LOST),
        "realized_pnl": Sum("realized_pnl"),
        "fees": Sum("fee"),
        "volume": Sum("cost"),
        "won": Sum(RESULT, filter=WON),
        "lost": Sum(RESULT, filter=LOST),
        "best": Max(RESULT, filter=CLOSING),
        "worst": Min(RESULT, filter=CLOSING),
    }.items()
}


class Summary(NamedTuple):
    """The figures of one period; averages, best and worst are None where there is no such trade."""

    fills: int
    trades: int
    wins: int
    losses: int
    realized_pnl: Decimal  # gross
    fees: Decimal  # of all fills
    volume: Decimal  # sum of price times amount
    won: Decimal  # sum of the winning trades' results
    lost: Decimal  # sum of the losing trades' results, not above 0
    best: Decimal | None
    worst: Decimal | None

    @property
    def net_pnl(self) -> Decimal:
        """Realized PnL less all fees."""
        return self.realized_pnl - self.fees

    @property
    def win_rate(self) -> Decimal | None:
        """Winning trades in percent of all trades, rounded to 8 places; None without a trade."""
        return accounting.share(Decimal(100), Decimal(self.wins), Decimal(self.trades)) if self.trades else None

    @property
    def average_win(self) -> Decimal | None:
        """The mean result of the winning trades, rounded to 8 places; None without one."""
        return accounting.share(self.won, accounting.ONE, Decimal(self.wins)) if self.wins else None

    @property
    def average_loss(self) -> Decimal | None:
        """The mean result of the losing trades, not above 0, rounded to 8 places; None without one."""
        return accounting.share(self.lost, accounting.ONE, Decimal(self.losses)) if self.losses else None


def period_starts(now: datetime, time_zone: str) -> dict[str, datetime | None]:
    """Return when each period began, at midnight in `time_zone`; weeks begin on Monday, `all` has no start."""
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    days = {
        "today": today,
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }
    return {**{name: datetime.combine(day, time(), zone) for name, day in days.items()}, "all": None}


def summaries(account_ids: Sequence[int], *, now: datetime, time_zone: str) -> dict[str, Summary]:
    """Return the accounts' summary of every period up to `now`, in one query.

    Periods overlap, so the database sums up the stretches between their starts, and a period is some of those.
    """
    starts = period_starts(now, time_zone)
    edges = sorted({start for start in starts.values() if start is not None}, reverse=True)
    since = [When(created_at__gte=edge, then=Value(number)) for number, edge in enumerate(edges)]
    stretches = _counted(account_ids).annotate(stretch=Case(*since, default=Value(len(edges)))).values("stretch")
    found = {row["stretch"]: _summary(row) for row in stretches.annotate(**FIGURES).order_by("stretch")}
    last = {period: len(edges) if start is None else edges.index(start) for period, start in starts.items()}
    return {period: _together([found[n] for n in found if n <= last[period]]) for period in starts}


def summaries_by_symbol(
    account_ids: Sequence[int], *, since: datetime | None = None, until: datetime | None = None
) -> dict[str, Summary]:
    """Return the accounts' summary of every symbol traded from `since` on and before `until`, in one query."""
    fills = _between(_counted(account_ids), since, until)
    rows = fills.values("instrument__symbol").annotate(**FIGURES).order_by("instrument__symbol")
    return {row["instrument__symbol"]: _summary(row) for row in rows}


def summaries_by_day(
    account_ids: Sequence[int], *, time_zone: str, since: datetime, until: datetime
) -> dict[date, Summary]:
    """Return the accounts' summary of every day with a fill from `since` on and before `until`, in one query.

    A day begins at midnight in `time_zone`.
    """
    fills = _between(_counted(account_ids), since, until)
    days = fills.annotate(day=TruncDate("created_at", tzinfo=ZoneInfo(time_zone))).values("day")
    return {row["day"]: _summary(row) for row in days.annotate(**FIGURES).order_by("day")}


def _counted(account_ids: Sequence[int]) -> QuerySet[Fill]:
    return Fill.objects.filter(~before_reset("last_fill_id"), account_id__in=account_ids)


def _between(fills: QuerySet[Fill], since: datetime | None, until: datetime | None) -> QuerySet[Fill]:
    if since is not None:
        fills = fills.filter(created_at__gte=since)
    if until is not None:
        fills = fills.filter(created_at__lt=until)
    return fills


def _summary(row: Mapping[str, Any]) -> Summary:
    figures: dict[str, Any] = {name: row[PREFIX + name] for name in Summary._fields}
    figures |= {name: figures[name] or ZERO for name in SUMS}  # a sum over no rows is NULL
    return Summary(**figures)


def _together(parts: Sequence[Summary]) -> Summary:
    """Return the summary of everything in `parts`."""
    sums: dict[str, Any] = {name: sum((getattr(part, name) for part in parts), ZERO) for name in SUMS}
    counts: dict[str, Any] = {name: sum(getattr(part, name) for part in parts) for name in COUNTS}
    best = max((part.best for part in parts if part.best is not None), default=None)
    worst = min((part.worst for part in parts if part.worst is not None), default=None)
    return Summary(**sums, **counts, best=best, worst=worst)
