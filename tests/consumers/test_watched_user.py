import json
import math
from typing import Any

import pytest

from consumers.connection import Connection, Place
from consumers.watched_user import CONFIRM, FIRST, GRACE, REPAIR, RETRY, WatchedUser
from pushers.stream import Entry, Position, Stale

EPOCH = 1_767_225_500_000


class Written(Connection):
    """A socket that keeps what it was given."""

    def __init__(self, **places: Place) -> None:
        async def send(text: str) -> None: ...

        async def close(code: int) -> None: ...

        super().__init__("7", send, close, queue_bytes=1)
        self.places = places
        self.cut = Position(EPOCH, 0)
        self.frames: list[dict[str, Any]] = []

    def write(self, text: str) -> None:
        self.frames.append(json.loads(text)["feeds"])

    def take(self) -> list[dict[str, Any]]:
        taken, self.frames = self.frames, []
        return taken


def text_of(epoch: int, seq: int, **body: Any) -> str:
    return json.dumps({"epoch": epoch, "seq": seq, **body})


def patch(seq: int, epoch: int = EPOCH) -> Entry:
    return Entry(Position(epoch, seq), False, text_of(epoch, seq, patch={"n": str(seq)}))


def snapshot(seq: int, epoch: int = EPOCH) -> Entry:
    return Entry(Position(epoch, seq), True, text_of(epoch, seq, snapshot={"n": str(seq)}))


def word(seq: int, *, epoch: int = EPOCH, doc: bool = False, stale: str = "") -> list[Any]:
    """What an owner answers about one feed."""
    text = text_of(epoch, seq, snapshot={"n": str(seq)}) if doc else None
    return [epoch, seq, text, not stale, 1, [stale, 5] if stale else None]


def seqs(frames: list[dict[str, Any]]) -> list[dict[str, int]]:
    return [{feed: entry["seq"] for feed, entry in frame.items()} for frame in frames]


def at(seq: int, epoch: int = EPOCH) -> Place:
    return Place(Position(epoch, seq), 0.0, verified=True)


def watched_by(*connections: Connection) -> WatchedUser:
    watched = WatchedUser("7")
    watched.connections, watched.ready = list(connections), True
    return watched


def ask(watched: WatchedUser, now: float) -> dict[str, set[int]]:
    """Let the hub ask; return feed -> the seqs it says the sockets hold."""
    question = watched.question(now) or {}
    return {feed: {seq for _, seq in held} for feed, held in question.items()}


def cut_of(watched: WatchedUser) -> int:
    """Return the number of the newest frame that a socket has."""
    return max((socket.cut.seq for socket in watched.connections if socket.cut is not None), default=0)


def push(watched: WatchedUser, entries: dict[str, Entry], ts: int = 1, cut: int | None = None) -> bool:
    """Let a frame come; without `cut` it is the next one."""
    return watched.on_push(ts, entries, cut_of(watched) + 1 if cut is None else cut)


def hear(
    watched: WatchedUser, answer: dict[str, list[Any]], asked: float, *, docs: bool, cut: int | None = None
) -> bool:
    """Let an answer come; without `cut` it was made after the newest frame that a socket has."""
    watched.on_words(answer, asked)
    return watched.on_answer(answer, asked, docs=docs, cut=cut_of(watched) if cut is None else cut)


# Pushes


def test_a_push_reaches_every_socket_with_what_it_subscribed_to() -> None:
    both, one = Written(orders=at(1), balance=at(5)), Written(orders=at(1))
    watched = watched_by(both, one)
    assert not push(watched, {"orders": patch(2), "balance": patch(6)})
    assert seqs(both.take()) == [{"orders": 2, "balance": 6}]
    assert seqs(one.take()) == [{"orders": 2}]


def test_a_socket_that_subscribed_to_nothing_gets_nothing() -> None:
    socket = Written()
    assert not push(watched_by(socket), {"orders": patch(2)})
    assert socket.take() == []


def test_a_repeated_or_older_push_is_dropped() -> None:
    socket = Written(orders=at(2))
    watched = watched_by(socket)
    for seq in (1, 2):
        assert not push(watched, {"orders": patch(seq)})
    assert socket.take() == []


def test_a_lost_push_is_repaired_for_the_sockets_that_lack_it_alone() -> None:
    behind, current = Written(orders=at(1)), Written(orders=at(2))
    watched = watched_by(behind, current)
    assert push(watched, {"orders": patch(3)})
    assert (behind.take(), seqs(current.take())) == ([], [{"orders": 3}])
    assert ask(watched, 10) == {"orders": {1}}
    assert not hear(watched, {"orders": word(3, doc=True)}, 10, docs=True)
    assert (behind.take()[0]["orders"]["snapshot"], current.take()) == ({"n": "3"}, [])


