from tests.benchmarks.full_site import divergent, first_seen
from tests.benchmarks.senders import FEEDS


def test_a_commit_is_seen_with_its_own_mark_or_with_a_later_one_of_its_order():
    commits = {"a": (0.0, 1.0, 7), "b": (1.0, 2.0, 8), "c": (2.0, 3.0, 7), "d": (3.0, 4.0, 8)}
    assert first_seen(commits, {"b": 2.5, "c": 3.5}) == {"a": 3.5, "b": 2.5, "c": 3.5}


def test_pages_that_differ_or_are_not_live_are_named():
    truth = {1: dict.fromkeys(FEEDS, "x")}
    good = {"user": 1, "feeds": dict.fromkeys(FEEDS, "x"), "behind": []}
    assert divergent([good], truth) == []
    assert "['orders'] differ" in divergent([{**good, "feeds": {**good["feeds"], "orders": "y"}}], truth)[0]
    assert "['pnl'] are not live" in divergent([{**good, "behind": ["pnl"]}], truth)[0]
