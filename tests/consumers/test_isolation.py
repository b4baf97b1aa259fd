"""What a hostile client tries: other people's data, and other sockets' peace."""

from typing import Any

import pytest
from pytest_django import Settings

from tests.consumers.conftest import Site
from tests.consumers.sockets import Client

pytestmark = pytest.mark.django_db(transaction=True)


def texts(client: Client) -> str:
    return repr(client.frames)


async def test_nobody_sees_anothers_data_whatever_he_names(site: Site) -> None:
    await site.pusher()
    alice, bob = site.users["alice"], site.users["bob"]
    names = [f"user.{alice.pk}", f"orders.{alice.pk}", f"orders/{alice.pk}", "*", "hubs", "pushers", str(alice.pk)]
    have = {name: {"epoch": 1, "seq": 1} for name in [*names, "orders"]}
    spy = await site.client("bob").welcomed("orders", *names, symbols=[*names, "AAPL"], have=have)
    honest = await site.client("alice").welcomed("orders", "balance")
    await spy.send({"type": "snapshot", "feeds": [*names, "balance"]})
    site.orders.documents[alice.pk] = {"2": {"owner": "alice", "changed": "yes"}}
    await honest.shows("orders", {"2": {"owner": "alice", "changed": "yes"}})
    site.orders.documents[bob.pk] = {"3": {"owner": "bob"}}
    await spy.shows("orders", {"3": {"owner": "bob"}})
    assert "alice" not in texts(spy)
    assert "bob" not in texts(honest)


async def test_a_symbol_named_like_a_group_is_only_a_symbol(site: Site) -> None:
    await site.pusher()
    bob = await site.client("bob").welcomed(symbols=["user.2"])
    alice = await site.client("alice").welcomed("orders")
    await alice.shows("orders", {"1": {"owner": "alice"}})
    await bob.until(lambda: bob.rule.tickers == {"user.2": {"last": "2"}}, "the symbol's row")
    assert "alice" not in texts(bob)


async def test_all_tabs_of_a_user_receive_and_one_that_closes_disturbs_none(site: Site) -> None:
    await site.pusher()
    tabs = [await site.client("alice").welcomed("orders", symbols=["AAPL"]) for _ in range(3)]
    phone = await site.client(gate=True, headers=[(b"authorization", b"Token read:alice")]).welcomed("orders")
    for client in (*tabs, phone):
        await client.shows("orders", {"1": {"owner": "alice"}})
    await tabs.pop().close()
    site.orders.documents[site.users["alice"].pk] = {}
    site.prices.rows["AAPL"] = {"last": "5"}
    for client in (*tabs, phone):
        await client.shows("orders", {})
    for tab in tabs:
        await tab.until(lambda tab=tab: tab.rule.tickers == {"AAPL": {"last": "5"}}, "the new price")


FORGERIES = [{"epoch": 2**53 - 1, "seq": 1}, {"epoch": 1, "seq": 2**53 - 1}, {"epoch": 0, "seq": 0}, "ahead", "next"]


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_have_is_never_called_live(site: Site, forgery: Any) -> None:
    await site.pusher()
    honest = await site.client("alice").welcomed("orders")
    await honest.shows("orders", {"1": {"owner": "alice"}})
    epoch, seq = honest.rule.feeds["orders"].position
    if isinstance(forgery, str):
        forgery = {"epoch": epoch, "seq": seq + (1 if forgery == "next" else 1_000_000)}
    frames = len(honest.frames)
    liar = await site.client("alice").open()
    await liar.take("welcome")
    await liar.subscribe("orders", have={"orders": forgery})
    await liar.shows("orders", {"1": {"owner": "alice"}})
    site.orders.documents[site.users["alice"].pk] = {"2": {}}
    await liar.shows("orders", {"2": {}})
    await honest.shows("orders", {"2": {}})
    snapshots = [
        frame["feeds"]["orders"]
        for frame in honest.frames[frames:]
        if frame["type"] == "push" and "snapshot" in frame["feeds"]["orders"]
    ]
    assert all(entry["seq"] == seq + 1 for entry in snapshots)
    assert honest.rule.feeds["orders"].position == (epoch, seq + 1)


@pytest.mark.parametrize("number", [-1, 2**53, 2**64, 10**300, 1.5, "1", None])
async def test_a_have_that_is_no_position_is_refused_and_disturbs_nobody(site: Site, number: Any) -> None:
    await site.pusher()
    liar = await site.client("alice").welcomed()
    for have in ({"epoch": number, "seq": 1}, {"epoch": 1, "seq": number}):
        await liar.send({"type": "subscribe", "feeds": ["orders"], "have": {"orders": have}, "id": 9})
        error = await liar.take("error")
        assert (error["code"], error["id"]) == ("bad_frame", 9)
    bob = await site.client("bob").welcomed("orders")
    await bob.shows("orders", {"1": {"owner": "bob"}})


async def test_a_socket_that_asks_without_end_gets_a_bounded_number_of_answers(site: Site, settings: Settings) -> None:
    settings.CONSUMERS = {**settings.CONSUMERS, "FRAMES_BURST": 1000}
    await site.pusher()
    client = await site.client("alice").welcomed("orders")
    await client.shows("orders", {"1": {"owner": "alice"}})
    for _ in range(200):
        await client.send({"type": "snapshot", "feeds": ["orders"]})
    frames = await client.settle()
    assert sum(frame["type"] == "push" for frame in frames) <= 2
