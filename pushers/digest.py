"""The digest of many positions: equal ones prove to a hub and an owner that nobody is behind, in a few bytes.

Each position has a fingerprint, and the digest is their sum, whatever their order. A fingerprint is k + epoch * k^2 +
seq * k^3 modulo a prime, k being a hash of user and feed. An owner has one position of each user and feed. Where a hub
has another, or none, or several, the difference of the sums is a polynomial of k that is zero for at most three k: two
different states look alike once in 6e18 comparisons. Pure: neither Django nor channels.
"""

import hashlib
from collections.abc import Iterable

PRIME = 2**64 - 59  # the highest that a sum of 8 bytes has room for


class Fingerprint:
    """The fingerprint of where one user is in one feed: computed when the position changes, not with every digest."""

    __slots__ = ("_key", "_position", "_value")

    def __init__(self) -> None:
        self._key: int | None = None
        self._position: tuple[int, int] | None = None
        self._value = 0

    def of(self, user: str, feed: str, position: tuple[int, int]) -> int:
        """Return the fingerprint of `position`, (epoch, seq). User and feed must be the same in every call."""
        if position is not self._position:  # nobody alters a position, and an equal one only costs a computation
            if self._key is None:
                self._key = key_of(user, feed)
            self._position, self._value = position, fingerprint_of(self._key, position)
        return self._value


def key_of(user: str, feed: str) -> int:
    """Return the number below `PRIME` that stands for a user's stream of a feed."""
    return int.from_bytes(hashlib.blake2b(f"{user}\0{feed}".encode(), digest_size=16).digest(), "big") % PRIME


def fingerprint_of(key: int, position: tuple[int, int]) -> int:
    """Return the number below `PRIME` that stands for being at (epoch, seq) in the stream of a key."""
    epoch, seq = position
    return ((seq * key + epoch) * key + 1) * key % PRIME


def digest_of(fingerprints: Iterable[int]) -> str:
    """Return the digest of a set of fingerprints. Each must come once: a sum counts what comes twice."""
    return f"{sum(fingerprints) % PRIME:016x}"
