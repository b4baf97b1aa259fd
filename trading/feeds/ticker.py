"""The feed `ticker`: the newest prices of each symbol, the same for everybody."""

from collections.abc import Mapping, Sequence

from django.utils import timezone

from pushers import Document, FeedStale, SymbolFeed, register
from trading.accounting import change_in_percent
from trading.conf import stale_market_after
from trading.selectors.quotes import QuoteRow, known_symbols, quotes
from trading.wire import decimal_text, milliseconds, optional_text, present


@register
class TickerFeed(SymbolFeed):
    """Symbol -> {symbol, bid, ask, last, markPrice, open, high, low, change, percentage, baseVolume, ...}.

    change and percentage count from the previous close; timestamp is when the quote was made, in real time, and
    marketTime what time it was in the replayed market.
    """

    name = "ticker"
    interval = 2

    def known(self, symbols: Sequence[str]) -> set[str]:
        return known_symbols(symbols)

    def fetch(self, symbols: Sequence[str]) -> Mapping[str, Document | FeedStale]:
        oldest = timezone.now() - stale_market_after()
        return {
            row.symbol: _entry(row) if row.updated_at >= oldest else FeedStale("market_stale", _entry(row))
            for row in quotes(symbols)
        }


def _entry(row: QuoteRow) -> Document:
    return present(
        symbol=row.symbol,
        bid=decimal_text(row.bid),
        ask=decimal_text(row.ask),
        last=decimal_text(row.last),
        markPrice=decimal_text(row.mark),
        open=decimal_text(row.open),
        high=decimal_text(row.high),
        low=decimal_text(row.low),
        change=decimal_text(row.last - row.previous_close),
        percentage=optional_text(change_in_percent(row.last, row.previous_close)),
        baseVolume=decimal_text(row.volume),
        marketTime=milliseconds(row.market_time),
        timestamp=milliseconds(row.updated_at),
    )