def test_pushes_in_the_wrong_order_are_repaired() -> None:
    socket = Written(orders=at(1))
    watched = watched_by(socket)
    assert push(watched, {"orders": patch(3)})
    assert not push(watched, {"orders": patch(2)})
    assert ask(watched, 10) == {"orders": {2}}
    assert not hear(watched, {"orders": word(3, doc=True)}, 10, docs=True)
    assert seqs(socket.take()) == [{"orders": 2}, {"orders": 3}]


def test_a_push_with_an_entry_that_does_not_fit_is_passed_on_not_at_all() -> None:
    socket = Written(orders=at(1), balance=at(5))
    watched = watched_by(socket)
    assert push(watched, {"orders": patch(2), "balance": patch(7)})
    assert socket.take() == []
    assert ask(watched, 10) == {"orders": {1}, "balance": {5}}
    hear(watched, {"orders": word(2, doc=True), "balance": word(7, doc=True)}, 10, docs=True)
    assert seqs(socket.take()) == [{"orders": 2, "balance": 7}]


def test_a_frame_behind_a_lost_one_waits_for_an_answer_whatever_it_holds() -> None:
    socket = Written(orders=at(1), balance=at(5))
    watched = watched_by(socket)
    assert push(watched, {"balance": snapshot(6)}, cut=2)  # the first frame, with orders, was lost
    assert socket.take() == []
    assert ask(watched, 10) == {"orders": {1}, "balance": {5}}
    answer = {"orders": word(2, doc=True), "balance": word(6, doc=True)}
    assert not hear(watched, answer, 10, docs=True, cut=2)
    assert seqs(socket.take()) == [{"orders": 2, "balance": 6}]
    assert not push(watched, {"orders": patch(3)}, cut=3)
    assert seqs(socket.take()) == [{"orders": 3}]


def test_a_frame_that_was_lost_without_a_word_for_this_socket_costs_one_question() -> None:
    socket = Written(orders=at(1))
    watched = watched_by(socket)
    assert push(watched, {"orders": patch(2)}, cut=2)  # the first one was of another feed
    assert ask(watched, 10) == {"orders": {1}}
    hear(watched, {"orders": word(2, doc=True)}, 10, docs=True, cut=2)
    assert seqs(socket.take()) == [{"orders": 2}]
    assert ask(watched, 20) == {}


def test_an_answer_that_a_frame_overtook_is_asked_for_again() -> None:
    socket = Written(orders=at(1))
    watched = watched_by(socket)
    push(watched, {"orders": patch(2)}, cut=1)
    socket.places["balance"] = Place(None, 0.0)
    assert ask(watched, 10) == {"orders": {2}, "balance": {0}}
    push(watched, {"orders": patch(3)}, cut=2)
    socket.take()
    assert hear(watched, {"orders": word(2), "balance": word(5, doc=True)}, 10, docs=True, cut=1)
    assert socket.take() == []
    assert ask(watched, 11) == {"orders": {3}, "balance": {0}}
    assert not hear(watched, {"orders": word(3), "balance": word(5, doc=True)}, 11, docs=True, cut=2)
    assert seqs(socket.take()) == [{"balance": 5}]


def test_a_new_socket_is_not_given_what_answers_an_older_question() -> None:
    socket = Written(orders=Place(None, 20.0))
    watched = watched_by(socket)
    assert ask(watched, 20.0)
    assert hear(watched, {"orders": word(2, doc=True)}, 9.0, docs=True)
    assert socket.take() == []
    assert ask(watched, 20.1)
    hear(watched, {"orders": word(2, doc=True)}, 20.1, docs=True)
    assert seqs(socket.take()) == [{"orders": 2}]


def test_what_could_not_be_read_with_a_frame_is_stale_before_it() -> None:
    socket = Written(orders=at(1), pnl=at(1))
    watched = watched_by(socket)
    watched.on_stale({"pnl": ["fetch_failed", 5]}, 20.0)
    assert watched.stale_of("pnl", socket.places["pnl"], 20.0) == Stale("fetch_failed", 5)
    hear(watched, {"orders": word(1), "pnl": word(1)}, 19.0, docs=False)  # asked before, and so no news
    assert watched.stale["pnl"] == Stale("fetch_failed", 5)
    hear(watched, {"orders": word(1), "pnl": word(1)}, 21.0, docs=False)
    assert watched.stale == {}


