"""Placing and canceling from the page."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from trading.errors import TradingError
from trading.models import Account, Instrument, Order, User

JSON = {"HTTP_ACCEPT": "application/json"}
ORDER = {"account": "paper", "symbol": "AAPL", "side": "buy", "amount": "10"}


class FakeServices:
    """Remembers the calls; refuses when told to."""

    def __init__(self) -> None:
        self.placed: list[dict[str, Any]] = []
        self.canceled: list[int] = []
        self.error: TradingError | None = None

    def order_place(self, **order: Any) -> Order:
        self.placed.append(order)
        if self.error:
            raise self.error
        instrument = Instrument.objects.get(symbol=order["symbol"])
        filled = {"filled": order["amount"], "cost": order["amount"] * Decimal("60.05"), "status": "filled"}
        return Order(
            pk=1, account=order["account"], instrument=instrument, side=order["side"], amount=order["amount"], **filled
        )

    def order_cancel(self, *, order: Order) -> Order:
        self.canceled.append(order.pk)
        if self.error:
            raise self.error
        return order


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> FakeServices:
    fake = FakeServices()
    monkeypatch.setattr("trading.pages.orders.services", fake)
    return fake


@pytest.fixture
def trader(client: Client, alice: User, aapl: Instrument) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def resting(alice: User, aapl: Instrument) -> Order:
    account = Account.objects.get(user=alice)
    return Order.objects.create(account=account, instrument=aapl, side="buy", type="limit", price=60, amount=10)


def said(response: Any) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


def test_an_order_goes_to_the_service(trader: Client, alice: User, services: FakeServices) -> None:
    trader.post("/orders/", ORDER)
    account = Account.objects.get(user=alice)
    assert services.placed == [
        {"account": account, "symbol": "AAPL", "side": "buy", "type": "market", "amount": Decimal(10)}
    ]


def test_without_a_script_it_redirects_with_a_message(trader: Client, services: FakeServices) -> None:
    response = trader.post("/orders/", ORDER)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert said(response) == [("success", "Bought 10 AAPL at 60.05.")]


def test_the_script_gets_json(trader: Client, services: FakeServices) -> None:
    response = trader.post("/orders/", {**ORDER, "side": "sell"}, **JSON)
    assert (response.status_code, response.json()) == (200, {"ok": True, "message": "Sold 10 AAPL at 60.05."})


def test_a_refusal_says_why(trader: Client, services: FakeServices) -> None:
    services.error = TradingError("insufficient_margin", "Needs 600.80 USD; 12.00 USD are free.")
    response = trader.post("/orders/", ORDER, **JSON)
    assert (response.status_code, response.json()) == (
        200,
        {"ok": False, "message": "Needs 600.80 USD; 12.00 USD are free.", "code": "insufficient_margin"},
    )
    assert said(trader.post("/orders/", ORDER)) == [("error", "Needs 600.80 USD; 12.00 USD are free.")]


@pytest.mark.parametrize("amount", ["", "ten", "NaN", "0.123456789", "1e30"])
def test_what_is_no_amount_never_reaches_the_service(trader: Client, services: FakeServices, amount: str) -> None:
    response = trader.post("/orders/", {**ORDER, "amount": amount}, **JSON)
    assert (response.status_code, response.json()["code"]) == (200, "invalid_amount")
    assert response.json()["message"].startswith("Amount: ")
    assert services.placed == []


def test_another_traders_account_is_no_choice(trader: Client, services: FakeServices, alice: User) -> None:
    bob = User.objects.create_user("bob")
    Account.objects.create(user=bob, name="bobs", day_started="2026-01-01")
    assert trader.post("/orders/", {**ORDER, "account": "bobs"}, **JSON).json()["code"] == "invalid_account"
    assert services.placed == []


def test_an_own_order_is_canceled(trader: Client, services: FakeServices, resting: Order) -> None:
    response = trader.post(f"/orders/{resting.pk}/cancel/")
    assert said(response) == [("success", f"Order {resting.pk} is canceled.")]
    assert services.canceled == [resting.pk]


def test_an_order_that_cannot_be_canceled_says_why(trader: Client, services: FakeServices, resting: Order) -> None:
    services.error = TradingError("not_open", "Order 1 is filled.")
    response = trader.post(f"/orders/{resting.pk}/cancel/", **JSON)
    assert response.json() == {"ok": False, "message": "Order 1 is filled.", "code": "not_open"}


def test_another_traders_order_does_not_exist(client: Client, services: FakeServices, resting: Order) -> None:
    client.force_login(User.objects.create_user("mallory"))
    assert client.post(f"/orders/{resting.pk}/cancel/").status_code == 404
    assert services.canceled == []


def test_orders_need_a_sign_in_a_post_and_a_csrf_token(trader: Client, resting: Order) -> None:
    for path in ("/orders/", f"/orders/{resting.pk}/cancel/"):
        assert trader.get(path).status_code == 405
        assert Client().post(path)["Location"].startswith("/login/")
        answer = Client().post(path, **JSON)
        assert (answer.status_code, answer.json()["code"]) == (401, "signed_out")
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/orders/", ORDER).status_code == 403
