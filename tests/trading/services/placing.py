"""Short ways to place orders in tests."""

from decimal import Decimal
from typing import Any

import pytest

from tests.trading.rows import set_quote
from trading.errors import TradingError
from trading.models import Account, Instrument, Order
from trading.services import order_place

DECIMALS = ("quote_amount", "trigger_price", "take_profit", "stop_loss")


def place(account: Account, side: str, amount: Any, price: Any = None, **more: Any) -> Order:
    """An order in AAPL, its type as the prices have it: limit with a price, a stop with a trigger_price."""
    kind = "limit" if price is not None else "market"
    if "trigger_price" in more:
        kind = "stop_limit" if price is not None else "stop_market"
    numbers = {name: Decimal(more.pop(name)) for name in DECIMALS if name in more}
    return order_place(
        account=account,
        side=side,
        amount=None if amount is None else Decimal(amount),
        price=None if price is None else Decimal(price),
        **{"symbol": "AAPL", "type": kind, **numbers, **more},
    )


def code_of(call: Any, *args: Any, **more: Any) -> str:
    """The code with which the call is refused."""
    with pytest.raises(TradingError) as caught:
        call(*args, **more)
    return caught.value.code


def quote_sizes(instrument: Instrument, bid: str, ask: str, size: int) -> None:
    """Quote the instrument with so much on either side."""
    set_quote(instrument, bid, ask, bid_size=Decimal(size), ask_size=Decimal(size))
