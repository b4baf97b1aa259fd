"""Orders and their ends in words."""

from decimal import Decimal
from typing import Any

import pytest

from trading.errors import TradingError
from trading.models import Instrument, Order, OrderOrigin
from trading.pages.number_format import number_format
from trading.pages.outcomes import described, error_text, outcome
from trading.pages.refusals import refusal_text

GIVEN_UP = ("insufficient_margin", "amount_too_large", "nothing_to_reduce")  # by the market, while nobody looks


def order(**fields: Any) -> Order:
    common = {"pk": 5, "instrument": Instrument(symbol="AAPL"), "side": "sell", "amount": Decimal(10)}
    return Order(**{**common, **fields})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "sell 10 AAPL at the market's price"),
        ({"price": Decimal(60)}, "sell 10 AAPL at 60.00"),
        ({"trigger_price": Decimal(59)}, "sell 10 AAPL once the mark reaches 59.00"),
        (
            {"price": Decimal(60), "trigger_price": Decimal(59)},
            "sell 10 AAPL at 60.00 once the mark reaches 59.00",
        ),
    ],
)
def test_an_order_is_described(fields: dict[str, Any], words: str) -> None:
    assert described(order(**fields)) == words


def test_an_end_without_fills_says_why() -> None:
    ended = order(status="canceled", reject_reason="nothing_to_reduce")
    assert outcome(ended) == "Order 5: Canceled. There was no position left that it could reduce."


@pytest.mark.parametrize("code", [*GIVEN_UP, OrderOrigin.RESET, OrderOrigin.LIQUIDATION])
def test_every_reason_that_an_order_can_carry_has_words(code: str) -> None:
    assert refusal_text(code) != code


def test_a_reason_without_words_is_shown_as_it_is() -> None:
    assert refusal_text("something_new") == "something_new"


def test_a_refusal_writes_its_figures_as_the_reader_likes_them() -> None:
    words = {"needed": Decimal("1234567.50"), "currency": "USD"}
    error = TradingError("insufficient_margin", "The order needs %(needed)s %(currency)s.", words)
    assert error_text(error) == "The order needs 1,234,567.5 USD."
    with number_format("point_comma"):
        assert error_text(error) == "The order needs 1.234.567,5 USD."
    assert error.message == "The order needs 1234567.5 USD."
