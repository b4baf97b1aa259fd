"""Placing and previewing from the ticket, and the page of an order."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.trading.pages.conftest import JSON, said
from trading.models import Account, Instrument, Order, Position, Quote, User
from trading.services import order_place

TICKET = {"account": "paper", "symbol": "AAPL", "side": "buy", "amount": "10"}
pytestmark = pytest.mark.usefixtures("aapl")


def test_a_market_order_is_filled_and_said_in_words(trader: Client) -> None:
    response = trader.post("/orders/", {**TICKET, "side": "sell"}, **JSON)
    answer = response.json()
    assert (response.status_code, answer["ok"], answer["message"]) == (200, True, "Sold 10 AAPL at 61.50.")


def test_without_a_script_it_redirects_with_a_message(trader: Client) -> None:
    response = trader.post("/orders/", TICKET)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert said(response) == [("success", "Bought 10 AAPL at 61.50.")]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "limit", "price": "60"}, {"price": Decimal(60), "trigger_price": None}),
        ({"type": "limit", "price": "60", "post_only": "on", "time_in_force": "DAY"}, {"post_only": True}),
        ({"type": "stop_market", "trigger_price": "63"}, {"price": None, "trigger_price": Decimal(63)}),
        ({"type": "stop_limit", "trigger_price": "63", "price": "64"}, {"price": Decimal(64)}),
        ({"type": "limit", "price": "60", "take_profit": "70", "stop_loss": "50"}, {"take_profit": Decimal(70)}),
        ({"type": "limit", "price": "60", "amount": "600", "amount_in": "quote"}, {"amount": Decimal(10)}),
    ],
)
def test_every_type_of_order_can_be_placed(trader: Client, fields: dict[str, str], expected: dict[str, Any]) -> None:
    answer = trader.post("/orders/", {**TICKET, **fields}, **JSON).json()
    order = Order.objects.get()
    assert answer["message"].startswith(f"Order {order.pk} is open: buy 10 AAPL ")
    assert order.type == fields["type"]
    assert {name: getattr(order, name) for name in expected} == expected


def test_what_the_type_does_not_take_is_left_behind(trader: Client) -> None:
    hidden = {"type": "market", "price": "60", "trigger_price": "63", "post_only": "on"}
    assert trader.post("/orders/", {**TICKET, **hidden}, **JSON).json()["ok"] is True
    assert Order.objects.get().price is None


def test_what_the_quote_cannot_fill_is_said_to_be_open(trader: Client) -> None:
    answer = trader.post("/orders/", {**TICKET, "amount": "130"}, **JSON).json()
    assert answer["message"] == "Bought 100 AAPL at 61.50; the order for the other 30 is open."


def test_what_ended_at_once_is_said_to_have_ended(trader: Client) -> None:
    answer = trader.post("/orders/", {**TICKET, "amount": "130", "time_in_force": "IOC"}, **JSON).json()
    assert answer["message"] == "Bought 100 AAPL at 61.50; the other 30: Expired."
    answer = trader.post("/orders/", {**TICKET, "amount": "130", "time_in_force": "FOK"}, **JSON).json()
    assert answer["message"].endswith(": Expired.")


def test_a_refusal_says_why_with_its_code(trader: Client) -> None:
    answer = trader.post("/orders/", {**TICKET, "amount": "1.5"}, **JSON).json()
    assert (answer["ok"], answer["code"]) == (False, "amount_off_step")
    assert "multiple of 1; found 1.5" in answer["message"]


def test_a_refused_order_leads_back_to_the_ticket_as_it_was_filled_in(trader: Client) -> None:
    sent = {**TICKET, "amount": "1.5", "type": "limit", "price": "60", "client_order_id": "abc"}
    response = trader.post("/orders/", sent)
    assert response["Location"].startswith("/?")
    assert response["Location"].endswith("#ticket")
    page = trader.get(response["Location"]).content.decode()
    assert 'id="id_amount" inputmode="decimal" autocomplete="off" required value="1.5"' in page
    assert 'value="limit" checked' in page
    assert "multiple of 1; found 1.5" in page
    assert 'value="abc"' not in page


@pytest.mark.parametrize("amount", ["", "ten", "NaN", "0.123456789", "1e30", "1e1", "1_0", "\u0661\u0660"])
def test_what_is_no_amount_never_reaches_the_service(trader: Client, amount: str) -> None:
    answer = trader.post("/orders/", {**TICKET, "amount": amount}, **JSON).json()
    assert answer["code"] == "invalid_amount"
    assert answer["message"].startswith("Amount: ")
    assert not Order.objects.exists()


def test_a_ticket_that_is_sent_twice_is_one_order(trader: Client) -> None:
    ticket = {**TICKET, "client_order_id": "ticket-1"}
    first, second = (trader.post("/orders/", ticket, **JSON).json() for _ in range(2))
    assert first["message"] == second["message"]
    assert first["next_id"] != second["next_id"]
    assert Order.objects.count() == 1


def test_the_leverage_of_the_ticket_is_set_with_its_order(trader: Client) -> None:
    assert trader.post("/orders/", {**TICKET, "leverage": "5"}, **JSON).json()["ok"] is True
    assert Position.objects.get().margin == Decimal(123)


def test_a_refused_order_changes_no_leverage(trader: Client) -> None:
    trader.post("/orders/", {**TICKET, "leverage": "5", "amount": "1.5"}, **JSON)
    assert not Position.objects.exists()


def test_another_traders_account_is_no_choice(trader: Client) -> None:
    bob = User.objects.create_user("bob")
    Account.objects.create(user=bob, name="bobs", day_started="2026-01-01")
    assert trader.post("/orders/", {**TICKET, "account": "bobs"}, **JSON).json()["code"] == "invalid_account"
    assert not Order.objects.exists()


def test_a_preview_shows_what_the_order_would_cost(trader: Client) -> None:
    answer = trader.post("/orders/preview/", {**TICKET, "leverage": "5"}, **JSON).json()
    assert [text for text in (">615.00<", ">123.00<", ">0.31<", ">99,876.69<") if text not in answer["html"]] == []
    assert not Order.objects.exists()
    assert not Position.objects.exists()


def test_a_preview_says_why_the_order_would_be_refused(trader: Client) -> None:
    answer = trader.post("/orders/preview/", {**TICKET, "amount": "5000"}, **JSON).json()
    assert "of free money" in answer["html"]


def test_a_preview_of_nothing_shows_the_rules_of_the_instrument(trader: Client) -> None:
    html = trader.post("/orders/preview/", {**TICKET, "amount": ""}, **JSON).json()["html"]
    assert [text for text in (">0.01<", ">0.05%<", ">0%<", ">10.00<") if text not in html] == []
    assert 'class="refused"' not in html


def test_a_preview_without_a_script_is_shown_on_the_dashboard(trader: Client) -> None:
    response = trader.post("/orders/preview/", TICKET)
    page = trader.get(response["Location"]).content.decode()
    assert ">615.00<" in page
    assert not Order.objects.exists()


def test_a_stale_market_is_said_in_the_preview(trader: Client) -> None:
    Quote.objects.update(updated_at=timezone.now() - timedelta(minutes=1))
    assert "must not be older" in trader.post("/orders/preview/", TICKET, **JSON).json()["html"]


def test_an_orders_page_shows_it_with_its_fills(trader: Client, account: Account, aapl: Instrument) -> None:
    order = order_place(account=account, symbol="AAPL", side="buy", type="market", amount=Decimal(10))
    page = trader.get(f"/orders/{order.pk}/").content.decode()
    assert page.count(">61.50<") == 2
    assert "Amend" not in page
    assert ">Filled<" in page


def test_an_open_order_can_be_changed_from_its_page(trader: Client, account: Account, aapl: Instrument) -> None:
    order = order_place(account=account, symbol="AAPL", side="buy", type="limit", amount=Decimal(10), price=Decimal(60))
    page = trader.get(f"/orders/{order.pk}/").content.decode()
    assert f'href="/orders/{order.pk}/amend/"' in page
    assert "Nothing of it was filled." in page
