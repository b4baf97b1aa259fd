"""The tests' own client keeps to the rule: the same cases as for the browser's."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.protocol_client import Rule, merge

CASES = Path(__file__).parent.parent / "cases"


def cases(name: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in json.loads((CASES / name).read_text())["cases"]]


@pytest.mark.parametrize("case", cases("merge_cases.json"))
def test_a_merge_patch_is_applied(case: dict[str, Any]) -> None:
    before = copy.deepcopy((case["document"], case["patch"]))
    assert merge(case["document"], case["patch"]) == case["expected"]
    assert (case["document"], case["patch"]) == before


class Player:
    """Plays one case's steps to a rule, with the case's clock."""

    def __init__(self, feeds: list[str]) -> None:
        self.rule, self.now = Rule(feeds), 0.0
        self.rule.opened(0.0)

    def play(self, step: dict[str, Any]) -> list[Any]:
        """Return what the client sent in the step."""
        sent = self._timers(step["at"])
        if "receive" in step:
            if not self.rule.connected:
                self.rule.opened(self.now)
            sent += self.rule.on_frame(step["receive"], self.now)
        elif "unsubscribe" in step:
            sent += self.rule.unsubscribe(step["unsubscribe"], self.now)
        elif "lost" in step:
            self.rule.lost()
        return sent

    def _timers(self, until: float) -> list[Any]:
        sent = []
        while (due := min(self.rule.next_time(self.now), self.rule.death)) <= until:
            self.now = due
            if due >= self.rule.death:
                self.rule.lost()
            else:
                sent += self.rule.on_time(due)
        self.now = until
        return sent


@pytest.mark.parametrize("case", cases("rule_cases.json"))
def test_the_rule_is_kept(case: dict[str, Any]) -> None:
    player = Player(case["feeds"])
    rule = player.rule
    for step in case["steps"]:
        sent, expect = player.play(step), step.get("expect", {})
        where = f"at {step['at']}"
        assert sent == step.get("send", []), where
        for feed, document in expect.get("documents", {}).items():
            assert rule.feeds[feed].document == document, where
        for feed, position in expect.get("positions", {}).items():
            held = rule.feeds[feed].position
            assert (list(held) if held else None) == position, where
        if "live" in expect:
            assert sorted(rule.live()) == sorted(expect["live"]), where
        assert rule.connected == expect.get("connected", rule.connected), where


def test_it_waits_as_the_server_says() -> None:
    rule = Rule(["orders"])
    rule.on_frame({"type": "goodbye", "reason": "restart", "reconnect_ms": [500, 10_500]}, 0.0)
    assert rule.wait_after(1012, 0) == (0.5, 10.5)
    assert rule.wait_after(4429, 0) == (60, 75)
    rule.lost()
    assert rule.wait_after(1012, 0)[1] < 1
    assert rule.wait_after(None, 9) > rule.wait_after(None, 0)
