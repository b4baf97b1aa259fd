"""The socket at `/ws/`: signs the client in, reads its frames, and leaves what is pushed to the hub."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from consumers import frames
from consumers.access import allowed_feeds, allowed_symbols, token_in_header, user_of_token
from consumers.close_codes import CloseCode
from consumers.conf import consumer_settings
from consumers.connection import Connection
from consumers.hub import Hub
from pushers.clock import now_ms
from pushers.registry import intervals

logger = logging.getLogger(__name__)

FLUSH = 1.0  # seconds that a closing socket's last frames may take


class FeedConsumer(AsyncJsonWebsocketConsumer):
    """One client. The frames of the user's group reach it through the process's hub, which joined the group for all
    of the user's sockets here; so a consumer needs no channel of its own."""

    channel_layer_alias = "none: the hub has the one channel of the process"

    user: Any = None
    connection: Connection | None = None
    bad_frames = 0
    closing = False
    waiting: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run until the socket is gone; however that comes about, the hub lets it go."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.leave()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle a message without the hop through Channels' one database thread: `access` looks after its own."""
        handlers = {
            "websocket.connect": self.websocket_connect,
            "websocket.receive": self.websocket_receive,
            "websocket.disconnect": self.websocket_disconnect,
        }
        await handlers[message["type"]](message)

    async def connect(self) -> None:
        """Accept first, so that a browser can read the code of a refusal."""
        self.settings = consumer_settings()
        await self.accept()
        user, token = self.scope.get("user"), token_in_header(self.scope["headers"])
        if user is not None and user.is_authenticated:
            self.sign_in(user)
        elif token is not None:
            await self.sign_in_with(token)
        elif any(name == b"origin" for name, _ in self.scope["headers"]):
            await self.end(CloseCode.SIGNED_OUT)
        else:
            loop = asyncio.get_running_loop()
            self.waiting = loop.call_later(self.settings.AUTH_SECONDS, lambda: loop.create_task(self.auth_timeout()))

    async def auth_timeout(self) -> None:
        if self.connection is None:
            await self.end(CloseCode.SIGNED_OUT)

    async def sign_in_with(self, token: str) -> None:
        user = await user_of_token(token)
        if user is None:
            await self.end(CloseCode.SIGNED_OUT)
        else:
            self.sign_in(user)

    def sign_in(self, user: Any) -> None:
        """Register with the hub and say welcome."""
        if self.waiting is not None:
            self.waiting.cancel()
        self.user = user
        self.connection = Connection(str(user.pk), self.send_text, self.end, queue_bytes=int(self.settings.QUEUE_BYTES))
        Hub.current().open(self.connection)
        self.connection.write(
            frames.server_frame(
                "welcome",
                protocol=frames.PROTOCOL,
                user={"id": user.pk if isinstance(user.pk, int) else str(user.pk), "username": user.get_username()},
                feeds={name: {"interval": _number(seconds)} for name, seconds in intervals().items()},
                heartbeat=_number(self.settings.HEARTBEAT_SECONDS),
                ts=now_ms(),
            )
        )

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any) -> None:
        """Handle one client frame; nothing that a client sends may raise out of here: it would kill the socket."""
        if self.closing:
            return
        try:
            frame = self.decode(text_data)
            if frame is not None:
                await self.handle(frame)
        except frames.FrameError as error:
            await self.refuse(error)

    def decode(self, text: str | None) -> frames.Frame | None:
        if text is None:
            raise frames.FrameError("binary_frame", "Expected a text message with one JSON object; found a binary one.")
        size = len(text.encode())
        if size > self.settings.FRAME_BYTES:
            limit = int(self.settings.FRAME_BYTES)
            raise frames.FrameError("frame_too_large", f"A frame has at most {limit} bytes; found {size}.")
        return frames.decode(text)

    async def handle(self, frame: frames.Frame) -> None:
        if self.connection is None:
            if not isinstance(frame, frames.Auth):
                raise frames.FrameError("not_signed_in", "The first frame must be auth, with a token.", frame.id)
            await self.sign_in_with(frame.token)
        elif isinstance(frame, frames.Auth):
            raise frames.FrameError("signed_in", "This socket is signed in already.", frame.id)
        elif isinstance(frame, frames.Subscribe):
            await self.subscribe(self.connection, frame)
        elif isinstance(frame, frames.Unsubscribe):
            self.unsubscribe(self.connection, frame)
        elif isinstance(frame, frames.SnapshotRequest):
            Hub.current().request_snapshot(self.connection, frame.feeds)
        else:
            self.connection.write(frames.server_frame("pong", id=frame.id, ts=now_ms()))

    async def subscribe(self, connection: Connection, frame: frames.Subscribe) -> None:
        """Answer per feed and symbol, at once; what was granted starts behind that answer."""
        feeds = await allowed_feeds(self.user, frame.feeds)
        symbols = await allowed_symbols(self.user, frame.symbols)
        connection.write(frames.server_frame("subscribed", id=frame.id, feeds=_grants(feeds), symbols=_grants(symbols)))
        granted = {name: frame.position(name) for name, code in feeds.items() if not code}
        Hub.current().subscribe(connection, granted)
        Hub.current().subscribe_symbols(connection, [symbol for symbol, code in symbols.items() if not code])

    def unsubscribe(self, connection: Connection, frame: frames.Unsubscribe) -> None:
        Hub.current().unsubscribe(connection, frame.feeds)
        Hub.current().unsubscribe_symbols(connection, frame.symbols)
        done = {"feeds": _grants(dict.fromkeys(frame.feeds, "")), "symbols": _grants(dict.fromkeys(frame.symbols, ""))}
        connection.write(frames.server_frame("unsubscribed", id=frame.id, **done))

    async def refuse(self, error: frames.FrameError) -> None:
        """Answer a frame that can't be understood; a client that keeps sending such is sent away."""
        text = frames.server_frame("error", code=error.code, message=error.message, id=error.frame_id)
        if self.connection is not None:
            self.connection.write(text)
        else:
            await self.send_text(text)
        self.bad_frames += 1
        if self.bad_frames >= self.settings.BAD_FRAMES:
            await self.end(CloseCode.BAD_FRAMES)

    async def send_text(self, text: str) -> None:
        await self.send(text_data=text)

    async def end(self, code: int) -> None:
        """Close the socket with a code, behind what was queued."""
        if self.closing:
            return
        self.closing = True
        if self.connection is not None:
            await self.connection.flush(FLUSH)
        await self.close(code=int(code))

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        raise StopConsumer

    def leave(self) -> None:
        self.closing = True
        if self.waiting is not None:
            self.waiting.cancel()
        if self.connection is not None:
            Hub.current().close(self.connection)


def _grants(codes: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"ok": False, "code": code} if code else {"ok": True} for name, code in codes.items()}


def _number(seconds: float) -> float:
    """Return a whole number of seconds as an integer, which reads better on the wire."""
    return int(seconds) if seconds == int(seconds) else seconds
