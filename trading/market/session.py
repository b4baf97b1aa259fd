"""Market time: trading sessions back to back, without the nights and weekends between them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from trading.exchange import EXCHANGE_ZONE, SESSION_SECONDS, session_open

MINUTE = 60


@dataclass(frozen=True, slots=True, order=True)
class MarketTime:
    """A moment of a session: its day and the seconds since it opened, 0 to SESSION_SECONDS."""

    day: date
    seconds: float = 0.0

    @classmethod
    def from_instant(cls, instant: datetime) -> "MarketTime":
        """Return the moment of the session on the instant's day at the exchange, the nearest one outside the hours."""
        day = instant.astimezone(EXCHANGE_ZONE).date()
        seconds = (instant - session_open(day)).total_seconds()
        return cls(day, min(float(SESSION_SECONDS), max(0.0, seconds)))

    def __str__(self) -> str:
        return f"{self.instant.astimezone(EXCHANGE_ZONE):%Y-%m-%d %H:%M:%S} (New York)"

    @property
    def instant(self) -> datetime:
        """The moment as a datetime in UTC."""
        return session_open(self.day) + timedelta(seconds=self.seconds)

    @property
    def closed(self) -> bool:
        """Whether the session has reached its close."""
        return self.seconds >= SESSION_SECONDS

    def later(self, seconds: float) -> "MarketTime":
        """Return the moment so many market seconds later, at most this session's close."""
        return MarketTime(self.day, min(float(SESSION_SECONDS), self.seconds + seconds))
