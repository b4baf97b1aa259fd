"""Static files under ASGI: named by their content, and served in front of Django.

WhiteNoise knows which file, which compressed variant and which headers answer a request, but as a Django middleware it
is synchronous: every request of the site would change to a thread and back because of it, and Django warns about each
file ("must consume synchronous iterators"). So it is asked here, before Django is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, BinaryIO, cast

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import Response, StaticFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

CHUNK = 64 * 1024  # bytes read and sent at a time


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Names files by a hash of their content, in the imports between JavaScript modules too; stores them compressed."""

    support_js_module_import_aggregation = True


class StaticFiles:
    """An ASGI application that answers requests for static files itself and hands all others to `application`."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._whitenoise = WhiteNoiseMiddleware(get_response=_no_response)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(self._whitenoise.static_prefix):
            response = await asyncio.to_thread(self._answer, scope)
            if response is not None:
                await _send(response, send)
                return
        await self._application(scope, receive, send)

    def _answer(self, scope: Scope) -> Response | None:
        path = scope["path"]
        find = self._whitenoise.find_file if self._whitenoise.autorefresh else self._whitenoise.files.get
        file = cast(StaticFile | None, find(path))
        if file is None:
            return None
        headers = {_variable(name): value.decode("latin-1") for name, value in scope["headers"]}
        return file.get_response(scope["method"], headers)


def _variable(header: bytes) -> str:
    """Return the name that WSGI, and so WhiteNoise, gives a header."""
    return "HTTP_" + header.decode("latin-1").upper().replace("-", "_")


async def _send(response: Response, send: Send) -> None:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    headers.append((b"x-content-type-options", b"nosniff"))
    await send({"type": "http.response.start", "status": int(HTTPStatus(response.status)), "headers": headers})
    file = cast(BinaryIO | None, response.file)
    try:
        while file is not None and (chunk := await asyncio.to_thread(file.read, CHUNK)):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    finally:
        if file is not None:
            file.close()
    await send({"type": "http.response.body", "body": b""})


def _no_response(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("WhiteNoise is only asked for its files here; Django answers everything else.")
