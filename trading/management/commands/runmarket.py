"""Run the market: `manage.py runmarket [--source replay|random-walk] [--speed 60]`."""

import argparse
import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from pushers.metrics_server import add_metrics_argument, metrics_served
from pushers.orm import keep_connections
from trading.market.bars import load_bars
from trading.market.market import AnotherMarket, Market
from trading.market.random_walk import RandomWalkSource
from trading.market.replay import ReplaySource
from trading.market.robots import Robots
from trading.market.runner import MarketRunner
from trading.market.session import SESSION_SECONDS
from trading.market.stop_signals import StopSignals

logger = logging.getLogger(__name__)

LONGEST_INTERVAL = 2.0  # seconds: less than SILENCE_SECONDS, or a second market would take this one for gone
SOURCES = {source.name: source for source in (ReplaySource, RandomWalkSource)}


class Command(BaseCommand):
    help = "Write quotes and candles, match resting orders and let the robots trade, until stopped (SIGTERM, Ctrl-C)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--source", choices=SOURCES, default=ReplaySource.name, help="where prices come from (default replay)"
        )
        parser.add_argument(
            "--speed", type=_number_within(SESSION_SECONDS), default=60.0, help="market seconds per second (default 60)"
        )
        parser.add_argument(
            "--seed", type=int, default=1, help="another one gives other paths, robots and random walks (default 1)"
        )
        parser.add_argument(
            "--interval",
            type=_number_within(LONGEST_INTERVAL),
            default=1.0,
            help="seconds between two ticks (default 1)",
        )
        parser.add_argument("--no-robots", action="store_true", help="leave the robots' accounts alone")
        add_metrics_argument(parser)
        length = parser.add_mutually_exclusive_group()
        length.add_argument("--ticks", type=_count, help="end after so many ticks")
        length.add_argument("--once", action="store_const", const=1, dest="ticks", help="end after one tick")

    def run_from_argv(self, argv: list[str]) -> None:
        """Run as a process of its own; within another one (call_command) that one's connections stay as they are."""
        keep_connections()
        super().run_from_argv(argv)

    def handle(self, *args: Any, **options: Any) -> None:
        source = SOURCES[options["source"]](load_bars(), options["seed"])
        interval: float = options["interval"]
        market = Market(source, step=options["speed"] * interval)
        robots = None if options["no_robots"] else Robots(seed=options["seed"], interval=interval)
        logger.info(
            "The market starts: source %s, seed %s, %g market seconds a second, a tick every %g s, robots %s.",
            source.name,
            options["seed"],
            options["speed"],
            interval,
            "off" if robots is None else "on",
        )
        try:
            with metrics_served(options["metrics_port"]), StopSignals() as stop:
                MarketRunner(market, robots, stop, interval, options["ticks"]).run()
        except (AnotherMarket, DatabaseError) as error:
            raise CommandError(str(error).strip()) from error
        if market.now is None:
            logger.info("The market has stopped; it had not written anything.")
        else:
            logger.info("The market has stopped at %s.", market.now)


def _number_within(most: float) -> Any:
    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = 0.0
        if not 0 < value <= most:
            raise argparse.ArgumentTypeError(f"expected a number above 0, at most {most:g}; found {text!r}")
        return value

    return number


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0; found {text!r}")
    return int(text)
