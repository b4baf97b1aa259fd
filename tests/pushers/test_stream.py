"""Numbering: one (epoch, seq) is one document for ever, and whatever is lost shows."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushers.patch import Document, DocumentError, merge
from pushers.stream import Entry, Position, Step, Stream, advance, position_text
from tests.pushers.test_patch import documents, same

LARGE = {"pad": "x" * 200}  # so that a patch is smaller than its document


def stream_with(document: Document, *, epoch: int = 5) -> Stream:
    stream = Stream(Position(epoch, 0))
    stream.record(document)
    return stream


@pytest.mark.parametrize(
    ("own", "entry", "snapshot", "step"),
    [
        (None, (5, 1), True, Step.APPLY),
        (None, (5, 1), False, Step.GAP),
        ((5, 3), (5, 4), False, Step.APPLY),
        ((5, 3), (5, 5), False, Step.GAP),
        ((5, 3), (5, 5), True, Step.APPLY),
        ((5, 3), (5, 3), False, Step.IGNORE),
        ((5, 3), (5, 3), True, Step.IGNORE),
        ((5, 3), (5, 2), True, Step.IGNORE),
        ((5, 3), (6, 1), False, Step.GAP),
        ((5, 3), (6, 4), False, Step.GAP),
        ((5, 3), (6, 1), True, Step.APPLY),
        ((5, 3), (4, 9), True, Step.IGNORE),
        ((5, 3), (4, 4), False, Step.IGNORE),
    ],
)
def test_the_receivers_rule(own: tuple | None, entry: tuple, snapshot: bool, step: Step) -> None:
    assert advance(Position(*own) if own else None, Position(*entry), snapshot=snapshot) is step


def test_the_first_document_takes_a_number_and_sends_nothing() -> None:
    stream = Stream(Position(5, 0))
    assert stream.record({"a": "1"}) is None
    assert stream.position == (5, 1)


def test_a_change_takes_the_next_number() -> None:
    stream = stream_with({**LARGE, "a": "1"})
    entry = stream.record({**LARGE, "a": "2"})
    assert entry == Entry(Position(5, 2), False, '{"epoch":5,"seq":2,"patch":{"a":"2"}}')
    assert stream.position == (5, 2)


def test_an_equal_document_takes_no_number() -> None:
    stream = stream_with({"a": {"b": "1"}})
    assert stream.record({"a": {"b": "1"}}) is None
    assert stream.position == (5, 1)


def test_a_snapshot_is_the_recorded_document_under_its_number() -> None:
    stream = stream_with({"a": "1"})
    assert json.loads(stream.snapshot()) == {"epoch": 5, "seq": 1, "snapshot": {"a": "1"}}
    stream.record({"a": "2"})
    assert json.loads(stream.snapshot()) == {"epoch": 5, "seq": 2, "snapshot": {"a": "2"}}


def test_a_patch_that_is_not_smaller_goes_as_a_snapshot() -> None:
    stream = stream_with({"a": "1", "b": "2", "c": "3"})
    entry = stream.record({"a": "1"})
    assert entry == Entry(Position(5, 2), True, '{"epoch":5,"seq":2,"snapshot":{"a":"1"}}')


def test_a_document_emptied_is_recorded() -> None:
    stream = stream_with({"a": "1"})
    entry = stream.record({})
    assert entry is not None
    assert json.loads(entry.text) == {"epoch": 5, "seq": 2, "snapshot": {}}


def test_one_and_true_are_two_documents() -> None:
    stream = stream_with({**LARGE, "a": 1})
    entry = stream.record({**LARGE, "a": True})
    assert entry is not None
    assert entry.text == '{"epoch":5,"seq":2,"patch":{"a":true}}'


@pytest.mark.parametrize("broken", [None, [], "x", {"a": None}, {"a": 1.0}, {"a": 2**53}, {"a": "\ud800"}, {1: "x"}])
def test_a_broken_document_changes_nothing(broken: object) -> None:
    stream = stream_with({"a": 1})
    with pytest.raises(DocumentError):
        stream.record(broken)  # type: ignore[arg-type]
    assert json.loads(stream.snapshot()) == {"epoch": 5, "seq": 1, "snapshot": {"a": 1}}


@pytest.mark.parametrize("broken", [None, [], {"a": None}, {"a": 2**53}, {"a": "\ud800"}])
def test_a_broken_first_document_takes_no_number(broken: object) -> None:
    stream = Stream(Position(5, 0))
    with pytest.raises(DocumentError):
        stream.record(broken)  # type: ignore[arg-type]
    assert (stream.position, stream.document) == ((5, 0), None)


def test_a_feed_may_change_the_object_that_it_returned() -> None:
    document = {"paper": {"total": "1"}, **LARGE}
    stream = stream_with(document)
    document["paper"]["total"] = "2"
    assert json.loads(stream.snapshot())["snapshot"] == {"paper": {"total": "1"}, **LARGE}
    entry = stream.record(document)
    assert entry is not None
    assert json.loads(entry.text) == {"epoch": 5, "seq": 2, "patch": {"paper": {"total": "2"}}}


def test_the_text_of_a_position() -> None:
    assert json.loads(position_text(Position(5, 2))) == {"epoch": 5, "seq": 2}


class Client:
    """The receiver's whole rule, for one feed."""

    def __init__(self) -> None:
        self.position: Position | None = None
        self.document: Document | None = None

    def receive(self, text: str) -> None:
        entry = json.loads(text)
        position, snapshot = Position(entry["epoch"], entry["seq"]), entry.get("snapshot")
        if advance(self.position, position, snapshot=snapshot is not None) is Step.APPLY:
            self.document = snapshot if snapshot is not None else merge(self.document or {}, entry["patch"])
            self.position = position


@given(st.lists(documents, min_size=1, max_size=8), st.integers(0, 2), st.randoms(use_true_random=False))
def test_whatever_the_layer_does_a_client_holds_only_recorded_documents_and_ends_at_the_last(
    history: list[Document], drops: int, chance: random.Random
) -> None:
    stream, sent, recorded = Stream(Position(5, 0)), [], {}
    for number, document in enumerate(history):
        if number in chance.sample(range(8), drops):
            stream = Stream(stream.position)  # nobody watched for a while
        entry = stream.record(document)
        recorded.setdefault(stream.position, document)
        assert same(recorded[stream.position], document), "one number stands for two documents"
        sent += [entry.text] if entry else []
        sent += [stream.snapshot()] if chance.random() < 0.4 else []  # somebody asked
    client = Client()
    for text in [*_mangled(sent, chance), stream.snapshot()]:
        client.receive(text)
        if client.position is not None:
            assert same(client.document, recorded[client.position]), "a client holds what nobody recorded"
    assert client.position == stream.position
    assert same(client.document, history[-1])


def _mangled(sent: list[str], chance: random.Random) -> list[str]:
    """Lose, repeat and reorder, as a layer may that delivers at most once to each of two subscriptions."""
    delivered = [text for text in sent for _ in range(chance.choice((0, 1, 1, 1, 2)))]
    for place in range(len(delivered) - 1):
        if chance.random() < 0.2:
            delivered[place], delivered[place + 1] = delivered[place + 1], delivered[place]
    return delivered
