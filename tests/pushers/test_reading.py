"""Reading feeds: one database snapshot, and whatever fails costs only whom it concerns."""

import itertools
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError, connection, connections

from pushers import reading as reading_module
from pushers import registry
from pushers.feed import FeedStale
from pushers.models import PushLease
from pushers.reading import BACKOFF_LAST, RETRY_FIRST, RETRY_LAST, Reader, read
from tests.pushers.fakes import FakeClock, FakeFeed

pytestmark = pytest.mark.django_db(transaction=True)

BROKEN = ValueError("a poisoned row")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(reading_module, "time", SimpleNamespace(monotonic=clock))
    return clock


def documents(count: int) -> dict[int, Any]:
    return {number: {"n": str(number)} for number in range(1, count + 1)}


def wanted(count: int, *feeds: str) -> dict[str, frozenset[str]]:
    return {str(number): frozenset(feeds) for number in range(1, count + 1)}


def reasons(reader: Reader, count: int, *feeds: str) -> dict[tuple[str, str], str]:
    """Read, and return (user, feed) -> reason of what is stale; all other results must be the feed's documents."""
    stale = {}
    for user, results in reader.read(wanted(count, *feeds)).results.items():
        assert set(results) == set(feeds)
        for feed, result in results.items():
            if isinstance(result, FeedStale):
                stale[user, feed] = result.reason
            else:
                assert result == reader.feeds[feed].documents[int(user)]
    return stale


def test_every_user_gets_his_documents_by_one_call_per_feed() -> None:
    feeds = {name: FakeFeed(name, documents(1000)) for name in ("orders", "pnl")}
    reader = Reader(feeds)
    assert reasons(reader, 1000, "orders", "pnl") == {}
    assert [len(feed.calls) for feed in feeds.values()] == [1, 1]


def test_a_user_gets_only_the_feeds_he_watches() -> None:
    feeds = {name: FakeFeed(name, documents(2)) for name in ("orders", "pnl")}
    found = Reader(feeds).read({"1": frozenset({"orders"}), "2": frozenset({"pnl"})}).results
    assert found == {"1": {"orders": {"n": "1"}}, "2": {"pnl": {"n": "2"}}}
    assert (feeds["orders"].calls, feeds["pnl"].calls) == ([[1]], [[2]])


def test_one_poisoned_user_in_a_thousand_costs_only_him(caplog: pytest.LogCaptureFixture) -> None:
    feed = FakeFeed("orders", documents(1000))
    feed.documents[617] = BROKEN
    reader = Reader({"orders": feed})
    assert reasons(reader, 1000, "orders") == {("617", "orders"): "fetch_failed"}
    assert len(feed.calls) <= 21  # two halves per level of the ten
    (record,) = caplog.records
    assert "Feed orders failed for user 617" in record.message
    assert "a poisoned row" in record.message


def test_his_other_feeds_go_on() -> None:
    feeds = {name: FakeFeed(name, documents(5)) for name in ("balance", "orders", "pnl")}
    feeds["orders"].documents[3] = BROKEN
    reader = Reader(feeds)
    for _ in range(2):
        assert reasons(reader, 5, *feeds) == {("3", "orders"): "fetch_failed"}


def test_a_poisoned_user_is_left_alone_until_his_time_and_then_tried_alone(clock: FakeClock) -> None:
    feed = FakeFeed("orders", documents(9))
    feed.documents[3] = BROKEN
    reader = Reader({"orders": feed})
    reasons(reader, 9, "orders")
    feed.calls.clear()
    clock.now += RETRY_FIRST - 0.1
    assert reasons(reader, 9, "orders") == {("3", "orders"): "fetch_failed"}
    assert feed.calls == [[1, 2, 4, 5, 6, 7, 8, 9]]
    clock.now += 0.1
    reasons(reader, 9, "orders")
    assert feed.calls[1:] == [[1, 2, 4, 5, 6, 7, 8, 9], [3]]


