"""The history pages and their CSV."""

import csv
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from tests.trading.rows import make_instrument, set_quote
from trading.models import Account, Fill, Instrument, Order, User
from trading.services import account_reset, order_place


def place(account: Account, **fields: Any) -> Order:
    order = {"account": account, "symbol": "AAPL", "side": "buy", "type": "market", "amount": Decimal(1)}
    return order_place(**{**order, **fields})


@pytest.fixture
def traded(account: Account, aapl: Instrument) -> Account:
    """Bought and sold AAPL, and an order of MSFT that rests."""
    set_quote(make_instrument("MSFT"), "30", "30")
    place(account)
    place(account, side="sell", client_order_id="=1+1")
    place(account, symbol="MSFT", type="limit", price=Decimal(20))
    return account


def rows(client: Client, path: str) -> int:
    return client.get(path).content.decode().partition("<tbody>")[2].count("<tr")


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/history/orders/", 3),
        ("/history/orders/?symbol=MSFT", 1),
        ("/history/orders/?side=sell", 1),
        ("/history/orders/?status=new", 1),
        ("/history/orders/?status=filled&symbol=MSFT", 0),
        ("/history/orders/?account=paper", 3),
        ("/history/fills/", 2),
        ("/history/fills/?side=sell", 1),
        ("/history/fills/?symbol=MSFT", 0),
        ("/history/fills/?since=2026-01-02&until=2026-01-03", 0),
    ],
)
def test_a_history_is_filtered(trader: Client, traded: Account, path: str, count: int) -> None:
    assert rows(trader, path) == count


def test_an_empty_history_says_so(trader: Client, aapl: Instrument, traded: Account) -> None:
    assert "No fill is like this." in trader.get("/history/fills/?symbol=MSFT").content.decode()
    fresh = Client()
    fresh.force_login(User.objects.create_user("new"))
    assert "No orders yet." in fresh.get("/history/orders/").content.decode()
    assert "No fills yet." in fresh.get("/history/fills/").content.decode()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("since=2026-02-03&until=2026-02-02", "The first day must not be after the last one."),
        ("since=yesterday", "Enter a valid date."),
        ("symbol=NONE", "Select a valid choice."),
        ("side=up", "Select a valid choice."),
        ("until=9999-12-31", "Ensure this value is less than or equal to"),
        ("since=0001-01-01", "Ensure this value is greater than or equal to"),
    ],
)
def test_a_wrong_filter_is_said_and_shows_nothing(trader: Client, traded: Account, query: str, message: str) -> None:
    page = trader.get(f"/history/fills/?{query}").content.decode()
    assert message in page
    assert "Nothing is shown: the filter is wrong." in page
    assert ">AAPL</span>" not in page


def test_the_filter_names_the_traders_own_accounts(trader: Client, traded: Account) -> None:
    assert '<option value="paper">paper</option>' in trader.get("/history/orders/").content.decode()


def test_a_day_is_the_traders_own(trader: Client, traded: Account, alice: User) -> None:
    User.objects.update(time_zone="America/New_York")
    midnight = datetime(2026, 1, 2, 5, tzinfo=UTC)  # in New York
    sold, bought = Order.objects.order_by("-id")[1:3]
    Order.objects.filter(pk=bought.pk).update(created_at=midnight.replace(hour=4, minute=59))
    Order.objects.filter(pk=sold.pk).update(created_at=midnight)
    page = trader.get("/history/orders/?since=2026-01-02&until=2026-01-02").content.decode()
    assert f"/orders/{sold.pk}/" in page
    assert f"/orders/{bought.pk}/" not in page
    assert "2026-01-02 00:00:00" in page


def test_a_long_history_goes_on_with_the_same_filter(trader: Client, account: Account, aapl: Instrument) -> None:
    Order.objects.bulk_create(
        Order(account=account, instrument=aapl, side="buy", type="limit", price=60, amount=1) for _ in range(60)
    )
    oldest, newest = Order.objects.order_by("id").first(), Order.objects.order_by("id").last()
    assert oldest is not None
    assert newest is not None
    page = trader.get("/history/orders/?symbol=AAPL&status=").content.decode()
    assert f'href="?symbol=AAPL&amp;before={newest.pk - 49}"' in page
    page = trader.get(f"/history/orders/?symbol=AAPL&before={newest.pk - 49}").content.decode()
    assert f'href="/orders/{oldest.pk}/"' in page
    assert "Older" not in page
    assert 'href="/history/orders/?symbol=AAPL"' in page


def test_nobody_elses_history_is_shown(stranger: Client, traded: Account) -> None:
    assert "No orders yet." in stranger.get("/history/orders/").content.decode()


def test_what_was_before_a_reset_is_marked(trader: Client, traded: Account) -> None:
    account_reset(account=traded)
    place(traded)
    page = trader.get("/history/fills/").content.decode()
    assert page.count("data-before-reset") == 2


def lines(user: User, path: str) -> list[dict[str, str]]:
    """The rows of a CSV, read as an ASGI server sends it."""

    async def download() -> str:
        client = AsyncClient()
        await client.aforce_login(user)
        response = await client.get(path)
        assert response["Content-Type"] == "text/csv; charset=utf-8"
        assert "attachment; filename=" in response["Content-Disposition"]
        return "".join([part.decode() async for part in response])

    return list(csv.DictReader(StringIO(async_to_sync(download)())))


def test_the_csv_has_all_that_the_filter_lets_through(
    monkeypatch: pytest.MonkeyPatch, alice: User, account: Account, aapl: Instrument
) -> None:
    monkeypatch.setattr("trading.pages.history.LARGEST_PAGE", 2)
    Order.objects.bulk_create(
        Order(account=account, instrument=aapl, side=side, type="limit", price=60, amount=1)
        for side in ("buy", "buy", "sell", "buy", "buy", "buy")
    )
    found = lines(alice, "/history/orders.csv?side=buy")
    assert [line["side"] for line in found] == ["buy"] * 5
    assert [int(line["id"]) for line in found] == sorted((int(line["id"]) for line in found), reverse=True)
    assert lines(alice, "/history/orders.csv?side=up") == []


def test_formulas_in_the_csv_are_harmless_and_numbers_stay_numbers(
    alice: User, account: Account, aapl: Instrument
) -> None:
    order = Order.objects.create(
        account=account, instrument=aapl, side="buy", type="limit", price=60, amount=1, client_order_id="=1+1"
    )
    Fill.objects.create(
        order=order,
        account=account,
        instrument=aapl,
        trade_id="a",
        side="sell",
        price=60,
        amount=1,
        cost=60,
        fee=1,
        realized_pnl=-3,
        taker_or_maker="taker",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    alice.time_zone = "Asia/Kolkata"
    alice.save()
    [line] = lines(alice, "/history/orders.csv")
    assert line["clientOrderId"] == "'=1+1"
    [line] = lines(alice, "/history/fills.csv")
    assert (line["realizedPnl"], line["netPnl"]) == ("-3", "-4")
    assert line["timestamp"] == "2026-01-01T05:30:00.000+05:30"
