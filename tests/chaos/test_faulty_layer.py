"""The layer that loses messages loses them only when told to, and knows who speaks for which shard."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from pushers.conf import pusher_settings
from pushers.shard import shard_of
from tests.chaos.faulty_layer import FaultyLayer, owned

MESSAGES = [{"type": "probe", "hub": "x", "user": str(number)} for number in range(60)]
ALONE, TOGETHER, DIRECT = MESSAGES[:20], MESSAGES[20:40], MESSAGES[40:]


@pytest.fixture
def layer(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> FaultyLayer:
    monkeypatch.setenv("CHAOS_DIR", str(tmp_path))
    monkeypatch.setenv("CHAOS_SEED", "1")
    return FaultyLayer(hosts=[{"address": redis_url, "socket_timeout": None}])


async def carried(layer: FaultyLayer, shares: dict[str, float], folder: Path) -> list[dict[str, Any]]:
    """Send all messages, through a group, together and to a channel; return what came within a second of the last."""
    if shares:
        (folder / "layer.json").write_text(json.dumps(shares))
    channel = await layer.new_channel("test")
    await layer.group_add("chaos", channel)
    for message in ALONE:
        await layer.group_send("chaos", message)
    await layer.group_send_many(("chaos", message) for message in TOGETHER)
    for message in DIRECT:
        await layer.send(channel, message)
    came = []
    while True:
        try:
            came.append(await asyncio.wait_for(layer.receive(channel), 1))
        except TimeoutError:
            break
    layer._gauge.cancel()
    await layer.flush()
    return came


async def test_without_the_file_all_messages_pass(layer: FaultyLayer, tmp_path: Path) -> None:
    came = await carried(layer, {}, tmp_path)
    assert sorted(came, key=str) == sorted(MESSAGES, key=str)


async def test_messages_are_dropped(layer: FaultyLayer, tmp_path: Path) -> None:
    assert await carried(layer, {"drop": 1.0}, tmp_path) == []


async def test_messages_are_repeated(layer: FaultyLayer, tmp_path: Path) -> None:
    came = await carried(layer, {"duplicate": 1.0}, tmp_path)
    assert sorted(came, key=str) == sorted([*MESSAGES, *MESSAGES], key=str)


async def test_messages_overtake_each_other(layer: FaultyLayer, tmp_path: Path) -> None:
    came = await carried(layer, {"reorder": 0.5}, tmp_path)
    assert sorted(came, key=str) == sorted(MESSAGES, key=str)
    assert came != sorted(came, key=MESSAGES.index)


def test_an_owner_is_known_by_its_messages() -> None:
    shard, entry = shard_of("7", pusher_settings().SHARDS), [9, 1, False, "{}"]
    assert list(owned({"type": "beat", "of": 64, "shards": [[3, 9], [4, 8]]})) == [(3, 9), (4, 8)]
    assert list(owned({"type": "push", "user": "7", "ts": 1, "feeds": {"a": entry, "b": entry}})) == [(shard, 9)] * 2
    answer = {"7": {"a": [9, 1, None, True, 1, None], "b": [9, 0, None, False, 1, None]}}
    assert list(owned({"type": "answer", "asked": 1.0, "docs": True, "users": answer})) == [(shard, 9)]
    assert list(owned({"type": "probe", "hub": "x", "user": "7"})) == []
