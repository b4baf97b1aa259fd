"""Where the sockets are: `/ws/` and `/ws/watch/<user>/`, behind the origin gate and Django's session."""

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.urls import path

from consumers.database_gate import DatabaseGate
from consumers.feed_consumer import FeedConsumer
from consumers.origin import OriginGate
from consumers.watch_consumer import WatchConsumer

websocket_urlpatterns = [
    path("ws/", FeedConsumer.as_asgi()),
    path("ws/watch/<str:user>/", WatchConsumer.as_asgi()),
]

websocket_application = OriginGate(DatabaseGate(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))))
