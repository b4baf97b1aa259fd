"""The socket side's settings: `settings.CONSUMERS`, with defaults, read at use and checked at start."""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

READ = "read"  # the token scope that watching takes

Holder = tuple[Any, frozenset[str]]  # a token's user and its scopes
Authenticator = Callable[[str], Holder | None]
BatchAuthenticator = Callable[[Collection[str]], Mapping[str, Holder]]


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """Times in seconds, sizes in bytes."""

    TOKEN_AUTHENTICATOR: str = ""  # dotted path of authenticate(token) -> (user, scopes) or None; "" allows no tokens
    TOKEN_BATCH_AUTHENTICATOR: str = ""  # of authenticate_many(tokens) -> {token: (user, scopes)}: checks open sockets
    WATCH_PERMISSION: str = ""  # whose holder may see another user's state at /ws/watch/<id>/; "": nobody may
    WATCH_LISTENER: str = ""  # dotted path of on_watch(watcher, user, address, agent), called before each such socket
    PRESENCE: bool = False  # keep a row for every open socket (models.py); takes the migrations of this app
    HEARTBEAT_SECONDS: float = 4.0  # a client calls the connection dead after two without a frame, so within 10 s
    REQUEST_SECONDS: float = 10.0  # the head of an HTTP request must have come by then (runweb)
    AUTH_SECONDS: float = 5.0  # a program has this long to say who it is
    ACCESS_SECONDS: float = 30.0  # every open socket's access is checked at least this often, and at once when told
    SOCKETS_PER_USER: int = 20  # in one server process: a trader's tabs and programs; one more is closed with 4429
    WAITING_PER_ADDRESS: int = 50  # sockets that have not signed in yet, likewise; many programs may share an address
    FEEDS_PER_SOCKET: int = 50  # further ones are refused
    SYMBOLS_PER_SOCKET: int = 500  # further ones are refused
    FRAMES_PER_SECOND: float = (
        10.0  # a client needs a frame in seconds; one that keeps sending more is closed with 4429
    )
    FRAMES_BURST: int = 60  # frames at once: a page that opens, or comes back
    FRAME_BYTES: int = 65_536  # a client frame; the largest legitimate one is a subscribe with many symbols
    QUEUE_BYTES: int = 65_536  # queued for a slow reader; then the queue gives way to a snapshot of the newest state
    SLOW_SECONDS: float = 30.0  # one send that takes longer ends the connection with 4413
    BAD_FRAMES: int = 10  # malformed frames until 4400
    RECONNECTS_PER_SECOND: float = 200.0  # a stopping server spreads the return of its sockets to about this rate

    def authenticator(self) -> Authenticator | None:
        """Return the function that TOKEN_AUTHENTICATOR names."""
        authenticate: Authenticator | None = _imported(self.TOKEN_AUTHENTICATOR)
        return authenticate

    def watch_listener(self) -> Callable[..., object] | None:
        """Return the function that WATCH_LISTENER names."""
        listener: Callable[..., object] | None = _imported(self.WATCH_LISTENER)
        return listener

    def batch_authenticator(self) -> BatchAuthenticator | None:
        """Return the function that TOKEN_BATCH_AUTHENTICATOR names."""
        authenticate: BatchAuthenticator | None = _imported(self.TOKEN_BATCH_AUTHENTICATOR)
        return authenticate


def _imported(path: str) -> Any:
    return import_string(path) if path else None


def consumer_settings() -> ConsumerSettings:
    """Return the settings in force; raise ImproperlyConfigured for an unknown name or an unusable value."""
    given: dict[str, Any] = getattr(settings, "CONSUMERS", {})
    known = {item.name: item.type for item in fields(ConsumerSettings)}
    for name, value in given.items():
        if name not in known:
            raise ImproperlyConfigured(f"CONSUMERS[{name!r}] is unknown; expected one of {', '.join(sorted(known))}.")
        if problem := _problem(known[name], value):
            raise ImproperlyConfigured(f"CONSUMERS[{name!r}] takes {problem}; found {value!r}.")
    return ConsumerSettings(**given)


def _problem(kind: Any, value: object) -> str:
    """Return what a setting of this type takes where `value` is no such thing, else ""."""
    if kind is str:
        return "" if isinstance(value, str) else "the dotted path of a function"
    if kind is bool:
        return "" if isinstance(value, bool) else "True or False"
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
    if kind is int:
        return "" if number and isinstance(value, int) else "a whole number above 0"
    return "" if number else "a number above 0"
