"""The socket at `/ws/`: signs the client in, reads its frames, and leaves what is pushed to the hub."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from consumers import frames
from consumers.access import allowed_feeds, allowed_symbols, token_in_header, user_of_token
from consumers.close_codes import CloseCode
from consumers.conf import consumer_settings
from consumers.connection import WRITE_NOW, Connection, Peer
from consumers.hub import Hub
from consumers.metrics import CLOSED
from consumers.proof import Proof
from consumers.token_bucket import TokenBucket
from consumers.waiting_room import WAITING_ROOM, address_of
from pushers.clock import now_ms
from pushers.registry import intervals

logger = logging.getLogger(__name__)

FLUSH = 1.0  # seconds that a closing socket's last frames may take


class FeedConsumer(AsyncJsonWebsocketConsumer):
    """One client. The frames of the user's group reach it through the process's hub, which joined the group for all
    of the user's sockets here; so a consumer needs no channel of its own."""

    user: Any = None
    connection: Connection | None = None
    bad_frames = 0
    closing = False
    waiting: asyncio.TimerHandle | None = None
    waits = False  # in the waiting room
    watching = False  # whether it shows somebody's state to another (watch_consumer.py)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run until the socket is gone; however that comes about, the hub lets it go.

        What Channels does here is for a consumer that listens to a channel layer too: two more tasks a socket, each
        with its own memory, and one hop more for each message.
        """
        self.scope, self.base_send, self.channel_layer = scope, send, None
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            return
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
        self.bucket = TokenBucket(self.settings.FRAMES_PER_SECOND, self.settings.FRAMES_BURST)
        await self.accept()
        await self.identify()

    async def identify(self) -> None:
        """Sign the client in by its session or its token, or wait for its first frame."""
        user, token = self.scope.get("user"), token_in_header(self.scope["headers"])
        user = getattr(user, "_wrapped", user)  # each look at a lazy object, which Channels gives, costs a detour
        if user is not None and user.is_authenticated:
            session_key = getattr(self.scope.get("session"), "session_key", None)
            await self.sign_in(user, Proof(user.pk, session_key=session_key))
        elif token is not None:
            await self.sign_in_with(token)
        elif any(name == b"origin" for name, _ in self.scope["headers"]):
            await self.end(CloseCode.SIGNED_OUT)
        elif not WAITING_ROOM.enter(address_of(self.scope), limit := self.settings.WAITING_PER_ADDRESS):
            await self.send_away("too_many_sockets", f"An address has at most {limit} sockets that are not signed in.")
        else:
            self.waits = True
            loop = asyncio.get_running_loop()
            self.waiting = loop.call_later(self.settings.AUTH_SECONDS, lambda: loop.create_task(self.auth_timeout()))

    def stop_waiting(self) -> None:
        """Leave the waiting room, if the client is in it."""
        if self.waiting is not None:
            self.waiting.cancel()
        if self.waits:
            self.waits = False
            WAITING_ROOM.leave(address_of(self.scope))

    async def auth_timeout(self) -> None:
        if self.connection is None:
            await self.end(CloseCode.SIGNED_OUT)

    async def sign_in_with(self, token: str) -> None:
        user = await user_of_token(token)
        if user is None:
            await self.end(CloseCode.SIGNED_OUT)
        else:
            await self.sign_in(user, Proof(user.pk, token=token))

    async def sign_in(self, user: Any, proof: Proof) -> None:
        """Register with the hub and say welcome, unless this user may not come in or has sockets enough."""
        self.stop_waiting()
        if self.closing:
            return
        limit, open_already = self.settings.SOCKETS_PER_USER, Hub.current().sockets(str(user.pk))
        if not user.is_active:
            await self.end(CloseCode.REVOKED)
        elif open_already >= limit:
            await self.send_away("too_many_sockets", f"A user has at most {limit} sockets; {open_already} are open.")
        else:
            self.welcome(user, proof)

    def welcome(self, user: Any, proof: Proof) -> None:
        self.user = user
        self.connection = Connection(
            str(user.pk),
            self.send_text,
            self.end,
            queue_bytes=int(self.settings.QUEUE_BYTES),
            proof=proof,
            peer=Peer.of(self.scope),
            watched=user.pk if self.watching else None,
            write_now=self.scope.get("extensions", {}).get(WRITE_NOW, {}).get("write"),
        )
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
        if not self.bucket.take():
            rate = _number(self.settings.FRAMES_PER_SECOND)
            await self.send_away("too_many_frames", f"A socket may send {rate} frames a second.")
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
        asked_feeds, codes = _within(self.settings.FEEDS_PER_SOCKET, frame.feeds, connection.places)
        feeds = codes | await allowed_feeds(self.user, asked_feeds)
        asked_symbols, codes = _within(self.settings.SYMBOLS_PER_SOCKET, frame.symbols, connection.symbols)
        symbols = codes | await allowed_symbols(self.user, asked_symbols)
        answer = frames.server_frame("subscribed", id=frame.id, feeds=_grants(feeds), symbols=_grants(symbols))
        connection.write(answer, keep=True)
        granted = {name: frame.position(name) for name, code in feeds.items() if not code}
        Hub.current().subscribe(connection, granted)
        Hub.current().subscribe_symbols(connection, [symbol for symbol, code in symbols.items() if not code])
        connection.check_soon()

    def unsubscribe(self, connection: Connection, frame: frames.Unsubscribe) -> None:
        Hub.current().unsubscribe(connection, frame.feeds)
        Hub.current().unsubscribe_symbols(connection, frame.symbols)
        done = {"feeds": _grants(dict.fromkeys(frame.feeds, "")), "symbols": _grants(dict.fromkeys(frame.symbols, ""))}
        connection.write(frames.server_frame("unsubscribed", id=frame.id, **done), keep=True)

    async def refuse(self, error: frames.FrameError) -> None:
        """Answer a frame that can't be understood; a client that keeps sending such is sent away."""
        await self.say_error(error)
        self.bad_frames += 1
        if self.bad_frames >= self.settings.BAD_FRAMES:
            await self.end(CloseCode.BAD_FRAMES)

    async def send_away(self, code: str, message: str) -> None:
        """Say which limit was passed, and close."""
        await self.say_error(frames.FrameError(code, message))
        await self.end(CloseCode.TOO_MANY)

    async def say_error(self, error: frames.FrameError) -> None:
        text = frames.server_frame("error", code=error.code, message=error.message, id=error.frame_id)
        if self.connection is not None:
            self.connection.write(text, keep=True)
        else:
            await self.send_text(text)

    async def send_text(self, text: str) -> None:
        await self.send(text_data=text)

    async def end(self, code: int) -> None:
        """Close the socket with a code, behind what was queued."""
        if self.closing:
            return
        self.closing = True
        CLOSED.labels(int(code)).inc()
        if self.connection is not None:
            await self.connection.flush(FLUSH)
        await self.close(code=int(code))

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        raise StopConsumer

    def leave(self) -> None:
        self.closing = True
        self.stop_waiting()
        if self.connection is not None:
            Hub.current().close(self.connection)


def _within(limit: int, wanted: Iterable[str], held: Collection[str]) -> tuple[list[str], dict[str, str]]:
    """Return the names that there is room for beside those held, and the others with their code."""
    names = list(dict.fromkeys(wanted))
    room = limit - len(held)
    further = [name for name in names if name not in held]
    refused = dict.fromkeys(further[max(room, 0) :], "too_many")
    return [name for name in names if name not in refused], refused


def _grants(codes: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"ok": False, "code": code} if code else {"ok": True} for name, code in codes.items()}


def _number(seconds: float) -> float:
    """Return a whole number of seconds as an integer, which reads better on the wire."""
    return int(seconds) if seconds == int(seconds) else seconds
