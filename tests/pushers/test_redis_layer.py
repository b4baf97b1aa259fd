"""What our Redis layer does on top of its parent: many messages at once, both ways, also after Redis was away."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.exceptions import ConnectionError as RedisConnectionError

from pushers.layer import Layer, Message
from pushers.redis_layer import Connection, RedisLayer
from tradingsite.embedded_redis import embedded_redis, free_port, wait_for_redis

SECONDS = 30.0


@pytest.fixture
async def layer(redis_url: str) -> AsyncIterator[RedisLayer]:
    made = RedisLayer(hosts=[{"address": redis_url, "socket_timeout": None}])
    yield made
    await made.flush()


async def taken(layer: RedisLayer, channel: str, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(SECONDS):
        return [await layer.receive(channel) for _ in range(count)]


async def test_many_messages_arrive_in_their_order(layer: RedisLayer) -> None:
    channel = await layer.new_channel()
    for group in ("user.1", "user.2"):
        await layer.group_add(group, channel)
    sent = [(f"user.{1 + n % 2}", {"type": "push", "n": n}) for n in range(500)]
    await layer.group_send_many(sent)
    assert await taken(layer, channel, 500) == [message for _, message in sent]


async def test_many_messages_reach_their_groups_alone(layer: RedisLayer) -> None:
    one, other = await layer.new_channel(), await layer.new_channel()
    await layer.group_add("user.1", one)
    await layer.group_add("user.2", other)
    await layer.group_send_many(
        [("user.1", {"n": 1}), ("user.2", {"n": 2}), ("user.3", {"n": 3}), ("user.1", {"n": 4})]
    )
    await layer.group_send_many([("user.1", {"n": "last"}), ("user.2", {"n": "last"})])
    assert await taken(layer, one, 3) == [{"n": 1}, {"n": 4}, {"n": "last"}]
    assert await taken(layer, other, 2) == [{"n": 2}, {"n": "last"}]


async def test_a_message_to_many_is_encoded_once(layer: RedisLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[Any] = []
    encode = layer.serialize
    monkeypatch.setattr(layer, "serialize", lambda message: encoded.append(message) or encode(message))
    message = {"type": "ticker"}
    await layer.group_send_many([("a", message), ("b", message), ("c", {"type": "other"})])
    assert encoded == [message, {"type": "other"}]


async def test_nothing_to_send_is_fine(layer: RedisLayer) -> None:
    await layer.group_send_many([])


async def test_many_groups_are_joined_and_left_at_once(layer: RedisLayer) -> None:
    one, other = await layer.new_channel(), await layer.new_channel()
    await layer.group_add_many(["user.1", "user.2", "user.1"], one)
    await layer.group_add_many(["user.2"], other)
    await layer.group_send_many([("user.1", {"n": 1}), ("user.2", {"n": 2})])
    assert await taken(layer, one, 2) == [{"n": 1}, {"n": 2}]
    assert await taken(layer, other, 1) == [{"n": 2}]
    await layer.group_discard_many(["user.1", "user.2", "user.3"], one)
    await layer.group_send_many([("user.1", {"n": 3}), ("user.2", {"n": 4})])
    assert await taken(layer, other, 1) == [{"n": 4}]
    await layer.group_add_many(["user.1"], one)
    await layer.group_send_many([("user.1", {"n": 5})])
    assert await taken(layer, one, 1) == [{"n": 5}]


async def test_only_a_channel_of_this_process_joins_groups(layer: RedisLayer) -> None:
    with pytest.raises(RuntimeError, match="Expected a channel of this process"):
        await layer.group_add_many(["user.1"], "elsewhere")


async def test_all_that_has_come_is_taken_together(layer: RedisLayer) -> None:
    channel = await layer.new_channel()
    await layer.group_add("user.1", channel)
    sent = [{"n": n} for n in range(300)]
    await layer.group_send_many([("user.1", message) for message in sent])
    batches = []
    async with asyncio.timeout(SECONDS):
        while sum(map(len, batches)) < len(sent):
            batches.append(await layer.receive_many(channel))
    assert [message for batch in batches for message in batch] == sent
    assert len(batches) < len(sent) / 10


async def test_a_message_that_cant_be_decoded_costs_no_other(
    layer: RedisLayer, redis_url: str, caplog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pushers.layer.get_channel_layer", lambda: layer)
    receiver, arrived = Layer("receiver"), asyncio.Queue[Message]()
    await receiver.open()
    listening = asyncio.create_task(receiver.listen(arrived.put_nowait))
    async with asyncio.timeout(SECONDS):
        await layer.send(receiver.channel, {"n": 0})
        assert await arrived.get() == {"n": 0}
        with redis.Redis.from_url(redis_url) as client, client.pipeline(transaction=False) as pipeline:
            for content in (layer.serialize({"n": 1}), b"\xc1", layer.serialize({"n": 2})):
                pipeline.publish(receiver.channel, content)
            await asyncio.to_thread(pipeline.execute)
        assert [await arrived.get(), await arrived.get()] == [{"n": 1}, {"n": 2}]
    assert "Ignored a message that could not be" in caplog.text
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_messages_in_close_succession_arrive_all_and_in_their_order(layer: RedisLayer) -> None:
    channel, sender = await layer.new_channel(), RedisLayer(*layer._args, **layer._kwargs)
    await layer.group_add("user.1", channel)

    async def send() -> None:
        for n in range(200):
            await sender.group_send("user.1", {"n": n})
        await sender.flush()

    sending = asyncio.create_task(send())
    assert await taken(layer, channel, 200) == [{"n": n} for n in range(200)]
    await sending


async def test_a_stream_of_large_messages_is_read_as_fast_as_it_comes(layer: RedisLayer, monkeypatch) -> None:
    # Redis cuts off whoever is 32 MB behind, so that these must not gather.
    pauses: list[float] = []
    gather = Connection._gather

    async def gathered(connection: Connection) -> None:
        pauses.append(1)
        await gather(connection)

    monkeypatch.setattr(Connection, "_gather", gathered)
    channel = await layer.new_channel()
    await layer.group_add("user.1", channel)
    sent = [{"n": n, "text": "x" * 20_000} for n in range(1_000)]
    sending = asyncio.create_task(layer.group_send_many([("user.1", message) for message in sent]))
    assert await taken(layer, channel, len(sent)) == sent
    await sending
    assert len(pauses) < 10


async def test_messages_arrive_in_redis_newer_protocol_too(redis_url: str) -> None:
    made = RedisLayer(hosts=[{"address": redis_url, "socket_timeout": None, "protocol": 3}])
    channel = await made.new_channel()
    await made.group_add("user.1", channel)
    await made.group_send_many([("user.1", {"n": n}) for n in range(50)])
    assert await taken(made, channel, 50) == [{"n": n} for n in range(50)]
    await made.flush()


async def test_it_works_without_hiredis(layer: RedisLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    from redis._parsers import _AsyncRESP2Parser

    monkeypatch.setattr("redis.asyncio.connection.DefaultParser", _AsyncRESP2Parser)
    channel = await layer.new_channel()
    await layer.group_add("user.1", channel)
    await layer.group_send_many([("user.1", {"n": n}) for n in range(50)])
    assert await taken(layer, channel, 50) == [{"n": n} for n in range(50)]


async def test_the_processes_layer_sends_many_in_one_round_trip(redis_url: str, monkeypatch, settings) -> None:
    made = RedisLayer(hosts=[{"address": redis_url, "socket_timeout": None}])
    monkeypatch.setattr("pushers.layer.get_channel_layer", lambda: made)
    sender, receiver = Layer("sender"), Layer("receiver")
    await receiver.open()
    assert await receiver.join("user.1")
    await sender.send_groups([("user.1", {"n": 1}), ("user.1", {"n": 2})])
    async with asyncio.timeout(SECONDS):
        assert [await receiver.receive(), await receiver.receive()] == [{"n": 1}, {"n": 2}]
    await made.flush()


async def test_a_restart_of_redis_leaves_every_group_joined(tmp_path: Path, caplog) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    made = RedisLayer(hosts=[{"address": url, "socket_timeout": None}])
    with embedded_redis(port=port, log=tmp_path / "redis.log"):
        await asyncio.to_thread(wait_for_redis, url)
        channel = await made.new_channel()
        await made.group_add("user.1", channel)
        await made.group_send_many([("user.1", {"n": 1})])
        assert await taken(made, channel, 1) == [{"n": 1}]
    with pytest.raises(RedisConnectionError):
        await made.group_send_many([("user.1", {"n": 2})])
    with embedded_redis(port=port, log=tmp_path / "redis.log"):
        await asyncio.to_thread(wait_for_redis, url)
        receiving = asyncio.create_task(made.receive(channel))
        async with asyncio.timeout(SECONDS):
            while not receiving.done():  # sent until it is subscribed again
                await made.group_send_many([("user.1", {"n": 3})])
                await asyncio.sleep(0.05)
        assert receiving.result() == {"n": 3}
        await made.flush()
