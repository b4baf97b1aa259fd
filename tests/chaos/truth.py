"""Which states were true when: the ledger that the writer kept, asked about what a client showed."""

import json
import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos import marks

NEVER = -math.inf  # since when a state is wrong that nobody ever committed
STILL_TRUE = math.inf


@dataclass(frozen=True)
class Committed:
    """One committed state of one trader (or the price). True from `before` at the earliest to `end` at the latest."""

    value: int
    before: float
    end: float
    desk: dict[str, int] = field(default_factory=dict)

    def overlaps(self, other: "Committed") -> bool:
        return self.before < other.end and other.before < self.end


class Truth:
    """All committed states. Times are monotonic seconds."""

    def __init__(self, lines: Iterable[dict[str, Any]]) -> None:
        self.rows = 0
        self.commits = 0
        traders: dict[int, list[dict[str, Any]]] = {}
        quotes: list[dict[str, Any]] = [{"quote": int(marks.MARK), "before": 0.0, "after": 0.0}]
        for line in lines:
            self.rows += line.get("rows", 0)
            self.commits += line.get("rows", 0) > 0
            if "quote" in line:
                quotes.append(line)
            else:
                traders.setdefault(marks.trader_of(line["version"]), []).append(line)
        self._versions = {trader: _committed(found, "version") for trader, found in traders.items()}
        self._quotes = _committed(quotes, "quote")

    @classmethod
    def of(cls, path: Path) -> "Truth":
        return cls(json.loads(line) for line in path.read_text().splitlines())

    def wrong_since(self, trader: int, feed: str, shown: list[Any], at: float) -> float:
        """Return since when what a feed showed at a time is wrong: NEVER true, STILL_TRUE, or the time of the commit
        that replaced it. `shown` is [version, quote, digest of the desk's part]."""
        version, quote, digest = shown
        price = self._quote(quote, at) if quote is not None else None
        if quote is not None and price is None:
            return NEVER
        if feed == "ticker":
            return price.end if price else NEVER
        state = self._state(trader, version, at)
        if state is None or state.desk.get(feed, digest) != digest or (price and not price.overlaps(state)):
            return NEVER
        return min(state.end, price.end) if price else state.end

    def _state(self, trader: int, version: int | None, at: float) -> Committed | None:
        """Return the state of a version; for None the newest one, at that time, that has no order."""
        states = self._versions.get(trader, [])
        if version is not None:
            place = bisect_right(states, version, key=lambda state: state.value) - 1
            found = states[place] if place >= 0 and states[place].value == version else None
            return found if found and found.before <= at else None
        known = [state for state in states if state.before <= at and not marks.has_order(state.value)]
        return known[-1] if known else None

    def _quote(self, number: int, at: float) -> Committed | None:
        place = bisect_right(self._quotes, number, key=lambda quote: quote.value) - 1
        found = self._quotes[place] if place >= 0 and self._quotes[place].value == number else None
        return found if found and found.before <= at else None


def _committed(lines: list[dict[str, Any]], key: str) -> list[Committed]:
    """Return the states in their order; each ends with the next one's commit, and keeps the desk of the one before."""
    ordered = sorted(lines, key=lambda line: line[key])
    ends = [line["after"] for line in ordered[1:]] + [STILL_TRUE]
    desk: dict[str, int] = {}
    states = []
    for line, end in zip(ordered, ends, strict=True):
        desk = line.get("desk", desk)
        states.append(Committed(line[key], line["before"], end, desk))
    return states