def test_a_repeated_entry_does_not_hold_up_the_rest_of_its_push() -> None:
    socket = Written(orders=at(1), balance=at(6))
    assert not push(watched_by(socket), {"orders": patch(2), "balance": patch(6)})
    assert seqs(socket.take()) == [{"orders": 2}]


def test_patches_wait_for_the_first_snapshot_and_those_above_it_follow() -> None:
    socket = Written(orders=Place(None, 0.0))
    watched = watched_by(socket)
    assert ask(watched, 0) == {"orders": {0}}
    assert not push(watched, {"orders": patch(4)})
    assert socket.take() == []
    hear(watched, {"orders": word(4, doc=True)}, 0, docs=True)
    push(watched, {"orders": patch(5)})
    assert seqs(socket.take()) == [{"orders": 4}, {"orders": 5}]


def test_a_snapshot_that_a_push_overtook_is_sent_and_the_rest_asked_for_again() -> None:
    socket = Written(orders=Place(None, 0.0))
    watched = watched_by(socket)
    ask(watched, 0)
    push(watched, {"orders": patch(5)})
    assert hear(watched, {"orders": word(4, doc=True)}, 0, docs=True)
    assert ask(watched, 0.1) == {"orders": {4}}
    assert not hear(watched, {"orders": word(5, doc=True)}, 0.1, docs=True)
    assert seqs(socket.take()) == [{"orders": 4}, {"orders": 5}]


def test_an_answer_is_taken_whole_though_a_frame_has_met_a_part_of_the_question() -> None:
    socket = Written(orders=at(1), pnl=at(1))
    watched = watched_by(socket)
    hear(watched, {"orders": word(1), "pnl": word(2)}, 9, docs=False)
    assert ask(watched, 10) == {"orders": {1}, "pnl": {1}}
    push(watched, {"orders": patch(2)}, cut=1)
    push(watched, {"orders": patch(4), "pnl": patch(3)}, cut=3)  # the one before was lost
    socket.take()
    hear(watched, {"orders": word(4, doc=True), "pnl": word(3, doc=True)}, 10, docs=True, cut=3)
    assert seqs(socket.take()) == [{"orders": 4, "pnl": 3}]


def test_an_answer_that_says_less_than_a_socket_lacks_is_not_taken_at_all() -> None:
    first, second = Written(orders=at(2), pnl=at(1)), Written(orders=at(1), pnl=at(1))
    watched = watched_by(first)
    first.holed = True
    ask(watched, 10)
    watched.connections.append(second)
    second.holed = True
    watched.ask_afresh()
    ask(watched, 11)
    assert hear(watched, {"orders": word(2), "pnl": word(2, doc=True)}, 10, docs=True)
    assert (seqs(first.take()), second.take()) == ([{"pnl": 2}], [])


def test_what_an_old_answer_calls_stale_is_not_shown_as_live() -> None:
    socket = Written(orders=at(1), pnl=at(1))
    watched = watched_by(socket)
    socket.lose(["orders", "pnl"])
    ask(watched, 10)
    hear(watched, {"orders": word(1), "pnl": word(1)}, 12, docs=False)
    answer = {"orders": word(2, doc=True), "pnl": word(1, doc=True, stale="fetch_failed")}
    assert hear(watched, answer, 10, docs=True)
    assert socket.take() == []


def test_a_snapshot_for_another_socket_is_not_sent_to_those_who_did_not_ask() -> None:
    asking, late = Written(orders=Place(None, 0.0)), Written(orders=Place(None, 0.0))
    watched = watched_by(asking)
    ask(watched, 0)
    watched.connections.append(late)
    assert hear(watched, {"orders": word(4, doc=True)}, 0, docs=True)
    assert (seqs(asking.take()), late.take()) == ([{"orders": 4}], [])
    ask(watched, 0.1)
    hear(watched, {"orders": word(4, doc=True)}, 0.1, docs=True)
    assert (asking.take(), seqs(late.take())) == ([], [{"orders": 4}])


def test_nothing_is_asked_before_the_groups_subscription_is_in_force() -> None:
    watched = watched_by(Written(orders=Place(None, 0.0)))
    watched.ready = False
    assert ask(watched, 0) == {}


