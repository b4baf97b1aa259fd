"""How often somebody may do something: `rate` times a second, and `burst` times at once."""

import time


class TokenBucket:
    """Holds `burst` tokens at most, and gets `rate` a second."""

    __slots__ = ("_burst", "_rate", "_since", "_tokens")

    def __init__(self, rate: float, burst: float, now: float | None = None) -> None:
        self._rate, self._burst, self._tokens = rate, burst, burst
        self._since = time.monotonic() if now is None else now

    def take(self, now: float | None = None) -> bool:
        """Take a token; False where there is none. `now` is in seconds of the monotonic clock."""
        now = time.monotonic() if now is None else now
        self._tokens = min(self._burst, self._tokens + (now - self._since) * self._rate)
        self._since = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
