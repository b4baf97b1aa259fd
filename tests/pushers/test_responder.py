"""What hubs ask: answered from what is recorded, or after a read, and never by who does not own the user."""

import json
from typing import Any

import pytest

from pushers.feed import FeedStale
from pushers.publisher import Publisher
from pushers.responder import Responder
from pushers.watchers import Watchers
from tests.pushers.fakes import FakeClock, FakeFeed, ListSender, Owner, reading


class FakeRefresher:
    """Keeps who is to be read."""

    def __init__(self) -> None:
        self.requested: list[str] = []
        self.reading: set[str] = set()
        self.on_refreshed: Any = None

    def request(self, users: Any) -> None:
        self.requested += users

    def is_reading(self, user: str) -> bool:
        return user in self.reading


class Bench:
    def __init__(self) -> None:
        self.owner, self.sender, self.clock = Owner(7), ListSender(), FakeClock(10)
        self.watchers, self.refresher = Watchers(60), FakeRefresher()
        feeds = {"orders": FakeFeed("orders"), "pnl": FakeFeed("pnl")}
        self.publisher = Publisher(feeds, {"orders": 15, "pnl": 5}, self.owner, self.sender, self.clock)
        self.responder = Responder(
            self.publisher,
            self.watchers,
            self.refresher,  # type: ignore[arg-type]
            self.sender,
            self.owner,
            self.clock,
        )

    def want(self, users: dict[str, dict[str, list]], *, docs: bool = True, hub: str = "hub", asked: float = 1) -> None:
        if docs:
            self.responder.on_want({"type": "want", "hub": hub, "asked": asked, "users": users})
        else:
            shards = [[0, {user: list(wanted) for user, wanted in users.items()}]]
            self.responder.on_list({"type": "list", "hub": hub, "asked": asked, "shards": shards})

    def read(self, user: str, results: dict[str, Any], *, refreshed: bool = True) -> None:
        self.clock.now += 1
        assert self.publisher.apply(user, results, reading({user: results}, self.clock.now), 7)
        if refreshed:
            self.refresher.on_refreshed([user])

    def answers(self) -> list[tuple[str, float, dict[str, dict[str, Any]]]]:
        """Return (hub, asked, user -> feed -> [seq, document or None, ok]) of each answer since the last call."""
        sent, self.sender.channels = self.sender.channels, []
        return [
            (hub, message["asked"], {user: _brief(a) for user, a in message["users"].items()}) for hub, message in sent
        ]


def _brief(answer: dict[str, list]) -> dict[str, list]:
    return {feed: [seq, text and json.loads(text)["snapshot"], ok] for feed, (_, seq, text, ok, _, _) in answer.items()}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_user_who_was_not_read_is_read_first_and_answered_then(bench: Bench) -> None:
    bench.want({"1": {"orders": [[0, 0]]}})
    assert (bench.refresher.requested, bench.answers()) == (["1"], [])
    bench.read("1", {"orders": {"a": "1"}})
    assert bench.answers() == [("hub", 1, {"1": {"orders": [1, {"a": "1"}, True]}})]
    bench.refresher.on_refreshed(["1"])
    assert bench.answers() == []


def test_a_question_during_a_read_that_is_enough_causes_no_other(bench: Bench) -> None:
    bench.want({"1": {"orders": [[0, 0]]}})
    bench.refresher.reading.add("1")
    bench.want({"1": {"orders": [[0, 0]]}}, hub="another")
    assert bench.refresher.requested == ["1"]
    bench.read("1", {"orders": {"a": "1"}})
    assert [hub for hub, _, _ in bench.answers()] == ["hub", "another"]


def test_a_question_during_a_read_that_is_not_enough_causes_another(bench: Bench) -> None:
    bench.want({"1": {"orders": [[0, 0]]}})
    bench.refresher.reading.add("1")
    bench.want({"1": {"orders": [[0, 0]], "pnl": [[0, 0]]}}, hub="another")
    bench.read("1", {"orders": {"a": "1"}})
    assert bench.refresher.requested == ["1", "1"]
    bench.read("1", {"orders": {"a": "1"}, "pnl": {}})
    assert [hub for hub, _, _ in bench.answers()][-1] == "another"


