"""A day's price path made from its daily bar: pure, and the same every time for the same bar and seed.

The record says where a day opened, closed and turned, not when. The path goes from the open over the two extremes to
the close as Brownian bridges, which is what is known about a price between two points and nothing more.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, pairwise
from math import sqrt

from trading.market.bars import Bar
from trading.market.session import MINUTE, SESSION_SECONDS

STEP_SECONDS = 5  # market seconds between two points: a quote a second shows a move at a speed of 5 and above
STEPS = SESSION_SECONDS // STEP_SECONDS
STEPS_PER_MINUTE = MINUTE // STEP_SECONDS
RANGE_IN_SIGMAS = 1.6  # the expected range of a Brownian motion is 1.6 times its standard deviation
FIRST_EXTREME = (0.05, 0.45)  # parts of the session in which the day's two turning points lie
SECOND_EXTREME = (0.55, 0.95)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a symbol did between two moments of a session: prices and the volume traded, in shares."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int


class IntradayPath:
    """The prices of one bar's day, one every STEP_SECONDS, that touch its open, high, low and close exactly.

    Every price is on the tick and within [low, high]; the volumes add up to the bar's. `seed` tells apart paths of
    the same symbol and day.
    """

    def __init__(self, bar: Bar, tick: Decimal, seed: str = "") -> None:
        self.bar = bar.on_tick(tick)
        self.tick = tick
        generator = random.Random(f"{seed}/{bar.symbol}/{bar.day.isoformat()}")
        self.prices = _prices(self.bar, tick, generator)  # in ticks
        self.volumes = _volumes(bar.volume, generator)  # traded since the open

    @staticmethod
    def index(seconds: float) -> int:
        """Return the index of the last point at or before a moment, in seconds since the open."""
        return min(STEPS, int(seconds // STEP_SECONDS))

    def price(self, index: int) -> Decimal:
        """Return the price at a point."""
        return self.prices[index] * self.tick

    def stretch(self, first: int, last: int) -> Stretch:
        """Return what happened from the point `first` to the point `last`, both included."""
        part = self.prices[first : last + 1]
        volume = self.volumes[last] - (self.volumes[first - 1] if first else 0)
        return Stretch(part[0] * self.tick, max(part) * self.tick, min(part) * self.tick, part[-1] * self.tick, volume)

    def minutes(self, first: int, last: int) -> Iterator[tuple[int, Stretch]]:
        """Yield (minute of the session, its stretch up to `last`) for each minute that `first` to `last` touch.

        The point of the close belongs to the last minute, as no minute starts at the close.
        """
        final = SESSION_SECONDS // MINUTE - 1
        for minute in range(min(final, first // STEPS_PER_MINUTE), min(final, last // STEPS_PER_MINUTE) + 1):
            end = STEPS if minute == final else (minute + 1) * STEPS_PER_MINUTE - 1
            yield minute, self.stretch(minute * STEPS_PER_MINUTE, min(last, end))


def _prices(bar: Bar, tick: Decimal, generator: random.Random) -> list[int]:
    opened, high, low, close = (int(price / tick) for price in (bar.open, bar.high, bar.low, bar.close))
    # A day that rises has, more often than not, seen its low first.
    first, second = (low, high) if close >= opened else (high, low)
    turns = [
        (0, opened),
        (int(generator.uniform(*FIRST_EXTREME) * STEPS), first),
        (int(generator.uniform(*SECOND_EXTREME) * STEPS), second),
        (STEPS, close),
    ]
    sigma = (high - low) / RANGE_IN_SIGMAS / sqrt(STEPS)
    prices = [opened]
    for (start, here), (end, there) in pairwise(turns):
        bridge = _bridge(here, there, end - start, sigma, generator)
        prices.extend(_folded(round(point), low, high) for point in bridge)
        prices[-1] = there
    return prices


def _bridge(here: int, there: int, steps: int, sigma: float, generator: random.Random) -> Iterator[float]:
    """Yield the `steps` points after `here` of a Brownian motion that ends at `there`."""
    walk = list(accumulate(generator.gauss(0, sigma) for _ in range(steps)))
    drift = (there - here - walk[-1]) / steps
    return (here + point + drift * (number + 1) for number, point in enumerate(walk))


def _folded(price: int, low: int, high: int) -> int:
    """Return a price reflected at the bounds, which keeps the path lively there where clamping would flatten it."""
    width = high - low
    if width == 0:
        return low
    offset = (price - low) % (2 * width)
    return low + min(offset, 2 * width - offset)


def _volumes(total: int, generator: random.Random) -> list[int]:
    """Return the volume traded up to each point: busy at the open and the close, as real sessions are."""
    weights = []
    for step in range(STEPS + 1):
        from_noon = 2 * step / STEPS - 1
        weights.append((0.5 + 2 * from_noon * from_noon) * generator.expovariate(1))
    traded = list(accumulate(weights))
    volumes = [int(total * (part / traded[-1])) for part in traded]
    volumes[-1] = total
    return volumes
