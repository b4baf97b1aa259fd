"""Stock Channels, as its tutorial does it: a group per user, and `send_json` for what comes to it.

Serve `application` with DJANGO_SETTINGS_MODULE=tests.benchmarks.baselines.stock_settings.
"""

from typing import Any

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402 - Django must be set up before
from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


def group_of(user_id: int) -> str:
    """Return the name of the group of a user's sockets."""
    return f"user_{user_id}"


def message(content: dict[str, Any]) -> dict[str, Any]:
    """Return what is sent to the group."""
    return {"type": "push", "content": content}


class PushConsumer(AsyncJsonWebsocketConsumer):
    """One client."""

    async def connect(self) -> None:
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close()
            return
        self.group = group_of(user.pk)
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        if self.scope["user"].is_authenticated:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def push(self, event: dict[str, Any]) -> None:
        await self.send_json(event["content"])


websocket = AuthMiddlewareStack(URLRouter([path("ws/", PushConsumer.as_asgi())]))
application = ProtocolTypeRouter({"http": http, "websocket": websocket})