def test_what_is_recorded_is_answered_at_once(bench: Bench) -> None:
    bench.want({"1": {"orders": [[0, 0]]}})
    bench.read("1", {"orders": {"a": "1"}})
    bench.answers()
    bench.want({"1": {"orders": [[7, 1]]}}, asked=2)
    assert bench.answers() == [("hub", 2, {"1": {"orders": [1, None, True]}})]
    assert bench.refresher.requested == ["1"]


def test_a_list_is_answered_with_positions_alone(bench: Bench) -> None:
    bench.want({"1": {"orders": [[0, 0]]}})
    bench.read("1", {"orders": {"a": "1"}})
    bench.answers()
    bench.want({"1": {"orders": []}, "2": {"orders": []}}, docs=False, asked=2)
    assert bench.answers() == [("hub", 2, {"1": {"orders": [1, None, True]}})]
    assert bench.refresher.requested == ["1", "2"]


def test_every_hub_that_asked_is_answered(bench: Bench) -> None:
    bench.want({"1": {"orders": [[0, 0]]}}, hub="a", asked=1)
    bench.want({"1": {"orders": [[0, 0]]}}, hub="b", asked=2)
    bench.read("1", {"orders": {"a": "1"}})
    assert [(hub, asked) for hub, asked, _ in bench.answers()] == [("a", 1), ("b", 2)]


def test_an_answer_waits_for_all_feeds_of_the_question(bench: Bench) -> None:
    bench.want({"1": {"orders": [[0, 0]]}})
    bench.want({"1": {"orders": [[0, 0]], "pnl": [[0, 0]]}}, asked=2)
    bench.read("1", {"orders": {"a": "1"}})  # began before pnl was asked for
    assert bench.answers() == []
    assert bench.refresher.requested == ["1", "1", "1"]
    bench.read("1", {"orders": {"a": "1"}, "pnl": {"b": "2"}})
    assert bench.answers() == [("hub", 2, {"1": {"orders": [1, {"a": "1"}, True], "pnl": [1, {"b": "2"}, True]}})]


def test_a_feed_that_failed_is_answered_as_stale(bench: Bench) -> None:
    bench.want({"1": {"orders": [[0, 0]], "pnl": [[0, 0]]}})
    bench.read("1", {"orders": FeedStale("fetch_failed"), "pnl": {"b": "2"}})
    assert bench.answers() == [("hub", 1, {"1": {"orders": [0, None, False], "pnl": [1, {"b": "2"}, True]}})]


def test_a_feed_that_does_not_run_here_keeps_nobody_waiting(bench: Bench) -> None:
    bench.want({"1": {"fills": [[0, 0]]}})
    assert bench.answers() == [("hub", 1, {"1": {"fills": [0, None, False]}})]
    assert bench.refresher.requested == []


def test_who_does_not_own_the_user_keeps_silent(bench: Bench) -> None:
    bench.owner.now = None
    bench.want({"1": {"orders": [[0, 0]]}})
    assert (bench.answers(), bench.refresher.requested) == ([], [])
    assert bench.watchers.feeds("1") == {"orders"}


def test_who_lost_the_lease_during_the_read_keeps_silent(bench: Bench) -> None:
    bench.want({"1": {"orders": [[0, 0]]}})
    bench.read("1", {"orders": {"a": "1"}}, refreshed=False)
    bench.owner.now = None
    bench.refresher.on_refreshed(["1"])
    assert bench.answers() == []


def test_a_question_of_an_old_epoch_is_dropped(bench: Bench) -> None:
    bench.want({"1": {"orders": [[0, 0]]}})
    bench.responder.clear({0})
    bench.read("1", {"orders": {"a": "1"}})
    assert bench.answers() == []


def test_who_left_is_not_answered(bench: Bench) -> None:
    bench.want({"1": {"orders": [[0, 0]]}})
    bench.responder.forget("1")
    bench.read("1", {"orders": {"a": "1"}})
    assert bench.answers() == []


