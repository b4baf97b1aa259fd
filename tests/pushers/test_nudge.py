"""The hint: sent on commit only, never in the way of a service, and on a real Redis."""

import asyncio
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import connections, transaction

from pushers import courier, nudge
from pushers.courier import Letter
from pushers.layer import PUSHERS_GROUP, Layer
from tests.pushers.fake_courier import FakeCourier
from tests.pushers.foreign_process import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> FakeCourier:
    posted = FakeCourier()
    monkeypatch.setattr(courier, "_courier", posted)
    return posted


def _without_time(message: dict) -> dict:
    assert message.pop("ts") > 0
    return message


def letter(*feeds: str) -> Letter:
    return Letter(PUSHERS_GROUP, (("type", "nudge"), ("feeds", feeds or None)))


def test_it_is_sent_when_the_transaction_commits(posted: FakeCourier) -> None:
    with transaction.atomic():
        nudge([7, 8], feeds=["pnl", "orders"])
        assert posted.letters == []
    assert posted.letters == [(letter("orders", "pnl"), ["7", "8"])]


def test_it_is_not_sent_when_the_transaction_rolls_back(posted: FakeCourier) -> None:
    with suppress(ZeroDivisionError), transaction.atomic():
        nudge([7])
        raise ZeroDivisionError
    assert posted.letters == []


def test_outside_a_transaction_it_is_sent_at_once(posted: FakeCourier) -> None:
    nudge([7])
    assert posted.letters == [(letter(), ["7"])]


def test_nobody_is_no_message(posted: FakeCourier) -> None:
    nudge([])
    assert posted.letters == []


async def test_it_arrives_over_a_real_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = Layer("pusher")
    await layer.open()
    await layer.join(PUSHERS_GROUP)
    monkeypatch.setattr(courier, "_courier", None)
    await asyncio.to_thread(_nudge_in_a_thread)
    async with asyncio.timeout(10):
        assert _without_time(await layer.receive()) == {"type": "nudge", "users": ["7", "8"], "feeds": ["orders"]}


def _nudge_in_a_thread() -> None:
    try:
        nudge([7, 8], ["orders"])
    finally:
        connections.close_all()


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
            assert _without_time(await layer.receive()) == {"type": "nudge", "users": ["7"], "feeds": None}


def test_with_redis_away_a_service_neither_waits_nor_fails(tmp_path: Path) -> None:
    assert run_script("redis://127.0.0.1:1/0", tmp_path) == "returned True"
