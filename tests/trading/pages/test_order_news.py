"""What has become of orders, as the page's script asks for it."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from tests.trading.pages.conftest import JSON
from trading.models import Account, Instrument, Order, OrderOrigin, OrderStatus
from trading.services import order_cancel, order_place


@pytest.fixture
def resting(account: Account, aapl: Instrument) -> Order:
    return order_place(account=account, symbol="AAPL", side="buy", type="limit", amount=Decimal(10), price=Decimal(60))


def news(client: Client, *ids: Any) -> list[tuple[str, str]]:
    answer = client.get("/orders/news/", {"id": ids}, **JSON).json()
    return [(entry["kind"], entry["text"]) for entry in answer["news"]]


def test_an_open_order_is_open(trader: Client, resting: Order) -> None:
    assert news(trader, resting.pk) == [("open", f"Order {resting.pk} is open: buy 10 AAPL at 60.00.")]


def test_a_fill_says_what_was_bought(trader: Client, account: Account, aapl: Instrument) -> None:
    order = order_place(account=account, symbol="AAPL", side="buy", type="market", amount=Decimal(10))
    assert news(trader, order.pk) == [("fill", "Bought 10 AAPL at 61.50.")]


def test_a_cancel_says_so(trader: Client, resting: Order) -> None:
    order_cancel(order=resting)
    assert news(trader, resting.pk) == [("cancel", f"Order {resting.pk} is canceled.")]


@pytest.mark.parametrize(
    ("changes", "kind", "text"),
    [
        ({"status": OrderStatus.EXPIRED}, "expiry", "Order {}: Expired."),
        (
            {"status": OrderStatus.REJECTED, "reject_reason": "insufficient_margin"},
            "rejection",
            "Order {}: Rejected. There is not enough free money for the margin and the fee.",
        ),
        (
            {"status": OrderStatus.CANCELED, "reject_reason": "liquidation"},
            "liquidation",
            "Order {} is canceled. The account was liquidated.",
        ),
        (
            {"status": OrderStatus.EXPIRED, "origin": OrderOrigin.STOP_LOSS},
            "expiry",
            "Stop loss: Order {}: Expired.",
        ),
    ],
)
def test_an_end_says_why(trader: Client, resting: Order, changes: dict[str, Any], kind: str, text: str) -> None:
    Order.objects.filter(pk=resting.pk).update(reserved=0, **changes)
    assert news(trader, resting.pk) == [(kind, text.format(resting.pk))]


def test_nobody_elses_orders_are_told(stranger: Client, resting: Order) -> None:
    assert news(stranger, resting.pk) == []


def test_what_is_no_id_is_passed_over(trader: Client, resting: Order) -> None:
    assert news(trader, "x", "", "-1", "1e3", 2**63, 9 * 10**30) == []


def test_who_is_signed_out_is_told(client: Client, db: None) -> None:
    response = client.get("/orders/news/", {"id": 1}, **JSON)
    assert (response.status_code, response.json()["code"]) == (401, "signed_out")


def test_a_number_that_is_no_id_is_nobodys_order(trader: Client, resting: Order) -> None:
    """Python refuses to read one of more than 4,300 digits."""
    assert news(trader, "9" * 5000, "0" * 5000, resting.pk) == [
        ("open", f"Order {resting.pk} is open: buy 10 AAPL at 60.00.")
    ]
