"""What a push process counts, and the row that says how it is."""

import asyncio
import time

import pytest
from prometheus_client import REGISTRY

from pushers import metrics
from pushers.clock import now_ms
from pushers.engine import Engine, Selection
from pushers.lease import Leases
from pushers.metrics import LOOPS, Sent, process_status, timed
from pushers.models import PushProcess
from tests.pushers.fakes import FakeFeed


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def push(user: str = "7", **fields: int) -> dict:
    return {"type": "push", "user": user, "feeds": {"pnl": [1, 1, True, "{}"]}, **fields}


def test_a_push_is_counted_with_its_size() -> None:
    sent = Sent()
    sent.sent(push())
    sent.sent({"type": "beat"})
    assert (sent.pushes, sent.characters) == (1, 2)


def test_the_time_from_commit_to_push_is_that_of_the_first_commit() -> None:
    sent, before = Sent(), value("pushers_commit_to_push_seconds_count")
    committed = now_ms() - 50
    sent.nudged(["7"], committed)
    sent.nudged(["7"], committed + 20)
    sent.sent(push(**sent.commit_of("7", committed + 30)))
    assert value("pushers_commit_to_push_seconds_count") == before + 1
    assert sent.latencies[0] >= 0.05


def test_a_read_from_before_the_commit_does_not_count_as_its_push() -> None:
    sent = Sent()
    sent.nudged(["7"], 1000)
    assert sent.commit_of("7", 999) == {}
    sent.refreshed(["7"], 999)
    assert sent.commit_of("7", 1000) == {"committed": 1000, "trace": ""}


def test_a_nudge_that_changed_nothing_is_not_waited_for() -> None:
    sent = Sent()
    sent.nudged(["7"], 1000)
    sent.refreshed(["7"], 1001)
    assert sent.commit_of("7", 1002) == {}


def test_what_waits_for_a_push_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_WAITING", 3)
    sent = Sent()
    sent.nudged([str(number) for number in range(5)], 1000)
    sent.nudged(["new"], 1000 + metrics.FORGOTTEN)
    assert list(sent._commits) == ["new"]


async def test_an_iteration_says_how_long_it_took_and_how_late_it_was() -> None:
    async def work() -> None:
        await asyncio.sleep(0)

    before = value("pushers_tick_seconds_count", feed="timed")
    await timed("timed", time.monotonic() - 2, work)
    assert value("pushers_tick_seconds_count", feed="timed") == before + 1
    assert value("pushers_tick_late_seconds", feed="timed") >= 2
    assert LOOPS["timed"].ticked_at > 0


async def test_an_iteration_that_fails_is_an_error_and_no_tick() -> None:
    async def work() -> None:
        raise ZeroDivisionError("by nought")

    with pytest.raises(ZeroDivisionError):
        await timed("failing", time.monotonic(), work)
    assert (LOOPS["failing"].error, LOOPS["failing"].ticked_at) == ("by nought", 0)
    assert value("pushers_feed_errors_total", feed="failing") == 1


@pytest.mark.django_db(transaction=True)
def test_the_process_writes_its_status_with_its_leases() -> None:
    feed = FakeFeed("parcels")
    engine = Engine(Selection({"parcels": feed}, None, {"parcels": 1.0}), Leases(4, 4.0))
    engine.watchers.add("7", ["parcels"], time.monotonic())
    engine.leases.step()
    status = PushProcess.objects.get().status
    assert status["users"] == 1
    assert status["feeds"]["parcels"]["watched"] == 1
    assert status["feeds"]["parcels"].keys() >= {"interval", "tickedAt", "seconds", "late", "error", "errorAt"}
    assert value("pushers_leases_held") == 4
    assert value("pushers_watched_users", feed="parcels") == 1
    engine.close()


def test_without_an_engine_there_is_no_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_engine", lambda: None)
    assert process_status() == {}
