"""The market: instruments, tickers and candles."""

from collections.abc import Sequence
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query
from pydantic import BaseModel, Field

from pushers import FeedStale
from pushers.registry import symbol_feed
from trading.api.documents import instrument_document
from trading.api.problems import ProblemError
from trading.api.routers.router import DocumentRouter
from trading.api.schemas.market import Candles, InstrumentDocument, Instruments, Symbols, TickerDocument, Tickers
from trading.api.schemas.values import Symbol, Timestamp, moment
from trading.models import Candle
from trading.selectors.candles import MOST_CANDLES, candles
from trading.selectors.instruments import instruments
from trading.selectors.quotes import known_symbols
from trading.wire import milliseconds

router = DocumentRouter("Market")


class TickerQuery(BaseModel):
    """Which symbols."""

    symbols: Annotated[
        str | None,
        Field(max_length=3_300, examples=["AAPL,MSFT"], description="With commas between them; all if absent."),
    ] = None


class CandleQuery(BaseModel):
    """Which candles: the first from `since` on, or else the newest, before `until` if that is given."""

    symbol: Symbol
    interval: Candle.Interval = Candle.Interval.MINUTE
    since: Annotated[Timestamp | None, Field(description="From this moment of the market's time on, ms UTC.")] = None
    until: Annotated[Timestamp | None, Field(description="Before this moment of the market's time, ms UTC.")] = None
    limit: Annotated[int, Field(ge=1, le=MOST_CANDLES)] = 500


@router.get("/symbols", response=Symbols, summary="All symbols")
def symbol_list(request: HttpRequest) -> Any:
    """The symbols of all instruments."""
    return {"items": [row.symbol for row in instruments()]}


@router.get("/instruments", response=Instruments, summary="All instruments")
def instrument_list(request: HttpRequest) -> Any:
    """What can be traded, and by which rules."""
    return {"items": [instrument_document(row) for row in instruments()]}


@router.get("/instruments/{path:symbol}", response=InstrumentDocument, summary="One instrument")
def instrument_show(request: HttpRequest, symbol: str) -> Any:
    """One instrument's rules."""
    found = instruments([symbol])
    if not found:
        raise _no_instrument(symbol)
    return instrument_document(found[0])


@router.get("/tickers", response=Tickers, summary="Tickers")
def ticker_list(request: HttpRequest, query: Query[TickerQuery]) -> Any:
    """The newest prices of the symbols that have a quote; unknown symbols are left out."""
    if query.symbols is None:
        return {"items": _tickers([row.symbol for row in instruments()])}
    return {"items": _tickers(sorted(known_symbols(query.symbols.split(","))))}


@router.get("/tickers/{path:symbol}", response=TickerDocument, summary="One ticker")
def ticker_show(request: HttpRequest, symbol: str) -> Any:
    """The newest prices of one symbol."""
    found = _tickers(list(known_symbols([symbol])))
    if not found:
        raise ProblemError("not_found", _("There is no quote of %(symbol)s.") % {"symbol": f"{symbol!r:.80}"})
    return found[0]


@router.get("/candles", response=Candles, summary="Candles")
def candle_list(request: HttpRequest, query: Query[CandleQuery]) -> Any:
    """Open, high, low, close and volume by the minute or by the day, in the market's own time."""
    if not known_symbols([query.symbol]):
        raise _no_instrument(query.symbol)
    rows = candles(
        query.symbol, query.interval, since=moment(query.since), until=moment(query.until), limit=query.limit
    )
    items = [{**row._asdict(), "timestamp": milliseconds(row.start)} for row in rows]
    return {"symbol": query.symbol, "interval": query.interval, "items": items}


def _tickers(symbols: Sequence[str]) -> list[dict[str, Any]]:
    """Return the ticker feed's rows of `symbols`, with the reason where one is stale."""
    feed = symbol_feed()
    if feed is None or not symbols:
        return []
    found = []
    for symbol, row in sorted(feed.fetch(symbols).items()):
        if not isinstance(row, FeedStale):
            found.append(row)
        elif row.document is not None:
            found.append({**row.document, "symbol": symbol, "stale": row.reason})
    return found


def _no_instrument(symbol: str) -> ProblemError:
    return ProblemError("not_found", _("There is no instrument %(symbol)s.") % {"symbol": f"{symbol!r:.80}"})
