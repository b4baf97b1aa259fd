"""The queue of what is sent: in order, bounded, and never after the lease."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pushers import outbox as outbox_module
from pushers.outbox import Outbox
from pushers.ownership import Fence
from tests.pushers.fakes import Owner

OLD, NEW = [Fence(0, 7)], [Fence(0, 8)]


class FakeLayer:
    """Keeps what is sent; says no while `away`; waits for `gate` before each message."""

    def __init__(self, sends_many: bool = True) -> None:
        self.sends_many = sends_many
        self.sent: list[tuple[str, dict]] = []
        self.batches: list[int] = []
        self.away = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def send_groups(self, messages: list[tuple[str, dict]]) -> None:
        await self.gate.wait()
        self.batches.append(len(messages))
        if not self.away:
            self.sent += messages

    async def send_channel(self, channel: str, message: dict) -> bool:
        await self.send_groups([(channel, message)])
        return not self.away


@asynccontextmanager
async def running(outbox: Outbox) -> AsyncIterator[None]:
    task = asyncio.create_task(outbox.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_messages_leave_in_their_order() -> None:
    layer = FakeLayer()
    outbox = Outbox(layer, Owner(7))  # type: ignore[arg-type]
    outbox.to_group(OLD, "user.1", {"n": 1})
    outbox.to_channel(OLD, "hub", {"n": 2})
    async with running(outbox):
        outbox.to_group(OLD, "user.1", {"n": 3})
        await outbox.flush(5)
    assert layer.sent == [("user.1", {"n": 1}), ("hub", {"n": 2}), ("user.1", {"n": 3})]


async def test_what_waits_for_groups_leaves_together_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "BATCH", 2)
    layer = FakeLayer()
    outbox = Outbox(layer, Owner(7))  # type: ignore[arg-type]
    for number in range(3):
        outbox.to_group(OLD, f"user.{number}", {"n": number})
    outbox.to_channel(OLD, "hub", {"n": 3})
    outbox.to_group(OLD, "user.1", {"n": 4})
    outbox.to_group(OLD, "user.2", {"n": 5})
    async with running(outbox):
        await outbox.flush(5)
    assert layer.batches == [2, 1, 1, 2]
    assert [message["n"] for _, message in layer.sent] == [0, 1, 2, 3, 4, 5]


async def test_nothing_leaves_after_the_lease_or_under_a_newer_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "BATCH", 1)
    await _paused_past_the_lease(FakeLayer())


async def test_a_layer_that_sends_one_by_one_is_asked_for_the_lease_before_each() -> None:
    await _paused_past_the_lease(FakeLayer(sends_many=False))


async def _paused_past_the_lease(layer: FakeLayer) -> None:
    owner = Owner(7)
    outbox = Outbox(layer, owner)  # type: ignore[arg-type]
    layer.gate.clear()
    async with running(outbox):
        for number in range(3):
            outbox.to_group(OLD, "user.1", {"n": number})
        await asyncio.sleep(0)  # the first batch is on its way
        owner.now = 8
        outbox.to_group(NEW, "user.1", {"n": "new"})
        layer.gate.set()
        await outbox.flush(5)
        owner.now = None
        outbox.to_group(NEW, "user.1", {"n": "late"})
        await outbox.flush(5)
    assert [message["n"] for _, message in layer.sent] == [0, "new"]


async def test_a_failing_layer_loses_messages_and_the_queue_goes_on() -> None:
    layer = FakeLayer()
    outbox = Outbox(layer, Owner(7))  # type: ignore[arg-type]
    layer.away = True
    async with running(outbox):
        outbox.to_group(OLD, "user.1", {"n": 1})
        await outbox.flush(5)
        layer.away = False
        outbox.to_group(OLD, "user.1", {"n": 2})
        await outbox.flush(5)
    assert layer.sent == [("user.1", {"n": 2})]


async def test_the_queue_is_bounded_and_drops_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "LIMIT", 3)
    layer = FakeLayer()
    outbox = Outbox(layer, Owner(7))  # type: ignore[arg-type]
    for number in range(5):
        outbox.to_group(OLD, "user.1", {"n": number})
    async with running(outbox):
        await outbox.flush(5)
    assert [message["n"] for _, message in layer.sent] == [2, 3, 4]


async def test_a_flush_ends_in_time_and_says_what_was_left(caplog: pytest.LogCaptureFixture) -> None:
    layer = FakeLayer()
    layer.gate.clear()
    outbox = Outbox(layer, Owner(7))  # type: ignore[arg-type]
    async with running(outbox):
        for number in range(3):
            outbox.to_group(OLD, "user.1", {"n": number})
        await outbox.flush(0.01)
    assert "were not sent before the end" in caplog.text


async def test_a_message_for_several_shards_needs_all_of_them() -> None:
    layer, owner = FakeLayer(), Owner(7, count=2)
    outbox = Outbox(layer, owner)  # type: ignore[arg-type]
    both = [Fence(0, 7), Fence(1, 7)]
    async with running(outbox):
        outbox.to_channel(both, "hub", {"n": 1})
        await outbox.flush(5)
        owner.foreign.add(1)
        outbox.to_channel(both, "hub", {"n": 2})
        outbox.to_channel(both[:1], "hub", {"n": 3})
        await outbox.flush(5)
    assert [message["n"] for _, message in layer.sent] == [1, 3]
