"""Keeps sockets signed in whose session goes on under another key."""

from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from consumers.proof import seal, session_digest
from pushers.courier import Letter, post
from pushers.layer import HUBS_GROUP


class SessionRenewal(MiddlewareMixin):
    """Tell the hubs when a request has given its session another key, as a change of the own password does.

    Its place is before Django's SessionMiddleware, so that the session is saved by then. Without it the sockets of that
    browser are closed with 4401, and its pages must be loaded again.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        old = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        session: Any = getattr(request, "session", None)
        new = session.session_key if session is not None else None
        if old and new and old != new and SESSION_KEY in session:
            fields = (("type", "renewed"), ("session", session_digest(old)), ("sealed", seal(new, under=old)))
            post(Letter(HUBS_GROUP, fields), [session[SESSION_KEY]])
        return response
