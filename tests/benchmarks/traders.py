"""A process full of traders' pages: `python -m tests.benchmarks.traders PORT FILE`, FILE having a session key per line.

Takes a command per line on its standard input and answers each with a line of JSON: `connect` opens all pages and waits
until they show everything, `report` says what they believe, `reconnect` cuts all connections and has them come back at
once. In between frames are kept as they come, and only read when a report is asked for: what the pages themselves need
of the processor is to be little.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Callable, Coroutine
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.benchmarks.clients import Socket, all_of, open_socket
from tests.benchmarks.senders import FEEDS
from tests.benchmarks.stage import raise_file_limit
from tests.protocol_client import Rule

AT_ONCE = 500  # handshakes of this process under way
GIVE_UP = 200.0  # seconds
RETRY = 1.0  # seconds until a page whose connection was refused tries again
MARK = b'"clientOrderId":"'  # what the writer changes (writer.py)
HEARTBEAT = b'{"type":"heartbeat"'
MOST_FAULTS = 5  # that are quoted


class Page:
    """One page, which keeps to the client's whole rule."""

    def __init__(self, key: str, arrived: dict[str, float]) -> None:
        self.key = key
        self.rule = Rule(FEEDS)
        self.faults: list[str] = []
        self.snapshots = 0
        self._arrived = arrived
        self._socket: Socket | None = None
        self._kept: list[bytes] = []
        self._heartbeat: bytes | None = None
        self._is_keeping = False
        self._live: asyncio.Event

    async def open(self, port: int) -> None:
        """Connect and return once every feed is live; try again where the server refuses."""
        self._live, self._is_keeping = asyncio.Event(), False
        headers = {"Cookie": f"sessionid={self.key}", "Origin": f"http://127.0.0.1:{port}"}
        while True:
            try:
                self._socket = await open_socket(port, "/ws/", headers, self._on_text)
                break
            except OSError:
                await asyncio.sleep(RETRY)
        self._socket.on_end = self._on_end
        await self._live.wait()

    def cut(self) -> None:
        """Lose the connection."""
        if self._socket is not None:
            self._socket.on_end = None
            self._socket.close()
        self.rule.lost()

    def read(self) -> None:
        """Apply what was kept. Afterwards the rule holds what the page shows."""
        for body in [*self._kept, *([self._heartbeat] if self._heartbeat else [])]:
            for answer in self.rule.on_frame(json.loads(body), 0.0):
                self.faults.append(f"a page of user {self.rule.user} lacked a push, and would say {answer}")
        self._kept, self._heartbeat = [], None

    def state(self) -> dict[str, Any]:
        """Return user, feed -> digest of the document that is shown, and the feeds that are not live."""
        digests = {name: digest(held.document) for name, held in self.rule.feeds.items()}
        behind = [name for name, held in self.rule.feeds.items() if held.behind or not held.live]
        return {"user": self.rule.user, "feeds": digests, "behind": behind}

    def _on_text(self, socket: Socket, body: bytes) -> None:
        if self._is_keeping:
            if body.startswith(HEARTBEAT):
                self._heartbeat = body
                return
            self._kept.append(body)
            at = body.find(MARK)
            if at >= 0:
                self._note_marks(body, at)
            return
        self.snapshots += body.count(b'"snapshot":')
        for answer in self.rule.on_frame(json.loads(body), 0.0):
            socket.send(json.dumps(answer))
        if len(self.rule.live()) == len(FEEDS):
            self._is_keeping = True
            self._live.set()

    def _note_marks(self, body: bytes, at: int) -> None:
        now = time.monotonic()
        while at >= 0:
            start = at + len(MARK)
            self._arrived.setdefault(body[start : body.index(b'"', start)].decode(), now)
            at = body.find(MARK, start)

    def _on_end(self, socket: Socket) -> None:
        self.faults.append(f"the socket of user {self.rule.user} ended: {socket.ended}")


def digest(document: Any) -> str:
    """Return what two equal documents have in common."""
    return sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]


class Pages:
    """All pages of this process."""

    def __init__(self, port: int, keys: list[str]) -> None:
        self._port = port
        self._arrived: dict[str, float] = {}
        self._pages = [Page(key, self._arrived) for key in keys]

    async def connect(self) -> dict[str, Any]:
        """Open all pages; answer how long it took until all showed everything."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(GIVE_UP):
                await all_of((page.open(self._port) for page in self._pages), at_once=AT_ONCE)
        except TimeoutError:
            live = sum(len(page.rule.live()) == len(FEEDS) for page in self._pages)
            return {"failure": f"{live} of {len(self._pages)} pages were live after {GIVE_UP:g} s"}
        gc.collect()
        gc.freeze()
        return {"seconds": time.monotonic() - began, "snapshots": sum(page.snapshots for page in self._pages)}

    async def reconnect(self) -> dict[str, Any]:
        """Cut all connections; answer how long it took until all were back, and how many documents were sent again."""
        await self.report()
        for page in self._pages:
            page.cut()
            page.snapshots = 0
        return await self.connect()

    async def report(self) -> dict[str, Any]:
        """Answer what all pages show, what went wrong, and when each of the writer's marks was first seen."""
        for page in self._pages:
            page.read()
        faults = [fault for page in self._pages for fault in page.faults]
        pages = [page.state() for page in self._pages]
        return {"pages": pages, "faults": len(faults), "quoted": faults[:MOST_FAULTS], "arrived": self._arrived}


async def main(port: int, keys: list[str]) -> None:
    """Answer commands until the input ends."""
    pages = Pages(port, keys)
    commands: dict[str, Callable[[], Coroutine[Any, Any, dict[str, Any]]]] = {
        "connect": pages.connect,
        "report": pages.report,
        "reconnect": pages.reconnect,
    }
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        print(json.dumps(await commands[line.decode().strip()]()), flush=True)


if __name__ == "__main__":
    raise_file_limit()
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]).read_text().split()))
