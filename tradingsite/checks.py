"""System checks of the deployment: what would be a mistake in production, with what to do about it.

Those of Django, the push engine and the socket side come beside them; `manage.py check --deploy` runs all.
"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from pushers.metrics_server import is_loopback

SHORTEST_KEY, FEWEST_CHARACTERS = 32, 8
DEFAULT_KEYS = ("insecure-", "django-insecure-", "change-me", "changeme", "secret")


@register(Tags.security)
def check_secret_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E001: the key that signs sessions can be guessed, and the site is not in development."""
    key = settings.SECRET_KEY
    weak = len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_CHARACTERS or key.lower().startswith(DEFAULT_KEYS)
    if settings.DEBUG or not weak:
        return []
    return [
        Error(
            f"SECRET_KEY has {len(key)} characters, or few different ones, or is an example's: expected "
            f"{SHORTEST_KEY} random ones or more. Whoever guesses it signs in as anybody.",
            hint="python -c 'import secrets; print(secrets.token_urlsafe(48))'",
            id="tradingsite.E001",
        )
    ]


@register(Tags.security)
def check_debug(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E002: DEBUG with host names that others can reach: error pages would show them settings and code."""
    public = [host for host in settings.ALLOWED_HOSTS if not is_loopback(host.strip("[]")) and host != "testserver"]
    if not settings.DEBUG or not public:
        return []
    return [
        Error(
            f"DEBUG is on, and ALLOWED_HOSTS names {', '.join(public)}.",
            hint="Set DEBUG=0, or ALLOWED_HOSTS to localhost while developing.",
            id="tradingsite.E002",
        )
    ]


@register(Tags.security, deploy=True)
def check_hosts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """W001: any host name is taken. W002: the site is not bound to HTTPS."""
    found: list[CheckMessage] = []
    if any(host == "*" or host.startswith(".") for host in settings.ALLOWED_HOSTS):
        hint = "Name each host: with a foreign one an attacker could have links of ours lead to him."
        found.append(Warning("ALLOWED_HOSTS has a pattern.", hint=hint, id="tradingsite.W001"))
    if not settings.SESSION_COOKIE_SECURE:
        hint = "Set SITE_HTTPS=1 behind a proxy that ends TLS and sets X-Forwarded-Proto."
        found.append(Warning("Sessions travel without TLS.", hint=hint, id="tradingsite.W002"))
    return found
