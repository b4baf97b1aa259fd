"""Group names that every layer accepts, one per id, and a layer that may be away."""

import asyncio
import string
import uuid
from typing import Any

import pytest
from channels.layers import BaseChannelLayer, InMemoryChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from hypothesis import given
from hypothesis import strategies as st

from pushers.layer import HUBS_GROUP, PUSHERS_GROUP, Layer, Message, symbol_group, user_group
from pushers.redis_layer import RedisLayer

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
NAMES = [
    "1",
    "BTC/USDT",
    "ann@example.com",
    str(uuid.uuid4()),
    "",
    "-",
    "Änne",
    "é" * 99,
    "a" * 300,
    "x.31",
    "1.2",
    "a b",
]


@pytest.mark.parametrize("name", NAMES)
def test_every_id_and_symbol_has_a_legal_group(name: str) -> None:
    assert BaseChannelLayer().require_valid_group_name(user_group(name))
    assert BaseChannelLayer().require_valid_group_name(symbol_group(name))


@given(TEXT)
def test_any_text_has_a_legal_group(name: str) -> None:
    assert BaseChannelLayer().require_valid_group_name(user_group(name))
    assert BaseChannelLayer().require_valid_group_name(symbol_group(name))


@given(TEXT, TEXT)
def test_no_two_ids_share_a_group(one: str, other: str) -> None:
    assert (user_group(one) == user_group(other)) == (one == other)
    assert (symbol_group(one) == symbol_group(other)) == (one == other)


@given(st.text(string.ascii_letters + string.digits + "-.x", max_size=120))
def test_no_id_looks_like_the_encoded_form_of_another(name: str) -> None:
    inner = user_group(name).removeprefix("user.")
    assert inner == name or user_group(inner) != user_group(name)


def test_the_group_of_a_usual_id_can_be_read() -> None:
    assert user_group("42") == "user.42"
    assert user_group("0b5e7a52-7d7c-4f0f-8f3e-8b2d0b7f8a11") == "user.0b5e7a52-7d7c-4f0f-8f3e-8b2d0b7f8a11"


def test_the_groups_are_apart() -> None:
    groups = {user_group("hubs"), symbol_group("hubs"), HUBS_GROUP, PUSHERS_GROUP, user_group("pushers")}
    assert len(groups) == 5


class Away:
    """A channel layer whose server is away, until it is not."""

    def __init__(self) -> None:
        self.away = True
        self.sent: list[object] = []

    async def group_send(self, group: str, message: dict) -> None:
        if self.away:
            raise ConnectionError("refused")
        self.sent.append((group, message))


async def test_an_outage_loses_messages_and_is_logged_once(monkeypatch, caplog) -> None:
    away = Away()
    monkeypatch.setattr("pushers.layer.get_channel_layer", lambda: away)
    caplog.set_level("INFO", "pushers")
    layer = Layer("test")
    assert [await layer.send_group("g", {"n": n}) for n in range(3)] == [False] * 3
    away.away = False
    assert [await layer.send_group("g", {"n": n}) for n in (3, 4)] == [True, True]
    assert away.sent == [("g", {"n": 3}), ("g", {"n": 4})]
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]


LAYERS = [RedisLayer, RedisPubSubChannelLayer, InMemoryChannelLayer]


@pytest.mark.parametrize("kind", LAYERS)
async def test_the_same_messages_arrive_over_every_layer(monkeypatch, redis_url: str, kind: Any) -> None:
    hosts = {} if kind is InMemoryChannelLayer else {"hosts": [{"address": redis_url, "socket_timeout": None}]}
    made = kind(**hosts)
    monkeypatch.setattr("pushers.layer.get_channel_layer", lambda: made)
    sender, receiver = Layer("sender"), Layer("receiver")
    await receiver.open()
    assert await receiver.join_many(["user.1", "user.2", "user.3"]) == ["user.1", "user.2", "user.3"]
    assert await receiver.leave_many(["user.3"]) == ["user.3"]
    sent = [(f"user.{1 + n % 2}", {"type": "push", "n": n, "text": "é"}) for n in range(20)]
    arrived: asyncio.Queue[Message] = asyncio.Queue()
    listening = asyncio.create_task(receiver.listen(arrived.put_nowait))
    await sender.send_groups(sent)
    async with asyncio.timeout(30):
        assert [await arrived.get() for _ in sent] == [message for _, message in sent]
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await made.flush()


def test_no_layer_at_all_is_named(settings) -> None:
    settings.CHANNEL_LAYERS = {}
    with pytest.raises(RuntimeError, match="CHANNEL_LAYERS has no 'default' layer"):
        Layer("test")


async def test_a_message_travels_over_the_real_layer() -> None:
    sender, receiver = Layer("sender"), Layer("receiver")
    await receiver.open()
    assert await receiver.join("user.1")
    message = {"type": "push", "user": "1", "feeds": {"pnl": [1, 2, False, '{"é":1}']}}
    assert await sender.send_group("user.1", message)
    assert await receiver.receive() == message
    assert await sender.send_channel(receiver.channel, {"type": "answer"})
    assert await receiver.receive() == {"type": "answer"}
    assert await receiver.leave("user.1")
