"""The exchange whose days the market replays: where it is and when it is open."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EXCHANGE_ZONE = ZoneInfo("America/New_York")
OPENING = time(9, 30)
SESSION_SECONDS = 23_400  # 09:30 to 16:00


def session_open(day: date) -> datetime:
    """Return the instant, in UTC, at which the exchange opens on a day."""
    return datetime.combine(day, OPENING, EXCHANGE_ZONE).astimezone(UTC)


def session_close(moment: datetime) -> datetime:
    """Return the instant, in UTC, at which the session of the moment's day at the exchange ends."""
    return session_open(moment.astimezone(EXCHANGE_ZONE).date()) + timedelta(seconds=SESSION_SECONDS)
