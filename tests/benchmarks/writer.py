"""A process of steady commits: `python -m tests.benchmarks.writer --rate 100 --seconds 20 [--marks] OUTPUT`.

Each commit changes one open order of one trader, the traders in turn, and nudges: it gives the order a mark
(`clientOrderId`) by which whoever sees it knows which commit it was. With --marks all prices move once a second too.
OUTPUT is JSON: mark -> [when the transaction began, when it had been committed, by the machine's monotonic clock; the
order's id], in the order of the commits.
"""

import argparse
import json
import os
import threading
import time
from pathlib import Path

CONNECTIONS = 4
PREFIX = "bench-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--marks", action="store_true")
    parser.add_argument("output", type=Path)
    options = parser.parse_args()
    import django

    django.setup()
    writer = Writer(options.rate, options.seconds)
    work = [writer.commit_orders] * CONNECTIONS + [writer.move_marks] * options.marks
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Whole or not at all: who waits for the file reads it at once.
    temporary = options.output.with_suffix(".part")
    temporary.write_text(json.dumps(writer.commits))
    os.replace(temporary, options.output)


class Writer:
    """Commits for `seconds`, `rate` times in each."""

    def __init__(self, rate: float, seconds: float) -> None:
        from trading.models import Order

        self.commits: dict[str, tuple[float, float, int]] = {}
        orders = Order.objects.filter(status="new").order_by("account_id", "-id").distinct("account_id")
        self._orders = list(orders.values_list("pk", "account__user_id"))
        self._rate, self._total = rate, int(rate * seconds)
        self._next = 0
        self._taking = threading.Lock()
        self._began = time.monotonic()

    def commit_orders(self) -> None:
        """Take the next commit, wait until it is due, and make it, until all are made."""
        while True:
            with self._taking:
                number, self._next = self._next, self._next + 1
            if number >= self._total:
                return
            time.sleep(max(0.0, self._began + number / self._rate - time.monotonic()))
            self._commit(number)

    def move_marks(self) -> None:
        """Move all prices, each second."""
        from tests.benchmarks.population import move_marks

        for second in range(int(self._total / self._rate)):
            time.sleep(max(0.0, self._began + second - time.monotonic()))
            move_marks()

    def _commit(self, number: int) -> None:
        from django.db import transaction

        from pushers import nudge
        from trading.models import Order

        order, user = self._orders[number % len(self._orders)]
        mark = f"{PREFIX}{number}"
        began = time.monotonic()
        with transaction.atomic():
            Order.objects.filter(pk=order).update(client_order_id=mark)
            nudge([user])
        self.commits[mark] = began, time.monotonic(), order


if __name__ == "__main__":
    main()
