"""The process that commits: `python -m tests.chaos.writer TRADERS RATE SEED LEDGER`, driven by lines on stdin.

It migrates and seeds the database and says so; `go` starts the commits, `quiet` ends them (quotes stay fresh), `read`
prints what `pushers.read` builds of every trader. Each commit is a line of the ledger, with the monotonic time before
and after it: which states were true when.
"""

import json
import random
import sys
import threading
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - Django must be set up before models are imported
from django.db import DatabaseError, InterfaceError, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from pushers import FeedStale, nudge, read  # noqa: E402
from pushers.orm import keep_connections, orm_scope  # noqa: E402
from tests.chaos import marks  # noqa: E402
from tests.chaos.seeding import Marked, seed, write_marks  # noqa: E402
from trading.errors import TradingError  # noqa: E402
from trading.models import OPEN_STATUSES, Account, Order, Position, Quote  # noqa: E402
from trading.services import order_cancel, order_place  # noqa: E402

THREADS = 2
QUOTE_SECONDS = 2.0  # between moves of the moving price
FRESH_SECONDS = 0.5  # between signs of life of the quotes
CATCH_UP = 1.5  # times the rate at most, when an outage has to be made up for
AWAY_SECONDS = 0.1  # between attempts while the database is away
SERVICE_SHARE = 0.3  # of the transactions also trade through the services, which nudge
NUDGED_SHARE = 0.5  # of the others nudge; the rest is found by the interval
AWAY = (DatabaseError, InterfaceError)


