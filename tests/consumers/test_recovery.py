"""Lost messages, a lost Redis, a lost pusher: repaired, or stale, but never wrong and live."""

import threading
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from pushers.layer import Message
from tests.consumers.conftest import Faults, Site
from tests.consumers.sockets import pushes
from tradingsite.embedded_redis import embedded_redis, free_port, wait_for_redis

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick")]


def lose(kind: str, times: int) -> Any:
    """Lose the first messages of a kind."""
    left = [times]

    def fault(message: Message) -> list[Message]:
        if message["type"] == kind and left[0]:
            left[0] -= 1
            return []
        return [message]

    return fault


def swap(kind: str) -> Any:
    """Send every second message of a kind before the one it followed."""
    held: list[Message] = []

    def fault(message: Message) -> list[Message]:
        if message["type"] != kind:
            return [message]
        if held:
            return [message, held.pop()]
        held.append(message)
        return []

    return fault


@pytest.mark.parametrize(
    "fault",
    [lose("push", 2), lose("probe", 1), lose("want", 2), lose("beat", 3), swap("push"), lambda message: [message] * 2],
    ids=["lost push", "lost probe", "lost question", "lost beat", "wrong order", "everything twice"],
)
async def test_a_lossy_layer_is_repaired(site: Site, faults: Faults, fault: Any) -> None:
    await site.pusher()
    other = await site.client("bob").welcomed("orders")
    await other.shows("orders", {"1": {"owner": "bob"}})
    faults.fault = fault
    alice = await site.client("alice").welcomed("orders", "balance")
    await alice.shows("orders", {"1": {"owner": "alice"}})
    for number in range(4):
        site.orders.documents[site.users["alice"].pk] = {"1": {"owner": "alice", "step": str(number)}}
        site.balance.documents[site.users["alice"].pk] = {"paper": {"step": str(number)}}
        await alice.shows("balance", {"paper": {"step": str(number)}})
        await alice.shows("orders", {"1": {"owner": "alice", "step": str(number)}})
    assert pushes(await other.settle()) == []


async def test_without_pushers_a_feed_is_stale(site: Site) -> None:
    client = await site.client("alice").welcomed("orders", symbols=["AAPL"])
    held = client.rule.feeds["orders"]
    await client.until(lambda: held.stale and held.stale["reason"] == "pusher_down", "pusher_down")
    await site.pusher()
    await client.shows("orders", {"1": {"owner": "alice"}})


async def test_a_feeds_own_reason_is_told_before_its_document(site: Site) -> None:
    await site.pusher()
    first = await site.client("alice").welcomed("orders")
    await first.shows("orders", {"1": {"owner": "alice"}})
    site.orders.stale = "market_stale"
    await first.until(lambda: not first.rule.live(), "stale")
    second = await site.client("alice").welcomed("orders")
    held = second.rule.feeds["orders"]
    live = []
    await second.until(lambda: live.append(held.live) or held.document, "the last document")
    assert not any(live)
    site.orders.stale = ""
    await second.shows("orders", {"1": {"owner": "alice"}})


async def test_a_stale_price_is_told_before_it(site: Site) -> None:
    await site.pusher()
    first = await site.client("alice").welcomed(symbols=["AAPL"])
    await first.until(lambda: first.rule.tickers, "the price")
    site.prices.stale = "market_stale"
    await first.until(lambda: first.rule.ticker.stale, "stale")
    second = await site.client("bob").welcomed(symbols=["AAPL"])
    live = []
    await second.until(lambda: live.append(second.rule.ticker.live) or second.rule.tickers, "the price")
    assert not any(live)


async def test_another_pusher_takes_over_in_a_new_epoch(site: Site) -> None:
    dead = await site.pusher()
    client = await site.client("alice").welcomed("orders")
    await client.shows("orders", {"1": {"owner": "alice"}})
    epoch, _ = client.rule.feeds["orders"].position
    await site.pusher()
    await dead.kill()
    site.orders.documents[site.users["alice"].pk] = {}
    await client.shows("orders", {})
    after, _ = client.rule.feeds["orders"].position
    assert after > epoch
    entries = [frame["feeds"]["orders"] for frame in client.frames if frame["type"] == "push"]
    positions = [(entry["epoch"], entry["seq"]) for entry in entries]
    assert positions == sorted(positions)
    assert "snapshot" in next(entry for entry in entries if entry["epoch"] == after)


