"""The market as the dashboard shows it: its tickers, which source they come from, and what time it is there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from pushers import FeedStale
from pushers.registry import symbol_feed
from trading.conf import stale_market_after
from trading.models import Instrument, Quote
from trading.pages.documents import Row, shown_document


@dataclass(frozen=True)
class MarketPanel:
    """Ticker rows by symbol, as on the wire; `source` and `time` are None before the first quote."""

    rows: list[tuple[str, Row]]
    symbols: list[str]
    source: str | None
    time: datetime | None
    stale: str


def market_panel() -> MarketPanel:
    """Return the current tickers of all instruments."""
    symbols = list(Instrument.objects.order_by("symbol").values_list("symbol", flat=True))
    newest = Quote.objects.order_by("-updated_at").first()
    rows, stale = _rows(symbols)
    if newest is None or timezone.now() - newest.updated_at > stale_market_after():
        stale = stale or "market_stale"
    return MarketPanel(
        rows=rows,
        symbols=symbols,
        source=newest.source if newest else None,
        time=newest.market_time if newest else None,
        stale=stale,
    )


def _rows(symbols: Iterable[str]) -> tuple[list[tuple[str, Row]], str]:
    feed = symbol_feed()
    if feed is None:
        return [], "feed_off"
    try:
        found = sorted(feed.fetch(list(symbols)).items())
    except FeedStale as stale:
        return [], stale.reason
    reasons = [row.reason for _, row in found if isinstance(row, FeedStale)]
    return [(symbol, shown) for symbol, row in found if (shown := shown_document(row))], next(iter(reasons), "")
