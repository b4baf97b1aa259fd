"""Who a browser's session cookie signs in: the handshakes of many pages at once, in two queries.

Channels' own middleware asks for each handshake by itself, one after the other: after a restart, when all pages come
back, that takes longer than everything else.
"""

import asyncio
import weakref
from collections.abc import Collection
from typing import Any

from channels.db import database_sync_to_async
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY, get_user_model, load_backend
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError

from consumers.sessions import is_signed_in, live_sessions

MOST = 200  # handshakes per query; who comes meanwhile waits for the next


class SessionSignIn:
    """ASGI middleware behind Channels' SessionMiddleware: sets scope["user"], AnonymousUser where nobody is signed in.

    Raises OperationalError or InterfaceError, out of the handshake, when the database is away.
    """

    def __init__(self, application: Any) -> None:
        self.application = application
        self._queues: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Queue] = weakref.WeakKeyDictionary()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        key = scope["session"].session_key
        user = None
        if key:
            queue = self._queues.setdefault(asyncio.get_running_loop(), Queue())
            user = await queue.user_of(key)
        return await self.application({**scope, "user": user or AnonymousUser()}, receive, send)


class Queue:
    """The handshakes of one event loop: one query is under way at a time, for all who came before it."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, asyncio.Future[Any]]] = []
        self._task: asyncio.Task[None] | None = None

    async def user_of(self, key: str) -> Any | None:
        """Return the user whom a session signs in; None where it signs in nobody."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, future))
        if self._task is None:
            self._task = asyncio.create_task(self._ask())
        return await future

    async def _ask(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                try:
                    found = await _users_of({key for key, _ in batch})
                except Exception as error:  # noqa: BLE001 - it is each handshake's own, which says what becomes of it
                    found = dict.fromkeys((key for key, _ in batch), error)
                for key, future in batch:
                    _settle(future, found.get(key))
        finally:
            self._task = None


def _settle(future: asyncio.Future[Any], found: Any) -> None:
    if future.done():
        return  # the client is gone
    if isinstance(found, Exception):
        future.set_exception(found)
    else:
        future.set_result(found)


@database_sync_to_async
def _users_of(keys: Collection[str]) -> dict[str, Any]:
    return signed_in(keys)


def signed_in(keys: Collection[str]) -> dict[str, Any]:
    """Return session key -> the user whom it signs in, or the error that this one session causes.

    Call it in a thread that may use the ORM. Raises OperationalError or InterfaceError when the database is away.
    """
    try:
        return _signed_in(keys)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - a session engine or a user model of the project may raise anything
        if len(keys) == 1:
            return dict.fromkeys(keys, error)
        listed = list(keys)  # halved: one bad cookie must not cost all handshakes beside it a query each
        half = len(listed) // 2
        return signed_in(listed[:half]) | signed_in(listed[half:])


def _signed_in(keys: Collection[str]) -> dict[str, Any]:
    sessions = live_sessions(keys)
    ids = {key: user_id for key, data in sessions.items() if (user_id := _user_id(data)) is not None}
    users = get_user_model()._default_manager.in_bulk(set(ids.values()))
    return {
        key: users[user_id]
        for key, user_id in ids.items()
        if user_id in users and is_signed_in(sessions[key], users[user_id]) and _may(sessions[key], users[user_id])
    }


def _user_id(session: dict[str, Any]) -> Any | None:
    """Return the primary key that a session names."""
    try:
        return get_user_model()._meta.pk.to_python(session[SESSION_KEY])
    except (KeyError, ValidationError):
        return None


def _may(session: dict[str, Any], user: Any) -> bool:
    """Ask the session's backend. Django's own is not asked to get the user again, whom we have."""
    backend = load_backend(session[BACKEND_SESSION_KEY])
    if isinstance(backend, ModelBackend) and type(backend).get_user is ModelBackend.get_user:
        return bool(backend.user_can_authenticate(user))
    return backend.get_user(user.pk) is not None
