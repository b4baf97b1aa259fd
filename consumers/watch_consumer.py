"""The socket at `/ws/watch/<user>/`: shows one user's state to another, who holds settings.CONSUMERS WATCH_PERMISSION.

It differs from the trader's own socket in who is asked for his right to it, at the handshake and by the access watch
from then on. What it shows comes by the same path, and there is no frame by which a client could change anything.
"""

from consumers.access import user_to_watch
from consumers.close_codes import CloseCode
from consumers.connection import Peer
from consumers.feed_consumer import FeedConsumer
from consumers.frames import Auth, Frame, FrameError
from consumers.hub import Hub
from consumers.proof import Proof


class WatchConsumer(FeedConsumer):
    """One operator who watches one user. Only a session signs in here: a token has fewer rights than its owner."""

    watching = True

    async def identify(self) -> None:
        """Let in who has a session and the permission; the address alone opens nothing."""
        watcher, session = self.scope.get("user"), self.scope.get("session")
        session_key = getattr(session, "session_key", None)
        if watcher is None or not watcher.is_authenticated or session_key is None:
            await self.end(CloseCode.SIGNED_OUT)
            return
        limit, open_already = self.settings.SOCKETS_PER_USER, Hub.current().sockets(str(watcher.pk))
        if open_already >= limit:
            await self.send_away("too_many_sockets", f"A user has at most {limit} sockets; {open_already} are open.")
            return
        key = self.scope["url_route"]["kwargs"]["user"]
        watched = await user_to_watch(watcher, key, Peer.of(self.scope))
        if watched is None:
            await self.end(CloseCode.REVOKED)
        elif not self.closing:
            self.welcome(watched, Proof(watcher.pk, session_key=session_key))

    async def handle(self, frame: Frame) -> None:
        """Handle what a trader's socket does, but for `auth`."""
        if isinstance(frame, Auth) or self.connection is None:
            raise FrameError("not_signed_in", "Only a session signs in here.", frame.id)
        await super().handle(frame)
