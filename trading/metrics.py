"""What the trading domain counts, for Prometheus: after the commit, so that nothing is counted that did not happen."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from prometheus_client import Counter, Gauge, Histogram

BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds

ORDERS = Counter("trading_orders", "Orders that were accepted.", ["origin"])
FILLS = Counter("trading_fills", "Executions that were booked.")
MARKET_SECONDS = Histogram(
    "trading_market_seconds", "How long a part of a market tick took.", ["part"], buckets=BUCKETS
)
MARKET_TICKED = Gauge("trading_market_ticked_timestamp_seconds", "When the market wrote its last quotes.")
MARKET_FAILURES = Counter("trading_market_failures", "Market ticks that failed.")


def count_after_commit(counter: Counter) -> None:
    """Add one when the current transaction commits."""
    transaction.on_commit(counter.inc, robust=True)


@contextmanager
def market_part(part: str) -> Iterator[None]:
    """Note how long a part of a market tick takes."""
    with MARKET_SECONDS.labels(part).time():
        yield
