"""System checks of the engine: what would fail later in silence fails at start, with a hint."""

from collections.abc import Sequence
from importlib import metadata
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.utils.module_loading import import_string

from pushers import capture, registry
from pushers.conf import pusher_settings
from pushers.metrics_server import is_loopback, metrics_settings

IN_MEMORY = "channels.layers.InMemoryChannelLayer"
CORE = "channels_redis.core.RedisChannelLayer"
REDIS_LAYERS = ("channels_redis.", "pushers.redis_layer.")
FIRST_WITH_TIMEOUT = 8  # the redis-py whose default socket timeout is five seconds
SHORTEST_TOKEN = 16  # characters
SHORTEST_INTERVAL, LONGEST_INTERVAL = 0.2, 300.0  # seconds


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
    """W008: triggers of the change capture are missing. A warning: `migrate`, which mends it, runs this check first."""
    return [
        Warning(
            f"The database {alias!r} does not tell the pushers of changes; triggers missing: {', '.join(names)}.",
            hint="Run `manage.py migrate`, or create them again with pushers.capture.install.",
            id="pushers.W008",
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


@register()
def check_metrics(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """E005: settings.METRICS is unusable. W001: other machines can read the metrics. W002: a token to be guessed."""
    try:
        chosen = metrics_settings()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="pushers.E005")]
    found: list[CheckMessage] = []
    if chosen.PORT and not is_loopback(chosen.HOST):
        hint = "Bind them to 127.0.0.1, or to an address that only your Prometheus reaches, and silence this check."
        found.append(Warning(f"Metrics are served at {chosen.HOST} to whoever asks.", hint=hint, id="pushers.W001"))
    if chosen.TOKEN and len(chosen.TOKEN) < SHORTEST_TOKEN:
        hint = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        said = f"METRICS['TOKEN'] has {len(chosen.TOKEN)} characters; expected {SHORTEST_TOKEN} or more."
        found.append(Warning(said, hint=hint, id="pushers.W002"))
    return found


@register(Tags.compatibility)
def check_redis(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """W003: a redis-py whose default socket timeout cuts idle subscriptions, and no other timeout in the settings."""
    layer = getattr(settings, "CHANNEL_LAYERS", {}).get("default", {})
    hosts = layer.get("CONFIG", {}).get("hosts", ())
    named = [host for host in hosts if isinstance(host, dict) and "socket_timeout" in host]
    if not str(layer.get("BACKEND", "")).startswith(REDIS_LAYERS) or len(named) == len(hosts) > 0:
        return []
    try:
        version = metadata.version("redis")
    except metadata.PackageNotFoundError:
        return []
    if int(version.partition(".")[0]) < FIRST_WITH_TIMEOUT:
        return []
    return [
        Warning(
            f"redis {version} ends a subscription that is silent for five seconds.",
            hint='Use redis>=7.4,<8, or name each host as {"address": "redis://...", "socket_timeout": None}.',
            id="pushers.W003",
        )
    ]


@register(deploy=True)
def check_processes(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """W004: a channel layer that reaches one process only."""
    if getattr(settings, "CHANNEL_LAYERS", {}).get("default", {}).get("BACKEND") != IN_MEMORY:
        return []
    hint = "Use pushers.redis_layer.RedisLayer, or run all in one process: runweb --with-pushers."
    return [Warning("The in-memory channel layer reaches no other process.", hint=hint, id="pushers.W004")]


@register(deploy=True)
def check_intervals(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """W005: a feed is read so seldom that what no nudge tells of is late, or so often that it is read all the time."""
    try:
        intervals = registry.intervals()
    except ImproperlyConfigured:
        return []  # E003 says so
    return [
        Warning(
            f"The feed {name} is read every {seconds:g} s; expected {SHORTEST_INTERVAL:g} to {LONGEST_INTERVAL:g} s.",
            hint="It bounds how late a change is seen that no nudge tells of, and what reading costs.",
            id="pushers.W005",
        )
        for name, seconds in intervals.items()
        if not SHORTEST_INTERVAL <= seconds <= LONGEST_INTERVAL
    ]


@register(Tags.database, deploy=True)
def check_connections(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """W006: kept connections that nobody looks at. W007: queries without an end. Of PostgreSQL."""
    found: list[CheckMessage] = []
    for alias, database in settings.DATABASES.items():
        if "postgresql" not in database["ENGINE"]:
            continue
        options = database.get("OPTIONS", {})
        kept = database.get("CONN_MAX_AGE", 0) != 0 or bool(options.get("pool"))
        if kept and not database.get("CONN_HEALTH_CHECKS"):
            hint = "Set CONN_HEALTH_CHECKS to True: else a restart of the database fails what comes after it."
            found.append(Warning(f"Database {alias!r} keeps its connections.", hint=hint, id="pushers.W006"))
        if "statement_timeout" not in str(options.get("options", "")):
            hint = 'Give OPTIONS {"options": "-c statement_timeout=10000"}, or let the role have one and silence this.'
            found.append(Warning(f"Queries of database {alias!r} have no time limit.", hint=hint, id="pushers.W007"))
    return found