def test_an_unanswered_question_is_asked_again_after_a_second() -> None:
    watched = watched_by(Written(orders=Place(None, 0.0)))
    assert ask(watched, 10) == {"orders": {0}}
    assert ask(watched, 10 + RETRY / 2) == {}
    assert ask(watched, 10 + RETRY) == {"orders": {0}}


def test_a_socket_may_be_behind_for_a_moment_before_the_hub_asks() -> None:
    watched = watched_by(Written(orders=at(1)))
    hear(watched, {"orders": word(2)}, 0, docs=False)
    assert not watched.lacks_for_long(10)
    assert not watched.lacks_for_long(10 + GRACE / 2)
    assert watched.lacks_for_long(10 + GRACE * 1.5)
    push(watched, {"orders": patch(2)})
    assert not watched.lacks_for_long(20)


def test_a_socket_in_an_older_epoch_waits_for_nothing() -> None:
    watched = watched_by(Written(orders=at(90)))
    hear(watched, {"orders": word(1, epoch=EPOCH + 1)}, 0, docs=False)
    assert watched.lacks_for_long(10)


# What a client says it has


def test_a_current_have_costs_its_position_alone() -> None:
    socket = Written(orders=Place(Position(EPOCH, 41), 0.0))
    watched = watched_by(socket)
    assert ask(watched, 0) == {"orders": {41}}
    assert not hear(watched, {"orders": word(41)}, 0, docs=True)
    assert socket.take() == [{"orders": {"epoch": EPOCH, "seq": 41}}]


def test_an_outdated_have_gets_the_snapshot() -> None:
    socket = Written(orders=Place(Position(EPOCH, 40), 0.0))
    watched = watched_by(socket)
    ask(watched, 0)
    assert not hear(watched, {"orders": word(41, doc=True)}, 0, docs=True)
    assert socket.take()[0]["orders"]["snapshot"] == {"n": "41"}


@pytest.mark.parametrize(
    "forged", [Position(EPOCH, 42), Position(EPOCH, 10**9), Position(EPOCH + 1, 1), Position(2**53 - 1, 2**53 - 1)]
)
def test_a_have_that_the_owner_never_reached_is_worth_nothing(forged: Position) -> None:
    socket = Written(orders=Place(forged, 0.0))
    watched = watched_by(socket)
    questions = 0
    while asked := ask(watched, now := questions * 0.01):
        questions += 1
        assert questions < 4, f"asked for ever: {asked}"
        hear(watched, {"orders": word(41, doc=True)}, now, docs=True)
    assert [entry["orders"].get("snapshot") for entry in socket.take()] == [{"n": "41"}]
    push(watched, {"orders": patch(42)})
    assert seqs(socket.take()) == [{"orders": 42}]


def test_a_forged_have_does_not_disturb_the_users_other_sockets() -> None:
    honest, liar = Written(orders=at(41)), Written(orders=Place(Position(2**53 - 1, 7), 0.0))
    watched = watched_by(honest, liar)
    hear(watched, {"orders": word(41)}, 0, docs=False)
    ask(watched, 0)
    push(watched, {"orders": patch(42)})
    hear(watched, {"orders": word(42, doc=True)}, 0, docs=True)
    assert seqs(honest.take()) == [{"orders": 42}]
    assert watched.heartbeat(honest)["orders"]["epoch"] == EPOCH
    assert watched.stale_of("orders", honest.places["orders"], CONFIRM) is None


def test_an_answer_to_an_older_question_is_no_word_on_a_newer_have() -> None:
    # The owner was asked before the client, elsewhere, got 42.
    socket = Written(orders=Place(Position(EPOCH, 42), subscribed=5.0))
    watched = watched_by(socket)
    assert hear(watched, {"orders": word(41)}, 4.9, docs=False)
    assert socket.take() == []
    assert ask(watched, 5.0) == {"orders": {42}}
    hear(watched, {"orders": word(42)}, 5.0, docs=True)
    assert socket.take() == [{"orders": {"epoch": EPOCH, "seq": 42}}]


def test_a_client_that_says_it_is_behind_is_believed_once_a_second() -> None:
    socket = Written(orders=at(5))
    watched = watched_by(socket)
    for now in (10, 10 + RETRY / 2):
        watched.on_snapshot_request(socket, ["orders", "balance", "nonsense"], now)
    assert ask(watched, 11) == {"orders": {0}}
    hear(watched, {"orders": word(5, doc=True)}, 11, docs=True)
    watched.on_snapshot_request(socket, ["orders"], 10 + RETRY / 2)
    assert seqs(socket.take()) == [{"orders": 5}]
    assert ask(watched, 12) == {}


