"""A judge that can't convict is worth nothing: recorded lies, each of which it must find, and the truth beside them."""

from decimal import Decimal
from typing import Any

import pytest

from tests.chaos import marks
from tests.chaos.judge import Judge, Verdict, divergent, lease_overlaps
from tests.chaos.leases import LeaseWatch
from tests.chaos.servers import Postgres
from tests.chaos.truth import Truth

TRADER = 7
BOUND, NORMAL = 11.0, 2.0
DESK = 5  # a digest
EPOCH = 1_767_225_500_000


def committed(number: int, at: float, **more: Any) -> dict[str, Any]:
    return {"version": marks.version(number, TRADER), "before": at, "after": at + 0.01, "rows": 6, **more}


def ledger(*lines: dict[str, Any]) -> Truth:
    first = committed(1, 0.0, desk=dict.fromkeys(marks.FEEDS, DESK))
    return Truth([first, *lines, {"quote": 101, "before": 50.0, "after": 50.01, "rows": 1}])


def state(number: int | None, *, live: bool = True, seq: int = 1, epoch: int = EPOCH, desk: int = DESK) -> list[Any]:
    version = None if number is None else marks.version(number, TRADER)
    return [live, epoch, seq, version, None, desk]


def shows(at: float, **feeds: list[Any]) -> dict[str, Any]:
    return {"t": at, "c": 0, "u": TRADER, "s": feeds}


def event(at: float, kind: str, **more: Any) -> dict[str, Any]:
    return {"t": at, "c": 0, "u": TRADER, "e": kind, **more}


def verdict(truth: Truth, *lines: dict[str, Any], end: float = 100.0) -> Verdict:
    return Judge(truth, bound=BOUND, normal=NORMAL).judge(lines, end)


def test_a_client_that_follows_every_commit_is_innocent() -> None:
    truth = ledger(committed(2, 20.0), committed(3, 30.0))
    lines = [shows(at, balance=state(number, seq=number)) for at, number in ((1.0, 1), (20.2, 2), (30.9, 3))]
    found = verdict(truth, *lines)
    assert (found.wrong_live, found.offences, found.clients[0].bad) == (set(), {}, [])
    assert found.longest_wrong == pytest.approx(0.89)


def test_a_replaced_state_that_stays_live_too_long_is_convicted() -> None:
    truth = ledger(committed(2, 20.0))
    found = verdict(truth, shows(1.0, balance=state(1)), shows(31.5, balance=state(2, seq=2)))
    assert found.wrong_live == {0}
    assert found.samples["wrong_live"][0]["wrong"] == "11.5 s"
    assert verdict(truth, shows(1.0, balance=state(1)), shows(30.0, balance=state(2, seq=2))).wrong_live == set()


def test_a_replaced_state_that_is_never_replaced_at_the_client_is_convicted_at_the_end() -> None:
    assert verdict(ledger(committed(2, 80.0)), shows(1.0, balance=state(1)), end=92.0).wrong_live == {0}


def test_a_replaced_state_that_is_called_stale_in_time_is_none() -> None:
    truth = ledger(committed(2, 20.0))
    assert verdict(truth, shows(1.0, balance=state(1)), shows(30.5, balance=state(1, live=False))).wrong_live == set()


def test_a_state_that_becomes_live_again_although_long_replaced_is_convicted_at_once() -> None:
    lines = [shows(1.0, balance=state(1)), shows(22.0, balance=state(1, live=False)), shows(40.0, balance=state(1))]
    found = verdict(ledger(committed(2, 20.0)), *lines, shows(40.1, balance=state(2, seq=2)))
    assert found.wrong_live == {0}


@pytest.mark.parametrize(
    "lie",
    [state(4), [True, EPOCH, 1, marks.BROKEN, None, DESK], state(1, desk=6), state(3), [True, EPOCH, 1, None, None, 5]],
    ids=["uncommitted", "no version's", "another desk", "of the future", "without the order"],
)
def test_a_state_that_was_never_true_is_convicted_however_short(lie: list[Any]) -> None:
    found = verdict(ledger(committed(3, 60.0)), shows(10.0, orders=lie), shows(10.1, orders=state(1, seq=2)))
    assert found.wrong_live == {0}


def test_the_desk_changes_with_its_version_alone() -> None:
    truth = ledger(committed(2, 20.0, desk=dict.fromkeys(marks.FEEDS, 9)), committed(3, 30.0))
    good = [shows(1.0, balance=state(1)), shows(20.1, balance=state(2, seq=2, desk=9))]
    assert verdict(truth, *good, shows(30.1, balance=state(3, seq=3, desk=9))).wrong_live == set()
    assert verdict(truth, *good, shows(30.1, balance=state(3, seq=3))).wrong_live == {0}


