"""The word to all web servers that somebody's access has changed. A lost one costs time: they look anyway, later."""

from collections.abc import Iterable
from typing import Any

from pushers.courier import Letter, post
from pushers.layer import HUBS_GROUP

REVOKED = 4403
CODES = range(4000, 5000)  # what RFC 6455 leaves to applications, and a browser's page can read


def disconnect(user_ids: Iterable[Any], code: int = REVOKED) -> None:
    """Close all sockets of these users with `code`, on every web server, when the current transaction commits.

    4403 tells a client not to come back, 4401 to sign in first; every other code of 4000 to 4999 to reconnect. Who may
    still sign in gets in again: deactivate him, or take his permission, in the same transaction. Returns at once and
    never raises for a channel layer that is away; raises ValueError for another code.
    """
    if isinstance(code, bool) or not isinstance(code, int) or code not in CODES:
        raise ValueError(f"A close code is a whole number from {CODES.start} to {CODES.stop - 1}; found {code!r}.")
    users = list(user_ids)
    if users:
        post(Letter(HUBS_GROUP, (("type", "disconnect"), ("code", code))), users)


def access_changed(user_ids: Iterable[Any] | None, *, ended: Iterable[str] = ()) -> None:
    """Have every web server check at once what these users' sockets may still do, when the transaction commits.

    None stands for all users. `ended` names sessions that are over, each by its digest (consumers/proof.py). Returns at
    once and never raises for a channel layer that is away: every socket is checked regularly anyway.
    """
    users = None if user_ids is None else list(user_ids)
    if users is None or users:
        fields = (("type", "access"), ("all", users is None), ("ended", tuple(sorted(ended))))
        post(Letter(HUBS_GROUP, fields), users or ())
