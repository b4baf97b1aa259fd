"""The hint: sent on commit only, never in the way of a service, and on a real Redis."""

import asyncio
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction

from pushers import nudge
from pushers.layer import PUSHERS_GROUP, Layer
from pushers.nudge import MOST_USERS, NudgeSender, _messages
from tests.pushers.foreign_process import ROOT

nudge_module = sys.modules["pushers.nudge"]
pytestmark = pytest.mark.django_db(transaction=True)


class FakeSender:
    """Keeps what is handed over."""

    pid = os.getpid()

    def __init__(self) -> None:
        self.put_in: list[tuple[list[str], frozenset[str] | None]] = []

    def put(self, users: list[str], feeds: frozenset[str] | None) -> None:
        self.put_in.append((users, feeds))


@pytest.fixture
def sender(monkeypatch: pytest.MonkeyPatch) -> FakeSender:
    sender = FakeSender()
    monkeypatch.setattr(nudge_module, "_sender", sender)
    return sender


def test_it_is_sent_when_the_transaction_commits(sender: FakeSender) -> None:
    with transaction.atomic():
        nudge([7, 8], feeds=["orders", "pnl"])
        assert sender.put_in == []
    assert sender.put_in == [(["7", "8"], frozenset({"orders", "pnl"}))]


def test_it_is_not_sent_when_the_transaction_rolls_back(sender: FakeSender) -> None:
    with suppress(ZeroDivisionError), transaction.atomic():
        nudge([7])
        raise ZeroDivisionError
    assert sender.put_in == []


def test_outside_a_transaction_it_is_sent_at_once(sender: FakeSender) -> None:
    nudge([7])
    assert sender.put_in == [(["7"], None)]


def test_nobody_is_no_message(sender: FakeSender) -> None:
    nudge([])
    assert sender.put_in == []


def test_it_never_raises_into_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(FakeSender):
        def put(self, users: Any, feeds: Any) -> None:
            raise RuntimeError("no event loop")

    monkeypatch.setattr(nudge_module, "_sender", Broken())
    with transaction.atomic():
        nudge([7])
    nudge([7])


def test_a_burst_is_one_message_per_set_of_feeds_and_a_large_one_is_split() -> None:
    users = {str(number) for number in range(MOST_USERS + 1)}
    first, second, third = _messages({None: users, frozenset({"pnl", "orders"}): {"7"}})
    assert [len(message["users"]) for message in (first, second)] == [MOST_USERS, 1]
    assert {*first["users"], *second["users"]} == users
    assert third == {"type": "nudge", "users": ["7"], "feeds": ["orders", "pnl"]}


async def test_it_arrives_over_a_real_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = Layer("pusher")
    await layer.open()
    await layer.join(PUSHERS_GROUP)
    monkeypatch.setattr(nudge_module, "_sender", None)
    await asyncio.to_thread(_nudge_in_a_thread)
    async with asyncio.timeout(10):
        assert await layer.receive() == {"type": "nudge", "users": ["7", "8"], "feeds": ["orders"]}


def _nudge_in_a_thread() -> None:
    try:
        nudge([7, 8], ["orders"])
    finally:
        connections.close_all()


class SlowLayer:
    """A layer whose sends wait for `gate`; `away` makes them fail."""

    gate: asyncio.Event
    sent: list[dict[str, Any]]

    def __init__(self, prefix: str) -> None:
        SlowLayer.gate, SlowLayer.sent = asyncio.Event(), []
        SlowLayer.sending = asyncio.Event()

    async def send_group(self, group: str, message: dict[str, Any]) -> bool:
        SlowLayer.sending.set()
        await SlowLayer.gate.wait()
        SlowLayer.sent.append(message)
        return True


def test_the_end_of_a_process_waits_for_what_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nudge_module, "Layer", SlowLayer)
    sender = NudgeSender()
    assert sender._loop is not None
    sender.put(["7"], None)
    asyncio.run_coroutine_threadsafe(SlowLayer.sending.wait(), sender._loop).result(10)
    sender._loop.call_soon_threadsafe(sender._loop.call_later, 0.05, SlowLayer.gate.set)
    sender.flush()
    assert SlowLayer.sent == [{"type": "nudge", "users": ["7"], "feeds": None}]


def test_an_idle_sender_delays_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nudge_module, "Layer", SlowLayer)
    sender = NudgeSender()
    began = time.monotonic()
    sender.flush()
    assert time.monotonic() - began < 0.5


SCRIPT = """
import django, time; django.setup()
from pushers import nudge
began = time.monotonic()
nudge([7])
print("returned", time.monotonic() - began < 1.0)
"""


def run_script(redis_url: str, tmp_path: Path) -> str:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.foreign.settings",
        "FOREIGN_DATABASE": str(tmp_path / "db.sqlite3"),
        "REDIS_URL": redis_url,
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout.strip()


async def test_a_process_that_ends_at_once_still_sends_its_nudge(redis_url: str, tmp_path: Path) -> None:
    layer = Layer("pusher")
    await layer.open()
    await layer.join(PUSHERS_GROUP)
    for _ in range(3):
        assert await asyncio.to_thread(run_script, redis_url, tmp_path) == "returned True"
        async with asyncio.timeout(10):
            assert await layer.receive() == {"type": "nudge", "users": ["7"], "feeds": None}


def test_with_redis_away_a_service_neither_waits_nor_fails(tmp_path: Path) -> None:
    assert run_script("redis://127.0.0.1:1/0", tmp_path) == "returned True"