def test_a_price_is_judged_like_a_version() -> None:
    truth = ledger()
    version = marks.version(1, TRADER)
    old, new = [True, EPOCH, 1, version, 100, DESK], [True, EPOCH, 2, version, 101, DESK]
    assert verdict(truth, shows(1.0, pnl=old), shows(51.0, pnl=new)).wrong_live == set()
    assert verdict(truth, shows(1.0, pnl=old), shows(62.0, pnl=new)).wrong_live == {0}
    assert verdict(truth, shows(1.0, ticker=[True, 0, 1, None, 100, 0])).wrong_live == {0}


def test_a_frozen_tab_is_not_judged_for_the_time_that_nobody_saw_it() -> None:
    truth = ledger(committed(2, 20.0))
    frozen, dead = [shows(1.0, balance=state(1)), event(19.0, "frozen")], shows(40.0, balance=state(1, live=False))
    assert verdict(truth, *frozen, dead, event(40.0, "thawed")).wrong_live == set()
    assert verdict(truth, *frozen, event(40.0, "thawed"), shows(40.5, balance=state(2, seq=2))).wrong_live == {0}


def test_feeds_of_two_transactions_are_a_torn_state() -> None:
    truth = ledger(committed(2, 20.0))
    whole = shows(20.1, balance=state(2, seq=2), positions=state(2, seq=2))
    assert verdict(truth, shows(1.0, balance=state(1), positions=state(1)), whole).offences == {}
    torn = shows(20.1, balance=state(2, seq=2))
    assert verdict(truth, shows(1.0, balance=state(1), positions=state(1)), torn, whole).offences["torn"] == 1
    stale = shows(20.1, balance=state(2, seq=2), positions=state(1, live=False))
    assert verdict(truth, shows(1.0, balance=state(1), positions=state(1)), stale).offences == {}


def test_an_order_that_its_transaction_had_deleted_is_a_torn_state() -> None:
    truth = ledger(committed(8, 20.0))
    assert not marks.has_order(marks.version(8, TRADER))
    good = shows(20.1, balance=state(8), orders=state(None))
    assert verdict(truth, good).offences == {}
    assert verdict(truth, shows(20.1, balance=state(8), orders=state(1))).offences["torn"] == 1
    assert verdict(truth, shows(1.0, balance=state(1), orders=state(None))).offences["torn"] == 1


def test_a_position_that_goes_back_is_convicted() -> None:
    lines = [shows(1.0, balance=state(1, epoch=EPOCH + 1)), shows(2.0, balance=state(1))]
    assert verdict(ledger(), *lines).offences["epoch_back"] == 1


@pytest.mark.parametrize("kind", ["foreign", "old_epoch", "final", "broken"])
def test_what_a_client_itself_calls_an_offence_is_one(kind: str) -> None:
    assert verdict(ledger(), event(1.0, kind)).offences[kind] == 1


def test_contradictions_are_counted() -> None:
    assert verdict(ledger(), {**shows(1.0, balance=state(1)), "x": ["no"]}).offences["contradiction"] == 1


def test_what_a_client_shows_at_the_end_must_be_what_the_database_has() -> None:
    database = {"7": {"balance": {"a": "1"}, "orders": {}}}
    client = {"client": 0, "trader": 7, "live": True, "documents": database["7"], "price": "101"}
    assert divergent([client], database, "101") == []
    for lie in (
        {"documents": {"balance": {"a": "2"}, "orders": {}}},
        {"documents": {"balance": None, "orders": {}}},
        {"live": False},
        {"price": "100"},
    ):
        assert len(divergent([client | lie], database, "101")) == 1


def sent(who: str, epoch: int, at: float, shard: int = 3) -> dict[str, Any]:
    return {"t": at, "who": who, "pid": 1, "shard": shard, "epoch": epoch}


def test_owners_that_follow_each_other_do_not_overlap() -> None:
    lines = [sent("a", 5, 1.0), sent("a", 5, 2.0), sent("b", 6, 2.5), sent("a", 9, 1.5, shard=4)]
    assert lease_overlaps([*lines, {"t": 1.0, "who": "a", "pid": 1, "tasks": 3}]) == []


@pytest.mark.parametrize(
    "lie", [sent("b", 5, 1.5), sent("a", 5, 2.6)], ids=["one epoch, two owners", "an older epoch after a newer"]
)
def test_owners_that_overlap_are_found(lie: dict[str, Any]) -> None:
    assert len(lease_overlaps([sent("a", 5, 1.0), sent("b", 6, 2.5), lie])) == 1


