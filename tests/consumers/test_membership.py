"""Which groups a hub is in, also where the layer fails."""

import asyncio
from pathlib import Path

import pytest

from consumers.membership import Membership
from consumers.watched_user import WatchedUser
from pushers.layer import Layer
from pushers.redis_layer import RedisLayer
from tradingsite.embedded_redis import embedded_redis, free_port, wait_for_redis

SECONDS = 30.0


async def test_who_came_back_while_redis_was_away_is_heard_again(tmp_path: Path, monkeypatch) -> None:
    """His leave failed, and may have had half of its effect: the group is joined anew."""
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    made = RedisLayer(hosts=[{"address": url, "socket_timeout": None}])
    monkeypatch.setattr("pushers.layer.get_channel_layer", lambda: made)
    layer, users = Layer("hub"), [WatchedUser("1")]
    membership = Membership(layer, lambda: users, list)
    with embedded_redis(port=port, log=tmp_path / "redis.log"):
        await asyncio.to_thread(wait_for_redis, url)
        await layer.open()
        await membership._follow()
    users.clear()
    await membership._follow()
    users.append(WatchedUser("1"))
    with embedded_redis(port=port, log=tmp_path / "redis.log"):
        await asyncio.to_thread(wait_for_redis, url)
        assert await probe_of(layer, membership) == "1"
        await made.flush()


async def probe_of(layer: Layer, membership: Membership) -> str:
    """Follow and probe, as the membership does for ever; return whose probe comes back."""
    async with asyncio.timeout(SECONDS):
        receiving = asyncio.create_task(layer.receive())
        while not receiving.done():
            await membership._follow()
            await membership._probe()
            await asyncio.wait([receiving], timeout=0.1)
        user: str = receiving.result()["user"]
        return user


@pytest.mark.parametrize("tries", [1, 3])
async def test_a_leave_that_failed_is_tried_again(tries: int, monkeypatch) -> None:
    left: list[list[str]] = []

    class Deaf:
        async def join_many(self, groups: list[str]) -> list[str]:
            return groups

        async def leave_many(self, groups: list[str]) -> list[str]:
            left.append(groups)
            return groups if len(left) == tries else []

    users = [WatchedUser("1")]
    membership = Membership(Deaf(), lambda: users, list)  # type: ignore[arg-type]
    await membership._follow()
    users.clear()
    for _ in range(tries + 2):
        await membership._follow()
    assert left == [["user.1"]] * tries
