"""One run: who takes part, what fails and when, and the end."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from consumers import connection, hub, owners
from pushers import engine
from tests.simulation.browser import Browser
from tests.simulation.hub import WebServer
from tests.simulation.owner import Pusher
from tests.simulation.world import CALM, END, FAULTS, INTERVALS, LATEST, START, USERS, World

PROFILES = ("calm", "lossy", "processes", "late", "all", "all")
PUSHERS, WEB, PAGES = 2, 2, 2
RESTLESS = START + 20  # when the pages of a calm course come to rest


class Course:
    """The course of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed, self.world, self._started = seed, World(seed), 0
        world = self.world
        self.profile = world.random.choice(PROFILES)
        helps = world.random.random() < 0.5
        for _ in range(PUSHERS):
            self._start_pusher()
        world.web += [WebServer(world, f"web{number}") for number in range(WEB)]
        calm = self.profile == "calm"
        if calm:
            world.quiet_since, world.unsettled = START, False
        restless_until = RESTLESS if calm else CALM
        self.browsers = [
            Browser(world, user, helps=helps, restless_until=restless_until) for user in USERS for _ in range(PAGES)
        ]
        world.after(1.0, world.commit)
        world.after(FAULTS - START, self._fail)
        world.after(CALM - START, self._calm_down)

    def run(self) -> None:
        """Let it happen; raise AssertionError where a promise is broken."""
        with clock_of(self.world):
            self.world.run(END)
        for browser in self.browsers:
            browser.check_end()
            assert self.profile != "calm" or not browser.asked, "a page had to ask though nothing failed"

    @property
    def worst(self) -> float:
        """The longest time, in seconds, that a page showed something wrong as live."""
        return max(browser.worst for browser in self.browsers)

    def _start_pusher(self) -> None:
        self._started += 1
        self.world.pushers.append(Pusher(self.world, f"pusher{self._started}"))

    def _fail(self) -> None:
        """Have something else fail."""
        world, pick = self.world, self.world.random.choice
        if world.now >= CALM - 0.5:
            return
        if self.profile in ("lossy", "all"):
            world.loss, world.twice, world.late = pick((0, 0.05, 0.3)), pick((0, 0.1)), pick((0, 0.05, 0.2))
        if self.profile == "late":
            world.late = 0.5
        if self.profile in ("processes", "late", "all"):
            seconds = min(pick((0.5, 3.0, 5.0, 12.0)) * (0.5 + world.random.random()), CALM - world.now)
            self._fail_for(seconds)
        world.after(world.random.expovariate(0.3), self._fail)

    def _fail_for(self, seconds: float) -> None:
        """Have a process or what it needs fail; where messages are late, only what makes them outlive their sender."""
        world = self.world
        what = world.random.uniform(0.25, 0.65) if self.profile == "late" else world.random.random()
        pusher = world.random.choice(world.pushers)
        if what < 0.25:
            pusher.stopped_until = world.now + seconds
        elif what < 0.5:
            pusher.alive = False
            world.pushers.remove(pusher)
            world.after(seconds, self._start_pusher)
        elif what < 0.65:
            world.layer_down = True
            world.after(seconds, setattr, world, "layer_down", False)
        elif what < 0.8:
            world.database_down = True
            world.after(seconds, setattr, world, "database_down", False)
        else:
            feed = world.random.choice(list(INTERVALS))
            world.feeds_down.add(feed)
            world.after(seconds, world.feeds_down.discard, feed)
        if not world.pushers:
            self._start_pusher()

    def _calm_down(self) -> None:
        world = self.world
        world.loss = world.twice = world.late = 0.0
        world.layer_down = world.database_down = world.unsettled = False
        world.feeds_down.clear()
        world.quiet_since = min(world.quiet_since, world.now + LATEST)


@contextmanager
def clock_of(world: World) -> Iterator[None]:
    """Give the modules that look at the time themselves the world's."""
    with ExitStack() as stack:
        for module in (hub, owners, connection, engine):
            stack.enter_context(patch.object(module, "time", world))
        yield