# Live and stale


@pytest.fixture
def live() -> tuple[WatchedUser, Place, Written]:
    """A feed that was confirmed by the answer to a question at 100 s."""
    socket = Written(orders=at(5))
    watched = watched_by(socket)
    hear(watched, {"orders": word(5)}, 100, docs=False)
    return watched, socket.places["orders"], socket


Live = tuple[WatchedUser, Place, Written]


def test_a_feed_is_live_for_ten_seconds_from_the_question_on(live: Live) -> None:
    watched, place, _ = live
    assert watched.stale_of("orders", place, 100 + CONFIRM) is None
    late = watched.stale_of("orders", place, 100.1 + CONFIRM)
    assert late == Stale("pusher_down", 1)
    place.stale = late
    assert watched.stale_of("orders", place, 200) is late
    hear(watched, {"orders": word(5)}, 199, docs=False)
    assert watched.stale_of("orders", place, 200) is None


def test_pushes_alone_do_not_keep_a_feed_live(live: Live) -> None:
    watched, place, _ = live
    push(watched, {"orders": patch(6)})
    assert watched.stale_of("orders", place, 100.1 + CONFIRM) is not None


def test_a_clients_own_request_does_not_make_a_current_feed_stale(live: Live) -> None:
    watched, place, socket = live
    watched.on_snapshot_request(socket, ["orders"], 101)
    assert watched.stale_of("orders", place, 101) is None
    assert ask(watched, 101) == {"orders": {0}}
    hear(watched, {"orders": word(5, doc=True)}, 101, docs=True)
    assert seqs(socket.take()) == [{"orders": 5}]
    assert watched.stale_of("orders", place, 101 + CONFIRM) is None


def test_a_request_that_nobody_answers_ends_the_confirmation_early(live: Live) -> None:
    watched, place, socket = live
    watched.on_snapshot_request(socket, ["orders"], 101)
    assert watched.stale_of("orders", place, 101 + REPAIR) is None
    assert watched.stale_of("orders", place, 101.1 + REPAIR) == Stale("pusher_down", 1)


def test_a_request_does_not_lengthen_a_confirmation(live: Live) -> None:
    watched, place, socket = live
    watched.on_snapshot_request(socket, ["orders"], 99.5 + CONFIRM)
    assert watched.stale_of("orders", place, 100.1 + CONFIRM) is not None


def test_a_request_of_a_socket_that_is_known_to_be_behind_ends_its_confirmation(live: Live) -> None:
    watched, place, socket = live
    hear(watched, {"orders": word(6)}, 100.5, docs=False)
    watched.on_snapshot_request(socket, ["orders"], 101)
    assert watched.stale_of("orders", place, 101) is not None


def test_an_owner_that_is_ahead_confirms_nobody_who_is_behind(live: Live) -> None:
    watched, place, _ = live
    hear(watched, {"orders": word(6)}, 109, docs=False)
    assert watched.stale_of("orders", place, 100.1 + CONFIRM) is not None
    push(watched, {"orders": patch(6)})
    assert watched.stale_of("orders", place, 109 + CONFIRM) is None


def test_the_owners_reason_is_told_at_once_until_it_says_otherwise(live: Live) -> None:
    watched, place, _ = live
    hear(watched, {"orders": word(5, stale="market_stale")}, 102, docs=False)
    assert watched.stale_of("orders", place, 102) == Stale("market_stale", 5)
    hear(watched, {"orders": word(5)}, 104, docs=False)
    assert watched.stale_of("orders", place, 104) is None


def test_what_was_stale_stays_so_until_what_was_missed_has_come(live: Live) -> None:
    watched, place, _ = live
    hear(watched, {"orders": word(5, stale="fetch_failed")}, 102, docs=False)
    place.stale = watched.stale_of("orders", place, 102)
    hear(watched, {"orders": word(6)}, 104, docs=False)
    assert watched.stale_of("orders", place, 104) == place.stale
    push(watched, {"orders": patch(6)})
    assert watched.stale_of("orders", place, 104) is None


def test_an_older_answer_does_not_undo_a_newer_one(live: Live) -> None:
    watched, place, _ = live
    hear(watched, {"orders": word(5, stale="fetch_failed")}, 104, docs=False)
    hear(watched, {"orders": word(5)}, 102, docs=False)
    # The failure was noted without a confirmation, so its time must count too.
    assert watched.stale_of("orders", place, 104) == Stale("fetch_failed", 5)


