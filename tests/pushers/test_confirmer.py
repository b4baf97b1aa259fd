"""Digests: equal ones confirm a shard but for what can't be vouched for, others ask for the hub's list."""

from typing import Any

import pytest

from pushers.confirmer import Confirmer
from pushers.digest import digest_of, fingerprint_of, key_of
from pushers.feed import FeedStale
from pushers.publisher import Publisher
from pushers.stream import Position
from pushers.watchers import Watchers
from tests.pushers.fakes import FakeClock, FakeFeed, ListSender, Owner, reading


class Bench:
    """An owner of two shards, in which users "0" to "3" have been read: orders each, and pnl too."""

    def __init__(self) -> None:
        self.owner, self.sender, self.clock = Owner(7, count=2), ListSender(), FakeClock(10)
        self.watchers = Watchers(60)
        feeds = {"orders": FakeFeed("orders"), "pnl": FakeFeed("pnl")}
        self.publisher = Publisher(feeds, {"orders": 5, "pnl": 5}, self.owner, self.sender, self.clock)
        self.confirmer = Confirmer(self.publisher, self.watchers, self.sender, self.owner, self.clock)
        for user in "0123":
            self.read(user, {"orders": {"a": "1"}, "pnl": {"b": "1"}})
        self.sender.groups.clear()

    def read(self, user: str, results: dict[str, Any]) -> None:
        self.clock.now += 0.01
        assert self.publisher.apply(user, results, reading({user: results}, self.clock.now), 7)

    def told(self, shard: int, users: dict[str, list[str]], hub: str = "hub") -> None:
        self.confirmer.on_list({"type": "list", "hub": hub, "asked": 1.0, "shards": [[shard, users]]})

    def digest(self, *shards: tuple[int, str], hub: str = "hub") -> list[dict[str, Any]]:
        message = {"type": "digest", "hub": hub, "asked": 2.0, "shards": [list(shard) for shard in shards]}
        self.confirmer.on_digest(message)
        sent, self.sender.channels = self.sender.channels, []
        assert all(channel == hub and reply["asked"] == 2.0 for channel, reply in sent)
        return [{"shards": reply["shards"], "differ": reply["differ"]} for _, reply in sent]


def held(*users: str, seq: int = 1, feeds: tuple[str, ...] = ("orders", "pnl")) -> str:
    return digest_of(fingerprint_of(key_of(user, feed), Position(7, seq)) for user in users for feed in feeds)


ALL = {user: ["orders", "pnl"] for user in "0123"}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_an_equal_digest_confirms_the_shard_with_the_oldest_read_of_each_feed(bench: Bench) -> None:
    bench.told(0, ALL)
    oldest = {feed: bench.publisher.stream("0", feed).as_of for feed in ("orders", "pnl")}
    assert bench.digest((0, held(*"0123"))) == [{"shards": [[0, 7, oldest, {}]], "differ": []}]


@pytest.mark.parametrize("digest", [held(*"012"), held(*"0123", seq=2), held(*"0123", feeds=("orders",)), held()])
def test_another_digest_asks_for_the_list(bench: Bench, digest: str) -> None:
    bench.told(0, ALL)
    assert bench.digest((0, digest)) == [{"shards": [], "differ": [0]}]


def test_a_hub_whose_list_is_not_known_is_asked_for_it(bench: Bench) -> None:
    bench.told(0, ALL, hub="another")
    assert bench.digest((0, held(*"0123"))) == [{"shards": [], "differ": [0]}]


def test_a_document_that_changed_since_makes_the_digests_differ(bench: Bench) -> None:
    bench.told(0, ALL)
    bench.read("2", {"orders": {"a": "2"}})
    assert bench.digest((0, held(*"0123"))) == [{"shards": [], "differ": [0]}]


def test_an_owner_follows_its_own_documents_from_digest_to_digest(bench: Bench) -> None:
    bench.told(0, {"2": ["orders"]})
    for step in range(1, 4):
        (reply,) = bench.digest((0, held("2", seq=step, feeds=("orders",))))
        assert [shard for shard, *_ in reply["shards"]] == [0]
        assert bench.digest((0, held("2", seq=step + 1, feeds=("orders",)))) == [{"shards": [], "differ": [0]}]
        bench.read("2", {"orders": {"a": str(step + 1)}})


def test_what_was_never_read_is_not_in_the_digest_but_excepted(bench: Bench) -> None:
    bench.read("4", {"orders": FeedStale("market_stale")})
    bench.told(0, {"3": ["orders"], "4": ["orders"]})
    (reply,) = bench.digest((0, held("3", feeds=("orders",))))
    ((_, _, _, exceptions),) = reply["shards"]
    assert exceptions["4"]["orders"][1:4] == [0, None, False]


def test_what_cant_be_vouched_for_is_excepted(bench: Bench) -> None:
    bench.told(0, ALL)
    bench.read("2", {"pnl": FeedStale("market_stale")})
    (reply,) = bench.digest((0, held(*"0123")))
    ((_, _, as_of, exceptions),) = reply["shards"]
    assert set(as_of) == {"orders", "pnl"}
    assert list(exceptions) == ["2"]
    _, seq, text, ok, _, stale = exceptions["2"]["pnl"]
    assert (list(exceptions["2"]), seq, text, ok, stale[0]) == (["pnl"], 1, None, False, "market_stale")


def test_a_feed_that_was_not_read_for_two_intervals_is_not_confirmed(bench: Bench) -> None:
    bench.told(0, {"0": ["orders"]})
    bench.clock.now += 12
    (reply,) = bench.digest((0, held("0", feeds=("orders",))))
    assert reply["shards"][0][3]["0"]["orders"][5][0] == "fetch_failed"


def test_only_the_owner_of_a_shard_answers_for_it(bench: Bench) -> None:
    bench.told(0, ALL)
    bench.told(1, {})
    bench.owner.foreign.add(1)
    (reply,) = bench.digest((0, held(*"0123")), (1, held()))
    assert ([shard for shard, *_ in reply["shards"]], reply["differ"]) == ([0], [])
    bench.owner.now = None
    assert bench.digest((0, held(*"0123"))) == []


def test_with_the_lease_the_lists_are_forgotten(bench: Bench) -> None:
    bench.told(0, ALL)
    bench.confirmer.clear({0})
    assert bench.digest((0, held(*"0123"))) == [{"shards": [], "differ": [0]}]


def test_digests_renew_the_interest_and_the_lists_of_hubs_that_are_gone_are_forgotten(bench: Bench) -> None:
    bench.told(0, ALL)
    bench.watchers.add("0", ["orders"], bench.clock.now)
    bench.clock.now += 40
    bench.digest((0, held(*"0123")))
    bench.watchers.sweep(bench.clock.now + 40)
    assert bench.watchers.feeds("0") == {"orders", "pnl"}
    bench.clock.now += 61
    bench.confirmer.sweep()
    assert bench.digest((0, held(*"0123"))) == [{"shards": [], "differ": [0]}]


def test_many_exceptions_are_told_in_several_messages(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pushers.confirmer.REPLY_EXCEPTIONS", 1)
    bench.told(0, ALL)
    bench.told(1, {})
    for user in "01":
        bench.read(user, {"pnl": FeedStale("market_stale")})
    replies = bench.digest((0, held(*"0123")), (1, held()))
    assert [[shard for shard, *_ in reply["shards"]] for reply in replies] == [[0], [1]]
