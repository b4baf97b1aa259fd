from decimal import Decimal as D

import pytest

from tests.trading.rows import set_quote
from trading.models import Position, Quote
from trading.services import order_place

pytestmark = pytest.mark.django_db


@pytest.fixture
def position(account, instrument):
    """Long 10 AAPL at 101; the mark is 110 since."""
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=D(10))
    set_quote(instrument, "109", "111")
    return Position.objects.get()


def test_positions_are_valued_at_the_mark(reader, position):
    found = reader.get("/positions")
    (item,) = found["items"]
    expected = {
        "id": str(position.pk),
        "account": "paper",
        "symbol": "AAPL",
        "side": "long",
        "contracts": "10",
        "entryPrice": "101",
        "markPrice": "110",
        "unrealizedPnl": "90",
        "percentage": "8.91089109",
        "leverage": "1",
    }
    assert expected.items() <= item.items()
    assert "stale" not in found
    assert reader.get("/positions", symbol="MSFT")["items"] == []
    assert reader.get("/positions", account="paper", symbol="AAPL") == found


def test_pnl(reader, position):
    found = reader.get("/pnl")
    (item,) = found["items"]
    expected = {"account": "paper", "equity": "100088.99", "unrealizedPnl": "90", "realizedPnl": "0", "fees": "1.01"}
    assert expected.items() <= item.items()


def test_a_mark_that_is_too_old_is_said(reader, position):
    Quote.objects.update(updated_at="2026-01-01T00:00Z")
    assert reader.get("/pnl")["stale"] == reader.get("/positions")["stale"] == "market_stale"


def test_nobody_sees_the_positions_of_others(stranger, position):
    assert stranger.get("/positions")["items"] == []
    assert stranger.get("/pnl")["items"][0]["equity"] == "100000"


def test_a_part_is_closed_and_then_the_rest(trader, position):
    status, order = trader.call("POST", "/positions/close", {"symbol": "AAPL", "amount": "4"})
    assert (status, order["side"], order["filled"], order["origin"], order["reduceOnly"]) == (
        201,
        "sell",
        "4",
        "close",
        True,
    )
    assert trader.get("/positions")["items"][0]["contracts"] == "6"
    trader.call("POST", "/positions/close", {"symbol": "AAPL"})
    assert trader.get("/positions")["items"] == []
    assert trader.code("POST", "/positions/close", {"symbol": "AAPL"}) == (409, "nothing_to_reduce")


def test_protection_is_set_whole(trader, position):
    path, both = "/positions/protection", {"symbol": "AAPL", "takeProfit": "120", "stopLoss": "90"}
    assert trader.call("PUT", path, both) == (200, {"account": "paper", **both})
    assert trader.call("PUT", path, {"symbol": "AAPL", "stopLoss": "95"})[1] == {
        "account": "paper",
        "symbol": "AAPL",
        "stopLoss": "95",
    }
    assert trader.code("PUT", path, {"symbol": "AAPL", "stopLoss": "120"}) == (422, "invalid_stop_loss")
    assert trader.code("PUT", path, {"symbol": "AAPL", "stopLoss": "95.001"}) == (422, "price_off_tick")
    assert trader.get("/positions")["items"][0]["stopLoss"] == "95"


def test_leverage(trader, position):
    path = "/positions/leverage"
    assert trader.call("PUT", path, {"symbol": "AAPL", "leverage": 5}) == (
        200,
        {"account": "paper", "symbol": "AAPL", "leverage": "5"},
    )
    assert trader.get("/positions")["items"][0]["leverage"] == "5"
    assert trader.code("PUT", path, {"symbol": "AAPL", "leverage": 6}) == (422, "invalid_leverage")
    assert trader.code("PUT", path, {"symbol": "AAPL", "leverage": 0}) == (422, "invalid_request")
    assert trader.code("PUT", path, {"symbol": "NONE", "leverage": 1}) == (422, "unknown_symbol")
