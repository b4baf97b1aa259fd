"""What a hub knows of the owners and asks them: one digest per shard, lists of those that differ, and no old epochs."""

import asyncio
import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from consumers import owners
from consumers.owners import Owners
from consumers.watched_user import CONFIRM, WatchedUser
from pushers.digest import digest_of, fingerprint_of, key_of
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
        self.on_first: Callable[[], None] = lambda: None  # what happens while the first message is on its way

    async def send_group(self, group: str, message: dict[str, Any]) -> bool:
        assert (group, message["hub"]) == ("pushers", "hub")
        self.sent.append(message)
        if len(self.sent) == 1:
            self.on_first()
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

    async def digests_in_turn(self) -> list[int]:
        """Return the shards in the order in which messages of one shard each name them."""
        await self.owners.send_digest()
        sent, self.layer.sent = self.layer.sent, []
        return [shard for message in sent for shard, _ in message["shards"]]

    def in_shard(self, shard: int) -> list[str]:
        return [user for user in USERS if shard_of(user, SHARDS) == shard]


@pytest.fixture
def bench(settings) -> Bench:
    settings.PUSHERS = {"SHARDS": SHARDS}
    return Bench()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a second pass at every look at the hub's clock, and every shard have a message of its own."""
    seconds = itertools.count(20)
    monkeypatch.setattr(owners, "USERS_PER_MESSAGE", 1)
    monkeypatch.setattr(owners, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))


EPOCH = at(1).position.epoch  # type: ignore[union-attr]


def fingerprint(user: str, feed: str, seq: int) -> int:
    return fingerprint_of(key_of(user, feed), Position(EPOCH, seq))


def fingerprints(**seqs: int) -> set[int]:
    """Return what a digest covers of user 7 with these positions."""
    return {fingerprint("7", feed, seq) for feed, seq in seqs.items()}


async def test_a_digest_covers_what_all_sockets_of_a_shard_have(bench: Bench) -> None:
    digests = await bench.digests()
    assert set(digests) == {shard_of(user, SHARDS) for user in USERS}
    for shard, digest in digests.items():
        assert digest == digest_of(fingerprint(user, "orders", 1) for user in bench.in_shard(shard))


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


async def test_the_order_of_sockets_and_what_they_had_before_does_not_matter(bench: Bench) -> None:
    before = await bench.digests()
    socket = Written(orders=at(2))
    bench.users["1"].connections.insert(0, socket)
    ahead = await bench.digests()
    bench.users["1"].connections.reverse()
    assert await bench.digests() == ahead
    socket.places["orders"].position = Position(EPOCH, 1)
    assert await bench.digests() == before


async def test_many_users_are_several_messages_of_whole_shards_each_with_its_own_moment(bench: Bench, clock) -> None:
    await bench.owners.send_digest()
    sent = bench.layer.sent
    named = [shard for message in sent for shard, _ in message["shards"]]
    assert len(sent) == len(named)
    assert sorted(named) == sorted({shard_of(user, SHARDS) for user in USERS})
    assert [message["asked"] for message in sent] == sorted({message["asked"] for message in sent})
    for message in sent:
        ((shard, _),) = message["shards"]
        places = [bench.users[user].connections[0].places["orders"] for user in bench.in_shard(shard)]
        assert {place.covered for place in places} == {message["asked"]}


async def test_between_two_messages_the_loop_does_its_other_work(bench: Bench, clock) -> None:
    """Also over a layer that never waits, as this one."""
    seen: list[int] = []

    async def other_work() -> None:
        while True:
            seen.append(len(bench.layer.sent))
            await asyncio.sleep(0)

    task = asyncio.create_task(other_work())
    await bench.owners.send_digest()
    task.cancel()
    assert len(bench.layer.sent) > 1
    assert set(seen) >= set(range(1, len(bench.layer.sent) + 1))


async def test_what_comes_between_two_messages_is_in_the_later_ones_alone(bench: Bench, clock) -> None:
    first, later = (await bench.digests_in_turn())[:2]
    came, newcomer = Written(orders=at(1)), watched_by(Written(orders=at(9)))
    newcomer.user_id = next(str(user) for user in range(9, 99) if shard_of(str(user), SHARDS) == later)
    early, late = bench.in_shard(first)[0], bench.in_shard(later)[0]

    def come() -> None:
        bench.users[early].connections.append(came)
        bench.users[newcomer.user_id] = newcomer
        bench.users[late].connections[0].places["orders"].lose()

    bench.layer.on_first = come
    await bench.owners.send_digest()
    digests = {shard: digest for message in bench.layer.sent for shard, digest in message["shards"]}
    held = [fingerprint(user, "orders", 1) for user in bench.in_shard(later) if user != late]
    assert digests[later] == digest_of([*held, fingerprint(newcomer.user_id, "orders", 9)])
    asked = next(message["asked"] for message in bench.layer.sent if message["shards"][0][0] == first)
    bench.users[early].on_confirm({}, asked, [])
    assert came.places["orders"].confirmed < 0
    assert bench.users[early].connections[0].places["orders"].confirmed == asked


