"""The collected cases of balances and reservations, through the services."""

from decimal import Decimal as D

import pytest

from tests.trading.rows import make_account, make_instrument, set_quote
from tests.trading.test_accounting import CASES, case_named, of
from trading.errors import TradingError
from trading.models import Account
from trading.services import order_place


@pytest.mark.parametrize("case", CASES["balance_cases"]["cases"])
def test_free_is_what_the_other_two_leave(case):
    assert Account(total=D(case["total_in"]), used=D(case["used_in"])).free == D(case["free"])


def test_free_does_not_drift():
    case = next(case for case in CASES["balance_cases"]["regressions"] if case["id"] == "float-subtraction")
    assert Account(total=D(case["a"]), used=D(case["b"])).free == D(case["want"])


def rest(account, side, amount, price, symbol="X"):
    return order_place(account=account, symbol=symbol, side=side, type="limit", amount=D(amount), price=D(price))


@pytest.fixture
def free_of_charge(db):
    """An instrument without fees, quoted far above the cases' orders."""
    instrument = make_instrument("X", tick_size=D("0.00001"), maker_fee_rate=0, taker_fee_rate=0)
    set_quote(instrument, "90000", "90001")


@pytest.mark.parametrize("case", of(CASES["reservation_cases"]))
def test_resting_orders_reserve_their_value(free_of_charge, case):
    account = make_account(total=D(case["start"]["USD"]))
    for order in case["open"]:
        rest(account, order["side"], order["amount"], order["price"])
    account.refresh_from_db()
    assert account.free == D(case["free_after"]["USD"])
    assert account.used == D(case["start"]["USD"]) - D(case["free_after"]["USD"])


def test_what_is_reserved_cannot_be_spent_again(free_of_charge):
    case = case_named("reservation_cases", "alpaca-buying-power")
    account = make_account(total=D(case["start"]["USD"]))
    for order in case["open"]:
        rest(account, order["side"], order["amount"], order["price"])
    with pytest.raises(TradingError) as caught:
        rest(account, case["then"]["side"], case["then"]["amount"], case["then"]["price"])
    assert caught.value.code == "insufficient_margin"


def test_a_position_never_outgrows_its_column(instrument):
    account = make_account(total=D("9999999999"), leverage=5)
    order = {"account": account, "symbol": "AAPL", "side": "buy", "type": "market", "amount": D(90_000_000)}
    order_place(**order)
    with pytest.raises(TradingError) as caught:
        order_place(**order)
    assert caught.value.code == "amount_too_large"
