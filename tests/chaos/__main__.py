"""Fault tests: `python -m tests.chaos --seed 7 --minutes 10 --clients 200`.

Two web servers, three pushers, a PostgreSQL and a Redis of their own; traders' commits at a steady rate, a seeded
schedule of faults, and clients with their own implementation of the protocol. Prints what it does, a table per kind of
fault, what went wrong, and one JSON line; exits with 1 when a bar is broken. Logs and journals stay in var/chaos/SEED.
"""

import argparse
import asyncio
import json
import secrets
import sys
from pathlib import Path

from tests.chaos.run import Plan, Run
from tests.chaos.schedule import KINDS, MARKET_KINDS, mixed, pusher_kills
from tests.chaos.stack import SERVERS
from tradingsite.environment import BASE_DIR

ROWS_PER_SECOND = 170.0  # 10^5 row versions in ten minutes


def plan(arguments: list[str]) -> Plan:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of faults and commits")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--traders", type=int, help="half the clients, if not given: each has two")
    parser.add_argument(
        "--updates", type=int, help=f"row versions to commit; {ROWS_PER_SECOND:g} a second if not given"
    )
    parser.add_argument("--faults", choices=("mixed", "pushers", "none"), default="mixed")
    parser.add_argument("--only", help="of mixed faults, those whose names begin with one of these: redis,web_kill")
    parser.add_argument("--gap", type=float, help="seconds between faults; then no repair is held against its bar")
    parser.add_argument("--server", choices=SERVERS, default=next(reversed(SERVERS)))
    parser.add_argument("--pushers", type=int, default=3)
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between two reads of a feed")
    parser.add_argument("--market", action="store_true", help="run the market too, and kill it")
    parser.add_argument("--folder", type=Path, help="for logs and journals, instead of var/chaos/SEED")
    given = parser.parse_args(arguments)
    seconds = given.minutes * 60
    kinds = [*KINDS, *(MARKET_KINDS if given.market else ())]
    if given.only:
        kinds = [kind for kind in kinds if kind.name.startswith(tuple(given.only.split(",")))]
    faults = {
        "mixed": lambda: mixed(given.seed, seconds, given.clients, kinds, given.gap),
        "pushers": lambda: pusher_kills(given.seed, seconds),
        "none": list,
    }[given.faults]()
    return Plan(
        seed=given.seed,
        seconds=seconds,
        clients=given.clients,
        traders=given.traders or max(1, given.clients // 2),
        updates=given.updates or round(ROWS_PER_SECOND * seconds),
        faults=faults,
        folder=given.folder or BASE_DIR / "var" / "chaos" / str(given.seed),
        server=given.server,
        pushers=given.pushers,
        interval=given.interval,
        market=given.market,
        repairs_apart=given.gap is None,
    )


def main(arguments: list[str]) -> int:
    """Run, report, and return the exit code."""
    chosen = plan(arguments)
    print(f"seed {chosen.seed}: {len(chosen.faults)} faults in {chosen.seconds:g} s; {chosen.folder}", flush=True)
    report = asyncio.run(Run(chosen, lambda text: print(text, flush=True)).run())
    (chosen.folder / "offences.json").write_text(json.dumps(report.verdict.samples, indent=1))
    print(report.table())
    for bar in report.broken_bars():
        print(f"BROKEN: {bar}")
    print(report.line(), flush=True)
    return 1 if report.broken_bars() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