def test_users_are_found_by_shard_while_they_come_and_go(bench: Bench) -> None:
    def expected() -> dict[int, dict[str, WatchedUser]]:
        grouped: dict[int, dict[str, WatchedUser]] = {}
        for user, watched in bench.users.items():
            grouped.setdefault(shard_of(user, SHARDS), {})[user] = watched
        return grouped

    everywhere = range(SHARDS)
    assert bench.owners.by_shard(everywhere) == expected()
    bench.users["100"] = bench.users.pop("3")  # as many as before
    assert bench.owners.by_shard(everywhere) == expected()
    bench.users["4"] = watched_by()  # went and came back
    assert bench.owners.by_shard(everywhere) == expected()
    for user in bench.in_shard(0):
        bench.users.pop(user, None)
    found = bench.owners.by_shard(everywhere)
    assert found == expected()
    assert list(bench.owners.by_shard([1, 99])) == [1]


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


def test_an_equal_digest_keeps_alive_what_it_covered() -> None:
    socket = Written(orders=at(1), pnl=at(3))
    watched = watched_by(socket)
    assert watched.cover(20.0) == fingerprints(orders=1, pnl=3)
    watched.on_confirm({"orders": 111}, 20.0, ["pnl"])
    assert (socket.places["orders"].confirmed, watched.as_of["orders"]) == (20.0, 111)
    assert watched.stale_of("orders", socket.places["orders"], 20.0 + CONFIRM) is None
    assert watched.stale_of("orders", socket.places["orders"], 20.1 + CONFIRM) is not None
    assert watched.stale_of("pnl", socket.places["pnl"], 20.0 + CONFIRM) is not None


def test_it_says_nothing_of_a_socket_that_came_or_lost_its_place_after_the_question() -> None:
    kept, lost = Written(orders=at(1)), Written(orders=at(1))
    watched = watched_by(kept, lost)
    watched.cover(20.0)
    late = Written(orders=at(1))
    watched.connections.append(late)
    lost.places["orders"].lose()
    lost.places["orders"].position = Position(EPOCH, 1)
    watched.on_confirm({}, 20.0, [])
    assert kept.places["orders"].confirmed == 20.0
    assert max(late.places["orders"].confirmed, lost.places["orders"].confirmed) < 0
    watched.cover(22.0)
    watched.on_confirm({}, 20.0, [])  # late, and still no word on them
    assert max(late.places["orders"].confirmed, lost.places["orders"].confirmed) < 0
    watched.on_confirm({}, 22.0, [])
    assert late.places["orders"].confirmed == lost.places["orders"].confirmed == 22.0


def test_a_late_word_on_an_older_digest_still_counts_for_who_was_in_it() -> None:
    socket = Written(orders=at(1))
    watched = watched_by(socket)
    watched.cover(20.0)
    watched.cover(22.0)
    watched.on_confirm({}, 20.0, [])
    assert socket.places["orders"].confirmed == 20.0


def test_it_ends_a_stale_state_unless_a_later_word_said_so() -> None:
    socket = Written(orders=at(1))
    watched = watched_by(socket)
    watched.on_words({"orders": word(1, stale="fetch_failed")}, 19.0)
    watched.cover(20.0)
    watched.on_confirm({}, 20.0, [])
    assert watched.stale == {}
    watched.on_words({"orders": word(1, stale="fetch_failed")}, 21.0)
    watched.on_confirm({}, 20.0, [])
    assert watched.stale["orders"].reason == "fetch_failed"


def test_a_feed_that_is_off_is_not_covered_and_stays_off() -> None:
    socket = Written(orders=at(1))
    watched = watched_by(socket)
    watched.cover(18.0)
    watched.on_words({"orders": word(0, stale="feed_off")}, 19.0)
    assert watched.cover(20.0) == set()
    watched.on_confirm({}, 20.0, [])
    assert watched.stale["orders"].reason == "feed_off"