class Ledger:
    """A file of lines, written by several threads."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")
        self._lock = threading.Lock()

    def write(self, **line: Any) -> None:
        with self._lock:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()


class TraderWriter:
    """Commits versions of one trader, one after the other, and knows of each whether it was committed."""

    def __init__(self, rows: Marked, ledger: Ledger, chance: random.Random) -> None:
        self.rows, self._ledger, self._chance, self._number = rows, ledger, chance, 1

    def first(self) -> None:
        """Note the state that the seeding made."""
        version = marks.version(self._number, self.rows.trader)
        self._ledger.write(before=0.0, after=0.0, version=version, rows=0, nudged=False, desk=self._digests())

    def commit(self) -> int:
        """Commit the next version; return how many rows it changed, 0 where the database refused."""
        self._number += 1
        version = marks.version(self._number, self.rows.trader)
        trades, nudged = self._chance.random() < SERVICE_SHARE, self._chance.random() < NUDGED_SHARE
        line: dict[str, Any] = {"version": version, "nudged": nudged or trades}
        before = None
        try:
            with orm_scope():
                with transaction.atomic():
                    line["rows"] = self._trade(line) if trades else 0
                    line["rows"] += write_marks(self.rows, version)
                    if nudged:
                        nudge([self.rows.user])
                    before = time.monotonic()
                after = time.monotonic()
        except AWAY:
            if before is None or not self._is_committed(version):
                return 0
            after = time.monotonic()
        self._ledger.write(before=before, after=after, **line)
        return int(line["rows"])

    def _trade(self, line: dict[str, Any]) -> int:
        """Place or cancel an order of the desk through a service; return how many rows that changed at least."""
        try:
            with transaction.atomic():
                rows = self._order()
        except TradingError:
            return 0  # the quote was too old: the database was away for a while
        line["desk"] = self._digests()
        return rows

    def _order(self) -> int:
        account = Account.objects.get(user_id=self.rows.user, name=marks.desk(self.rows.trader))
        resting = Order.objects.filter(account=account, status__in=OPEN_STATUSES).order_by("id")
        held = Position.objects.filter(account=account, signed_amount__gt=0).first()
        what = self._chance.choice(["rest", "rest", "cancel", "buy", "sell"])
        if what == "cancel" and len(resting) > 2:
            order_cancel(order=resting[0])
            return 2
        order: dict[str, Any] = {"account": account, "symbol": marks.STILL, "amount": self._chance.randint(1, 3)}
        if what == "buy":
            order_place(side="buy", type="market", **order)
            return 5
        if what == "sell" and held is not None:
            order_place(side="sell", type="market", **{**order, "amount": held.signed_amount})
            return 6
        order_place(side="buy", type="limit", price=marks.FAR, **order)
        return 2

    def _digests(self) -> dict[str, int]:
        return {
            feed: marks.desk_digest(document, self.rows.trader) for feed, document in documents(self.rows.user).items()
        }

    def _is_committed(self, version: int) -> bool:
        """Find out what became of a commit whose answer was lost. The row's lock waits for the backend's end."""
        while True:
            try:
                with orm_scope(), transaction.atomic():
                    return bool(Account.objects.select_for_update().get(pk=self.rows.account).total == version)
            except AWAY:
                time.sleep(AWAY_SECONDS)


class Writer:
    """Commits at a steady rate in threads, each with traders of its own, and keeps the quotes fresh."""

    def __init__(self, seeded: list[dict[str, Any]], rate: float, seed: int, ledger: Ledger) -> None:
        self._rate, self._ledger, self._seed = rate, ledger, seed
        self._quiet = threading.Event()
        self._traders = [
            TraderWriter(
                Marked(one["trader"], one["user"], one["account"], one["order"]),
                ledger,
                random.Random(f"{seed}/trader/{one['trader']}"),
            )
            for one in seeded
        ]

    def start(self) -> None:
        for trader in self._traders:
            trader.first()
        threading.Thread(target=self._quote, name="quotes", daemon=True).start()

    def go(self) -> None:
        """Begin to commit."""
        for number in range(min(THREADS, len(self._traders))):
            threading.Thread(target=self._commit, args=(number,), name=f"commits-{number}", daemon=True).start()

    def quiet(self) -> None:
        """End the commits and the moves of the price; the quotes stay fresh."""
        self._quiet.set()

    def _commit(self, number: int) -> None:
        """Commit this thread's share of `rate` rows a second; after an outage faster, to make up for it."""
        chance, rate = random.Random(f"{self._seed}/commits/{number}"), self._rate / THREADS
        traders = self._traders[number::THREADS]
        due = time.monotonic()
        while not self._quiet.is_set():
            began = time.monotonic()
            rows = chance.choice(traders).commit()
            if not rows:
                self._quiet.wait(AWAY_SECONDS)
                continue
            due += rows / rate
            self._quiet.wait(max(due - time.monotonic(), began + rows / rate / CATCH_UP - time.monotonic(), 0.0))

    def _quote(self) -> None:
        """Move the price; one whose commit has no answer is written again, so that all in between are known."""
        number, moved, before = int(marks.MARK), time.monotonic(), None
        while True:
            if before is None and time.monotonic() - moved >= QUOTE_SECONDS and not self._quiet.is_set():
                number, before = number + 1, time.monotonic()
            try:
                with orm_scope():
                    Quote.objects.filter(instrument__symbol=marks.STILL).update(updated_at=timezone.now())
                    moving = Quote.objects.filter(instrument__symbol=marks.MOVING)
                    moving.update(updated_at=timezone.now(), mark=number, last=number)
                if before is not None:
                    moved = time.monotonic()
                    self._ledger.write(quote=number, before=before, after=moved, rows=1)
                    before = None
            except AWAY:
                pass  # and again
            time.sleep(FRESH_SECONDS)


def documents(user: int) -> dict[str, Any]:
    """Return feed -> document, as the database has it now."""
    return {
        feed: result.document if isinstance(result, FeedStale) else result
        for feed, result in read(user, marks.FEEDS).items()
    }


def main(traders: int, rate: float, chance: int, ledger: Path) -> None:
    """Do what the lines of stdin say, to the end of it."""
    keep_connections()
    call_command("migrate", verbosity=0)
    seeded = seed(traders)
    writer = Writer(seeded, rate, chance, Ledger(ledger))
    writer.start()
    _say({"seeded": seeded})
    for line in sys.stdin:
        if line.strip() == "go":
            writer.go()
        elif line.strip() == "quiet":
            writer.quiet()
        elif line.strip() == "read":
            with orm_scope():
                price = Quote.objects.get(instrument__symbol=marks.MOVING).last
                found = {str(one["trader"]): documents(one["user"]) for one in seeded}
            _say({"documents": found, "price": str(int(price))})


def _say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
