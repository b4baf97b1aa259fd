"""Candles of the market: of the minutes and the day that a session has reached, and of the days before the first."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from trading.market.bars import Bar
from trading.market.intrabar import IntradayPath, Stretch
from trading.market.session import MINUTE, MarketTime, session_open
from trading.market.source import TICK, Source
from trading.models import Candle, Instrument

HISTORY_DAYS = 120
MINUTES_KEPT = 2_000  # per instrument: five sessions


def day_start(day: date) -> datetime:
    """Return the start of a day's candle: midnight UTC, so that the date is right in a chart anywhere."""
    return datetime.combine(day, time(), UTC)


def session_candles(
    source: Source, instruments: Mapping[str, Instrument], since: float, now: MarketTime
) -> list[Candle]:
    """Return, whole as of `now`, the day's candles and those of the minutes from `since` (seconds since the open)."""
    opening = session_open(now.day)
    last = IntradayPath.index(now.seconds)
    candles = []
    for symbol, instrument in instruments.items():
        path = source.path(symbol, now.day)
        candles.append(_candle(instrument, Candle.Interval.DAY, day_start(now.day), path.stretch(0, last)))
        for minute, stretch in path.minutes(path.index(since), last):
            start = opening + timedelta(seconds=minute * MINUTE)
            candles.append(_candle(instrument, Candle.Interval.MINUTE, start, stretch))
    return candles


def history_candles(source: Source, instruments: Mapping[str, Instrument]) -> list[Candle]:
    """Return the daily candles of the recorded days before the source's first day."""
    return [
        _candle(instrument, Candle.Interval.DAY, day_start(bar.day), bar.on_tick(TICK))
        for symbol, instrument in instruments.items()
        for bar in source.history(symbol, HISTORY_DAYS)
    ]


def save_candles(candles: Iterable[Candle]) -> None:
    """Write candles, over those that exist: one query for up to a hundred."""
    Candle.objects.bulk_create(
        candles,
        update_conflicts=True,
        unique_fields=["instrument", "interval", "start"],
        update_fields=["open", "high", "low", "close", "volume"],
    )


def delete_candles_from(day: date, instruments: Iterable[Instrument]) -> None:
    """Delete the candles of `day` and later: what another source, or an earlier round of the replay, has left."""
    Candle.objects.filter(instrument__in=instruments, start__gte=day_start(day)).delete()


def prune_minutes(instruments: Iterable[Instrument]) -> None:
    """Delete all but the newest MINUTES_KEPT candles of a minute of each instrument."""
    for instrument in instruments:
        minutes = Candle.objects.filter(instrument=instrument, interval=Candle.Interval.MINUTE)
        newest_superfluous = minutes.order_by("-start").values_list("start", flat=True)[MINUTES_KEPT : MINUTES_KEPT + 1]
        for start in newest_superfluous:
            minutes.filter(start__lte=start).delete()


def _candle(instrument: Instrument, interval: str, start: datetime, traded: Stretch | Bar) -> Candle:
    return Candle(
        instrument=instrument,
        interval=interval,
        start=start,
        open=traded.open,
        high=traded.high,
        low=traded.low,
        close=traded.close,
        volume=Decimal(traded.volume),
    )
