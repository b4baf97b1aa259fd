"""`manage.py runpushers`: parses arguments; `pushers.runner` does the work."""

import asyncio
import logging
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pushers import registry
from pushers.conf import pusher_settings
from pushers.console_log import console_log
from pushers.dry_run import LogSender, NoLeases
from pushers.engine import Engine, Selection
from pushers.layer import is_in_memory
from pushers.lease import Leases, ShardCountError
from pushers.metrics_server import add_metrics_argument, metrics_served
from pushers.orm import keep_connections
from pushers.runner import NoLeaseError, Runner, collect_rarely

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Push every watching user's changed documents to the browser. Start as many as you like, on as many machines: "
        "they share the users, and take over from one that is gone. SIGTERM and Ctrl-C hand over and end it cleanly."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--list", action="store_true", help="list the feeds with their intervals, and exit")
        parser.add_argument("--once", action="store_true", help="read and push once for whoever is watching, and exit")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="say what would be pushed (-v 2: its text too), send nothing, take no lease",
        )
        parser.add_argument(
            "--interval",
            action="append",
            default=[],
            metavar="NAME=SECONDS",
            help="read a feed at another interval; may be repeated",
        )
        parser.add_argument(
            "--feeds",
            metavar="NAME,NAME",
            help="run only these feeds (for diagnosis): the ones left out are shown as stale",
        )
        add_metrics_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        names = _names(options["feeds"])
        overrides = _intervals(options["interval"])
        selection = Selection.of(names, overrides)
        if options["list"]:
            self._list(selection)
            return
        settings = pusher_settings()
        leases = (NoLeases if options["dry_run"] else Leases)(settings.SHARDS, settings.LEASE_SECONDS)
        sender = LogSender(texts=options["verbosity"] > 1) if options["dry_run"] else None
        if is_in_memory() and sender is None:
            raise CommandError(
                "The in-memory channel layer reaches this process only, so nobody would hear its pushes. Use a layer "
                "that reaches other processes (pushers.redis_layer.RedisLayer), or push from within the "
                "web server: runweb --with-pushers."
            )
        keep_connections()
        collect_rarely()
        try:
            with console_log(options["verbosity"]), metrics_served(options["metrics_port"]):
                asyncio.run(_run(selection, leases, sender, once=options["once"]))
        except (NoLeaseError, ShardCountError) as error:
            raise CommandError(str(error)) from None

    def _list(self, selection: Selection) -> None:
        for feed in registry.everything():
            if feed.name not in selection.intervals:
                continue
            where = f"{type(feed).__module__}.{type(feed).__qualname__}"
            self.stdout.write(f"{feed.name:<16} every {selection.intervals[feed.name]:>6g} s   {where}")


async def _run(selection: Selection, leases: Leases, sender: LogSender | None, *, once: bool) -> None:
    runner = Runner(Engine(selection, leases, sender))
    if not once:
        await runner.run()
        if runner.engine.is_busy:  # Python would wait for its threads, however long a feed hangs
            logging.shutdown()
            os._exit(0)
        return
    await runner.run_once()
    if not runner.engine.watchers.count():
        logger.info("Nobody is watching, so nothing was read: open a page of the site first.")


def _known() -> list[str]:
    return [feed.name for feed in registry.everything()]


def _names(text: str | None) -> set[str] | None:
    if text is None:
        return None
    names = {name.strip() for name in text.split(",") if name.strip()}
    if unknown := sorted(names.difference(_known())):
        raise CommandError(f"--feeds: unknown feed {', '.join(unknown)}; there are {', '.join(_known())}.")
    if not names:
        raise CommandError(f"--feeds: expected NAME,NAME; there are {', '.join(_known())}.")
    return names


def _intervals(items: list[str]) -> dict[str, float]:
    intervals = {}
    for item in items:
        name, _, text = item.partition("=")
        if name not in _known():
            raise CommandError(f"--interval: unknown feed {name!r}; there are {', '.join(_known())}.")
        try:
            seconds = float(text)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds < 86_400:
            raise CommandError(f"--interval {name}: expected seconds above 0 and below 86400, found {text!r}.")
        intervals[name] = seconds
    return intervals
