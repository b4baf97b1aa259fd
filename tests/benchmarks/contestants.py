"""The servers that are compared: how each is started, spoken to, and told to push. Needs a set-up Django."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from channels.layers import get_channel_layer

from pushers.layer import Message
from tests.benchmarks import payload
from tests.benchmarks.clients import Dialect, Swarm
from tests.benchmarks.senders import RedisPipe, SteadyOwner
from tests.benchmarks.sign_ins import handshake_headers
from tests.benchmarks.stage import Process, Stage, wait_for_port
from tradingsite.embedded_redis import free_port

BASELINES = "tests.benchmarks.baselines"
STOCK = f"{BASELINES}.stock_channels:application"
# As ours is served: without deflate, whose memory would flatter us, and without a log of requests.
UVICORN = ["--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--no-access-log", "--lifespan", "off"]


class Contestant(ABC):
    """A server with a swarm of clients. Each gets the pushes 2, 3, 4 ...; `seq` is the last that all have got."""

    process: Process
    port: int

    def __init__(self, name: str) -> None:
        self.name, self.seq = name, 1

    async def start(self, stage: Stage) -> None:
        """Start the server; it has no clients yet."""
        self.port = free_port()
        self.swarm = Swarm(self.name, self.dialect())
        self.process = stage.start(self.name, self.command(), self.environment(stage))
        await asyncio.to_thread(wait_for_port, self.port, self.process)

    def stop(self) -> None:
        """Close the clients and end the server."""
        self.swarm.close()
        self.process.stop()

    @abstractmethod
    def command(self) -> list[str]:
        """Return Python's arguments."""

    def environment(self, stage: Stage) -> dict[str, str]:
        """Return the server's environment."""
        return stage.environment()

    @abstractmethod
    def dialect(self) -> Dialect:
        """Return how its clients speak."""

    @abstractmethod
    async def push(self, first: int, last: int, seq: int) -> None:
        """Push that number to the clients from `first` to before `last`."""


class Site(Contestant):
    """This site, on its production server or on daphne; its pushes come through Redis as the push service's do."""

    def __init__(self, name: str, database: str, users: Sequence[int], keys: Sequence[str], pipe: RedisPipe) -> None:
        super().__init__(name)
        self._database, self._users, self._keys, self._pipe = database, users, keys, pipe
        self.owner: SteadyOwner
        self.feeds: Sequence[str] = [payload.FEED]

    def command(self) -> list[str]:
        if self.name.endswith("daphne"):
            return ["-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(self.port), "tradingsite.asgi:application"]
        return ["manage.py", "runweb", "--port", str(self.port)]

    def environment(self, stage: Stage) -> dict[str, str]:
        return stage.environment(self._database)

    def dialect(self) -> Dialect:
        opening = json.dumps({"type": "subscribe", "id": 1, "feeds": list(self.feeds)})
        push = b'{"type":"push"'
        return Dialect(lambda number: "/ws/", push, self._headers, opening=opening, ready=push)

    async def push(self, first: int, last: int, seq: int) -> None:
        await self._pipe.publish(_packed(self.message(self._users[number], seq)) for number in range(first, last))

    def message(self, user: int, seq: int) -> tuple[str, Message]:
        """Return a push's group and message."""
        return self.owner.push(str(user), seq)

    def _headers(self, number: int) -> dict[str, str]:
        return handshake_headers(self._keys[number], self.port)


class Stock(Site):
    """Stock Channels on the same uvicorn or on daphne."""

    def command(self) -> list[str]:
        if self.name.endswith("daphne"):
            return ["-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(self.port), STOCK]
        return ["-m", "uvicorn", STOCK, "--port", str(self.port), "--log-level", "warning", *UVICORN]

    def environment(self, stage: Stage) -> dict[str, str]:
        return {**super().environment(stage), "DJANGO_SETTINGS_MODULE": f"{BASELINES}.stock_settings"}

    def dialect(self) -> Dialect:
        return Dialect(lambda number: "/ws/", b'{"type": "push"', self._headers)

    def message(self, user: int, seq: int) -> tuple[str, Message]:
        return f"user_{user}", {"type": "push", "content": payload.push(seq)}


class SocketIO(Contestant):
    """python-socketio under the same uvicorn, or Flask-SocketIO with threads; both read what a manager publishes."""

    def __init__(self, name: str, pipe: RedisPipe) -> None:
        super().__init__(name)
        self._pipe, self._is_flask = pipe, name.startswith("Flask")

    def command(self) -> list[str]:
        if self._is_flask:
            return ["-m", f"{BASELINES}.flask_socketio_server", str(self.port)]
        application = f"{BASELINES}.socketio_server:application"
        return ["-m", "uvicorn", application, "--port", str(self.port), "--log-level", "warning", *UVICORN]

    def dialect(self) -> Dialect:
        path = "/socket.io/?EIO=4&transport=websocket&user={}"
        return Dialect(path.format, b'42["push",', opening="40", ready=b"40", answers={b"2": "3"})

    async def push(self, first: int, last: int, seq: int) -> None:
        channel = b"flask-socketio" if self._is_flask else b"socketio"
        await self._pipe.publish((channel, self._emit(number, seq)) for number in range(first, last))

    def _emit(self, number: int, seq: int) -> bytes:
        """Return what `emit("push", ..., room=...)` of a manager in another process publishes."""
        message: dict[str, Any] = {"method": "emit", "event": "push", "data": [payload.push(seq)], "binary": False}
        message |= {"namespace": "/", "room": str(number), "skip_sid": None, "callback": None, "host_id": "bench"}
        return json.dumps(message).encode()


class Floor(Contestant):
    """A server that does nothing but push; orders reach it on a port of its own."""

    def __init__(self, name: str, module: str, *arguments: str) -> None:
        super().__init__(name)
        self._module, self._arguments = module, arguments

    async def start(self, stage: Stage) -> None:
        self._orders = free_port()
        await super().start(stage)
        await asyncio.to_thread(wait_for_port, self._orders, self.process)
        _, self._orderer = await asyncio.open_connection("127.0.0.1", self._orders)

    def command(self) -> list[str]:
        return ["-m", f"{BASELINES}.{self._module}", str(self.port), str(self._orders), *self._arguments]

    def dialect(self) -> Dialect:
        return Dialect("/?user={}".format, b'{"type":"push"')

    async def push(self, first: int, last: int, seq: int) -> None:
        self._orderer.write(f"{first} {last} {seq}\n".encode())
        await self._orderer.drain()


def _packed(message: tuple[str, Message]) -> tuple[bytes, bytes]:
    """Return Redis' channel and the content, as the Pub/Sub layer has them."""
    layer: Any = get_channel_layer()
    group, content = message
    return layer._get_group_channel_name(group).encode(), layer.serialize(content)
