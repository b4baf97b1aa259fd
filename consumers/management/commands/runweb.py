"""`manage.py runweb`: parses arguments; `consumers.web_server` does the work."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pushers.lease import ShardCountError
from pushers.metrics_server import add_metrics_argument, metrics_served


class Command(BaseCommand):
    help = (
        "Serve the site's pages and sockets in production, by uvicorn. SIGTERM and Ctrl-C end it cleanly: every "
        "socket is told when to come back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8000, help="the port to listen at (default: %(default)s)")
        parser.add_argument(
            "--reuse-port",
            action="store_true",
            help="let others listen there too: one process per core, or the next release before this one stops",
        )
        parser.add_argument(
            "--forwarded-allow-ips",
            default="127.0.0.1,::1",
            metavar="ADDRESS,ADDRESS",
            help="the proxies whose X-Forwarded-For and -Proto count (default: %(default)s)",
        )

        parser.add_argument(
            "--with-pushers",
            action="store_true",
            help="push from this process too, instead of by runpushers: for a small site, which may then do without "
            "Redis, on the in-memory channel layer",
        )
        add_metrics_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if not getattr(settings, "ASGI_APPLICATION", None):
            raise CommandError('ASGI_APPLICATION is not set; expected, for example, "shop.asgi.application".')
        host, port = options["host"], options["port"]
        try:
            from consumers.web_server import listening_socket, serve
        except ImportError as error:
            hint = "pip install uvicorn websockets, or django-pushers[production]"
            raise CommandError(f"The web server is not installed ({error}): {hint}.") from error
        try:
            listener = listening_socket(host, port, shared=options["reuse_port"])
        except (OSError, OverflowError) as error:
            raise CommandError(f"Can't listen at {host}:{port}: {error}.") from error
        self.stdout.write(f"Serving {settings.ASGI_APPLICATION} at http://{host}:{listener.getsockname()[1]}/")
        self.stdout.flush()
        try:
            with metrics_served(options["metrics_port"]):
                serve(
                    listener,
                    forwarded_allow_ips=options["forwarded_allow_ips"],
                    with_pushers=options["with_pushers"],
                )
        except ShardCountError as error:
            raise CommandError(str(error)) from None