def test_he_is_tried_at_growing_distances_and_logged_once(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    feed = FakeFeed("orders", documents(2))
    feed.documents[2] = BROKEN
    reader = Reader({"orders": feed})
    tried = []
    for _ in range(200):
        feed.calls.clear()
        reasons(reader, 2, "orders")
        if [2] in feed.calls:
            tried.append(clock.now)
        clock.now += 1
    assert [later - sooner for sooner, later in itertools.pairwise(tried)][:5] == [
        RETRY_FIRST,
        2 * RETRY_FIRST,
        4 * RETRY_FIRST,
        8 * RETRY_FIRST,
        RETRY_LAST,
    ]
    assert len(caplog.records) == 1


def test_he_recovers(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "pushers")
    feed = FakeFeed("orders", documents(2))
    feed.documents[2] = BROKEN
    reader = Reader({"orders": feed})
    reasons(reader, 2, "orders")
    feed.documents[2] = {"n": "2"}
    clock.now += RETRY_FIRST
    assert reasons(reader, 2, "orders") == {}
    assert caplog.records[-1].message == "Feed orders works again for user 2."
    feed.calls.clear()
    reasons(reader, 2, "orders")
    assert feed.calls == [[1, 2]]


def test_one_read_that_meets_him_twice_counts_once(clock: FakeClock) -> None:
    missing, broken = FakeFeed("balance", documents(64)), FakeFeed("orders", documents(64))
    del missing.documents[5]
    broken.documents[6] = BROKEN
    reader = Reader({"balance": missing, "orders": broken})
    reasons(reader, 64, "balance", "orders")
    missing.documents[5] = {"n": "5"}
    clock.now += RETRY_FIRST
    assert reasons(reader, 64, "balance", "orders") == {("6", "orders"): "fetch_failed"}


def test_a_missing_user_is_that_users_failure(caplog: pytest.LogCaptureFixture) -> None:
    feed = FakeFeed("orders", documents(3))
    del feed.documents[2]
    reader = Reader({"orders": feed})
    assert reasons(reader, 3, "orders") == {("2", "orders"): "fetch_failed"}
    assert len(feed.calls) == 1
    assert "2 is missing" in caplog.text


@pytest.mark.parametrize("returned", [None, [], "text", 5])
def test_what_is_no_mapping_is_the_feeds_failure(returned: object, caplog: pytest.LogCaptureFixture) -> None:
    orders, pnl = FakeFeed("orders"), FakeFeed("pnl", documents(3))
    orders.fetch = lambda user_ids: returned  # type: ignore[method-assign]
    reader = Reader({"orders": orders, "pnl": pnl})
    stale = reasons(reader, 3, "orders", "pnl")
    assert stale == {(user, "orders"): "fetch_failed" for user in "123"}
    assert "must return a mapping of user id to document" in caplog.text


def test_a_feed_broken_for_everybody_is_given_up_after_a_bounded_number_of_calls() -> None:
    orders, pnl = FakeFeed("orders", dict.fromkeys(range(1, 1001), BROKEN)), FakeFeed("pnl", documents(1000))
    reader = Reader({"orders": orders, "pnl": pnl})
    stale = reasons(reader, 1000, "orders", "pnl")
    assert len(stale) == 1000
    assert {feed for _, feed in stale} == {"orders"}
    assert len(orders.calls) < 200


def test_a_feed_that_says_it_is_stale_is_stale_for_all_and_not_halved() -> None:
    def fetch(user_ids: Any) -> Any:
        calls.append(user_ids)
        raise FeedStale("market_stale")

    calls: list[Any] = []
    orders, pnl = FakeFeed("orders", documents(3)), FakeFeed("pnl")
    pnl.fetch = fetch  # type: ignore[method-assign]
    stale = reasons(Reader({"orders": orders, "pnl": pnl}), 3, "orders", "pnl")
    assert stale == {(user, "pnl"): "market_stale" for user in "123"}
    assert len(calls) == 1


def test_a_feed_may_be_stale_for_one_user() -> None:
    feed = FakeFeed("pnl", documents(3))
    feed.documents[2] = FeedStale("market_stale")
    assert reasons(Reader({"pnl": feed}), 3, "pnl") == {("2", "pnl"): "market_stale"}


@pytest.mark.parametrize("error", [OperationalError("server closed the connection"), InterfaceError("closed")])
def test_an_error_of_the_database_costs_its_feed_alone_and_is_not_halved(error: Exception, clock, caplog) -> None:
    orders, pnl = FakeFeed("orders", documents(100)), FakeFeed("pnl", documents(100))
    orders.documents[50] = error
    reader = Reader({"orders": orders, "pnl": pnl})
    for _ in range(3):
        assert {feed for _, feed in reasons(reader, 100, "orders", "pnl")} == {"orders"}
        clock.now += BACKOFF_LAST
    assert [len(call) for call in orders.calls] == [100] * 6  # each once more on a new connection
    assert len(caplog.records) == 1
    orders.documents[50] = {"n": "50"}
    assert reasons(reader, 100, "orders", "pnl") == {}


def test_a_feed_that_fails_for_everybody_is_tried_again_at_growing_distances(clock: FakeClock, caplog) -> None:
    feeds = {"orders": FakeFeed("orders", documents(2)), "pnl": FakeFeed("pnl", documents(2))}
    feeds["pnl"].documents[1] = ProgrammingError("no such table")
    reader = Reader(feeds)
    tried = []
    for _ in range(400):
        feeds["pnl"].calls.clear()
        assert set(reasons(reader, 2, *feeds)) == {("1", "pnl"), ("2", "pnl")}
        if feeds["pnl"].calls:
            tried.append(clock.now)
        clock.now += 0.125
    distances = [later - sooner for sooner, later in itertools.pairwise(tried)]
    assert distances[:7] == [0.125, 0.25, 0.5, 1.0, 2.0, 4.0, BACKOFF_LAST]  # the first again at the next read
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    feeds["pnl"].documents[1] = {"n": "1"}
    clock.now += BACKOFF_LAST
    assert reasons(reader, 2, *feeds) == {}


def test_no_feed_waits_for_a_database_that_was_away(monkeypatch, clock: FakeClock) -> None:
    feed = FakeFeed("orders", documents(2))
    feed.documents[1] = OperationalError("the connection was lost")
    reader = Reader({"orders": feed})

    def away(*args: object) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as patched:
        snapshots = iter([reading_module.read_snapshot, away])
        patched.setattr(reading_module, "read_snapshot", lambda *args: next(snapshots)(*args))
        assert reader.read({"1": frozenset({"orders"})}).away
    feed.documents[1] = {"n": "1"}
    assert reasons(reader, 2, "orders") == {}


def test_a_connection_lost_in_the_middle_of_a_cut_is_no_feeds_failure() -> None:
    feeds = {name: FakeFeed(name, documents(2)) for name in ("balance", "positions")}
    fetch, lost = feeds["positions"].fetch, [OperationalError("server closed the connection unexpectedly")]

    def once(user_ids: Any) -> Any:
        if lost:
            connection.close()  # as a terminated backend leaves it
            raise lost.pop()
        return fetch(user_ids)

    feeds["positions"].fetch = once  # type: ignore[method-assign]
    assert reasons(Reader(feeds), 2, *feeds) == {}
    assert len(feeds["balance"].calls) == 2  # both from one snapshot, the second


def test_a_database_that_is_away_makes_everything_stale_with_one_line(monkeypatch, caplog) -> None:
    orders, pnl = FakeFeed("orders", documents(100)), FakeFeed("pnl", documents(100))
    reader = Reader({"orders": orders, "pnl": pnl})
    with monkeypatch.context() as away:
        away.setattr("pushers.reading.read_snapshot", _no_database)
        for _ in range(3):
            assert len(reasons(reader, 100, "orders", "pnl")) == 200
    assert orders.calls == []
    assert len(caplog.records) == 1
    caplog.set_level("INFO")
    assert reasons(reader, 100, "orders", "pnl") == {}
    assert "The database answers again" in caplog.text


def _no_database(seconds: float) -> None:
    raise OperationalError("could not connect")


def test_an_id_that_is_no_primary_key_costs_nobody_else() -> None:
    feed = FakeFeed("orders", documents(3))
    results = Reader({"orders": feed}).read(wanted(3, "orders") | {"nobody's": frozenset({"orders"})}).results
    assert isinstance(results["nobody's"]["orders"], FeedStale)
    assert results["2"]["orders"] == {"n": "2"}


def test_a_read_says_when_it_began_and_ended(clock: FakeClock) -> None:
    feed = FakeFeed("orders", documents(1))
    fetch = feed.fetch

    def slow(user_ids: Any) -> Any:
        clock.now += 3
        return fetch(user_ids)

    feed.fetch = slow  # type: ignore[method-assign]
    found = Reader({"orders": feed}).read(wanted(1, "orders"))
    assert (found.began, found.ended) == (100, 103)


class RowCountFeed(FakeFeed):
    """Shows every user how many lease rows there are; runs `between` first."""

    def __init__(self, name: str, between: Any = lambda: None) -> None:
        super().__init__(name)
        self.between = between

    def fetch(self, user_ids: Any) -> dict[Any, Any]:
        self.between()
        return {user_id: {"rows": PushLease.objects.count()} for user_id in user_ids}


def commit_on_another_connection() -> None:
    def commit() -> None:
        try:
            PushLease.objects.create(shard=PushLease.objects.count(), expires_at="2026-01-01T00:00Z")
        finally:
            connections.close_all()

    thread = threading.Thread(target=commit)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()


def test_all_feeds_of_a_user_come_from_one_snapshot() -> None:
    first, second = RowCountFeed("a"), RowCountFeed("b", between=commit_on_another_connection)
    reader = Reader({"a": first, "b": second})
    assert reader.read(wanted(1, "a", "b")).results["1"] == {"a": {"rows": 0}, "b": {"rows": 0}}
    assert PushLease.objects.count() == 1
    assert reader.read(wanted(1, "a")).results["1"] == {"a": {"rows": 1}}


def test_a_feed_may_open_a_transaction_of_its_own() -> None:
    from django.db import transaction

    class Atomic(RowCountFeed):
        def fetch(self, user_ids: Any) -> dict[Any, Any]:
            with transaction.atomic():
                return super().fetch(user_ids)

    reader = Reader({"a": Atomic("a"), "b": RowCountFeed("b")})
    assert reader.read(wanted(1, "a", "b")).results["1"] == {"a": {"rows": 0}, "b": {"rows": 0}}


def test_a_query_at_its_time_limit_marks_only_its_feed(caplog: pytest.LogCaptureFixture) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no time limit for a statement")

    def sleep() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")

    feeds = {"a": FakeFeed("a", documents(8)), "b": RowCountFeed("b", between=sleep), "c": FakeFeed("c", documents(8))}
    results = Reader(feeds, seconds=0.05).read(wanted(8, "a", "b", "c")).results
    for user in results:
        assert isinstance(results[user]["b"], FeedStale)
        assert results[user]["a"] == results[user]["c"] == {"n": user}
    assert "Feed b failed" in caplog.text


def test_read_returns_what_one_user_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    feeds = {"orders": FakeFeed("orders", documents(2)), "pnl": FakeFeed("pnl", {2: FeedStale("market_stale")})}
    monkeypatch.setattr(registry, "_feeds", feeds)
    found = read(2)
    assert found["orders"] == {"n": "2"}
    assert isinstance(found["pnl"], FeedStale)
    assert read(2, ["orders"]) == {"orders": {"n": "2"}}
    assert read("2", ["orders"]) == {"orders": {"n": "2"}}
    with pytest.raises(KeyError, match="No feed named nope; there are orders, pnl"):
        read(2, ["nope"])
