"""The socket side's settings: `settings.CONSUMERS`, with defaults, read at use and checked at start."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

Authenticator = Callable[[str], tuple[Any, frozenset[str]] | None]


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """Times in seconds, sizes in bytes."""

    TOKEN_AUTHENTICATOR: str = ""  # dotted path of authenticate(token) -> (user, scopes) or None; "" allows no tokens
    HEARTBEAT_SECONDS: float = 5.0  # a client calls the connection dead after two without a frame
    AUTH_SECONDS: float = 5.0  # a program has this long to say who it is
    FRAME_BYTES: int = 65_536  # a client frame; the largest legitimate one is a subscribe with many symbols
    QUEUE_BYTES: int = 65_536  # queued for a slow reader; then the queue gives way to a snapshot of the newest state
    SLOW_SECONDS: float = 30.0  # one send that takes longer ends the connection with 4413
    BAD_FRAMES: int = 10  # malformed frames until 4400

    def authenticator(self) -> Authenticator | None:
        authenticate: Authenticator | None = (
            import_string(self.TOKEN_AUTHENTICATOR) if self.TOKEN_AUTHENTICATOR else None
        )
        return authenticate


def consumer_settings() -> ConsumerSettings:
    """Return the settings in force; raise ImproperlyConfigured for an unknown name or an unusable value."""
    given: dict[str, Any] = getattr(settings, "CONSUMERS", {})
    known = {item.name for item in fields(ConsumerSettings)}
    for name, value in given.items():
        if name not in known:
            raise ImproperlyConfigured(f"CONSUMERS[{name!r}] is unknown; expected one of {', '.join(sorted(known))}.")
        if name != "TOKEN_AUTHENTICATOR" and (
            isinstance(value, bool) or not isinstance(value, int | float) or value <= 0
        ):
            raise ImproperlyConfigured(f"CONSUMERS[{name!r}] takes a number above 0; found {value!r}.")
    return ConsumerSettings(**given)
