"""The socket's own rules: who may sign in, what frames may say, what a subscription is answered."""

import json
from typing import Any

import pytest
from django.db import DatabaseError
from pytest_django import Settings

from consumers import hub
from consumers.close_codes import CloseCode
from pushers.feed import Feed
from tests.consumers.conftest import Site
from tests.consumers.sockets import Client, Prices, pushes

pytestmark = pytest.mark.django_db(transaction=True)

HOST = (b"host", b"localhost")


async def closed_with(client: Client) -> int | None:
    await client.take("closed")
    return client.closed


# Signing in


async def test_a_page_without_a_session_is_accepted_and_then_told(site: Site) -> None:
    client = await site.client(gate=True, headers=[HOST, (b"origin", b"http://localhost")]).open()
    assert await closed_with(client) == CloseCode.SIGNED_OUT


async def test_a_foreign_page_is_refused_at_the_handshake(site: Site) -> None:
    client = site.client(gate=True, headers=[HOST, (b"origin", b"https://evil.example")])
    accepted, _ = await client.communicator.connect(timeout=5)
    assert not accepted


async def test_a_program_signs_in_by_a_header(site: Site) -> None:
    client = await site.client(gate=True, headers=[(b"authorization", b"Token read:bob")]).open()
    assert (await client.take("welcome"))["user"] == {"id": site.users["bob"].pk, "username": "bob"}


async def test_a_program_signs_in_by_its_first_frame(site: Site) -> None:
    client = await site.client(gate=True).open()
    await client.send({"type": "auth", "token": "read:bob"})
    welcome = await client.take("welcome")
    assert (welcome["protocol"], welcome["heartbeat"], welcome["user"]["username"]) == (1, 4, "bob")
    assert welcome["feeds"]["orders"] == {"interval": 0.1}


@pytest.mark.parametrize("token", ["read:nobody", "trade:bob", "", "\x00", "x" * 10_000])
async def test_a_bad_token_is_sent_away(site: Site, token: str) -> None:
    client = await site.client(gate=True).open()
    await client.send({"type": "auth", "token": token})
    assert await closed_with(client) == CloseCode.SIGNED_OUT


@pytest.mark.parametrize("header", [b"Token read:nobody", b"token trade:bob", b"Token \xff\x00", b"Token"])
async def test_a_bad_token_in_the_header_is_sent_away(site: Site, header: bytes) -> None:
    client = await site.client(gate=True, headers=[(b"authorization", header)]).open()
    assert await closed_with(client) == CloseCode.SIGNED_OUT


async def test_who_says_nothing_is_sent_away(site: Site, settings: Settings) -> None:
    settings.CONSUMERS = {**settings.CONSUMERS, "AUTH_SECONDS": 0.05}
    client = await site.client(gate=True).open()
    assert await closed_with(client) == CloseCode.SIGNED_OUT


async def test_nothing_is_answered_before_signing_in(site: Site) -> None:
    client = await site.client(gate=True).open()
    await client.send({"type": "subscribe", "feeds": ["orders"], "id": 4})
    error = await client.take("error")
    assert (error["code"], error["id"]) == ("not_signed_in", 4)


async def test_a_signed_in_socket_cannot_become_another_user(site: Site) -> None:
    client = await site.client("alice").welcomed()
    await client.send({"type": "auth", "token": "read:bob"})
    assert (await client.take("error"))["code"] == "signed_in"
    await client.send({"type": "ping", "id": 1})
    await client.take("pong")


# Frames


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"text": "{"}, "bad_json"),
        ({"text": ""}, "bad_json"),
        ({"text": "[" * 30_000}, "bad_frame"),
        ({"text": '{"type":"ping","x":' + '{"a":' * 10_000 + "1" + "}" * 10_001}, "bad_json"),
        ({"text": '{"type":"subscribe","feeds":"balance"}'}, "bad_frame"),
        ({"text": '{"type":"subscribe","have":{"a":{"epoch":1e99,"seq":1}}}'}, "bad_frame"),
        ({"text": '{"type":["subscribe"]}'}, "bad_frame"),
        ({"text": '"' + "x" * 1_000_000 + '"'}, "frame_too_large"),
        ({"bytes": b"\x00\xff"}, "binary_frame"),
        ({"bytes": b""}, "binary_frame"),
    ],
)
async def test_a_malformed_frame_is_answered_and_the_socket_lives(
    site: Site, message: dict[str, Any], code: str
) -> None:
    client = await site.client("alice").welcomed()
    await client.communicator.send_input({"type": "websocket.receive", **message})
    assert (await client.take("error"))["code"] == code
    assert await client.settle() == []


async def test_the_tenth_malformed_frame_ends_the_socket(site: Site) -> None:
    client = await site.client("alice").welcomed()
    for _ in range(12):
        await client.send_text("{")
    assert await closed_with(client) == CloseCode.BAD_FRAMES
    assert [frame["code"] for frame in client.frames if frame["type"] == "error"] == ["bad_json"] * 10


