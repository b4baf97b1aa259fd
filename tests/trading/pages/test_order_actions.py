"""Amending and canceling open orders."""

from decimal import Decimal

import pytest
from django.test import Client

from tests.trading.pages.conftest import JSON, said
from trading.models import Account, Instrument, Order
from trading.services import order_cancel, order_place


@pytest.fixture
def resting(account: Account, aapl: Instrument) -> Order:
    return order_place(account=account, symbol="AAPL", side="buy", type="limit", amount=Decimal(10), price=Decimal(60))


def status(order: Order) -> str:
    order.refresh_from_db()
    return order.status


def test_the_page_asks_before_it_cancels(trader: Client, resting: Order) -> None:
    page = trader.get(f"/orders/{resting.pk}/cancel/").content.decode()
    assert f"Cancel order {resting.pk}?" in page
    assert "buy 10 AAPL at 60.00" in page
    assert status(resting) == "new"


def test_an_own_order_is_canceled(trader: Client, resting: Order) -> None:
    response = trader.post(f"/orders/{resting.pk}/cancel/")
    assert (response["Location"], said(response)) == ("/", [("success", f"Order {resting.pk} is canceled.")])
    assert status(resting) == "canceled"


def test_an_order_that_cannot_be_canceled_says_why(trader: Client, resting: Order) -> None:
    order_cancel(order=resting)
    answer = trader.post(f"/orders/{resting.pk}/cancel/", **JSON).json()
    assert (answer["ok"], answer["code"]) == (False, "not_open")
    assert answer["message"] in trader.post(f"/orders/{resting.pk}/cancel/").content.decode()


def test_all_orders_are_canceled(trader: Client, resting: Order, account: Account) -> None:
    order_place(account=account, symbol="AAPL", side="buy", type="limit", amount=Decimal(5), price=Decimal(59))
    assert trader.get("/orders/cancel/").status_code == 200
    answer = trader.post("/orders/cancel/", {"account": "paper"}, **JSON).json()
    assert answer == {"ok": True, "message": "2 orders are canceled."}
    assert trader.post("/orders/cancel/", **JSON).json()["message"] == "0 orders are canceled."


def test_the_page_names_the_orders_that_it_would_cancel(trader: Client, resting: Order, account: Account) -> None:
    order_place(account=account, symbol="AAPL", side="sell", type="limit", amount=Decimal(5), price=Decimal(70))
    page = trader.get("/orders/cancel/").content.decode()
    assert "Cancel all 2 open orders?" in page
    assert "buy 10 AAPL at 60.00, paper" in page
    assert "sell 5 AAPL at 70.00, paper" in page


def test_what_is_not_sent_of_an_order_stays_as_it_is(trader: Client, resting: Order) -> None:
    answer = trader.post(f"/orders/{resting.pk}/amend/", {"price": "59"}, **JSON).json()
    assert answer == {"ok": True, "message": f"Order {resting.pk} is open: buy 10 AAPL at 59.00."}


def test_nobody_elses_orders_are_canceled(stranger: Client, resting: Order) -> None:
    assert stranger.post("/orders/cancel/", **JSON).json()["message"] == "0 orders are canceled."
    assert stranger.post("/orders/cancel/", {"account": "nobody"}, **JSON).json()["code"] == "invalid_account"
    assert status(resting) == "new"


def test_price_and_amount_are_amended(trader: Client, resting: Order) -> None:
    page = trader.get(f"/orders/{resting.pk}/amend/").content.decode()
    assert 'name="price" value="60"' in page
    assert "trigger_price" not in page
    answer = trader.post(f"/orders/{resting.pk}/amend/", {"price": "59", "amount": "7"}, **JSON).json()
    assert answer == {"ok": True, "message": f"Order {resting.pk} is open: buy 7 AAPL at 59.00."}
    resting.refresh_from_db()
    assert (resting.price, resting.amount) == (Decimal(59), Decimal(7))


def test_the_page_begins_with_the_price_that_its_address_asks_for(trader: Client, resting: Order) -> None:
    asked = {"price": "60.11", "trigger_price": "1", "amount": "<b>"}
    page = trader.get(f"/orders/{resting.pk}/amend/", asked).content.decode()
    assert 'name="price" value="60.11"' in page
    assert "trigger_price" not in page
    assert "<b>" not in page
    resting.refresh_from_db()
    assert resting.price == 60


def test_the_trigger_of_a_waiting_stop_is_amended(trader: Client, account: Account, aapl: Instrument) -> None:
    order = order_place(
        account=account, symbol="AAPL", side="buy", type="stop_market", amount=Decimal(1), trigger_price=Decimal(63)
    )
    assert 'name="price"' not in trader.get(f"/orders/{order.pk}/amend/").content.decode()
    trader.post(f"/orders/{order.pk}/amend/", {"trigger_price": "64", "amount": "1"})
    order.refresh_from_db()
    assert order.trigger_price == Decimal(64)


def test_an_order_that_is_left_as_it_is_stays(trader: Client, resting: Order) -> None:
    answer = trader.post(f"/orders/{resting.pk}/amend/", {"price": "60.00", "amount": "10"}, **JSON).json()
    assert answer["message"] == f"Order {resting.pk} stays as it is."


def test_a_refused_change_shows_the_form_again(trader: Client, resting: Order) -> None:
    page = trader.post(f"/orders/{resting.pk}/amend/", {"price": "60.001", "amount": "10"}).content.decode()
    assert "must be a multiple of 0.01" in page
    assert 'value="60.001"' in page
    page = trader.post(f"/orders/{resting.pk}/amend/", {"price": "", "amount": "10"}).content.decode()
    assert "This field is required." in page
