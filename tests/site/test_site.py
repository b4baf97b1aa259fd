"""The whole way, through real processes: what a program sees is what the database says."""

import asyncio
import signal
import time
from decimal import Decimal
from typing import Any

import pytest

from tests.protocol_client import ProtocolClient, connected
from tests.site.running_site import FEEDS, RunningSite

pytestmark = pytest.mark.site

MARKET_SECONDS = 15
SYMBOLS = ("AAPL", "MSFT", "GOOG")


def documents(client: ProtocolClient) -> dict[str, Any]:
    return {feed: client.document(feed) for feed in FEEDS}


def client_order_ids(client: ProtocolClient) -> set[Any]:
    return {order.get("clientOrderId") for order in client.document("orders").values()}


def leverages(client: ProtocolClient) -> set[str]:
    """The leverage of the positions that nobody trades in these tests."""
    entries = (client.document("positions") or {}).values()
    return {str(position["leverage"]) for position in entries if position["account"] == "paper"}


def change_leverage(site: RunningSite, leverage: int) -> None:
    """Change alice's positions as nothing in the site does."""
    users = "SELECT id FROM trading_user WHERE username = 'alice'"
    accounts = f"SELECT id FROM trading_account WHERE name = 'paper' AND user_id IN ({users})"
    site.sql(f"UPDATE trading_position SET leverage = {leverage} WHERE account_id IN ({accounts})")


def assert_positions_never_go_back(client: ProtocolClient) -> None:
    for feed in FEEDS:
        entries = [
            frame["feeds"][feed]
            for _, frame in client.frames
            if feed in frame.get("feeds", {}) and frame["type"] == "push"
        ]
        positions = [(entry["epoch"], entry["seq"]) for entry in entries]
        assert positions == sorted(positions), feed


async def test_after_a_market_and_robots_the_client_has_what_the_database_has(site: RunningSite, alice: str) -> None:
    site.start_pushers(0.5)
    site.start_market("--speed", "60", "--interval", "0.25")
    async with connected(site.socket_url, alice, FEEDS, SYMBOLS) as client:
        await client.until(lambda: client.is_live() and client.rule.tickers.keys() == set(SYMBOLS), "all live")
        first, ends = client.document("pnl"), time.monotonic() + MARKET_SECONDS

        def balances_are_whole_to_the_end() -> bool:
            for account in client.document("balance").values():
                assert Decimal(account["total"]) == Decimal(account["used"]) + Decimal(account["free"])
            return time.monotonic() > ends

        await client.until(balances_are_whole_to_the_end, "frames", seconds=MARKET_SECONDS + 10)
        assert client.document("pnl") != first
        assert await asyncio.to_thread(site.stop, "market") == 0
        expected = await asyncio.to_thread(site.read, "alice")
        await client.until(lambda: documents(client) == expected, f"what the database has: {expected}")
        async with connected(site.socket_url, alice, FEEDS, SYMBOLS) as fresh:
            await fresh.until(lambda: documents(fresh) == expected, "the same by fresh snapshots")
            await fresh.until(lambda: fresh.rule.tickers == client.rule.tickers, "the same prices")
        assert client.connections == 1
        assert_positions_never_go_back(client)


async def test_a_row_changed_behind_djangos_back_arrives(site: RunningSite, alice: str) -> None:
    site.start_pushers(0.5)
    async with connected(site.socket_url, alice, FEEDS) as client:
        await client.until(lambda: client.is_live("positions"), "positions live")
        await asyncio.to_thread(change_leverage, site, 2)
        await client.until(lambda: leverages(client) == {"2"}, "the rows changed by SQL")
        code = (
            "from trading.models import Position;"
            "Position.objects.filter(account__name='paper', account__user__username='alice').update(leverage=3)"
        )
        await asyncio.to_thread(site.python, code)
        await client.until(lambda: leverages(client) == {"3"}, "the rows changed by QuerySet.update()")


async def test_an_order_of_another_process_arrives_by_its_nudge(site: RunningSite, alice: str) -> None:
    site.start_pushers(3600)
    code = """
from decimal import Decimal
from django.utils import timezone
from trading.models import Account, Quote
from trading.services import order_place
Quote.objects.update(updated_at=timezone.now())
account = Account.objects.get(user__username="alice", name="paper")
order_place(account=account, symbol="AAPL", side="buy", type="limit", amount=Decimal(1), price=Decimal(20),
            client_order_id="nudged")
"""
    async with (
        connected(site.socket_url, alice, FEEDS) as client,
        connected(site.socket_url, alice, ("orders",)) as second,
    ):
        await client.until(lambda: client.document("orders") is not None, "the first orders")
        await second.until(lambda: second.document("orders") is not None, "the first orders")
        used = client.document("balance")["paper"]["used"]
        await asyncio.to_thread(site.python, code)
        await second.until(lambda: "nudged" in client_order_ids(second), "the order")
        await client.until(lambda: "nudged" in client_order_ids(client), "the order")
        assert Decimal(client.document("balance")["paper"]["used"]) > Decimal(used)  # in the same frame


async def test_pushers_killed_are_replaced_and_nothing_wrong_is_live(site: RunningSite, alice: str) -> None:
    site.start_pushers(0.5)
    async with connected(site.socket_url, alice, FEEDS) as client:
        await client.until(lambda: client.is_live("positions", "balance"), "live")
        epoch, _ = client.rule.feeds["positions"].position
        site.stop("pushers", signal.SIGKILL)
        killed = time.monotonic()
        await asyncio.to_thread(change_leverage, site, 4)

        def stale() -> bool:
            assert leverages(client) != {"4"}
            assert not client.is_live("positions") or time.monotonic() - killed < 12
            return not client.is_live("positions")

        await client.until(stale, "stale without pushers")
        site.start_pushers(0.5)
        await client.until(lambda: client.is_live("positions") and leverages(client) == {"4"}, "live again")
        assert client.rule.feeds["positions"].position[0] > epoch
        assert_positions_never_go_back(client)


async def test_a_restarted_web_server_is_found_again(site: RunningSite, alice: str) -> None:
    site.start_pushers(0.5)
    async with connected(site.socket_url, alice, FEEDS) as client:
        await client.until(lambda: client.is_live("positions", "balance"), "live")
        await asyncio.to_thread(site.stop, "web")
        await client.until(lambda: not client.rule.live(), "nothing live without a connection")
        await asyncio.to_thread(change_leverage, site, 5)
        site.start_web()
        await client.until(lambda: client.is_live("positions") and leverages(client) == {"5"}, "live again")
        assert client.connections > 1
        await client.until(lambda: client.is_live("balance"), "what did not change is confirmed")
        assert_positions_never_go_back(client)