async def test_a_pusher_that_hands_over_leaves_no_gap(site: Site) -> None:
    first = await site.pusher()
    await site.pusher()
    client = await site.client("alice").welcomed("orders")
    await client.shows("orders", {"1": {"owner": "alice"}})
    await first.stop()
    site.orders.documents[site.users["alice"].pk] = {"2": {}}
    await client.shows("orders", {"2": {}})


async def test_a_client_that_comes_back_up_to_date_costs_no_read(site: Site) -> None:
    await site.pusher(interval=60)
    first = await site.client("alice").welcomed("orders", "balance")
    await first.until(first.rule.live, "live")
    await first.quiet(0.5)
    have = {name: {"epoch": held.position[0], "seq": held.position[1]} for name, held in first.rule.feeds.items()}
    reads = len(site.orders.reads) + len(site.balance.reads)
    await first.close()
    again = site.client("alice")
    again.rule.feeds = first.rule.feeds
    await again.welcomed("orders", "balance", have=have)
    await again.until(again.rule.live, "live")
    assert all(set(entry) == {"epoch", "seq"} for push in pushes(again.frames) for entry in push.values())
    assert len(site.orders.reads) + len(site.balance.reads) == reads


async def test_sockets_stay_live_by_digests_alone(site: Site, faults: Faults) -> None:
    """With nothing changing no list and no question goes out, and nothing becomes stale."""
    await site.pusher()
    clients = [await site.client(name).welcomed("orders", "balance") for name in ("alice", "bob")]
    for client in clients:
        await client.until(client.rule.live, "live")
    await clients[0].quiet(1.0)
    faults.sent.clear()
    for client in clients:
        await client.quiet(1.5)
        assert client.rule.live()
    kinds = {message["type"] for message in faults.sent}
    assert "digest" in kinds
    assert kinds <= {"digest", "beat"}


async def test_a_lost_redis_makes_stale_and_its_return_live(site: Site, settings: Settings, tmp_path: Path) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    config = {"hosts": [{"address": url, "socket_timeout": None}]}
    settings.CHANNEL_LAYERS = {"default": {**settings.CHANNEL_LAYERS["default"], "CONFIG": config}}
    with embedded_redis(port=port, log=tmp_path / "first.log"):
        wait_for_redis(url)
        await site.pusher()
        client = await site.client("alice").welcomed("orders")
        await client.shows("orders", {"1": {"owner": "alice"}})
    site.orders.documents[site.users["alice"].pk] = {}
    held = client.rule.feeds["orders"]
    await client.until(lambda: held.stale and held.stale["reason"] == "pusher_down", "pusher_down")
    with embedded_redis(port=port, log=tmp_path / "second.log"):
        wait_for_redis(url)
        await client.shows("orders", {}, seconds=20)
        await site.aclose()


async def test_a_message_that_is_none_of_ours_ends_neither_hub_nor_pusher(site: Site, clean_redis: Any) -> None:
    await site.pusher()
    alice = await site.client("alice").welcomed("orders")
    await alice.shows("orders", {"1": {"owner": "alice"}})
    user = site.users["alice"].pk
    for group in ("hubs", "pushers", f"user.{user}"):
        assert clean_redis.publish(f"asgi__group__{group}", b"\xc1 not msgpack") > 0
        assert clean_redis.publish(f"asgi__group__{group}", b"\xa4text") > 0
    site.orders.documents[user] = {"1": {"owner": "alice", "step": "1"}}
    await alice.shows("orders", {"1": {"owner": "alice", "step": "1"}})


async def test_a_feed_slower_than_anothers_interval_does_not_keep_that_one_back(site: Site, monkeypatch: Any) -> None:
    fetch, asked = site.balance.fetch, threading.Event()

    def slow(user_ids: Any) -> Any:
        asked.wait(0.3)  # three intervals of the other feeds
        return fetch(user_ids)

    monkeypatch.setattr(site.balance, "fetch", slow)
    await site.pusher()
    alice = await site.client("alice").welcomed("orders", "balance")
    await alice.shows("orders", {"1": {"owner": "alice"}})
    for step in "123":
        site.orders.documents[site.users["alice"].pk] = {"1": {"owner": "alice", "step": step}}
        await alice.shows("orders", {"1": {"owner": "alice", "step": step}})
