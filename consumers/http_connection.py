"""uvicorn's HTTP connection, which does not wait for ever for a request to begin."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

from consumers.conf import consumer_settings


class HttpConnection(H11Protocol):
    """A connection whose requests come with their whole head in time; uvicorn's own limit is for what follows one."""

    _cutting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Give the head of a request that has begun, or should, its time; a request under way has no limit here."""
        upgraded = self.transport.get_protocol() is not self
        if upgraded or (self.cycle is not None and not self.cycle.response_complete):
            self._stop_watching()
        elif self._cutting is None:
            self._cutting = self.loop.call_later(consumer_settings().REQUEST_SECONDS, self._cut)

    def _cut(self) -> None:
        self._cutting = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()

    def _stop_watching(self) -> None:
        if self._cutting is not None:
            self._cutting.cancel()
            self._cutting = None
