"""The hint that a user's rows have changed. Losing one costs latency, never correctness."""

from collections.abc import Iterable
from typing import Any

from pushers.courier import Letter, post
from pushers.layer import PUSHERS_GROUP
from pushers.trace import TRACE


def nudge(user_ids: Iterable[Any], feeds: Iterable[str] | None = None) -> None:
    """Have the pushers read these users at once, when the current transaction commits.

    `feeds` names those whose rows changed; None stands for all. A user is read only if he watches one of them. Returns
    at once and never raises for a channel layer that is away: the rows are pushed within their interval anyway.
    """
    users = list(user_ids)
    names = None if feeds is None else tuple(sorted(frozenset(feeds)))
    if users:
        trace = (("trace", TRACE.get()),) if TRACE.get() else ()
        post(Letter(PUSHERS_GROUP, (("type", "nudge"), ("feeds", names), *trace)), users)
