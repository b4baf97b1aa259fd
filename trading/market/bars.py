"""Daily bars of real prices, read from the file that ships with the project (data/PROVENANCE.md names its source)."""

import csv
import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path

STOCKS_FILE = Path(__file__).parent / "data" / "stocks.csv.gz"
COLUMNS = ("Ticker", "Date", "Open", "High", "Low", "Close", "Volume")


class BarError(ValueError):
    """A bar, or a file of bars, that no market can have produced; the message names the line and what was expected."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of one symbol: prices in its currency, volume in shares. Raises BarError if it contradicts itself."""

    symbol: str
    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int

    def __post_init__(self) -> None:
        if not 0 < self.low <= min(self.open, self.close) <= max(self.open, self.close) <= self.high:
            raise BarError(
                f"{self.symbol} {self.day}: expected 0 < low <= open, close <= high; "
                f"found open {self.open}, high {self.high}, low {self.low}, close {self.close}."
            )
        if self.volume < 0:
            raise BarError(f"{self.symbol} {self.day}: expected a volume of 0 or more; found {self.volume}.")

    def on_tick(self, tick: Decimal) -> "Bar":
        """Return the bar with every price a whole number of ticks and inside the recorded range.

        The record holds prices between ticks (fills inside the spread), which no quote can show. Raises BarError
        where the range holds no tick at all.
        """
        low = (self.low / tick).to_integral_value(ROUND_CEILING) * tick
        high = (self.high / tick).to_integral_value(ROUND_FLOOR) * tick
        if low > high:
            raise BarError(f"{self.symbol} {self.day}: no price from {self.low} to {self.high} is on the tick {tick}.")
        opened, closed = (
            min(high, max(low, (price / tick).to_integral_value(ROUND_HALF_EVEN) * tick))
            for price in (self.open, self.close)
        )
        return Bar(self.symbol, self.day, opened, high, low, closed, self.volume)


def load_bars(path: Path = STOCKS_FILE) -> dict[str, list[Bar]]:
    """Return every symbol's bars, oldest first; raise BarError naming the line that is wrong."""
    with gzip.open(path, "rt", encoding="ascii", newline="") as lines:
        return read_bars(lines, name=path.name)


def read_bars(lines: Iterable[str], *, name: str) -> dict[str, list[Bar]]:
    """Return every symbol's bars from the lines of a CSV file called `name`; raise BarError naming the wrong line."""
    reader = csv.DictReader(lines)
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise BarError(f"{name}: expected the columns {', '.join(COLUMNS)}; missing {', '.join(missing)}.")
    bars: dict[str, list[Bar]] = {}
    for row in reader:
        where = f"{name}, line {reader.line_num}"
        bar = _bar(row, where)
        earlier = bars.setdefault(bar.symbol, [])
        if earlier and earlier[-1].day >= bar.day:
            raise BarError(f"{where}: expected a day after {earlier[-1].day} for {bar.symbol}; found {bar.day}.")
        earlier.append(bar)
    if not bars:
        raise BarError(f"{name}: expected at least one bar; found none.")
    return bars


def _bar(row: dict[str, str], where: str) -> Bar:
    try:
        opened, high, low, close = (Decimal(row[column]) for column in ("Open", "High", "Low", "Close"))
        return Bar(row["Ticker"], date.fromisoformat(row["Date"]), opened, high, low, close, int(row["Volume"]))
    except BarError as error:
        raise BarError(f"{where}: {error}") from error
    except (InvalidOperation, ValueError, TypeError) as error:
        raise BarError(f"{where}: expected a date, four prices and a whole volume; found {row}.") from error
