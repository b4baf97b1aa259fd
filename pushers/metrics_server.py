"""Where a process's metrics can be read: on a port of their own, which is not open to the world by itself."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError, CommandParser
from prometheus_client import start_http_server

LAST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """`settings.METRICS`: where metrics are served."""

    HOST: str = "127.0.0.1"  # the address of the port below; one that others reach opens the metrics to them
    PORT: int = 0  # of each process; 0: none. Two processes of one machine take two ports (`--metrics-port`)
    TOKEN: str = ""  # what /metrics of the web server takes as `Authorization: Bearer ...`; "": loopback only


def metrics_settings() -> MetricsSettings:
    """Return the settings in force; raise ImproperlyConfigured for an unknown name or an unusable value."""
    given: dict[str, Any] = getattr(settings, "METRICS", {})
    known = {item.name: item.type for item in fields(MetricsSettings)}
    for name, value in given.items():
        if name not in known:
            raise ImproperlyConfigured(f"METRICS[{name!r}] is unknown; expected one of {', '.join(sorted(known))}.")
        if not isinstance(value, known[name]) or isinstance(value, bool):  # type: ignore[arg-type]
            found = "a text" if isinstance(value, str) else repr(value)  # it may be the token
            raise ImproperlyConfigured(f"METRICS[{name!r}] takes {known[name].__name__}; found {found}.")  # type: ignore[union-attr]
    if not 0 <= given.get("PORT", 0) <= LAST_PORT:
        raise ImproperlyConfigured(f"METRICS['PORT'] takes 0 to {LAST_PORT}; found {given['PORT']}.")
    return MetricsSettings(**given)


def is_loopback(address: str) -> bool:
    """Say whether an address (or the name localhost) is this machine's own."""
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def add_metrics_argument(parser: CommandParser) -> None:
    """Give a command the option `--metrics-port`."""
    parser.add_argument(
        "--metrics-port",
        type=int,
        metavar="PORT",
        help="serve this process's Prometheus metrics at this port of METRICS['HOST'], by default of 127.0.0.1 "
        "(default: METRICS['PORT']; 0: not at all)",
    )


@contextmanager
def metrics_served(port: int | None) -> Iterator[int]:
    """Serve the metrics while the block lasts; yield the port, 0 for none. `port`: None takes that of the settings.

    Raises CommandError where that port can't be had.
    """
    chosen = metrics_settings()
    number = chosen.PORT if port is None else port
    if not number:
        yield 0
        return
    try:
        server, thread = start_http_server(number, chosen.HOST)
    except (OSError, OverflowError) as error:
        raise CommandError(
            f"Can't serve metrics at {chosen.HOST}:{number}: {error}. Each process takes a port of its own: "
            "--metrics-port."
        ) from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
