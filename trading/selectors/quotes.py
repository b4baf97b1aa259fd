"""Read quotes."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from trading.models import Instrument, Quote


class QuoteRow(NamedTuple):
    """The newest prices of one instrument."""

    symbol: str
    bid: Decimal
    ask: Decimal
    last: Decimal
    mark: Decimal
    open: Decimal
    high: Decimal
    low: Decimal
    previous_close: Decimal
    volume: Decimal
    market_time: datetime
    updated_at: datetime


def quotes(symbols: Sequence[str]) -> list[QuoteRow]:
    """Return the quotes of the symbols that have one, in one query."""
    rows = Quote.objects.filter(instrument__symbol__in=symbols)
    return [QuoteRow._make(row) for row in rows.values_list("instrument__symbol", *QuoteRow._fields[1:])]


def known_symbols(symbols: Sequence[str]) -> set[str]:
    """Return those of `symbols` that are instruments; they come from clients and may be any text."""
    possible = [symbol for symbol in symbols if symbol.isprintable()]  # PostgreSQL takes neither NUL nor surrogates
    return set(Instrument.objects.filter(symbol__in=possible).values_list("symbol", flat=True))
