"""Orders placed at the same moment by several threads: the account's lock makes them one after the other."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal as D

import pytest
from django.db import connection

from tests.trading.rows import make_account, make_instrument, set_quote
from tests.trading.services.test_money import check
from trading.errors import TradingError
from trading.models import Order, Position
from trading.services import Operator, balance_adjust, order_place

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account():
    set_quote(make_instrument(), "99", "101")
    return make_account()


def at_once(number, place):
    """The results of as many threads, each with a connection of its own."""

    def run(index):
        try:
            return place(index)
        except TradingError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(run, range(number)))


def buy(account, amount, **more):
    return order_place(account=account, symbol="AAPL", side="buy", type="market", amount=D(amount), **more)


def test_no_money_is_spent_twice(account):
    results = at_once(4, lambda _: buy(account, 400))
    assert sorted(result if isinstance(result, str) else "filled" for result in results) == [
        "filled",
        "filled",
        "insufficient_margin",
        "insufficient_margin",
    ]
    check(account)
    assert Position.objects.get().signed_amount == D(800)


def test_one_client_order_id_makes_one_order(account):
    results = at_once(4, lambda _: buy(account, 10, client_order_id="same").pk)
    assert set(results) == {Order.objects.get().pk}


def test_one_form_adjusts_a_balance_once(account):
    words = {"account": account, "amount": D(5), "reason": "a double click", "by": Operator(), "once": "same"}
    results = at_once(4, lambda _: balance_adjust(**words).pk)
    assert set(results) == {account.ledger.get(kind="adjustment").pk}
    account.refresh_from_db()
    assert account.total == 100_005
