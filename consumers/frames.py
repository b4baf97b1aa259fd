"""Client frames, typed; and the text of server frames.

A frame that is not of its type is an error that says where, what was expected and what was found.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from pushers.patch import encode
from pushers.stream import Position

PROTOCOL = 1

Id = int | str | None
# What any JSON reader, and the channel layer, can carry exactly; a pusher's epochs are milliseconds since 1970.
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class Have(msgspec.Struct):
    """Where the client stands in a feed, from an earlier connection."""

    epoch: Count
    seq: Count


class Auth(msgspec.Struct):
    token: str
    id: Id = None


class Subscribe(msgspec.Struct):
    feeds: list[str] = []
    symbols: list[str] = []
    have: dict[str, Have] = {}
    id: Id = None

    def position(self, feed: str) -> Position | None:
        have = self.have.get(feed)
        return Position(have.epoch, have.seq) if have else None


class Unsubscribe(msgspec.Struct):
    feeds: list[str] = []
    symbols: list[str] = []
    id: Id = None


class SnapshotRequest(msgspec.Struct):
    feeds: list[str]
    id: Id = None


class Ping(msgspec.Struct):
    id: Id = None


Frame = Auth | Subscribe | Unsubscribe | SnapshotRequest | Ping

TYPES: dict[str, type[Frame]] = {
    "auth": Auth,
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "snapshot": SnapshotRequest,
    "ping": Ping,
}


class FrameError(Exception):
    """A client frame that can't be understood: a stable code, a message for people, and the frame's id if any."""

    def __init__(self, code: str, message: str, frame_id: Id = None) -> None:
        super().__init__(message)
        self.code, self.message, self.frame_id = code, message, frame_id


class _Envelope(msgspec.Struct):
    type: str
    id: Id = None


def decode(text: str) -> Frame | None:
    """Return the typed frame; None for a type that this version does not know. Raises FrameError."""
    try:
        envelope = msgspec.json.decode(text, type=_Envelope)
    except msgspec.ValidationError as error:
        raise FrameError("bad_frame", f'A frame is an object with a string "type": {error}.') from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise FrameError("bad_json", f"A frame is one JSON object in a text message: {error}.") from None
    if envelope.type not in TYPES:
        return None
    try:
        return msgspec.json.decode(text, type=TYPES[envelope.type])
    except (msgspec.DecodeError, RecursionError) as error:
        raise FrameError("bad_frame", f"{envelope.type}: {error}.", envelope.id) from None


def server_frame(kind: str, **fields: Any) -> str:
    """Return the text of a frame; fields that are None are left out."""
    return encode({"type": kind, **{name: value for name, value in fields.items() if value is not None}})


def push_frame(ts: int, feeds: Mapping[str, str]) -> str:
    """Return the text of a push, joined from parts that were encoded once for everybody."""
    parts = ",".join([f'"{name}":{text}' for name, text in feeds.items()])
    return f'{{"type":"push","ts":{ts},"feeds":{{{parts}}}}}'


def ticker_frame(ts: int, rows: Mapping[str, str]) -> str:
    """Return the text of a ticker frame from encoded rows."""
    parts = ",".join(f"{encode(symbol)}:{text}" for symbol, text in rows.items())
    return f'{{"type":"ticker","ts":{ts},"tickers":{{{parts}}}}}'
