"""python-socketio with its Redis manager: a room per user. Serve `application`; REDIS_URL names the Redis."""

import os
from typing import Any
from urllib.parse import parse_qs

import socketio

server = socketio.AsyncServer(
    async_mode="asgi", client_manager=socketio.AsyncRedisManager(os.environ["REDIS_URL"]), cors_allowed_origins="*"
)
application = socketio.ASGIApp(server)


@server.event
async def connect(sid: str, environ: dict[str, Any]) -> None:
    """Let a client into the room of the user that it names."""
    await server.enter_room(sid, parse_qs(environ["QUERY_STRING"])["user"][0])
