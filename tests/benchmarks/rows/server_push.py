"""Server CPU per delivered push: 2,000 sockets of 2,000 users, one process, saturated and at 1,000 pushes a second."""

import asyncio
import gc
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.benchmarks.results import Entry, middle, ratio
from tests.benchmarks.senders import RedisPipe, SteadyOwner, at_rate
from tests.benchmarks.stage import Failed, Stage, cpu_of

if TYPE_CHECKING:
    from tests.benchmarks.contestants import Contestant

IDS = ("4", "5")
LIMIT = 480.0

SITE, STOCK, FLOOR = "site", "stock Channels", "bare websockets"
SITE_DAPHNE, STOCK_DAPHNE = "site on daphne", "stock Channels on daphne"
FLOOR_UVLOOP = "bare websockets on uvloop"
SOCKETIO, FLASK, PICOWS = "python-socketio", "Flask-SocketIO", "picows"
ALL = (SITE, STOCK, FLOOR, FLOOR_UVLOOP, SITE_DAPHNE, STOCK_DAPHNE, SOCKETIO, FLASK, PICOWS)
COMPARED = (
    SITE,
    STOCK,
    FLOOR,
    FLOOR_UVLOOP,
)  # what the bars are about: in every round; the others in the first ones only
OTHERS_ROUNDS = 2
MICRO = 1e6
SETTLE = 2.0  # seconds between the connecting and the first figure
RATE = 1000.0  # pushes a second, of the steady measurement


@dataclass(frozen=True)
class Spent:
    """What one measurement found of a server's process."""

    micros: float  # of processor time per push that clients received
    per_second: float  # pushes
    load: float  # share of one core


Figures = dict[str, list[Spent]]  # by contestant


def measure(stage: Stage, only: frozenset[str]) -> list[Entry]:
    """Measure rows 4 and 5."""
    database = stage.new_database()
    stage.migrate(database)
    stage.use_django(database)
    saturated, steady = asyncio.run(_compare(stage, database, only))
    return _saturated_entries(saturated) * ("4" in only) + _steady_entries(steady) * ("5" in only)


async def _compare(stage: Stage, database: str, only: frozenset[str]) -> tuple[Figures, Figures]:
    """Have all contestants ready at once, and measure one after the other, several times."""
    clients, rounds = (100, 2) if stage.quick else (2000, 5)
    pipe = RedisPipe()
    await pipe.connect(stage.redis_url)
    contestants, owner = await _contestants(stage, database, clients, pipe)
    await owner.start()
    for contestant in contestants:
        await contestant.start(stage)
        await contestant.swarm.connect(contestant.port, clients)
    await asyncio.sleep(SETTLE)
    gc.freeze()  # the clients' own collections would take the processor from the servers
    asked = owner.questions
    saturated: Figures = defaultdict(list)
    steady: Figures = defaultdict(list)
    for number in range(rounds):
        for contestant in contestants:
            if contestant.name in COMPARED or number < OTHERS_ROUNDS:
                if "4" in only:
                    saturated[contestant.name].append(await saturate(contestant, clients, 0.5 if stage.quick else 2.0))
                if "5" in only:
                    steady[contestant.name].append(await go_steady(contestant, clients, 1.0 if stage.quick else 4.0))
    if owner.questions != asked:
        raise Failed(f"expected no socket to lack a push, found {owner.questions - asked} that did")
    for contestant in contestants:
        contestant.stop()
    owner.stop()
    pipe.close()
    return saturated, steady


async def _contestants(
    stage: Stage, database: str, clients: int, pipe: RedisPipe
) -> tuple[list["Contestant"], SteadyOwner]:
    from asgiref.sync import sync_to_async

    from tests.benchmarks.contestants import Floor, Site, SocketIO, Stock
    from tests.benchmarks.sign_ins import sign_in_new_users

    made: list[Contestant] = []
    watched = []
    for name in (SITE, SITE_DAPHNE, STOCK, STOCK_DAPHNE):
        users, keys = await sync_to_async(sign_in_new_users)(clients)
        kind = Stock if name in (STOCK, STOCK_DAPHNE) else Site
        made.append(kind(name, database, users, keys, pipe))
        watched += users
    owner = SteadyOwner(map(str, watched))
    for site in made:
        assert isinstance(site, Site)
        site.owner = owner
    made += [SocketIO(SOCKETIO, pipe), SocketIO(FLASK, pipe)]
    made += [
        Floor(FLOOR, "floor_websockets"),
        Floor(FLOOR_UVLOOP, "floor_websockets", "uvloop"),
        Floor(PICOWS, "floor_picows"),
    ]
    return sorted(made, key=lambda contestant: ALL.index(contestant.name)), owner


