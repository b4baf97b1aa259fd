"""The judge: what the clients showed, held against what was true. Pure: journals in, a verdict out."""

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.chaos import marks
from tests.chaos.truth import NEVER, Truth

SHOWN_SAMPLES = 20  # of each kind of offence that a verdict quotes


@dataclass
class Feed:
    """What one client shows of one feed since `since`: [live, epoch, seq, version, quote, desk]."""

    state: list[Any]
    since: float

    @property
    def live(self) -> bool:
        return bool(self.state[0])

    @property
    def epoch(self) -> int:
        return int(self.state[1])

    @property
    def shown(self) -> list[Any]:
        return self.state[3:]


@dataclass
class Watched:
    """One client, as its journal tells it."""

    trader: int
    feeds: dict[str, Feed] = field(default_factory=dict)
    opened: float | None = None
    frozen: bool = False
    bad: list[tuple[float, float]] = field(default_factory=list)  # not live, or not the newest for longer than normal
    hits: dict[str, list[float]] = field(default_factory=dict)  # event -> when


@dataclass
class Verdict:
    """Offences, and the times that the report needs."""

    offences: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[Any]] = field(default_factory=dict)
    wrong_live: set[int] = field(default_factory=set)  # clients
    longest_wrong: float = 0.0  # seconds that a state was shown as live after another had replaced it
    lag: float = 0.0  # seconds that the process of the clients was late at most
    states: int = 0
    clients: dict[int, Watched] = field(default_factory=dict)

    def convict(self, offence: str, sample: Any) -> None:
        self.offences[offence] += 1
        kept = self.samples.setdefault(offence, [])
        if len(kept) < SHOWN_SAMPLES:
            kept.append(sample)


class Judge:
    """Reads journals line by line. `bound`: seconds that a replaced state may still be shown as live; `normal`: seconds
    that a change takes on an undisturbed site, after which a client counts as not repaired."""

    def __init__(self, truth: Truth, *, bound: float, normal: float) -> None:
        self.verdict = Verdict()
        self._truth, self._bound, self._normal = truth, bound, normal

    def read(self, path: Path, end: float) -> Verdict:
        """Judge a journal whose clients went on showing what they showed until `end`."""
        with path.open() as lines:
            return self.judge(map(json.loads, lines), end)

    def judge(self, lines: Iterable[dict[str, Any]], end: float) -> Verdict:
        for line in lines:
            if line["t"] > end:
                break
            if "c" not in line:
                self.verdict.lag = max(self.verdict.lag, line["seconds"])
                continue
            client = self.verdict.clients.setdefault(line["c"], Watched(line.get("u", -1)))
            if "e" in line:
                self._event(line, client)
            else:
                self._states(line, client)
        for number, client in self.verdict.clients.items():
            self._close(number, client, end)
        return self.verdict

    def _event(self, line: dict[str, Any], client: Watched) -> None:
        event, now = line["e"], line["t"]
        client.hits.setdefault(event, []).append(now)
        if event in ("foreign", "old_epoch", "final", "broken"):
            self.verdict.convict(event, line)
        elif event == "opened":
            client.opened = now
        elif event in ("frozen", "gone"):
            self._close(line["c"], client, now)
            client.frozen = True
        elif event == "thawed":
            client.frozen = False
            for feed in client.feeds.values():
                feed.since = now

    def _states(self, line: dict[str, Any], client: Watched) -> None:
        number, now = line["c"], line["t"]
        for name, state in line["s"].items():
            self.verdict.states += 1
            known = client.feeds.get(name)
            if known is not None:
                self._segment(number, client, name, known, now)
                if name != "ticker" and (known.epoch, known.state[2]) > (state[1], state[2]):
                    self.verdict.convict("epoch_back", line)
            elif client.opened is not None:
                client.bad.append((client.opened, now))
            client.feeds[name] = Feed(state, now)
        self._cut(line, client)

    def _cut(self, line: dict[str, Any], client: Watched) -> None:
        """All feeds that are live show one transaction; what they say of the desk agrees."""
        live = {name: feed.shown[0] for name, feed in client.feeds.items() if feed.live and name != "ticker"}
        versions = {version for version in live.values() if version is not None}
        ordered = live.get("orders", 0) is not None
        torn = len(versions) > 1 or (len(versions) == 1 and "orders" in live and marks.has_order(*versions) != ordered)
        if torn:
            self.verdict.convict("torn", {**line, "live": live})
        if line.get("x"):
            self.verdict.convict("contradiction", line)

    def _close(self, number: int, client: Watched, now: float) -> None:
        if client.frozen:
            return
        for name, feed in client.feeds.items():
            self._segment(number, client, name, feed, now)
            feed.since = now

    def _segment(self, number: int, client: Watched, name: str, feed: Feed, now: float) -> None:
        """Judge what a client showed of a feed from `feed.since` until now."""
        if client.frozen:
            return
        if not feed.live:
            client.bad.append((feed.since, now))
            return
        wrong = self._truth.wrong_since(client.trader, name, feed.shown, feed.since)
        if now > wrong + self._normal:
            client.bad.append((max(feed.since, wrong + self._normal), now))
        if wrong == NEVER:
            self._wrong(number, client, name, feed, now, math.inf)
        elif now > wrong:
            self.verdict.longest_wrong = max(self.verdict.longest_wrong, now - wrong)
            if now - wrong > self._bound:
                self._wrong(number, client, name, feed, now, now - wrong)

    def _wrong(self, number: int, client: Watched, name: str, feed: Feed, now: float, seconds: float) -> None:
        self.verdict.wrong_live.add(number)
        text = "never true" if seconds == math.inf else f"{seconds:.1f} s"
        sample = {"client": number, "trader": client.trader, "feed": name, "state": feed.state, "wrong": text}
        self.verdict.convict("wrong_live", {**sample, "since": feed.since, "until": now})


def divergent(shown: list[dict[str, Any]], documents: dict[str, Any], price: str) -> list[dict[str, Any]]:
    """Return what differs from the database at the end, one entry per client that does not show just what it says."""
    found = []
    for client in shown:
        expected = documents[str(client["trader"])]
        wrong = [feed for feed, document in client["documents"].items() if document != expected[feed]]
        if client["price"] not in (None, price):
            wrong.append("ticker")
        if wrong or not client["live"]:
            found.append({"client": client["client"], "feeds": wrong, "live": client["live"]})
    return found


def lease_overlaps(lines: Iterable[dict[str, Any]]) -> list[str]:
    """Return where two processes sent for one shard at a time, or under one epoch, or an older epoch after a newer."""
    spans: dict[tuple[int, int], tuple[str, float, float]] = {}
    said = []
    for line in lines:
        if "shard" not in line:
            continue
        key, who = (line["shard"], line["epoch"]), f"{line['who']}/{line['pid']}"
        known = spans.get(key)
        if known is not None and known[0] != who:
            said.append(f"shard {key[0]}: {who} and {known[0]} both sent under epoch {key[1]}")
        elif known is not None:
            spans[key] = (who, min(known[1], line["t"]), max(known[2], line["t"]))
        else:
            spans[key] = (who, line["t"], line["t"])
    ordered = sorted((shard, epoch, *span) for (shard, epoch), span in spans.items())
    for (shard, epoch, who, _, last), (next_shard, next_epoch, taker, first, _) in pairwise(ordered):
        if shard == next_shard and last > first:
            said.append(
                f"shard {shard}: {who} sent under epoch {epoch} {last - first:.3f} s after {taker} under {next_epoch}"
            )
    return said
