"""Keeping the leases: what is taken, lost and given back is told at once, also when the database is slow or away."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from django.db import OperationalError

from pushers import keeper as keeper_module
from pushers.keeper import LeaseKeeper
from pushers.lease import Leases, ShardCountError, Standing
from pushers.ownership import Ownership
from tests.pushers.fakes import FakeClock

SECONDS = 5.0


class FakeLeases(Leases):
    """Two shards whose rows are a variable: `holder` has both, or nobody; `error` is raised, `gate` waited for."""

    def __init__(self, count: int = 2) -> None:
        super().__init__(count, 4.0, owner="me", clock=FakeClock())
        self.holder: str | None = None
        self.error: Exception | None = None
        self.give_back: list[int] = []
        self.next_epoch = 7
        self.released = False
        self.stepped = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def step(self) -> Standing:
        self._statement()
        self.stepped.set()
        if self.holder is not None:
            self.give_up(range(self.count))
            return Standing(2, others=dict.fromkeys(range(self.count), self.holder), next_end=4.0)
        missing = [shard for shard in range(self.count) if shard not in self.held]
        released, self.give_back = self.give_back, []
        self.give_up(released)
        for shard in missing:
            self._deadlines[shard] = float("inf")
            self._epochs[shard] = self.next_epoch
        self.next_epoch += bool(missing)
        return Standing(1, released=released)

    def release(self) -> None:
        self._statement()
        self.give_up(range(self.count))
        self.released = True

    def _statement(self) -> None:
        assert self.gate.wait(SECONDS)
        if self.error is not None:
            raise self.error


class Bench:
    def __init__(self) -> None:
        self.leases = FakeLeases()
        self.ownership = Ownership(self.leases)
        self.told: list[tuple[str, set[int]]] = []
        self.served: list[int] = []  # how many shards were served when taking or losing was told
        self.taken = asyncio.Event()
        self.keeper = LeaseKeeper(
            self.leases,
            self.ownership,
            on_taken=self._on_taken,
            on_lost=lambda shards: self.told.append(("lost", shards)),
            on_released=self._on_released,
        )

    def _on_taken(self, shards: set[int]) -> None:
        self.told.append(("taken", shards))
        self.taken.set()

    def _on_released(self) -> None:
        self.told.append(("released", set()))

    async def statement_ended(self) -> None:
        """Let the statement that was given up go on, and wait until it has had its effect."""
        self.leases.gate.set()
        await self.keeper.thread.run(lambda: None)


@pytest.fixture
def bench(caplog: pytest.LogCaptureFixture) -> Iterator[Bench]:
    caplog.set_level("INFO", "pushers")
    bench = Bench()
    yield bench
    bench.leases.gate.set()
    bench.keeper.thread.close()


pytestmark = pytest.mark.django_db(transaction=True)

TAKEN, LOST, RELEASED = ("taken", {0, 1}), ("lost", {0, 1}), ("released", set())


async def test_what_is_taken_is_told_once_and_served(bench: Bench) -> None:
    for _ in range(3):
        assert await bench.keeper.step() is not None
    assert bench.told == [TAKEN]
    assert [bench.ownership.epoch(shard) for shard in (0, 1)] == [7, 7]


async def test_the_sharing_is_said_where_it_has_changed(bench: Bench, caplog) -> None:
    for holder in ("a", "a", "b", None):
        bench.leases.holder = holder
        await bench.keeper.step()
    assert [record.message for record in caplog.records] == [
        "Pushing for 0 of 2 shards; the others are held by a.",
        "Pushing for 0 of 2 shards; the others are held by b.",
        "Pushing for 2 of 2 shards.",
    ]


async def test_what_is_lost_is_told_and_taken_again_under_another_epoch(bench: Bench) -> None:
    await bench.keeper.step()
    bench.leases.holder = "other"
    await bench.keeper.step()
    assert bench.ownership.fences() == []
    bench.leases.holder = None
    await bench.keeper.step()
    assert bench.told == [TAKEN, LOST, TAKEN]
    assert bench.ownership.epoch(0) == 8


async def test_what_is_given_back_is_told_here_and_to_the_others(bench: Bench) -> None:
    await bench.keeper.step()
    bench.leases.give_back = [1]
    await bench.keeper.step()
    assert bench.told == [TAKEN, ("lost", {1}), RELEASED]
    assert (bench.ownership.epoch(0), bench.ownership.epoch(1)) == (7, None)


async def test_an_epoch_that_changed_between_two_looks_is_lost_and_taken(bench: Bench) -> None:
    await bench.keeper.step()
    bench.leases._epochs[1] = 9
    assert bench.ownership.epoch(1) is None  # until the old streams are forgotten
    await bench.keeper.step()
    assert bench.told == [TAKEN, ("lost", {1}), ("taken", {1})]


async def test_a_database_that_is_away_is_logged_once_and_outlived(bench: Bench, caplog) -> None:
    await bench.keeper.step()
    bench.leases.error = OperationalError("the database system is shutting down")
    for _ in range(3):
        assert await bench.keeper.step() is None
    bench.leases.error = None
    await bench.keeper.step()
    errors = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 1
    assert "the database system is shutting down" in errors[0]
    assert bench.told == [TAKEN]


async def test_a_step_given_up_that_still_took_leases_is_told(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr(keeper_module, "STATEMENT_SECONDS", 0.02)
    bench.leases.gate.clear()
    await bench.keeper.step()
    assert await bench.keeper.step() is None  # the statement is still under way: no second one
    await bench.statement_ended()
    assert (bench.leases.epoch(0), bench.ownership.epoch(0)) == (7, None)
    monkeypatch.undo()
    await bench.keeper.step()
    assert bench.told == [TAKEN]


async def test_a_step_given_up_that_still_lost_leases_is_told(bench: Bench, monkeypatch) -> None:
    await bench.keeper.step()
    monkeypatch.setattr(keeper_module, "STATEMENT_SECONDS", 0.02)
    bench.leases.holder = "other"
    bench.leases.gate.clear()
    await bench.keeper.step()
    await bench.statement_ended()
    monkeypatch.undo()
    await bench.keeper.step()
    assert bench.told == [TAKEN, LOST]


async def test_another_number_of_shards_ends_it_with_nothing_served(bench: Bench) -> None:
    await bench.keeper.step()
    bench.leases.give_up([0, 1])
    bench.leases.error = ShardCountError("3 shards")
    with pytest.raises(ShardCountError):
        await bench.keeper.run(asyncio.Event())
    assert bench.told == [TAKEN, LOST]


async def test_it_runs_until_it_is_stopped_and_still_holds_the_leases_then(bench: Bench) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(bench.keeper.run(stop))
    async with asyncio.timeout(SECONDS):
        await bench.taken.wait()
        stop.set()
        await task
    assert bench.ownership.epoch(0) == 7


async def test_it_looks_at_once_when_another_process_released_something(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr(keeper_module, "RENEWALS", 0.001)  # an hour between two looks
    stop, bench.leases.holder = asyncio.Event(), "other"
    task = asyncio.create_task(bench.keeper.run(stop))
    async with asyncio.timeout(SECONDS):
        await asyncio.to_thread(bench.leases.stepped.wait, SECONDS)
        bench.leases.holder = None
        bench.keeper.look()
        await bench.taken.wait()
        stop.set()
        await task


async def test_it_looks_when_anothers_lease_can_have_run_out(bench: Bench) -> None:
    assert bench.keeper._pause(Standing(2, next_end=0.3)) == pytest.approx(0.3 + keeper_module.AFTER_END)
    assert bench.keeper._pause(Standing(2, next_end=3.9)) == 1.0
    assert bench.keeper._pause(None) == 1.0


async def test_release_hands_over_and_says_so(bench: Bench) -> None:
    await bench.keeper.step()
    await bench.keeper.release()
    assert bench.leases.released
    assert bench.told == [TAKEN, RELEASED]


async def test_a_release_that_fails_is_a_warning(bench: Bench, caplog) -> None:
    await bench.keeper.step()
    bench.leases.error = OperationalError("gone")
    await bench.keeper.release()
    assert "they run out by themselves" in caplog.text
