"""Summaries, statistics and the equity curve."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query
from pydantic import BaseModel, Field

from trading.api.auth import caller
from trading.api.documents import optional_milliseconds, summary_document
from trading.api.lookups import own_account
from trading.api.routers.router import DocumentRouter
from trading.api.schemas.history import EquityCurve, Stats, Summaries
from trading.api.schemas.values import AccountName, Timestamp, moment
from trading.models import EquityPoint
from trading.selectors.equity_curve import MOST_POINTS, equity_curve
from trading.selectors.summaries import period_starts, summaries, summaries_by_symbol
from trading.wire import milliseconds

router = DocumentRouter("Summaries")


class SummaryQuery(BaseModel):
    """Whose figures."""

    account: AccountName = "paper"


class StatsQuery(SummaryQuery):
    """Since when."""

    period: Annotated[
        Literal["today", "week", "month", "year", "all"], Field(description="In the trader's time zone.")
    ] = "all"


class EquityQuery(SummaryQuery):
    """Which points: the newest, before `until` if that is given, and not before `since`."""

    interval: EquityPoint.Interval = EquityPoint.Interval.QUARTER
    since: Annotated[Timestamp | None, Field(description="From this moment on, ms UTC.")] = None
    until: Annotated[Timestamp | None, Field(description="Before this moment, ms UTC.")] = None
    limit: Annotated[int, Field(ge=1, le=MOST_POINTS)] = MOST_POINTS


@router.get("/summary", response=Summaries, summary="Summary")
def summary_show(request: HttpRequest, query: Query[SummaryQuery]) -> Any:
    """Trades, net PnL, fees, win rate and more of today, the week, the month, the year and all time.

    Days begin at midnight in your time zone. What was before the account's last reset is not counted.
    """
    user, now = caller(request), timezone.now()
    account = own_account(user, query.account)
    starts = period_starts(now, user.time_zone)
    found = summaries([account.pk], now=now, time_zone=user.time_zone)
    periods = {
        period: {**summary_document(summary), "since": optional_milliseconds(starts[period])}
        for period, summary in found.items()
    }
    return {"account": account.name, "time_zone": user.time_zone, **periods}


@router.get("/stats", response=Stats, summary="Statistics by symbol")
def stats_show(request: HttpRequest, query: Query[StatsQuery]) -> Any:
    """The figures of one period for each symbol that was traded in it."""
    user = caller(request)
    account = own_account(user, query.account)
    since = period_starts(timezone.now(), user.time_zone)[query.period]
    found = summaries_by_symbol([account.pk], since=since)
    return {
        "account": account.name,
        "period": query.period,
        "time_zone": user.time_zone,
        "since": optional_milliseconds(since),
        "items": [{"symbol": symbol, **summary_document(summary)} for symbol, summary in found.items()],
    }


@router.get("/equity", response=EquityCurve, summary="Equity curve")
def equity_show(request: HttpRequest, query: Query[EquityQuery]) -> Any:
    """What an account was worth by the minute (of six hours), the quarter of an hour (two weeks) or the day (all)."""
    account = own_account(caller(request), query.account)
    points = equity_curve(
        account.pk, query.interval, since=moment(query.since), until=moment(query.until), limit=query.limit
    )
    items = [{"timestamp": milliseconds(point.at), "equity": point.equity} for point in points]
    return {"account": account.name, "interval": query.interval, "items": items}
