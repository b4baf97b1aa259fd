"""The numbering of documents: what makes a lost, repeated or late message visible.

Pure: neither Django nor channels. Within an epoch, (user, feed, seq) names one document for ever; a position is the
pair (epoch, seq), and positions compare by epoch first.
"""

import enum
from dataclasses import dataclass, field
from typing import NamedTuple

from pushers.digest import Fingerprint
from pushers.patch import Document, DocumentError, Patch, check_document, copy_document, diff, encode


class Position(NamedTuple):
    """Where somebody stands in a stream. `seq` 0: nothing has been read yet."""

    epoch: int
    seq: int


class Step(enum.Enum):
    """What a receiver does with an entry, given its own position."""

    APPLY = "apply"
    IGNORE = "ignore"
    GAP = "gap"


def advance(own: Position | None, entry: Position, *, snapshot: bool) -> Step:
    """Apply the receiver's rule (PROTOCOL.md, "The client's whole rule", 1 and 2); `own` None is behind everything."""
    if own is not None and entry <= own:
        return Step.IGNORE
    if snapshot or (own is not None and own.epoch == entry.epoch and own.seq + 1 == entry.seq):
        return Step.APPLY
    return Step.GAP


class Entry(NamedTuple):
    """One feed's part of a push: its position and its wire text, encoded once for all who receive it."""

    position: Position
    snapshot: bool
    text: str


FEED_OFF = "feed_off"  # the reason of a feed that the pushers run without


class Stale(NamedTuple):
    """Why a document must not be taken for the truth, and since when (ms UTC)."""

    reason: str
    since: int


@dataclass(slots=True)
class Stream:
    """One user's stream of one feed: what its owner last recorded."""

    position: Position
    document: Document | None = None  # None: never read
    ended: float = -1.0  # monotonic end of the last applied read
    seen: float = -1.0  # monotonic start of the last read that confirmed the document
    as_of: int = 0  # the same in ms UTC, for people
    stale: Stale | None = None
    version: object = None  # the feed's, of the document; None: not known
    fingerprint: Fingerprint = field(default_factory=Fingerprint, repr=False, compare=False)
    _snapshot: str | None = field(default=None, repr=False)

    def record(self, document: Document, patch: Patch | None = None) -> Entry | None:
        """Record what a read found; return the entry to send to the watchers, None where nothing changed.

        `patch` is the difference from the recorded document, where the caller has it already.

        Position and document advance together, before anything is sent. A stream without a document takes the next
        seq and has no entry: whoever watches it is waiting for a snapshot. Raises DocumentError and changes nothing
        when the document breaks the contract.
        """
        before = self.document
        if before is not None and isinstance(document, dict):
            patch = diff(before, document) if patch is None else patch
            if not patch:
                return None
        part = _is_part(document, patch)
        self._advance(document)
        if before is None:
            return None
        change = _entry_text(self.position, "patch", encode(patch))
        if not part and len(change) >= len(snapshot := self.snapshot()):
            return Entry(self.position, True, snapshot)
        return Entry(self.position, False, change)

    def snapshot(self) -> str:
        """Return the wire text of the recorded document under its recorded number; never a new read."""
        if self._snapshot is None:
            self._snapshot = _entry_text(self.position, "snapshot", encode(self.document))
        return self._snapshot

    def _advance(self, document: Document) -> None:
        self.position = Position(self.position.epoch, self.position.seq + 1)
        self.document, self._snapshot = copy_document(document), None


def _is_part(document: Document, patch: Patch | None) -> bool:
    """Say whether the patch only sets what is in the document, and so is the shorter one for certain.

    Raises DocumentError unless the document can be pushed: what the patch leaves alone is in the recorded document,
    which could be, so the patch is looked at first. That refuses null too, which may be a deletion or a feed's own.
    """
    if patch is not None:
        try:
            check_document(patch)
        except DocumentError:
            pass
        else:
            return True
    check_document(document)
    return False


def position_text(position: Position) -> str:
    """Return the wire text that says "you are current" at `position`."""
    return f'{{"epoch":{position.epoch},"seq":{position.seq}}}'


def _entry_text(position: Position, kind: str, body: str) -> str:
    return f'{{"epoch":{position.epoch},"seq":{position.seq},"{kind}":{body}}}'
