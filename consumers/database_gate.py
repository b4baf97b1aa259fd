"""What happens to a socket when the database is away at the moment that it is needed."""

import logging
import time
from contextlib import suppress
from typing import Any

from django.db import InterfaceError, OperationalError

from consumers.close_codes import CloseCode

logger = logging.getLogger(__name__)

REPEAT_SECONDS = 30.0  # a long outage is named again


class DatabaseGate:
    """ASGI middleware: a socket that can't be served without the database is closed with 4503, and comes back later.

    Without it every page that reconnects during an outage would leave a traceback in the log.
    """

    def __init__(self, application: Any) -> None:
        self.application = application
        self._said = -REPEAT_SECONDS

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        accepted = False

        async def note(message: dict[str, Any]) -> None:
            nonlocal accepted
            accepted = accepted or message["type"] == "websocket.accept"
            await send(message)

        try:
            await self.application(scope, receive, note)
        except (OperationalError, InterfaceError) as error:
            self._say(error)
            with suppress(Exception):  # the socket may be gone as well
                if not accepted:
                    await receive()  # the connect, which the session was wanted for
                    await send({"type": "websocket.accept"})
                await send({"type": "websocket.close", "code": int(CloseCode.UNAVAILABLE)})

    def _say(self, error: Exception) -> None:
        now = time.monotonic()
        if now - self._said >= REPEAT_SECONDS:
            self._said = now
            text = str(error).strip()
            logger.error(
                "The database does not answer; sockets are closed with 4503: %s: %s", type(error).__name__, text
            )
