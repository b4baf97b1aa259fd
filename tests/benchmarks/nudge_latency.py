"""How long from a commit to a socket: `python -m tests.benchmarks.nudge_latency [--database postgres]`.

Starts a Redis, a database, the web server and the pushers; places market orders through the service in this process
and waits for each at a socket of the same user. All intervals are an hour, so nothing but the nudge can deliver it.
What counts is the ratio to the commit's own time: machines differ, and so does the same one from minute to minute.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

from tests.servers import postgres_server, redis_server
from tradingsite.embedded_redis import free_port
from tradingsite.leash import die_with_parent

ROOT = Path(__file__).resolve().parent.parent.parent
FEEDS = ["balance", "positions", "pnl", "orders", "fills"]
HOUR = ",".join(f"{feed}=3600" for feed in [*FEEDS, "ticker"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--traders", type=int, default=20)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        redis_url = stack.enter_context(redis_server(folder))
        postgres = options.database == "postgres"
        database = stack.enter_context(postgres_server(folder)) if postgres else f"sqlite:///{folder / 'db.sqlite3'}"
        os.environ.update(
            REDIS_URL=redis_url,
            DATABASE_URL=database,
            DEBUG="0",
            SITE_HTTPS="0",
            VAR_DIR=str(folder),
            ALLOWED_HOSTS="127.0.0.1",
            SECRET_KEY="of-a-benchmark-that-lasts-a-minute",
            PUSH_INTERVALS=HOUR,
            DJANGO_SETTINGS_MODULE="tradingsite.settings",
        )
        tokens = _prepare(options.traders)
        port = free_port()
        for command in (
            ["-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port), "tradingsite.asgi:application"],
            ["manage.py", "runpushers"],
        ):
            process = subprocess.Popen([sys.executable, *command], cwd=ROOT, preexec_fn=die_with_parent())
            stack.callback(process.wait)
            stack.callback(process.terminate)
        commits, pushes = asyncio.run(_measure(f"ws://127.0.0.1:{port}/ws/", tokens, options.orders))
    _report(options.database, commits, pushes)


def _prepare(traders: int) -> dict[int, str]:
    """Make the tables, one instrument and the traders; return account id -> token."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from trading.models import Account, Instrument, Quote, User
    from trading.services import token_create

    cent = Decimal("0.01")
    instrument = Instrument.objects.create(
        symbol="TEST",
        name="Test",
        tick_size=cent,
        step_size=Decimal(1),
        minimum_notional=Decimal(1),
        maker_fee_rate=Decimal("0.0005"),
        taker_fee_rate=Decimal("0.001"),
        maximum_leverage=5,
    )
    Quote.objects.create(
        instrument=instrument,
        **dict.fromkeys(("last", "mark", "open", "high", "low", "previous_close", "bid"), Decimal(100)),
        ask=Decimal(100) + cent,
        **dict.fromkeys(("bid_size", "ask_size", "volume"), Decimal(1000)),
        market_time="2012-05-18T14:00:00Z",
        updated_at="2100-01-01T00:00:00Z",
        source="replay",
    )
    users = [User.objects.create_user(f"trader-{number}") for number in range(traders)]
    return {Account.objects.get(user=user).pk: token_create(user=user, name="bench")[1] for user in users}


async def _measure(url: str, tokens: dict[int, str], orders: int) -> tuple[list[float], list[float]]:
    """Return the times, in ms, of each commit and from its end to the frame at the socket."""
    from asgiref.sync import sync_to_async

    from trading.models import Account
    from trading.services import order_place

    sockets = {account: await _watch(url, token) for account, token in tokens.items()}
    accounts = {account: await Account.objects.aget(pk=account) for account in tokens}
    commits, pushes = [], []
    for number in range(orders):
        account = list(tokens)[number % len(tokens)]
        arrival = asyncio.create_task(_next_fill(sockets[account]))
        began = time.perf_counter()
        ended = await sync_to_async(_place)(order_place, accounts[account], "buy" if number % 2 else "sell")
        arrived = await asyncio.wait_for(arrival, 10)
        commits.append((ended - began) * 1000)
        pushes.append((arrived - ended) * 1000)
    for socket in sockets.values():
        await socket.close()
    return commits, pushes


def _place(order_place, account, side: str) -> float:  # type: ignore[no-untyped-def]
    order_place(account=account, symbol="TEST", side=side, type="market", amount=Decimal(1))
    return time.perf_counter()


async def _watch(url: str, token: str):  # type: ignore[no-untyped-def]
    """Sign in, subscribe to everything, and return the socket once it has all the snapshots."""
    from websockets.asyncio.client import connect

    while True:
        try:
            socket = await connect(url, additional_headers={"Authorization": f"Token {token}"})
            break
        except OSError:
            await asyncio.sleep(0.1)  # the server is still starting
    await socket.send(json.dumps({"type": "subscribe", "id": 1, "feeds": FEEDS}))
    missing = set(FEEDS)
    while missing:
        frame = json.loads(await socket.recv())
        missing -= frame["feeds"].keys() if frame["type"] == "push" else set()
    return socket


async def _next_fill(socket) -> float:  # type: ignore[no-untyped-def]
    while True:
        frame = json.loads(await socket.recv())
        if frame["type"] == "push" and "fills" in frame["feeds"]:
            return time.perf_counter()


def _report(database: str, commits: list[float], pushes: list[float]) -> None:
    commit, push = statistics.median(commits), statistics.median(pushes)
    print(f"{len(commits)} market orders on {database}, one after the other")
    for what, times in (("the order's own transaction", commits), ("from its commit to the socket", pushes)):
        ordered = sorted(times)
        worst = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        print(f"  {what:<32} p50 {statistics.median(times):7.1f} ms   p99 {worst:7.1f} ms")
    print(f"  ratio of the medians             {push / commit:.2f}")


if __name__ == "__main__":
    main()
