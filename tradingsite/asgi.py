"""The ASGI application: static files, HTTP to Django, `/ws/` to the feed consumer."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradingsite.settings")
http = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402 - Django must be set up before models are imported

from consumers.routing import websocket_application  # noqa: E402
from tradingsite.static_files import StaticFiles  # noqa: E402

application = ProtocolTypeRouter({"http": StaticFiles(http), "websocket": websocket_application})
