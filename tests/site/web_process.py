"""A project with the two reusable apps alone, on the production server: real processes and raw sockets."""

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.pushers.foreign_process import ROOT, SECONDS, PusherProcess, foreign_environment, run_python
from tradingsite.embedded_redis import free_port
from tradingsite.leash import die_with_parent

SIGN_IN = """
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
user, _ = get_user_model().objects.get_or_create(username={name!r})
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[-1]
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.set_expiry({seconds})
session.save()
print(session.session_key)
"""


class WebProcess:
    """A web server whose output can be read."""

    def __init__(
        self, environment: dict[str, str], port: int, log: Path, *arguments: str, daphne: list[str] | None = None
    ) -> None:
        self.port, self.log = port, log
        serve = ["-m", "django", "runweb", "--port", str(port), *arguments]
        if daphne is not None:
            serve = ["-m", "daphne", *daphne, "-b", "127.0.0.1", "-p", str(port), "tests.foreign.asgi:application"]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *serve],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        until(self._listens, "the web server listens")

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)

    def memory(self) -> int:
        """Return the bytes of memory that the process uses."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024  # type: ignore[index]

    def _listens(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


class ForeignSite:
    """Web server and pushers of the foreign project, on a database and a Redis of their own."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.folder, self.port = folder, free_port()
        self.environment = foreign_environment(folder / "db.sqlite3", redis_url)
        self.web: WebProcess | None = None
        self.pushers: PusherProcess | None = None
        self._clients: list[RawClient] = []
        self.python("from django.core.management import call_command; call_command('migrate', verbosity=0)")

    def python(self, code: str) -> str:
        return run_python(code, self.environment)

    def start_web(self, *arguments: str, daphne: list[str] | None = None, **consumers: Any) -> WebProcess:
        """Start the web server with these of settings.CONSUMERS."""
        environment = {**self.environment, "FOREIGN_CONSUMERS": json.dumps(consumers)}
        self.web = WebProcess(environment, self.port, self.folder / "web.log", *arguments, daphne=daphne)
        return self.web

    def start_pushers(self, interval: float, **pushers: Any) -> PusherProcess:
        environment = {**self.environment, "FOREIGN_PUSHERS": json.dumps(pushers)}
        self.pushers = PusherProcess(environment, f"--interval=parcels={interval:g}")
        return self.pushers

    def sign_in(self, name: str, seconds: float = 3600) -> str:
        """Return the key of a new session."""
        return self.python(SIGN_IN.format(name=name, seconds=seconds))

    def client(self, session: str, **options: Any) -> "RawClient":
        client = RawClient(self.port, session, **options)
        self._clients.append(client)
        return client

    def stop(self) -> None:
        for client in self._clients:
            client.leave()
        if self.pushers is not None and self.pushers.process.poll() is None:
            self.pushers.end(signal.SIGKILL)
        if self.web is not None and self.web.process.poll() is None:
            self.web.end(signal.SIGKILL)


@contextmanager
def foreign_site(folder: Path, redis_url: str) -> Iterator[ForeignSite]:
    site = ForeignSite(folder, redis_url)
    try:
        yield site
    finally:
        site.stop()


class RawClient:
    """A WebSocket over a plain TCP socket, which can stop reading as no library lets one."""

    def __init__(self, port: int, session: str, *, receive_buffer: int | None = None) -> None:
        self.frames: list[tuple[float, dict[str, Any]]] = []
        self.closed: int | None = None  # the code; 1006 for an end without one
        self.closed_at = 0.0  # monotonic
        self.reading = threading.Event()
        self.reading.set()
        self._buffer = b""
        self._socket = socket.socket()
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.connect(("127.0.0.1", port))
        self._shake_hands(port, session)
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, frame: dict[str, Any] | str) -> None:
        text = (frame if isinstance(frame, str) else json.dumps(frame)).encode()
        length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xff" + len(text).to_bytes(8, "big")
        self._socket.sendall(b"\x81" + length + b"\0\0\0\0" + text)  # a mask of zeros changes nothing

    def subscribe(self, *feeds: str, have: Any = None) -> "RawClient":
        self.send({"type": "subscribe", "feeds": feeds, "have": have or {}, "id": 1})
        self.until("subscribed")
        return self

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [frame for _, frame in list(self.frames) if frame["type"] == kind]

    def until(self, kind: str, count: int = 1, seconds: float = SECONDS) -> list[dict[str, Any]]:
        """Return the frames of a kind once there are so many."""
        until(lambda: len(self.of(kind)) >= count or self.closed, f"{count} frames {kind!r}", seconds)
        assert len(self.of(kind)) >= count, f"closed with {self.closed} before {count} frames {kind!r}"
        return self.of(kind)

    def until_closed(self, seconds: float = SECONDS) -> int | None:
        until(lambda: self.closed is not None, "the close", seconds)
        return self.closed

    def leave(self) -> None:
        self.reading.set()
        self._socket.close()

    def _shake_hands(self, port: int, session: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        host = f"127.0.0.1:{port}"
        lines = ["GET /ws/ HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", f"Origin: http://{host}"]
        lines += [f"Cookie: sessionid={session}", "", ""]
        self._socket.sendall("\r\n".join(lines).encode())
        while b"\r\n\r\n" not in self._buffer:
            received = self._socket.recv(1024)
            assert received, "no handshake"
            self._buffer += received
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        assert b" 101 " in head, head

    def _read(self) -> None:
        try:
            while self.closed is None:
                opcode, payload = self._message()
                if opcode == 1:
                    self.frames.append((time.monotonic(), json.loads(payload)))
                elif opcode == 8:
                    self.closed_at = time.monotonic()
                    self.closed = int.from_bytes(payload[:2], "big")
                    self._socket.sendall(b"\x88\x82\0\0\0\0" + payload[:2])
                elif opcode == 9:
                    self._socket.sendall(bytes([0x8A, 0x80 | len(payload)]) + b"\0\0\0\0" + payload)
        except (OSError, EOFError):
            self.closed = self.closed or 1006

    def _message(self) -> tuple[int, bytes]:
        opcode, length = self._take(2)
        length &= 0x7F
        if length > 125:
            length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
        return opcode & 0x0F, self._take(length)

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self.reading.wait()
            received = self._socket.recv(4096)
            if not received:
                raise EOFError
            self._buffer += received
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken


def until(condition: Callable[[], Any], what: str, seconds: float = SECONDS) -> None:
    """Return once `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.01)
