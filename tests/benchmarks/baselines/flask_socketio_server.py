"""Flask-SocketIO with threads and a Redis queue: a room per user.

`python -m tests.benchmarks.baselines.flask_socketio_server PORT`; REDIS_URL names the Redis.
"""

import os
import sys

from flask import Flask, request
from flask_socketio import SocketIO, join_room

application = Flask(__name__)
server = SocketIO(application, async_mode="threading", message_queue=os.environ["REDIS_URL"])


@server.on("connect")
def connect() -> None:
    """Let a client into the room of the user that it names."""
    join_room(request.args["user"])


if __name__ == "__main__":
    server.run(application, "127.0.0.1", int(sys.argv[1]), allow_unsafe_werkzeug=True)