async def saturate(contestant: "Contestant", clients: int, seconds: float) -> Spent:
    """Push to everybody again and again, while the push before is still being delivered."""
    swarm, sent = contestant.swarm, contestant.swarm.received
    standing = _Standing(contestant)
    while time.monotonic() - standing.began < seconds:
        contestant.seq += 1
        await contestant.push(0, clients, contestant.seq)
        await swarm.until(sent)  # all but what was sent just now
        sent += clients
    await swarm.until(sent)
    return standing.spent()


async def go_steady(contestant: "Contestant", clients: int, seconds: float) -> Spent:
    """Push to one after the other, RATE times a second."""
    swarm, base, before = contestant.swarm, contestant.seq, contestant.swarm.received
    rounds = max(1, round(RATE * seconds / clients))

    async def push(first: int, last: int) -> None:
        while first < last:
            turn, number = divmod(first, clients)
            until = min(clients, number + last - first)
            await contestant.push(number, until, base + turn + 1)
            first += until - number

    standing = _Standing(contestant)
    sent = await at_rate(RATE, rounds * clients / RATE, push)
    await swarm.until(before + sent)
    contestant.seq = base + rounds
    return standing.spent()


class _Standing:
    """Where a server's process stood when a measurement began."""

    def __init__(self, contestant: "Contestant") -> None:
        self._swarm, self._pid = contestant.swarm, contestant.process.pid
        contestant.process.check()
        self._received, self._cpu, self.began = self._swarm.received, cpu_of(self._pid), time.monotonic()

    def spent(self) -> Spent:
        """Return what was spent since."""
        cpu, wall = cpu_of(self._pid) - self._cpu, time.monotonic() - self.began
        delivered = self._swarm.received - self._received
        return Spent(cpu / delivered * MICRO, delivered / wall, cpu / wall)


def _saturated_entries(figures: Figures) -> list[Entry]:
    micros = {name: [spent.micros for spent in spents] for name, spents in figures.items()}
    site, stock, floor = micros[SITE], micros[STOCK], micros[FLOOR]
    entries = [
        ratio("4", "CPU per push, saturated: the site to stock Channels", site, stock, 0.1),
        ratio("4.stretch", "the same", site, stock, 0.05),
        ratio("4.floor", "CPU per push, saturated: the site to bare websockets", site, floor, 2),
        ratio("4.floor.stretch", "the same", site, floor, 1.5),
        ratio("4.floor.uvloop", "the same with the floor on the site's loop", site, micros[FLOOR_UVLOOP]),
        ratio(
            "4.daphne",
            "CPU per push, saturated: the site to stock Channels, both on daphne",
            micros[SITE_DAPHNE],
            micros[STOCK_DAPHNE],
        ),
        middle("4.rate", "pushes a second, saturated: the site", [spent.per_second for spent in figures[SITE]], "/s"),
    ]
    return entries + _each("4", "CPU per push, saturated", figures)


def _steady_entries(figures: Figures) -> list[Entry]:
    micros = {name: [spent.micros for spent in spents] for name, spents in figures.items()}
    return [
        ratio("5", "CPU per push at 1,000 a second: the site to stock Channels", micros[SITE], micros[STOCK], 1 / 3),
        ratio(
            "5.daphne",
            "CPU per push at 1,000 a second: the site to stock Channels, both on daphne",
            micros[SITE_DAPHNE],
            micros[STOCK_DAPHNE],
        ),
        *_each("5", "CPU per push at 1,000 a second", figures),
    ]


def _each(row: str, what: str, figures: Figures) -> list[Entry]:
    """Return what each contestant needs, its load with it: that of a saturated server is 1."""

    def load(spents: Sequence[Spent]) -> float:
        return sorted(spent.load for spent in spents)[len(spents) // 2]

    return [
        middle(
            f"{row}.{name.replace(' ', '-')}",
            f"{what}: {name} (at {load(figures[name]):.0%} of a core)",
            [spent.micros for spent in figures[name]],
            "us",
        )
        for name in ALL
    ]
