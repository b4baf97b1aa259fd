"""What goes wrong when: a pure function of the seed."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

WARM_SECONDS = 5.0  # of commits before the first fault


@dataclass(frozen=True)
class Kind:
    """A kind of fault. `seconds`: how long it lasts, or how long a killed process stays away; `gap`: what then follows
    without another fault, so that its repair can be told from others'."""

    name: str
    seconds: tuple[float, float]
    gap: float = 6.5
    clients: float = 0.0  # the share of the clients whom it hits


# A pusher's lease lasts 4 s, a hub's confirmation 10 s, a client waits 10 s for a sign of life.
KINDS = (
    Kind("pusher_kill", (0.3, 3.0)),
    Kind("pusher_term", (0.3, 3.0)),
    Kind("pusher_pause", (0.5, 2.5)),
    Kind("pusher_freeze", (6.0, 9.0)),
    Kind("web_kill", (0.3, 2.0), gap=9.0),  # the next one must not meet a site without any server
    Kind("web_term", (0.3, 2.0), gap=9.0),
    Kind("web_pause", (0.5, 4.0)),
    Kind("web_freeze", (11.0, 13.0)),
    Kind("redis_restart", (0.0, 0.3)),
    Kind("redis_kill", (0.5, 4.0)),
    Kind("redis_flush", (0.0, 0.0), gap=4.0),
    Kind("redis_cut", (0.0, 0.0)),
    Kind("redis_pause", (0.5, 4.0)),
    Kind("database_cut", (0.0, 0.0)),
    Kind("database_restart", (0.0, 1.5)),
    Kind("database_crash", (0.0, 1.5)),
    Kind("layer_drop", (4.0, 6.0)),
    Kind("layer_duplicate", (4.0, 6.0), gap=3.0),
    Kind("layer_reorder", (4.0, 6.0), gap=4.0),
    Kind("layer_all", (4.0, 7.0)),
    Kind("client_freeze", (3.0, 25.0), gap=3.0, clients=0.1),
    Kind("client_cut", (0.0, 0.0), gap=3.0, clients=0.3),
    Kind("client_storm", (3.0, 6.0), gap=3.0, clients=0.3),
)
MARKET_KINDS = (Kind("market_kill", (0.3, 2.0), gap=2.0), Kind("market_pause", (1.0, 12.0), gap=2.0))
LAYER_SHARES = {
    "layer_drop": {"drop": 0.4},
    "layer_duplicate": {"duplicate": 0.5},
    "layer_reorder": {"reorder": 0.5},
    "layer_all": {"drop": 0.2, "duplicate": 0.3, "reorder": 0.3},
}


@dataclass(frozen=True)
class Fault:
    """One fault. `at`: seconds after the first commit; `which`: the number of the process, counted round."""

    at: float
    kind: str
    seconds: float
    which: int
    clients: int

    def __str__(self) -> str:
        whom = f" {self.clients} clients" if self.clients else f" #{self.which}"
        return f"{self.at:6.1f} s  {self.kind}{whom}, {self.seconds:.1f} s"


def mixed(
    seed: int, seconds: float, clients: int, kinds: Sequence[Kind] = KINDS, gap: float | None = None
) -> list[Fault]:
    """Return faults of all kinds in turn, each round in another order, until `seconds` are full.

    `gap`, in seconds, stands for the kinds' own.
    """
    chance, at = random.Random(f"{seed}/schedule"), WARM_SECONDS
    faults: list[Fault] = []
    turns: defaultdict[str, count[int]] = defaultdict(lambda: count(chance.randrange(6)))
    while True:
        for kind in chance.sample(kinds, len(kinds)):
            lasts = round(chance.uniform(*kind.seconds), 2)
            hit = max(1, round(kind.clients * clients)) if kind.clients else 0
            pause = kind.gap if gap is None else gap
            if at + lasts + pause > seconds:
                return faults
            # Processes take turns: after one web server's fault most clients are on the other one.
            which = next(turns[kind.name.partition("_")[0]])
            faults.append(Fault(round(at, 2), kind.name, lasts, which, hit))
            at += lasts + pause


def pusher_kills(seed: int, seconds: float, every: float = 20.0) -> list[Fault]:
    """Return the kill of one pusher, each in its turn, every 20 s."""
    chance = random.Random(f"{seed}/kills")
    times = [every * number for number in range(1, int(seconds // every) + 1) if every * number + 8 <= seconds]
    return [Fault(at, "pusher_kill", round(chance.uniform(0.3, 3.0), 2), number, 0) for number, at in enumerate(times)]
