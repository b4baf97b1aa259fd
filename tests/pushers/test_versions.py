"""Versions: a tick fetches the documents of those only whose version is another than the recorded one."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from pushers.feed import FeedStale
from pushers.loop import FeedLoop
from pushers.publisher import Publisher
from pushers.reading import Reader
from pushers.watchers import Watchers
from tests.pushers.fakes import FakeFeed, ListSender, Owner
from tests.pushers.test_responder import FakeRefresher

pytestmark = pytest.mark.django_db(transaction=True)


class VersionedFeed(FakeFeed):
    """A FakeFeed whose versions are its documents' texts, but for those in `unknown`."""

    unknown: frozenset[int] = frozenset()
    fails: Exception | None = None

    def versions(self, user_ids: Sequence[Any]) -> Mapping[Any, object]:
        if self.fails is not None:
            raise self.fails
        return {key: repr(self.documents[key]) for key in user_ids if key not in self.unknown}


class Bench:
    """A loop over users 1 to 3, all read by a refresh: their versions are not known yet."""

    def __init__(self) -> None:
        self.feed = VersionedFeed("pnl", {n: {"equity": str(n)} for n in (1, 2, 3)}, frozenset({"equity"}))
        self.owner, self.sender, self.refresher = Owner(7), ListSender(), FakeRefresher()
        watchers, self.reader = Watchers(60), Reader({"pnl": self.feed})
        self.publisher = Publisher({"pnl": self.feed}, {"pnl": 5}, self.owner, self.sender)
        parts = (self.feed, self.reader, self.publisher, watchers, self.refresher, self.owner)
        self.loop = FeedLoop(*parts, batch=10)  # type: ignore[arg-type]
        for user in ("1", "2", "3"):
            watchers.add(user, ["pnl"], now=0)
        self.refresh()

    def refresh(self) -> None:
        found = self.reader.read(dict.fromkeys(("1", "2", "3"), frozenset({"pnl"})))
        for user, results in found.results.items():
            assert self.publisher.apply(user, results, found, 7)
        self.feed.calls.clear()

    async def tick(self) -> list[int]:
        """Return whom the tick fetched."""
        self.feed.calls.clear()
        await self.loop.tick()
        return sorted(user for call in self.feed.calls for user in call)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.loop.thread.close()


async def test_a_tick_fetches_whose_version_is_new_and_only_those(bench: Bench) -> None:
    assert await bench.tick() == [1, 2, 3]
    assert await bench.tick() == []
    bench.feed.documents[2] = {"equity": "9"}
    assert await bench.tick() == [2]
    assert [group for group, _ in bench.sender.groups] == ["user.2"]
    assert await bench.tick() == []


async def test_a_known_version_confirms_the_document(bench: Bench) -> None:
    await bench.tick()
    stream = bench.publisher.stream("1", "pnl")
    before = stream.seen, stream.ended
    began = time.monotonic()
    await bench.tick()
    assert stream.seen >= began > before[0]
    assert stream.ended > before[1]


async def test_who_changed_otherwise_is_refreshed_and_asked_again_until_he_is(bench: Bench) -> None:
    await bench.tick()
    bench.feed.documents[1] = {"equity": "1", "fees": "2"}
    for _ in range(2):
        assert await bench.tick() == [1]
    assert bench.refresher.requested == ["1", "1"]


async def test_a_refresh_that_changes_nothing_leaves_the_version_known(bench: Bench) -> None:
    await bench.tick()
    bench.feed.documents[2] = {"equity": "5"}
    await bench.loop.thread.run(bench.refresh)
    assert await bench.tick() == [2]


async def test_a_stale_document_is_fetched_by_every_tick_until_it_is_good(bench: Bench) -> None:
    await bench.tick()
    good, bench.feed.documents[3] = bench.feed.documents[3], FeedStale("market_stale")
    for _ in range(2):
        assert await bench.tick() == [3]
    bench.feed.documents[3] = good
    assert await bench.tick() == [3]
    assert bench.publisher.stream("3", "pnl").stale is None
    assert await bench.tick() == []


async def test_who_has_no_version_is_fetched(bench: Bench) -> None:
    bench.feed.unknown = frozenset({2})
    await bench.tick()
    assert await bench.tick() == [2]


async def test_versions_that_fail_are_the_feeds_failure(bench: Bench) -> None:
    await bench.tick()
    bench.feed.fails = FeedStale("maintenance")
    await bench.tick()
    assert {bench.publisher.stream(user, "pnl").stale.reason for user in ("1", "2", "3")} == {"maintenance"}


async def test_a_document_that_went_on_during_the_read_is_not_confirmed_by_its_old_version(bench: Bench) -> None:
    await bench.tick()
    versions = bench.feed.versions

    def go_on(user_ids: Sequence[Any]) -> Mapping[Any, object]:
        found = versions(user_ids)
        bench.feed.versions = versions  # type: ignore[method-assign]
        bench.feed.documents[1] = {"equity": "1", "fees": "2"}
        bench.refresh()
        return found

    bench.feed.versions = go_on  # type: ignore[method-assign]
    assert await bench.tick() == []
    assert bench.refresher.requested == ["1"]
    assert bench.publisher.stream("1", "pnl").document == {"equity": "1", "fees": "2"}


async def test_a_user_who_is_being_refreshed_is_seen_but_not_applied(bench: Bench) -> None:
    await bench.tick()
    bench.refresher.reading = {"1"}
    stream = bench.publisher.stream("1", "pnl")
    ended, seen = stream.ended, stream.seen
    assert await bench.tick() == []
    assert (stream.ended, stream.seen > seen) == (ended, True)


@pytest.mark.parametrize("fails", [ValueError("a broken row"), TypeError("another")])
async def test_a_version_that_raises_for_one_user_costs_only_him(bench: Bench, fails: Exception) -> None:
    await bench.tick()
    versions = bench.feed.versions

    def broken(user_ids: Sequence[Any]) -> Mapping[Any, object]:
        if 2 in user_ids:
            raise fails
        return versions(user_ids)

    bench.feed.versions = broken  # type: ignore[method-assign]
    await bench.tick()
    stale = {user: bench.publisher.stream(user, "pnl").stale for user in ("1", "2", "3")}
    assert [user for user, why in stale.items() if why is not None] == ["2"]


async def test_a_lease_lost_during_the_read_confirms_nobody(bench: Bench) -> None:
    await bench.tick()
    stream, versions = bench.publisher.stream("1", "pnl"), bench.feed.versions
    seen = stream.seen

    def lose_the_lease(user_ids: Sequence[Any]) -> Mapping[Any, object]:
        bench.owner.now = 8
        return versions(user_ids)

    bench.feed.versions = lose_the_lease  # type: ignore[method-assign]
    assert await bench.tick() == []
    assert stream.seen == seen


async def test_a_feed_is_told_the_versions_of_what_it_fetches_again(bench: Bench) -> None:
    told = []

    def refetch(before: Mapping[Any, object], now: Mapping[Any, object]) -> Mapping[Any, Any]:
        told.append((dict(before), dict(now)))
        return bench.feed.fetch(list(now))

    bench.feed.refetch = refetch  # type: ignore[method-assign]
    bench.feed.unknown = frozenset({3})
    await bench.tick()
    bench.feed.documents[2] = {"equity": "9"}
    await bench.tick()
    first = {1: "{'equity': '1'}", 2: "{'equity': '2'}", 3: None}
    assert told == [({}, first), ({2: first[2]}, {2: "{'equity': '9'}", 3: None})]
