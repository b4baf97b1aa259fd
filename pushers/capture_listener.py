"""Hearing what the triggers of `pushers.capture` tell: a connection of its own, in the event loop."""

import asyncio
import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, connections

from pushers import capture

if TYPE_CHECKING:
    from psycopg import AsyncConnection

logger = logging.getLogger(__name__)

QUIET = 10.0  # seconds without a word after which the connection is tried
ANSWER = 5.0  # seconds for the database to answer
BACKOFF_FIRST, BACKOFF_LAST = 0.25, 5.0  # seconds between attempts to connect
DJANGO_ONLY = ("context", "cursor_factory", "pool")  # among the parameters: made for Django's own connections


class CaptureListener:
    """Calls `heard` with the users whose rows have changed. What is told while it is away is lost."""

    def __init__(self, heard: Callable[[list[str]], None], using: str = DEFAULT_DB_ALIAS) -> None:
        self._heard, self._using = heard, using
        self.listening, self.away = asyncio.Event(), asyncio.Event()  # set while it would hear, and while it would not

    async def run(self) -> None:
        """Listen for ever, through restarts of the database; cancel it to stop. Returns where nothing is captured."""
        if connections[self._using].vendor != "postgresql" or not capture.declared():
            return
        backoff = 0.0
        while True:
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001 - whatever it is, the ticks find what nobody tells
                if self.listening.is_set() or not backoff:
                    logger.warning(
                        "Changes are not heard of at once, trying again: %s: %s", type(error).__name__, error
                    )
                    backoff = 0.0
            self.listening.clear()
            self.away.set()
            backoff = min(max(backoff * 2, BACKOFF_FIRST), BACKOFF_LAST)
            await asyncio.sleep(backoff)

    async def _listen(self) -> None:
        """Listen until the connection fails."""
        async with await self._connect() as connection:
            await connection.execute(f"LISTEN {capture.CHANNEL}")
            self.listening.set()
            self.away.clear()
            while True:
                async for notification in connection.notifies(timeout=QUIET):
                    self._hear(notification.payload)
                async with asyncio.timeout(ANSWER):
                    await connection.execute("SELECT 1")

    async def _connect(self) -> "AsyncConnection[Any]":
        from psycopg import AsyncConnection  # a project on another database need not have it

        parameters = connections[self._using].get_connection_params()
        parameters = {name: value for name, value in parameters.items() if name not in DJANGO_ONLY}
        async with asyncio.timeout(ANSWER):
            return await AsyncConnection.connect(**parameters, autocommit=True)

    def _hear(self, payload: str) -> None:
        try:
            users = json.loads(payload)
        except ValueError:
            users = None
        if isinstance(users, list) and all(isinstance(user, str) for user in users):
            self._heard(users)
        else:
            logger.warning("Ignored a notification on %s: expected a list of ids, found %r.", capture.CHANNEL, payload)
