"""Which request, or which tick, a line of the log belongs to.

A request keeps the name that its proxy gave it, if that is one; its answer says it, its nudges carry it to the push
service, whose pushes carry it on to the web processes: one word to look for in all logs.
"""

import logging
import re
import time

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import get_random_string

from pushers.trace import TRACE

logger = logging.getLogger("tradingsite.request")

HEADER = "X-Request-ID"
NAME = re.compile(r"[A-Za-z0-9_-]{8,64}")
QUIET = ("/healthz", "/readyz", "/metrics")  # asked again and again by machines


class RequestTrace:
    """Names each request, and logs how it ended: at DEBUG, without its query, which may hold what is secret."""

    sync_capable = async_capable = True

    def __init__(self, get_response):  # type: ignore[no-untyped-def] # sync or async: Django's own type is no help
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest):  # type: ignore[no-untyped-def]
        if self.is_async:
            return self._answer_async(request)
        began, token = time.monotonic(), TRACE.set(_name_of(request))
        try:
            return _finish(request, self.get_response(request), began)
        finally:
            TRACE.reset(token)

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        began, token = time.monotonic(), TRACE.set(_name_of(request))
        try:
            return _finish(request, await self.get_response(request), began)
        finally:
            TRACE.reset(token)


def _name_of(request: HttpRequest) -> str:
    given = request.headers.get(HEADER, "")
    return given if NAME.fullmatch(given) else get_random_string(16)


def _finish(request: HttpRequest, response: HttpResponseBase, began: float) -> HttpResponseBase:
    response[HEADER] = TRACE.get()
    if request.path not in QUIET:
        milliseconds = (time.monotonic() - began) * 1000
        logger.debug("%s %s: %d, %.0f ms", request.method, request.path, response.status_code, milliseconds)
    return response