@pytest.mark.parametrize("lie", [(3, "b", 4), (3, "b", 5)], ids=["an epoch that went back", "one epoch, two owners"])
def test_the_lease_table_is_watched(lie: tuple[int, str, int]) -> None:
    watch = LeaseWatch(Postgres.__new__(Postgres))
    for rows in ([(3, "a", 5)], [(3, "a", 5)]):
        watch.look(rows, 1.0)
    assert watch.offences == []
    watch.look([lie], 2.0)
    assert len(watch.offences) == 1


DOCUMENTS = {
    "balance": {"u7-marks": {"currency": "USD", "total": "12007", "used": "3001", "free": "9006"}},
    "positions": {
        "1": {
            "account": "u7-marks",
            "side": "long",
            "contracts": "1",
            "leverage": "3",
            "takeProfit": "12007",
            "stopLoss": "0.00012007",
        }
    },
    "orders": {
        "5": {
            "account": "u7-marks",
            "clientOrderId": "v12007",
            "symbol": "CHAOS",
            "amount": "12007",
            "remaining": "12007",
            "status": "open",
        }
    },
    "fills": {
        str(10 - price): {"account": "u7-marks", "amount": "12007", "cost": str(12007 * price), "price": str(price)}
        for price in (1, 2, 3)
    },
    "pnl": {
        "u7-marks": {
            "fees": "12007",
            "realizedPnl": "-12007",
            "unrealizedPnl": "5",
            "equity": "12012",
            "positions": {"TICK": {"markPrice": "105"}},
        }
    },
}


@pytest.mark.parametrize("feed", marks.FEEDS)
def test_a_document_names_its_version(feed: str) -> None:
    shown = marks.shown(feed, DOCUMENTS[feed], TRADER)
    assert shown[:2] == (12007, 105 if feed == "pnl" else None)


@pytest.mark.parametrize("feed", marks.FEEDS)
def test_a_document_of_two_versions_or_of_another_trader_names_none(feed: str) -> None:
    key, entry = next(iter(DOCUMENTS[feed].items()))
    number = next(name for name in ("used", "stopLoss", "remaining", "cost", "realizedPnl") if name in entry)
    torn = DOCUMENTS[feed] | {key: {**entry, number: "11007"}}
    for lie in (torn, {}, None, {key: {}}):
        if feed != "orders" or lie != {}:  # which says that there is no order
            assert marks.shown(feed, lie, TRADER).version == marks.BROKEN
    assert marks.shown(feed, DOCUMENTS[feed], TRADER + 1).version in (marks.BROKEN, None)


@pytest.mark.parametrize("feed", marks.FEEDS)
def test_whose_data_a_frame_carries_is_seen(feed: str) -> None:
    assert marks.owners({feed: {"epoch": 1, "seq": 2, "snapshot": DOCUMENTS[feed]}}) == {TRADER}


def test_whose_data_a_patch_carries_is_seen_by_its_version() -> None:
    assert marks.owners({"positions": {"epoch": 1, "seq": 2, "patch": {"1": {"takeProfit": "13008"}}}}) == {8}


def desk(**figures: Any) -> dict[str, Any]:
    """The documents of a desk that bought 2 at 101 and has one order for 3 at 20."""
    given = {"used": "262.06", "free": "738", "held": "2", "filled": "2", "valued": "2"} | figures
    own = {"account": "u7-desk"}
    total = Decimal("1000.06")
    return {
        "balance": {"u7-desk": {"total": str(total), "used": given["used"], "free": given["free"]}},
        "orders": {"5": {**own, "amount": "3", "price": "20"}} if figures.get("rests", True) else {},
        "positions": {"1": {**own, "contracts": given["held"], "entryPrice": "101"}},
        "fills": {"9": {**own, "side": "buy", "amount": given["filled"]}},
        "pnl": {"u7-desk": {"positions": {"CHAOS": {"contracts": given["valued"]}}}},
    }


def test_one_cut_contradicts_itself_in_nothing() -> None:
    assert marks.contradictions(desk(), TRADER) == []


@pytest.mark.parametrize(
    "lie",
    [{"free": "739"}, {"filled": "1"}, {"valued": "3"}, {"rests": False}, {"held": "3", "filled": "3", "valued": "3"}],
    ids=["money from nowhere", "a fill without its position", "another value", "a lost order", "unpaid"],
)
def test_a_state_that_contradicts_itself_is_seen(lie: dict[str, Any]) -> None:
    assert len(marks.contradictions(desk(**lie), TRADER)) == 1
