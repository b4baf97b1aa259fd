"""The equity curve: every so often, a point for each account that is worth something else than at its last one."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Max

from trading.models import EquityPoint
from trading.models.equity_point import LENGTHS
from trading.selectors.equity_points import current_equities
from trading.services import equity_points_prune, equity_points_write


class EquityCurve:
    """Writes points of each interval (a minute, a quarter of an hour, a day of UTC) once it has begun.

    Between two minutes it does nothing. Then it costs two reads, and for each interval that has begun a write and a
    deletion of what is too old, however many accounts there are. What it wrote last it knows from memory: after a
    restart every account gets one point more.
    """

    def __init__(self) -> None:
        self._begun: dict[EquityPoint.Interval, datetime | None] = {}
        self._written: dict[EquityPoint.Interval, dict[int, Decimal]] = {interval: {} for interval in LENGTHS}

    def record(self, now: datetime) -> int:
        """Write the points that are due at `now`; return how many."""
        due = [interval for interval, length in LENGTHS.items() if self._last(interval) != start(now, length)]
        if not due:
            return 0
        equities, at = current_equities(), start(now, timedelta(minutes=1))
        written = 0
        for interval in due:
            written += equity_points_write(interval=interval, at=at, equities=self._changed(interval, equities))
            equity_points_prune(interval=interval, now=now)
            self._written[interval], self._begun[interval] = equities, start(now, LENGTHS[interval])
        return written

    def _changed(self, interval: EquityPoint.Interval, equities: Mapping[int, Decimal]) -> dict[int, Decimal]:
        before = self._written[interval]
        return {account_id: equity for account_id, equity in equities.items() if before.get(account_id) != equity}

    def _last(self, interval: EquityPoint.Interval) -> datetime | None:
        """Return when the interval began that the newest point is of; one that another process wrote counts too."""
        if interval not in self._begun:
            newest = EquityPoint.objects.filter(interval=interval).aggregate(at=Max("at"))["at"]
            self._begun[interval] = newest and start(newest, LENGTHS[interval])
        return self._begun[interval]


def start(moment: datetime, length: timedelta) -> datetime:
    """Return when the interval of this length began that `moment` is in; lengths divide a day."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (moment - midnight) // length * length
