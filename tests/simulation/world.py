"""What the processes share: the database with its leases, and the layer, which loses, repeats and delays."""

import json
from typing import TYPE_CHECKING, Any

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


class World(Clock):
    """The state of everything that is outside of the processes; `loss`, `twice` and `late` are chances of a message."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.leases = {shard: ["", 0, 0.0] for shard in range(SHARDS)}  # owner, epoch, end
        self.history = {user: [(0, 0, self.now)] for user in USERS}  # (transaction, mark, since when)
        self.loss = self.twice = self.late = 0.0
        self.layer_down = self.database_down = False
        self.feeds_down: set[str] = set()
        self.unsettled = True  # processes hand over, and Redis is slow at times
        self.pushers: list[Pusher] = []
        self.web: list[WebServer] = []
        self.numbered: dict[tuple[str, str, int, int], str] = {}  # (user, feed, epoch, seq) -> document

    def commit(self) -> None:
        """Change a user's rows, or the price alone; most changes are nudged."""
        user = self.random.choice(USERS)
        transaction, mark, _ = self.history[user][-1]
        moved = self.random.random() < 0.4
        self.history[user].append((transaction + (not moved), mark + moved, self.now))
        if not moved and self.random.random() < 0.7:
            for pusher in self.pushers:
                self.send(pusher, None, {"type": "nudge", "users": [user], "feeds": None})
        if self.now < END - 8:
            self.after(self.random.expovariate(2.0), self.commit)

    def document(self, user: str, feed: str) -> dict[str, Any]:
        """Return what the database holds now."""
        return document(user, feed, *self.history[user][-1][:2])

    def wrong_since(self, user: str, feed: str, transaction: int, mark: int) -> float:
        """Return since when a document with these numbers is not the newest; now while it is."""
        for newer_transaction, newer_mark, since in self.history[user]:
            if newer_transaction > transaction or (feed == "pnl" and newer_mark > mark):
                return since
        return self.now

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


def document(user: str, feed: str, transaction: int, mark: int) -> dict[str, Any]:
    """Return the one document that these numbers stand for; the padding makes a patch the smaller one."""
    body: dict[str, Any] = {
        "user": user,
        "n": str(transaction),
        "rows": {str(transaction % 5): {"x": str(transaction)}},
    }
    body["padding"] = "p" * 40
    return body | ({"mark": str(mark)} if feed == "pnl" else {})


def carried(message: Message) -> Message:
    """Return what arrives of a message: nothing in it is shared with who sent it."""
    return json.loads(json.dumps(message))
