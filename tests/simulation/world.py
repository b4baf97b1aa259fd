"""What the processes share: the database with its leases, and the layer, which loses, repeats and delays."""

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from pushers.layer import Message
from tests.simulation.clock import Clock, Process

if TYPE_CHECKING:
    from tests.simulation.hub import WebServer
    from tests.simulation.owner import Pusher

SHARDS, LEASE, INTEREST = 2, 4.0, 12.0  # seconds
INTERVALS = {"orders": 1.0, "pnl": 2.0}  # seconds; only pnl holds what the market moves
USERS = ("1", "2", "3")
START, FAULTS, CALM, END = 100.0, 108.0, 140.0, 164.0  # faults from then, until then; then all must become well
LATEST = 12.0  # seconds that a message takes at most


class Rows(NamedTuple):
    """What the database holds of a user: how often each feed's rows have changed, and the price."""

    orders: int
    pnl: int
    mark: int
    since: float


class World(Clock):
    """The state of everything that is outside of the processes; `loss`, `twice` and `late` are chances of a message."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.leases = {shard: ["", 0, 0.0] for shard in range(SHARDS)}  # owner, epoch, end
        self.history = {user: [Rows(0, 0, 0, self.now)] for user in USERS}
        self.loss = self.twice = self.late = 0.0
        self.layer_down = self.database_down = False
        self.feeds_down: set[str] = set()
        self.quiet_since = END  # since when nothing fails, and nothing that failed is felt
        self.unsettled = True  # processes hand over, and Redis is slow at times
        self.pushers: list[Pusher] = []
        self.web: list[WebServer] = []
        self.numbered: dict[tuple[str, str, int, int], str] = {}  # (user, feed, epoch, seq) -> document

    def commit(self) -> None:
        """Change the rows of both feeds or of one, or the price alone; most changes are nudged."""
        user = self.random.choice(USERS)
        rows, what = self.history[user][-1], self.random.random()
        if what < 0.4:
            self.history[user].append(rows._replace(mark=rows.mark + 1, since=self.now))
        else:
            orders, pnl = (1, 1) if what < 0.8 else (1, 0) if what < 0.9 else (0, 1)
            self.history[user].append(Rows(rows.orders + orders, rows.pnl + pnl, rows.mark, self.now))
            if self.random.random() < 0.7:
                for pusher in self.pushers:
                    self.send(pusher, None, {"type": "nudge", "users": [user], "feeds": None})
        if self.now < END - 8:
            self.after(self.random.expovariate(2.0), self.commit)

    def document(self, user: str, feed: str) -> dict[str, Any]:
        """Return what the database holds now."""
        rows = self.history[user][-1]
        return document(user, feed, getattr(rows, feed), rows.mark)

    def wrong_since(self, user: str, feed: str, number: int, mark: int) -> float:
        """Return since when a document with these numbers is not the newest; now while it is."""
        for rows in self.history[user]:
            if getattr(rows, feed) > number or (feed == "pnl" and rows.mark > mark):
                return rows.since
        return self.now

    def was_true(self, user: str, numbers: dict[str, int]) -> bool:
        """Say whether these feeds had these numbers at the same time."""
        return any(
            all(getattr(rows, feed) == number for feed, number in numbers.items()) for rows in self.history[user]
        )

    def send(self, receiver: Process, lane: Any, message: Message) -> None:
        """Deliver once, never or twice, in order within a lane but for what is late."""
        draw = self.random.random
        if self.layer_down or draw() < self.loss:
            return
        for _ in range(1 + (draw() < self.twice)):
            moment = self.now + 0.002 + 0.01 * draw()
            if draw() < self.late:
                moment += self.random.choice((0.05, 0.5, 3.0, LATEST)) * draw()
            elif lane is not None:
                receiver.last[lane] = moment = max(moment, receiver.last.get(lane, 0.0) + 1e-6)
            receiver.after(moment - self.now, receiver.arrive, message)


def document(user: str, feed: str, number: int, mark: int) -> dict[str, Any]:
    """Return the one document that these numbers stand for. A change of it is a patch twice of three times."""
    rows = {f"{number}.{row}": {"x": str(number)} for row in range(1 if number % 3 else 6)}
    body: dict[str, Any] = {"user": user, "n": str(number), "rows": rows, "note": str(number // 3) * 20}
    return body | ({"mark": str(mark)} if feed == "pnl" else {})


def carried(message: Message) -> Message:
    """Return what arrives of a message: nothing in it is shared with who sent it."""
    return json.loads(json.dumps(message))
