from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.trading.rows import make_instrument, set_quote
from trading.models import Candle, Instrument, Quote
from trading.wire import milliseconds

pytestmark = pytest.mark.django_db
START = datetime(2008, 10, 6, 13, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def pair(instrument):
    """A second instrument, whose symbol needs care in a path; it has no quote."""
    return make_instrument("BTC/USDT")


def test_symbols_and_instruments(reader):
    assert reader.get("/symbols") == {"items": ["AAPL", "BTC/USDT"]}
    assert [item["symbol"] for item in reader.get("/instruments")["items"]] == ["AAPL", "BTC/USDT"]


def test_the_rules_of_an_instrument(reader):
    Instrument.objects.filter(symbol="AAPL").update(slippage_rate="0.0001", maintenance_margin_rate="0.05")
    assert reader.get("/instruments/AAPL") == {
        "symbol": "AAPL",
        "name": "AAPL",
        "quote": "USD",
        "active": True,
        "precision": {"amount": "1", "price": "0.01"},
        "limits": {"cost": {"min": "10"}, "leverage": {"min": "1", "max": "5"}},
        "maker": "0.0005",
        "taker": "0.001",
        "slippage": "0.0001",
        "maintenanceMargin": "0.05",
    }
    Instrument.objects.update(halted=True)
    assert reader.get("/instruments/AAPL")["active"] is False


@pytest.mark.parametrize("path", ["BTC/USDT", "BTC%2FUSDT"])
def test_a_symbol_may_have_a_slash(reader, path):
    assert reader.get(f"/instruments/{path}")["symbol"] == "BTC/USDT"


@pytest.mark.parametrize("symbol", ["NONE", "%00", "%F0%9F%92%A9", "a" * 500])
def test_an_unknown_symbol_is_not_found(reader, symbol):
    for path in (f"/instruments/{symbol}", f"/tickers/{symbol}"):
        assert reader.code("GET", path) == (404, "not_found")


def test_tickers(reader, pair):
    apple = reader.get("/tickers/AAPL")
    assert {"symbol": "AAPL", "bid": "99", "ask": "101", "markPrice": "100"}.items() <= apple.items()
    assert "stale" not in apple
    assert reader.get("/tickers") == {"items": [apple]}
    set_quote(pair, "9", "11")
    assert [item["symbol"] for item in reader.get("/tickers", symbols="BTC/USDT,NONE")["items"]] == ["BTC/USDT"]
    assert [item["symbol"] for item in reader.get("/tickers")["items"]] == ["AAPL", "BTC/USDT"]
    assert reader.get("/tickers", symbols="")["items"] == []


def test_a_ticker_that_is_too_old_says_so(reader):
    Quote.objects.update(updated_at=timezone.now() - timedelta(seconds=11))
    assert reader.get("/tickers/AAPL")["stale"] == "market_stale"
    assert reader.get("/tickers")["items"][0]["stale"] == "market_stale"


def test_a_symbol_without_a_quote_has_no_ticker(reader):
    assert reader.code("GET", "/tickers/BTC/USDT") == (404, "not_found")


def test_candles(reader, instrument):
    Candle.objects.create(
        instrument=instrument, interval="1m", start=START, open="100", high="102", low="99.5", close="101", volume="7"
    )
    candle = {
        "timestamp": milliseconds(START),
        "open": "100",
        "high": "102",
        "low": "99.5",
        "close": "101",
        "volume": "7",
    }
    assert reader.get("/candles", symbol="AAPL") == {"symbol": "AAPL", "interval": "1m", "items": [candle]}
    assert reader.get("/candles", symbol="AAPL", interval="1d")["items"] == []
    assert reader.get("/candles", symbol="AAPL", since=milliseconds(START) + 1)["items"] == []
    assert reader.get("/candles", symbol="AAPL", until=milliseconds(START))["items"] == []
    assert reader.code("GET", "/candles", symbol="NONE") == (404, "not_found")
    assert reader.code("GET", "/candles") == (422, "invalid_request")
    assert reader.code("GET", "/candles", symbol="AAPL", interval="1h") == (422, "invalid_request")
