"""Closing all positions."""

from decimal import Decimal

import pytest
from django.test import Client

from tests.trading.pages.conftest import JSON, said
from trading.models import Account, Instrument, Position
from trading.services import account_open, order_place


@pytest.fixture
def held(account: Account, aapl: Instrument) -> Position:
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=Decimal(10))
    return Position.objects.get()


def test_the_page_names_what_it_would_close(trader: Client, held: Position) -> None:
    page = trader.get("/positions/close/").content.decode()
    assert "Close 1 position?" in page
    assert "long 10 AAPL, paper" in page


def test_all_positions_are_closed(trader: Client, held: Position) -> None:
    response = trader.post("/positions/close/")
    assert (response["Location"], said(response)) == ("/", [("success", "1 position is closed.")])
    held.refresh_from_db()
    assert held.signed_amount == 0
    assert "There are no open positions." in trader.get("/positions/close/").content.decode()


def test_only_the_chosen_accounts_positions_are_closed(trader: Client, held: Position) -> None:
    other = account_open(user=held.account.user, name="second", deposit=Decimal(1000), currency="USD")
    answer = trader.post("/positions/close/", {"account": other.name}, **JSON).json()
    assert answer["message"] == "0 positions are closed."
    held.refresh_from_db()
    assert held.signed_amount == 10


def test_nobody_elses_positions_are_closed(stranger: Client, held: Position) -> None:
    assert stranger.post("/positions/close/", **JSON).json()["message"] == "0 positions are closed."


def test_what_cannot_be_closed_says_why(trader: Client, held: Position, aapl: Instrument) -> None:
    Instrument.objects.update(halted=True)
    answer = trader.post("/positions/close/", **JSON).json()
    assert answer == {
        "ok": False,
        "message": "0 positions are closed. Trading in AAPL is halted.",
        "code": "halted",
    }
