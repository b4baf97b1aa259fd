"""Fixtures of the trading domain."""

import pytest

from tests.trading.rows import make_account, make_instrument, set_quote
from trading.models import Account, Instrument


@pytest.fixture
def instrument(db: None) -> Instrument:
    """AAPL, quoted 99 / 101 now."""
    instrument = make_instrument()
    set_quote(instrument, "99", "101")
    return instrument


@pytest.fixture
def account(db: None) -> Account:
    """100,000 USD, leverage 1."""
    return make_account()
