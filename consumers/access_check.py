"""Whether open sockets may go on: many at once, with a number of queries that does not grow with them.

What can't be found out is an error, never an answer: a database that is away closes no socket.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError

from consumers.close_codes import CloseCode
from consumers.conf import READ, consumer_settings
from consumers.proof import Proof
from consumers.sessions import is_signed_in, live_sessions
from pushers import registry
from pushers.feed import Feed, SymbolFeed

logger = logging.getLogger(__name__)

_named: set[tuple[str, str]] = set()  # (feed, user) of rules that raised, each named once in the log


@dataclass(frozen=True, slots=True)
class Claim:
    """What one socket holds: its user's proof, the feeds that it is subscribed to, and whom it watches, if another."""

    proof: Proof
    feeds: frozenset[str]
    watched: Any = None  # his primary key

    @property
    def shown(self) -> Any:
        """The primary key of the user whose state the socket shows."""
        return self.proof.user if self.watched is None else self.watched


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one socket: closed with `code`, or without the `lost` feeds; `error`: nobody can say."""

    code: CloseCode | None = None
    lost: frozenset[str] = frozenset()
    error: Exception | None = None


def check_claims(claims: Sequence[Claim]) -> list[Verdict]:
    """Return a verdict for each claim. Call it in a thread that may use the ORM.

    Raises OperationalError or InterfaceError when the database is away. An error that one socket's user, session or
    token causes is his verdict alone: it is found by halving.
    """
    try:
        return _check(claims)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - an authenticator or a user model of the project may raise anything
        if len(claims) == 1:
            return [Verdict(error=error)]
        half = len(claims) // 2
        return check_claims(claims[:half]) + check_claims(claims[half:])


def _check(claims: Sequence[Claim]) -> list[Verdict]:
    concerned = {claim.proof.user for claim in claims} | {claim.shown for claim in claims}
    users = get_user_model()._default_manager.in_bulk(concerned)
    keys = {claim.proof.session_key for claim in claims if claim.proof.session_key is not None}
    tokens = {claim.proof.token for claim in claims if claim.proof.token is not None}
    sessions = live_sessions(keys) if keys else {}
    holders = live_tokens(tokens) if tokens else {}
    codes = [_code(claim, users, sessions, holders) for claim in claims]
    going_on = [claim for claim, code in zip(claims, codes, strict=True) if code is None]
    refused = {name: _refused(name, going_on, users) for name in {name for claim in going_on for name in claim.feeds}}
    return [
        Verdict(code, frozenset(name for name in claim.feeds if code is None and claim.shown in refused[name]))
        for claim, code in zip(claims, codes, strict=True)
    ]


def live_tokens(tokens: Collection[str]) -> dict[str, tuple[Any, frozenset[str]]]:
    """Return token -> (user, scopes) of those that are still good, by the batched authenticator where there is one."""
    settings = consumer_settings()
    many, one = settings.batch_authenticator(), settings.authenticator()
    if many is not None:
        return dict(many(tokens))
    return {token: found for token in tokens if one is not None and (found := one(token)) is not None}


def may_watch_users(watcher: Any) -> bool:
    """Say whether somebody may see other users' state: by WATCH_PERMISSION, and nobody where there is none."""
    permission = consumer_settings().WATCH_PERMISSION
    return bool(permission) and watcher.is_active and watcher.has_perm(permission)


def _code(
    claim: Claim,
    users: dict[Any, Any],
    sessions: dict[str, dict[str, Any]],
    holders: dict[str, tuple[Any, frozenset[str]]],
) -> CloseCode | None:
    proof, user = claim.proof, users.get(claim.proof.user)
    if user is None or not user.is_active:
        return CloseCode.REVOKED
    if claim.watched is not None and (claim.watched not in users or not may_watch_users(user)):
        return CloseCode.REVOKED
    if proof.session_key is not None and not is_signed_in(sessions.get(proof.session_key), user):
        return CloseCode.SIGNED_OUT
    if proof.token is not None:
        holder, scopes = holders.get(proof.token, (None, frozenset()))
        if holder is None or holder.pk != user.pk or READ not in scopes:
            return CloseCode.SIGNED_OUT
    return None


def _refused(name: str, claims: Sequence[Claim], users: dict[Any, Any]) -> set[Any]:
    """Return the primary keys of those whom this feed is shown of, and who may not watch it any more."""
    watching = {claim.shown for claim in claims if name in claim.feeds}
    feed = next(feed for feed in registry.everything() if feed.name == name)
    return watching - {user.pk for user in allowed(feed, [users[key] for key in watching])}


def allowed(feed: Feed | SymbolFeed, users: Sequence[Any]) -> list[Any]:
    """Return those of the users who may watch the feed; a rule that raises for a user does not allow it to him."""
    try:
        return list(feed.may_watch_many(users))
    except DatabaseError:
        raise
    except Exception as error:
        if len(users) > 1:
            return [user for one in users for user in allowed(feed, [one])]
        for who in {(feed.name, str(user.pk)) for user in users} - _named:
            _named.add(who)
            logger.error("Feed %s is refused to user %s, for whom may_watch raised.", *who, exc_info=error)
        return []
