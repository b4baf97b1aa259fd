"""The sockets that have not said yet whose they are: a few for each address, or anybody could fill the server."""

from collections import Counter
from typing import Any


class WaitingRoom:
    """Counts the waiting sockets of one process by the client's address."""

    def __init__(self) -> None:
        self._waiting: Counter[str] = Counter()

    def enter(self, address: str, limit: int) -> bool:
        """Let one more wait; False where the address has as many as it may."""
        if self._waiting[address] >= limit:
            return False
        self._waiting[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Let one go that waited: it has signed in, or is gone."""
        self._waiting[address] -= 1
        if self._waiting[address] <= 0:
            del self._waiting[address]


WAITING_ROOM = WaitingRoom()


def address_of(scope: dict[str, Any]) -> str:
    """Return the client's address; behind a trusted proxy the server has put there whom that named."""
    client = scope.get("client")
    return str(client[0]) if client else ""