def test_who_comes_back_after_a_break_is_read_first(bench: Bench) -> None:
    bench.want({"1": {"orders": [[0, 0]]}})
    bench.read("1", {"orders": {"a": "1"}})
    bench.answers()
    for user, feed in bench.watchers.sweep(bench.clock.now + 60):
        bench.publisher.forget(user, feed)
    bench.want({"1": {"orders": [[7, 1]]}}, asked=2)
    assert bench.answers() == []
    bench.read("1", {"orders": {"a": "1"}})
    assert bench.answers() == [("hub", 2, {"1": {"orders": [2, {"a": "1"}, True]}})]


def test_a_question_renews_the_interest(bench: Bench) -> None:
    bench.want({"1": {"orders": [[0, 0]]}})
    bench.clock.now += 59
    bench.want({"1": {"orders": [[0, 0]]}}, docs=False)
    assert bench.watchers.sweep(bench.clock.now + 59) == []


def test_a_large_answer_travels_in_parts(bench: Bench, monkeypatch) -> None:
    monkeypatch.setattr("pushers.responder.REPLY_SIZE", 100)
    users = ["1", "2", "3"]
    bench.want({user: {"orders": [[0, 0]]} for user in users})
    for user in users:
        bench.read(user, {"orders": {"a": "x" * 80}}, refreshed=False)
    bench.answers()
    bench.want({user: {"orders": [[0, 0]]} for user in users}, asked=2)
    parts = [list(answer) for _, _, answer in bench.answers()]
    assert parts == [["1"], ["2"], ["3"]]


def test_a_list_is_answered_as_soon_as_its_users_are_read(bench: Bench) -> None:
    bench.want({"1": {"orders": []}}, docs=False)
    assert bench.answers() == []
    bench.read("1", {"orders": {"a": "1"}})
    assert [user for _, _, answer in bench.answers() for user in answer] == ["1"]


def test_a_feed_that_nobody_watches_any_more_is_not_waited_for(bench: Bench) -> None:
    bench.want({"1": {"orders": [[0, 0]], "pnl": [[0, 0]]}})
    bench.clock.now += 59
    bench.watchers.add("1", ["orders"], bench.clock.now)
    bench.watchers.sweep(bench.clock.now + 2)
    bench.refresher.requested.clear()
    bench.read("1", {"orders": {"a": "1"}})
    assert [set(answer["1"]) for _, _, answer in bench.answers()] == [{"orders"}]
    assert bench.refresher.requested == []


def test_a_list_is_answered_with_what_is_known_while_another_feed_is_read(bench: Bench) -> None:
    bench.read("1", {"orders": {"a": "1"}}, refreshed=False)
    bench.want({"1": {"orders": [], "pnl": []}}, docs=False)
    assert [set(answer["1"]) for _, _, answer in bench.answers()] == [{"orders"}]
    assert bench.refresher.requested == ["1"]


def test_users_of_one_question_are_answered_in_one_message(bench: Bench) -> None:
    bench.want({"1": {"orders": [[0, 0]]}, "2": {"orders": [[0, 0]]}})
    for user in ("1", "2"):
        bench.read(user, {"orders": {"a": user}}, refreshed=False)
    bench.refresher.on_refreshed(["1", "2"])
    assert [set(answer) for _, _, answer in bench.answers()] == [{"1", "2"}]


def test_no_user_travels_without_a_fence(monkeypatch) -> None:
    bench = Bench()
    bench.owner.count = 2
    bench.owner._leases.count = 2
    users = ["0", "1", "2", "3"]
    for user in users:
        bench.read(user, {"orders": {"a": user}})
    answer = bench.publisher.answer

    def slow(user, wanted, *, docs):
        """Stand for a process that is stopped, past the lease of shard 0, when the last answer has been made."""
        made = answer(user, wanted, docs=docs)
        if user == users[-1]:
            bench.owner.foreign.add(0)
        return made

    monkeypatch.setattr(bench.publisher, "answer", slow)
    bench.want({user: {"orders": []} for user in users})
    ((_, _, answered),) = bench.answers()
    assert set(answered) == {user for user in users if bench.owner.shard(user) == 1}
