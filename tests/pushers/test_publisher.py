"""The owner's memory: what is recorded, what is sent, and what hubs are answered."""

import json
from typing import Any

import pytest

from pushers.feed import FeedStale
from pushers.publisher import Publisher
from pushers.reading import Result
from tests.pushers.fakes import FakeClock, FakeFeed, ListSender, Owner, reading

PAD = {"pad": "x" * 300}  # so that a patch is smaller than its document


class Bench:
    """A publisher with two feeds, a clock and a list in the place of the layer."""

    def __init__(self) -> None:
        self.owner, self.sender, self.clock = Owner(7), ListSender(), FakeClock(10)
        feeds = {"orders": FakeFeed("orders"), "pnl": FakeFeed("pnl", volatile=frozenset({"equity"}))}
        self.publisher = Publisher(feeds, {"orders": 15, "pnl": 5}, self.owner, self.sender, self.clock)

    def apply(self, results: dict[str, Result], began: float, ended: float | None = None, epoch: int = 7) -> bool:
        return self.publisher.apply("1", results, reading({"1": results}, began, ended), epoch)

    def confirm(self, feed: str, result: Any, began: float, ended: float | None = None, epoch: int = 7) -> bool:
        return self.publisher.confirm("1", feed, result, reading({"1": {feed: result}}, began, ended), epoch)

    def answer(self, feed: str, positions: list[list[int]] | None = None, *, docs: bool = True) -> list[Any]:
        return self.publisher.answer("1", {feed: positions or []}, docs=docs)[feed]

    def sent(self) -> list[dict[str, Any]]:
        """Return what was pushed since the last call: feed -> patch or snapshot, by the wire text."""
        pushed, self.sender.groups = self.sender.groups, []
        return [{feed: json.loads(entry[3]) for feed, entry in message["feeds"].items()} for _, message in pushed]


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def read(bench: Bench) -> Bench:
    """A bench whose user has been read once, at 10."""
    assert bench.apply({"orders": {"9": {"amount": "1"}, **PAD}, "pnl": {"paper": {"equity": "5"}, **PAD}}, 10)
    return bench


def test_the_first_read_is_recorded_and_answered_but_not_pushed(read: Bench) -> None:
    assert read.sent() == []
    epoch, seq, text, ok, as_of, stale = read.answer("orders", [[0, 0]])
    assert (epoch, seq, ok, as_of, stale) == (7, 1, True, 10_000, None)
    assert json.loads(text)["snapshot"] == {"9": {"amount": "1"}, **PAD}


def test_changes_of_one_read_leave_in_one_frame(read: Bench) -> None:
    read.apply({"orders": PAD, "pnl": {"paper": {"equity": "6"}, **PAD}}, 11)
    assert read.sent() == [
        {
            "orders": {"epoch": 7, "seq": 2, "patch": {"9": None}},
            "pnl": {"epoch": 7, "seq": 2, "patch": {"paper": {"equity": "6"}}},
        }
    ]


def test_an_unchanged_read_sends_nothing(read: Bench) -> None:
    assert read.apply({"orders": {"9": {"amount": "1"}, **PAD}}, 11)
    assert read.sent() == []


def test_a_read_that_began_before_the_last_applied_one_ended_is_thrown_away(read: Bench) -> None:
    assert read.apply({"orders": {"9": {"amount": "2"}, **PAD}}, 11, 13)
    read.sent()
    assert not read.apply({"orders": {"9": {"amount": "1"}, **PAD}}, 12.9, 14)
    assert not read.apply({"orders": {"9": {"amount": "1"}, **PAD}, "pnl": PAD}, 12.9, 14)
    assert read.sent() == []
    assert read.answer("orders", docs=False)[1] == 2
    assert read.apply({"orders": {"9": {"amount": "1"}, **PAD}}, 13, 14)


def test_a_failed_read_counts_for_the_order_too(read: Bench) -> None:
    read.apply({"orders": FeedStale("fetch_failed")}, 11, 13)
    assert not read.apply({"orders": {"9": {"amount": "0"}, **PAD}}, 12, 14)


def test_a_read_of_another_epoch_is_thrown_away(read: Bench) -> None:
    read.owner.now = 8
    assert not read.apply({"orders": PAD}, 11, epoch=7)
    read.owner.now = None
    assert not read.apply({"orders": PAD}, 11, epoch=7)
    assert not read.confirm("orders", PAD, 11, epoch=7)
    assert read.sent() == []


