"""Closing and protecting positions, and their leverage."""

from decimal import Decimal

import pytest
from django.test import Client

from tests.trading.pages.conftest import JSON, said
from trading.models import Account, Instrument, Order, Position
from trading.services import order_place


@pytest.fixture
def held(account: Account, aapl: Instrument) -> Position:
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=Decimal(10))
    return Position.objects.get()


def test_the_page_asks_before_it_closes(trader: Client, held: Position) -> None:
    page = trader.get(f"/positions/{held.pk}/close/").content.decode()
    assert "Close the position in AAPL?" in page
    assert "long 10 AAPL, paper" in page
    held.refresh_from_db()
    assert held.signed_amount == 10


@pytest.mark.parametrize(("amount", "left"), [("", 0), ("4", 6)])
def test_a_position_is_closed_fully_or_partly(trader: Client, held: Position, amount: str, left: int) -> None:
    response = trader.post(f"/positions/{held.pk}/close/", {"amount": amount})
    assert said(response) == [("success", f"Sold {10 - left} AAPL at 61.50.")]
    held.refresh_from_db()
    assert held.signed_amount == left


def test_a_refusal_to_close_says_why(trader: Client, held: Position) -> None:
    Instrument.objects.update(halted=True)
    assert trader.post(f"/positions/{held.pk}/close/", **JSON).json()["code"] == "halted"


def test_take_profit_and_stop_loss_are_set_and_cleared(trader: Client, held: Position) -> None:
    path = f"/positions/{held.pk}/protect/"
    assert trader.post(path, {"take_profit": "70", "stop_loss": "50"}, **JSON).json()["ok"] is True
    held.refresh_from_db()
    assert (held.take_profit, held.stop_loss) == (Decimal(70), Decimal(50))
    assert 'value="70"' in trader.get(path).content.decode()
    trader.post(path, {"take_profit": "", "stop_loss": "50"})
    held.refresh_from_db()
    assert (held.take_profit, held.stop_loss) == (None, Decimal(50))


def test_a_stop_loss_on_the_wrong_side_is_refused(trader: Client, held: Position) -> None:
    answer = trader.post(f"/positions/{held.pk}/protect/", {"stop_loss": "70"}, **JSON).json()
    assert answer["code"] == "invalid_stop_loss"


def test_the_leverage_is_set(trader: Client, held: Position) -> None:
    path = f"/positions/{held.pk}/leverage/"
    assert trader.post(path, {"leverage": "5"}, **JSON).json()["message"] == "Leverage in AAPL is 5."
    held.refresh_from_db()
    assert (held.leverage, held.margin) == (5, Decimal(123))
    assert trader.post(path, {"leverage": "6"}, **JSON).json()["code"] == "invalid_leverage"


def test_a_closed_position_has_no_page(trader: Client, held: Position) -> None:
    trader.post(f"/positions/{held.pk}/close/")
    assert trader.get(f"/positions/{held.pk}/close/").status_code == 404
    assert Order.objects.count() == 2