async def test_unknown_types_and_keys_are_ignored(site: Site) -> None:
    client = await site.client("alice").welcomed()
    await client.send({"type": "news", "feeds": 5})
    await client.send({"type": "subscribe", "feeds": [], "later": {}})
    assert [frame["type"] for frame in await client.settle()] == ["subscribed"]


async def test_a_ping_is_answered_with_its_id(site: Site) -> None:
    client = await site.client("alice").welcomed()
    await client.send({"type": "ping", "id": "abc"})
    assert (await client.take("pong"))["id"] == "abc"


async def test_a_handler_that_raises_leaves_no_socket_in_the_hub(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def may_watch(feed: Feed, user: Any) -> bool:
        raise DatabaseError("a table is missing")

    client = await site.client("alice").welcomed("orders")
    monkeypatch.setattr(type(site.balance), "may_watch", may_watch)
    await client.send({"type": "subscribe", "feeds": ["balance"]})
    with pytest.raises(DatabaseError, match="a table is missing"):
        await client.communicator.wait(timeout=5)
    assert hub.Hub.current().users == {}


# Subscriptions


async def test_each_feed_and_symbol_has_its_own_answer(site: Site) -> None:
    await site.pusher()
    names = ["orders", "secret", "nonsense", "ticker", "user.2", "", "\x00", "__class__", "é"]
    client = await site.client("alice").open()
    await client.take("welcome")
    answer = await client.subscribe(*names, symbols=["AAPL", "NONE", "", "A\x00", "user.1", "hubs"])
    unknown, ok = {"ok": False, "code": "unknown_feed"}, {"ok": True}
    assert answer["feeds"] == {
        **dict.fromkeys(names, unknown),
        "orders": ok,
        "secret": {"ok": False, "code": "forbidden"},
    }
    unknown = {"ok": False, "code": "unknown_symbol"}
    assert answer["symbols"] == {"AAPL": ok, **dict.fromkeys(["NONE", "", "A\x00", "user.1", "hubs"], unknown)}
    await client.shows("orders", {"1": {"owner": "alice"}})


async def test_a_feed_that_only_some_may_watch_is_shown_to_them(site: Site) -> None:
    await site.pusher()
    admin = await site.client("admin").welcomed("secret")
    await admin.shows("secret", {})


async def test_symbols_that_a_user_may_not_follow_are_forbidden(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Prices, "may_watch", lambda feed, user: user.is_staff)
    client = await site.client("alice").open()
    await client.take("welcome")
    answer = await client.subscribe(symbols=["AAPL"])
    assert answer["symbols"] == {"AAPL": {"ok": False, "code": "forbidden"}}


async def test_after_unsubscribe_nothing_is_pushed(site: Site) -> None:
    await site.pusher()
    client = await site.client("alice").welcomed("orders", "balance", symbols=["AAPL"])
    await client.shows("orders", {"1": {"owner": "alice"}})
    await client.shows("balance", {"paper": {"owner": "alice"}})
    await client.send({"type": "unsubscribe", "feeds": ["orders", "nonsense"], "symbols": ["AAPL", "NONE"], "id": 2})
    await client.take("unsubscribed")
    site.prices.rows["AAPL"] = {"last": "9"}
    site.orders.documents[site.users["alice"].pk] = {}
    site.balance.documents[site.users["alice"].pk] = {}
    await client.shows("balance", {})
    assert client.document("orders") == {"1": {"owner": "alice"}}
    assert client.rule.tickers != {"AAPL": {"last": "9"}}


async def test_a_snapshot_is_sent_again_to_who_asks(site: Site) -> None:
    await site.pusher()
    client = await site.client("alice").welcomed("orders", "balance")
    await client.shows("orders", {"1": {"owner": "alice"}})
    await client.shows("balance", {"paper": {"owner": "alice"}})
    await client.send({"type": "snapshot", "feeds": ["orders", "secret", "nonsense"], "id": 3})
    push = await client.take("push")
    assert push["feeds"]["orders"]["snapshot"] == {"1": {"owner": "alice"}}
    assert "secret" not in push["feeds"]


async def test_a_current_have_costs_no_read(site: Site) -> None:
    pusher = await site.pusher(interval=60)
    first = await site.client("alice").welcomed("orders")
    await first.shows("orders", {"1": {"owner": "alice"}})
    epoch, seq = first.rule.feeds["orders"].position
    await pusher.engine.refresher.idle()  # a list that came during the first read has it made once more
    reads = list(site.orders.reads)
    second = await site.client("alice").welcomed("orders", have={"orders": {"epoch": epoch, "seq": seq}})
    assert (await second.take("push"))["feeds"] == {"orders": {"epoch": epoch, "seq": seq}}
    assert pushes(await second.settle()) == []
    assert site.orders.reads == reads


async def test_frames_are_json_of_one_line(site: Site) -> None:
    await site.pusher()
    site.orders.documents[site.users["alice"].pk] = {'"}]\n\u2028': {"note": "</script>\x00\n"}}
    client = await site.client("alice").welcomed("orders")
    await client.shows("orders", {'"}]\n\u2028': {"note": "</script>\x00\n"}})
    assert json.loads(json.dumps(client.frames)) == client.frames
