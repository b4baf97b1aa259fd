"""Interest: only added, and expires."""

from pushers.watchers import Watchers


def test_interest_is_added_once_and_renewed() -> None:
    watchers = Watchers(60)
    assert watchers.add("1", ["pnl", "orders"], now=0) == {"pnl", "orders"}
    assert watchers.add("1", ["pnl"], now=30) == set()
    assert watchers.feeds("1") == {"pnl", "orders"}
    assert watchers.users("pnl") == {"1"}


def test_what_nobody_renews_ends() -> None:
    watchers = Watchers(60)
    watchers.add("1", ["pnl", "orders"], now=0)
    watchers.add("1", ["pnl"], now=30)
    assert watchers.sweep(60) == [("1", "orders")]
    assert watchers.feeds("1") == {"pnl"}
    assert watchers.sweep(90) == [("1", "pnl")]
    assert (watchers.count(), watchers.feeds("1"), watchers.users("pnl")) == (0, frozenset(), set())


def test_nothing_ends_before_its_time() -> None:
    watchers = Watchers(60)
    watchers.add("1", ["pnl"], now=0)
    assert watchers.sweep(59.9) == []
    assert watchers.users("pnl") == {"1"}


def test_who_comes_back_is_new() -> None:
    watchers = Watchers(60)
    watchers.add("1", ["pnl"], now=0)
    watchers.sweep(60)
    assert watchers.add("1", ["pnl"], now=61) == {"pnl"}


def test_one_users_end_is_not_anothers() -> None:
    watchers = Watchers(60)
    watchers.add("1", ["pnl"], now=0)
    watchers.add("2", ["pnl"], now=10)
    watchers.sweep(60)
    assert watchers.users("pnl") == {"2"}


def test_a_user_who_watches_no_feed_of_ours_costs_nothing() -> None:
    watchers = Watchers(60)
    watchers.add("1", [], now=0)
    assert watchers.count() == 0