def test_a_new_epoch_starts_its_streams_from_one(read: Bench) -> None:
    read.publisher.clear({0})
    assert read.publisher.answer("1", {"orders": [[7, 1]]}, docs=True) == {}
    read.owner.now = 8
    read.apply({"orders": PAD}, 11, epoch=8)
    assert read.answer("orders", [[7, 1]])[:2] == [8, 1]


def test_a_stream_of_an_older_epoch_is_never_continued(read: Bench) -> None:
    read.owner.now = 8
    read.apply({"orders": PAD}, 11, epoch=8)
    assert read.answer("orders", [[7, 1]])[:2] == [8, 1]
    assert read.sent() == []


def test_a_tick_confirms_what_is_recorded(read: Bench) -> None:
    read.clock.now = 50
    assert read.confirm("orders", {"9": {"amount": "1"}, **PAD}, 50)
    assert read.answer("orders", docs=False) == [7, 1, None, True, 50_000, None]
    assert read.sent() == []


def test_a_tick_pushes_a_change_of_volatile_keys_alone(read: Bench) -> None:
    assert read.confirm("pnl", {"paper": {"equity": "6"}, **PAD}, 11)
    assert read.sent() == [{"pnl": {"epoch": 7, "seq": 2, "patch": {"paper": {"equity": "6"}}}}]


@pytest.mark.parametrize(
    ("feed", "document"),
    [
        ("pnl", {"paper": {"equity": "6", "fees": "1"}, **PAD}),
        ("pnl", PAD),
        ("pnl", {}),
        ("orders", PAD),
        ("orders", {"9": {"amount": "2"}, **PAD}),
        ("orders", None),
        ("orders", []),
    ],
)
def test_any_other_change_that_a_tick_finds_needs_a_refresh(read: Bench, feed: str, document: Any) -> None:
    assert not read.confirm(feed, document, 11)
    assert read.sent() == []
    assert read.answer(feed, docs=False)[1] == 1


def test_a_tick_takes_true_for_another_value_than_one(bench: Bench) -> None:
    bench.apply({"orders": {"9": 1, **PAD}}, 10)
    assert not bench.confirm("orders", {"9": True, **PAD}, 11)
    assert bench.sent() == []


def test_a_late_volatile_change_needs_a_refresh(read: Bench) -> None:
    read.apply({"pnl": {"paper": {"equity": "7"}, **PAD}}, 12, 14)
    read.sent()
    assert not read.confirm("pnl", {"paper": {"equity": "6"}, **PAD}, 13, 15)
    assert read.sent() == []


def test_a_user_who_was_not_read_needs_a_refresh(read: Bench) -> None:
    read.publisher.forget("1", "orders")
    assert not read.confirm("orders", {"9": {"amount": "1"}, **PAD}, 11)
    assert not read.publisher.is_ready("1", ["orders"])
    assert read.publisher.is_ready("1", ["pnl", "no such feed"])
    assert not read.publisher.is_ready("2", ["pnl"])


def test_a_failed_read_keeps_the_document_and_marks_it_stale(read: Bench) -> None:
    assert read.confirm("orders", FeedStale("market_stale"), 12)
    assert read.confirm("orders", FeedStale("market_stale"), 14)
    epoch, seq, text, ok, as_of, stale = read.answer("orders", [[0, 0]])
    assert (epoch, seq, ok, as_of, stale) == (7, 1, False, 10_000, ["market_stale", 12_000])
    assert json.loads(text)["snapshot"] == {"9": {"amount": "1"}, **PAD}
    assert read.sent() == []


def test_a_good_read_ends_the_staleness(read: Bench) -> None:
    read.confirm("orders", FeedStale("fetch_failed"), 12)
    assert read.confirm("orders", {"9": {"amount": "1"}, **PAD}, 13)
    assert read.answer("orders", docs=False) == [7, 1, None, True, 13_000, None]


def test_a_first_read_that_failed_is_answered_as_stale_without_a_position(bench: Bench) -> None:
    bench.apply({"orders": FeedStale("fetch_failed")}, 11)
    assert bench.answer("orders", [[0, 0]]) == [7, 0, None, False, 0, ["fetch_failed", 11_000]]


def test_a_failure_answers_questions_until_the_next_read_is_due(bench: Bench) -> None:
    bench.apply({"orders": FeedStale("fetch_failed")}, 11, 11)
    bench.clock.now = 11 + 14
    assert bench.publisher.is_ready("1", ["orders"])
    bench.clock.now = 11 + 15
    assert not bench.publisher.is_ready("1", ["orders"])


