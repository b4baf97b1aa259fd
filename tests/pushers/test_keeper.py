"""Keeping the lease: taken, lost and given back are told at once, also when the database is slow or away."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from django.db import OperationalError

from pushers import keeper as keeper_module
from pushers.keeper import LeaseKeeper
from pushers.lease import Holder, Lease
from tests.pushers.fakes import FakeClock

SECONDS = 5.0


class FakeLease(Lease):
    """A lease whose row is a variable; `error` is what its statements raise, `gate` what they wait for."""

    def __init__(self) -> None:
        super().__init__(0, 4.0, owner="me", clock=FakeClock())
        self.holder: str | None = None
        self.error: Exception | None = None
        self.next_epoch = 7
        self.released = False
        self.gate = threading.Event()
        self.gate.set()

    def acquire(self) -> Holder | None:
        self._statement()
        if self.holder is not None:
            return Holder(self.holder, 1.0)
        self._epoch, self._deadline = self.next_epoch, float("inf")
        self.next_epoch += 1
        return None

    def renew(self) -> bool:
        self._statement()
        if self.holder is not None:
            self.give_up()
            return False
        return True

    def release(self) -> None:
        self._statement()
        self.give_up()
        self.released = True

    def _statement(self) -> None:
        assert self.gate.wait(SECONDS)
        if self.error is not None:
            raise self.error


class Bench:
    def __init__(self) -> None:
        self.lease = FakeLease()
        self.told: list[str] = []
        self.taken = asyncio.Event()
        self.keeper = LeaseKeeper(self.lease, on_taken=self._on_taken, on_lost=lambda: self.told.append("lost"))

    def _on_taken(self) -> None:
        self.told.append("taken")
        self.taken.set()

    async def statement_ended(self) -> None:
        """Let the statement that was given up go on, and wait until it has had its effect."""
        self.lease.gate.set()
        await self.keeper.thread.run(lambda: None)


@pytest.fixture
def bench(caplog: pytest.LogCaptureFixture) -> Iterator[Bench]:
    caplog.set_level("INFO", "pushers")
    bench = Bench()
    yield bench
    bench.lease.gate.set()
    bench.keeper.close()


pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_lease_taken_is_told_once_and_renewed(bench: Bench) -> None:
    assert [await bench.keeper.step() for _ in range(3)] == ["", "", ""]
    assert bench.told == ["taken"]


async def test_the_holder_is_named_once_and_named_anew_when_it_is_another(bench: Bench, caplog) -> None:
    for holder in ("a", "a", "b"):
        bench.lease.holder = holder
        assert await bench.keeper.step() == holder
    assert [record.message for record in caplog.records] == [
        "Shard 0 is held by a; waiting until it is gone.",
        "Shard 0 is held by b; waiting until it is gone.",
    ]
    bench.lease.holder = None
    await bench.keeper.step()
    assert bench.told == ["taken"]


async def test_a_lease_lost_is_told_and_taken_again_under_another_epoch(bench: Bench) -> None:
    await bench.keeper.step()
    bench.lease.holder = "other"
    await bench.keeper.step()
    bench.lease.holder = None
    await bench.keeper.step()
    assert bench.told == ["taken", "lost", "taken"]
    assert bench.lease.epoch == 8


async def test_a_database_that_is_away_is_logged_once_and_outlived(bench: Bench, caplog) -> None:
    await bench.keeper.step()
    bench.lease.error = OperationalError("the database system is shutting down")
    for _ in range(3):
        assert await bench.keeper.step() == ""
    bench.lease.error = None
    await bench.keeper.step()
    errors = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 1
    assert "the database system is shutting down" in errors[0]
    assert bench.told == ["taken"]


async def test_a_statement_given_up_that_still_took_the_lease_is_told(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr(keeper_module, "STATEMENT_SECONDS", 0.02)
    bench.lease.gate.clear()
    await bench.keeper.step()
    assert await bench.keeper.step() == ""  # the statement is still under way: no second one
    await bench.statement_ended()
    monkeypatch.undo()
    await bench.keeper.step()
    assert bench.told == ["taken"]


async def test_a_statement_given_up_that_still_lost_the_lease_is_told(bench: Bench, monkeypatch) -> None:
    await bench.keeper.step()
    monkeypatch.setattr(keeper_module, "STATEMENT_SECONDS", 0.02)
    bench.lease.holder = "other"
    bench.lease.gate.clear()
    await bench.keeper.step()
    await bench.statement_ended()
    monkeypatch.undo()
    await bench.keeper.step()
    assert bench.told == ["taken", "lost"]


async def test_it_runs_until_it_is_stopped_and_still_holds_the_lease_then(bench: Bench) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(bench.keeper.run(stop))
    async with asyncio.timeout(SECONDS):
        await bench.taken.wait()
        stop.set()
        await task
    assert bench.lease.epoch == 7


async def test_release_hands_over(bench: Bench) -> None:
    await bench.keeper.step()
    await bench.keeper.release()
    assert bench.lease.released


async def test_a_release_that_fails_is_a_warning(bench: Bench, caplog) -> None:
    await bench.keeper.step()
    bench.lease.error = OperationalError("gone")
    await bench.keeper.release()
    assert "it runs out by itself" in caplog.text
