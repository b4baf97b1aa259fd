"""What a hub knows of one user: his sockets, how far the owner is, and who lacks what.

The hub mirrors the client's rule for every socket. So it repairs a lost, repeated or late message for the sockets
concerned alone, before the browser notices; the browser's own rule is the second line.
"""

import math
from collections.abc import Collection, Mapping
from typing import Any

from consumers.connection import Connection, Place
from consumers.frames import push_frame
from pushers.clock import now_ms
from pushers.stream import FEED_OFF, Entry, Position, Stale, Step, advance, position_text

GRACE = 0.4  # seconds that a socket may be behind before the hub asks: a push may be on its way
RETRY = 1.0  # seconds after which an unanswered question is asked again
CONFIRM = 8.0  # seconds that a confirmation keeps a feed live, from the question on; told well within 10
REPAIR = 2.0  # seconds that a document which was current stays live while the client's request for it is answered
FIRST = 4.0  # seconds that a new subscription waits for its first answer before it is called stale; 5 are promised

PUSHER_DOWN = "pusher_down"


class WatchedUser:
    """One user's sockets in this process. Pure but for writing to connections; `now` is the hub's monotonic clock."""

    __slots__ = (
        *("as_of", "connections", "heads", "probed", "ready", "stale", "user_id", "well_until"),
        *("_asked", "_confirmations", "_words"),
    )

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.connections: list[Connection] = []
        self.ready = False  # the subscription of the user's group is in force
        self.probed = -math.inf  # when that was last tried
        self.heads: dict[str, Position] = {}  # the furthest position heard of
        self.as_of: dict[str, int] = {}  # ms UTC of the last read that confirmed the feed
        self.stale: dict[str, Stale] = {}  # what the owner says of the feed
        self._confirmations: dict[str, tuple[Position, float]] = {}
        self._words: dict[str, float] = {}  # when the question was asked that the owner's last word answers
        self._asked = -math.inf
        self.well_until = -math.inf  # before then nothing need be asked or told unless something arrives: see `settle`

    # What arrives

    def on_push(self, ts: int, entries: Mapping[str, Entry], cut: int) -> bool:
        """Pass a frame of the user's group on to whom it fits; return whether a socket lacks something now.

        A socket gets a frame only after the one before it: else what a lost one said of some feeds would be missing
        beside what this one says of others.
        """
        epoch = next(iter(entries.values())).position.epoch
        frame, before = Position(epoch, cut), Position(epoch, cut - 1)
        for feed, entry in entries.items():
            self._see(feed, entry.position)
            if ts > self.as_of.get(feed, 0):  # stale stays: only the owner's word ends that
                self.as_of[feed] = ts
        frames: dict[tuple[str, ...], str] = {}
        gap = False
        for connection in self.connections:
            if connection.cut is not None and connection.cut >= frame:
                continue
            fitting = self._fitting(connection, entries) if connection.cut == before else None
            if fitting is None:
                gap = connection.holed = True
                continue
            connection.cut = frame
            if fitting:
                if fitting not in frames:
                    frames[fitting] = push_frame(ts, {feed: entries[feed].text for feed in fitting})
                connection.write(frames[fitting])
        if gap:  # else who lacked nothing has this now, and lacks nothing
            self.well_until = -math.inf
        return gap

    def on_words(self, answer: Mapping[str, list[Any]], asked: float) -> None:
        """Note what the owner's answer says of the feeds, before anybody gets a document from it."""
        self.well_until = -math.inf
        for feed, (epoch, seq, _, ok, as_of, stale) in answer.items():
            self.as_of[feed] = max(as_of, self.as_of.get(feed, 0))
            if seq:
                self._see(feed, Position(epoch, seq))
            if asked < self._words.get(feed, -math.inf):
                continue
            self._words[feed] = asked
            if ok:
                self._confirmations[feed] = (Position(epoch, seq), asked)
                self.stale.pop(feed, None)
            elif stale is not None:
                self.stale[feed] = Stale(stale[0], stale[1])

    def on_stale(self, words: Mapping[str, list[Any]], now: float) -> None:
        """Note what the owner could not read together with a frame. No answer to an older question undoes that."""
        self.well_until = -math.inf
        for feed, (reason, since) in words.items():
            self.stale[feed], self._words[feed] = Stale(reason, since), now

    def on_answer(self, answer: Mapping[str, list[Any]], asked: float, *, docs: bool, cut: int | None = None) -> bool:
        """Confirm who is current, send snapshots to who asked; return whether to ask again. `on_words` comes first.

        `cut` is the number of the frame whose state the answer shows; None where it shows only some feeds.
        """
        frame = None if cut is None else Position(max((entry[0] for entry in answer.values()), default=0), cut)
        parts: dict[int, dict[str, str]] = {}
        takes = [self._takes(connection, answer, frame, asked) for connection in self.connections]
        again = False
        for feed, (epoch, seq, text, *_) in answer.items():
            if seq == 0:
                continue  # nothing has been read yet
            position = Position(epoch, seq)
            for index, connection in enumerate(self.connections):
                place = connection.places.get(feed)
                if place is None:
                    continue
                self._disbelieve(feed, place, asked)
                part = self._settle(place, position, text if takes[index] else None, asked)
                if part is not None:
                    parts.setdefault(index, {})[feed] = part
                again = again or self._lacks(feed, place)
                if docs:
                    place.asked = False
                self._confirm(feed, place)
        if frame is not None:
            for connection in self.connections:
                self._mend(connection, answer, frame)
        ts = max((entry[4] for entry in answer.values()), default=0) or now_ms()
        for index, feeds in parts.items():
            self.connections[index].write(push_frame(ts, feeds))
        if docs:
            self._asked = -math.inf
        return again

    def on_confirm(self, as_of: Mapping[str, int], asked: float, excepted: Collection[str]) -> None:
        """Take the confirmation of a digest: what it covered is where the owner is, but for the feeds `excepted`."""
        feeds = set()
        for connection in self.connections:
            for feed, place in connection.places.items():
                if feed not in excepted and place.covered is not None and place.covered <= asked:
                    place.confirmed = max(place.confirmed, asked)
                    feeds.add(feed)
        for feed in feeds:
            self.as_of[feed] = max(as_of.get(feed, 0), self.as_of.get(feed, 0))
            if asked >= self._words.get(feed, -math.inf):
                self._words[feed] = asked
                self.stale.pop(feed, None)

    def on_snapshot_request(self, connection: Connection, feeds: list[str], now: float) -> None:
        """Believe a client that says it is behind, at most once a second.

        What was confirmed and is the owner's still is vouched for until the answer is due, or every request would show
        the feed as stale for a moment; but not for the whole of CONFIRM: the client shows less than was confirmed.
        """
        self.well_until = -math.inf
        for feed in feeds:
            place = connection.places.get(feed)
            if place is not None and not place.asked and now - place.requested > RETRY:
                kept = -math.inf if self._lacks(feed, place) else min(place.confirmed, now - CONFIRM + REPAIR)
                connection.lose([feed])
                place.requested, place.confirmed = now, kept

    # What is asked

    def question(self, now: float) -> dict[str, list[list[int]]] | None:
        """Return feed -> the positions held, of all feeds of the sockets that lack something; None: nothing to ask."""
        if not self.ready or now - self._asked < RETRY:
            return None
        asked: dict[str, set[Position]] = {}
        for connection in self.connections:
            if connection.holed or any(self._lacks(feed, place) for feed, place in connection.places.items()):
                for feed, place in connection.places.items():
                    place.asked = True
                    asked.setdefault(feed, set()).add(place.position or Position(0, 0))
        if not asked:
            return None
        self._asked = now
        return {feed: [list(position) for position in positions] for feed, positions in asked.items()}

    def cover(self, asked: float) -> set[int]:
        """Return the fingerprints of all places that a digest of this moment covers; equal positions have one."""
        fingerprints = set()
        off = {feed for feed in self.stale if self._is_off(feed)}
        for connection in self.connections:
            for feed, place in connection.places.items():
                if place.position is None or not place.verified or feed in off:
                    place.covered = None
                    continue
                if place.covered is None:
                    place.covered = asked
                fingerprints.add(place.fingerprint.of(self.user_id, feed, place.position))
        return fingerprints

    def ask_afresh(self) -> None:
        """Do not wait for the answer to the last question: there is more to ask."""
        self._asked = self.well_until = -math.inf

    def feeds(self) -> set[str]:
        return {feed for connection in self.connections for feed in connection.places}

    def has_no_symbols(self) -> bool:
        return not any(connection.symbols for connection in self.connections)

    def lacks_for_long(self, now: float) -> bool:
        """Say whether a socket has been behind for longer than a push may be on its way."""
        late = any(connection.holed and connection.places for connection in self.connections)
        for connection in self.connections:
            for feed, place in connection.places.items():
                if not self._lacks(feed, place):
                    place.behind = None
                    continue
                place.behind = now if place.behind is None else place.behind
                head = self.heads.get(feed)
                on_its_way = head is not None and place.position is not None and place.position.epoch == head.epoch
                late = late or not on_its_way or now - place.behind > GRACE
        return late

    def settle(self) -> None:
        """Note until when all is well: nobody lacks anything, and what was confirmed lasts.

        A sweep then passes this user by until something arrives: the looks at thousands of idle users add up.
        """
        self.well_until = math.inf
        for connection in self.connections:
            if connection.holed or connection.symbols_stale is not None:
                self.well_until = -math.inf
            for feed, place in connection.places.items():
                if place.stale is not None or feed in self.stale or self._lacks(feed, place):
                    self.well_until = -math.inf
                self.well_until = min(self.well_until, place.confirmed + CONFIRM)

    # What a socket is told of its feeds

    def stale_of(self, feed: str, place: Place, now: float) -> Stale | None:
        """Return why the socket's document is not vouched for; None while it is, or while the first answer is due."""
        if feed in self.stale:
            return self.stale[feed]
        if place.stale is not None and self._lacks(feed, place):
            return place.stale  # what it missed meanwhile comes first: the other feeds may be ahead of what it shows
        if now - max(place.confirmed, place.subscribed - CONFIRM + FIRST) <= CONFIRM:
            return None
        if place.stale is not None and place.stale.reason == PUSHER_DOWN:
            return place.stale  # since the same moment as before
        return Stale(PUSHER_DOWN, self.as_of.get(feed) or now_ms())

    def heartbeat(self, connection: Connection) -> dict[str, Any]:
        """Return the heartbeat's `feeds` for one socket."""
        feeds: dict[str, Any] = {}
        for feed, place in connection.places.items():
            entry: dict[str, Any] = {}
            head = self.heads.get(feed)
            if head is not None and place.verified:  # else a client that has just this would take it as confirmed
                entry = {"epoch": head.epoch, "seq": head.seq}
            if as_of := self.as_of.get(feed):
                entry["asOf"] = as_of
            if place.stale is not None:
                entry["stale"] = {"reason": place.stale.reason, "since": place.stale.since}
            feeds[feed] = entry
        return feeds

    # The books

    def _fitting(self, connection: Connection, entries: Mapping[str, Entry]) -> tuple[str, ...] | None:
        """Advance the socket's places by one frame; return the feeds to pass on, None where the frame leaves a gap.

        A push is one cut: if one entry does not fit, none of it is passed on.
        """
        fitting = []
        for feed, entry in entries.items():
            place = connection.places.get(feed)
            if place is None or (place.position is None and not entry.snapshot):
                continue  # its first snapshot is on its way and will contain this
            step = advance(place.position, entry.position, snapshot=entry.snapshot)
            if step is Step.GAP and place.verified:
                return None
            if step is Step.APPLY:
                fitting.append(feed)
        for feed in fitting:
            place = connection.places[feed]
            place.position = entries[feed].position
            place.verified = place.verified or entries[feed].snapshot
            place.asked = place.asked and self._lacks(feed, place)  # whose answer may have been lost
            self._confirm(feed, place)
        return tuple(fitting)

    def _takes(
        self, connection: Connection, answer: Mapping[str, list[Any]], frame: Position | None, asked: float
    ) -> bool:
        """Say whether a socket asked and is given all that it lacks of an answer: a part of it would be another cut.

        What is stale in an answer to an old question, and was called good since, would be shown as live; and so would
        be, to a socket that has only come, what was the newest when somebody else asked.
        """
        if frame is not None and connection.cut is not None and frame < connection.cut:
            return False
        for feed, place in connection.places.items():
            epoch, seq, text, ok = answer[feed][:4] if feed in answer else (0, 0, None, True)
            behind = seq and (place.position is None or place.position < (epoch, seq))
            if (behind and text is None) or not (ok or feed in self.stale) or asked < place.subscribed:
                return False
        return any(place.asked for place in connection.places.values())

    def _mend(self, connection: Connection, answer: Mapping[str, list[Any]], frame: Position) -> None:
        """Let a socket go on from the answer's cut if the answer has all its feeds and none of them is behind it."""
        for feed, place in connection.places.items():
            epoch, seq = answer[feed][:2] if feed in answer else (0, -1)
            behind = place.position is None or not place.verified or place.position < (epoch, seq)
            if seq < 0 or (seq and behind):
                return
        if connection.cut is None or connection.cut <= frame:
            connection.cut, connection.holed = frame, False

    def _disbelieve(self, feed: str, place: Place, asked: float) -> None:
        """Drop a `have` that the owner, asked after it came, has not reached: no pusher can have given it."""
        if place.verified or place.position is None or asked < place.subscribed:
            return
        if place.position > self.heads[feed]:
            place.position = None

    def _settle(self, place: Place, position: Position, text: str | None, asked: float) -> str | None:
        """Advance one place by the owner's position and snapshot; return what to send to the socket, if anything."""
        behind = place.position is None or place.position < position
        if text is not None and behind:
            place.position, place.verified = position, True
            return text
        if not place.verified and asked < place.subscribed:
            return None  # the answer to an older question is no word on a newer `have`
        if place.position is not None and place.position.epoch == position.epoch and place.position >= position:
            was_verified, place.verified = place.verified, True
            return None if was_verified else position_text(place.position)
        return None

    def _lacks(self, feed: str, place: Place) -> bool:
        if self._is_off(feed):
            return False  # there is nobody to ask; the owner's next answer says when there is
        head = self.heads.get(feed)
        return place.position is None or not place.verified or (head is not None and place.position < head)

    def _is_off(self, feed: str) -> bool:
        return feed in self.stale and self.stale[feed].reason == FEED_OFF

    def _see(self, feed: str, position: Position) -> None:
        head = self.heads.get(feed)
        if head is None or head < position:
            self.heads[feed] = position

    def _confirm(self, feed: str, place: Place) -> None:
        """The owner had a position when it was asked, and the socket has that or more: live, from the question on."""
        position, asked = self._confirmations.get(feed, (None, 0.0))
        if position is None or not place.verified or place.position is None:
            return
        if place.position.epoch == position.epoch and place.position >= position:
            place.confirmed = max(place.confirmed, asked)
