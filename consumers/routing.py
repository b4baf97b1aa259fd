"""Where the sockets are: `/ws/` and `/ws/watch/<user>/`, behind the origin gate and Django's session."""

from channels.routing import URLRouter
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.urls import path

from consumers.database_gate import DatabaseGate
from consumers.feed_consumer import FeedConsumer
from consumers.origin import OriginGate
from consumers.sign_in import SessionSignIn
from consumers.watch_consumer import WatchConsumer

websocket_urlpatterns = [
    path("ws/", FeedConsumer.as_asgi()),
    path("ws/watch/<str:user>/", WatchConsumer.as_asgi()),
]

signed_in = CookieMiddleware(SessionMiddleware(SessionSignIn(URLRouter(websocket_urlpatterns))))
websocket_application = OriginGate(DatabaseGate(signed_in))
