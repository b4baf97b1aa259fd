"""Why the server closes a socket, and whether the client may come back (PROTOCOL.md)."""

from enum import IntEnum


class CloseCode(IntEnum):
    RESTART = 1012  # the server stops; `goodbye` has said how long to wait before reconnecting
    BAD_FRAMES = 4400  # too many malformed frames: a client that repeats them is broken, so it must not reconnect
    SIGNED_OUT = 4401  # not signed in, or no longer
    REVOKED = 4403  # the user is gone or inactive, or somebody called pushers.disconnect: it must not reconnect
    SLOW_READER = 4413  # it did not read for too long: it may reconnect and starts from a snapshot
    TOO_MANY = 4429  # too many sockets or frames; an `error` has said which: it may reconnect after a minute
    UNAVAILABLE = 4503  # the database is away, so nobody can be let in: it may reconnect, with backoff
