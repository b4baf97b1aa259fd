"""System checks of the engine: what would fail later in silence fails at start, with a hint."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.utils.module_loading import import_string

from pushers import capture, registry
from pushers.conf import pusher_settings

CORE = "channels_redis.core.RedisChannelLayer"


@register()
def check_channel_layer(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E001: no channel layer. E002: the Redis layer that drops messages in silence."""
    backend = getattr(settings, "CHANNEL_LAYERS", {}).get("default", {}).get("BACKEND", "")
    if not backend:
        return [
            Error(
                "CHANNEL_LAYERS has no 'default' layer, so nothing can be pushed.",
                hint="Use pushers.redis_layer.RedisLayer.",
                id="pushers.E001",
            )
        ]
    if _is_core(backend):
        return [
            Error(
                f"The channel layer {backend} drops messages in silence once 100 wait for a server process.",
                hint="Use pushers.redis_layer.RedisLayer.",
                id="pushers.E002",
            )
        ]
    return []


def _is_core(backend: str) -> bool:
    """Say whether a channel layer is the Redis layer with lists, or made from it."""
    try:
        return issubclass(import_string(backend), import_string(CORE))
    except ImportError:  # without channels_redis nothing is made from it; a layer that isn't there fails by itself
        return False


@register(Tags.database)
def check_capture(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """W001: triggers of the change capture are missing. A warning: `migrate`, which mends it, runs this check first."""
    return [
        Warning(
            f"The database {alias!r} does not tell the pushers of changes; triggers missing: {', '.join(names)}.",
            hint="Run `manage.py migrate`, or create them again with pushers.capture.install.",
            id="pushers.W001",
        )
        for alias in databases or ()
        if (names := capture.missing(connections[alias], capture.declared()))
    ]


@register()
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E003: settings.PUSHERS is unusable. E004: an interval for a feed that does not exist."""
    try:
        intervals = pusher_settings().INTERVALS
    except ImproperlyConfigured as error:
        return [Error(str(error), id="pushers.E003")]
    known = [feed.name for feed in registry.everything()]
    return [
        Error(
            f"PUSHERS['INTERVALS'] names the feed {name!r}, which does not exist.",
            hint=f"Registered feeds: {', '.join(known) or 'none'}.",
            id="pushers.E004",
        )
        for name in intervals
        if name not in known
    ]
