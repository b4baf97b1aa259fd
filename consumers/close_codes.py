"""Why the server closes a socket, and whether the client may come back (PROTOCOL.md)."""

from enum import IntEnum


class CloseCode(IntEnum):
    BAD_FRAMES = 4400  # too many malformed frames: a client that repeats them is broken, so it must not reconnect
    SIGNED_OUT = 4401  # not signed in, or no longer
    SLOW_READER = 4413  # it did not read for too long: it may reconnect and starts from a snapshot
