"""What a hub knows of the owners and asks them: one digest per shard, lists of those that differ, and no old epochs."""

from typing import Any

import pytest

from consumers.owners import Owners
from consumers.watched_user import WatchedUser
from pushers.digest import digest_of
from pushers.shard import shard_of
from pushers.stream import Position
from tests.consumers.test_watched_user import Written, at, watched_by, word

SHARDS = 4
USERS = [str(number) for number in range(1, 9)]


class FakeLayer:
    """Keeps what is asked."""

    channel = "hub"

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    async def send_group(self, group: str, message: dict[str, Any]) -> bool:
        assert (group, message["hub"]) == ("pushers", "hub")
        self.sent.append(message)
        return True


class Bench:
    """A hub's users, each with one socket that has orders at 1."""

    def __init__(self) -> None:
        self.layer = FakeLayer()
        self.users: dict[str, WatchedUser] = {}
        for user in USERS:
            self.users[user] = watched_by(Written(orders=at(1)))
            self.users[user].user_id = user
        self.owners = Owners(self.layer, self.users)  # type: ignore[arg-type]

    async def digests(self) -> dict[int, str]:
        await self.owners.send_digest()
        message = self.layer.sent.pop()
        assert message["type"] == "digest"
        return dict(message["shards"])

    def in_shard(self, shard: int) -> list[str]:
        return [user for user in USERS if shard_of(user, SHARDS) == shard]


@pytest.fixture
def bench(settings) -> Bench:
    settings.PUSHERS = {"SHARDS": SHARDS}
    return Bench()


EPOCH = at(1).position.epoch  # type: ignore[union-attr]


async def test_a_digest_covers_what_all_sockets_of_a_shard_have(bench: Bench) -> None:
    digests = await bench.digests()
    assert set(digests) == {shard_of(user, SHARDS) for user in USERS}
    for shard, digest in digests.items():
        held = [(user, "orders", Position(EPOCH, 1)) for user in bench.in_shard(shard)]
        assert digest == digest_of(held)


async def test_two_sockets_at_one_position_count_once_and_at_two_positions_twice(bench: Bench) -> None:
    before = await bench.digests()
    bench.users["1"].connections.append(Written(orders=at(1)))
    assert await bench.digests() == before
    bench.users["1"].connections.append(Written(orders=at(2)))
    assert (await bench.digests())[shard_of("1", SHARDS)] != before[shard_of("1", SHARDS)]


async def test_who_is_not_joined_yet_or_has_nothing_confirmed_is_not_covered(bench: Bench) -> None:
    shard = shard_of("1", SHARDS)
    bench.users["1"].ready = False
    without = (await bench.digests())[shard]
    bench.users["1"].ready = True
    bench.users["1"].connections[0].places["orders"].verified = False
    assert (await bench.digests())[shard] == without


async def test_a_list_names_everybody_in_its_shards_and_nobody_else(bench: Bench) -> None:
    shard = shard_of("1", SHARDS)
    await bench.owners.send_list([shard])
    (message,) = bench.layer.sent
    assert message["type"] == "list"
    assert message["shards"] == [[shard, {user: ["orders"] for user in bench.in_shard(shard)}]]


async def test_lists_of_many_users_are_several_messages_of_whole_shards(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr("consumers.owners.USERS_PER_MESSAGE", 1)
    await bench.owners.send_list(range(SHARDS))
    named = [shard for message in bench.layer.sent for shard, _ in message["shards"]]
    assert sorted(named) == sorted({shard_of(user, SHARDS) for user in USERS})
    assert len(bench.layer.sent) == len(named)


def test_a_beat_tells_new_owners_once_also_when_their_push_came_first(bench: Bench) -> None:
    beat = {"of": SHARDS, "shards": [[0, 5], [1, 5]]}
    user = bench.in_shard(1)[0]
    assert not bench.owners.is_fenced(user, 5)
    assert bench.owners.on_beat(beat) == {0, 1}
    assert bench.owners.on_beat(beat) == set()
    assert bench.owners.on_beat({"of": SHARDS, "shards": [[0, 6], [1, 4]]}) == {0}
    assert bench.owners.is_fenced(user, 4)
    assert not bench.owners.is_fenced(user, 5)


def test_an_old_epoch_of_one_shard_is_no_matter_of_another(bench: Bench) -> None:
    bench.owners.on_beat({"of": SHARDS, "shards": [[0, 9]]})
    assert bench.owners.is_fenced(bench.in_shard(0)[0], 8)
    assert not bench.owners.is_fenced(bench.in_shard(1)[0], 8)


def test_a_push_service_with_another_number_of_shards_is_named_once_and_not_believed(bench: Bench, caplog) -> None:
    for _ in range(2):
        assert bench.owners.on_beat({"of": 64, "shards": [[0, 5]]}) == set()
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    assert "is 4 here and 64 in the push service" in caplog.text


# What an equal digest confirms


def cover(watched: WatchedUser, asked: float) -> list[tuple[str, int]]:
    return [(feed, position.seq) for feed, position in watched.cover(asked)]


def test_an_equal_digest_keeps_alive_what_it_covered() -> None:
    socket = Written(orders=at(1), pnl=at(3))
    watched = watched_by(socket)
    assert cover(watched, 20.0) == [("orders", 1), ("pnl", 3)]
    watched.on_confirm({"orders": 111}, 20.0, ["pnl"])
    assert (socket.places["orders"].confirmed, watched.as_of["orders"]) == (20.0, 111)
    assert watched.stale_of("orders", socket.places["orders"], 29.0) is None
    assert watched.stale_of("orders", socket.places["orders"], 31.0) is not None
    assert watched.stale_of("pnl", socket.places["pnl"], 29.0) is not None


def test_it_says_nothing_of_a_socket_that_came_or_lost_its_place_after_the_question() -> None:
    kept, lost = Written(orders=at(1)), Written(orders=at(1))
    watched = watched_by(kept, lost)
    cover(watched, 20.0)
    late = Written(orders=at(1))
    watched.connections.append(late)
    lost.places["orders"].lose()
    lost.places["orders"].position = Position(EPOCH, 1)
    watched.on_confirm({}, 20.0, [])
    assert kept.places["orders"].confirmed == 20.0
    assert max(late.places["orders"].confirmed, lost.places["orders"].confirmed) < 0
    cover(watched, 22.0)
    watched.on_confirm({}, 20.0, [])  # late, and still no word on them
    assert max(late.places["orders"].confirmed, lost.places["orders"].confirmed) < 0
    watched.on_confirm({}, 22.0, [])
    assert late.places["orders"].confirmed == lost.places["orders"].confirmed == 22.0


def test_it_ends_a_stale_state_unless_a_later_word_said_so() -> None:
    socket = Written(orders=at(1))
    watched = watched_by(socket)
    watched.on_words({"orders": word(1, stale="fetch_failed")}, 19.0)
    cover(watched, 20.0)
    watched.on_confirm({}, 20.0, [])
    assert watched.stale == {}
    watched.on_words({"orders": word(1, stale="fetch_failed")}, 21.0)
    watched.on_confirm({}, 20.0, [])
    assert watched.stale["orders"].reason == "fetch_failed"


def test_a_feed_that_is_off_is_not_covered_and_stays_off() -> None:
    socket = Written(orders=at(1))
    watched = watched_by(socket)
    cover(watched, 18.0)
    watched.on_words({"orders": word(0, stale="feed_off")}, 19.0)
    assert cover(watched, 20.0) == []
    watched.on_confirm({}, 20.0, [])
    assert watched.stale["orders"].reason == "feed_off"