@pytest.mark.parametrize("depth", [100_000])
def test_a_document_that_breaks_the_encoder_is_a_failure_of_its_feed_alone(bench: Bench, depth: int) -> None:
    document: dict[str, Any] = {}
    for _ in range(depth):
        document = {"deeper": document}
    assert bench.apply({"orders": document, "pnl": {"paper": "1"}}, 11)
    assert bench.answer("orders")[5][0] == "fetch_failed"
    assert bench.answer("pnl")[3]
    bench.apply({"orders": {"1": "open"}}, 12)
    assert not bench.confirm("orders", document, 13)


def test_a_stale_read_shows_what_it_knows_to_who_has_nothing_and_vouches_for_nothing(bench: Bench) -> None:
    bench.apply({"pnl": FeedStale("market_stale", {"paper": {"equity": "5"}})}, 11)
    epoch, seq, text, ok, _, stale = bench.answer("pnl", [[0, 0]])
    assert (epoch, seq, ok, stale) == (7, 1, False, ["market_stale", 11_000])
    assert json.loads(text)["snapshot"] == {"paper": {"equity": "5"}}
    bench.apply({"pnl": FeedStale("market_stale", {"paper": {"equity": "6"}})}, 12)
    assert bench.answer("pnl", [[7, 1]])[:4] == [7, 1, None, False]
    assert bench.sent() == []
    assert bench.confirm("pnl", {"paper": {"equity": "7"}}, 13)
    assert bench.answer("pnl", [[7, 2]])[1:] == [2, None, True, 13_000, None]


def test_a_stale_document_that_breaks_the_contract_is_not_recorded(bench: Bench) -> None:
    bench.apply({"pnl": FeedStale("market_stale", {"paper": None})}, 11)
    assert bench.answer("pnl", [[0, 0]])[:5] == [7, 0, None, False, 0]


@pytest.mark.parametrize("broken", [None, [], {"9": None}, {"9": 1.5}, {"9": 2**60}, {"9": "\udcff"}])
def test_a_document_that_breaks_the_contract_is_stale_and_named_in_the_log_once(
    read: Bench, caplog: pytest.LogCaptureFixture, broken: Any
) -> None:
    good = {"equity": "1"}
    for began in (11, 12):
        assert read.apply({"orders": broken, "pnl": good}, began)
    assert read.answer("orders", docs=False)[3:] == [False, 10_000, ["fetch_failed", 11_000]]
    assert read.answer("pnl", docs=False)[3] is True
    assert len([record for record in caplog.records if "Feed orders returned no valid document" in record.message]) == 1


def test_what_was_not_read_for_two_intervals_is_not_confirmed(read: Bench) -> None:
    read.clock.now = 10 + 2 * 5 + 1
    assert read.answer("pnl", docs=False)[3:] == [True, 10_000, None]
    read.clock.now += 0.1
    assert read.answer("pnl", docs=False)[3:] == [False, 10_000, ["fetch_failed", 10_000]]
    assert read.answer("orders", docs=False)[3] is True


def test_a_feed_that_does_not_run_here_is_off(read: Bench) -> None:
    assert read.answer("fills", [[7, 3]])[1:5] == [0, None, False, 0]
    assert read.answer("fills")[5][0] == "feed_off"


def test_documents_travel_only_where_the_positions_differ(read: Bench) -> None:
    assert read.answer("orders", [[7, 1]])[2] is None
    assert read.answer("orders", [[7, 1], [7, 1]])[2] is None
    for held in ([0, 0], [7, 0], [6, 1], [7, 2]):
        assert read.answer("orders", [[7, 1], held])[2] is not None
        assert read.answer("orders", [held], docs=False)[2] is None


def test_a_push_goes_to_the_users_group_under_its_epoch(read: Bench) -> None:
    read.apply({"orders": PAD}, 11)
    ((group, message),) = read.sender.groups
    assert (group, message["type"], message["user"], message["ts"]) == ("user.1", "push", "1", 11_000)
    assert read.sender.epochs == [7]


def test_frames_of_a_user_are_numbered_and_say_what_could_not_be_read_with_them(bench: Bench) -> None:
    bench.apply({"orders": {"9": "1"}, "pnl": {"a": "1"}}, 10)
    assert bench.publisher.cut("1") == 0
    bench.apply({"orders": {"9": "2"}, "pnl": {"a": "2"}}, 11)
    bench.apply({"orders": {"9": "3"}, "pnl": FeedStale("fetch_failed")}, 12)
    bench.apply({"orders": {"9": "3"}, "pnl": FeedStale("fetch_failed")}, 13)
    messages = [message for _, message in bench.sender.groups]
    assert [message["cut"] for message in messages] == [1, 2]
    assert [{feed: reason for feed, (reason, _) in message["stale"].items()} for message in messages] == [
        {},
        {"pnl": "fetch_failed"},
    ]