def test_a_feed_without_an_answer_is_stale_after_a_moment() -> None:
    socket = Written(orders=Place(None, subscribed=50.0))
    watched = watched_by(socket)
    place = socket.places["orders"]
    assert watched.stale_of("orders", place, 50 + FIRST) is None
    assert watched.stale_of("orders", place, 50.1 + FIRST) is not None


def test_a_feed_that_no_pusher_runs_is_called_off_and_not_asked_for() -> None:
    socket = Written(orders=Place(None, 0.0))
    watched = watched_by(socket)
    ask(watched, 0)
    assert not hear(watched, {"orders": [EPOCH, 0, None, False, 0, ["feed_off", 9]]}, 0, docs=True)
    assert watched.stale_of("orders", socket.places["orders"], 0) == Stale("feed_off", 9)
    assert ask(watched, 60) == {}


def test_a_failed_read_of_a_new_user_is_stale_and_asked_for_again() -> None:
    socket = Written(orders=Place(None, 0.0))
    watched = watched_by(socket)
    ask(watched, 0)
    hear(watched, {"orders": [EPOCH, 0, None, False, 0, ["fetch_failed", 9]]}, 0, docs=True)
    assert watched.stale_of("orders", socket.places["orders"], 0) == Stale("fetch_failed", 9)
    assert ask(watched, RETRY) == {"orders": {0}}


def test_a_heartbeat_says_how_far_the_owner_is(live: Live) -> None:
    watched, _, socket = live
    hear(watched, {"orders": word(6)}, 101, docs=False)
    assert watched.heartbeat(socket) == {"orders": {"epoch": EPOCH, "seq": 6, "asOf": 1}}


def test_a_heartbeat_confirms_nothing_that_the_owner_has_not() -> None:
    # Pushers gone for a minute: what the hub heard last is no confirmation for a socket that comes back with it.
    socket = Written(orders=at(5))
    watched = watched_by(socket)
    hear(watched, {"orders": word(5)}, 100, docs=False)
    back = Written(orders=Place(Position(EPOCH, 5), subscribed=160.0))
    watched.connections.append(back)
    assert "seq" not in watched.heartbeat(back)["orders"]


def test_a_client_is_believed_again_though_an_answer_was_lost_long_ago() -> None:
    socket = Written(orders=Place(None, 0.0))
    watched = watched_by(socket)
    assert ask(watched, 1.0)
    push(watched, {"orders": snapshot(3)}, ts=5)  # makes it whole; the answer never comes
    watched.on_snapshot_request(socket, ["orders"], 100.0)
    assert ask(watched, 100.0)


def test_a_user_who_lacks_nothing_is_passed_by_until_his_confirmation_runs_out(live: Live) -> None:
    watched, place, _ = live
    watched.settle()
    assert watched.well_until == place.confirmed + CONFIRM
    assert watched.stale_of("orders", place, watched.well_until - 0.1) is None


def test_a_frame_that_fits_needs_no_look_at_its_user(live: Live) -> None:
    watched, place, _ = live
    watched.settle()
    until = watched.well_until
    assert push(watched, {"orders": patch(6)}) is False
    assert (watched.well_until, place.position) == (until, Position(EPOCH, 6))


def test_whatever_else_arrives_for_a_user_has_him_looked_at_again(live: Live) -> None:
    watched, _, connection = live
    for event in (
        lambda: push(watched, {"orders": patch(7)}),  # leaves a gap
        lambda: watched.on_words({"orders": word(5)}, 100.0),
        lambda: watched.on_stale({"orders": ["broken", 5]}, 100.0),
        lambda: watched.on_snapshot_request(connection, ["orders"], 100.0),
        watched.ask_afresh,
    ):
        watched.well_until = math.inf
        event()
        assert watched.well_until == -math.inf


def test_a_user_who_lacks_something_or_was_told_of_it_is_looked_at_in_every_sweep(live: Live) -> None:
    watched, place, connection = live
    for harm in (
        lambda: setattr(connection, "holed", True),
        lambda: setattr(connection, "symbols_stale", Stale("broken", 5)),
        lambda: setattr(place, "stale", Stale("broken", 5)),
        lambda: watched.heads.update(orders=Position(EPOCH, 9)),
    ):
        connection.holed, connection.symbols_stale, place.stale = False, None, None
        watched.settle()
        assert watched.well_until > 0
        harm()
        watched.settle()
        assert watched.well_until == -math.inf
