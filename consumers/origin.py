"""Who may open a socket from where.

A browser always sends an Origin and sends the session cookie whether its user wants to or not, so a cookie counts only
with our own Origin. A program sends none, and signs in with a token.
"""

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host


class OriginGate:
    """ASGI middleware: a foreign Origin is refused with HTTP 403; without an Origin the cookies are taken away."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        if not origins:
            kept = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
            return await self.application({**scope, "headers": kept}, receive, send)
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        if not all(is_own_origin(origin, host) for origin in origins):
            return await WebsocketDenier()(scope, receive, send)
        return await self.application(scope, receive, send)


def is_own_origin(origin: str, host: str) -> bool:
    """Say whether an Origin is that of the site itself, reached as `host`, or one of CSRF_TRUSTED_ORIGINS.

    Where the session cookie travels over TLS only, so must the page: whoever can alter the network writes http pages.
    """
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return False
    if any(_matches(origin, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS):
        return True
    if settings.SESSION_COOKIE_SECURE and parts.scheme != "https":
        return False
    allowed = settings.ALLOWED_HOSTS or (["localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else [])
    domain, _ = split_domain_port(host)
    return parts.netloc.lower() == host.lower() and bool(domain) and validate_host(domain, allowed)


def _matches(origin: str, trusted: str) -> bool:
    """Compare as Django's CSRF check does: `https://*.example.com` stands for every subdomain."""
    own, other = urlsplit(origin), urlsplit(trusted)
    if other.netloc.startswith("*"):
        return own.scheme == other.scheme and own.netloc.endswith(other.netloc[1:])
    return (own.scheme, own.netloc) == (other.scheme, other.netloc)
