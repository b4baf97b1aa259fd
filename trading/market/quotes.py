"""Quotes of a source as rows: the newest of each instrument, all in one query."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from trading.market.source import SourceQuote
from trading.models import Instrument, Quote

FIELDS = [field.name for field in Quote._meta.concrete_fields if not field.primary_key]


def save_quotes(
    quotes: Mapping[str, SourceQuote],
    instruments: Mapping[str, Instrument],
    *,
    market_time: datetime,
    stamp: datetime,
    source: str,
) -> None:
    """Write every symbol's quote over the last one; `stamp` is the real time, which says how fresh they are."""
    Quote.objects.bulk_create(
        [
            Quote(
                instrument=instruments[symbol],
                market_time=market_time,
                updated_at=stamp,
                source=source,
                **asdict(quote),
            )
            for symbol, quote in quotes.items()
        ],
        update_conflicts=True,
        unique_fields=["instrument"],
        update_fields=FIELDS,
    )
