"""HTTP to Django, `/ws/` to the feed consumer."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.foreign.settings")
http = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402 - Django must be set up before models are imported

from consumers.routing import websocket_application  # noqa: E402

application = ProtocolTypeRouter({"http": http, "websocket": websocket_application})
