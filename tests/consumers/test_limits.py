"""How much one user, and one socket, may ask of the server."""

from typing import Any

import pytest
from pytest_django import Settings

from consumers.close_codes import CloseCode
from consumers.token_bucket import TokenBucket
from tests.consumers.conftest import Site
from tests.consumers.sockets import Client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def limits(fake_feeds: None, settings: Settings) -> dict[str, Any]:
    settings.CONSUMERS = {**settings.CONSUMERS}
    return settings.CONSUMERS


async def sent_away(client: Client) -> tuple[str, int | None]:
    """Return the code of the last error and that of the close."""
    await client.take("closed")
    return client.frames[-1].get("code", ""), client.closed


async def test_one_socket_more_than_a_user_may_have_is_told_so(limits: dict[str, Any], site: Site) -> None:
    limits["SOCKETS_PER_USER"] = 2
    first, second = [await site.client("alice").welcomed() for _ in range(2)]
    assert await sent_away(await site.client("alice").open()) == ("too_many_sockets", CloseCode.TOO_MANY)
    await site.client("bob").welcomed()
    await first.close()
    await site.client("alice").welcomed()
    await second.settle()


async def test_who_sends_without_end_is_told_so_once(limits: dict[str, Any], site: Site) -> None:
    limits |= {"FRAMES_BURST": 5, "FRAMES_PER_SECOND": 0.001}
    client = await site.client("alice").welcomed()
    for number in range(20):
        await client.send({"type": "ping", "id": number})
    assert await sent_away(client) == ("too_many_frames", CloseCode.TOO_MANY)
    assert [frame["type"] for frame in client.frames] == ["welcome", "subscribed", *["pong"] * 4, "error"]


async def test_frames_before_signing_in_count_too(limits: dict[str, Any], site: Site) -> None:
    limits |= {"FRAMES_BURST": 3, "FRAMES_PER_SECOND": 0.001}
    client = await site.client(gate=True).open()
    for number in range(20):
        await client.send({"type": "ping", "id": number})
    assert await sent_away(client) == ("too_many_frames", CloseCode.TOO_MANY)
    assert [frame["code"] for frame in client.frames] == ["not_signed_in"] * 3 + ["too_many_frames"]


async def test_subscriptions_beyond_the_limit_are_refused_and_the_others_stand(
    limits: dict[str, Any], site: Site
) -> None:
    limits |= {"FEEDS_PER_SOCKET": 1, "SYMBOLS_PER_SOCKET": 1}
    client = await site.client("alice").welcomed()
    too_many = {"ok": False, "code": "too_many"}
    answer = await client.subscribe("orders", "balance", symbols=["AAPL", "user.2"])
    assert answer["feeds"] == {"orders": {"ok": True}, "balance": too_many}
    assert answer["symbols"] == {"AAPL": {"ok": True}, "user.2": too_many}
    again = await client.subscribe("balance", "orders", symbols=["user.2", "AAPL"])
    assert (again["feeds"], again["symbols"]) == (answer["feeds"], answer["symbols"])
    await client.send({"type": "unsubscribe", "feeds": ["orders"], "symbols": ["AAPL"]})
    await client.take("unsubscribed")
    answer = await client.subscribe("balance", symbols=["user.2"])
    assert (answer["feeds"], answer["symbols"]) == ({"balance": {"ok": True}}, {"user.2": {"ok": True}})


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = TokenBucket(rate=2, burst=3, now=0)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(0.5), bucket.take(0.5)] == [True, False]
    assert [bucket.take(1000) for _ in range(4)] == [True, True, True, False]
