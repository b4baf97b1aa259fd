"""The engine's settings: `settings.PUSHERS`, with defaults, read once and checked at start."""

import math
from dataclasses import dataclass, field, fields
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

LONGEST_LEASE = 60  # seconds: whoever finds an end much further away takes it for the work of a wrong clock
COUNTS = ("REFRESH_THREADS", "BATCH", "SHARDS")
MOST_SHARDS = 4096


@dataclass(frozen=True, slots=True)
class PusherSettings:
    """All times in seconds."""

    INTERVALS: dict[str, float] = field(default_factory=dict)  # feed name -> seconds, instead of the feed's own
    SHARDS: int = 64  # parts that processes share the users in; fixed once the database has it (`manage.py reshard`)
    LEASE_SECONDS: float = 4.0  # a dead owner is replaced this much later at most; renewed four times in it
    INTEREST_SECONDS: float = 60.0  # how long a user counts as watching after the last word of a web server
    QUERY_SECONDS: float = 10.0  # a read that takes longer is given up
    REFRESH_THREADS: int = 2  # reads of whole users at once; each holds a database connection
    BATCH: int = 5000  # users per query


def pusher_settings() -> PusherSettings:
    """Return the settings in force; raise ImproperlyConfigured for an unknown name or an unusable value."""
    given: dict[str, Any] = getattr(settings, "PUSHERS", {})
    known = {item.name for item in fields(PusherSettings)}
    for name in given:
        if name not in known:
            raise ImproperlyConfigured(f"PUSHERS[{name!r}] is unknown; expected one of {', '.join(sorted(known))}.")
    for name, value in given.items():
        if name == "INTERVALS" and not isinstance(value, dict):
            raise ImproperlyConfigured(f"PUSHERS['INTERVALS'] takes a dict of feed name to seconds; found {value!r}.")
        for number in value.values() if name == "INTERVALS" else [value]:
            if not is_positive_number(number):
                raise ImproperlyConfigured(f"PUSHERS[{name!r}] takes numbers above 0; found {number!r}.")
        if name == "LEASE_SECONDS" and value > LONGEST_LEASE:
            raise ImproperlyConfigured(f"PUSHERS[{name!r}] takes at most {LONGEST_LEASE} seconds; found {value!r}.")
        if name == "SHARDS" and value > MOST_SHARDS:
            raise ImproperlyConfigured(f"PUSHERS[{name!r}] takes at most {MOST_SHARDS}; found {value!r}.")
        if name in COUNTS and not isinstance(value, int):
            raise ImproperlyConfigured(f"PUSHERS[{name!r}] takes a whole number; found {value!r}.")
    return PusherSettings(**given)


def is_positive_number(value: object) -> bool:
    """Say whether `value` is a finite number above 0 (True is none, and nan passes no comparison)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
