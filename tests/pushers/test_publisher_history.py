"""Reads that overlap and are applied late: whatever the order, nobody is ever shown an older state again."""

import json
import random
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from pushers.patch import Document, merge
from pushers.publisher import Publisher
from pushers.stream import Position, Step, advance
from tests.pushers.fakes import FakeFeed, ListSender, Owner, reading

FEEDS = ("orders", "pnl")
PAD = {"pad": "x" * 120}


def documents(version: int, mark: int) -> dict[str, Document]:
    """Return both feeds as of one committed version; the market moves `mark` apart from it."""
    return {
        "orders": {"version": version, **PAD},
        "pnl": {"paper": {"version": version, "equity": mark}, **PAD},
    }


@dataclass
class Site:
    """An owner over a database whose version only rises, and one client who loses nothing."""

    chance: random.Random
    now: float = 0.0
    version: int = 0
    mark: int = 0
    late: list[tuple] = field(default_factory=list)  # reads that have ended and are not applied yet

    def __post_init__(self) -> None:
        self.sender = ListSender()
        feeds = {"orders": FakeFeed("orders"), "pnl": FakeFeed("pnl", volatile=frozenset({"equity"}))}
        self.publisher = Publisher(feeds, dict.fromkeys(FEEDS, 5.0), Owner(7), self.sender, lambda: self.now)
        self.apply(self.read(FEEDS))
        streams = {feed: self.publisher.stream("1", feed) for feed in FEEDS}
        self.client = {feed: (stream.position, stream.document) for feed, stream in streams.items()}

    def pass_time(self) -> None:
        self.now += self.chance.random()
        if self.chance.random() < 0.5:
            self.version += 1
        if self.chance.random() < 0.5:
            self.mark += 1

    def read(self, feeds: tuple[str, ...]) -> tuple:
        began = self.now
        self.pass_time()
        seen = documents(self.version, self.mark)
        self.pass_time()
        return {feed: seen[feed] for feed in feeds}, began, self.now

    def apply(self, read: tuple) -> None:
        results, began, ended = read
        found = reading({"1": results}, began, ended)
        if len(results) == 1:
            ((feed, result),) = results.items()
            self.publisher.confirm("1", feed, result, found, 7)
        else:
            self.publisher.apply("1", results, found, 7)

    def step(self) -> None:
        what = self.chance.random()
        if what < 0.3:
            self.pass_time()
        elif what < 0.7 or not self.late:
            self.late.append(self.read(self.chance.choice((FEEDS, FEEDS, ("orders",), ("pnl",)))))
        else:
            self.apply(self.late.pop(self.chance.randrange(len(self.late))))

    def deliver(self) -> None:
        """Hand the frames to the client, who follows the rule and checks that nothing goes back."""
        frames, self.sender.groups = self.sender.groups, []
        for _, message in frames:
            for feed, (epoch, seq, snapshot, text) in message["feeds"].items():
                own, held = self.client[feed]
                position, body = Position(epoch, seq), json.loads(text)
                assert advance(own, position, snapshot=snapshot) is Step.APPLY
                document = body["snapshot"] if snapshot else merge(held, body["patch"])
                assert _age(document) >= _age(held), "an older state was shown again"
                self.client[feed] = (position, document)


def _age(document: Document) -> tuple[int, int]:
    row = document.get("paper", document)
    return row["version"], row.get("equity", 0)


@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_no_order_of_overlapping_reads_shows_an_older_state_again(chance: random.Random, steps: int) -> None:
    site = Site(chance)
    for _ in range(steps):
        site.step()
        site.deliver()
        for feed, (position, document) in site.client.items():
            stream = site.publisher.stream("1", feed)
            assert (position, document) == (stream.position, stream.document)
    site.apply(site.read(FEEDS))
    site.apply((documents(site.version, site.mark), site.now, site.now))
    site.deliver()
    assert {feed: document for feed, (_, document) in site.client.items()} == documents(site.version, site.mark)
