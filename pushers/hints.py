"""What the database tells of changed users, held back for a moment: mostly a nudge tells of the same commit.

A service's commit is told of twice, by its nudge and by the triggers of `pushers.capture`. To read on each would read
every commit twice, and nobody can tell from the two which commit they are of. It need not be known:

- Whoever is told of here has his commit behind him: PostgreSQL notifies after a commit has become visible.
- So any read of that user which begins later shows it, whatever asked for that read.
- A hint is dropped for nothing but such a read: `reads` is called with those whose read is about to begin. A hint of a
  later commit comes after that call, is held on its own, and waits for a read of its own.
- A read that fails, or comes too late to be applied, is asked for again by the refresher, as ever.
- Whom no read was begun for within HOLD seconds is asked for then: no nudge has come, as after raw SQL.

A nudge is never dropped: when it comes, there is no knowing whether its commit is older than the read under way.
"""

import asyncio
from collections.abc import Callable, Iterable

from pushers.clock import now_ms

HOLD = 0.03  # seconds: several times what a nudge needs on its way through Redis


class Hints:
    """Calls `ask` with the users to be read, and when they were told of (ms UTC), unless a read of them began."""

    def __init__(self, ask: Callable[[list[str], int], None]) -> None:
        self._ask = ask
        self._held: dict[str, tuple[float, int]] = {}  # user -> (until when, told of at), the earliest first
        self._timer: asyncio.TimerHandle | None = None

    def hear(self, users: Iterable[str]) -> None:
        """Hold these users back; call it in the event loop."""
        until, told = asyncio.get_running_loop().time() + HOLD, now_ms()
        for user in users:
            self._held.setdefault(user, (until, told))
        self._wait()

    def reads(self, users: Iterable[str]) -> None:
        """Drop the hints of these users, whose read begins after this call."""
        for user in users:
            self._held.pop(user, None)

    def _wait(self) -> None:
        if self._held and self._timer is None:
            until, _ = next(iter(self._held.values()))
            self._timer = asyncio.get_running_loop().call_at(until, self._end)

    def _end(self) -> None:
        """Ask for those whose time is over."""
        self._timer = None
        now = asyncio.get_running_loop().time()
        due: dict[int, list[str]] = {}
        while self._held:
            user, (until, told) = next(iter(self._held.items()))
            if until > now:
                break
            del self._held[user]
            due.setdefault(told, []).append(user)
        for told, users in due.items():
            self._ask(users, told)
        self._wait()
