import gzip
from datetime import date
from decimal import Decimal

import pytest

from trading.market.bars import Bar, BarError, load_bars, read_bars

HEADER = "Ticker,Date,Open,High,Low,Close,Volume,Adj Close\n"


def bar(**changes):
    values = {"open": "10", "high": "12", "low": "9", "close": "11"} | changes
    prices = {name: Decimal(price) for name, price in values.items()}
    return Bar(symbol="AAPL", day=date(2012, 5, 18), volume=100, **prices)


def test_every_bar_of_the_shipped_file_loads():
    bars = load_bars()
    assert {symbol: len(rows) for symbol, rows in bars.items()} == {
        "AAPL": 3270,
        "FB": 196,
        "GOOG": 2148,
        "IBM": 3270,
        "MSFT": 3270,
    }
    assert bars["FB"][-1].high == Decimal("28.1164")


def test_every_bar_has_prices_on_the_tick_inside_its_range():
    for rows in load_bars().values():
        for row in rows:
            rounded = row.on_tick(Decimal("0.01"))
            assert row.low <= rounded.low <= rounded.open <= rounded.high <= row.high
            assert {price % Decimal("0.01") for price in (rounded.open, rounded.high, rounded.low, rounded.close)} == {
                0
            }


@pytest.mark.parametrize("changes", [{"low": "10.5"}, {"high": "10.9"}, {"low": "0"}, {"close": "13"}])
def test_a_bar_that_contradicts_itself_is_refused(changes):
    with pytest.raises(BarError, match="expected 0 < low <= open, close <= high; found open"):
        bar(**changes)


def test_a_range_between_two_ticks_is_refused():
    with pytest.raises(BarError, match="is on the tick 1"):
        bar(open="10.2", high="10.4", low="10.2", close="10.3").on_tick(Decimal("1"))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("Ticker,Date\nA,2012-01-02\n", "missing Open, High, Low, Close, Volume"),
        (HEADER, "expected at least one bar"),
        (HEADER + "A,2012-01-02,1,1,1,1,x,1\n", "stocks.csv, line 2: expected a date, four prices and a whole volume"),
        (HEADER + "A,2012-01-02,1,1\n", "line 2: expected a date"),
        (HEADER + "A,2012-01-32,1,1,1,1,1,1\n", "line 2: expected a date"),
        (HEADER + "A,2012-01-02,1,1,1,1,-1,1\n", "line 2: A 2012-01-02: expected a volume of 0 or more; found -1"),
        (HEADER + "A,2012-01-03,1,1,1,1,1,1\nA,2012-01-03,1,1,1,1,1,1\n", "line 3: expected a day after 2012-01-03"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(lines, message):
    with pytest.raises(BarError, match=message):
        read_bars(lines.splitlines(keepends=True), name="stocks.csv")


def test_a_file_of_ones_own_loads(tmp_path):
    path = tmp_path / "mine.csv.gz"
    path.write_bytes(gzip.compress((HEADER + "X,2012-01-02,1.1,1.2,1,1.05,7,1\n").encode()))
    assert load_bars(path) == {
        "X": [Bar("X", date(2012, 1, 2), Decimal("1.1"), Decimal("1.2"), Decimal("1"), Decimal("1.05"), 7)]
    }
